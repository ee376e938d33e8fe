//! The rounds: what time alone brings. Replies nobody fetched in time expire, so that their customers are
//! looked at again; cases become overdue, and approvals by word of mouth lapse.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use super::worker::{Step, Worker};
use crate::{
    clock::Clock,
    store::{Store, casework, outbox::sweep},
};

/// How often the rounds are made, in milliseconds.
const EVERY: i64 = 5_000;
/// How many rows one round looks after.
const BATCH: usize = 200;

/// The worker that makes the rounds.
pub struct Rounds {
    store: Store,
    clock: Arc<dyn Clock>,
    next: AtomicI64,
}

impl Rounds {
    /// Makes the first round at once.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            next: AtomicI64::new(i64::MIN),
        }
    }
}

impl Worker for Rounds {
    fn name(&self) -> &str {
        "rounds"
    }

    fn step(&self) -> Step<'_> {
        Box::pin(async move {
            let now = self.clock.now();
            if now.timestamp_millis() < self.next.load(Ordering::SeqCst) {
                return Ok(false);
            }
            let swept = self.store.write(move |tx| sweep(tx, now, BATCH)).await?;
            let late = self
                .store
                .write(move |tx| casework::sweep(tx, now, BATCH))
                .await?;
            let more = swept >= BATCH as u64 || late >= BATCH;
            if !more {
                self.next
                    .store(now.timestamp_millis() + EVERY, Ordering::SeqCst);
            }
            Ok(more)
        })
    }
}
