//! The inbox: conversations in which somebody waits, the latest ones, and those that are looked for.

use chrono::{DateTime, Utc};

use super::{
    Error, Row, Tx, Value, messages, ownership,
    tx::{marks, padded},
    work::distinct,
};
use crate::{
    desk::{HandoffReason, Ownership},
    knowledge::{ContentKind, Mode, Platform, ShopId, Speaker},
};

/// How many conversations are listed at most.
pub const MOST: usize = 60;

/// Which conversations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum View {
    /// Those in which the customer or the house waits for somebody: the longest wait first.
    Waiting,
    /// Those in which something was said last.
    Recent,
    /// Those of a customer, an order or its last digits, a case, or an id on its door.
    Search(String),
}

/// A conversation, as the inbox shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// Its shop.
    pub shop: ShopId,
    /// Where the shop sells.
    pub platform: Platform,
    /// The door it came through.
    pub source: String,
    /// Its id there.
    pub external: String,
    /// The customer's name, when it is known.
    pub customer: Option<String>,
    /// The order he looks at.
    pub order: Option<String>,
    /// The most the bot may do in it, where its helper said less than the shop.
    pub lowered: Option<Mode>,
    /// Everything said has been decided about.
    pub decided: bool,
    /// Since when the customer waits for an answer with content.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Why a human is needed, and since when.
    pub queued: Option<(HandoffReason, DateTime<Utc>)>,
    /// What a human last said about whose it is.
    pub ownership: Option<Ownership>,
    /// The human who spoke last in it, and when; his name where it is known.
    pub human: Option<(Option<String>, DateTime<Utc>)>,
    /// The last words, and who said them.
    pub last: Option<(Speaker, ContentKind, String)>,
    /// When something was said last.
    pub last_at: DateTime<Utc>,
}

/// The conversations of some shops (`None`: of all), at most [`MOST`].
pub fn list(tx: &mut dyn Tx, shops: Option<&[ShopId]>, view: &View) -> Result<Vec<Listed>, Error> {
    let mut args: Vec<Value> = vec![i64::try_from(MOST).unwrap_or(i64::MAX).into()];
    let mut own = String::new();
    if let Some(shops) = shops {
        if shops.is_empty() {
            return Ok(Vec::new());
        }
        let shops = padded(&distinct(shops.iter().map(ShopId::as_str)));
        own = format!("AND shop IN ({})", marks(2, shops.len()));
        args.extend(shops.into_iter().map(Value::from));
    }
    let (chosen, order) = match view {
        View::Waiting => (
            format!(
                "SELECT id FROM (SELECT id FROM conversation WHERE waiting_since IS NOT NULL {own} \
                   ORDER BY waiting_since LIMIT ?1) AS w \
                 UNION SELECT id FROM (SELECT id FROM conversation WHERE queued_at IS NOT NULL {own} \
                   ORDER BY queued_at LIMIT ?1) AS q"
            ),
            "COALESCE(c.waiting_since, c.queued_at), c.id",
        ),
        View::Recent => (
            format!(
                "SELECT id FROM conversation WHERE last_at > 0 {own} ORDER BY last_at DESC LIMIT ?1"
            ),
            "c.last_at DESC, c.id DESC",
        ),
        View::Search(text) => {
            let text = text.trim();
            if text.is_empty() {
                return Ok(Vec::new());
            }
            let n = args.len();
            args.push(format!("%{}%", plain(&text.to_lowercase())).into());
            args.push(format!("%{}", plain(text)).into());
            args.push(text.into());
            args.push(text.to_uppercase().into());
            let tail = if text.chars().count() >= 4 {
                format!("OR order_no LIKE ?{} ESCAPE '!'", n + 2)
            } else {
                format!("OR order_no = ?{} OR ?{} = ''", n + 3, n + 2)
            };
            (
                format!(
                    "SELECT id FROM conversation WHERE (LOWER(customer) LIKE ?{} ESCAPE '!' {tail} \
                       OR external = ?{} OR id IN (SELECT conversation FROM cases WHERE number = ?{})) {own} \
                     ORDER BY last_at DESC LIMIT ?1",
                    n + 1,
                    n + 3,
                    n + 4
                ),
                "c.last_at DESC, c.id DESC",
            )
        }
    };
    let human = "FROM message m WHERE m.conversation = c.id AND m.speaker IN ('human', 'bot_assist') \
                 ORDER BY m.at DESC, m.id DESC LIMIT 1";
    let last = "FROM message m WHERE m.conversation = c.id ORDER BY m.at DESC, m.id DESC LIMIT 1";
    let sql = format!(
        "SELECT c.id, c.shop, c.platform, c.external, c.customer, c.order_no, c.lowered, c.facts, c.decided, \
           c.waiting_since, c.last_at, c.queued_at, c.queue_reason, c.owner, c.owner_act, c.owner_at, a.source, \
           (SELECT m.sender {human}) AS human, (SELECT m.at {human}) AS human_at, \
           (SELECT m.speaker {last}) AS speaker, (SELECT m.kind {last}) AS kind, (SELECT m.text {last}) AS text \
         FROM conversation c JOIN account a ON a.id = c.account WHERE c.id IN ({chosen}) ORDER BY {order}"
    );
    tx.rows(&sql, &args)?.iter().map(listed).collect()
}

/// When something was said last in some shops (`None`: in all).
pub fn newest(tx: &mut dyn Tx, shops: Option<&[ShopId]>) -> Result<Option<i64>, Error> {
    let mut args: Vec<Value> = Vec::new();
    let mut own = String::new();
    if let Some(shops) = shops {
        if shops.is_empty() {
            return Ok(None);
        }
        let shops = padded(&distinct(shops.iter().map(ShopId::as_str)));
        own = format!("AND shop IN ({})", marks(1, shops.len()));
        args.extend(shops.into_iter().map(Value::from));
    }
    let row = tx.first(
        &format!(
            "SELECT last_at FROM conversation WHERE last_at > 0 {own} ORDER BY last_at DESC LIMIT 1"
        ),
        &args,
    )?;
    row.map_or(Ok(None), |row| row.opt_int("last_at"))
}

/// For `LIKE … ESCAPE '!'`: what somebody types means itself.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = matches!(c, '%' | '_' | '!').then_some('!');
            escape.into_iter().chain([c])
        })
        .collect()
}

fn listed(row: &Row) -> Result<Listed, Error> {
    let queued = match row.opt_time("queued_at")? {
        Some(at) => Some((row.word("queue_reason", HandoffReason::parse)?, at)),
        None => None,
    };
    let last = match row.opt_text("speaker")? {
        Some(_) => Some((
            row.word("speaker", Speaker::parse)?,
            row.word("kind", ContentKind::parse)?,
            row.string("text")?,
        )),
        None => None,
    };
    Ok(Listed {
        id: row.int("id")?,
        shop: row.text("shop")?.into(),
        platform: messages::platform(row)?,
        source: row.string("source")?,
        external: row.string("external")?,
        customer: row.opt_string("customer")?,
        order: row.opt_string("order_no")?,
        lowered: messages::mode(row, "lowered")?,
        decided: row.int("decided")? >= row.int("facts")?,
        waiting_since: row.opt_time("waiting_since")?,
        queued,
        ownership: ownership::ownership(row)?,
        human: match row.opt_time("human_at")? {
            Some(at) => Some((row.opt_string("human")?, at)),
            None => None,
        },
        last,
        last_at: row.time("last_at")?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[test]
    fn what_is_typed_means_itself() {
        assert_eq!(super::plain("100%_!"), "100!%!_!!");
    }
}
