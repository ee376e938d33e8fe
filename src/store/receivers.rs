//! What is known of receivers: whether they hear, and how much they bear.

use chrono::{DateTime, Utc};

use super::{
    Error, Tx,
    outbox::{Claim, Claimed, claim},
    tx::json,
};
use crate::desk::alarm::pace::Pace;

/// Notes whether a source's receiver took a delivery.
pub fn heard(tx: &mut dyn Tx, source: &str, well: bool, now: DateTime<Utc>) -> Result<(), Error> {
    if well {
        tx.run(
            "UPDATE receiver SET failures = 0 WHERE source = ?1 AND failures > 0",
            &[source.into()],
        )?;
        return Ok(());
    }
    tx.run(
        "INSERT INTO receiver (source, failures, since) VALUES (?1, 1, ?2) ON CONFLICT (source) DO UPDATE SET \
           since = CASE WHEN receiver.failures = 0 THEN ?2 ELSE receiver.since END, failures = receiver.failures + 1",
        &[source.into(), now.into()],
    )?;
    Ok(())
}

/// Claims the next row for a receiver that knows no ids and bears only so many messages; nothing while it has had
/// enough. Whichever node asks, the limit is the receiver's.
pub fn claim_paced(
    tx: &mut dyn Tx,
    source: &str,
    pace: Pace,
    now: DateTime<Utc>,
    lease_ms: i64,
) -> Result<Vec<Claimed>, Error> {
    tx.run(
        "INSERT INTO receiver_pace (source, sent) VALUES (?1, '[]') ON CONFLICT (source) DO NOTHING",
        &[source.into()],
    )?;
    let lock = tx.dialect().lock("FOR UPDATE");
    let sql = format!("SELECT sent FROM receiver_pace WHERE source = ?1 {lock}");
    let sent: Vec<i64> = match tx.first(&sql, &[source.into()])? {
        Some(row) => row.json("sent")?,
        None => Vec::new(),
    };
    let sent: Vec<DateTime<Utc>> = sent
        .into_iter()
        .filter_map(DateTime::from_timestamp_millis)
        .collect();
    if pace.next(&sent, now) > now {
        return Ok(Vec::new());
    }
    let claimed = claim(tx, Claim::Once { source }, now, lease_ms, 1)?;
    if !claimed.is_empty() {
        let sent: Vec<i64> = pace
            .with(sent, now)
            .iter()
            .map(DateTime::timestamp_millis)
            .collect();
        tx.run(
            "UPDATE receiver_pace SET sent = ?2 WHERE source = ?1",
            &[source.into(), json(&sent)?.into()],
        )?;
    }
    Ok(claimed)
}
