//! What there is to decide, and when there will be more.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::{Error, Row, Tx, Value, messages};
use crate::{
    desk::{Message, facts::TAIL},
    knowledge::{Platform, ShopId},
};

/// A conversation to decide about, leased to whoever took it.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The conversation.
    pub conversation: i64,
    /// The door it came through.
    pub source: String,
    /// Its shop.
    pub shop: ShopId,
    /// Where the shop sells.
    pub platform: Platform,
    /// The conversation's count of facts.
    pub facts: i64,
    /// The shop's epoch.
    pub epoch: i64,
    /// The order the customer looks at, as the platform tells it.
    pub order: Option<String>,
    /// Nobody waits for what was said until then: a human ended the conversation.
    pub ended: Option<DateTime<Utc>>,
    /// The latest messages, oldest first.
    pub messages: Vec<Message>,
}

/// A customer who has waited longer than this is decided on again when he speaks, not when his shop changes:
/// what a change costs is bounded by the day, not by the history. In milliseconds.
const RECENT: i64 = 24 * 60 * 60 * 1000;
/// Nobody is at work on it.
const FREE: &str = "(c.lease_until IS NULL OR c.lease_until <= ?1)";

/// Takes at most `limit` conversations for `lease_ms`: first those with undecided facts, oldest first; then
/// those whose time to reconsider has come.
pub fn take(
    tx: &mut dyn Tx,
    now: DateTime<Utc>,
    lease_ms: i64,
    limit: usize,
) -> Result<Vec<Work>, Error> {
    let passes = [
        format!("FROM conversation c WHERE c.decided < c.facts AND {FREE} ORDER BY c.last_at"),
        format!(
            "FROM conversation c WHERE c.wake_at <= ?1 AND c.decided >= c.facts AND {FREE} ORDER BY c.wake_at"
        ),
    ];
    let taken = lease_all(tx, &passes, now, lease_ms, limit)?;
    work(tx, &taken)
}

/// Takes at most `limit` conversations for `lease_ms` whose shop has changed since they were decided: first those
/// whose reply waits, which cannot leave on an old epoch; then those in which a customer waits, whose suggestions
/// are those of yesterday's folder.
pub fn take_outdated(
    tx: &mut dyn Tx,
    now: DateTime<Utc>,
    lease_ms: i64,
    limit: usize,
) -> Result<Vec<Work>, Error> {
    let passes = [
        format!(
            "FROM outbox o JOIN conversation c ON c.id = o.conversation JOIN shop s ON s.id = c.shop \
             WHERE o.state IN ('waiting', 'claimed') AND o.state = 'waiting' AND o.kind = 'reply' AND c.epoch < s.epoch \
             AND c.decided >= c.facts AND (c.wake_at IS NULL OR c.wake_at > ?1) AND {FREE} ORDER BY o.next_at"
        ),
        // CROSS JOIN tells SQLite to go by shop and epoch and not by everybody who waits.
        format!(
            "FROM shop s CROSS JOIN conversation c WHERE c.shop = s.id AND c.epoch < s.epoch \
             AND c.waiting_since > CAST(?1 AS BIGINT) - {RECENT} AND c.decided >= c.facts \
             AND (c.wake_at IS NULL OR c.wake_at > ?1) AND {FREE}"
        ),
    ];
    let taken = lease_all(tx, &passes, now, lease_ms, limit)?;
    work(tx, &taken)
}

/// Leases what each query chooses, until there are `limit`.
fn lease_all(
    tx: &mut dyn Tx,
    passes: &[String],
    now: DateTime<Utc>,
    lease_ms: i64,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    let mut taken = Vec::new();
    for chosen in passes {
        if taken.len() < limit {
            let room = limit - taken.len();
            taken.extend(lease(tx, chosen, now, lease_ms, room)?);
        }
    }
    Ok(taken)
}

/// Leases the conversations that a query beginning at its `FROM` chooses.
fn lease(
    tx: &mut dyn Tx,
    chosen: &str,
    now: DateTime<Utc>,
    lease_ms: i64,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    let dialect = tx.dialect();
    let lock = dialect.lock("FOR UPDATE OF c SKIP LOCKED");
    let chosen = dialect.one_of("id", &format!("SELECT c.id {chosen} LIMIT ?2 {lock}"));
    let until = now.timestamp_millis() + lease_ms;
    let mut rows = tx.rows(
        &format!(
            "UPDATE conversation SET lease_until = ?3 WHERE {chosen} \
             RETURNING id, shop, platform, facts, order_no, last_at, \
               CASE WHEN owner_act = 'end' THEN owner_at END AS ended, \
               (SELECT epoch FROM shop WHERE shop.id = conversation.shop) AS epoch, \
               (SELECT source FROM account WHERE account.id = conversation.account) AS source"
        ),
        &[
            now.into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
            until.into(),
        ],
    )?;
    rows.sort_by_key(|row| (row.int("last_at").ok(), row.int("id").ok()));
    Ok(rows)
}

/// Leased conversations with what was said in them.
fn work(tx: &mut dyn Tx, taken: &[Row]) -> Result<Vec<Work>, Error> {
    let ids = taken
        .iter()
        .map(|row| row.int("id"))
        .collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut tails = tails(tx, &ids)?;
    taken
        .iter()
        .map(|row| {
            let conversation = row.int("id")?;
            Ok(Work {
                conversation,
                source: row.string("source")?,
                shop: row.text("shop")?.into(),
                platform: messages::platform(row)?,
                facts: row.int("facts")?,
                epoch: row.int("epoch")?,
                order: row.opt_string("order_no")?,
                ended: row.opt_time("ended")?,
                messages: tails.remove(&conversation).unwrap_or_default(),
            })
        })
        .collect()
}

/// Ends the leases of conversations that were taken and not decided, because their facts moved on: they are
/// taken again at once.
pub fn give_back(tx: &mut dyn Tx, conversations: &[i64]) -> Result<(), Error> {
    for conversation in conversations {
        tx.run(
            "UPDATE conversation SET lease_until = NULL WHERE id = ?1",
            &[(*conversation).into()],
        )?;
    }
    Ok(())
}

/// Ends every lease of a node that is known to be gone, so that its work is taken up at once.
pub fn release(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<(), Error> {
    tx.run(
        "UPDATE conversation SET lease_until = NULL WHERE lease_until > ?1",
        &[now.into()],
    )?;
    tx.run(
        "UPDATE outbox SET next_at = ?1 WHERE state = 'claimed' AND next_at > ?1",
        &[now.into()],
    )?;
    Ok(())
}

/// How many conversations have facts nobody has decided about.
pub fn undecided(tx: &mut dyn Tx) -> Result<i64, Error> {
    let row = tx.first(
        "SELECT COUNT(*) AS n FROM conversation WHERE decided < facts",
        &[],
    )?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// The next moment after `now` at which time alone brings work: a conversation wakes, a lease ends, a reply
/// may leave.
pub fn next_due(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    let row = tx.first(
        "SELECT MIN(at) AS at FROM (\
           SELECT MIN(wake_at) AS at FROM conversation WHERE wake_at > ?1 UNION ALL \
           SELECT MIN(lease_until) AS at FROM conversation WHERE decided < facts AND lease_until > ?1 UNION ALL \
           SELECT MIN(next_at) AS at FROM outbox WHERE state IN ('waiting', 'claimed') AND next_at > ?1\
         ) AS due",
        &[now.into()],
    )?;
    row.map_or(Ok(None), |row| row.opt_time("at"))
}

/// The latest messages of each conversation, oldest first, at most [`TAIL`] each.
pub(super) fn tails(
    tx: &mut dyn Tx,
    conversations: &[i64],
) -> Result<HashMap<i64, Vec<Message>>, Error> {
    let mut tails: HashMap<i64, Vec<Message>> = HashMap::new();
    for ids in conversations.chunks(64) {
        // One short walk down the index for each; a padded list asks for conversation 0, which is nobody.
        let mut ids = ids.to_vec();
        ids.resize(ids.len().next_power_of_two(), 0);
        let parts: Vec<String> = (1..=ids.len())
            .map(|n| {
                format!(
                    "SELECT * FROM (SELECT id, conversation, speaker, sender, kind, text, at, received_at, history \
                     FROM message WHERE conversation = ?{n} ORDER BY at DESC, id DESC LIMIT {TAIL}) AS m{n}"
                )
            })
            .collect();
        let args: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
        for row in tx.rows(&parts.join(" UNION ALL "), &args)? {
            tails
                .entry(row.int("conversation")?)
                .or_default()
                .push(messages::message(&row)?);
        }
    }
    for tail in tails.values_mut() {
        tail.sort_by_key(|message| (message.at, message.id));
    }
    Ok(tails)
}

/// Since when the customer waits, from what is stored: his first line after the last answer he could read, and
/// after a human said that the conversation has ended.
pub(super) fn waiting_since(
    tx: &mut dyn Tx,
    conversation: i64,
) -> Result<Option<DateTime<Utc>>, Error> {
    let answer = tx.first(
        "SELECT id, at FROM message WHERE conversation = ?1 AND speaker IN ('human', 'bot_assist', 'bot_auto') \
         ORDER BY at DESC, id DESC LIMIT 1",
        &[conversation.into()],
    )?;
    let (at, id) = match answer {
        Some(row) => (row.int("at")?, row.int("id")?),
        None => (i64::MIN, 0),
    };
    let first = tx.first(
        "SELECT MIN(at) AS at FROM message WHERE conversation = ?1 AND speaker = 'customer' \
         AND (at > ?2 OR (at = ?2 AND id > ?3)) \
         AND at > COALESCE((SELECT owner_at FROM conversation WHERE id = ?1 AND owner_act = 'end'), -1)",
        &[conversation.into(), at.into(), id.into()],
    )?;
    first.map_or(Ok(None), |row| row.opt_time("at"))
}

/// The values of `keys`, each once, in order.
pub(super) fn distinct<T: Ord + Clone>(keys: impl IntoIterator<Item = T>) -> Vec<T> {
    keys.into_iter()
        .map(|key| (key, ()))
        .collect::<BTreeMap<_, _>>()
        .into_keys()
        .collect()
}
