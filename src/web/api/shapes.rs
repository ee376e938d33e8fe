//! How things look from outside. Numbers of the store are text here: they are names, nobody reckons with them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    desk::{
        OwnerAct,
        alarm::{self, Overdue},
    },
    knowledge::{Mode, arrangement::Arranged},
    service::switchboard::SOON,
    store::{
        announcements, arrangements,
        ownership::Conversation,
        queue::Waiting,
        staff_event::{StaffEvent, What},
        wire::OnTheWire,
    },
};

/// How far the bot may go in a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ModeCode {
    /// Suggestions and case drafts only.
    Off,
    /// Automatic replies while nobody is on duty.
    Assist,
    /// Also while staffed, for scripts that may answer.
    Auto,
}

impl From<Mode> for ModeCode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Off => Self::Off,
            Mode::Assist => Self::Assist,
            Mode::Auto => Self::Auto,
        }
    }
}

impl From<ModeCode> for Mode {
    fn from(mode: ModeCode) -> Self {
        match mode {
            ModeCode::Off => Self::Off,
            ModeCode::Assist => Self::Assist,
            ModeCode::Auto => Self::Auto,
        }
    }
}

/// Who did something, when, why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActShown {
    who: String,
    role: String,
    at: DateTime<Utc>,
    reason: String,
}

/// Something arranged by hand for a shop.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArrangementShown {
    id: String,
    shop: String,
    what: ArrangedCode,
    /// Who, for `lunch`, `absent` and `on_duty`.
    agent: Option<String>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    reason: String,
    made_by: String,
    made_at: DateTime<Utc>,
    /// It has begun and has not ended.
    holds: bool,
    /// Seconds until it ends; 0 when it has ended.
    ends_in: i64,
    /// It holds and ends within three minutes: go back, or prolong it.
    ends_soon: bool,
}

/// What can be arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ArrangedCode {
    /// An agent is at lunch.
    Lunch,
    /// An agent is not in.
    Absent,
    /// An agent is on duty, though the table does not say so.
    OnDuty,
    /// Nobody is on duty.
    Closed,
    /// Somebody is on duty.
    Staffed,
}

/// Something announced.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnnouncementShown {
    id: String,
    /// For all shops, those that come later too.
    everywhere: bool,
    /// For these shops, when not everywhere.
    shops: Vec<String>,
    /// What customers read.
    text: String,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// Intents it answers instead of their scripts.
    silences: Vec<String>,
    reason: String,
    made_by: String,
    made_at: DateTime<Utc>,
    holds: bool,
    ends_in: i64,
}

/// An automatic reply on the wire: claimed, and nobody knows yet whether the customer has it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireShown {
    reply_id: String,
    shop: String,
    /// The conversation's number here, and its name on its door.
    conversation: String,
    source: String,
    account_id: String,
    conversation_id: String,
    /// What the customer reads if it arrives.
    text: String,
    /// `courier`, `pull` or `inline`.
    way: String,
    /// Claimed when.
    since: DateTime<Utc>,
    /// It is settled, or unknown, by then.
    until: DateTime<Utc>,
    attempts: i64,
}

/// A conversation, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationShown {
    /// Its number here.
    id: String,
    shop: String,
    platform: String,
    source: String,
    account_id: String,
    conversation_id: String,
    /// Since when the customer waits for an answer with content.
    waiting_since: Option<DateTime<Utc>>,
    /// What somebody last said about whose it is.
    ownership: Option<OwnershipShown>,
}

/// Whose a conversation is, as a human said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnershipShown {
    agent: String,
    act: ActCode,
    at: DateTime<Utc>,
}

/// What can be said about whose a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActCode {
    /// It is his, as if he had spoken in it.
    Take,
    /// It is his, also while he is off duty or silent.
    Pin,
    /// It is nobody's.
    HandBack,
    /// It has ended.
    End,
}

/// A conversation that waits for a human.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaitingShown {
    /// The conversation's number here.
    conversation: String,
    shop: String,
    source: String,
    account_id: String,
    conversation_id: String,
    /// The customer's name, when it is known.
    customer: Option<String>,
    /// Why: `risk`, `asked`, `undelivered`, `capped`, `loop`, `unknown`, `rescued` or `unanswered`.
    reason: String,
    /// 0 is the most urgent.
    priority: i64,
    /// In the queue since.
    since: DateTime<Utc>,
    /// Seconds since then.
    waited: i64,
    /// Since when the customer waits for an answer with content; `null` when he had one.
    waiting_since: Option<DateTime<Utc>>,
    /// The agent who spoke last in it.
    owner: Option<String>,
}

/// A customer who waits longer than he should.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OverdueShown {
    /// The conversation's number here.
    conversation: String,
    shop: String,
    platform: String,
    source: String,
    account_id: String,
    conversation_id: String,
    /// Why nobody answers: `harm`, `undecided`, `undelivered`, `uncertain`, `dead_receiver`, `not_fetched`, `risky`,
    /// `stopped`, `owner_away`, `pause_over`, `owner_silent`, `bot_cannot` or `nobody`.
    reason: String,
    /// The same in words, for people.
    reason_text: String,
    /// `warning`, `urgent` or `safety`; `null` when nobody need be told: he waits for the next shift, as it is meant.
    level: Option<String>,
    /// Since when; with `uncertain`: since nobody knows whether his answer arrived.
    since: DateTime<Utc>,
    /// Seconds since then.
    waited: i64,
}

impl OverdueShown {
    pub(super) fn at((one, overdue): &(alarm::Waiting, Overdue), now: DateTime<Utc>) -> Self {
        Self {
            conversation: one.conversation.to_string(),
            shop: one.shop.to_string(),
            platform: one.platform.to_string(),
            source: one.source.clone(),
            account_id: one.account.clone(),
            conversation_id: one.external.clone(),
            reason: overdue.why.code().to_owned(),
            reason_text: overdue.why.chinese().to_owned(),
            level: overdue.urgency.map(|level| level.code().to_owned()),
            since: one.since,
            waited: (now - one.since).num_seconds(),
        }
    }
}

/// Something a person did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventShown {
    id: String,
    at: DateTime<Utc>,
    who: String,
    role: String,
    what: WhatCode,
    /// `null`: in all shops.
    shop: Option<String>,
    conversation: Option<String>,
    /// The arrangement's or announcement's id.
    subject: Option<String>,
    reason: String,
    /// How it was; `null`: it was not there.
    before: serde_json::Value,
    /// How it is since.
    after: serde_json::Value,
}

/// What kind of thing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhatCode {
    Mode,
    Kill,
    Arrangement,
    Announcement,
    Ownership,
    /// Something happened to a case.
    Case,
    Promise,
    SignIn,
    Person,
    Handover,
    OrderNote,
}

/// Why, in the words of who does it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    #[serde(default)]
    pub(super) reason: String,
}

impl From<&StaffEvent> for ActShown {
    fn from(event: &StaffEvent) -> Self {
        Self {
            who: event.who.name.clone(),
            role: event.who.role.clone(),
            at: event.at,
            reason: event.reason.clone(),
        }
    }
}

impl ArrangementShown {
    pub(super) fn at(kept: &arrangements::Kept, now: DateTime<Utc>) -> Self {
        let arrangement = &kept.arrangement;
        let (what, agent) = match &arrangement.what {
            Arranged::Lunch { agent } => (ArrangedCode::Lunch, Some(agent)),
            Arranged::Absent { agent } => (ArrangedCode::Absent, Some(agent)),
            Arranged::OnDuty { agent } => (ArrangedCode::OnDuty, Some(agent)),
            Arranged::Closed => (ArrangedCode::Closed, None),
            Arranged::Staffed => (ArrangedCode::Staffed, None),
        };
        let holds = arrangement.from <= now && now < arrangement.until;
        Self {
            id: kept.id.to_string(),
            shop: kept.shop.to_string(),
            what,
            agent: agent.cloned(),
            from: arrangement.from,
            until: arrangement.until,
            reason: arrangement.reason.clone(),
            made_by: kept.made_by.clone(),
            made_at: kept.made_at,
            holds,
            ends_in: ends_in(arrangement.until, now),
            ends_soon: holds && arrangement.until - now <= SOON,
        }
    }
}

impl AnnouncementShown {
    pub(super) fn at(kept: &announcements::Kept, now: DateTime<Utc>) -> Self {
        let said = &kept.announcement;
        Self {
            id: said.id.to_string(),
            everywhere: kept.shops.is_none(),
            shops: kept
                .shops
                .iter()
                .flatten()
                .map(ToString::to_string)
                .collect(),
            text: said.text.clone(),
            from: said.from,
            until: said.until,
            silences: said.silences.iter().map(ToString::to_string).collect(),
            reason: kept.reason.clone(),
            made_by: kept.made_by.clone(),
            made_at: kept.made_at,
            holds: said.from <= now && now < said.until,
            ends_in: ends_in(said.until, now),
        }
    }
}

/// Whole seconds, rounded up, never below 0.
fn ends_in(until: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    ((until - now).num_milliseconds().max(0) + 999) / 1_000
}

impl From<OnTheWire> for WireShown {
    fn from(row: OnTheWire) -> Self {
        Self {
            reply_id: row.id,
            shop: row.shop.to_string(),
            conversation: row.conversation.to_string(),
            source: row.source,
            account_id: row.account,
            conversation_id: row.external,
            text: row.text,
            way: row.way,
            since: row.since,
            until: row.until,
            attempts: row.attempts,
        }
    }
}

impl From<Waiting> for WaitingShown {
    fn from(one: Waiting) -> Self {
        Self {
            conversation: one.conversation.to_string(),
            shop: one.shop.to_string(),
            source: one.source,
            account_id: one.account,
            conversation_id: one.external,
            customer: one.customer,
            reason: one.reason.code().to_owned(),
            priority: one.priority,
            since: one.since,
            waited: one.waited,
            waiting_since: one.waiting_since,
            owner: one.owner,
        }
    }
}

impl From<Conversation> for ConversationShown {
    fn from(known: Conversation) -> Self {
        Self {
            id: known.id.to_string(),
            shop: known.shop.to_string(),
            platform: known.platform.to_string(),
            source: known.source,
            account_id: known.account,
            conversation_id: known.external,
            waiting_since: known.waiting_since,
            ownership: known.ownership.map(|ownership| OwnershipShown {
                agent: ownership.agent,
                act: match ownership.act {
                    OwnerAct::Take => ActCode::Take,
                    OwnerAct::Pin => ActCode::Pin,
                    OwnerAct::HandBack => ActCode::HandBack,
                    OwnerAct::End => ActCode::End,
                },
                at: ownership.at,
            }),
        }
    }
}

impl From<StaffEvent> for EventShown {
    fn from(event: StaffEvent) -> Self {
        // What cases hold is personal; the case itself shows it to those whose work needs it.
        let personal = |value| match event.what {
            What::Case => super::case_shown::masked(value),
            _ => value,
        };
        Self {
            id: event.id.to_string(),
            at: event.at,
            who: event.who.name,
            role: event.who.role,
            what: match event.what {
                What::Mode => WhatCode::Mode,
                What::Kill => WhatCode::Kill,
                What::Arrangement => WhatCode::Arrangement,
                What::Announcement => WhatCode::Announcement,
                What::Ownership => WhatCode::Ownership,
                What::Case => WhatCode::Case,
                What::Promise => WhatCode::Promise,
                What::SignIn => WhatCode::SignIn,
                What::Person => WhatCode::Person,
                What::Handover => WhatCode::Handover,
                What::OrderNote => WhatCode::OrderNote,
            },
            shop: event.shop.map(|shop| shop.to_string()),
            conversation: event.conversation.map(|id| id.to_string()),
            subject: event.subject.map(|id| id.to_string()),
            reason: match event.what {
                What::Case => crate::knowledge::mask::mask(&event.reason),
                _ => event.reason,
            },
            before: personal(event.before),
            after: personal(event.after),
        }
    }
}
