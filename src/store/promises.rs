//! What the house has said it will do: found in its own lines, kept, broken or moved by people.
//!
//! Lines are listened to behind the message, not with it: nothing that records or sends a message waits for it or
//! writes more. The place up to which was listened is moved in the transaction that keeps what was found, and a
//! message promises each kind of thing once, so that a restart or a second node finds nothing twice.

mod list;
mod listen;

pub use list::{Asked, State, Wanted, list, one};
pub use listen::{Heard, HouseLine, Lines, keep, lines, place};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    Error, Row, Tx,
    staff_event::{Done, What, Who, note},
};
use crate::{
    desk::promise::Said,
    knowledge::{CaseKindId, ShopId, mask::mask},
};

/// A promise, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Its number.
    pub id: i64,
    /// The shop.
    pub shop: ShopId,
    /// Where it was said.
    pub conversation: Option<i64>,
    /// To whom, when his name is known.
    pub customer: Option<String>,
    /// About which order.
    pub order: Option<String>,
    /// The case it belongs to.
    pub case: Option<CaseRef>,
    /// The message; `None`: written down by hand.
    pub message: Option<i64>,
    /// `human`, `bot_auto` …; `person`: written down by hand.
    pub speaker: String,
    /// The agent who said it, or wrote it down, when his name is known.
    pub agent: Option<String>,
    /// The words.
    pub text: String,
    /// What is to be done.
    pub kind: String,
    /// How its moment was named.
    pub said: Said,
    /// When it was said.
    pub made_at: DateTime<Utc>,
    /// Until when it was said.
    pub first_due: DateTime<Utc>,
    /// Until when it holds now.
    pub due: DateTime<Utc>,
    /// How often it was moved.
    pub moves: i64,
    /// How it stands.
    pub settled: Option<Settled>,
}

/// The case a promise belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRef {
    /// Its number in the store.
    pub id: i64,
    /// Its number for people.
    pub number: String,
    /// What kind it is.
    pub kind: String,
    /// How it stands.
    pub state: String,
}

impl CaseRef {
    /// Whether what it was about is done, so that its promise may be kept.
    pub fn is_done(&self) -> bool {
        matches!(self.state.as_str(), "done" | "closed")
    }
}

/// How a promise ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// How.
    pub how: Outcome,
    /// When somebody said so.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// How a promise can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Kept,
    /// It was not, or too late.
    Broken,
}

impl Outcome {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "kept" => Self::Kept,
            "broken" => Self::Broken,
            _ => return None,
        })
    }
}

impl Promise {
    /// Whether its time has passed and nobody has said how it ended.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.settled.is_none() && self.due <= now
    }

    /// Whether its case is done, so that somebody should say that it was kept.
    pub fn looks_kept(&self) -> bool {
        self.settled.is_none() && self.case.as_ref().is_some_and(CaseRef::is_done)
    }

    /// As the journal holds it: all that a sheet tells of it.
    fn told(&self) -> serde_json::Value {
        json!({
            "state": self.settled.as_ref().map_or("open", |settled| settled.how.code()),
            "kind": self.kind,
            "text": mask(&self.text),
            "due": self.due,
            "by": self.agent,
            "order": self.order,
            "case": self.case.as_ref().map(|case| &case.number),
        })
    }
}

/// A promise that somebody writes down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// The shop.
    pub shop: ShopId,
    /// Where it was said.
    pub conversation: Option<i64>,
    /// To whom.
    pub customer: Option<String>,
    /// About which order.
    pub order: Option<String>,
    /// The words.
    pub text: String,
    /// What is to be done.
    pub kind: String,
    /// The case kinds it belongs to.
    pub cases: Vec<CaseKindId>,
    /// Until when.
    pub due: DateTime<Utc>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It stands so now, or did before.
    Done(Box<Promise>),
    /// It has ended already: only an open promise can be moved.
    Ended(Box<Promise>),
}

/// Writes down a promise somebody gave by word of mouth or telephone.
pub fn add(tx: &mut dyn Tx, who: &Who, new: &ByHand, now: DateTime<Utc>) -> Result<Promise, Error> {
    let case = listen::case_of(
        tx,
        &new.shop,
        new.conversation,
        new.order.as_deref(),
        &new.cases,
    )?;
    let row = tx.first(
        "INSERT INTO promise (shop, conversation, customer, order_no, case_id, speaker, agent, text, kind, said, made_at, \
           first_due_at, due_at, moves, state, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, 'person', ?6, ?7, ?8, 'moment', ?9, ?10, ?10, 0, 'open', '') RETURNING id",
        &[
            new.shop.as_str().into(),
            new.conversation.into(),
            new.customer.as_deref().into(),
            new.order.as_deref().into(),
            case.into(),
            (&who.name).into(),
            (&new.text).into(),
            (&new.kind).into(),
            now.into(),
            new.due.into(),
        ],
    )?;
    let id = row
        .ok_or_else(|| Error::Refused("a promise was not kept".into()))?
        .int("id")?;
    let promise = one(tx, id)?.ok_or_else(|| gone(id))?;
    journal(tx, who, &promise, None, "", now)?;
    Ok(promise)
}

/// Somebody says how a promise ended. Saying it again changes nothing; the other of the two puts it right.
pub fn settle(
    tx: &mut dyn Tx,
    who: &Who,
    id: i64,
    how: Outcome,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    let Some(before) = locked(tx, id)? else {
        return Ok(None);
    };
    if before
        .settled
        .as_ref()
        .is_some_and(|known| known.how == how)
    {
        return Ok(Some(Changed::Done(Box::new(before))));
    }
    tx.run(
        "UPDATE promise SET state = ?2, settled_at = ?3, settled_by = ?4, reason = ?5 WHERE id = ?1",
        &[
            id.into(),
            how.code().into(),
            now.into(),
            (&who.name).into(),
            reason.into(),
        ],
    )?;
    let after = one(tx, id)?.ok_or_else(|| gone(id))?;
    journal(tx, who, &after, Some(&before), reason, now)?;
    Ok(Some(Changed::Done(Box::new(after))))
}

/// Somebody gives an open promise another moment.
pub fn postpone(
    tx: &mut dyn Tx,
    who: &Who,
    id: i64,
    due: DateTime<Utc>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    let Some(before) = locked(tx, id)? else {
        return Ok(None);
    };
    if before.settled.is_some() {
        return Ok(Some(Changed::Ended(Box::new(before))));
    }
    if before.due.timestamp_millis() == due.timestamp_millis() {
        return Ok(Some(Changed::Done(Box::new(before))));
    }
    tx.run(
        "UPDATE promise SET due_at = ?2, moves = moves + 1, overdue_at = NULL, reason = ?3 WHERE id = ?1",
        &[id.into(), due.into(), reason.into()],
    )?;
    let after = one(tx, id)?.ok_or_else(|| gone(id))?;
    journal(tx, who, &after, Some(&before), reason, now)?;
    Ok(Some(Changed::Done(Box::new(after))))
}

/// Whether the time of an open promise has passed and nobody has noted it.
pub fn is_late(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<bool, Error> {
    let row = tx.first(
        "SELECT id FROM promise WHERE state = 'open' AND overdue_at IS NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT 1",
        &[now.into()],
    )?;
    Ok(row.is_some())
}

/// Notes once that the time of open promises has passed. Returns how many.
pub fn note_overdue(tx: &mut dyn Tx, now: DateTime<Utc>, limit: usize) -> Result<usize, Error> {
    let lock = tx.dialect().lock("FOR UPDATE SKIP LOCKED");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let late = tx.rows(
        &format!(
            "SELECT id FROM promise WHERE state = 'open' AND overdue_at IS NULL AND due_at <= ?1 \
             ORDER BY due_at, id LIMIT ?2 {lock}"
        ),
        &[now.into(), limit.into()],
    )?;
    for row in &late {
        let id = row.int("id")?;
        tx.run(
            "UPDATE promise SET overdue_at = ?2 WHERE id = ?1",
            &[id.into(), now.into()],
        )?;
        let Some(promise) = one(tx, id)? else {
            continue;
        };
        let mut after = promise.told();
        if let Some(after) = after.as_object_mut() {
            after.insert("state".to_owned(), "overdue".into());
        }
        note(
            tx,
            &Who::bot(),
            &Done {
                what: What::Promise,
                shop: Some(&promise.shop),
                conversation: promise.conversation,
                subject: Some(id),
                reason: "",
                before: promise.told(),
                after,
            },
            now,
        )?;
    }
    Ok(late.len())
}

fn locked(tx: &mut dyn Tx, id: i64) -> Result<Option<Promise>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE");
    if !lock.is_empty() {
        tx.first(
            &format!("SELECT id FROM promise WHERE id = ?1 {lock}"),
            &[id.into()],
        )?;
    }
    one(tx, id)
}

fn journal(
    tx: &mut dyn Tx,
    who: &Who,
    after: &Promise,
    before: Option<&Promise>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    note(
        tx,
        who,
        &Done {
            what: What::Promise,
            shop: Some(&after.shop),
            conversation: after.conversation,
            subject: Some(after.id),
            reason,
            before: before.map_or(serde_json::Value::Null, Promise::told),
            after: after.told(),
        },
        now,
    )
}

fn gone(id: i64) -> Error {
    Error::Unavailable(format!("promise {id} was removed while it was changed"))
}

/// A stored promise with its case.
fn promise(row: &Row) -> Result<Promise, Error> {
    let case = match row.opt_int("case_id")? {
        Some(id) => Some(CaseRef {
            id,
            number: row.opt_string("case_number")?.unwrap_or_default(),
            kind: row.opt_string("case_kind")?.unwrap_or_default(),
            state: row.opt_string("case_state")?.unwrap_or_default(),
        }),
        None => None,
    };
    let settled = match row.text("state")? {
        "open" => None,
        _ => Some(Settled {
            how: row.word("state", Outcome::parse)?,
            at: row.time("settled_at")?,
            by: row.opt_string("settled_by")?.unwrap_or_default(),
            reason: row.string("reason")?,
        }),
    };
    Ok(Promise {
        id: row.int("id")?,
        shop: row.text("shop")?.into(),
        conversation: row.opt_int("conversation")?,
        customer: row.opt_string("customer")?,
        order: row.opt_string("order_no")?,
        case,
        message: row.opt_int("message")?,
        speaker: row.string("speaker")?,
        agent: row.opt_string("agent")?,
        text: row.string("text")?,
        kind: row.string("kind")?,
        said: row.word("said", Said::parse)?,
        made_at: row.time("made_at")?,
        first_due: row.time("first_due_at")?,
        due: row.time("due_at")?,
        moves: row.int("moves")?,
        settled,
    })
}
