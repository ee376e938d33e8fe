//! What happened in a run, line by line, for whoever reads a failure.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Asia::Shanghai;
use jieban::{
    desk::{Decision, Message},
    store::outbox::Claimed,
};

use crate::verbs::{Answer, Verb};

/// The log of a run.
#[derive(Debug, Default)]
pub(crate) struct Story {
    text: String,
    lines: usize,
}

impl Story {
    /// Adds what somebody did.
    pub(crate) fn tell(&mut self, at: DateTime<Utc>, who: &str, what: &str) {
        let at = at.with_timezone(&Shanghai).format("%m-%d %H:%M:%S%.3f");
        self.lines += 1;
        let _ = writeln!(self.text, "{:4} {at} {who:<10} {what}", self.lines);
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// A verb in few words.
pub(crate) fn verb(verb: &Verb) -> String {
    match verb {
        Verb::Record { inbound, shop, .. } => {
            let lines: Vec<String> = inbound
                .messages
                .iter()
                .map(|m| format!("{:?} {:?} {}", m.external, m.role, m.text))
                .collect();
            let (name, mode) = (&inbound.conversation, inbound.mode);
            format!(
                "record {name} of {shop}, mode {mode:?}: {}",
                lines.join(" | ")
            )
        }
        Verb::Look { asks } => format!("look {asks:?}"),
        Verb::Commit { seen, decision, .. } => format!(
            "commit on conversation {}, facts {}, epoch {}: {}",
            seen.conversation,
            seen.facts,
            seen.epoch,
            decided(decision)
        ),
        Verb::Publish { edition, .. } => format!("publish edition {edition}"),
        other => format!("{other:?}"),
    }
}

fn decided(decision: &Decision) -> String {
    let reply = decision.reply.as_ref().map(|reply| {
        let (from, to) = (reply.not_before, reply.not_after);
        format!(
            "{:?} from {} to {}: {}",
            reply.class,
            clock(from),
            clock(to),
            reply.text
        )
    });
    let cases: Vec<String> = decision
        .cases
        .iter()
        .map(|case| format!("{} {:?}", case.kind, case.order))
        .collect();
    let (verdict, again) = (decision.because.verdict, decision.reconsider_at.map(clock));
    format!(
        "turn {:?}, {verdict:?}, reply {reply:?}, cases {cases:?}, again {again:?}",
        decision.turn
    )
}

/// An answer in few words.
pub(crate) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Taken(work) => work
            .iter()
            .map(|work| {
                let said = said(&work.messages);
                format!(
                    "{} facts {} epoch {} [{said}]",
                    work.conversation, work.facts, work.epoch
                )
            })
            .collect::<Vec<_>>()
            .join("; "),
        Answer::Looked(facts, version) => {
            let facts: Vec<String> = facts
                .iter()
                .map(|facts| {
                    format!(
                        "{:?} mode {:?} stopped {} [{}]",
                        facts.seen,
                        facts.mode,
                        facts.stopped,
                        said(&facts.messages)
                    )
                })
                .collect();
            let version = version.as_deref().and_then(|version| version.get(..8));
            format!("{} published {version:?}", facts.join("; "))
        }
        Answer::Claimed(rows) => rows.iter().map(row).collect::<Vec<_>>().join("; "),
        other => format!("{other:?}"),
    }
}

fn row(row: &Claimed) -> String {
    let until = row.not_after.map(clock);
    format!(
        "{} {:?} {:?} for {} until {until:?}, attempt {}: {}",
        row.id, row.kind, row.class, row.conversation, row.attempts, row.text
    )
}

fn said(messages: &[Message]) -> String {
    let lines: Vec<String> = messages
        .iter()
        .map(|m| format!("{} {} {} {}", m.id, m.speaker, clock(m.at), m.text))
        .collect();
    lines.join(" | ")
}

fn clock(at: DateTime<Utc>) -> String {
    at.with_timezone(&Shanghai)
        .format("%H:%M:%S%.3f")
        .to_string()
}
