//! How a sheet looks from outside.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::handover::{Section, Words},
    service::switchboard::Shown,
    store::handover::Kept,
};

/// A sheet without its items.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandoverHead {
    /// `null`: it is not written yet.
    id: Option<String>,
    shop: String,
    /// The shift that hands over.
    shift: String,
    /// It counts from the sheet before it.
    from: DateTime<Utc>,
    /// Until then.
    until: DateTime<Utc>,
    /// Who hands over; empty: nobody is named, or the bot.
    leavers: Vec<String>,
    /// Who takes over; empty: nobody is named, or the bot.
    takers: Vec<String>,
    /// The shift that begins.
    next: String,
    /// The bot takes over: it takes everything at once, and hands it on in the morning.
    to_bot: bool,
    /// Only what was this person's; `null`: everything.
    of: Option<String>,
    written_at: Option<DateTime<Utc>>,
    /// How many items it has.
    items: usize,
    /// How many of them nobody has accepted.
    waiting: usize,
    /// Since when it has been noted that something was not accepted in time.
    overdue_at: Option<DateTime<Utc>>,
    /// Of the leavers, who has left.
    gone: Vec<String>,
}

/// A sheet.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandoverShown {
    handover: HandoverHead,
    items: Vec<HandoverItem>,
    /// What people said about the sheet.
    words: Vec<HandoverWord>,
    /// How many lines of the bot it does not name.
    unnamed: usize,
}

/// One line of a sheet. Personal data is masked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandoverItem {
    /// Its name, the same on every sheet: `case:LF-2611-0003`, `conversation:9`, `promise:12`, `note:4`, `said:118`.
    key: String,
    section: SectionCode,
    what: String,
    detail: String,
    /// The moment that matters: due, waiting since, said at.
    at: DateTime<Utc>,
    who: Option<String>,
    conversation: Option<String>,
    /// `open`, `accepted`, `refused`, `forced`, `done` or `lapsed`.
    state: String,
    /// Who has it, or refused it.
    by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    reason: String,
    words: Vec<HandoverWord>,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SectionCode {
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
    /// What the bot said, the riskiest first.
    Said,
    /// A script that was changed.
    Script,
}

/// Something said about a sheet or an item.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandoverWord {
    who: String,
    at: DateTime<Utc>,
    /// The item's key; `null`: the whole sheet.
    item: Option<String>,
    text: String,
}

impl From<Section> for SectionCode {
    fn from(section: Section) -> Self {
        match section {
            Section::Unanswered => Self::Unanswered,
            Section::Nobody => Self::Nobody,
            Section::Case => Self::Case,
            Section::Promise => Self::Promise,
            Section::Note => Self::Note,
            Section::Said => Self::Said,
            Section::Script => Self::Script,
        }
    }
}

impl From<&Words> for HandoverWord {
    fn from(words: &Words) -> Self {
        Self {
            who: words.who.clone(),
            at: words.at,
            item: words.key.clone(),
            text: words.text.clone(),
        }
    }
}

impl From<Kept> for HandoverHead {
    fn from(kept: Kept) -> Self {
        let count = |n: i64| usize::try_from(n).unwrap_or(0);
        let span = kept.span;
        Self {
            id: Some(kept.id.to_string()),
            shop: kept.shop.to_string(),
            shift: span.shift,
            from: span.from,
            until: span.until,
            leavers: span.leavers,
            takers: span.takers,
            next: span.next,
            to_bot: !span.to_people,
            of: span.of,
            written_at: Some(kept.written_at),
            items: count(kept.items),
            waiting: count(kept.waiting),
            overdue_at: kept.overdue_at,
            gone: kept.gone,
        }
    }
}

impl From<Shown> for HandoverShown {
    fn from(shown: Shown) -> Self {
        let words = |key: Option<&str>| {
            let of = shown.sheet.words.iter();
            of.filter(|words| words.key.as_deref() == key)
                .map(Into::into)
                .collect()
        };
        let items: Vec<HandoverItem> = shown
            .sheet
            .items
            .iter()
            .map(|(item, fate)| HandoverItem {
                key: item.key.clone(),
                section: item.section.into(),
                what: item.what.clone(),
                detail: item.detail.clone(),
                at: item.at,
                who: item.who.clone(),
                conversation: item.conversation.map(|id| id.to_string()),
                state: fate.state.code().to_owned(),
                by: fate.by.clone(),
                decided_at: fate.at,
                reason: fate.reason.clone(),
                words: words(Some(&item.key)),
            })
            .collect();
        let span = shown.sheet.span.clone();
        let head = match shown.kept.clone() {
            Some(kept) => kept.into(),
            None => HandoverHead {
                id: None,
                shop: shown.shop.to_string(),
                shift: span.shift,
                from: span.from,
                until: span.until,
                leavers: span.leavers,
                takers: span.takers,
                next: span.next,
                to_bot: !span.to_people,
                of: span.of,
                written_at: None,
                items: items.len(),
                waiting: items.len(),
                overdue_at: None,
                gone: Vec::new(),
            },
        };
        Self {
            handover: head,
            words: words(None),
            items,
            unnamed: shown.sheet.unnamed,
        }
    }
}
