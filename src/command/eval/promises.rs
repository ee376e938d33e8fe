//! How well promises are told from what only sounds like one.

use std::{collections::HashMap, path::Path};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::{Bench, file_name, jsonl, rows};
use crate::{
    desk::promise::promised,
    eval::{
        masks,
        report::{Both, Example, Figure, Section},
        share::{Binary, Share},
    },
};

/// What somebody read in one turn.
#[derive(Deserialize)]
struct Label {
    id: String,
    turn: usize,
    #[serde(default)]
    draw: String,
    promise: String,
    #[serde(default)]
    kind: String,
}

/// Precision and recall over the turns that a table names.
pub(super) fn promises(bench: &Bench, labels: &Path, folder: &Path) -> anyhow::Result<Section> {
    let mut texts: HashMap<String, rows::Row> = HashMap::new();
    for file in jsonl(&folder.join("intent"))? {
        let all: Vec<rows::Row> = rows::read(&file)?;
        texts.extend(all.into_iter().map(|row| (row.id.clone(), row)));
    }
    let mut table = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_path(labels)
        .with_context(|| format!("cannot read {}", labels.display()))?;
    let mut judged: Vec<(Label, String, Vec<String>)> = Vec::new();
    for label in table.deserialize() {
        let label: Label = label.with_context(|| {
            format!(
                "{} has no columns `id`, `turn` and `promise`",
                labels.display()
            )
        })?;
        let Some(said) = texts
            .get(&label.id)
            .and_then(|row| row.agent_at(label.turn))
        else {
            bail!("no agent speaks at {} of row {}", label.turn, label.id);
        };
        let said = masks::stand_in(said);
        let found = promised(&bench.knowledge, &bench.shop, &said, bench.at)
            .into_iter()
            .map(|promised| promised.kind.to_string())
            .collect();
        judged.push((label, said, found));
    }
    let mut section = Section::new(Both::new("承诺", "Promises"), file_name(labels));
    let mut draws: Vec<String> = judged
        .iter()
        .map(|(label, ..)| label.draw.clone())
        .collect();
    draws.sort();
    draws.dedup();
    draws.insert(0, String::new());
    for draw in draws {
        let of: Vec<_> = judged
            .iter()
            .filter(|(label, ..)| draw.is_empty() || label.draw == draw)
            .collect();
        let binary = Binary::count(
            of.iter()
                .map(|(label, _, found)| (!found.is_empty(), label.promise == "yes")),
        );
        let name = |zh: &str, en: &str| match draw.as_str() {
            "" => Both::new(zh, en),
            draw => Both::new(format!("{draw} · {zh}"), format!("{draw} · {en}")),
        };
        section
            .figures
            .push(Figure::share(name("召回", "recall"), binary.recall()));
        section
            .figures
            .push(Figure::share(name("准确", "precision"), binary.precision()));
    }
    let kinds = Share::count(
        judged
            .iter()
            .filter(|(label, _, found)| label.promise == "yes" && !found.is_empty())
            .map(|(label, _, found)| found.contains(&label.kind)),
    );
    section.figures.push(Figure::share(
        Both::new("说对办什么", "kind, where found"),
        kinds,
    ));
    let wrong = judged
        .iter()
        .filter(|(label, _, found)| (label.promise == "yes") == found.is_empty())
        .map(|(label, said, found)| Example {
            id: format!("{}:{}", label.id, label.turn),
            said: said.clone(),
            wanted: match label.kind.as_str() {
                "" => "—".to_owned(),
                kind => kind.to_owned(),
            },
            got: match found.is_empty() {
                true => "—".to_owned(),
                false => found.join("、"),
            },
            because: Vec::new(),
        })
        .collect();
    section.examples.push((Both::new("错了的", "Wrong"), wrong));
    Ok(section)
}
