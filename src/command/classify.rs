//! `classify`: a filter for batches. One JSON object a line in, one a line out, in order.

use std::{
    io::{self, BufRead, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::offline::{self, Line};
use crate::{
    clock::{Clock, SystemClock},
    desk::{Verdict, alone::alone, cases::drafts, filling::Filling, last_turn},
    knowledge::{
        CaseKindId, Knowledge, Platform, Policy, ShopId, Speaker,
        fields::Fields,
        reading::{Evidence, Mood, ReadIntent, ReadScript},
    },
};

/// Reads `{"id","text","context":[{"role","text"}],"platform","at"}` lines; other keys are ignored.
#[derive(Debug, clap::Args)]
pub(super) struct Classify {
    /// The knowledge folder.
    #[arg(long, default_value = "knowledge")]
    knowledge: PathBuf,
    /// The shop whose scripts count (default: the first).
    #[arg(long)]
    shop: Option<String>,
}

#[derive(Deserialize)]
struct Input {
    id: serde_json::Value,
    text: String,
    #[serde(default)]
    context: Vec<Earlier>,
    #[serde(default)]
    platform: Option<String>,
    #[serde(default)]
    at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Earlier {
    role: String,
    text: String,
}

#[derive(Serialize)]
struct Output {
    id: serde_json::Value,
    intents: Vec<ReadIntent>,
    scripts: Vec<ReadScript>,
    fields: Fields,
    mood: Mood,
    cases: Vec<CaseKindId>,
    /// What would be done if nobody were on duty.
    auto: Policy,
    because: Because,
}

#[derive(Serialize)]
struct Because {
    verdict: Verdict,
    policy: Policy,
    margin: f32,
    unread: usize,
    runner_up: Option<ReadIntent>,
    evidence: Vec<Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
}

impl Classify {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (knowledge, _) = offline::knowledge(&self.knowledge)?;
        let shop = match self.shop {
            Some(shop) => ShopId::from(shop),
            None => knowledge
                .shops()
                .first()
                .map_or_else(ShopId::unassigned, |shop| shop.id.clone()),
        };
        let clock = SystemClock;
        let mut out = BufWriter::new(io::stdout().lock());
        for (number, line) in io::stdin().lock().lines().enumerate() {
            let line = line.with_context(|| format!("line {}", number + 1))?;
            if line.trim().is_empty() {
                continue;
            }
            let input: Input = serde_json::from_str(&line)
                .with_context(|| format!("line {} is not a message", number + 1))?;
            let at = input.at.unwrap_or_else(|| clock.now());
            serde_json::to_writer(&mut out, &classify(&knowledge, &shop, input, at))?;
            writeln!(out)?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn classify(knowledge: &Knowledge, shop: &ShopId, input: Input, at: DateTime<Utc>) -> Output {
    let platform = input
        .platform
        .as_deref()
        .map(|name| Platform::parse(name).unwrap_or(Platform::Other))
        .unwrap_or_else(|| knowledge.shop_or_default(shop).platform);
    let lines = input
        .context
        .into_iter()
        .map(|earlier| Line {
            speaker: speaker(&earlier.role),
            text: earlier.text,
        })
        .chain([Line {
            speaker: Speaker::Customer,
            text: input.text,
        }])
        .collect();
    let facts = offline::facts(lines, shop.clone(), platform, at);
    let reading = offline::read(knowledge, &facts, at);
    let coverage = offline::nobody_in(knowledge, shop, at);
    let filling = Filling {
        knowledge,
        facts: &facts,
        reading: &reading,
        coverage: &coverage,
        now: at,
    };
    let (cases, would) = match last_turn(&facts.messages) {
        Some(turn) => {
            let would = alone(&filling, &turn);
            let registered = would.verdict == Verdict::Register;
            let cases = drafts(&filling, &turn, registered, None);
            (cases, Some(would))
        }
        None => (Vec::new(), None),
    };
    let verdict = would
        .as_ref()
        .map_or(Verdict::NobodyWaits, |would| would.verdict);
    Output {
        id: input.id,
        cases: cases.into_iter().map(|case| case.kind).collect(),
        auto: match verdict {
            Verdict::Answer => Policy::Answer,
            Verdict::Register => Policy::Register,
            Verdict::Receipt | Verdict::ReceiptCapped => Policy::Receipt,
            _ => Policy::Silent,
        },
        because: Because {
            verdict,
            policy: would.as_ref().map_or(Policy::Silent, |would| would.policy),
            margin: reading.margin,
            unread: reading.unread,
            runner_up: reading.runner_up.clone(),
            evidence: reading.evidence.clone(),
            reply: would.and_then(|would| would.line).map(|line| line.text),
        },
        intents: reading.intents,
        scripts: reading.scripts,
        fields: reading.fields,
        mood: reading.mood,
    }
}

fn speaker(role: &str) -> Speaker {
    match role {
        "customer" | "buyer" | "user" => Speaker::Customer,
        "system" => Speaker::System,
        "bot" | "assistant" => Speaker::BotAuto,
        _ => Speaker::Human,
    }
}
