//! Lists of cases and the search. Each walks an index and stops at the end of its page, however many cases there are.

use chrono::{DateTime, Utc};

use super::{
    Error, Tx, Value,
    casework::{Kept, read, select},
    tx::{marks, padded},
};
use crate::knowledge::{CaseKindId, ShopId};

/// States as they are stored; what is void counts as closed.
const STATES: &[&str] = &[
    "draft", "open", "review", "approved", "rejected", "in_hand", "waiting", "done", "closed",
];

/// Which cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Those somebody has, the next due first.
    Person(String),
    /// Those that have not ended, the next due first.
    Due,
    /// The newest first.
    Newest {
        /// Of this kind.
        kind: Option<CaseKindId>,
        /// In this state, as stored: `draft` … `closed`.
        state: Option<String>,
    },
    /// Of an order, the newest first.
    Order(String),
    /// Of a customer, the newest first.
    Customer(String),
    /// By its number.
    Number(String),
    /// With a phone that ends so, the newest first.
    PhoneTail(String),
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// When its last case was due, where the next due stand first.
    pub due: Option<DateTime<Utc>>,
    /// That case's number in the store.
    pub id: i64,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which.
    pub by: By,
    /// In these shops.
    pub shops: Vec<ShopId>,
    /// Not of these kinds: they are not for him.
    pub hidden: Vec<CaseKindId>,
    /// What follows this.
    pub after: Option<After>,
    /// So many at most.
    pub limit: usize,
}

impl By {
    /// Whether the next due stand first.
    pub fn is_by_due(&self) -> bool {
        matches!(self, Self::Person(_) | Self::Due)
    }
}

/// One page.
pub fn list(tx: &mut dyn Tx, asked: &Asked) -> Result<Vec<Kept>, Error> {
    let limit = i64::try_from(asked.limit).unwrap_or(i64::MAX);
    let mut page = Page {
        tx,
        asked,
        limit,
        found: Vec::new(),
    };
    match &asked.by {
        By::Person(name) => {
            page.walk("state <> 'closed' AND person = ?1", vec![name.into()], true)?
        }
        By::Due => {
            for shop in &asked.shops {
                page.walk(
                    "state <> 'closed' AND shop = ?1",
                    vec![shop.as_str().into()],
                    false,
                )?;
            }
        }
        By::Newest { kind, state } => {
            for shop in &asked.shops {
                let shop = Value::from(shop.as_str());
                match (kind, state) {
                    (None, None) => page.walk("shop = ?1", vec![shop], false)?,
                    (None, Some(state)) => {
                        page.walk("shop = ?1 AND state = ?2", vec![shop, state.into()], false)?
                    }
                    (Some(kind), state) => {
                        let one = state.as_deref();
                        for state in STATES.iter().filter(|s| one.is_none_or(|one| one == **s)) {
                            page.walk(
                                "shop = ?1 AND kind = ?2 AND state = ?3",
                                vec![shop.clone(), kind.as_str().into(), (*state).into()],
                                false,
                            )?;
                        }
                    }
                }
            }
        }
        By::Order(order) => page.walk("order_no = ?1", vec![order.into()], true)?,
        By::Customer(name) => page.walk("customer = ?1", vec![name.into()], true)?,
        By::Number(number) => page.walk("number = ?1", vec![number.into()], true)?,
        By::PhoneTail(tail) => page.walk(
            "id IN (SELECT case_id FROM case_phone WHERE tail = ?1)",
            vec![tail.into()],
            true,
        )?,
    }
    let mut found = page.found;
    if asked.by.is_by_due() {
        found.sort_by_key(|kept| (kept.case.finish_due, kept.id));
    } else {
        found.sort_by_key(|kept| std::cmp::Reverse(kept.id));
    }
    found.truncate(asked.limit);
    Ok(found)
}

struct Page<'a> {
    tx: &'a mut dyn Tx,
    asked: &'a Asked,
    limit: i64,
    found: Vec<Kept>,
}

impl Page<'_> {
    /// Walks one index from where the last page ended.
    fn walk(&mut self, which: &str, mut args: Vec<Value>, in_shops: bool) -> Result<(), Error> {
        let mut sql = format!("WHERE {which}");
        if in_shops {
            let shops: Vec<&str> = self.asked.shops.iter().map(ShopId::as_str).collect();
            if shops.is_empty() {
                return Ok(());
            }
            let shops = padded(&shops);
            // Joined with nothing, the shop is not taken for what the walk goes by.
            sql += &format!(
                " AND shop || '' IN ({})",
                marks(args.len() + 1, shops.len())
            );
            args.extend(shops.into_iter().map(Value::from));
        }
        if !self.asked.hidden.is_empty() {
            let hidden: Vec<&str> = self.asked.hidden.iter().map(CaseKindId::as_str).collect();
            let hidden = padded(&hidden);
            sql += &format!(
                " AND kind || '' NOT IN ({})",
                marks(args.len() + 1, hidden.len())
            );
            args.extend(hidden.into_iter().map(Value::from));
        }
        let due = self.asked.by.is_by_due();
        match (self.asked.after, due) {
            (Some(After { due: Some(due), id }), true) => {
                let n = args.len();
                sql += &format!(" AND (finish_due, id) > (?{}, ?{})", n + 1, n + 2);
                args.extend([due.into(), id.into()]);
            }
            (Some(After { id, .. }), false) => {
                sql += &format!(" AND id < ?{}", args.len() + 1);
                args.push(id.into());
            }
            _ => {}
        }
        let order = if due { "finish_due, id" } else { "id DESC" };
        sql += &format!(" ORDER BY {order} LIMIT ?{}", args.len() + 1);
        args.push(self.limit.into());
        for row in self.tx.rows(&select(&sql), &args)? {
            self.found.push(read(&row)?);
        }
        Ok(())
    }
}
