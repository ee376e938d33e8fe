//! A request that waits for something in the store looks whenever something was written, but the less often the
//! longer it has waited: many who wait must not keep the house from what they wait for.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// The least and the most between two looks. Another node may have written what nobody here is told of, so the
/// most is also how often one looks when nothing was written.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));
/// How much later than it could be something may be seen, as a part of the time waited.
const LATE: u32 = 8;

/// The patience of one request.
pub(super) struct Patience {
    begun: Instant,
    deadline: Instant,
    changes: watch::Receiver<u64>,
}

impl Patience {
    /// Of at most `wait`, woken by `changes`.
    pub(super) fn new(wait: Duration, changes: watch::Receiver<u64>) -> Self {
        let begun = Instant::now();
        Self {
            begun,
            deadline: begun + wait,
            changes,
        }
    }

    /// To be called before each look: what is written from now on wakes.
    pub(super) fn look(&mut self) {
        self.changes.borrow_and_update();
    }

    /// Whether it has waited long enough.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Waits until another look is worth it, at most until the deadline.
    pub(super) async fn wait(&mut self) {
        let now = Instant::now();
        let (least, most) = LOOKS;
        let least = (self.begun.elapsed() / LATE).clamp(least, most);
        sleep_until(self.deadline.min(now + least)).await;
        tokio::select! {
            _ = self.changes.changed() => {}
            () = sleep_until(self.deadline.min(now + most)) => {}
        }
    }
}
