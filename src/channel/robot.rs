//! Robots of chat groups: how a message is put to WeCom, DingTalk and Feishu, and what they answer.
//!
//! All three answer 200 with an error code in the body, know no idempotency key, and bear only so many messages.
//! Everything here is pure; [`super::push`] carries it.

mod dingtalk;
mod feishu;
mod wecom;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use serde_json::Value;
use sha2::Sha256;

use super::push::Outcome;
use crate::{
    config::{NotifyKind, Secret},
    desk::alarm::{pace::Pace, text::Note},
};

/// A robot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Robot {
    /// Whose.
    pub maker: Maker,
    /// Its whole address, with its key or token.
    pub url: Secret,
    /// Signs what it gets, where it knows a secret.
    pub secret: Option<Secret>,
}

/// Who makes robots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// 企业微信.
    WeCom,
    /// 钉钉.
    DingTalk,
    /// 飞书, Lark.
    Feishu,
}

impl Maker {
    /// The maker of a kind of notify target; `None` when it is no robot.
    pub fn of(kind: NotifyKind) -> Option<Self> {
        match kind {
            NotifyKind::Webhook => None,
            NotifyKind::WeCom => Some(Self::WeCom),
            NotifyKind::DingTalk => Some(Self::DingTalk),
            NotifyKind::Feishu => Some(Self::Feishu),
        }
    }

    /// What its robots bear, a little less than their makers say: other programs may use the same robot.
    pub fn pace(self) -> Pace {
        match self {
            Self::WeCom | Self::DingTalk => Pace(&[(18, 60)]),
            Self::Feishu => Pace(&[(90, 60), (4, 1)]),
        }
    }

    /// What an answer means.
    pub fn judge(self, status: StatusCode, body: &[u8]) -> Outcome {
        if !status.is_success() {
            return super::push::judge(status, None);
        }
        let answer: Value = match serde_json::from_slice(body) {
            Ok(answer) => answer,
            Err(_) => {
                return Outcome::Retry {
                    after: None,
                    uncertain: true,
                    why: "the robot's answer cannot be read; uncertain whether it has it"
                        .to_owned(),
                };
            }
        };
        let (code, fate) = match self {
            Self::WeCom => wecom::judge(&answer),
            Self::DingTalk => dingtalk::judge(&answer),
            Self::Feishu => feishu::judge(&answer),
        };
        match fate {
            Fate::Taken => Outcome::Sent { platform_id: None },
            Fate::Later(after) => Outcome::Retry {
                after,
                uncertain: false,
                why: format!("the robot is busy ({code})"),
            },
            Fate::Refused(mend) => Outcome::GiveUp {
                why: format!("the robot refused it ({code}): {mend}"),
            },
        }
    }
}

impl Robot {
    /// The address and the body of a message, signed at `now`.
    pub fn encode(&self, note: &Note, now: DateTime<Utc>) -> (String, Value) {
        match self.maker {
            Maker::WeCom => wecom::encode(self, note),
            Maker::DingTalk => dingtalk::encode(self, note, now),
            Maker::Feishu => feishu::encode(self, note, now),
        }
    }
}

/// What became of a message, as the robot's own code says.
enum Fate {
    Taken,
    /// Not now; after this long, if it is known.
    Later(Option<Duration>),
    /// Not ever, and what a person should look at.
    Refused(&'static str),
}

const KEYWORD: &str =
    "look at its security settings: key, signature, allowed addresses; a keyword may be 接班";

/// The base64 of an HMAC-SHA256.
fn sign(key: &str, message: &str) -> String {
    // HMAC takes a key of any length; there is no error to meet here.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A whole number, as a number or in quotes.
fn number(answer: &Value, key: &str) -> Option<i64> {
    match answer.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// As many whole lines as fit into so many bytes, and a word about the rest.
fn fitting(text: &str, most: usize) -> String {
    const REST: &str = "…（内容过长，已省略）";
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(REST.len() + 1);
    let mut out = String::new();
    for line in text.lines() {
        if out.len() + line.len() + 1 > room {
            break;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.push_str(REST);
    out
}

/// Whether somebody is named by a mobile number instead of an id.
fn is_mobile(person: &str) -> bool {
    let digits = person.strip_prefix('+').unwrap_or(person);
    (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests;
