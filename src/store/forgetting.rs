//! What is forgotten, and taken out of the store.

use chrono::{DateTime, Utc};

use super::{Error, Tx};
use crate::desk::alarm::NOTIFY;

/// Takes out at most `limit` alarms that were over before a moment, with their causes and with who was told, and as
/// many messages of that time that told of none that is left. Returns how many of both; as many as asked for, and
/// there may be more.
pub fn alarms(tx: &mut dyn Tx, before: DateTime<Utc>, limit: usize) -> Result<u64, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let over = tx.rows(
        "SELECT id FROM alarm WHERE closed_at < ?1 ORDER BY closed_at, id LIMIT ?2",
        &[before.into(), limit.into()],
    )?;
    for row in &over {
        let id = row.text("id")?;
        for sql in [
            "DELETE FROM alarm_cause WHERE alarm = ?1",
            "DELETE FROM alarm_told WHERE alarm = ?1",
            "DELETE FROM alarm WHERE id = ?1",
        ] {
            tx.run(sql, &[id.into()])?;
        }
    }
    // What was said of an alarm that is still open stays, and so does what has not left.
    let words = tx.run(
        "DELETE FROM outbox WHERE n IN (\
           SELECT o.n FROM account a JOIN conversation c ON c.account = a.id JOIN outbox o ON o.conversation = c.id \
           WHERE a.source LIKE ?3 AND o.kind = 'alarm' AND o.state NOT IN ('waiting', 'claimed') AND o.created_at < ?1 \
             AND NOT EXISTS (SELECT 1 FROM alarm_told t WHERE t.outbox = o.n) \
           ORDER BY o.n LIMIT ?2)",
        &[before.into(), limit.into(), format!("{NOTIFY}%").into()],
    )?;
    Ok(words.max(over.len() as u64))
}
