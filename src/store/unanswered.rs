//! Customers who wait, with all that is known of why.

use chrono::{DateTime, Duration, Utc};

use super::{Error, Row, Tx, messages, ownership::ownership};
use crate::{
    desk::alarm::{Delivery, Human, Waiting},
    knowledge::ShopId,
};

/// Whoever has waited longer than this is no alarm any more: what is looked at is bounded by the day.
pub const LOOK_BACK: Duration = Duration::hours(24);
/// How many waiting customers are looked at in a round, the longest waiting first.
pub const MOST: usize = 2_000;

/// Those who wait, the longest waiting first; one more than [`MOST`] says that there are more.
pub(super) fn waiting(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Vec<Waiting>, Error> {
    let human = |what: &str| {
        format!(
            "(SELECT m.{what} FROM message m WHERE m.conversation = c.id AND m.speaker IN ('human', 'bot_assist') \
             ORDER BY m.at DESC, m.id DESC LIMIT 1)"
        )
    };
    let sql = format!(
        "SELECT c.id, c.external, c.shop, c.platform, a.source, a.name, c.waiting_since AS since, c.facts, c.decided, c.owner, c.owner_act, c.owner_at, \
           (SELECT d.because FROM decision d WHERE d.conversation = c.id AND d.facts = c.decided ORDER BY d.turn DESC LIMIT 1) AS because, \
           {} AS human_at, {} AS human, r.state, r.attempts, r.not_before AS due \
         FROM conversation c JOIN account a ON a.id = c.account \
         LEFT JOIN outbox r ON r.n = (SELECT MAX(o.n) FROM outbox o WHERE o.conversation = c.id AND o.kind = 'reply' \
           AND o.created_at >= c.waiting_since) \
         WHERE c.waiting_since > ?1 AND c.waiting_since <= ?2 ORDER BY c.waiting_since, c.id LIMIT ?3",
        human("at"),
        human("sender"),
    );
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    tx.rows(&sql, &[(now - LOOK_BACK).into(), now.into(), limit.into()])?
        .iter()
        .map(|row| {
            let because = match row.opt_text("because")? {
                Some(_) => Some(row.json("because")?),
                None => None,
            };
            let human = match row.opt_time("human_at")? {
                Some(at) => Some(Human {
                    name: row.opt_string("human")?,
                    at,
                }),
                None => None,
            };
            let delivery = match row.opt_text("state")? {
                Some("waiting" | "claimed") => Some(Delivery::Waits {
                    attempts: row.int("attempts")?,
                    due: row.time("due")?,
                }),
                Some("failed") => Some(Delivery::Failed),
                Some("uncertain") => Some(Delivery::Uncertain),
                Some("expired") => Some(Delivery::Expired),
                Some("withdrawn") => Some(Delivery::Withdrawn),
                _ => None,
            };
            Ok(Waiting {
                decided: row.int("decided")? >= row.int("facts")?,
                because,
                human,
                ownership: ownership(row)?,
                delivery,
                ..someone(row)?
            })
        })
        .collect()
}

/// Those whose automatic reply may or may not have arrived, and who have heard nothing else since.
pub(super) fn doubted(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Vec<Waiting>, Error> {
    tx.rows(
        "SELECT c.id, c.external, c.shop, c.platform, a.source, a.name, o.settled_at AS since \
         FROM outbox o JOIN conversation c ON c.id = o.conversation JOIN account a ON a.id = c.account \
         WHERE o.state = 'uncertain' AND o.kind = 'reply' AND o.settled_at > ?1 AND o.seen_facts = c.facts \
         ORDER BY o.n DESC LIMIT 200",
        &[(now - LOOK_BACK).into()],
    )?
    .iter()
    .map(|row| {
        Ok(Waiting {
            delivery: Some(Delivery::Uncertain),
            ..someone(row)?
        })
    })
    .collect()
}

fn someone(row: &Row) -> Result<Waiting, Error> {
    Ok(Waiting {
        conversation: row.int("id")?,
        external: row.string("external")?,
        shop: ShopId::from(row.text("shop")?),
        platform: messages::platform(row)?,
        source: row.string("source")?,
        account: row.string("name")?,
        since: row.time("since")?,
        decided: true,
        because: None,
        human: None,
        ownership: None,
        delivery: None,
    })
}
