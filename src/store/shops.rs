//! Shops and their switches. Everything switchable raises the shop's epoch, so that no reply decided before
//! leaves after.

use chrono::{DateTime, Utc};

use super::{
    Error, Tx, Value, messages,
    tx::{marks, padded},
    work::distinct,
};
use crate::knowledge::{Mode, ShopId};

/// A shop's switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// Raised by everything that is switched or published.
    pub epoch: i64,
    /// The switched mode; `None` leaves it to the knowledge.
    pub mode: Option<Mode>,
    /// The kill switch, its own or that of all shops.
    pub stopped: bool,
}

/// What `shop.stopped` adds up from: the shop's own kill switch.
pub(super) const HERE: i64 = 1;
/// And that of all shops.
pub(super) const EVERYWHERE: i64 = 2;

/// Makes sure that each shop has a row. One that comes while everything is stopped is stopped too, and knows what
/// is announced everywhere.
pub fn ensure(tx: &mut dyn Tx, shops: &[ShopId]) -> Result<(), Error> {
    // In order, so that two nodes that start together do not wait for each other in a circle.
    for shop in distinct(shops.iter().cloned()) {
        let known = tx.first("SELECT id FROM shop WHERE id = ?1", &[shop.as_str().into()])?;
        if known.is_some() {
            continue;
        }
        let stopped = stopped_everywhere(tx, false)?;
        tx.run(
            "INSERT INTO shop (id, epoch, mode, stopped, standing_until) \
             SELECT ?1, 1, NULL, CAST(?2 AS BIGINT), MAX(ends) FROM announcement WHERE everywhere = 1 ON CONFLICT (id) DO NOTHING",
            &[shop.as_str().into(), stopped.into()],
        )?;
    }
    Ok(())
}

/// What holds for all shops as `shop.stopped` keeps it, 0 or [`EVERYWHERE`]; locked, so that no shop comes, and
/// nothing is switched for all, in between.
pub(super) fn stopped_everywhere(tx: &mut dyn Tx, to_change: bool) -> Result<i64, Error> {
    let lock = tx
        .dialect()
        .lock(if to_change { "FOR UPDATE" } else { "FOR SHARE" });
    let row = tx.first(
        &format!(
            "SELECT CAST(value AS BIGINT) AS value FROM setting WHERE name = 'stopped' {lock}"
        ),
        &[],
    )?;
    row.map_or(Ok(0), |row| row.int("value"))
}

/// Locks shops, which are made if they are new. In order, so that nobody waits in a circle.
pub(super) fn lock(tx: &mut dyn Tx, shops: &[ShopId]) -> Result<(), Error> {
    ensure(tx, shops)?;
    let lock = tx.dialect().lock("FOR UPDATE");
    for shop in distinct(shops.iter().cloned()) {
        if !lock.is_empty() {
            let sql = format!("SELECT id FROM shop WHERE id = ?1 {lock}");
            tx.first(&sql, &[shop.as_str().into()])?;
        }
    }
    Ok(())
}

/// Something else stands for these shops, at most until then: what was decided before does not leave any more.
pub(super) fn raise(
    tx: &mut dyn Tx,
    shops: Option<&[ShopId]>,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    let mut args: Vec<Value> = vec![until.into()];
    let which = match shops {
        None => String::new(),
        Some([]) => return Ok(()),
        Some(shops) => {
            let shops = padded(&distinct(shops.iter().map(ShopId::as_str)));
            args.extend(shops.iter().map(|shop| Value::from(*shop)));
            format!("WHERE id IN ({})", marks(2, shops.len()))
        }
    };
    let sql = format!(
        "UPDATE shop SET epoch = epoch + 1, \
           standing_until = CASE WHEN standing_until > ?1 THEN standing_until ELSE ?1 END {which}"
    );
    tx.run(&sql, &args)?;
    Ok(())
}

/// A shop's switches; `None` when it is not known.
pub fn switches(tx: &mut dyn Tx, shop: &ShopId) -> Result<Option<Switches>, Error> {
    let row = tx.first(
        "SELECT id, epoch, mode, stopped FROM shop WHERE id = ?1",
        &[shop.as_str().into()],
    )?;
    row.map(|row| {
        Ok(Switches {
            epoch: row.int("epoch")?,
            mode: messages::mode(&row, "mode")?,
            stopped: row.yes("stopped")?,
        })
    })
    .transpose()
}

/// Switches a shop's mode; `None` leaves it to the knowledge again. Whether that changed anything.
pub fn switch_mode(tx: &mut dyn Tx, shop: &ShopId, mode: Option<Mode>) -> Result<bool, Error> {
    let changed = tx.run(
        "UPDATE shop SET mode = ?2, epoch = epoch + 1 WHERE id = ?1 AND COALESCE(mode, '') <> COALESCE(?2, '')",
        &[shop.as_str().into(), mode.map(Mode::code).into()],
    )?;
    Ok(changed > 0)
}

/// Turns a shop's own kill switch. Whether that changed anything.
pub fn switch_stopped(tx: &mut dyn Tx, shop: &ShopId, stopped: bool) -> Result<bool, Error> {
    turn(tx, shop, HERE, if stopped { HERE } else { 0 })
}

/// Turns one of the kill switches that `shop.stopped` holds.
pub(super) fn turn(tx: &mut dyn Tx, shop: &ShopId, which: i64, to: i64) -> Result<bool, Error> {
    let changed = tx.run(
        "UPDATE shop SET stopped = stopped - (stopped & ?2) + ?3, epoch = epoch + 1 \
         WHERE id = ?1 AND (stopped & ?2) <> ?3",
        &[shop.as_str().into(), which.into(), to.into()],
    )?;
    Ok(changed > 0)
}
