//! The listener: hears what the house promises in its own lines, and notes whose time has passed.
//!
//! It walks behind the messages at its own pace; nobody who records, decides or sends waits for it. With writers
//! beside each other a message may be seen after one with a higher number, so there it looks again over the last
//! seconds; what it heard before is known by the message.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    shelf::Shelf,
    thinker::Thinker,
    worker::{Step, Worker},
};
use crate::{
    clock::Clock,
    desk::promise::promised,
    knowledge::Knowledge,
    store::{
        Dialect, Error, Store,
        promises::{Heard, Lines, is_late, keep, lines, note_overdue, place},
    },
};

/// How long it rests between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// How many messages one look spans: one writer gives them in order; of many it looks over the last seconds again.
const SPAN: i64 = 2_000;
const SPAN_AGAIN: i64 = 20_000;
/// No transaction that records a message takes longer than this.
const LAG: TimeDelta = TimeDelta::seconds(10);
/// How far the place that a restart begins at may lag behind when nothing was promised.
const STRIDE: i64 = 2_000;
/// How many overdue promises one step notes.
const BATCH: usize = 200;

/// The worker that listens.
pub struct Listener {
    store: Store,
    clock: Arc<dyn Clock>,
    shelf: Arc<Shelf>,
    thinker: Thinker,
    ear: Mutex<Option<Ear>>,
}

/// How far somebody has listened.
#[derive(Debug, Clone, Default)]
struct Ear {
    /// Nothing new comes before this message.
    place: i64,
    /// A restart begins here.
    kept: i64,
    /// Up to where was listened, and when.
    marks: VecDeque<(DateTime<Utc>, i64)>,
    /// Lines behind `place` that were heard.
    heard: HashSet<i64>,
}

impl Ear {
    fn at(place: i64) -> Self {
        Self {
            place,
            kept: place,
            ..Self::default()
        }
    }

    /// Goes on to where was listened, as far as nothing new can come before it.
    fn follow(&mut self, lines: &Lines, dialect: Dialect, now: DateTime<Utc>) {
        match dialect {
            Dialect::Sqlite => self.place = lines.upto,
            Dialect::Postgres => {
                self.marks.push_back((now, lines.upto));
                self.heard
                    .extend(lines.lines.iter().map(|line| line.message));
                while let Some((at, upto)) = self.marks.front().copied()
                    && at + LAG <= now
                {
                    self.place = self.place.max(upto);
                    self.marks.pop_front();
                }
                let place = self.place;
                self.heard.retain(|message| *message > place);
            }
        }
    }
}

impl Listener {
    /// Begins where somebody has listened to last.
    pub fn new(store: Store, clock: Arc<dyn Clock>, shelf: Arc<Shelf>, thinker: Thinker) -> Self {
        Self {
            store,
            clock,
            shelf,
            thinker,
            ear: Mutex::default(),
        }
    }

    async fn listen(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let dialect = self.store.dialect();
        let ear = self
            .ear
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut ear = match ear {
            Some(ear) => ear,
            None => Ear::at(self.store.read(place).await?),
        };
        let (after, span) = match dialect {
            Dialect::Sqlite => (ear.place, SPAN),
            Dialect::Postgres => (ear.place, SPAN_AGAIN),
        };
        let (mut new, late) = self
            .store
            .read(move |tx| Ok((lines(tx, after, span, now)?, is_late(tx, now)?)))
            .await?;
        new.lines.retain(|line| !ear.heard.contains(&line.message));
        let knowledge = self.shelf.knowledge();
        let (new, heard) = self
            .thinker
            .think(move || {
                let heard = hear(&knowledge, &new);
                (new, heard)
            })
            .await;
        ear.follow(&new, dialect, now);
        let more = new.more && dialect == Dialect::Sqlite;
        let kept_place = ear.place;
        let strides = kept_place - ear.kept >= STRIDE;
        if !heard.is_empty() || !new.unsure.is_empty() || !new.sure.is_empty() || strides {
            let kept = self
                .store
                .write(move |tx| keep(tx, &heard, &new, kept_place, now))
                .await?;
            ear.kept = kept_place;
            metrics::counter!("jieban_promises_total").increment(kept as u64);
        }
        *self.ear.lock().unwrap_or_else(PoisonError::into_inner) = Some(ear);
        let noted = match late {
            true => {
                self.store
                    .write(move |tx| note_overdue(tx, now, BATCH))
                    .await?
            }
            false => 0,
        };
        Ok(more || noted >= BATCH)
    }
}

/// What the lines promise.
fn hear(knowledge: &Knowledge, new: &Lines) -> Vec<Heard> {
    new.lines
        .iter()
        .flat_map(|line| {
            promised(knowledge, &line.shop, &line.text, line.at)
                .into_iter()
                .map(|promised| Heard {
                    cases: knowledge
                        .promises()
                        .kind(&promised.kind)
                        .map(|kind| kind.cases.clone())
                        .unwrap_or_default(),
                    line: line.clone(),
                    promised,
                })
        })
        .collect()
}

impl Worker for Listener {
    fn name(&self) -> &str {
        "listener"
    }

    fn rest(&self, took: Duration) -> Option<Duration> {
        Some(PAUSE.max(took))
    }

    fn step(&self) -> Step<'_> {
        Box::pin(self.listen())
    }
}
