//! The courier of one source: claims what is due in its outbox and sends it to the source's reply URL.
//!
//! Every source has its own, so that a slow receiver keeps nobody else waiting. The outbox id is the
//! receiver's idempotency key: what may have arrived is sent again under the same id.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU32, Ordering},
};

use chrono::Duration;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::worker::{Step, Worker};
use crate::{
    channel::{
        push::{self, Event, Push, Pusher},
        standard_webhooks::Keys,
    },
    clock::Clock,
    store::{
        Error, Store,
        outbox::{Claim, Claimed, Kind, Outcome, claim, settle},
    },
};

/// How many rows are on the wire at once.
const BATCH: usize = 16;
/// Longer than a delivery can take, in milliseconds.
const LEASE: i64 = 30_000;
/// After so many tries a row is a dead letter.
const TRIES: i64 = 5;
/// So many failures in a row open the breaker.
const BREAKER: u32 = 5;

/// The worker that delivers to one source.
pub struct Courier {
    /// The source's name.
    pub source: String,
    /// Where the rows are.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How to reach a receiver.
    pub pusher: Pusher,
    /// Where the receiver is.
    pub url: String,
    /// Signs what it gets.
    pub keys: Arc<Keys>,
    /// Deliveries that failed since the last that did not.
    pub failures: AtomicU32,
    /// The breaker is open until then (milliseconds UTC).
    pub paused_until: AtomicI64,
}

impl Courier {
    /// A courier with a closed breaker.
    pub fn new(
        source: String,
        store: Store,
        clock: Arc<dyn Clock>,
        pusher: Pusher,
        url: String,
        keys: Keys,
    ) -> Self {
        Self {
            source,
            store,
            clock,
            pusher,
            url,
            keys: Arc::new(keys),
            failures: AtomicU32::new(0),
            paused_until: AtomicI64::new(0),
        }
    }

    async fn deliver_batch(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        if now.timestamp_millis() < self.paused_until.load(Ordering::SeqCst) {
            return Ok(false);
        }
        // With the breaker half open, one row tries the way for all.
        let limit = if self.failures.load(Ordering::SeqCst) >= BREAKER {
            1
        } else {
            BATCH
        };
        let sources = [self.source.clone()];
        let rows = self
            .store
            .write(move |tx| claim(tx, Claim::Courier { sources: &sources }, now, LEASE, limit))
            .await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let mut sending = JoinSet::new();
        for row in rows {
            let (pusher, keys) = (self.pusher.clone(), self.keys.clone());
            let url = self.url.clone();
            sending.spawn(async move {
                let (event, data) = event(&row);
                let push = Push {
                    url: &url,
                    keys: &keys,
                    id: &row.id,
                    event,
                    data: &data,
                };
                let outcome = pusher.push(push, now).await;
                (row, outcome)
            });
        }
        while let Some(sent) = sending.join_next().await {
            let (row, outcome) = match sent {
                Ok(sent) => sent,
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            };
            self.settle(row, outcome).await?;
        }
        Ok(true)
    }

    async fn settle(&self, row: Claimed, outcome: push::Outcome) -> Result<(), Error> {
        let now = self.clock.now();
        let (word, outcome) = match outcome {
            push::Outcome::Sent { platform_id } => {
                self.failures.store(0, Ordering::SeqCst);
                ("sent", Outcome::Sent { platform_id })
            }
            push::Outcome::Retry {
                after,
                uncertain,
                why,
            } => {
                self.failed(now.timestamp_millis());
                let delay = after
                    .and_then(|after| Duration::from_std(after).ok())
                    .unwrap_or_else(|| backoff(&row));
                let next_at = now + delay;
                if row.attempts >= TRIES {
                    tracing::error!(
                        source = self.source,
                        reply = row.id,
                        why,
                        "gave up delivering"
                    );
                }
                match (row.attempts >= TRIES, uncertain) {
                    (true, true) => ("uncertain", Outcome::Uncertain { error: why }),
                    (true, false) => ("failed", Outcome::Failed { error: why }),
                    (false, true) => (
                        "retry",
                        Outcome::Unheard {
                            error: why,
                            next_at,
                        },
                    ),
                    (false, false) => (
                        "retry",
                        Outcome::Retry {
                            error: why,
                            next_at,
                        },
                    ),
                }
            }
            push::Outcome::GiveUp { why } => {
                tracing::error!(
                    source = self.source,
                    reply = row.id,
                    why,
                    "the receiver refuses"
                );
                ("failed", Outcome::Failed { error: why })
            }
        };
        metrics::counter!("jieban_deliveries_total", "source" => self.source.clone(), "outcome" => word)
            .increment(1);
        let id = row.id;
        self.store
            .write(move |tx| settle(tx, &id, &outcome, now))
            .await?;
        Ok(())
    }

    fn failed(&self, now: i64) {
        // What was on the wire when the breaker opened tells nothing new: one outage, one pause.
        if now < self.paused_until.load(Ordering::SeqCst) {
            return;
        }
        let failures = self.failures.fetch_add(1, Ordering::SeqCst) + 1;
        if failures >= BREAKER {
            let doubled = 1 << (failures - BREAKER).min(6);
            self.paused_until
                .store(now + 5_000 * doubled, Ordering::SeqCst);
            if failures == BREAKER {
                tracing::error!(
                    source = self.source,
                    "the receiver keeps failing, pausing deliveries"
                );
            }
        }
    }
}

impl Worker for Courier {
    fn name(&self) -> &str {
        &self.source
    }

    fn step(&self) -> Step<'_> {
        Box::pin(self.deliver_batch())
    }
}

fn backoff(row: &Claimed) -> Duration {
    let attempt = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    Duration::from_std(push::backoff(attempt, &row.id)).unwrap_or_default()
}

/// What the receiver is told. Suggestions are an event of their own and never look like a reply.
fn event(row: &Claimed) -> (Event, Value) {
    let address = json!({
        "reply_id": row.id,
        "account_id": row.account,
        "conversation_id": row.conversation,
    });
    match row.kind {
        Kind::Reply => {
            let mut data = address;
            data["text"] = json!(row.text);
            data["class"] = json!(row.class);
            data["script"] = json!(row.script);
            data["not_after"] = json!(row.not_after);
            (Event::ReplyCreated, data)
        }
        Kind::Suggestions => {
            let mut data = serde_json::from_str(&row.text).unwrap_or_else(|_| json!({}));
            data["account_id"] = json!(row.account);
            data["conversation_id"] = json!(row.conversation);
            (Event::SuggestionsUpdated, data)
        }
    }
}
