//! What people switch: a shop's mode, its kill switch, that of all shops. And what stands for a shop.
//!
//! A mode, the hours and an owner are three facts; none of them is derived from another here. Turning a kill
//! switch waits for whoever is claiming in the shop, so that everything claimed before is known when it is
//! turned, and nothing is claimed after.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::{
    Error, Tx, Value, announcements, arrangements,
    shops::{self, EVERYWHERE, HERE},
    staff_event::{Done, What, Who, note},
    tx::{marks, padded},
    work::distinct,
};
use crate::{
    desk::Standing,
    knowledge::{Mode, ShopId},
};

/// Switches a shop's mode; `None` leaves it to the knowledge again. Whether that changed anything.
pub fn set_mode(
    tx: &mut dyn Tx,
    who: &Who,
    shop: &ShopId,
    mode: Option<Mode>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    shops::lock(tx, std::slice::from_ref(shop))?;
    let before = shops::switches(tx, shop)?.and_then(|switches| switches.mode);
    if !shops::switch_mode(tx, shop, mode)? {
        return Ok(false);
    }
    let done = Done {
        what: What::Mode,
        shop: Some(shop),
        conversation: None,
        subject: None,
        reason,
        before: json!({ "mode": before }),
        after: json!({ "mode": mode }),
    };
    note(tx, who, &done, now)?;
    Ok(true)
}

/// Turns a shop's own kill switch. Whether that changed anything. When this is committed, nothing automatic is
/// claimed in the shop any more.
pub fn kill(
    tx: &mut dyn Tx,
    who: &Who,
    shop: &ShopId,
    stopped: bool,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    shops::ensure(tx, std::slice::from_ref(shop))?;
    if !shops::switch_stopped(tx, shop, stopped)? {
        return Ok(false);
    }
    note(tx, who, &turned(Some(shop), stopped, reason), now)?;
    Ok(true)
}

/// Turns the kill switch of all shops, those that come later too. Whether that changed anything. Each shop must
/// then [`follow`], in a transaction of its own: who waits for one shop at a time never waits in a circle.
pub fn kill_everywhere(
    tx: &mut dyn Tx,
    who: &Who,
    stopped: bool,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let to = if stopped { EVERYWHERE } else { 0 };
    if shops::stopped_everywhere(tx, true)? == to {
        return Ok(false);
    }
    tx.run(
        "UPDATE setting SET value = ?1 WHERE name = 'stopped'",
        &[to.to_string().into()],
    )?;
    note(tx, who, &turned(None, stopped, reason), now)?;
    Ok(true)
}

fn turned<'a>(shop: Option<&'a ShopId>, stopped: bool, reason: &'a str) -> Done<'a> {
    Done {
        what: What::Kill,
        shop,
        conversation: None,
        subject: None,
        reason,
        before: json!({ "stopped": !stopped }),
        after: json!({ "stopped": stopped }),
    }
}

/// Every shop there is, the ones that are no longer in the knowledge too.
pub fn all_shops(tx: &mut dyn Tx) -> Result<Vec<ShopId>, Error> {
    tx.rows("SELECT id FROM shop ORDER BY id", &[])?
        .iter()
        .map(|row| Ok(row.text("id")?.into()))
        .collect()
}

/// Brings a shop in line with the kill switch of all shops, as it is now.
pub fn follow(tx: &mut dyn Tx, shop: &ShopId) -> Result<(), Error> {
    let to = shops::stopped_everywhere(tx, false)?;
    shops::turn(tx, shop, EVERYWHERE, to)?;
    Ok(())
}

/// The switches of a shop, apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turned {
    /// The switched mode; `None` leaves it to the knowledge.
    pub mode: Option<Mode>,
    /// Its own kill switch.
    pub here: bool,
    /// The kill switch of all shops.
    pub everywhere: bool,
}

/// The switches of shops; one that has no row has nothing switched.
pub fn turned_of(tx: &mut dyn Tx, shops: &[ShopId]) -> Result<HashMap<ShopId, Turned>, Error> {
    let mut turned = HashMap::new();
    for (which, args) in chunks(shops) {
        let sql = format!("SELECT id, mode, stopped FROM shop WHERE id IN ({which})");
        for row in tx.rows(&sql, &args)? {
            let stopped = row.int("stopped")?;
            turned.insert(
                row.text("id")?.into(),
                Turned {
                    mode: super::messages::mode(&row, "mode")?,
                    here: stopped & HERE != 0,
                    everywhere: stopped & EVERYWHERE != 0,
                },
            );
        }
    }
    Ok(turned)
}

/// For how long an arrangement that has ended is still told of: clocks that began while it held ran, or stood
/// still, by it; and who was in by it is known to be out. Customers wait no longer than a day, and longer is no
/// alarm any more.
pub const REMEMBERED: Duration = Duration::hours(24);

/// What stands for each of these shops at `now` and later, in the order it was made, and what was arranged and has
/// ended lately ([`REMEMBERED`]).
pub fn standing(
    tx: &mut dyn Tx,
    shops: &[ShopId],
    now: DateTime<Utc>,
) -> Result<HashMap<ShopId, Standing>, Error> {
    let mut standing: HashMap<ShopId, Standing> = shops
        .iter()
        .map(|shop| (shop.clone(), Standing::default()))
        .collect();
    for (which, mut args) in chunks(shops) {
        args.extend([now.into(), (now - REMEMBERED).into()]);
        let since = args.len();
        let now = since - 1;
        // One statement: on Postgres the way there and back is most of what a question costs.
        let sql = format!(
            "SELECT id, 0 AS announced, shop, what, agent, begins, ends, reason AS words FROM arrangement \
             WHERE shop IN ({which}) AND ends > ?{since} AND begins < ends \
             UNION ALL SELECT a.id, 1, b.shop, a.silences, NULL, a.begins, a.ends, a.text \
             FROM announcement_shop b JOIN announcement a ON a.id = b.announcement \
             WHERE b.shop IN ({which}) AND a.ends > ?{now} \
             UNION ALL SELECT id, 1, NULL, silences, NULL, begins, ends, text \
             FROM announcement WHERE everywhere = 1 AND ends > ?{now} \
             ORDER BY id"
        );
        for row in tx.rows(&sql, &args)? {
            let shop = row.opt_text("shop")?.map(ShopId::from);
            if row.yes("announced")? {
                let announcement = announcements::announcement(&row, "what", "words")?;
                match shop {
                    Some(shop) => standing
                        .entry(shop)
                        .or_default()
                        .announcements
                        .push(announcement),
                    None => standing
                        .values_mut()
                        .for_each(|of_shop| of_shop.announcements.push(announcement.clone())),
                }
            } else if let Some(shop) = shop {
                let arrangement = arrangements::arrangement(&row, "words")?;
                standing
                    .entry(shop)
                    .or_default()
                    .arrangements
                    .push(arrangement);
            }
        }
    }
    Ok(standing)
}

/// `IN` lists of shops, and what they are bound to.
fn chunks(shops: &[ShopId]) -> Vec<(String, Vec<Value>)> {
    distinct(shops.iter().map(ShopId::as_str))
        .chunks(64)
        .map(|shops| {
            let shops = padded(shops);
            let args: Vec<Value> = shops.iter().map(|shop| Value::from(*shop)).collect();
            (marks(1, args.len()), args)
        })
        .collect()
}
