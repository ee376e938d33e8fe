//! The rounds: what time alone brings. Replies nobody fetched in time expire, so that their customers are
//! looked at again; cases become overdue, and approvals by word of mouth lapse; alarms of long ago are forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::Duration;

use super::worker::{Step, Worker};
use crate::{
    clock::Clock,
    store::{Error, Store, casework, forgetting, outbox::sweep},
};

/// How often the rounds are made, in milliseconds.
const EVERY: i64 = 5_000;
/// How many rows one round looks after.
const BATCH: usize = 200;
/// How often it is looked for what may be forgotten, in milliseconds.
const EVERY_FORGETTING: i64 = 60 * 60 * 1000;
/// For how long an alarm that is over is kept: a quarter of a year is what is looked back on when shifts and shops are
/// compared; links in chats that are older open nothing.
const ALARMS_KEPT: Duration = Duration::days(90);

/// The worker that makes the rounds.
pub struct Rounds {
    store: Store,
    clock: Arc<dyn Clock>,
    next: AtomicI64,
    next_forgetting: AtomicI64,
}

impl Rounds {
    /// Makes the first round at once.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            next: AtomicI64::new(i64::MIN),
            next_forgetting: AtomicI64::new(i64::MIN),
        }
    }

    async fn round(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let at = now.timestamp_millis();
        if at < self.next.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let swept = self.store.write(move |tx| sweep(tx, now, BATCH)).await?;
        let late = self
            .store
            .write(move |tx| casework::sweep(tx, now, BATCH))
            .await?;
        let mut more = swept >= BATCH as u64 || late >= BATCH;
        if self.next_forgetting.load(Ordering::SeqCst) <= at {
            let before = now - ALARMS_KEPT;
            let forgotten = self
                .store
                .write(move |tx| forgetting::alarms(tx, before, BATCH))
                .await?;
            if forgotten >= BATCH as u64 {
                more = true;
            } else {
                self.next_forgetting
                    .store(at + EVERY_FORGETTING, Ordering::SeqCst);
            }
        }
        if !more {
            self.next.store(at + EVERY, Ordering::SeqCst);
        }
        Ok(more)
    }
}

impl Worker for Rounds {
    fn name(&self) -> &str {
        "rounds"
    }

    fn step(&self) -> Step<'_> {
        Box::pin(self.round())
    }
}
