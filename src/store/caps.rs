//! How many automatic replies may leave, counted in the transaction that claims them.
//!
//! What may not leave yet waits until it may, and its conversation waits for a human: nothing is lost silently.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::{Error, Row, Tx, queue};
use crate::desk::HandoffReason;

/// A customer's replies are counted over this time.
const HOUR: Duration = Duration::hours(1);

/// What a row about to leave is counted by: `lately` and `oldest` are of its conversation, ?1 is now.
pub(super) const COUNTED: &str = "\
    (SELECT COUNT(*) FROM outbox x WHERE x.conversation = o.conversation AND x.kind = 'reply' \
       AND x.claimed_at > CAST(?1 AS BIGINT) - 3600000 AND x.state IN ('claimed', 'sent', 'uncertain')) AS lately, \
    (SELECT MIN(x.claimed_at) FROM outbox x WHERE x.conversation = o.conversation AND x.kind = 'reply' \
       AND x.claimed_at > CAST(?1 AS BIGINT) - 3600000 AND x.state IN ('claimed', 'sent', 'uncertain')) AS oldest";

/// Those of the replies that may leave for the first time now, in their order. The others are held, each with its
/// reason.
pub(super) fn within<'r>(
    tx: &mut dyn Tx,
    rows: Vec<&'r Row>,
    now: DateTime<Utc>,
) -> Result<Vec<&'r Row>, Error> {
    let mut of_shop: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        let cap = row.opt_int("cap_customer")?.unwrap_or(i64::MAX);
        if row.int("lately")? < cap {
            of_shop.entry(row.text("shop")?).or_default().push(row);
        } else {
            let free = row.opt_time("oldest")?.unwrap_or(now) + HOUR;
            hold(
                tx,
                row,
                free,
                "held: so many replies to this customer within an hour",
                now,
            )?;
        }
    }
    let mut free = Vec::new();
    // In order, so that two couriers do not wait for each other in a circle.
    for (shop, rows) in of_shop {
        let granted = grant(tx, shop, &rows, now)?;
        for (at, row) in rows.into_iter().enumerate() {
            if at < granted {
                free.push(row.int("n")?);
            } else {
                let next = minute(now).saturating_add(1).saturating_mul(60);
                let next = DateTime::from_timestamp(next, 0).unwrap_or(now);
                hold(
                    tx,
                    row,
                    next,
                    "held: so many replies of this shop within a minute",
                    now,
                )?;
            }
        }
    }
    let mut leaving = Vec::new();
    for row in rows {
        if free.contains(&row.int("n")?) {
            leaving.push(row);
        }
    }
    Ok(leaving)
}

/// How many of the rows the shop's minute has room for; they count from now on.
fn grant(tx: &mut dyn Tx, shop: &str, rows: &[&Row], now: DateTime<Utc>) -> Result<usize, Error> {
    let wanted = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let mut cap = i64::MAX;
    for row in rows {
        cap = cap.min(row.opt_int("cap_shop")?.unwrap_or(i64::MAX));
    }
    if cap == i64::MAX {
        return Ok(rows.len());
    }
    let counted = tx.first(
        "INSERT INTO pace (shop, minute, n) VALUES (?1, ?2, ?3) ON CONFLICT (shop) DO UPDATE SET \
           n = CASE WHEN pace.minute = excluded.minute THEN pace.n + excluded.n ELSE excluded.n END, \
           minute = excluded.minute RETURNING n",
        &[shop.into(), minute(now).into(), wanted.into()],
    )?;
    let over = match counted {
        Some(row) => (row.int("n")? - cap).clamp(0, wanted),
        None => 0,
    };
    if over > 0 {
        tx.run(
            "UPDATE pace SET n = n - ?2 WHERE shop = ?1",
            &[shop.into(), over.into()],
        )?;
    }
    Ok(usize::try_from(wanted - over).unwrap_or(0))
}

fn minute(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(60)
}

/// Lets a row wait until it may leave, at the longest as long as it is good for, and fetches a human.
fn hold(
    tx: &mut dyn Tx,
    row: &Row,
    free: DateTime<Utc>,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let until = row.opt_time("not_after")?.map_or(free, |at| free.min(at));
    tx.run(
        "UPDATE outbox SET next_at = ?2, error = ?3 WHERE n = ?1",
        &[row.int("n")?.into(), until.into(), why.into()],
    )?;
    queue::enter(tx, row.int("conversation")?, HandoffReason::Capped, now)
}
