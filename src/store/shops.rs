//! Shops and their switches. Everything switchable raises the shop's epoch, so that no reply decided before
//! leaves after.

use super::{Error, Tx, messages};
use crate::knowledge::{Mode, ShopId};

/// A shop's switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// Raised by everything that is switched or published.
    pub epoch: i64,
    /// The switched mode; `None` leaves it to the knowledge.
    pub mode: Option<Mode>,
    /// The kill switch.
    pub stopped: bool,
}

/// Makes sure that each shop has a row.
pub fn ensure(tx: &mut dyn Tx, shops: &[ShopId]) -> Result<(), Error> {
    // In order, so that two nodes that start together do not wait for each other in a circle.
    for shop in super::work::distinct(shops) {
        tx.run(
            "INSERT INTO shop (id, epoch, mode, stopped) VALUES (?1, 1, NULL, 0) ON CONFLICT (id) DO NOTHING",
            &[shop.as_str().into()],
        )?;
    }
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

/// Turns a shop's kill switch. Whether that changed anything.
pub fn switch_stopped(tx: &mut dyn Tx, shop: &ShopId, stopped: bool) -> Result<bool, Error> {
    let changed = tx.run(
        "UPDATE shop SET stopped = ?2, epoch = epoch + 1 WHERE id = ?1 AND stopped <> ?2",
        &[shop.as_str().into(), stopped.into()],
    )?;
    Ok(changed > 0)
}
