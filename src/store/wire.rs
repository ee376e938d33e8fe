//! What is on the wire: claimed, and nobody knows yet whether the customer has it.

use chrono::{DateTime, Utc};

use super::{
    Error, Tx, Value,
    tx::{marks, padded},
};
use crate::{desk::ReplyClass, knowledge::ShopId};

/// An automatic reply that was claimed and is not settled, by whichever node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnTheWire {
    /// Its id.
    pub id: String,
    /// Its shop.
    pub shop: ShopId,
    /// The conversation's number.
    pub conversation: i64,
    /// The door.
    pub source: String,
    /// The shop's account there.
    pub account: String,
    /// The conversation's id there.
    pub external: String,
    /// Whether it ends its turn.
    pub class: ReplyClass,
    /// What the customer reads if it arrives.
    pub text: String,
    /// How it travels: `courier`, `pull`, `shown` or `inline`.
    pub way: String,
    /// When it was claimed first.
    pub since: DateTime<Utc>,
    /// When its lease ends: then it counts as unknown, or is settled.
    pub until: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i64,
}

/// The automatic replies of these shops (`None`: of all) that are on the wire, oldest first.
pub fn on_the_wire(
    tx: &mut dyn Tx,
    shops: Option<&[ShopId]>,
    limit: usize,
) -> Result<Vec<OnTheWire>, Error> {
    let mut args: Vec<Value> = vec![i64::try_from(limit).unwrap_or(i64::MAX).into()];
    let mut which = String::new();
    if let Some(shops) = shops {
        if shops.is_empty() {
            return Ok(Vec::new());
        }
        let shops = padded(shops);
        which = format!("AND c.shop IN ({})", marks(2, shops.len()));
        args.extend(shops.iter().map(|shop| Value::from(shop.as_str())));
    }
    // The first condition is the index's own: what waits and what is claimed is little, whatever was sent.
    let sql = format!(
        "SELECT o.n, o.id, c.shop, o.conversation, a.source, a.name, c.external, o.class, o.text, o.way, o.claimed_at, \
           o.created_at, o.next_at, o.attempts \
         FROM outbox o JOIN conversation c ON c.id = o.conversation JOIN account a ON a.id = o.account \
         WHERE o.state IN ('waiting', 'claimed') AND o.state = 'claimed' AND o.kind = 'reply' {which} \
         ORDER BY o.claimed_at, o.n LIMIT ?1"
    );
    tx.rows(&sql, &args)?
        .iter()
        .map(|row| {
            Ok(OnTheWire {
                id: row.string("id")?,
                shop: row.text("shop")?.into(),
                conversation: row.int("conversation")?,
                source: row.string("source")?,
                account: row.string("name")?,
                external: row.string("external")?,
                class: row.word("class", ReplyClass::parse)?,
                text: row.string("text")?,
                way: row.opt_string("way")?.unwrap_or_default(),
                since: row
                    .opt_time("claimed_at")?
                    .unwrap_or(row.time("created_at")?),
                until: row.time("next_at")?,
                attempts: row.int("attempts")?,
            })
        })
        .collect()
}
