//! The decide loop: takes conversations that need a decision, reads, looks, decides, commits.
//!
//! New facts, a switched shop, new knowledge and a moment that has come are the same to it. A commit that
//! finds the facts changed is simply made again with the new ones.
//!
//! What only wants fresh suggestions because its shop has changed is a round of its own, which takes its
//! time: a saved folder makes everybody who waits outdated, and must not hold up who has just asked.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use super::{
    shelf::Shelf,
    thinker::Thinker,
    worker::{Step, Worker},
};
use crate::{
    clock::Clock,
    desk::{
        Decision, Facts, decide,
        turn::{LastTurn, Pace},
    },
    knowledge::{Knowledge, Reading, fields::FieldKind},
    store::{
        Error, Store,
        decisions::{Commit, commit},
        facts::facts_of,
        knowledge::current_version,
        work::{Work, give_back, take, take_outdated},
    },
};

/// How many conversations are decided in one step.
pub const BATCH: usize = 128;
/// How long a node may take for a step before another takes over, in milliseconds.
pub const LEASE: i64 = 10_000;
/// The outdated may take one part of a core's time in so many and one.
const REST: u32 = 7;

/// What a decider takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// What is due: new facts, moments that have come.
    Due,
    /// What was decided before its shop changed.
    Outdated,
}

impl Round {
    /// How many conversations are decided in one step.
    pub fn batch(self) -> usize {
        match self {
            Self::Due => BATCH,
            Self::Outdated => BATCH / 4,
        }
    }
}

/// The worker that decides.
pub struct Decider {
    /// What it takes up.
    pub round: Round,
    /// Where facts are.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The knowledge.
    pub shelf: Arc<Shelf>,
    /// Reads and decides.
    pub thinker: Thinker,
    /// Sources that are told of suggestions.
    pub announced: Arc<HashSet<String>>,
}

impl Decider {
    async fn decide_batch(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let (round, batch) = (self.round, self.round.batch());
        let work = self
            .store
            .write(move |tx| match round {
                Round::Due => take(tx, now, LEASE, batch),
                Round::Outdated => take_outdated(tx, now, LEASE, batch),
            })
            .await?;
        if work.is_empty() {
            return Ok(false);
        }
        let more = work.len() == batch;
        let knowledge = self.shelf.knowledge();
        let (knowledge, read) = self
            .thinker
            .think(move || {
                let read = read_all(&knowledge, work, now);
                (knowledge, read)
            })
            .await;
        let asks = asks(&read);
        let (facts, published) = self
            .store
            .read(move |tx| Ok((facts_of(tx, &asks, now)?, current_version(tx)?)))
            .await?;
        if !self.shelf.is_current(&knowledge, published.as_deref()) {
            // Another node has published. What was read is read again with that.
            let taken: Vec<i64> = read.iter().map(|(work, _)| work.conversation).collect();
            self.store.write(move |tx| give_back(tx, &taken)).await?;
            return Ok(false);
        }
        let (decisions, moved) = self
            .thinker
            .think(move || decide_all(&knowledge, read, facts, now))
            .await;
        if !moved.is_empty() {
            self.store.write(move |tx| give_back(tx, &moved)).await?;
        }
        self.commit_all(decisions).await?;
        Ok(more)
    }

    async fn commit_all(&self, decisions: Vec<(Work, Facts, Decision)>) -> Result<(), Error> {
        let now = self.clock.now();
        let knowledge = self.shelf.knowledge();
        let mut commits = JoinSet::new();
        for (work, facts, decision) in decisions {
            let store = self.store.clone();
            let announce = self.announced.contains(&work.source);
            let month = knowledge.month(&facts.shop, now);
            commits.spawn(async move {
                let verdict = decision.because.verdict;
                let done = store
                    .write(move |tx| commit(tx, &facts.seen, &decision, announce, &month, now))
                    .await?;
                match &done {
                    Commit::Done { cases, .. } => {
                        metrics::counter!("jieban_decisions_total", "verdict" => verdict.code())
                            .increment(1);
                        metrics::counter!("jieban_cases_opened_total")
                            .increment(cases.len() as u64);
                    }
                    Commit::Stale => {
                        metrics::counter!("jieban_decisions_stale_total").increment(1);
                    }
                }
                Ok::<_, Error>(())
            });
        }
        let mut failed = None;
        while let Some(done) = commits.join_next().await {
            match done {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed = Some(error),
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

impl Worker for Decider {
    fn name(&self) -> &str {
        match self.round {
            Round::Due => "decider",
            Round::Outdated => "outdated",
        }
    }

    fn rest(&self, took: Duration) -> Option<Duration> {
        match self.round {
            Round::Due => None,
            Round::Outdated => Some(took * REST),
        }
    }

    fn step(&self) -> Step<'_> {
        Box::pin(self.decide_batch())
    }
}

/// Reads what was taken.
pub fn read_all(
    knowledge: &Knowledge,
    work: Vec<Work>,
    now: DateTime<Utc>,
) -> Vec<(Work, Reading)> {
    work.into_iter()
        .map(|work| {
            let reading = read(knowledge, &work, now);
            (work, reading)
        })
        .collect()
}

/// The conversations whose facts are wanted, each with the orders it asks about.
pub fn asks(read: &[(Work, Reading)]) -> Vec<(i64, Vec<String>)> {
    read.iter()
        .map(|(work, reading)| (work.conversation, orders(reading)))
        .collect()
}

/// Decides about what was read, on its facts, which come in the same order. Returns with the decisions the
/// conversations in which something was recorded after the reading: they are to be taken again.
pub fn decide_all(
    knowledge: &Knowledge,
    read: Vec<(Work, Reading)>,
    facts: Vec<Facts>,
    now: DateTime<Utc>,
) -> (Vec<(Work, Facts, Decision)>, Vec<i64>) {
    let mut facts = facts.into_iter().peekable();
    let mut decided: Vec<(Work, Facts, Decision)> = Vec::new();
    let mut moved: Vec<i64> = Vec::new();
    for (work, reading) in read {
        match facts.next_if(|facts| facts.seen.conversation == work.conversation) {
            Some(facts) if facts.seen.facts == work.facts => {
                let decision = decide(knowledge, &facts, &reading, now);
                decided.push((work, facts, decision));
            }
            _ => moved.push(work.conversation),
        }
    }
    (decided, moved)
}

/// What the conversation's last turn says; nothing when the customer never spoke or is not waiting.
fn read(knowledge: &Knowledge, work: &Work, now: DateTime<Utc>) -> Reading {
    let pace = Pace::from(&knowledge.shop_or_default(&work.shop).manners);
    match LastTurn::of(&work.messages, work.ended, pace) {
        Some(turn) if turn.open => knowledge.read(&turn.to_read(&work.shop, work.platform), now),
        _ => Reading::default(),
    }
}

fn orders(reading: &Reading) -> Vec<String> {
    reading
        .fields
        .all(FieldKind::OrderNo)
        .into_iter()
        .map(str::to_owned)
        .collect()
}
