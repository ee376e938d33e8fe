//! What arrives: messages as a channel hands them in, before anything is known about them.

use chrono::{DateTime, Utc};

use crate::knowledge::{ContentKind, Mode, Platform};

/// One delivery of one conversation's messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// The door it came through, such as the name of a bridge.
    pub source: String,
    /// The shop's account on that door.
    pub account: String,
    /// The platform it says it is.
    pub platform: Platform,
    /// The conversation's id on that door; unique within the account.
    pub conversation: String,
    /// The customer's name, if told.
    pub customer: Option<String>,
    /// The messages, oldest first.
    pub messages: Vec<InboundMessage>,
    /// Lowers the shop's mode for this conversation, never raises it. Stays until the next delivery says otherwise.
    pub mode: Option<Mode>,
    /// The order the customer looks at, as the platform tells it.
    pub order: Option<String>,
}

/// One message of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundMessage {
    /// The platform's id, when there is one.
    pub external: Option<String>,
    /// Who is said to have spoken.
    pub role: Role,
    /// The speaker's name, if told.
    pub sender: Option<String>,
    /// What it is made of.
    pub kind: ContentKind,
    /// The words; empty for other content.
    pub text: String,
    /// Where the picture or file is.
    pub url: Option<String>,
    /// When it was sent, if told.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Who a sender says has spoken. Whether an `Agent` is a human or our own echo is found out when it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The customer.
    Customer,
    /// The shop's side: a human, or the echo of what this service sent.
    Agent,
    /// Another bot of the account.
    Bot,
    /// The platform itself.
    System,
}
