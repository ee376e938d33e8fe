//! A worker has one step; running it is repeating the step.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::store::Error;

/// How long an idle worker sleeps when nothing wakes it: the grain of everything that time alone brings due.
const TICK: Duration = Duration::from_millis(200);
/// How long a worker rests after a failure.
const REST: Duration = Duration::from_secs(1);

/// What a step came to.
pub type Step<'a> = Pin<Box<dyn Future<Output = Result<bool, Error>> + Send + 'a>>;

/// Somebody who does one piece of work at a time.
pub trait Worker: Send + Sync + 'static {
    /// His name in logs.
    fn name(&self) -> &str;

    /// Does what is due now. `Ok(true)` when there may be more, `Ok(false)` when idle.
    fn step(&self) -> Step<'_>;

    /// How long he rests after a step that took so long, for work that nobody waits for: he is woken by nothing
    /// but the clock. `None` for somebody who goes on at once and comes when something was written.
    fn rest(&self, took: Duration) -> Option<Duration> {
        let _ = took;
        None
    }
}

/// Repeats the worker's step: at once while there is more, else when something was written or a tick has
/// passed, until shutdown; or after his rest. A step under way is finished first.
pub async fn run(
    worker: Arc<dyn Worker>,
    mut changes: watch::Receiver<u64>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut failing = false;
    while !*shutdown.borrow_and_update() {
        changes.borrow_and_update();
        // In a task of its own: a step that panics is a step that failed, not the end of the worker.
        let stepping = worker.clone();
        let begun = Instant::now();
        let step = tokio::spawn(async move { stepping.step().await });
        let done = match step.await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let rest = worker.rest(begun.elapsed());
        let pause = match done {
            Ok(more) => {
                if failing {
                    tracing::info!(worker = worker.name(), "works again");
                    failing = false;
                }
                match (more, rest) {
                    (true, None) => continue,
                    (true, Some(rest)) => rest,
                    (false, _) => TICK,
                }
            }
            Err(error) => {
                // Said once per outage, not once per attempt.
                if !failing {
                    tracing::error!(worker = worker.name(), error, "cannot work, trying again");
                    failing = true;
                }
                REST
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = changes.changed(), if !failing && rest.is_none() => {}
            _ = shutdown.changed() => {}
        }
    }
}
