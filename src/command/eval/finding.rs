//! Retrieval: one section of the report.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::{Bench, file_name, rows, understanding::intents};
use crate::{
    command::offline::{self, Line},
    eval::{
        faq::{self, Entry},
        report::{Both, Example, Figure, Section},
        retrieval::{hits, rank, reciprocal},
        share::Share,
    },
    knowledge::{Knowledge, Platform, Reading, Speaker},
    service::shelf::read_folder,
};

#[derive(Deserialize)]
struct Query {
    id: String,
    query: String,
    #[serde(default)]
    query_filled: Option<String>,
    #[serde(default)]
    relevant: Vec<String>,
    #[serde(default)]
    source: Option<String>,
}

/// Whether the entry that answers is found.
pub(super) fn retrieval(
    bench: &Bench,
    corpus: &Path,
    queries: &Path,
    no_match: Option<&Path>,
) -> anyhow::Result<Section> {
    let entries: Vec<Entry> = rows::lines(corpus)?;
    let made;
    let knowledge = if faq::holds(&bench.knowledge, &entries) {
        &bench.knowledge
    } else {
        made = with_entries(bench, corpus, &entries)?;
        &made
    };
    let mut section = Section::new(Both::new("检索", "Retrieval"), file_name(queries));
    let (mut ranks, mut wrong) = (Vec::new(), Vec::new());
    let asked: Vec<Query> = rows::lines(queries)?;
    let bar = rows::bar(asked.len())?;
    for query in &asked {
        bar.inc(1);
        let reading = read(bench, knowledge, query);
        let relevant: Vec<String> = query.relevant.iter().map(|id| script_of(id)).collect();
        let mut ranked: Vec<&str> = Vec::new();
        for script in &reading.scripts {
            let entry = faq::first(script.id.as_str());
            if !ranked.contains(&entry) {
                ranked.push(entry);
            }
        }
        let place = rank(ranked, &relevant);
        ranks.push(place);
        if place != Some(1) {
            wrong.push(example(query, &reading));
        }
    }
    section
        .figures
        .push(Figure::share(Both::same("hit@1"), hits(&ranks, 1)));
    section
        .figures
        .push(Figure::share(Both::same("hit@5"), hits(&ranks, 5)));
    section.figures.push(Figure::new(
        Both::same("MRR"),
        reciprocal(&ranks),
        ranks.len(),
    ));
    section
        .examples
        .push((Both::new("第一条不对的", "Not first"), wrong));
    if let Some(no_match) = no_match {
        let asked: Vec<Query> = rows::lines(no_match)?;
        let (mut fits, mut wrong) = (Vec::new(), Vec::new());
        for query in &asked {
            let reading = read(bench, knowledge, query);
            let hit = reading.scripts.iter().any(|script| script.fits);
            fits.push(hit);
            if hit {
                wrong.push(example(query, &reading));
            }
        }
        let name = Both::new("不该命中却对得上的", "false hits of `fits` on no-match");
        section
            .figures
            .push(Figure::share(name, Share::count(fits)));
        section
            .examples
            .push((Both::new("不该命中却对得上的", "False hits"), wrong));
    }
    Ok(section)
}

/// The folder's knowledge with the entries in the place of its scripts.
fn with_entries(bench: &Bench, corpus: &Path, entries: &[Entry]) -> anyhow::Result<Knowledge> {
    let files = read_folder(&bench.folder)
        .with_context(|| format!("cannot read {}", bench.folder.display()))?;
    match Knowledge::load(&faq::folder(&files, &bench.knowledge, entries, bench.at)) {
        Ok((knowledge, _)) => Ok(knowledge),
        Err(problems) => {
            let first: Vec<String> = problems.iter().take(5).map(ToString::to_string).collect();
            bail!(
                "{} does not make a knowledge folder:\n{}",
                corpus.display(),
                first.join("\n")
            )
        }
    }
}

fn script_of(id: &str) -> String {
    Entry {
        id: id.to_owned(),
        text: String::new(),
        answer: None,
    }
    .script()
}

fn read(bench: &Bench, knowledge: &Knowledge, query: &Query) -> Reading {
    let text = query.query_filled.as_ref().unwrap_or(&query.query).clone();
    let of_source = || match query.source.as_deref() {
        Some(source) if source.starts_with("jd") || source.ends_with("-jd") => Platform::Jd,
        Some(_) => Platform::Taobao,
        None => Platform::Other,
    };
    let platform = bench.platform.unwrap_or_else(of_source);
    let line = Line {
        speaker: Speaker::Customer,
        text,
    };
    let facts = offline::facts(vec![line], bench.shop.clone(), platform, bench.at);
    offline::read(knowledge, &facts, bench.at)
}

fn example(query: &Query, reading: &Reading) -> Example {
    let ranked = reading.scripts.iter().take(5).map(|script| {
        format!(
            "{} {:.2}{}",
            script.id,
            script.score,
            if script.fits { "✓" } else { "" }
        )
    });
    Example {
        id: query.id.clone(),
        said: query.query.clone(),
        wanted: query.relevant.join("/"),
        got: ranked.collect::<Vec<_>>().join(", "),
        because: vec![intents(reading)],
    }
}
