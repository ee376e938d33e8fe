//! A thread for what takes the processor for long: building snapshots, reading turns.
//!
//! One and always the same, not whichever is free: what a thread allocates it can use again, and a regex
//! keeps a cache for every thread that matches with it.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc,
    thread,
};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Hands work to the thread. The thread ends with the last of its clones.
#[derive(Clone)]
pub struct Thinker(mpsc::Sender<Job>);

impl Thinker {
    /// Starts the thread.
    pub fn start(name: &str) -> io::Result<Self> {
        let (send, receive) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                for job in receive {
                    job();
                }
            })?;
        Ok(Self(send))
    }

    /// Does `work` on the thread, after what was handed to it before. A panic goes on in the caller.
    pub async fn think<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody listens any more when the caller was dropped.
            let _ = answer.send(catch_unwind(AssertUnwindSafe(work)));
        });
        let lost = self.0.send(job).is_err();
        match answered.await {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            // The thread outlives every clone of its sender and survives the panics of its jobs.
            Err(_) => unreachable!("a thinker lost its thread (work not taken: {lost})"),
        }
    }
}
