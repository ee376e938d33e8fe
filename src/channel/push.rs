//! Hands an event to a receiver: one signed POST, and what its outcome means.
//!
//! The outbox row's id travels as `webhook-id`. Receivers drop an id they have seen, so an attempt whose
//! outcome is not known may be repeated.
//!
//! A receiver of events is judged by its status alone, as Standard Webhooks says. Chat robots, which answer 200
//! with an error code in the body, are judged by [`super::robot`].

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::{Client, Response, StatusCode, header, redirect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    robot::Robot,
    standard_webhooks::{self, Keys},
};
use crate::desk::alarm::text::Note;

/// Everything an attempt may take.
const TOTAL: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);

/// Bytes of an answer that are looked at.
const MOST_READ: usize = 64 * 1024;

/// The longest a receiver may put us off.
const LONGEST_AFTER: Duration = Duration::from_secs(3600);

/// What a push tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A reply to send to the customer.
    ReplyCreated,
    /// Suggestions for the agent, never for the customer.
    SuggestionsUpdated,
    /// Somebody must look, or what he should look at is over.
    AlarmRaised,
}

impl Event {
    /// The event's `type`.
    pub fn code(self) -> &'static str {
        match self {
            Self::ReplyCreated => "reply.created",
            Self::SuggestionsUpdated => "suggestions.updated",
            Self::AlarmRaised => "alarm.raised",
        }
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Sent {
        /// The message's id on the platform, when the receiver told it.
        platform_id: Option<String>,
    },
    /// Try again later.
    Retry {
        /// Not before this long; `None` leaves it to [`backoff`].
        after: Option<Duration>,
        /// The receiver may have it already.
        uncertain: bool,
        /// For the log and the desk; says so when the receiver may have it already.
        why: String,
    },
    /// Do not try again by yourself.
    GiveUp {
        /// For the log and the desk.
        why: String,
    },
}

/// Sends events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pusher(Client);

/// One thing to push.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// Where to.
    pub url: &'a str,
    /// Signs it.
    pub keys: &'a Keys,
    /// The outbox row's id: the receiver's idempotency key, the same on every attempt.
    pub id: &'a str,
    /// What it tells.
    pub event: Event,
    /// The event's `data`.
    pub data: &'a Value,
}

impl Pusher {
    /// Follows no redirect and uses no proxy of the environment.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::within(TOTAL, CONNECT)
    }

    /// The same with other deadlines: for a whole attempt, and for its connection alone.
    pub fn within(total: Duration, connect: Duration) -> Result<Self, reqwest::Error> {
        Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(total)
            .connect_timeout(connect)
            .no_proxy()
            .user_agent(concat!("jieban/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Self)
    }

    /// Makes one attempt at `now`.
    pub async fn push(&self, push: Push<'_>, now: DateTime<Utc>) -> Outcome {
        let body = json!({
            "type": push.event.code(),
            "timestamp": now.to_rfc3339_opts(SecondsFormat::Millis, true),
            "data": push.data,
        })
        .to_string();
        let request = self
            .0
            .post(push.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(standard_webhooks::ID, push.id)
            .header(standard_webhooks::TIMESTAMP, now.timestamp())
            .header(
                standard_webhooks::SIGNATURE,
                push.keys.sign(push.id, now, body.as_bytes()),
            )
            .body(body);
        match request.send().await {
            Ok(response) => settle(response, now).await,
            Err(error) => unanswered(&error),
        }
    }
}

impl Pusher {
    /// Makes one attempt at telling a robot, at `now`.
    pub async fn tell(&self, robot: &Robot, note: &Note, now: DateTime<Utc>) -> Outcome {
        let (url, body) = robot.encode(note, now);
        let request = self
            .0
            .post(url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(body.to_string());
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                robot.maker.judge(status, &read(response).await)
            }
            Err(error) => unanswered(&error),
        }
    }
}

async fn settle(response: Response, now: DateTime<Utc>) -> Outcome {
    let status = response.status();
    let after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after(text, now));
    if status.is_success() {
        return Outcome::Sent {
            platform_id: platform_id(&read(response).await),
        };
    }
    judge(status, after)
}

/// What a status that is no success means (Standard Webhooks, "Delivery").
pub(super) fn judge(status: StatusCode, after: Option<Duration>) -> Outcome {
    let code = status.as_u16();
    match code {
        408 | 425 | 429 | 500..=599 => {
            let why = format!("the receiver answered {code}");
            Outcome::Retry {
                after,
                uncertain: false,
                why,
            }
        }
        410 => Outcome::GiveUp {
            why: "the receiver is gone (410)".to_owned(),
        },
        300..=399 => Outcome::GiveUp {
            why: format!("the receiver redirects ({code}); put the final address into reply_url"),
        },
        _ => Outcome::GiveUp {
            why: format!("the receiver refused it ({code})"),
        },
    }
}

/// What an attempt without an answer means. The error itself may hold the address: it is not repeated.
fn unanswered(error: &reqwest::Error) -> Outcome {
    if error.is_builder() {
        return Outcome::GiveUp {
            why: "this cannot be sent at all: is reply_url an address?".to_owned(),
        };
    }
    let why = if error.is_connect() {
        "no connection to the receiver; nothing was sent"
    } else if error.is_timeout() {
        "no answer in time; uncertain whether the receiver has it"
    } else {
        "the connection broke; uncertain whether the receiver has it"
    };
    Outcome::Retry {
        after: None,
        uncertain: !error.is_connect(),
        why: why.to_owned(),
    }
}

async fn read(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    // The status has settled the matter; an answer that breaks off here only costs the platform's id.
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MOST_READ.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() >= MOST_READ {
            break;
        }
    }
    body
}

fn platform_id(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let id = match answer.get("platform_message_id")? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        _ => return None,
    };
    (!id.is_empty() && id.chars().count() <= 200).then_some(id)
}

fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now)
            .to_std()
            .unwrap_or(Duration::ZERO),
    };
    Some(wait.min(LONGEST_AFTER))
}

/// How long to wait after the `attempt`th failure (from 1) of outbox row `id`: 5 s, 30 s, 2 min, then 5 min, up to
/// a tenth more or less, so that rows which failed together do not come back together. The same row waits the
/// same on every machine.
pub fn backoff(attempt: u32, id: &str) -> Duration {
    let base: u64 = match attempt {
        0 | 1 => 5_000,
        2 => 30_000,
        3 => 120_000,
        _ => 300_000,
    };
    let mut hash = Sha256::new();
    hash.update(id.as_bytes());
    hash.update(attempt.to_be_bytes());
    let mut seed = [0; 8];
    for (to, from) in seed.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    let spread = base / 5;
    Duration::from_millis(base - base / 10 + u64::from_be_bytes(seed) % (spread + 1))
}

#[cfg(test)]
mod tests;
