//! What a sheet is folded from: what was said and what was done, as the log tells it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    desk::{Because, ReplyClass, Verdict},
    knowledge::{CaseKindId, IntentId, Speaker},
};

/// Something that happened, and when the house learned of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something was said in a conversation.
    Line(Line),
    /// Somebody said whose a conversation is.
    Owned {
        /// The conversation.
        conversation: i64,
        /// Whose; `None`: nobody's.
        agent: Option<String>,
        /// It has ended: nobody waits for what was said before.
        ended: bool,
    },
    /// Something happened to a case: how it is since.
    Case(CaseLine),
    /// Something happened to a promise: how it is since.
    Promise(PromiseLine),
    /// Something happened to a note on an order: how it is since.
    Note(NoteLine),
    /// Other scripts hold.
    Published(Vec<ScriptChange>),
}

/// A line of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number; grows within a conversation.
    pub id: i64,
    /// The conversation.
    pub conversation: i64,
    /// The conversation's name on its door; shown masked.
    pub name: String,
    /// Who spoke.
    pub speaker: Speaker,
    /// The agent's name, when it is known.
    pub sender: Option<String>,
    /// What; shown masked.
    pub text: String,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// What the bot said alone.
    pub ours: Option<Ours>,
}

/// An automatic line, as it was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Ours {
    /// What it does to its turn.
    pub class: ReplyClass,
    /// The script it comes from.
    pub script: Option<String>,
    /// How much of a risk it was.
    pub risk: Option<Risk>,
}

/// How much of a risk an automatic reply was when it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// The customer's mood, 0 to 4.
    pub mood: u8,
    /// The rule that let the bot speak.
    pub verdict: Verdict,
    /// The intent that decided.
    pub intent: Option<IntentId>,
    /// How sure that was, in thousandths.
    pub score: u16,
}

impl Risk {
    /// Of a decision.
    pub fn of(because: &Because) -> Self {
        let sure = because.intents.first().map_or(0.0, |intent| intent.score);
        Self {
            mood: because.mood.level,
            verdict: because.verdict,
            intent: because
                .intent
                .clone()
                .or_else(|| because.intents.first().map(|intent| intent.id.clone())),
            score: (sure.clamp(0.0, 1.0) * 1000.0).round() as u16,
        }
    }
}

/// A case, as far as a sheet tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLine {
    /// Its number in the store.
    pub id: i64,
    /// Its number for people.
    pub number: String,
    /// What kind.
    pub kind: CaseKindId,
    /// Its state, as it is called: 草稿, 处理中 …
    pub state: String,
    /// It is closed.
    pub closed: bool,
    /// Its order, when known; shown masked.
    pub order: Option<String>,
    /// When it should be finished.
    pub due: DateTime<Utc>,
    /// Who does it: a person where somebody has claimed it, else the role.
    pub handler: String,
    /// The conversation it came from.
    pub conversation: Option<i64>,
}

/// A promise, as far as a sheet tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseLine {
    /// Its number in the store.
    pub id: i64,
    /// What was promised, in the words of who did; shown masked.
    pub text: String,
    /// Who promised.
    pub by: Option<String>,
    /// When it is due.
    pub due: DateTime<Utc>,
    /// It was kept, broken or taken back.
    pub closed: bool,
    /// The conversation in which it was said.
    pub conversation: Option<i64>,
}

/// A note on an order, as far as a sheet tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteLine {
    /// Its number in the store.
    pub id: i64,
    /// The order; shown masked.
    pub order: String,
    /// Its channel, as it is called: 卖家备注.
    pub channel: String,
    /// Its flag, as it is called; empty when it has none.
    pub flag: String,
    /// What it says; shown masked.
    pub text: String,
    /// Who wrote it.
    pub author: String,
    /// By when it must have been seen.
    pub cutoff: DateTime<Utc>,
    /// The order-checker has seen it.
    pub seen: bool,
    /// The conversation it came from.
    pub conversation: Option<i64>,
}

/// A script file that was changed: what it was and what it is, as hashes of its contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptChange {
    /// The file.
    pub path: String,
    /// What it held; `None`: it was not there.
    pub before: Option<String>,
    /// What it holds; `None`: it is gone.
    pub after: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A line of the bot, as a sheet keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidLine {
    /// The message's number.
    pub id: i64,
    /// The conversation.
    pub conversation: i64,
    /// Its name, masked.
    pub name: String,
    /// What was said, masked.
    pub text: String,
    /// What it did to its turn.
    pub class: ReplyClass,
    /// The script.
    pub script: Option<String>,
    /// How much of a risk it was.
    pub risk: Option<Risk>,
    /// When.
    pub at: DateTime<Utc>,
}
