//! What people do with cases: one row read and locked, one pure judgement, one row and one event written.
//!
//! A case's `version` is raised by every act. Who says which version he saw is refused when it is another by now.

mod joining;
mod opening;
mod time;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx,
    case_event::{self, Happened},
    cases, order_notes,
    staff_event::Who,
    tx,
};
use crate::{
    desk::{
        case::{Act, Actor, Case, Ground, Refusal, Rival, State},
        notes,
    },
    knowledge::{Knowledge, ShopId, case_kind::CaseKind, fields::Fields},
};

pub use joining::{merge, split};
pub(super) use opening::open_by_itself;
pub use opening::{Cause, Line, New, append_line, causes, lines, open};
pub use time::sweep;

/// A stored case.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its number in the store.
    pub id: i64,
    /// Its number for people.
    pub number: String,
    /// How often people have done something with it.
    pub version: i64,
    /// Its shop.
    pub shop: ShopId,
    /// The conversation it came from.
    pub conversation: Option<i64>,
    /// The customer's name, when it is known.
    pub customer: Option<String>,
    /// What it holds and where it stands.
    pub case: Case,
    /// It was about money when it was opened.
    pub money: bool,
    /// For the colleague who takes over; personal data masked.
    pub note: String,
    /// Who does it.
    pub handler: String,
    /// What was named in the turns that caused it.
    pub fields: Fields,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When the first action is due.
    pub first_due: DateTime<Utc>,
    /// When a person first did something with it.
    pub first_done_at: Option<DateTime<Utc>>,
    /// Since when it is known to be overdue.
    pub overdue_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

impl Kept {
    /// The order it is about.
    pub fn order(&self) -> Option<&str> {
        self.case.form.order()
    }

    /// Its kind; what stands in for it when the folder does not have it any more.
    pub fn kind(&self, knowledge: &Knowledge) -> CaseKind {
        knowledge
            .case_kind(&self.case.kind)
            .cloned()
            .unwrap_or_else(|| CaseKind::lost(self.case.kind.clone(), self.money))
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Stopped {
    /// There is no such case, or not for him.
    NoSuch,
    /// It has changed since he looked: it is at this version now.
    Stale(i64),
    /// As the rules say.
    Refused(Refusal),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a verb about a case comes to.
pub type Came<T> = Result<Result<T, Stopped>, Error>;

/// Who acts on which case.
#[derive(Debug, Clone)]
pub struct Hand {
    /// As events name him.
    pub who: Who,
    /// What he may do.
    pub actor: Actor,
    /// The shops he works in; `None`: all.
    pub shops: Option<Vec<ShopId>>,
}

impl Hand {
    /// Whether he may see a case.
    pub fn may_see(&self, kept: &Kept, kind: &CaseKind) -> bool {
        let his = self.shops.as_ref().is_none_or(|of| of.contains(&kept.shop));
        his && kind.is_seen_by(&self.actor.posts)
    }
}

const SELECT: &str = "SELECT id, number, version, shop, kind, conversation, customer, state, life, form, steps, author, \
   proposers, person, held_until, handler, reviewer, money, note, fields, opened_at, first_due, finish_due, \
   first_done_at, overdue_at, closed_at FROM cases";

/// A case by its number.
pub fn by_number(tx: &mut dyn Tx, number: &str) -> Result<Option<Kept>, Error> {
    let row = tx.first(&format!("{SELECT} WHERE number = ?1"), &[number.into()])?;
    row.as_ref().map(read).transpose()
}

/// The same, locked.
fn locked(tx: &mut dyn Tx, number: &str) -> Result<Option<Kept>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE");
    let row = tx.first(
        &format!("{SELECT} WHERE number = ?1 {lock}"),
        &[number.into()],
    )?;
    row.as_ref().map(read).transpose()
}

pub(super) fn select(rest: &str) -> String {
    format!("{SELECT} {rest}")
}

pub(super) fn read(row: &Row) -> Result<Kept, Error> {
    let code = row.text("state")?;
    let state = match row.opt_text("life")? {
        Some(_) if code != "draft" && code != "open" => row.json("life")?,
        _ => match code {
            "draft" => State::Draft,
            "open" => State::Open,
            // Closed before lives were written down.
            _ => State::Void {
                into: None,
                end: crate::desk::case::End {
                    by: "bot".to_owned(),
                    at: row.opt_time("closed_at")?.unwrap_or(row.time("opened_at")?),
                    result: String::new(),
                },
            },
        },
    };
    Ok(Kept {
        id: row.int("id")?,
        number: row.opt_string("number")?.unwrap_or_default(),
        version: row.int("version")?,
        shop: row.text("shop")?.into(),
        conversation: row.opt_int("conversation")?.filter(|id| *id > 0),
        customer: row.opt_string("customer")?,
        case: Case {
            kind: row.text("kind")?.into(),
            form: row.json("form")?,
            steps: row.json("steps")?,
            author: row.string("author")?,
            proposers: row.json("proposers")?,
            reviewer: row.string("reviewer")?,
            state,
            person: row.opt_string("person")?,
            held_until: row.opt_time("held_until")?,
            finish_due: row.time("finish_due")?,
        },
        money: row.yes("money")?,
        note: row.string("note")?,
        handler: row.string("handler")?,
        fields: row.json("fields")?,
        opened_at: row.time("opened_at")?,
        first_due: row.time("first_due")?,
        first_done_at: row.opt_time("first_done_at")?,
        overdue_at: row.opt_time("overdue_at")?,
        closed_at: row.opt_time("closed_at")?,
    })
}

/// Other cases that pay, or are about to, for the order of this one.
pub fn rivals(tx: &mut dyn Tx, kept: &Kept) -> Result<Vec<Rival>, Error> {
    let Some(order) = kept.order().filter(|_| kept.money) else {
        return Ok(Vec::new());
    };
    tx.rows(
        "SELECT id, number, amount, paid FROM cases WHERE order_no = ?1 AND shop = ?2 AND id <> ?3 AND money = 1 \
           AND (paid = 1 OR state NOT IN ('draft', 'rejected', 'closed')) ORDER BY id LIMIT 50",
        &[order.into(), kept.shop.as_str().into(), kept.id.into()],
    )?
    .iter()
    .map(|row| {
        Ok(Rival {
            number: row.opt_string("number")?.unwrap_or_default(),
            amount: row.opt_int("amount")?,
            paid: row.yes("paid")?,
        })
    })
    .collect()
}

/// Somebody does something with a case. The answer is the case after it.
pub fn act(
    tx: &mut dyn Tx,
    knowledge: &Knowledge,
    hand: &Hand,
    (number, version): (&str, Option<i64>),
    act: &Act,
    now: DateTime<Utc>,
) -> Came<Kept> {
    let Some(kept) = locked(tx, number)? else {
        return Ok(Err(Stopped::NoSuch));
    };
    let kind = kept.kind(knowledge);
    if !hand.may_see(&kept, &kind) {
        return Ok(Err(Stopped::NoSuch));
    }
    if version.is_some_and(|seen| seen != kept.version) {
        return Ok(Err(Stopped::Stale(kept.version)));
    }
    judge(tx, kept, &kind, Some(knowledge), hand, act, now)
}

/// Judges and writes; the row is locked. Without knowledge nothing forces a note.
fn judge(
    tx: &mut dyn Tx,
    kept: Kept,
    kind: &CaseKind,
    knowledge: Option<&Knowledge>,
    hand: &Hand,
    act: &Act,
    now: DateTime<Utc>,
) -> Came<Kept> {
    let rivals = rivals(tx, &kept)?;
    let ground = Ground {
        kind,
        who: &hand.actor,
        rivals: &rivals,
        now,
    };
    let after = match kept.case.clone().act(act, &ground) {
        Ok(after) if after == kept.case => return Ok(Ok(kept)),
        Ok(after) => after,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    if let Some(knowledge) = knowledge.filter(|_| act.finishes(&after)) {
        let (shop, of) = (&kept.shop, &after.kind);
        let noted = match after.form.order() {
            Some(order) if notes::required(knowledge, shop, of) => {
                order_notes::is_noted(tx, shop, order)?
            }
            _ => false,
        };
        if let Err(refusal) = notes::done(knowledge, shop, of, noted) {
            return Ok(Err(refusal.into()));
        }
    }
    if let Some(number) = other_open(tx, &kept, &after)? {
        return Ok(Err(Refusal::OtherOpen { number }.into()));
    }
    let kept = write(tx, kept, after, &hand.who, act.code(), act.reason(), now)?;
    Ok(Ok(kept))
}

/// What keeps two open cases of one kind and order apart.
fn key(kept: &Kept, case: &Case) -> String {
    match (case.form.order(), kept.conversation) {
        (Some(order), _) => format!("o:{order}"),
        (None, Some(conversation)) => format!("c:{conversation}"),
        (None, None) => format!("n:{}", kept.id),
    }
}

/// The open case that has the place which this one would take.
fn other_open(tx: &mut dyn Tx, kept: &Kept, after: &Case) -> Result<Option<String>, Error> {
    let returns = !kept.case.state.is_living() && after.state.is_living();
    let moves = kept.case.form.order() != after.form.order();
    if !after.state.is_living() || !(returns || moves) {
        return Ok(None);
    }
    let row = tx.first(
        "SELECT id, number FROM cases WHERE shop = ?1 AND kind = ?2 AND case_key = ?3 AND state <> 'closed' AND id <> ?4",
        &[
            kept.shop.as_str().into(),
            after.kind.as_str().into(),
            key(kept, after).into(),
            kept.id.into(),
        ],
    )?;
    Ok(match row {
        Some(row) => Some(row.opt_string("number")?.unwrap_or_default()),
        None => None,
    })
}

fn write(
    tx: &mut dyn Tx,
    kept: Kept,
    after: Case,
    who: &Who,
    act: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Kept, Error> {
    let bot = *who == Who::bot();
    let moved = kept.case.finish_due != after.finish_due;
    let first_done_at = kept.first_done_at.or((!bot).then_some(now));
    let overdue_at = kept.overdue_at.filter(|_| !moved);
    let ends = !after.state.is_living();
    let closed_at = ends.then(|| kept.closed_at.unwrap_or(now));
    let (code, outcome) = match &after.state {
        State::Closed {
            rejected_by: Some(_),
            ..
        } => ("closed", Some("rejected")),
        State::Closed { .. } => ("closed", Some("done")),
        State::Void { into: Some(_), .. } => ("closed", Some("merged")),
        State::Void { into: None, .. } => ("closed", Some("void")),
        state => (state.code(), None),
    };
    let paid = kept.money && after.state.is_done() && outcome != Some("rejected");
    let oral = after
        .state
        .consent()
        .and_then(|consent| consent.oral.as_ref());
    let wait = match &after.state {
        State::Waiting { wait, .. } => Some(wait),
        _ => None,
    };
    let life = match &after.state {
        State::Draft | State::Open => None,
        state => Some(tx::json(state)?),
    };
    tx.run(
        "UPDATE cases SET version = version + 1, state = ?2, life = ?3, form = ?4, steps = ?5, author = ?6, \
           proposers = ?7, person = ?8, held_until = ?9, finish_due = ?10, order_no = ?11, case_key = ?12, amount = ?13, \
           paid = ?14, waiting_for = ?15, waiting_until = ?16, oral_until = ?17, first_done_at = ?18, overdue_at = ?19, \
           closed_at = ?20, outcome = ?21 WHERE id = ?1",
        &[
            kept.id.into(),
            code.into(),
            life.into(),
            tx::json(&after.form)?.into(),
            tx::json(&after.steps)?.into(),
            (&after.author).into(),
            tx::json(&after.proposers)?.into(),
            after.person.as_deref().into(),
            after.held_until.into(),
            after.finish_due.into(),
            after.form.order().into(),
            key(&kept, &after).into(),
            after.amount().into(),
            paid.into(),
            wait.map(|wait| wait.party.code()).into(),
            wait.map(|wait| wait.until).into(),
            oral.filter(|oral| !oral.lapsed).map(|oral| oral.until).into(),
            first_done_at.into(),
            overdue_at.into(),
            closed_at.into(),
            outcome.into(),
        ],
    )?;
    cases::phones(tx, kept.id, &Fields::default(), &after.form)?;
    let (was, became) = told(&kept.case, &after, act);
    event(tx, &kept, who, reason, was, became, now)?;
    Ok(Kept {
        version: kept.version + 1,
        first_done_at,
        overdue_at,
        closed_at,
        case: after,
        ..kept
    })
}

fn event(
    tx: &mut dyn Tx,
    kept: &Kept,
    who: &Who,
    reason: &str,
    before: Json,
    after: Json,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let happened = Happened {
        id: kept.id,
        shop: &kept.shop,
        conversation: kept.conversation,
        reason,
        before,
        after,
    };
    case_event::write(tx, who, happened, now)
}

/// What an act changed, before and after.
fn told(before: &Case, after: &Case, act: &str) -> (Json, Json) {
    let names: BTreeSet<&str> = before
        .form
        .iter()
        .chain(after.form.iter())
        .map(|(name, _)| name)
        .filter(|name| before.form.get(name) != after.form.get(name))
        .collect();
    let one = |case: &Case| {
        let mut told = json!({ "state": case.state, "person": case.person });
        if before.finish_due != after.finish_due {
            told["finish_due"] = json!(case.finish_due);
        }
        if before.steps != after.steps {
            told["steps"] = json!(case.steps);
        }
        if !names.is_empty() {
            let values = names.iter().map(|name| (*name, json!(case.form.get(name))));
            told["form"] = values
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        told
    };
    let (was, mut became) = (one(before), one(after));
    became["act"] = json!(act);
    (was, became)
}
