//! What the doors may hand work to. A message is recorded before its door answers.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    alarms::Alarms,
    patience::Patience,
    shelf::Shelf,
    switchboard::{self, Allowed},
    watchdog,
};
use crate::{
    clock::Clock,
    desk::{
        Inbound, ReplyClass,
        alarm::{self, text::kind_of},
    },
    knowledge::{Platform, Severity},
    store::{
        self, Store,
        inline::{Inline, inline_state},
        messages::record,
        outbox::{self, Claim, Outcome, claim, settle},
        tally::tally,
        view,
    },
};

/// How long a held inline reply may take to be written before it counts as unknown, in milliseconds.
const INLINE_LEASE: i64 = 30_000;
/// How long a pulled reply may stay unacknowledged, in milliseconds.
const PULL_LEASE: i64 = 10_000;
/// How many replies one poll takes.
const PULLED: usize = 50;

/// The front desk, as the doors see it.
#[derive(Clone)]
pub struct Front {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The knowledge.
    pub shelf: Arc<Shelf>,
    /// Who is told when something is wrong.
    pub alarms: Alarms,
}

/// A delivery that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The conversation's number.
    pub conversation: i64,
    /// The conversation's id on its source.
    pub external: String,
    /// Messages that are new.
    pub accepted: u32,
    /// Messages that were known.
    pub duplicates: u32,
    /// Ids that came with another content than before; what was recorded first stays.
    pub conflicts: Vec<String>,
    /// The last message of the customer in this delivery.
    pub last_customer: Option<i64>,
    /// All of it is known by its ids: the same request again. A window without ids may be posted again for
    /// other reasons.
    pub retried: bool,
}

/// An automatic reply held by a response that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its idempotency key.
    pub reply_id: String,
    /// What the customer reads.
    pub text: String,
    /// Whether it ends the turn.
    pub class: ReplyClass,
    /// The same reply that this request got before.
    pub again: bool,
}

/// A reply handed to a helper that polls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pulled {
    /// Its idempotency key: a helper that has typed it acknowledges again, it does not type again.
    pub reply_id: String,
    /// The shop's account.
    pub account_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// What the customer reads.
    pub text: String,
    /// Whether it ends the turn.
    pub class: ReplyClass,
    /// The script it comes from.
    pub script: Option<String>,
    /// After this it must not be typed any more.
    pub not_after: DateTime<Utc>,
    /// The person who wrote it; left out when nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// What a helper says of a reply it was handed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// It is with the customer.
    pub sent: bool,
    /// The platform's id of the message.
    pub platform_message_id: Option<String>,
    /// Why it is not.
    pub error: Option<String>,
}

/// What came of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckOutcome {
    /// Noted, or noted before.
    Done,
    /// This source was never handed such a reply.
    Unknown,
}

/// An alarm, as who was told of it may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// `waiting`, `safety`, `deaf` or `silent`.
    pub kind: String,
    /// How many things are wrong.
    pub count: i64,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Somebody cares.
    pub acknowledged: bool,
    /// It is over.
    pub over: bool,
}

/// The store does not answer; nothing was kept. Try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

impl From<store::Error> for Unavailable {
    fn from(error: store::Error) -> Self {
        // Handled here: the door only says 503.
        tracing::error!(%error, "the store does not answer");
        Self(error.to_string())
    }
}

/// Whether the house can work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// It can.
    pub ready: bool,
    /// The knowledge in use.
    pub knowledge: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Errors in the folder that keep an older version in use.
    pub knowledge_errors: usize,
    /// Warnings about the folder.
    pub knowledge_warnings: usize,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Front {
    /// Records a delivery. When it returns, the messages survive anything but the loss of the disk.
    pub async fn accept(&self, mut inbound: Inbound) -> Result<Accepted, Unavailable> {
        let now = self.clock.now();
        let knowledge = self.shelf.knowledge();
        let shop = knowledge.shop_of(&inbound.source, &inbound.account);
        if inbound.platform == Platform::Other {
            inbound.platform = knowledge.shop_or_default(&shop).platform;
        }
        let external = inbound.conversation.clone();
        let by_ids = inbound.messages.iter().all(|m| m.external.is_some());
        let recorded = self
            .store
            .write(move |tx| record(tx, &inbound, &shop, now))
            .await?;
        Ok(Accepted {
            conversation: recorded.conversation,
            external,
            accepted: recorded.accepted,
            duplicates: recorded.duplicates,
            conflicts: recorded.conflicts,
            last_customer: recorded.last_customer,
            retried: by_ids && recorded.accepted == 0 && recorded.duplicates > 0,
        })
    }

    /// Waits for an automatic reply to this delivery and holds it for the response. `None` when none will
    /// come, or none came in time.
    pub async fn answer(
        &self,
        accepted: &Accepted,
        wait: Duration,
    ) -> Result<Option<Held>, Unavailable> {
        let Some(customer) = accepted.last_customer else {
            return Ok(None);
        };
        let conversation = accepted.conversation;
        let mut patience = Patience::new(wait, self.store.changes());
        loop {
            patience.look();
            let now = self.clock.now();
            let state = self
                .store
                .read(move |tx| inline_state(tx, conversation, customer, now))
                .await?;
            match state {
                Inline::Given { id, text, class } if accepted.retried => {
                    let again = id.clone();
                    let handed = self
                        .store
                        .write(move |tx| outbox::hand_again(tx, &again))
                        .await?;
                    if handed {
                        return Ok(Some(Held {
                            reply_id: id,
                            text,
                            class,
                            again: true,
                        }));
                    }
                }
                Inline::Given { .. } | Inline::None => return Ok(None),
                Inline::Due => {
                    let claimed = self
                        .store
                        .write(move |tx| {
                            claim(tx, Claim::Inline { conversation }, now, INLINE_LEASE, 1)
                        })
                        .await?;
                    if let Some(row) = claimed.into_iter().next() {
                        return Ok(Some(Held {
                            reply_id: row.id,
                            text: row.text,
                            class: row.class,
                            again: false,
                        }));
                    }
                }
                Inline::Undecided | Inline::Later => {}
            }
            if patience.is_over() {
                return Ok(None);
            }
            patience.wait().await;
        }
    }

    /// The response that held a reply was written, or was not. Never blocks.
    pub fn written(&self, held: Held, whole: bool) {
        if held.again {
            return;
        }
        let front = self.clone();
        tokio::spawn(async move {
            let now = front.clock.now();
            let outcome = if whole {
                Outcome::Sent { platform_id: None }
            } else {
                Outcome::Released
            };
            let id = held.reply_id;
            let reply = id.clone();
            if let Err(error) = front
                .store
                .write(move |tx| settle(tx, &id, &outcome, now))
                .await
            {
                // The lease runs out and the claim decides again.
                tracing::error!(%error, reply, "cannot settle an inline reply");
            }
        });
    }

    /// Waits for replies due at a source that polls, and hands them over.
    pub async fn pull(
        &self,
        source: &str,
        account: Option<&str>,
        wait: Duration,
    ) -> Result<Vec<Pulled>, Unavailable> {
        let mut patience = Patience::new(wait, self.store.changes());
        loop {
            patience.look();
            let now = self.clock.now();
            let (source, account) = (source.to_owned(), account.map(str::to_owned));
            let rows = self
                .store
                .write(move |tx| {
                    let who = Claim::Pull {
                        source: &source,
                        account: account.as_deref(),
                    };
                    claim(tx, who, now, PULL_LEASE, PULLED)
                })
                .await?;
            if !rows.is_empty() || patience.is_over() {
                return Ok(rows.into_iter().map(pulled).collect());
            }
            patience.wait().await;
        }
    }

    /// Notes what a helper says of a reply. Saying it twice is the same as once.
    pub async fn acknowledge(
        &self,
        source: &str,
        reply_id: &str,
        ack: Ack,
    ) -> Result<AckOutcome, Unavailable> {
        let now = self.clock.now();
        let (source, id) = (source.to_owned(), reply_id.to_owned());
        let known = self
            .store
            .write(move |tx| {
                if outbox::source_of(tx, &id)?.as_deref() != Some(source.as_str()) {
                    return Ok(false);
                }
                let outcome = if ack.sent {
                    Outcome::Sent {
                        platform_id: ack.platform_message_id.clone(),
                    }
                } else {
                    Outcome::Failed {
                        error: ack
                            .error
                            .clone()
                            .unwrap_or_else(|| "the helper failed".to_owned()),
                    }
                };
                settle(tx, &id, &outcome, now)?;
                Ok(true)
            })
            .await?;
        Ok(if known {
            AckOutcome::Done
        } else {
            AckOutcome::Unknown
        })
    }

    /// A conversation as its source may see it: the chat, what the agent sees, replies, cases. Waits until
    /// everything in it is decided, at most `wait`.
    pub async fn conversation(
        &self,
        source: &str,
        account: &str,
        external: &str,
        wait: Duration,
    ) -> Result<Option<serde_json::Value>, Unavailable> {
        let mut patience = Patience::new(wait, self.store.changes());
        loop {
            patience.look();
            let (source, account, external) =
                (source.to_owned(), account.to_owned(), external.to_owned());
            let seen = self
                .store
                .read(move |tx| view::conversation(tx, &source, &account, &external))
                .await?;
            let settled = seen.as_ref().is_none_or(|view| view.decided);
            if settled || patience.is_over() {
                return Ok(seen.and_then(|view| serde_json::to_value(view).ok()));
            }
            patience.wait().await;
        }
    }

    /// The counts of a source, or of one of its accounts.
    pub async fn tally(
        &self,
        source: &str,
        account: Option<&str>,
    ) -> Result<serde_json::Value, Unavailable> {
        let (source, account) = (source.to_owned(), account.map(str::to_owned));
        let counted = self
            .store
            .read(move |tx| tally(tx, &source, account.as_deref()))
            .await?;
        Ok(serde_json::to_value(counted).unwrap_or_default())
    }

    /// An alarm, for who holds the link that was made for one target, and what he says of it: that he cares
    /// (`care`), or nothing yet. `None` when the link is not ours.
    pub async fn alarm(
        &self,
        alarm: &str,
        target: &str,
        token: &str,
        care: bool,
    ) -> Result<Option<Alarm>, Unavailable> {
        if !self.alarms.fits(alarm, target, token) {
            return Ok(None);
        }
        let seen = if care {
            self.alarms.acknowledge(alarm, target).await?
        } else {
            self.alarms.show(alarm).await?
        };
        Ok(seen.map(|seen| Alarm {
            kind: kind_of(&seen.topic).to_owned(),
            count: seen.causes,
            since: seen.opened_at,
            acknowledged: seen.acked_at.is_some(),
            over: seen.closed_at.is_some(),
        }))
    }

    /// Customers who wait longer than they should, and why: the most pressing first.
    pub async fn overdue(
        &self,
        shops: &Allowed,
    ) -> Result<Vec<(alarm::Waiting, alarm::Overdue)>, Unavailable> {
        let now = self.clock.now();
        let mut found = watchdog::unanswered(&self.store, &self.shelf, &self.alarms, now).await?;
        found.retain(|(waiting, _)| switchboard::may(shops, &waiting.shop));
        Ok(found)
    }

    /// Whether the house can work: the store answers and there is knowledge.
    pub async fn readiness(&self) -> Readiness {
        let shelf = self.shelf.current();
        let errors = shelf
            .problems
            .iter()
            .filter(|p| p.severity == Severity::Error)
            .count();
        let problem = self
            .store
            .read(|tx| tx.rows("SELECT 1 AS one", &[]).map(|_| ()))
            .await
            .err()
            .map(|error| error.to_string());
        Readiness {
            ready: problem.is_none(),
            knowledge: shelf.knowledge.version().short().to_owned(),
            since: shelf.since,
            knowledge_errors: errors,
            knowledge_warnings: shelf.problems.len() - errors,
            problem,
        }
    }
}

fn pulled(row: outbox::Claimed) -> Pulled {
    Pulled {
        reply_id: row.id,
        account_id: row.account,
        conversation_id: row.conversation,
        text: row.text,
        class: row.class,
        script: row.script,
        not_after: row.not_after.unwrap_or_default(),
        agent: row.sender,
    }
}
