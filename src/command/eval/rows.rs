//! Rows of a file, and what is made of each of them.

use std::{fs, path::Path, time::Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, de::DeserializeOwned};

use super::Bench;
use crate::{
    command::offline::{self, Line},
    desk::{
        Facts, Verdict,
        alone::{Alone, alone},
        cases::drafts,
        filling::Filling,
        last_turn,
    },
    knowledge::{CaseKindId, Platform, Reading, Speaker, hours::Coverage},
};

/// One message that somebody may have labelled.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) text: String,
    #[serde(default)]
    text_filled: Option<String>,
    #[serde(default)]
    context: Vec<Earlier>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    pub(super) sample: Option<String>,
    #[serde(default)]
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) labels: Option<Vec<String>>,
    #[serde(default)]
    pub(super) needs_case: Option<bool>,
    #[serde(default)]
    context_needed: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
struct Earlier {
    role: String,
    text: String,
}

impl Row {
    /// The words, with made-up numbers for masks.
    pub(super) fn said(&self) -> &str {
        self.text_filled.as_deref().unwrap_or(&self.text)
    }

    /// What was said at a place of its context, when an agent said it.
    pub(super) fn agent_at(&self, turn: usize) -> Option<&str> {
        let earlier = self.context.get(turn)?;
        (earlier.role == "agent").then_some(earlier.text.as_str())
    }

    /// Drawn without looking.
    pub(super) fn is_random(&self) -> bool {
        self.sample
            .as_deref()
            .is_some_and(|sample| sample.starts_with("random"))
    }

    /// Drawn by keyword.
    pub(super) fn is_boost(&self) -> bool {
        self.sample
            .as_deref()
            .is_some_and(|sample| sample.starts_with("boost"))
    }

    /// The words alone say what is wanted.
    pub(super) fn is_decidable(&self) -> bool {
        self.context_needed != Some(true)
    }

    pub(super) fn platform(&self, bench: &Bench) -> Platform {
        let of_source = || match self.source.as_deref() {
            Some(source) if source.starts_with("jd") || source.ends_with("-jd") => Platform::Jd,
            Some("bitext") | None => Platform::Other,
            Some(_) => Platform::Taobao,
        };
        bench.platform.unwrap_or_else(of_source)
    }

    pub(super) fn facts(&self, bench: &Bench) -> Facts {
        let before = self.context.iter().map(|earlier| Line {
            speaker: match earlier.role.as_str() {
                "customer" | "buyer" | "user" => Speaker::Customer,
                "system" => Speaker::System,
                "bot" | "assistant" => Speaker::BotAuto,
                _ => Speaker::Human,
            },
            text: earlier.text.clone(),
        });
        let last = Line {
            speaker: Speaker::Customer,
            text: self.said().to_owned(),
        };
        let lines = before.chain([last]).collect();
        offline::facts(lines, bench.shop.clone(), self.platform(bench), bench.at)
    }
}

/// A row and what was made of it.
pub(super) struct Heard {
    pub(super) row: Row,
    pub(super) facts: Facts,
    pub(super) reading: Reading,
    pub(super) would: Option<Alone>,
    pub(super) cases: Vec<CaseKindId>,
}

impl Heard {
    /// What the bot would do, in one word.
    pub(super) fn verdict(&self) -> Verdict {
        self.would
            .as_ref()
            .map_or(Verdict::NobodyWaits, |would| would.verdict)
    }
}

impl Bench {
    /// Reads every row as the desk would with nobody in.
    pub(super) fn hear(&self, rows: Vec<Row>) -> anyhow::Result<Vec<Heard>> {
        let coverage = offline::nobody_in(&self.knowledge, &self.shop, self.at);
        let bar = bar(rows.len())?;
        Ok(rows
            .into_iter()
            .map(|row| {
                bar.inc(1);
                let facts = row.facts(self);
                let reading = offline::read(&self.knowledge, &facts, self.at);
                let (would, cases) = self.decide(&facts, &reading, &coverage);
                Heard {
                    row,
                    facts,
                    reading,
                    would,
                    cases,
                }
            })
            .collect())
    }

    fn decide(
        &self,
        facts: &Facts,
        reading: &Reading,
        coverage: &Coverage,
    ) -> (Option<Alone>, Vec<CaseKindId>) {
        let Some(turn) = last_turn(&facts.messages) else {
            return (None, Vec::new());
        };
        let filling = self.filling(facts, reading, coverage);
        let would = alone(&filling, &turn);
        let registered = would.verdict == Verdict::Register;
        let cases = drafts(&filling, &turn, registered, None);
        (
            Some(would),
            cases.into_iter().map(|case| case.kind).collect(),
        )
    }

    /// What the desk decides from.
    pub(super) fn filling<'a>(
        &'a self,
        facts: &'a Facts,
        reading: &'a Reading,
        coverage: &'a Coverage,
    ) -> Filling<'a> {
        Filling {
            knowledge: &self.knowledge,
            facts,
            reading,
            coverage,
            now: self.at,
        }
    }

    /// How long each row takes to read, in microseconds, when everything has been read once before.
    pub(super) fn time(&self, rows: &[Row]) -> anyhow::Result<Vec<f64>> {
        let turns: Vec<Facts> = rows.iter().map(|row| row.facts(self)).collect();
        let bar = bar(turns.len() * 2)?;
        let mut times = Vec::with_capacity(turns.len());
        for pass in 0..2 {
            for facts in &turns {
                let Some(turn) = last_turn(&facts.messages) else {
                    continue;
                };
                let turn = turn.to_read(&facts.shop, facts.platform);
                let started = Instant::now();
                let reading = self.knowledge.read(&turn, self.at);
                let took = started.elapsed();
                drop(reading);
                if pass == 1 {
                    times.push(took.as_secs_f64() * 1e6);
                }
                bar.inc(1);
            }
        }
        Ok(times)
    }
}

/// The rows of a file.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Row>> {
    lines(file)
}

/// A file of JSON lines.
pub(super) fn lines<T: DeserializeOwned>(file: &Path) -> anyhow::Result<Vec<T>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}:{} is not a row", file.display(), number + 1))
        })
        .collect()
}

/// Progress on the terminal; nothing where there is none.
pub(super) fn bar(length: usize) -> anyhow::Result<ProgressBar> {
    let style =
        ProgressStyle::with_template("{elapsed_precise} {bar:40} {pos}/{len} {per_sec} {eta}")?;
    Ok(ProgressBar::new(length as u64).with_style(style))
}
