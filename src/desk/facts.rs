//! What is known about a conversation at one moment: one snapshot, read in one transaction.

use chrono::{DateTime, Utc};

use super::{
    decision::ReplyClass,
    standing::{Ownership, Standing},
};
use crate::knowledge::{CaseKindId, ContentKind, Mode, Platform, ScriptId, ShopId, Speaker};

/// The versions a decision was made on. A commit holds only while they still hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The conversation.
    pub conversation: i64,
    /// Its count of facts.
    pub facts: i64,
    /// Its shop's epoch.
    pub epoch: i64,
}

/// One snapshot of a conversation and its shop.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The versions this snapshot was read at.
    pub seen: Seen,
    /// The shop.
    pub shop: ShopId,
    /// The platform.
    pub platform: Platform,
    /// The shop's switched mode; `None` leaves it to the knowledge.
    pub mode: Option<Mode>,
    /// The kill switch is on.
    pub stopped: bool,
    /// What else people switched for the shop by hand.
    pub standing: Standing,
    /// What a human last said about whose the conversation is.
    pub ownership: Option<Ownership>,
    /// The sender asked for at most this mode.
    pub lowered: Option<Mode>,
    /// The order the customer looks at, as the platform tells it.
    pub order: Option<String>,
    /// The latest messages, oldest first (bounded by [`TAIL`]).
    pub messages: Vec<Message>,
    /// Open cases of this conversation and of the orders asked about.
    pub open_cases: Vec<OpenCase>,
    /// What this service said alone in this conversation during the last day, oldest first; not what was withdrawn.
    pub said: Vec<SaidLine>,
}

/// How many messages of a conversation are looked at.
pub const TAIL: usize = 60;

/// A recorded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number in the store; grows within a conversation.
    pub id: i64,
    /// Who spoke.
    pub speaker: Speaker,
    /// The agent's name, when known.
    pub sender: Option<String>,
    /// What it is made of.
    pub kind: ContentKind,
    /// The original words.
    pub text: String,
    /// When it was said: when it was sent if told, never after it was received.
    pub at: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// It was old when it was received: stored and counted, never answered automatically.
    pub history: bool,
}

/// A case that is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// Its number in the store.
    pub id: i64,
    /// Its number for people, such as `LF-2611-0003`.
    pub number: String,
    /// What kind it is.
    pub kind: CaseKindId,
    /// Its order, when known.
    pub order: Option<String>,
    /// It belongs to this conversation.
    pub here: bool,
}

/// One of our own automatic lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidLine {
    /// The script it came from.
    pub script: ScriptId,
    /// Whether it ends a turn.
    pub class: ReplyClass,
    /// When it left; while it waits, when it was decided. A late line of the customer may lie between the two.
    pub at: DateTime<Utc>,
    /// The turn it answers (id of the turn's first message).
    pub turn: i64,
    /// It has left or is on the wire (else it still waits to be claimed).
    pub claimed: bool,
}
