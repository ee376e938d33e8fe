//! A verb on its way to a thread of the store, and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::{Error, tx::Tx};

/// A verb with its type forgotten, so that verbs of all kinds wait in one line.
pub(super) trait Job: Send {
    /// Runs the verb. Whether what it did shall be kept.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;

    /// What the verb did cannot be kept: a statement failed and the verb went on as if it had not.
    fn spoil(&mut self, error: Error);

    /// Tells the caller what the verb returned. Called once the transaction has ended.
    fn answer(self: Box<Self>);

    /// Tells the caller that it came to nothing.
    fn fail(self: Box<Self>, error: Error);

    /// Nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
}

struct Call<T, F> {
    verb: F,
    result: Option<Result<T, Error>>,
    caller: oneshot::Sender<Result<T, Error>>,
}

/// A verb as a job, and where its answer will arrive.
pub(super) fn call<T, F>(verb: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, Error>>)
where
    F: Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    T: Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    let job = Call {
        verb,
        result: None,
        caller,
    };
    (Box::new(job), answer)
}

impl<T, F> Job for Call<T, F>
where
    F: Fn(&mut dyn Tx) -> Result<T, Error> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        // A verb that panics must not take the thread, and with it every other verb, down.
        let verb = &self.verb;
        let result = catch_unwind(AssertUnwindSafe(|| verb(tx)))
            .unwrap_or_else(|_| Err(Error::Refused("a verb of the store panicked".into())));
        self.result.insert(result).is_ok()
    }

    fn spoil(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        let result = self
            .result
            .unwrap_or_else(|| Err(Error::Unavailable("the verb was not run".into())));
        // The caller may have gone; what was done stays done.
        let _ = self.caller.send(result);
    }

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.caller.send(Err(error));
    }

    fn is_abandoned(&self) -> bool {
        self.caller.is_closed()
    }
}
