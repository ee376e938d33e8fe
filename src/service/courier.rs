//! The courier of one source: claims what is due in its outbox and sends it to the source's reply URL, or to
//! the robot of a group.
//!
//! Every source has its own, so that a slow receiver keeps nobody else waiting. The outbox id is the
//! receiver's idempotency key: what may have arrived is sent again under the same id. A robot knows no ids: what may
//! have arrived there is not sent again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::worker::{Step, Worker};
use crate::{
    channel::{
        push::{self, Event, Push, Pusher},
        robot::Robot,
        standard_webhooks::Keys,
    },
    clock::Clock,
    store::{
        Error, Store,
        outbox::{Claim, Claimed, Kind, Outcome, claim, settle},
        receivers::{claim_paced, heard},
    },
};

/// How many rows are on the wire at once.
pub const BATCH: usize = 16;
/// Longer than a delivery can take, in milliseconds.
pub const LEASE: i64 = 30_000;
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
    pub way: Way,
    /// Keeps it from a receiver that keeps failing.
    breaker: Mutex<Breaker>,
}

/// Keeps a courier from a receiver that keeps failing: after five failures in a row it pauses, five seconds first and
/// twice as long after every one more, and then one row tries the way for all.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    /// Deliveries that failed since the last that did not.
    failures: u32,
    /// It is open until then.
    open_until: DateTime<Utc>,
}

impl Breaker {
    /// How many rows may be on the way at once; 0 while it is open.
    pub fn lets(&self, now: DateTime<Utc>) -> usize {
        if now < self.open_until {
            0
        } else if self.failures >= BREAKER {
            1
        } else {
            BATCH
        }
    }

    /// Until when it is open; a moment that has passed when it is not.
    pub fn open_until(&self) -> DateTime<Utc> {
        self.open_until
    }

    /// A delivery came to its end. Whether that opened the breaker for the first time in this outage.
    pub fn heard(&mut self, outcome: &push::Outcome, now: DateTime<Utc>) -> bool {
        match outcome {
            push::Outcome::Sent { .. } => self.failures = 0,
            // What was on the wire when it opened tells nothing new: one outage, one pause.
            push::Outcome::Retry { .. } if self.open_until <= now => {
                self.failures += 1;
                if self.failures >= BREAKER {
                    let doubled = 1 << (self.failures - BREAKER).min(6);
                    self.open_until = now + Duration::seconds(5 * doubled);
                }
                return self.failures == BREAKER;
            }
            push::Outcome::Retry { .. } | push::Outcome::GiveUp { .. } => {}
        }
        false
    }
}

/// The way to a receiver.
#[derive(Debug, Clone)]
pub enum Way {
    /// It takes signed events.
    Signed {
        /// Where it is.
        url: String,
        /// Signs what it gets.
        keys: Arc<Keys>,
    },
    /// It is a group's robot.
    Robot(Arc<Robot>),
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
        let keys = Arc::new(keys);
        Self::by(source, store, clock, pusher, Way::Signed { url, keys })
    }

    /// A courier on whichever way.
    pub fn by(
        source: String,
        store: Store,
        clock: Arc<dyn Clock>,
        pusher: Pusher,
        way: Way,
    ) -> Self {
        Self {
            source,
            store,
            clock,
            pusher,
            way,
            breaker: Mutex::default(),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn deliver_batch(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let limit = self.breaker().lets(now);
        if limit == 0 {
            return Ok(false);
        }
        let sources = [self.source.clone()];
        let pace = match &self.way {
            Way::Signed { .. } => None,
            Way::Robot(robot) => Some(robot.maker.pace()),
        };
        let rows = self
            .store
            .write(move |tx| match (pace, &sources) {
                (None, sources) => claim(tx, Claim::Courier { sources }, now, LEASE, limit),
                (Some(pace), [source]) => claim_paced(tx, source, pace, now, LEASE),
            })
            .await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let mut sending = JoinSet::new();
        for row in rows {
            let (pusher, way) = (self.pusher.clone(), self.way.clone());
            sending.spawn(async move {
                let outcome = send(&pusher, &way, &row, now).await;
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
        if self.breaker().heard(&outcome, now) {
            tracing::error!(
                source = self.source,
                "the receiver keeps failing, pausing deliveries"
            );
        }
        let outcome = judge(&row, matches!(self.way, Way::Robot(_)), outcome, now);
        let word = match &outcome {
            Outcome::Sent { .. } => "sent",
            Outcome::Failed { error } | Outcome::Uncertain { error } => {
                tracing::error!(
                    source = self.source,
                    reply = row.id,
                    error,
                    "gave up delivering"
                );
                match outcome {
                    Outcome::Failed { .. } => "failed",
                    _ => "uncertain",
                }
            }
            _ => "retry",
        };
        metrics::counter!("jieban_deliveries_total", "source" => self.source.clone(), "outcome" => word)
            .increment(1);
        let (id, source) = (row.id, self.source.clone());
        let well = word == "sent";
        self.store
            .write(move |tx| {
                settle(tx, &id, &outcome, now)?;
                heard(tx, &source, well, now)
            })
            .await
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

/// What an attempt's outcome means for its row: tried again after a pause, at most `TRIES` times. `once`: the
/// receiver knows no ids, so that what it may have is not sent again.
pub fn judge(row: &Claimed, once: bool, outcome: push::Outcome, now: DateTime<Utc>) -> Outcome {
    let (after, uncertain, error) = match outcome {
        push::Outcome::Sent { platform_id } => return Outcome::Sent { platform_id },
        push::Outcome::GiveUp { why } => return Outcome::Failed { error: why },
        push::Outcome::Retry {
            after,
            uncertain,
            why,
        } => (after, uncertain, why),
    };
    let pause = after
        .and_then(|after| Duration::from_std(after).ok())
        .unwrap_or_else(|| backoff(row));
    let next_at = now + pause;
    match (row.attempts >= TRIES || once && uncertain, uncertain) {
        (true, true) => Outcome::Uncertain { error },
        (true, false) => Outcome::Failed { error },
        (false, true) => Outcome::Unheard { error, next_at },
        (false, false) => Outcome::Retry { error, next_at },
    }
}

async fn send(pusher: &Pusher, way: &Way, row: &Claimed, now: DateTime<Utc>) -> push::Outcome {
    match way {
        Way::Signed { url, keys } => {
            let (event, data) = event(row);
            let push = Push {
                url,
                keys,
                id: &row.id,
                event,
                data: &data,
            };
            pusher.push(push, now).await
        }
        Way::Robot(robot) => match serde_json::from_str(&row.text) {
            Ok(note) => pusher.tell(robot, &note, now).await,
            Err(_) => push::Outcome::GiveUp {
                why: "this is no message for a robot".to_owned(),
            },
        },
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
        Kind::Reply | Kind::Human => {
            let mut data = address;
            data["text"] = json!(row.text);
            data["class"] = json!(row.class);
            data["script"] = json!(row.script);
            data["not_after"] = json!(row.not_after);
            if let Some(agent) = &row.sender {
                data["agent"] = json!(agent);
            }
            (Event::ReplyCreated, data)
        }
        Kind::Suggestions => {
            let mut data = serde_json::from_str(&row.text).unwrap_or_else(|_| json!({}));
            data["account_id"] = json!(row.account);
            data["conversation_id"] = json!(row.conversation);
            (Event::SuggestionsUpdated, data)
        }
        Kind::Alarm => {
            let data = serde_json::from_str(&row.text).unwrap_or_else(|_| json!({}));
            (Event::AlarmRaised, data)
        }
    }
}
