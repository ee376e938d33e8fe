//! What somebody should look at, found out after a snapshot is in use: it may take a second.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use chrono::{DateTime, Duration, Utc};
use regex::Regex;

use super::{
    contest::{Context, context},
    problem::{Place, Problem, Report},
    reading::Reading,
    script::Script,
    snapshot::Knowledge,
    words::{AutoUse, IntentId, Mode, Policy, Purpose},
};

/// How many sentences an intent should have.
const ENOUGH: usize = 8;

impl Knowledge {
    /// What somebody should look at in this snapshot, as of `now`, sorted by file and line: texts that say
    /// what must not be said or hold personal data, sentences that the wrong script or intent wins or that
    /// two claim, what is missing or has expired, and the answers that changed since `previous`.
    ///
    /// Adds to what [`Knowledge::load`] told already. Reads at most a few thousand sentences; says so when
    /// there are more.
    pub fn review(&self, previous: Option<&Knowledge>, now: DateTime<Utc>) -> Vec<Problem> {
        let mut review = Review {
            knowledge: self,
            now,
            problems: Vec::new(),
            readings: HashMap::new(),
        };
        review.texts();
        review.policies();
        review.handoffs();
        let doubled = review.claims();
        review.winners(&doubled);
        if let Some(previous) = previous.filter(|p| p.version() != self.version()) {
            review.changes(previous);
        }
        let mut problems = std::mem::take(&mut review.problems);
        problems.sort();
        // Whoever reviews it a second time finds the same.
        let _ = self.answers.set(review.answers());
        problems
    }
}

/// What is found, and what was read to find it.
pub(super) struct Review<'k> {
    pub(super) knowledge: &'k Knowledge,
    pub(super) now: DateTime<Utc>,
    problems: Vec<Problem>,
    pub(super) readings: HashMap<(Context, String), Reading>,
}

impl Review<'_> {
    pub(super) fn warn(&mut self, file: &str, at: Place, what: String, mend: impl Into<String>) {
        Report::of(file, &mut self.problems).warn(at, what, mend);
    }

    /// Forbidden words and personal data in what we say, personal data in what we compare with, expiry.
    fn texts(&mut self) {
        let knowledge = self.knowledge;
        for script in knowledge.scripts() {
            let source = script.reply.to_string();
            let filled = script.reply.fill(|_| None).text;
            for ((line, source), filled) in (script.reply_line..)
                .zip(source.lines())
                .zip(filled.lines())
            {
                for found in knowledge.forbidden(filled) {
                    let at = Place {
                        line,
                        column: column_of(source, &found.written),
                    };
                    let (what, mend) = forbidden(&found);
                    self.warn(&script.file, at, what, mend);
                }
                self.personal(&script.file, Place { line, column: 1 }, source);
            }
            if let Some(until) = script.until.filter(|until| *until <= self.now) {
                let zone = knowledge
                    .shop_or_default(&context(knowledge, Some(script), self.now).shop)
                    .zone;
                let day = (until - Duration::seconds(1)).with_timezone(&zone);
                self.warn(
                    &script.file,
                    Place::FILE,
                    format!(
                        "这条话术 {} 已经过期，不会再用",
                        day.format("%Y-%m-%d %H:%M")
                    ),
                    "改“结束”，或删掉这个文件",
                );
            }
        }
        for shop in knowledge.shops() {
            for (name, value) in &shop.values {
                for found in knowledge.forbidden(value) {
                    let (what, mend) = forbidden(&found);
                    let what = format!("店铺“{}”的变量“{name}”：{what}", shop.id);
                    self.warn("shops.yaml", Place::FILE, what, mend);
                }
            }
        }
        for sentence in &knowledge.sentences {
            self.personal(&sentence.file, sentence.place, &sentence.text);
        }
    }

    fn personal(&mut self, file: &str, begin: Place, text: &str) {
        for hit in PERSONAL.iter().flat_map(|p| p.find_iter(text)) {
            let at = Place {
                column: begin.column + text[..hit.start()].chars().count() as u32,
                ..begin
            };
            let shown: String = hit.as_str().chars().take(3).collect();
            self.warn(
                file,
                at,
                format!("像是真的电话或单号：{shown}……"),
                "知识库里不要留顾客的资料，用空 {{电话}}、{{订单号}} 代替，或编一个短的假号",
            );
        }
    }

    /// Intents that nothing may carry out, and intents with few sentences.
    fn policies(&mut self) {
        let knowledge = self.knowledge;
        let mut able: HashSet<(&IntentId, AutoUse)> = HashSet::new();
        let mut receipt = false;
        for script in knowledge.scripts() {
            able.extend(script.intent.iter().map(|intent| (intent, script.auto)));
            receipt |= script.purpose == Some(Purpose::Receipt);
        }
        for intent in knowledge.intents() {
            let needs = match intent.night {
                Policy::Answer => Some((AutoUse::Answer, "回答")),
                Policy::Register => Some((AutoUse::Register, "登记")),
                Policy::Receipt | Policy::Silent => None,
            };
            if let Some((_, word)) = needs.filter(|(auto, _)| !able.contains(&(&intent.id, *auto)))
            {
                self.warn(
                    &intent.file,
                    Place::FILE,
                    format!("夜间可以“{word}”，但没有一条“自动: {word}”的话术，机器人不会开口"),
                    format!("给意图 {} 写一条“自动: {word}”的话术", intent.id),
                );
            }
            if intent.ask.len() < ENOUGH {
                self.warn(
                    &intent.file,
                    Place::FILE,
                    format!("“问法”只有 {} 句", intent.ask.len()),
                    format!("至少写 {ENOUGH} 句顾客真会说的话，包括错别字和口语"),
                );
            }
        }
        if !receipt {
            self.warn(
                "scripts/",
                Place::FILE,
                "没有“用途: 回执”的话术，机器人不懂的时候只能不出声".to_owned(),
                "写一条，例如 scripts/通用/回执.md",
            );
        }
    }
}

impl Review<'_> {
    /// Shops in which nobody could be told when a human is there.
    fn handoffs(&mut self) {
        let knowledge = self.knowledge;
        let what = "顾客要找人工时，机器人说不出什么时候有人，只能发回执或者不出声";
        let mend = "写一条“用途: 转人工”的话术，用 {{下次在岗}} 告诉顾客什么时候有人，例如 scripts/通用/转人工.md";
        let written = |script: &Script| script.purpose == Some(Purpose::Handoff);
        if !knowledge.scripts().iter().any(written) {
            let what = format!("没有“用途: 转人工”的话术：{what}");
            return self.warn("scripts/", Place::FILE, what, mend);
        }
        for shop in knowledge.shops().iter().filter(|s| s.mode != Mode::Off) {
            let words = knowledge.generic(Purpose::Handoff, &shop.id, shop.platform, self.now);
            if words.is_none() {
                let (name, id) = (&shop.name, &shop.id);
                let what = format!("店铺“{name}”（{id}）没有能用的“用途: 转人工”话术：{what}");
                self.warn("shops.yaml", Place::FILE, what, mend);
            }
        }
    }
}

/// A phone, or a number as long as an order's.
static PERSONAL: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    // Chinese on both sides of a number is no part of it: the boundaries are ASCII ones.
    [
        r"(?-u:\b)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?-u:\b)",
        r"(?-u:\b)[A-Za-z]{0,4}\d{12,}[Xx]?(?-u:\b)",
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

fn column_of(line: &str, word: &str) -> u32 {
    line.find(word)
        .map_or(0, |at| line[..at].chars().count() as u32 + 1)
}

fn forbidden(found: &super::forbidden::Finding) -> (String, String) {
    let reason = match (found.category.as_str(), found.reason.as_str()) {
        ("", "") => String::new(),
        (one, "") | ("", one) => format!("（{one}）"),
        (category, reason) => format!("（{category}：{reason}）"),
    };
    let mend = match found.instead.as_str() {
        "" => "换一种说法".to_owned(),
        instead => format!("可以改成：{instead}"),
    };
    (format!("用了不能说的“{}”{reason}", found.written), mend)
}
