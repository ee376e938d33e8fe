//! Listening to what the house says.
//!
//! A line of the bot counts when it has left. Until that is known it is remembered as unsure, for a day.

use chrono::{DateTime, Duration, Utc};

use super::journal;
use crate::{
    desk::promise::Promised,
    knowledge::{CaseKindId, ShopId},
    store::{Error, Row, Tx, staff_event::Who},
};

/// How many unsure lines one look takes up again.
const UNSURE: i64 = 500;
/// What has been unsure for so long stays so.
const FORGET: Duration = Duration::days(1);

/// Something the house said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseLine {
    /// The message.
    pub message: i64,
    /// The conversation.
    pub conversation: i64,
    /// Its shop.
    pub shop: ShopId,
    /// The customer's name, when known.
    pub customer: Option<String>,
    /// The order he looks at, when known.
    pub order: Option<String>,
    /// Who spoke, as stored.
    pub speaker: String,
    /// The agent's name, when known.
    pub sender: Option<String>,
    /// The words.
    pub text: String,
    /// When it was said.
    pub at: DateTime<Utc>,
}

/// What one look heard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines {
    /// What was said and left.
    pub lines: Vec<HouseLine>,
    /// Messages of which nobody knows yet whether they left.
    pub unsure: Vec<i64>,
    /// Messages that were unsure and are no longer.
    pub sure: Vec<i64>,
    /// Up to which message was listened.
    pub upto: i64,
    /// There is more behind it.
    pub more: bool,
}

/// What a line promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The line.
    pub line: HouseLine,
    /// What.
    pub promised: Promised,
    /// The case kinds it belongs to.
    pub cases: Vec<CaseKindId>,
}

/// Up to which message the house was listened to.
pub fn place(tx: &mut dyn Tx) -> Result<i64, Error> {
    let row = tx.first("SELECT value FROM setting WHERE name = 'promises'", &[])?;
    match row {
        Some(row) => row.text("value")?.parse().map_err(|_| row.broken("value")),
        None => Ok(0),
    }
}

/// What the house said among the `span` messages after one, and what has become of lines that were unsure. History
/// says nothing.
pub fn lines(tx: &mut dyn Tx, after: i64, span: i64, now: DateTime<Utc>) -> Result<Lines, Error> {
    let top = tx
        .first("SELECT MAX(id) AS id FROM message", &[])?
        .map_or(Ok(None), |row| row.opt_int("id"))?
        .unwrap_or(0);
    let upto = top.min(after.saturating_add(span)).max(after);
    let mut heard = Lines {
        upto,
        more: upto < top,
        ..Lines::default()
    };
    if upto > after {
        let rows = tx.rows(
            &format!(
                "{LINE} WHERE m.id > ?1 AND m.id <= ?2 AND m.history = 0 AND m.kind = 'text' \
              AND m.speaker IN ('human', 'bot_assist', 'bot_auto', 'notice') ORDER BY m.id"
            ),
            &[after.into(), upto.into()],
        )?;
        for row in &rows {
            match left(row)? {
                Left::Yes => heard.lines.push(line(row)?),
                Left::Unsure => heard.unsure.push(row.int("id")?),
                Left::No => {}
            }
        }
    }
    let unsure = tx.rows(
        "SELECT message, since FROM promise_unsure ORDER BY since, message LIMIT ?1",
        &[UNSURE.into()],
    )?;
    for known in &unsure {
        let message = known.int("message")?;
        let found = tx.first(&format!("{LINE} WHERE m.id = ?1"), &[message.into()])?;
        let fate = found.as_ref().map_or(Ok(Left::No), left)?;
        match (fate, found) {
            (Left::Yes, Some(row)) => {
                heard.lines.push(line(&row)?);
                heard.sure.push(message);
            }
            (Left::Unsure, _) if now - known.time("since")? < FORGET => {}
            _ => heard.sure.push(message),
        }
    }
    Ok(heard)
}

const LINE: &str = "SELECT m.id, m.conversation, m.speaker, m.sender, m.text, m.at, m.outbox, o.state, c.shop, c.customer, c.order_no \
     FROM message m JOIN conversation c ON c.id = m.conversation LEFT JOIN outbox o ON o.n = m.outbox";

enum Left {
    Yes,
    No,
    Unsure,
}

fn left(row: &Row) -> Result<Left, Error> {
    if row.opt_int("outbox")?.is_none() {
        return Ok(Left::Yes);
    }
    Ok(match row.opt_text("state")? {
        Some("sent") => Left::Yes,
        // What is claimed may be on the wire; what is uncertain may yet come back as an echo.
        Some("claimed" | "uncertain") => Left::Unsure,
        _ => Left::No,
    })
}

fn line(row: &Row) -> Result<HouseLine, Error> {
    Ok(HouseLine {
        message: row.int("id")?,
        conversation: row.int("conversation")?,
        shop: row.text("shop")?.into(),
        customer: row.opt_string("customer")?,
        order: row.opt_string("order_no")?,
        speaker: row.string("speaker")?,
        sender: row.opt_string("sender")?,
        text: row.string("text")?,
        at: row.time("at")?,
    })
}

/// Keeps what was heard, and that nobody need listen again before `place`. Doing it again changes nothing. Returns
/// how many promises are new.
pub fn keep(
    tx: &mut dyn Tx,
    heard: &[Heard],
    lines: &Lines,
    place: i64,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut kept = 0;
    for one in heard {
        kept += usize::from(keep_one(tx, one, now)?);
    }
    for message in &lines.unsure {
        tx.run(
            "INSERT INTO promise_unsure (message, since) VALUES (?1, ?2) ON CONFLICT (message) DO NOTHING",
            &[(*message).into(), now.into()],
        )?;
    }
    for message in &lines.sure {
        tx.run(
            "DELETE FROM promise_unsure WHERE message = ?1",
            &[(*message).into()],
        )?;
    }
    tx.run(
        "UPDATE setting SET value = ?1 WHERE name = 'promises' AND CAST(value AS BIGINT) < ?2",
        &[place.to_string().into(), place.into()],
    )?;
    Ok(kept)
}

fn keep_one(tx: &mut dyn Tx, heard: &Heard, now: DateTime<Utc>) -> Result<bool, Error> {
    let Heard {
        line,
        promised,
        cases,
    } = heard;
    let case = case_of(
        tx,
        &line.shop,
        Some(line.conversation),
        line.order.as_deref(),
        cases,
    )?;
    let order = match (&line.order, case) {
        (Some(order), _) => Some(order.clone()),
        (None, Some(case)) => tx
            .first("SELECT order_no FROM cases WHERE id = ?1", &[case.into()])?
            .map_or(Ok(None), |row| row.opt_string("order_no"))?,
        (None, None) => None,
    };
    let row = tx.first(
        "INSERT INTO promise (shop, conversation, customer, order_no, case_id, message, speaker, agent, text, kind, said, \
           made_at, first_due_at, due_at, moves, state, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, 0, 'open', '') \
         ON CONFLICT (message, kind) WHERE message IS NOT NULL DO NOTHING RETURNING id",
        &[
            line.shop.as_str().into(),
            line.conversation.into(),
            line.customer.as_deref().into(),
            order.into(),
            case.into(),
            line.message.into(),
            (&line.speaker).into(),
            line.sender.as_deref().into(),
            (&line.text).into(),
            (&*promised.kind).into(),
            promised.said.code().into(),
            line.at.into(),
            promised.due.into(),
        ],
    )?;
    let Some(row) = row else { return Ok(false) };
    let id = row.int("id")?;
    let promise = super::one(tx, id)?.ok_or_else(|| super::gone(id))?;
    journal(tx, &Who::bot(), &promise, None, "", now)?;
    Ok(true)
}

/// The open case that a promise belongs to: of one of its kinds before any other, of its order before its
/// conversation's, the newest.
pub(super) fn case_of(
    tx: &mut dyn Tx,
    shop: &ShopId,
    conversation: Option<i64>,
    order: Option<&str>,
    kinds: &[CaseKindId],
) -> Result<Option<i64>, Error> {
    if conversation.is_none() && order.is_none() {
        return Ok(None);
    }
    let rows = tx.rows(
        "SELECT id, kind, order_no FROM cases WHERE conversation = ?1 AND shop = ?2 AND state <> 'closed' \
         UNION SELECT id, kind, order_no FROM cases WHERE shop = ?2 AND order_no = ?3 AND state <> 'closed'",
        &[conversation.into(), shop.as_str().into(), order.into()],
    )?;
    let mut best: Option<((bool, bool, i64), i64)> = None;
    for row in &rows {
        let id = row.int("id")?;
        let kind = row.text("kind")?;
        let of_kind = kinds.iter().any(|known| known.as_str() == kind);
        // A promise of a kind that has cases of its own belongs to no other.
        if !of_kind && !kinds.is_empty() {
            continue;
        }
        let of_order = order.is_some() && row.opt_text("order_no")? == order;
        let rank = (of_kind, of_order, id);
        if best.is_none_or(|(known, _)| rank > known) {
            best = Some((rank, id));
        }
    }
    Ok(best.map(|(_, id)| id))
}
