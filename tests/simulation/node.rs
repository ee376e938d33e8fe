//! A node: its memory, and the steps of its workers from one verb to the next. The order of verbs is that of
//! `service/decider`, `courier`, `rounds` and `shelf`; what lies between them is their own code.

use std::mem;

use chrono::{DateTime, Duration, Utc};
use jieban::{
    channel::push,
    desk::{Decision, Facts},
    knowledge::Reading,
    service::{
        courier::{self, Breaker},
        decider,
    },
    store::{Error, outbox::Claimed, work::Work},
};

use crate::{
    library::{Edition, editions},
    verbs::{Answer, Verb, Who},
    world::World,
};

/// How long a worker rests after a failure, in milliseconds.
const REST: i64 = 1_000;
/// How often the rounds are made, in milliseconds.
const ROUNDS: i64 = 5_000;

/// What one node holds in memory; a crash forgets it.
pub(crate) struct Node {
    number: usize,
    alive: bool,
    /// It has its knowledge, and its doors are open.
    pub(crate) open: bool,
    paused_until: DateTime<Utc>,
    pub(crate) edition: usize,
    /// Swapped in and not yet published.
    unpublished: bool,
    deciding: Deciding,
    /// When the decider came where it is.
    deciding_since: DateTime<Utc>,
    decider_rests: DateTime<Utc>,
    pub(crate) wire: Vec<OnWire>,
    courier_rests: DateTime<Utc>,
    breaker: Breaker,
    next_round: DateTime<Utc>,
}

/// How far the decider has come.
enum Deciding {
    Idle,
    Read {
        read: Vec<(Work, Reading)>,
        at: DateTime<Utc>,
        edition: usize,
    },
    GivingBack {
        moved: Vec<i64>,
        then: Vec<Ready>,
    },
    Committing {
        left: Vec<Ready>,
        at: DateTime<Utc>,
        edition: usize,
    },
}

/// A decision to commit, and the step at which its facts were looked at.
type Ready = (Work, Facts, Decision, u64);

/// A row that the courier has claimed.
pub(crate) struct OnWire {
    pub(crate) row: Claimed,
    since: DateTime<Utc>,
    /// What came back, and when.
    outcome: Option<(push::Outcome, DateTime<Utc>)>,
}

impl Node {
    pub(crate) fn new(number: usize, now: DateTime<Utc>) -> Self {
        Self {
            number,
            alive: true,
            open: false,
            paused_until: now,
            edition: 0,
            unpublished: false,
            deciding: Deciding::Idle,
            deciding_since: now,
            decider_rests: now,
            wire: Vec::new(),
            courier_rests: now,
            breaker: Breaker::default(),
            next_round: now,
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.alive
    }

    pub(crate) fn is_paused(&self, now: DateTime<Utc>) -> bool {
        now < self.paused_until
    }

    pub(crate) fn is_awake(&self, now: DateTime<Utc>) -> bool {
        self.alive && !self.is_paused(now)
    }

    /// When it goes on, if it stands still.
    pub(crate) fn wakes(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (self.alive && self.is_paused(now)).then_some(self.paused_until)
    }

    pub(crate) fn pause(&mut self, until: DateTime<Utc>) {
        self.paused_until = until;
    }

    pub(crate) fn die(&mut self) {
        self.alive = false;
    }

    /// Since when its workers are in the middle of something.
    pub(crate) fn busy_since(&self) -> Option<DateTime<Utc>> {
        let deciding = match self.deciding {
            Deciding::Idle => None,
            _ => Some(self.deciding_since),
        };
        let wire = self.wire.iter().map(|on| match &on.outcome {
            Some((_, answered)) => *answered,
            None => on.since,
        });
        let booting = (!self.open).then_some(self.deciding_since);
        wire.chain(deciding).chain(booting).min()
    }

    pub(crate) fn decider_is_idle(&self, now: DateTime<Utc>) -> bool {
        matches!(self.deciding, Deciding::Idle) && self.decider_rests <= now
    }

    pub(crate) fn courier_is_idle(&self, now: DateTime<Utc>) -> bool {
        self.wire.is_empty() && self.courier_rests <= now
    }

    /// Until when an idle decider rests after a failure; `None` when it is in the middle of something.
    pub(crate) fn decider_rests(&self) -> Option<DateTime<Utc>> {
        matches!(self.deciding, Deciding::Idle).then_some(self.decider_rests)
    }

    /// The same of the courier, who also rests while its breaker is open.
    pub(crate) fn courier_rests(&self) -> Option<DateTime<Utc>> {
        let rests = self.courier_rests.max(self.breaker.open_until());
        self.wire.is_empty().then_some(rests)
    }

    pub(crate) fn rounds_are_due(&self, now: DateTime<Utc>) -> bool {
        self.next_round <= now
    }

    /// Whether the decider could do something now.
    pub(crate) fn can_decide(&self, now: DateTime<Utc>) -> bool {
        self.open && self.decider_rests <= now
    }

    /// Whether the courier could do something now.
    pub(crate) fn can_deliver(&self, now: DateTime<Utc>) -> bool {
        let waits = |on: &OnWire| on.outcome.as_ref().is_some_and(|(_, at)| *at > now);
        let can = match self.wire.is_empty() {
            true => self.breaker.lets(now) > 0,
            false => !self.wire.iter().all(waits),
        };
        self.open && self.courier_rests <= now && can
    }
}

impl World {
    fn name(&self, node: usize, what: &str) -> String {
        format!("{what} {}", self.nodes[node].number)
    }

    /// Starts a node: it reads the folder and publishes it, or takes what is published.
    pub(crate) fn boot(&mut self, node: usize) {
        let now = self.now;
        self.nodes[node] = Node::new(node, now);
        self.tell("world", format_args!("node {node} starts"));
        if node == 0 {
            self.nodes[0].edition = self.outside.folder;
            self.nodes[0].unpublished = true;
            self.oracle.reads(self.outside.folder);
        }
        self.shelf(node);
    }

    /// A node loses all it holds, and who speaks to it hears no more.
    pub(crate) fn crash(&mut self, node: usize) {
        self.disturb();
        self.tell("world", format_args!("node {node} dies"));
        self.nodes[node].die();
        for request in std::mem::take(&mut self.requests) {
            match request.node == node {
                true => self.hang_up(request),
                false => self.requests.push(request),
            }
        }
    }

    /// Takes the folder in, publishes it, or follows.
    pub(crate) fn shelf(&mut self, node: usize) {
        let (name, now) = (self.name(node, "shelf"), self.now);
        if node == 1 {
            if let Ok(Answer::Version(version)) = self.call(&name, Verb::CurrentVersion, now)
                && let Some(edition) = version.and_then(|version| Edition::of_version(&version))
            {
                self.nodes[1].edition = edition;
                self.nodes[1].open = true;
            }
            return;
        }
        if self.nodes[0].edition != self.outside.folder {
            // Swapped first, published in the next step.
            self.nodes[0].edition = self.outside.folder;
            self.nodes[0].unpublished = true;
            self.oracle.reads(self.outside.folder);
            self.tell(&name, format_args!("reads the folder"));
        } else if self.nodes[0].unpublished {
            let edition = self.nodes[0].edition;
            let knowledge = &editions()[edition].knowledge;
            let publish = Verb::Publish {
                edition,
                version: knowledge.version().0.clone(),
                files: &editions()[edition].files,
                shops: knowledge.shop_ids(),
            };
            if self.call(&name, publish, now).is_ok() {
                self.nodes[0].unpublished = false;
                self.nodes[0].open = true;
            }
        }
    }

    /// Whether a node's shelf has something to do.
    pub(crate) fn shelf_is_behind(&self, node: usize) -> bool {
        let it = &self.nodes[node];
        match node {
            0 => it.edition != self.outside.folder || it.unpublished,
            _ => !it.open || self.oracle.published() != it.edition,
        }
    }

    pub(crate) fn decider(&mut self, node: usize) {
        let name = self.name(node, "decider");
        let deciding = mem::replace(&mut self.nodes[node].deciding, Deciding::Idle);
        self.nodes[node].deciding_since = self.now;
        match self.decide(node, &name, deciding) {
            Ok(next) => self.nodes[node].deciding = next,
            Err(_) => {
                self.nodes[node].decider_rests = self.now + Duration::milliseconds(REST);
            }
        }
    }

    fn decide(&mut self, node: usize, name: &str, deciding: Deciding) -> Result<Deciding, Error> {
        match deciding {
            Deciding::Idle => {
                let at = self.now;
                let mut work = Vec::new();
                for (outdated, limit) in [
                    (false, decider::BATCH),
                    (true, decider::Round::Outdated.batch()),
                ] {
                    let take = Verb::Take {
                        outdated,
                        lease: decider::LEASE,
                        limit,
                    };
                    let Answer::Taken(taken) = self.call(name, take, at)? else {
                        return Ok(Deciding::Idle);
                    };
                    work = taken;
                    if !work.is_empty() {
                        break;
                    }
                }
                if work.is_empty() {
                    self.outside.nothing_to_decide = (at, self.writes);
                    return Ok(Deciding::Idle);
                }
                let edition = self.nodes[node].edition;
                let read = decider::read_all(&editions()[edition].knowledge, work, at);
                Ok(Deciding::Read { read, at, edition })
            }
            Deciding::Read { read, at, edition } => {
                let asks = decider::asks(&read);
                let looked = self.step + 1;
                let Answer::Looked(facts, published) = self.call(name, Verb::Look { asks }, at)?
                else {
                    return Ok(Deciding::Idle);
                };
                let knowledge = &editions()[edition].knowledge;
                // As `Shelf::is_current` says.
                let ahead = node == 0 && self.nodes[0].edition == edition;
                if published.as_deref() != Some(knowledge.version().0.as_str()) && !ahead {
                    let moved = read.iter().map(|(work, _)| work.conversation).collect();
                    return Ok(Deciding::GivingBack {
                        moved,
                        then: Vec::new(),
                    });
                }
                let (decided, moved) = decider::decide_all(knowledge, read, facts, at);
                let then: Vec<Ready> = decided
                    .into_iter()
                    .map(|(work, facts, decision)| (work, facts, decision, looked))
                    .collect();
                Ok(match moved.is_empty() {
                    true => self.committing(node, then),
                    false => Deciding::GivingBack { moved, then },
                })
            }
            Deciding::GivingBack { moved, then } => {
                self.call(name, Verb::GiveBack(moved), self.now)?;
                Ok(self.committing(node, then))
            }
            Deciding::Committing {
                mut left,
                at,
                edition,
            } => {
                let next = self.dice.below(left.len());
                let (work, facts, decision, looked) = left.swap_remove(next);
                let commit = Verb::Commit {
                    looked,
                    seen: facts.seen,
                    decision: Box::new(decision),
                    announce: work.source == "bridge",
                    month: editions()[edition].knowledge.month(&facts.shop, at),
                };
                // One that fails does not keep the others.
                let done = self.call(name, commit, at);
                match left.is_empty() {
                    true => done.map(|_| Deciding::Idle),
                    false => Ok(Deciding::Committing { left, at, edition }),
                }
            }
        }
    }

    fn committing(&self, node: usize, left: Vec<Ready>) -> Deciding {
        match left.is_empty() {
            true => Deciding::Idle,
            false => Deciding::Committing {
                left,
                at: self.now,
                edition: self.nodes[node].edition,
            },
        }
    }

    pub(crate) fn courier(&mut self, node: usize) {
        let name = self.name(node, "courier");
        if self.deliver(node, &name).is_err() {
            // What is under way is given up with the step.
            self.nodes[node].wire.clear();
            self.nodes[node].courier_rests = self.now + Duration::milliseconds(REST);
        }
    }

    fn deliver(&mut self, node: usize, name: &str) -> Result<(), Error> {
        let now = self.now;
        if self.nodes[node].wire.is_empty() {
            let claim = Verb::Claim {
                who: Who::Courier("bridge".to_owned()),
                lease: courier::LEASE,
                limit: self.nodes[node].breaker.lets(now),
            };
            let Answer::Claimed(rows) = self.call(name, claim, now)? else {
                return Ok(());
            };
            if rows.is_empty() {
                self.outside.nothing_to_deliver = (now, self.writes);
            }
            self.nodes[node].wire = rows
                .into_iter()
                .map(|row| OnWire {
                    row,
                    since: now,
                    outcome: None,
                })
                .collect();
            return Ok(());
        }
        let ready: Vec<usize> = (0..self.nodes[node].wire.len())
            .filter(|n| {
                let outcome = &self.nodes[node].wire[*n].outcome;
                outcome.as_ref().is_none_or(|(_, at)| *at <= now)
            })
            .collect();
        if ready.is_empty() {
            return Ok(());
        }
        let which = *self.dice.pick(&ready);
        let on = &self.nodes[node].wire[which];
        match on.outcome.clone() {
            None => {
                let row = on.row.clone();
                let outcome = self.receive(&row);
                self.nodes[node].wire[which].outcome = Some(outcome);
                Ok(())
            }
            Some((outcome, _)) => {
                let on = self.nodes[node].wire.swap_remove(which);
                self.nodes[node].breaker.heard(&outcome, now);
                let outcome = courier::judge(&on.row, false, outcome, now);
                let settle = Verb::Settle {
                    id: on.row.id,
                    outcome,
                };
                self.call(name, settle, now).map(|_| ())
            }
        }
    }

    pub(crate) fn rounds(&mut self, node: usize) {
        let name = self.name(node, "rounds");
        self.nodes[node].next_round = self.now + Duration::milliseconds(ROUNDS);
        let _ = self.call(&name, Verb::Sweep, self.now);
    }
}
