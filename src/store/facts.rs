//! What is known about conversations at one moment, for the desk to decide on.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use super::{
    Error, Row, Tx, Value, messages,
    ownership::ownership,
    switches,
    tx::{marks, padded},
    work::{distinct, tails},
};
use crate::{
    desk::{Facts, OpenCase, ReplyClass, SaidLine, Seen, Standing, facts::TAIL},
    knowledge::{Platform, ShopId},
};

/// How far back what was said alone is remembered.
const SAID: Duration = Duration::days(1);
/// How many conversations one statement asks for.
const CHUNK: usize = 64;

/// One snapshot of a conversation; `orders` are those it asks about.
///
/// The caller's transaction must be one snapshot, as [`super::Store::read`]'s is.
pub fn facts(
    tx: &mut dyn Tx,
    conversation: i64,
    orders: &[String],
    now: DateTime<Utc>,
) -> Result<Facts, Error> {
    let mut all = facts_of(tx, &[(conversation, orders.to_vec())], now)?;
    all.pop()
        .ok_or_else(|| Error::Refused(format!("there is no conversation {conversation}")))
}

/// One snapshot of several conversations, in their order; one that does not exist is left out.
pub fn facts_of(
    tx: &mut dyn Tx,
    asked: &[(i64, Vec<String>)],
    now: DateTime<Utc>,
) -> Result<Vec<Facts>, Error> {
    let mut all = Vec::with_capacity(asked.len());
    for asked in asked.chunks(CHUNK) {
        all.extend(chunk(tx, asked, now)?);
    }
    Ok(all)
}

fn chunk(
    tx: &mut dyn Tx,
    asked: &[(i64, Vec<String>)],
    now: DateTime<Utc>,
) -> Result<Vec<Facts>, Error> {
    let ids = distinct(asked.iter().map(|(id, _)| *id));
    let mut tails = tails(tx, &ids)?;
    let known = known(tx, &ids, now - SAID)?;
    let elsewhere = cases_elsewhere(tx, &ids, asked)?;
    let standing = standing_of(tx, &known, now)?;
    let mut all = Vec::with_capacity(asked.len());
    for (id, orders) in asked {
        let Some(mine) = known.get(id) else { continue };
        let Some(home) = &mine.home else { continue };
        let shop = ShopId::from(home.text("shop")?);
        let mut open_cases = Vec::new();
        for case in &mine.cases {
            if case.text("shop")? == shop.as_str() {
                open_cases.push(open_case(case, true)?);
            }
        }
        for case in &elsewhere {
            let asked_about = case
                .opt_text("order_no")?
                .is_some_and(|order| orders.iter().any(|o| o == order));
            if case.text("shop")? == shop.as_str()
                && asked_about
                && case.int("conversation")? != *id
            {
                open_cases.push(open_case(case, false)?);
            }
        }
        all.push(Facts {
            seen: Seen {
                conversation: *id,
                facts: home.int("x")?,
                epoch: home.int("id")?,
            },
            standing: standing.get(&shop).cloned().unwrap_or_default(),
            shop,
            platform: home.word("kind", Platform::parse)?,
            mode: messages::mode(home, "number")?,
            stopped: home.yes("y")?,
            ownership: ownership(home)?,
            lowered: messages::mode(home, "lowered")?,
            order: home.opt_string("order_no")?,
            messages: tails.remove(id).unwrap_or_default(),
            open_cases,
            said: mine.said()?,
        });
    }
    Ok(all)
}

/// What people switched for the shops of these conversations. Asked only about shops where something stands, or
/// did lately.
fn standing_of(
    tx: &mut dyn Tx,
    known: &HashMap<i64, Known>,
    now: DateTime<Utc>,
) -> Result<HashMap<ShopId, Standing>, Error> {
    let mut shops: Vec<ShopId> = Vec::new();
    for home in known.values().filter_map(|mine| mine.home.as_ref()) {
        let until = home.opt_time("standing_until")?;
        if until.is_some_and(|at| at > now - switches::REMEMBERED) {
            shops.push(home.text("shop")?.into());
        }
    }
    switches::standing(tx, &shops, now)
}

/// What is known of one conversation beside its messages.
#[derive(Default)]
struct Known {
    home: Option<Row>,
    said: Vec<Row>,
    cases: Vec<Row>,
}

impl Known {
    /// What was said alone and not taken back: the newest [`TAIL`], oldest first.
    fn said(&self) -> Result<Vec<SaidLine>, Error> {
        let old = self.said.len().saturating_sub(TAIL);
        self.said
            .iter()
            .skip(old)
            .map(|row| {
                Ok(SaidLine {
                    script: row.opt_text("shop")?.unwrap_or_default().into(),
                    class: row.word("kind", ReplyClass::parse)?,
                    at: row.time("y")?,
                    turn: row.int("x")?,
                    claimed: row.text("number")? != "waiting",
                })
            })
            .collect()
    }
}

fn open_case(row: &Row, here: bool) -> Result<OpenCase, Error> {
    Ok(OpenCase {
        id: row.int("id")?,
        number: row.opt_string("number")?.unwrap_or_default(),
        kind: row.text("kind")?.into(),
        order: row.opt_string("order_no")?,
        here,
    })
}

/// The conversations with their shops, what was said alone, and their own open cases.
///
/// One statement, with the columns named after those of a case: on Postgres the way there and back is most of
/// what a question costs.
fn known(tx: &mut dyn Tx, ids: &[i64], since: DateTime<Utc>) -> Result<HashMap<i64, Known>, Error> {
    let (marks, mut args) = list(ids);
    args.push(since.into());
    let since = args.len();
    let sql = format!(
        "SELECT 'home' AS part, c.id AS conversation, s.epoch AS id, c.facts AS x, s.stopped AS y, \
           c.shop, c.platform AS kind, s.mode AS number, c.order_no, c.lowered, \
           s.standing_until, c.owner, c.owner_act, c.owner_at \
         FROM conversation c JOIN shop s ON s.id = c.shop WHERE c.id IN ({marks}) \
         UNION ALL SELECT 'said', o.conversation, o.n, o.turn, COALESCE(o.claimed_at, o.created_at), o.script, o.class, o.state, NULL, NULL, NULL, NULL, NULL, NULL \
         FROM outbox o WHERE o.conversation IN ({marks}) AND o.kind = 'reply' AND o.created_at > ?{since} \
           AND o.state IN ('waiting', 'claimed', 'sent', 'uncertain') \
         UNION ALL SELECT 'case', k.conversation, k.id, 0, 0, k.shop, k.kind, k.number, k.order_no, NULL, NULL, NULL, NULL, NULL \
         FROM cases k WHERE k.conversation IN ({marks}) AND k.state <> 'closed'"
    );
    let mut known: HashMap<i64, Known> = HashMap::new();
    for row in tx.rows(&sql, &args)? {
        let mine = known.entry(row.int("conversation")?).or_default();
        match row.text("part")? {
            "home" => mine.home = Some(row),
            "said" => mine.said.push(row),
            _ => mine.cases.push(row),
        }
    }
    for mine in known.values_mut() {
        mine.said.sort_by_key(|row| row.int("id").ok());
        mine.cases.sort_by_key(|row| row.int("id").ok());
    }
    Ok(known)
}

/// Open cases of the orders asked about, of whatever conversation; the shop is compared by the caller.
fn cases_elsewhere(
    tx: &mut dyn Tx,
    ids: &[i64],
    asked: &[(i64, Vec<String>)],
) -> Result<Vec<Row>, Error> {
    let orders = distinct(
        asked
            .iter()
            .flat_map(|(_, orders)| orders.iter().map(String::as_str)),
    );
    let mut rows = Vec::new();
    for orders in orders.chunks(CHUNK) {
        let orders = padded(orders);
        let (here, mut args) = list(ids);
        let first = args.len() + 1;
        args.extend(orders.iter().map(|order| Value::from(*order)));
        rows.extend(tx.rows(
            &format!(
                "SELECT id, number, shop, kind, order_no, conversation FROM cases \
                 WHERE shop IN (SELECT shop FROM conversation WHERE id IN ({here})) \
                 AND order_no IN ({}) AND state <> 'closed' ORDER BY id",
                marks(first, orders.len())
            ),
            &args,
        )?);
    }
    Ok(rows)
}

fn list(values: &[i64]) -> (String, Vec<Value>) {
    let padded = padded(values);
    (
        marks(1, padded.len()),
        padded.into_iter().map(Value::from).collect(),
    )
}
