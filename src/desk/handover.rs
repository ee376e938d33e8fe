//! The handover (交接): what one shift leaves to the next, as a sheet that writes itself.
//!
//! A sheet is a fold over the sheet before it and over what happened since: [`book::fold`]. The same events give
//! the same sheet, today and in a year. [`shift`] says when a shift ends, [`text`] how a sheet reads.
//!
//! Words: a *sheet* is what is handed over at one moment in one shop; an *item* is one line of it, with a key that
//! stays the same from sheet to sheet (`case:LF-2611-0003`, `conversation:9`); the *leavers* hand over, the *takers*
//! accept. The bot is a shift too: what is handed to it, it takes at once, and hands on in the morning.

pub mod book;
pub mod event;
pub mod shift;
pub mod text;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

pub use book::{Book, fold};
pub use event::{
    CaseLine, Event, Happened, Line, NoteLine, PromiseLine, Risk, SaidLine, ScriptChange,
};

/// An item that nobody has accepted so long after the shift began is an alarm.
pub const LATE: Duration = Duration::minutes(30);
/// A customer whose last unanswered line is older than this is not carried on.
pub const FORGOTTEN: Duration = Duration::days(3);
/// How many lines of the bot a sheet names, the riskiest first.
pub const MOST_SAID: usize = 200;

/// What a sheet covers, and who hands over to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The shift that ends: 早班; 夜间值守 when it is the bot's.
    pub shift: String,
    /// Since when the sheet counts: the moment of the one before it.
    pub from: DateTime<Utc>,
    /// Until when; what happens then or later is the next sheet's.
    pub until: DateTime<Utc>,
    /// The day in the shop's zone on which it ends begins: scripts changed since then are named.
    pub day: DateTime<Utc>,
    /// Who hands over; empty when nobody is named, or when it is the bot.
    pub leavers: Vec<String>,
    /// Who takes over; empty when nobody is named, or when it is the bot.
    pub takers: Vec<String>,
    /// The shift that begins.
    pub next: String,
    /// People take over, not the bot.
    pub to_people: bool,
    /// Nobody has read all of the sheet before: what it told once is told again.
    pub carries: bool,
    /// Only what is this person's is handed over, because others stay; `None`: everything.
    pub of: Option<String>,
}

impl Span {
    /// The items of a book that are on the sheet, in order, each with what is known of it from the start: what
    /// somebody has who stays on duty is his. And how many lines of the bot are not named.
    pub fn items(&self, book: &Book) -> (Vec<(Item, Fate)>, usize) {
        let (mut items, mut unnamed) = book.items();
        if self.of.is_some() {
            items.retain(|item| item.who == self.of);
            unnamed = 0;
        }
        let fate = |item: &Item| match &item.who {
            Some(who) if item.section == Section::Unanswered && self.takers.contains(who) => Fate {
                state: ItemState::Accepted,
                by: Some(who.clone()),
                at: Some(self.until),
                reason: String::new(),
            },
            _ => Fate::open(),
        };
        let items = items.into_iter().map(|item| (fate(&item), item));
        (items.map(|(fate, item)| (item, fate)).collect(), unnamed)
    }
}

/// Where an item stands on its sheet, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// A customer without an answer, in a conversation that somebody has.
    Unanswered,
    /// A customer without an answer, and nobody has the conversation.
    Nobody,
    /// A case that is not closed.
    Case,
    /// A promise that is due.
    Promise,
    /// A note on an order that the order-checker has not seen.
    Note,
    /// What the bot said.
    Said,
    /// A script that was changed.
    Script,
}

impl Section {
    /// Every section, in order.
    pub const ALL: [Self; 7] = [
        Self::Unanswered,
        Self::Nobody,
        Self::Case,
        Self::Promise,
        Self::Note,
        Self::Said,
        Self::Script,
    ];

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Unanswered => "未回复的会话",
            Self::Nobody => "没有人接的顾客",
            Self::Case => "没办完的工单（按到期时间）",
            Self::Promise => "答应了顾客的事",
            Self::Note => "审单还没看到的备注",
            Self::Said => "接班自己说的话（先看风险大的）",
            Self::Script => "改过的话术",
        }
    }

    /// As it is stored and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Nobody => "nobody",
            Self::Case => "case",
            Self::Promise => "promise",
            Self::Note => "note",
            Self::Said => "said",
            Self::Script => "script",
        }
    }
}

/// One line of a sheet. Personal data is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name, the same on every sheet: `case:LF-2611-0003`, `promise:12`, `conversation:9`, `note:4`, `said:118`,
    /// `script:scripts/物流/催发货.md`.
    pub key: String,
    /// Where it stands.
    pub section: Section,
    /// What it is, in a few words.
    pub what: String,
    /// More of it; may be empty.
    pub detail: String,
    /// The moment that matters: due, waiting since, said at.
    pub at: DateTime<Utc>,
    /// Whose it is, as far as it is known.
    pub who: Option<String>,
    /// The conversation it belongs to.
    pub conversation: Option<i64>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Nobody has accepted it.
    Open,
    /// Somebody has.
    Accepted,
    /// Somebody would not, and said why. It still waits for somebody who does.
    Refused,
    /// A supervisor gave it to somebody.
    Forced,
    /// What it is about was done before anybody accepted it.
    Done,
    /// The next sheet came before anybody accepted it, and names it where it still stands open.
    Lapsed,
}

impl ItemState {
    /// As stored and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Forced => "forced",
            Self::Done => "done",
            Self::Lapsed => "lapsed",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "open" => Self::Open,
            "accepted" => Self::Accepted,
            "refused" => Self::Refused,
            "forced" => Self::Forced,
            "done" => Self::Done,
            "lapsed" => Self::Lapsed,
            _ => return None,
        })
    }

    /// Whether it still waits for somebody.
    pub fn waits(self) -> bool {
        matches!(self, Self::Open | Self::Refused)
    }
}

/// Something said about a sheet, or about one item of it, by people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Who.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The item's key; `None`: the whole sheet.
    pub key: Option<String>,
    /// What.
    pub text: String,
}

/// A sheet with what became of it, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its number; `None` while it is not written.
    pub id: Option<i64>,
    /// What it covers.
    pub span: Span,
    /// Its lines, in order, with what became of each.
    pub items: Vec<(Item, Fate)>,
    /// What people said.
    pub words: Vec<Words>,
    /// How many lines of the bot it does not name.
    pub unnamed: usize,
}

/// What became of an item, who did it, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// What.
    pub state: ItemState,
    /// Who has it, or refused it.
    pub by: Option<String>,
    /// Since when.
    pub at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
}

impl Fate {
    /// Nothing yet.
    pub fn open() -> Self {
        Self {
            state: ItemState::Open,
            by: None,
            at: None,
            reason: String::new(),
        }
    }
}

/// Why somebody may not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotHis {
    /// He hands it over himself.
    Leaver,
}

/// Whether somebody may accept a sheet: not who hands it over, unless he stays.
pub fn may_accept(span: &Span, who: &str) -> Result<(), NotHis> {
    let named = |people: &[String]| people.iter().any(|person| person == who);
    match named(&span.leavers) && !named(&span.takers) {
        true => Err(NotHis::Leaver),
        false => Ok(()),
    }
}
