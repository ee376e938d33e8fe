//! What binds the house: what an agent or the bot said that somebody must do, and until when.
//!
//! A line is cut into clauses; a clause binds when it names an act of `rules/promises.yaml`, the house is who does
//! it, and neither asks, offers, denies, supposes nor reports it as done. Its moment is resolved against the moment
//! at which it was said, on the shop's wall clock.

mod binds;
mod clauses;
pub mod until;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::{
    clauses::{Clause, clauses},
    until::Until,
};
use crate::knowledge::{Knowledge, ShopId, promises::PromiseRules};

/// Something the house has said it will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// The kind, such as 补发.
    pub kind: Arc<str>,
    /// Until when.
    pub due: DateTime<Utc>,
    /// How well its moment is known.
    pub said: Said,
}

/// How a promise names its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// Not at all: the folder says how long it may take.
    Nothing,
    /// 马上, 稍后, 尽快: the folder says what that comes to.
    Soon,
    /// By a date, a time of day or a length of time.
    Moment,
}

impl Said {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Soon => "soon",
            Self::Moment => "moment",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "nothing" => Self::Nothing,
            "soon" => Self::Soon,
            "moment" => Self::Moment,
            _ => return None,
        })
    }
}

/// What a line of the house, said at a moment, promises: each kind once, the most particular first.
///
/// What belongs to something more particular of the same line (补发…发出后告诉您) is part of it.
pub fn promised(
    knowledge: &Knowledge,
    shop: &ShopId,
    line: &str,
    at: DateTime<Utc>,
) -> Vec<Promised> {
    let rules = knowledge.promises();
    let mut clauses = clauses(line);
    for clause in &mut clauses {
        clause.until = until::of(knowledge, shop, &clause.text, at);
    }
    let mut found: Vec<(usize, Option<Until>)> = Vec::new();
    for index in 0..clauses.len() {
        if let Some(kind) = binds::kind(rules, &clauses, index, at) {
            found.push((kind, moment(&clauses, index, rules)));
        }
    }
    let of = |index: usize| rules.kinds().get(index);
    let main: Vec<(usize, Option<Until>)> = found
        .iter()
        .copied()
        .filter(|(kind, _)| of(*kind).is_some_and(|kind| !kind.secondary))
        .collect();
    // What is only part of something else lends it its moment.
    let lent = found
        .iter()
        .filter(|(kind, _)| of(*kind).is_some_and(|kind| kind.secondary))
        .filter_map(|(_, until)| *until)
        .max_by_key(|until| until.said);
    let mut kept: Vec<(usize, Option<Until>)> = Vec::new();
    if main.is_empty() {
        let first = found.iter().map(|(kind, _)| *kind).min();
        kept.extend(first.map(|kind| (kind, lent)));
    }
    for (kind, until) in main {
        match kept.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, known)) => *known = later(*known, until),
            None => kept.push((kind, until)),
        }
    }
    kept.sort_by_key(|(kind, _)| *kind);
    kept.into_iter()
        .filter_map(|(kind, until)| {
            let until = until.or(lent).unwrap_or_else(|| Until {
                due: knowledge.due(shop, at, rules.unsaid(), false),
                said: Said::Nothing,
                start: 0,
            });
            Some(Promised {
                kind: of(kind)?.name.clone(),
                due: until.due,
                said: until.said,
            })
        })
        .collect()
}

/// The surer of two moments; of two equally sure ones the later.
fn later(one: Option<Until>, other: Option<Until>) -> Option<Until> {
    match (one, other) {
        (Some(a), Some(b)) => Some(if (b.said, b.due) > (a.said, a.due) {
            b
        } else {
            a
        }),
        (one, other) => one.or(other),
    }
}

/// The moment of a clause that binds: its own, or that of a clause beside it which names nothing to be done.
fn moment(clauses: &[Clause], index: usize, rules: &PromiseRules) -> Option<Until> {
    let own = clauses.get(index)?;
    let beside = |at: Option<usize>| {
        let clause = clauses.get(at?)?;
        let idle = clause.sentence == own.sentence
            && !clause.waits()
            && rules.acts(&clause.text).is_empty();
        clause.until.filter(|_| idle)
    };
    let all = [
        own.until,
        beside(index.checked_sub(1)),
        beside(index.checked_add(1)),
    ];
    let sure = all
        .iter()
        .flatten()
        .find(|until| until.said == Said::Moment);
    sure.or_else(|| all.iter().flatten().next()).copied()
}

#[cfg(test)]
mod tests;
