//! `ask`: what a sentence is understood as, what would be done, and why.

use std::{path::PathBuf, process::ExitCode};

use anyhow::bail;
use chrono::{DateTime, Utc};

use super::offline::{self, Line};
use crate::{
    clock::{Clock, SystemClock},
    desk::{Decision, Facts, Verdict, decide},
    knowledge::{
        Knowledge, Platform, Reading, ShopId, Speaker,
        hours::{Cover, Coverage},
        reading::Evidence,
    },
};

/// Understands and decides beside the service, from the folder alone.
#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    /// What the customer says. Several are several messages of one turn.
    #[arg(required = true)]
    text: Vec<String>,
    /// The knowledge folder.
    #[arg(long, default_value = "knowledge")]
    knowledge: PathBuf,
    /// The shop (default: the first).
    #[arg(long)]
    shop: Option<String>,
    /// The platform (default: the shop's).
    #[arg(long)]
    platform: Option<String>,
    /// The moment, such as `2026-11-20 12:31` in the shop's zone (default: now).
    #[arg(long)]
    at: Option<String>,
    /// English labels.
    #[arg(long)]
    english: bool,
}

impl Ask {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (knowledge, _) = offline::knowledge(&self.knowledge)?;
        let shop = match &self.shop {
            Some(id) => match knowledge.shop(&ShopId::from(id.as_str())) {
                Some(shop) => shop.clone(),
                None => bail!("there is no shop `{id}` in shops.yaml"),
            },
            None => match knowledge.shops().first() {
                Some(shop) => shop.clone(),
                None => bail!("shops.yaml names no shop"),
            },
        };
        let platform = match &self.platform {
            Some(name) => match Platform::parse(name) {
                Some(platform) => platform,
                None => bail!("there is no platform `{name}`"),
            },
            None => shop.platform,
        };
        let at = match &self.at {
            Some(at) => offline::moment(at, shop.zone)?,
            None => SystemClock.now(),
        };
        let lines = self
            .text
            .iter()
            .map(|text| Line {
                speaker: Speaker::Customer,
                text: text.clone(),
            })
            .collect();
        let facts = offline::facts(lines, shop.id.clone(), platform, at);
        let reading = offline::read(&knowledge, &facts, at);
        let decision = decide(&knowledge, &facts, &reading, at);
        let coverage = knowledge.coverage(&shop.id, at);
        let words = if self.english { &ENGLISH } else { &CHINESE };
        print!(
            "{}",
            Answer {
                words,
                knowledge: &knowledge,
                facts: &facts,
                reading,
                decision,
                coverage,
                at
            }
            .text()
        );
        Ok(ExitCode::SUCCESS)
    }
}

struct Words {
    cover: &'static str,
    understood: &'static str,
    nothing: &'static str,
    runner_up: &'static str,
    because: &'static str,
    fields: &'static str,
    mood: &'static str,
    suggestions: &'static str,
    missing: &'static str,
    alone: &'static str,
    cases: &'static str,
    draft: &'static str,
    covers: [&'static str; 4],
}

const CHINESE: Words = Words {
    cover: "值守",
    understood: "理解",
    nothing: "没有听懂",
    runner_up: "差一点",
    because: "依据",
    fields: "识别到",
    mood: "情绪",
    suggestions: "推荐话术",
    missing: "缺",
    alone: "自动回复",
    cases: "工单",
    draft: "草稿",
    covers: ["有人在岗", "午休", "夜间", "放假"],
};

const ENGLISH: Words = Words {
    cover: "cover",
    understood: "understood",
    nothing: "nothing",
    runner_up: "nearly",
    because: "because",
    fields: "fields",
    mood: "mood",
    suggestions: "suggestions",
    missing: "missing",
    alone: "automatic reply",
    cases: "cases",
    draft: "draft",
    covers: ["staffed", "lunch", "night", "holiday"],
};

struct Answer<'a> {
    words: &'a Words,
    knowledge: &'a Knowledge,
    facts: &'a Facts,
    reading: Reading,
    decision: Decision,
    coverage: Coverage,
    at: DateTime<Utc>,
}

impl Answer<'_> {
    fn text(&self) -> String {
        let words = self.words;
        let mut out = String::new();
        let zone = self.knowledge.shop_or_default(&self.facts.shop).zone;
        let cover = match self.coverage.cover {
            Cover::Staffed => words.covers[0],
            Cover::Lunch => words.covers[1],
            Cover::Night => words.covers[2],
            Cover::Holiday => words.covers[3],
        };
        heading(
            &mut out,
            words.cover,
            &format!(
                "{} {cover}（{}）",
                self.at.with_timezone(&zone).format("%Y-%m-%d %H:%M"),
                self.coverage.reason
            ),
        );
        let understood = self
            .reading
            .intents
            .iter()
            .map(|read| {
                let name = self
                    .knowledge
                    .intent(&read.id)
                    .map_or("", |intent| intent.name.as_str());
                format!("{} {name} {:.2}", read.id, read.score)
            })
            .collect::<Vec<_>>();
        heading(
            &mut out,
            words.understood,
            if understood.is_empty() {
                words.nothing
            } else {
                ""
            },
        );
        list(&mut out, understood);
        if let Some(nearly) = &self.reading.runner_up {
            heading(
                &mut out,
                words.runner_up,
                &format!("{} {:.2}", nearly.id, nearly.score),
            );
        }
        heading(&mut out, words.because, "");
        list(&mut out, self.reading.evidence.iter().map(evidence));
        heading(&mut out, words.fields, "");
        list(
            &mut out,
            self.reading.fields.0.iter().map(|field| {
                let or: String = field.or.iter().map(|kind| format!(" | {kind:?}")).collect();
                format!("{:?}{or} {}", field.kind, field.value)
            }),
        );
        let signals: Vec<_> = self
            .reading
            .mood
            .signals
            .iter()
            .map(|s| s.word.as_str())
            .collect();
        heading(
            &mut out,
            words.mood,
            &format!("{} {}", self.reading.mood.level, signals.join(" ")),
        );
        heading(&mut out, words.suggestions, "");
        list(
            &mut out,
            self.decision.suggestions.iter().map(|suggestion| {
                let missing = if suggestion.missing.is_empty() {
                    String::new()
                } else {
                    format!(" [{} {}]", words.missing, suggestion.missing.join("、"))
                };
                format!(
                    "{:.2} {}{missing}\n    {}",
                    suggestion.score,
                    suggestion.title,
                    suggestion.text.replace('\n', "\n    ")
                )
            }),
        );
        let verdict = verdict(self.decision.because.verdict);
        heading(&mut out, words.alone, verdict);
        list(
            &mut out,
            self.decision
                .reply
                .iter()
                .map(|reply| reply.text.replace('\n', "\n    ")),
        );
        heading(&mut out, words.cases, "");
        list(
            &mut out,
            self.decision.cases.iter().map(|case| {
                let draft = if case.open { "" } else { words.draft };
                format!(
                    "{} {draft}\n    {}",
                    case.kind,
                    case.note.replace('\n', "\n    ")
                )
            }),
        );
        out
    }
}

fn heading(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(": ");
    out.push_str(value);
    out.push('\n');
}

fn list(out: &mut String, lines: impl IntoIterator<Item = String>) {
    for line in lines {
        out.push_str("  - ");
        out.push_str(&line);
        out.push('\n');
    }
}

fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Keyword {
            intent,
            words,
            weight,
        } => format!("{intent} ← {words} (+{weight:.2})"),
        Evidence::Pattern {
            intent,
            pattern,
            weight,
        } => format!("{intent} ← /{pattern}/ (+{weight:.2})"),
        Evidence::Sentence {
            intent,
            script,
            sentence,
            similarity,
        } => {
            let of = script
                .as_ref()
                .map(ToString::to_string)
                .or_else(|| intent.as_ref().map(ToString::to_string))
                .unwrap_or_default();
            format!("{of} ≈ “{sentence}” ({similarity:.2})")
        }
        Evidence::Excluded { intent, words } => format!("{intent} ✗ {words}"),
        Evidence::Context { intent } => format!("{intent} ← …"),
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    verdict.code()
}
