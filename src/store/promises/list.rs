//! Finding promises: what is due, what is overdue, what became of them.

use chrono::{DateTime, Utc};

use super::{Promise, promise};
use crate::{
    knowledge::ShopId,
    store::{
        Error, Tx, Value,
        tx::{marks, padded},
    },
};

/// How a promise stands, when somebody asks for those that stand so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has said how it ended.
    Open,
    /// Open, and its time has passed.
    Overdue,
    /// Open, and moved at least once.
    Moved,
    /// It was done.
    Kept,
    /// It was not.
    Broken,
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Asked {
    /// Everything.
    #[default]
    All,
    /// What was said in a conversation.
    Conversation(i64),
    /// What was said about an order.
    Order(String),
    /// What belongs to a case, by its number for people.
    Case(String),
}

/// Which promises are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of these shops; `None`: of every one.
    pub shops: Option<Vec<ShopId>>,
    /// That stand so.
    pub state: State,
    /// About what.
    pub asked: Asked,
    /// Due before this moment; of those that ended, it says nothing.
    pub due_before: Option<DateTime<Utc>>,
    /// After the last one of the page before: its moment (due, or settled) and its number.
    pub after: Option<(DateTime<Utc>, i64)>,
}

const SHOWN: &str = "SELECT p.id, p.shop, p.conversation, p.customer, p.order_no, p.case_id, p.message, p.speaker, p.agent, p.text, p.kind, \
       p.said, p.made_at, p.first_due_at, p.due_at, p.moves, p.state, p.settled_at, p.settled_by, p.reason, \
       k.number AS case_number, k.kind AS case_kind, k.state AS case_state \
     FROM promise p LEFT JOIN cases k ON k.id = p.case_id";

/// One promise.
pub fn one(tx: &mut dyn Tx, id: i64) -> Result<Option<Promise>, Error> {
    let row = tx.first(&format!("{SHOWN} WHERE p.id = ?1"), &[id.into()])?;
    row.as_ref().map(promise).transpose()
}

/// Promises: the open ones by when they are due, those that ended the latest first.
pub fn list(
    tx: &mut dyn Tx,
    wanted: &Wanted,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<Promise>, Error> {
    let mut args: Vec<Value> = vec![i64::try_from(limit).unwrap_or(i64::MAX).into()];
    let mut put = |value: Value| {
        args.push(value);
        format!("?{}", args.len())
    };
    let mut which: Vec<String> = Vec::new();
    let (ended, moment) = match wanted.state {
        State::Open | State::Overdue | State::Moved => (false, "p.due_at"),
        State::Kept | State::Broken => (true, "p.settled_at"),
    };
    which.push(match wanted.state {
        State::Open | State::Overdue | State::Moved => "p.state = 'open'".to_owned(),
        State::Kept => "p.state = 'kept' AND p.settled_at IS NOT NULL".to_owned(),
        State::Broken => "p.state = 'broken' AND p.settled_at IS NOT NULL".to_owned(),
    });
    match wanted.state {
        State::Overdue => which.push(format!("p.due_at <= {}", put(now.into()))),
        State::Moved => which.push("p.moves > 0".to_owned()),
        _ => {}
    }
    if let Some(before) = wanted.due_before.filter(|_| !ended) {
        which.push(format!("p.due_at < {}", put(before.into())));
    }
    match &wanted.asked {
        Asked::All => {}
        Asked::Conversation(id) => which.push(format!("p.conversation = {}", put((*id).into()))),
        Asked::Order(order) => which.push(format!("p.order_no = {}", put(order.into()))),
        Asked::Case(number) => which.push(format!(
            "p.case_id = (SELECT id FROM cases WHERE number = {})",
            put(number.into())
        )),
    }
    if let Some((at, id)) = wanted.after {
        let (at, id) = (put(at.into()), put(id.into()));
        let sign = if ended { "<" } else { ">" };
        which.push(format!("({moment}, p.id) {sign} ({at}, {id})"));
    }
    if let Some(shops) = &wanted.shops {
        let shops: Vec<&str> = shops.iter().map(ShopId::as_str).collect();
        match shops.as_slice() {
            [] => return Ok(Vec::new()),
            [only] => {
                let only = put((*only).into());
                which.push(format!("p.shop = {only}"));
            }
            several => {
                let several = padded(several);
                let first = args.len() + 1;
                which.push(format!("p.shop IN ({})", marks(first, several.len())));
                args.extend(several.into_iter().map(Value::from));
            }
        }
    }
    let order = if ended { "DESC" } else { "ASC" };
    let sql = format!(
        "{SHOWN} WHERE {} ORDER BY {moment} {order}, p.id {order} LIMIT ?1",
        which.join(" AND ")
    );
    tx.rows(&sql, &args)?.iter().map(promise).collect()
}
