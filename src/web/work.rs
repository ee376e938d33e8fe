//! What a door may ask of the house. A trait, so that doors can be tried against a house that follows a script.

use std::{pin::Pin, time::Duration};

use serde_json::Value;

use crate::{
    desk::{
        Inbound,
        alarm::{Overdue, Waiting},
    },
    service::{
        Accepted, Ack, AckOutcome, Alarm, Front, Held, Pulled, Readiness, Unavailable,
        switchboard::Allowed,
    },
};

/// An answer that takes time.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The house as its doors see it; what each verb promises is said at [`Front`].
pub trait Work: Send + Sync + 'static {
    /// Records a delivery; it is kept when this returns.
    fn accept(&self, inbound: Inbound) -> Soon<'_, Result<Accepted, Unavailable>>;

    /// Waits for an automatic reply to what was accepted, and claims it for one response.
    fn answer<'a>(
        &'a self,
        accepted: &'a Accepted,
        wait: Duration,
    ) -> Soon<'a, Result<Option<Held>, Unavailable>>;

    /// Says whether the response with a claimed reply was written. Never waits.
    fn written(&self, held: Held, whole: bool);

    /// Waits for replies to send.
    fn pull<'a>(
        &'a self,
        source: &'a str,
        account: Option<&'a str>,
        wait: Duration,
    ) -> Soon<'a, Result<Vec<Pulled>, Unavailable>>;

    /// Takes word of what became of a reply.
    fn acknowledge<'a>(
        &'a self,
        source: &'a str,
        reply_id: &'a str,
        ack: Ack,
    ) -> Soon<'a, Result<AckOutcome, Unavailable>>;

    /// Shows a conversation, after at most `wait` for it to be decided.
    fn conversation<'a>(
        &'a self,
        source: &'a str,
        account: &'a str,
        external: &'a str,
        wait: Duration,
    ) -> Soon<'a, Result<Option<Value>, Unavailable>>;

    /// Counts.
    fn tally<'a>(
        &'a self,
        source: &'a str,
        account: Option<&'a str>,
    ) -> Soon<'a, Result<Value, Unavailable>>;

    /// Shows an alarm to who holds the link made for a target, and notes that he cares (`care`).
    fn alarm<'a>(
        &'a self,
        _alarm: &'a str,
        _target: &'a str,
        _token: &'a str,
        _care: bool,
    ) -> Soon<'a, Result<Option<Alarm>, Unavailable>> {
        Box::pin(async { Ok(None) })
    }

    /// Customers who wait longer than they should, and why.
    fn overdue<'a>(
        &'a self,
        _shops: &'a Allowed,
    ) -> Soon<'a, Result<Vec<(Waiting, Overdue)>, Unavailable>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Whether the house can work.
    fn readiness(&self) -> Soon<'_, Readiness>;
}

impl Work for Front {
    fn accept(&self, inbound: Inbound) -> Soon<'_, Result<Accepted, Unavailable>> {
        Box::pin(Self::accept(self, inbound))
    }

    fn answer<'a>(
        &'a self,
        accepted: &'a Accepted,
        wait: Duration,
    ) -> Soon<'a, Result<Option<Held>, Unavailable>> {
        Box::pin(Self::answer(self, accepted, wait))
    }

    fn written(&self, held: Held, whole: bool) {
        Self::written(self, held, whole);
    }

    fn pull<'a>(
        &'a self,
        source: &'a str,
        account: Option<&'a str>,
        wait: Duration,
    ) -> Soon<'a, Result<Vec<Pulled>, Unavailable>> {
        Box::pin(Self::pull(self, source, account, wait))
    }

    fn acknowledge<'a>(
        &'a self,
        source: &'a str,
        reply_id: &'a str,
        ack: Ack,
    ) -> Soon<'a, Result<AckOutcome, Unavailable>> {
        Box::pin(Self::acknowledge(self, source, reply_id, ack))
    }

    fn conversation<'a>(
        &'a self,
        source: &'a str,
        account: &'a str,
        external: &'a str,
        wait: Duration,
    ) -> Soon<'a, Result<Option<Value>, Unavailable>> {
        Box::pin(Self::conversation(self, source, account, external, wait))
    }

    fn tally<'a>(
        &'a self,
        source: &'a str,
        account: Option<&'a str>,
    ) -> Soon<'a, Result<Value, Unavailable>> {
        Box::pin(Self::tally(self, source, account))
    }

    fn alarm<'a>(
        &'a self,
        alarm: &'a str,
        target: &'a str,
        token: &'a str,
        care: bool,
    ) -> Soon<'a, Result<Option<Alarm>, Unavailable>> {
        Box::pin(Self::alarm(self, alarm, target, token, care))
    }

    fn overdue<'a>(
        &'a self,
        shops: &'a Allowed,
    ) -> Soon<'a, Result<Vec<(Waiting, Overdue)>, Unavailable>> {
        Box::pin(Self::overdue(self, shops))
    }

    fn readiness(&self) -> Soon<'_, Readiness> {
        Box::pin(Self::readiness(self))
    }
}
