//! What people did here, as it was before and after: written in the transaction that does it, never changed.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;

use super::{
    Error, Row, Tx, Value,
    tx::{json, marks, padded},
};
use crate::knowledge::ShopId;

/// Stands where a shop's id would: all shops, those that come later too. No shop may be called so.
pub const EVERYWHERE: &str = "*";

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The person's name.
    pub name: String,
    /// The role that let him.
    pub role: String,
}

impl Who {
    /// What this service does by itself.
    pub fn bot() -> Self {
        Self {
            name: "bot".to_owned(),
            role: "bot".to_owned(),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A shop's mode was switched.
    Mode,
    /// A kill switch was turned.
    Kill,
    /// Something was arranged, prolonged or ended: lunch, absence, swap, closure.
    Arrangement,
    /// Something was announced, or its announcement ended.
    Announcement,
    /// Somebody said whose a conversation is.
    Ownership,
    /// Something happened to a case.
    Case,
    /// The house promised something, or a promise was kept, broken, moved or passed its time.
    Promise,
    /// Somebody signed in or out, or failed to too often.
    SignIn,
    /// A person was invited, given other roles, another password, or kept out.
    Person,
    /// Something became of a sheet: written, accepted, refused, left.
    Handover,
    /// A note on an order was written, seen or missed.
    OrderNote,
}

impl What {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Kill => "kill",
            Self::Arrangement => "arrangement",
            Self::Announcement => "announcement",
            Self::Ownership => "ownership",
            Self::Case => "case",
            Self::Promise => "promise",
            Self::SignIn => "sign_in",
            Self::Person => "person",
            Self::Handover => "handover",
            Self::OrderNote => "order_note",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "mode" => Self::Mode,
            "kill" => Self::Kill,
            "arrangement" => Self::Arrangement,
            "announcement" => Self::Announcement,
            "ownership" => Self::Ownership,
            "case" => Self::Case,
            "promise" => Self::Promise,
            "sign_in" => Self::SignIn,
            "person" => Self::Person,
            "handover" => Self::Handover,
            "order_note" => Self::OrderNote,
            _ => return None,
        })
    }
}

/// Something a person did.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffEvent {
    /// Its number; grows.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: Who,
    /// What.
    pub what: What,
    /// Where; `None`: in all shops.
    pub shop: Option<ShopId>,
    /// In which conversation.
    pub conversation: Option<i64>,
    /// The number of the arrangement or announcement.
    pub subject: Option<i64>,
    /// Why, in his words; may be empty.
    pub reason: String,
    /// How it was before; null when there was nothing.
    pub before: Json,
    /// How it is after; null when there is nothing.
    pub after: Json,
}

/// An event to be written.
pub(super) struct Done<'a> {
    pub(super) what: What,
    /// `None`: in all shops.
    pub(super) shop: Option<&'a ShopId>,
    pub(super) conversation: Option<i64>,
    pub(super) subject: Option<i64>,
    pub(super) reason: &'a str,
    pub(super) before: Json,
    pub(super) after: Json,
}

/// Writes down what somebody does.
pub(super) fn note(
    tx: &mut dyn Tx,
    who: &Who,
    done: &Done<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    tx.run(
        "INSERT INTO staff_event (at, who, role, what, shop, conversation, subject, reason, was, became) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            now.into(),
            (&who.name).into(),
            (&who.role).into(),
            done.what.code().into(),
            done.shop.map_or(EVERYWHERE, ShopId::as_str).into(),
            done.conversation.into(),
            done.subject.into(),
            done.reason.into(),
            json(&done.before)?.into(),
            json(&done.after)?.into(),
        ],
    )?;
    Ok(())
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of these shops and of all shops together; `None`: of every shop.
    pub shops: Option<Vec<ShopId>>,
    /// Of this conversation.
    pub conversation: Option<i64>,
    /// Older than this event.
    pub before: Option<i64>,
}

/// The latest events, newest first.
pub fn events(tx: &mut dyn Tx, wanted: &Wanted, limit: usize) -> Result<Vec<StaffEvent>, Error> {
    let mut args: Vec<Value> = vec![
        wanted.before.unwrap_or(i64::MAX).into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let mut which = String::new();
    if let Some(shops) = &wanted.shops {
        let mut shops: Vec<&str> = shops.iter().map(ShopId::as_str).collect();
        shops.push(EVERYWHERE);
        let shops = padded(&shops);
        which = format!("AND shop IN ({})", marks(args.len() + 1, shops.len()));
        args.extend(shops.into_iter().map(Value::from));
    }
    if let Some(conversation) = wanted.conversation {
        args.push(conversation.into());
        which = format!("{which} AND conversation = ?{}", args.len());
    }
    let sql = format!(
        "SELECT id, at, who, role, what, shop, conversation, subject, reason, was, became FROM staff_event \
         WHERE id < ?1 {which} ORDER BY id DESC LIMIT ?2"
    );
    tx.rows(&sql, &args)?.iter().map(event).collect()
}

/// The latest event of a kind in a shop, or in all shops.
pub fn latest(
    tx: &mut dyn Tx,
    shop: Option<&ShopId>,
    what: What,
) -> Result<Option<StaffEvent>, Error> {
    let row = tx.first(
        "SELECT id, at, who, role, what, shop, conversation, subject, reason, was, became FROM staff_event \
         WHERE shop = ?1 AND what = ?2 ORDER BY id DESC LIMIT 1",
        &[
            shop.map_or(EVERYWHERE, ShopId::as_str).into(),
            what.code().into(),
        ],
    )?;
    row.as_ref().map(event).transpose()
}

/// What happened to one subject, newest first.
pub fn of(
    tx: &mut dyn Tx,
    what: What,
    subject: i64,
    limit: usize,
) -> Result<Vec<StaffEvent>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(
        "SELECT id, at, who, role, what, shop, conversation, subject, reason, was, became FROM staff_event \
         WHERE what = ?1 AND subject = ?2 ORDER BY id DESC LIMIT ?3",
        &[what.code().into(), subject.into(), limit.into()],
    )?
    .iter()
    .map(event)
    .collect()
}

fn event(row: &Row) -> Result<StaffEvent, Error> {
    let shop = row.text("shop")?;
    Ok(StaffEvent {
        id: row.int("id")?,
        at: row.time("at")?,
        who: Who {
            name: row.string("who")?,
            role: row.string("role")?,
        },
        what: row.word("what", What::parse)?,
        shop: (shop != EVERYWHERE).then(|| shop.into()),
        conversation: row.opt_int("conversation")?,
        subject: row.opt_int("subject")?,
        reason: row.string("reason")?,
        before: row.json("was")?,
        after: row.json("became")?,
    })
}
