//! How cases look from outside: personal data only for those whose work needs it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::insider::Insider;
use crate::{
    config::Role,
    knowledge::{mask::mask, money::yuan},
    service::switchboard::casework::{File, Shown},
    store::staff_event::StaffEvent,
};

/// How much of a case somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Sight {
    /// Everything, the customer's own words too.
    Words,
    /// The whole form: who packs needs the address.
    Form,
    /// The form without phones, addresses and names: who pays needs the order.
    Order,
    /// Everything masked.
    Masked,
}

impl Insider {
    /// How much of a case he sees.
    pub(super) fn sight(&self) -> Sight {
        Sight::of(&self.roles)
    }
}

/// Fields that hold a person.
const PERSONAL: &[&str] = &["电话", "尾号", "地址", "新地址", "收件人", "原话"];

impl Sight {
    /// How much somebody with these roles sees.
    pub(in crate::web) fn of(roles: &[Role]) -> Self {
        let has = |of: &[Role]| roles.iter().any(|role| of.contains(role));
        if has(&[Role::Agent, Role::Supervisor, Role::Reviewer, Role::Admin]) {
            Self::Words
        } else if has(&[Role::Warehouse]) {
            Self::Form
        } else if has(&[Role::Finance]) {
            Self::Order
        } else {
            Self::Masked
        }
    }

    /// The value of a field.
    pub(in crate::web) fn value(self, name: &str, value: &str) -> String {
        match self {
            Self::Words | Self::Form => value.to_owned(),
            Self::Order if !PERSONAL.contains(&name) => value.to_owned(),
            _ if name == "收件人" => self.name(value),
            Self::Order | Self::Masked => mask(&format!("{name} {value}"))
                .strip_prefix(name)
                .map(|masked| masked.trim_start().to_owned())
                .unwrap_or_default(),
        }
    }

    /// A customer's name.
    pub(in crate::web) fn name(self, name: &str) -> String {
        match self {
            Self::Words | Self::Form => name.to_owned(),
            _ => name.chars().take(1).chain("**".chars()).collect(),
        }
    }

    /// Words that people wrote.
    pub(in crate::web) fn text(self, text: &str) -> String {
        match self {
            Self::Words | Self::Form => text.to_owned(),
            _ => mask(text),
        }
    }

    /// The same of whatever an event holds.
    pub(in crate::web) fn json(self, value: Json) -> Json {
        match (self, value) {
            (Self::Words | Self::Form, value) => value,
            (_, Json::String(text)) => Json::String(mask(&text)),
            (_, Json::Array(items)) => items.into_iter().map(|item| self.json(item)).collect(),
            (_, Json::Object(pairs)) => Json::Object(
                pairs
                    .into_iter()
                    .map(|(name, value)| {
                        let value = match value {
                            Json::String(text) => Json::String(self.value(&name, &text)),
                            other => self.json(other),
                        };
                        (name, value)
                    })
                    .collect(),
            ),
            (_, other) => other,
        }
    }
}

/// A case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseShown {
    /// Its number, such as `BF-2611-0301`.
    number: String,
    /// Raised by every act; say which one you saw, and an act on a newer one is refused.
    version: i64,
    shop: String,
    kind: String,
    /// `draft`, `open`, `review`, `approved`, `rejected`, `in_hand`, `waiting`, `done`, `closed`, `void`.
    state: String,
    state_zh: String,
    /// What the state holds: who, when, why, until when.
    life: Json,
    order: Option<String>,
    customer: Option<String>,
    /// Values by the names of its kind's fields; amounts in yuan.
    fields: BTreeMap<String, String>,
    /// In yuan.
    amount: Option<String>,
    /// It pays: a reviewer, doubles and limits are looked at.
    money: bool,
    note: String,
    /// Who answers for its being opened; `bot` until somebody has confirmed it.
    author: String,
    handler: String,
    reviewer: String,
    /// Who has it.
    person: Option<String>,
    /// Until when it is his alone.
    held_until: Option<DateTime<Utc>>,
    opened_at: DateTime<Utc>,
    first_due: DateTime<Utc>,
    finish_due: DateTime<Utc>,
    /// When somebody first did something with it.
    first_done_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    overdue: bool,
    /// The number of the conversation it comes from.
    conversation: Option<String>,
}

impl CaseShown {
    pub(super) fn of(shown: &Shown, sight: Sight, now: DateTime<Utc>) -> Self {
        let (kept, case) = (&shown.kept, &shown.kept.case);
        Self {
            number: kept.number.clone(),
            version: kept.version,
            shop: kept.shop.to_string(),
            kind: case.kind.to_string(),
            state: case.state.code().to_owned(),
            state_zh: case.state.name().to_owned(),
            life: sight.json(serde_json::to_value(&case.state).unwrap_or_default()),
            order: kept.order().map(|order| sight.value("订单号", order)),
            customer: kept.customer.as_deref().map(|name| sight.name(name)),
            fields: case
                .form
                .iter()
                .map(|(name, value)| (name.to_owned(), sight.value(name, value)))
                .collect(),
            amount: case.amount().map(yuan),
            money: kept.money,
            note: kept.note.clone(),
            author: case.author.clone(),
            handler: kept.handler.clone(),
            reviewer: case.reviewer.clone(),
            person: case.person.clone(),
            held_until: case.held_until.filter(|until| *until > now),
            opened_at: kept.opened_at,
            first_due: kept.first_due,
            finish_due: case.finish_due,
            first_done_at: kept.first_done_at,
            closed_at: kept.closed_at,
            overdue: case.is_overdue(now),
            conversation: kept.conversation.map(|id| id.to_string()),
        }
    }
}

/// A step of the checklist.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StepShown {
    step: usize,
    text: String,
    done: bool,
}

/// A line that was appended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseLineShown {
    at: DateTime<Utc>,
    who: String,
    note: String,
    fields: BTreeMap<String, String>,
}

/// A customer's own words.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WordsShown {
    message: String,
    conversation: String,
    at: DateTime<Utc>,
    text: String,
}

/// Something that happened to a case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseEventShown {
    id: String,
    at: DateTime<Utc>,
    who: String,
    role: String,
    reason: String,
    before: Json,
    after: Json,
}

/// A case with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseFileShown {
    #[serde(flatten)]
    case: CaseShown,
    /// What is done, in order.
    steps: Vec<StepShown>,
    /// Evidence to ask for, once, as one list.
    evidence: Vec<String>,
    /// Fields that are asked for and empty: to open, for review, to close.
    missing: BTreeMap<&'static str, Vec<String>>,
    lines: Vec<CaseLineShown>,
    /// The words that caused it, for those who may read them.
    words: Option<Vec<WordsShown>>,
    /// Newest first.
    events: Vec<CaseEventShown>,
}

impl CaseFileShown {
    pub(super) fn of(file: File, sight: Sight, now: DateTime<Utc>) -> Self {
        let kind = &file.shown.kind;
        let case = &file.shown.kept.case;
        let empty = |names: &[String]| -> Vec<String> {
            let empty = names.iter().filter(|name| case.form.get(name).is_none());
            empty.cloned().collect()
        };
        let missing = BTreeMap::from([
            ("open", empty(&kind.needs)),
            ("review", empty(&kind.to_review)),
            ("close", empty(&kind.to_close)),
        ]);
        let steps = kind.steps.iter().enumerate();
        Self {
            steps: steps
                .map(|(step, text)| StepShown {
                    step,
                    text: text.clone(),
                    done: case.steps.contains(&step),
                })
                .collect(),
            evidence: kind.evidence.clone(),
            missing,
            lines: file
                .lines
                .iter()
                .map(|line| CaseLineShown {
                    at: line.at,
                    who: line.who.clone(),
                    note: sight.text(&line.note),
                    fields: line
                        .form
                        .iter()
                        .map(|(name, value)| (name.to_owned(), sight.value(name, value)))
                        .collect(),
                })
                .collect(),
            words: (sight == Sight::Words).then(|| {
                file.causes
                    .iter()
                    .map(|cause| WordsShown {
                        message: cause.message.to_string(),
                        conversation: cause.conversation.to_string(),
                        at: cause.at,
                        text: cause.text.clone(),
                    })
                    .collect()
            }),
            case: CaseShown::of(&file.shown, sight, now),
            events: file
                .events
                .into_iter()
                .map(|event| event_shown(event, sight))
                .collect(),
        }
    }
}

fn event_shown(event: StaffEvent, sight: Sight) -> CaseEventShown {
    CaseEventShown {
        id: event.id.to_string(),
        at: event.at,
        who: event.who.name,
        role: event.who.role,
        reason: sight.text(&event.reason),
        before: sight.json(event.before),
        after: sight.json(event.after),
    }
}

/// What an event about a case shows to those who read what people did: nothing personal.
pub(super) fn masked(value: Json) -> Json {
    Sight::Masked.json(value)
}
