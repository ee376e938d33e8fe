//! What is decided about a conversation: suggestions, perhaps an automatic reply, cases, and why.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{duty::Left, handoff::Handoff};
use crate::knowledge::{
    CaseKindId, IntentId, Policy, ScriptId, Version,
    fields::Fields,
    hours::Cover,
    manners::Manners,
    reading::{Evidence, Mood, ReadIntent},
};

/// All that follows from the same facts until [`Decision::reconsider_at`].
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The open turn (id of its first message); `None` when the customer is not waiting.
    pub turn: Option<i64>,
    /// Up to three suggestions for the agent, best first.
    pub suggestions: Vec<Suggestion>,
    /// What the bot says alone, if anything.
    pub reply: Option<Reply>,
    /// What somebody must do.
    pub cases: Vec<CaseDraft>,
    /// A human is needed in the conversation, and why; `None` asks for nobody and sends nobody away.
    pub handoff: Option<Handoff>,
    /// Why.
    pub because: Because,
    /// The earliest moment at which the same facts would give another answer.
    pub reconsider_at: Option<DateTime<Utc>>,
}

/// A standard reply put in front of the agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The script.
    pub script: ScriptId,
    /// Its title.
    pub title: String,
    /// The filled reply; a missing blank shows as `【名称】`.
    pub text: String,
    /// Blanks nothing filled.
    pub missing: Vec<String>,
    /// How well it fits, `0..=1`.
    pub score: f32,
}

/// An automatic reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The script it comes from (the first, when two answers are joined).
    pub script: ScriptId,
    /// Whether it answers, registers or only acknowledges.
    pub class: ReplyClass,
    /// What the customer reads.
    pub text: String,
    /// Not before this moment: the burst must have closed.
    pub not_before: DateTime<Utc>,
    /// Not at or after this moment: then it would be wrong or stale.
    pub not_after: DateTime<Utc>,
    /// How many may leave; counted when it is claimed.
    pub caps: Caps,
}

/// How many automatic replies may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// To one customer in an hour.
    pub customer_hour: u32,
    /// Of one shop in a minute.
    pub shop_minute: u32,
}

impl From<&Manners> for Caps {
    fn from(manners: &Manners) -> Self {
        Self {
            customer_hour: manners.per_customer_hour,
            shop_minute: manners.per_shop_minute,
        }
    }
}

/// What an automatic reply does to its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyClass {
    /// Has content: answers or registers, and ends the turn. At most one per turn.
    Content,
    /// Acknowledges; the turn stays open.
    Receipt,
    /// Says when a human is there. The turn stays open for him, and nothing else is said alone in it.
    Handoff,
}

impl ReplyClass {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Receipt => "receipt",
            Self::Handoff => "handoff",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "content" => Some(Self::Content),
            "receipt" => Some(Self::Receipt),
            "handoff" => Some(Self::Handoff),
            _ => None,
        }
    }
}

/// A case to open, or to append to when one of its kind is open for the same order or customer.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseDraft {
    /// What kind.
    pub kind: CaseKindId,
    /// Opens its number.
    pub prefix: String,
    /// The order it is about, when it is clear.
    pub order: Option<String>,
    /// What was named.
    pub fields: Fields,
    /// Who does it.
    pub handler: String,
    /// Who reviews it.
    pub reviewer: String,
    /// Opened at once instead of as a draft for the agent to confirm.
    pub open: bool,
    /// When the first action is due.
    pub first_due: DateTime<Utc>,
    /// When it should be finished.
    pub finish_due: DateTime<Utc>,
    /// For the colleague who takes over; personal data masked.
    pub note: String,
    /// What of its form the customer has filled in.
    pub form: super::case::Form,
    /// It pays.
    pub money: bool,
}

/// Why a decision came out as it did: enough to explain it to anybody, and to derive it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Because {
    /// The knowledge it was decided with.
    pub knowledge: Version,
    /// Understood intents, in order.
    pub intents: Vec<ReadIntent>,
    /// What counted for them.
    pub evidence: Vec<Evidence>,
    /// The best that was not understood well enough.
    pub runner_up: Option<ReadIntent>,
    /// Best minus second.
    pub margin: f32,
    /// The customer's mood.
    pub mood: Mood,
    /// Whether somebody was on duty.
    pub cover: Cover,
    /// The name of the shift, break or holiday; 救场 when the bot steps in for agents who are busy.
    pub cover_reason: String,
    /// The bot steps in although somebody is on duty, because the customer has waited too long.
    #[serde(default)]
    pub rescue: bool,
    /// Why the conversation is nobody's although a human had it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
    /// The most the bot might have done about these intents.
    pub policy: Policy,
    /// Whether the bot answers, and if not, the rule that stopped it.
    pub verdict: Verdict,
    /// The intent that decided, if one did.
    pub intent: Option<IntentId>,
}

/// The rule that let the bot answer, or stopped it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The customer is not waiting.
    NobodyWaits,
    /// Only history is unanswered.
    OnlyHistory,
    /// The customer's last words are too old for an answer out of nowhere.
    Stale,
    /// The kill switch is on.
    Stopped,
    /// The mode is off, or assist while somebody is on duty.
    Mode,
    /// A human owns the conversation and is on duty.
    Owned,
    /// Another machine seems to be talking.
    Loop,
    /// The customer was told in this turn that a human comes: nothing more is said alone.
    HandedOff,
    /// The intent or its words are on the silence list.
    Silent,
    /// A neutral receipt goes out: risk, nothing understood, or nothing to answer with.
    Receipt,
    /// A receipt would have gone out, but one went out lately.
    ReceiptCapped,
    /// The customer is told when a human is there.
    Handoff,
    /// What stands for everybody answers the question.
    Announcement,
    /// The matter is registered.
    Register,
    /// The question is answered.
    Answer,
}

impl Verdict {
    /// As logged, counted and stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::NobodyWaits => "nobody_waits",
            Self::OnlyHistory => "only_history",
            Self::Stale => "stale",
            Self::Stopped => "stopped",
            Self::Mode => "mode",
            Self::Owned => "owned",
            Self::Loop => "loop",
            Self::HandedOff => "handed_off",
            Self::Silent => "silent",
            Self::Receipt => "receipt",
            Self::ReceiptCapped => "receipt_capped",
            Self::Handoff => "handoff",
            Self::Announcement => "announcement",
            Self::Register => "register",
            Self::Answer => "answer",
        }
    }
}
