//! The human queue: conversations in which a human is needed, and why.
//!
//! A decision puts a conversation in; so does what becomes of a reply. Only a human takes it out: by speaking,
//! by taking it, by handing it back, by ending it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Error, Row, Tx, Value,
    tx::{marks, padded},
};
use crate::{desk::HandoffReason, knowledge::ShopId};

/// How many shops one statement asks for.
const CHUNK: usize = 100;
/// How many conversations are listed at most.
const MOST: i64 = 1_000;

/// A conversation that waits for a human.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its number.
    pub conversation: i64,
    /// Its shop.
    pub shop: ShopId,
    /// The door it came through.
    pub source: String,
    /// The shop's account there.
    pub account: String,
    /// Its id there.
    pub external: String,
    /// The customer's name, when it is known.
    pub customer: Option<String>,
    /// Why.
    pub reason: HandoffReason,
    /// 0 is the most urgent.
    pub priority: i64,
    /// Since when.
    pub since: DateTime<Utc>,
    /// How long that is, in whole seconds.
    pub waited: i64,
    /// Since when the customer waits for an answer with content; `None` when he had one.
    pub waiting_since: Option<DateTime<Utc>>,
    /// The agent who spoke last in it, where his name is known.
    pub owner: Option<String>,
}

/// The conversations of some shops that wait for a human: the most urgent reason first, then the longest wait;
/// at most a thousand.
pub fn waiting(
    tx: &mut dyn Tx,
    shops: &[ShopId],
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>, Error> {
    let shops = super::work::distinct(shops.iter().map(ShopId::as_str));
    let mut all = Vec::new();
    for shops in shops.chunks(CHUNK) {
        let shops = padded(shops);
        let mut args: Vec<Value> = vec![now.into(), MOST.into()];
        args.extend(shops.iter().map(|shop| Value::from(*shop)));
        let sql = format!(
            "SELECT c.id, c.shop, c.external, c.customer, c.queue_reason, c.queue_rank, c.queued_at, c.waiting_since, \
               a.source, a.name, \
               (SELECT m.sender FROM message m WHERE m.conversation = c.id AND m.speaker IN ('human', 'bot_assist') \
                ORDER BY m.at DESC, m.id DESC LIMIT 1) AS owner \
             FROM conversation c JOIN account a ON a.id = c.account \
             WHERE c.shop IN ({}) AND c.queued_at IS NOT NULL AND c.queued_at <= ?1 \
             ORDER BY c.queue_rank, c.queued_at, c.id LIMIT ?2",
            marks(3, shops.len())
        );
        for row in tx.rows(&sql, &args)? {
            all.push(read(&row, now)?);
        }
    }
    all.sort_by_key(|one| (one.priority, one.since, one.conversation));
    all.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(all)
}

fn read(row: &Row, now: DateTime<Utc>) -> Result<Waiting, Error> {
    let since = row.time("queued_at")?;
    let reason = row.word("queue_reason", HandoffReason::parse)?;
    Ok(Waiting {
        conversation: row.int("id")?,
        shop: row.text("shop")?.into(),
        source: row.string("source")?,
        account: row.string("name")?,
        external: row.string("external")?,
        customer: row.opt_string("customer")?,
        reason,
        priority: reason.rank(),
        since,
        waited: (now - since).num_seconds(),
        waiting_since: row.opt_time("waiting_since")?,
        owner: row.opt_string("owner")?,
    })
}

/// Puts a conversation into the queue, or raises it to a more urgent reason; it waits since the first. The caller
/// holds the conversation.
pub fn enter(
    tx: &mut dyn Tx,
    conversation: i64,
    reason: HandoffReason,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    tx.run(
        &format!("UPDATE conversation SET {ENTER} WHERE id = ?1"),
        &[
            conversation.into(),
            since.into(),
            reason.code().into(),
            reason.rank().into(),
        ],
    )?;
    Ok(())
}

/// Takes a conversation out: a human has it. Whether it was in.
pub fn leave(tx: &mut dyn Tx, conversation: i64) -> Result<bool, Error> {
    let left = tx.run(
        "UPDATE conversation SET queued_at = NULL WHERE id = ?1 AND queued_at IS NOT NULL",
        &[conversation.into()],
    )?;
    Ok(left > 0)
}

/// What enters the queue, with `?2` since when, `?3` the reason and `?4` its rank.
pub(super) const ENTER: &str = "\
    queue_reason = CASE WHEN queued_at IS NOT NULL AND queue_rank <= ?4 THEN queue_reason ELSE ?3 END, \
    queue_rank = CASE WHEN queued_at IS NOT NULL AND queue_rank <= ?4 THEN queue_rank ELSE ?4 END, \
    queued_at = COALESCE(queued_at, ?2)";
