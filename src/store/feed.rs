//! What tells that something was written, by whichever node.

use super::{Dialect, Error, Tx, staff_event::What};
use crate::knowledge::ShopId;

/// Changes whenever anything was committed to the database, by whoever. `None` where this process is the only one
/// that writes, and knows by itself.
pub fn pulse(tx: &mut dyn Tx) -> Result<Option<String>, Error> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    // The transactions that were running and those that had ended: no two moments with a commit in between have
    // the same. Asking costs no lock, and nobody who writes waits for it, as he would to notify.
    let row = tx.first("SELECT CAST(pg_current_snapshot() AS TEXT) AS pulse", &[])?;
    row.map(|row| row.string("pulse")).transpose()
}

/// The epochs of all shops: raised by everything that is switched, arranged or announced there.
pub fn epochs(tx: &mut dyn Tx) -> Result<Vec<(ShopId, i64)>, Error> {
    tx.rows("SELECT id, epoch FROM shop ORDER BY id", &[])?
        .iter()
        .map(|row| Ok((row.text("id")?.into(), row.int("epoch")?)))
        .collect()
}

/// How many of the latest events tell one moment from the next: numbers are not given in the order of commits.
const LATEST: i64 = 32;

/// The numbers of what people did last, of whatever kind.
pub fn latest(tx: &mut dyn Tx) -> Result<Vec<i64>, Error> {
    let sql = "SELECT id FROM staff_event ORDER BY id DESC LIMIT ?1";
    let rows = tx.rows(sql, &[LATEST.into()])?;
    rows.iter().map(|row| row.int("id")).collect()
}

/// The numbers of what happened to a case last.
pub fn of_case(tx: &mut dyn Tx, id: i64) -> Result<Vec<i64>, Error> {
    let sql =
        "SELECT id FROM staff_event WHERE what = ?1 AND subject = ?2 ORDER BY id DESC LIMIT ?3";
    let rows = tx.rows(sql, &[What::Case.code().into(), id.into(), LATEST.into()])?;
    rows.iter().map(|row| row.int("id")).collect()
}
