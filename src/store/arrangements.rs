//! What people arrange by hand for a while, a row for each shop: lunches, absences, swaps, closures.
//!
//! The row is changed in the transaction that raises the shop's epoch and writes the event down, with the shop
//! locked: two who ask at once are answered one after the other, so that the second is refused when somebody
//! must stay.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx, shops,
    staff_event::{Done, What, Who, note},
    switches,
};
use crate::{
    desk::alarm::{EndingLunch, SOON},
    knowledge::{
        ShopId,
        arrangement::{Arranged, Arrangement},
    },
};

/// An arrangement of one shop, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// Its shop.
    pub shop: ShopId,
    /// What was arranged, and for how long.
    pub arrangement: Arrangement,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: DateTime<Utc>,
}

/// An arrangement that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub what: Arranged,
    /// From when; `None`: from now on.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// What holds in every shop, or which shops refused, and why: then nothing was changed.
pub type Agreed<R> = Result<Vec<Kept>, Vec<(ShopId, R)>>;

/// Whether a shop lets it happen, beside what stands there already.
pub type May<'a, R> = &'a dyn Fn(&ShopId, &[Arrangement]) -> Result<(), R>;

/// Arranges something in every one of these shops, or in none: then it is said which refused, and why. What is
/// arranged there already stays as it is and is returned.
pub fn arrange<R>(
    tx: &mut dyn Tx,
    who: &Who,
    of: &[ShopId],
    wanted: &Wanted,
    may: May<'_, R>,
    now: DateTime<Utc>,
) -> Result<Agreed<R>, Error> {
    shops::lock(tx, of)?;
    let begins = wanted.from.unwrap_or(now);
    let mut kept = Vec::new();
    let mut missing = Vec::new();
    for shop in super::work::distinct(of.iter().cloned()) {
        match same(tx, &shop, wanted, now)? {
            Some(known) => kept.push(known),
            None => missing.push(shop),
        }
    }
    let refused = refusals(tx, &missing, may, now, None)?;
    if !refused.is_empty() {
        return Ok(Err(refused));
    }
    let (what, agent) = parts(&wanted.what);
    for shop in &missing {
        let row = tx.first(
            "INSERT INTO arrangement (shop, what, agent, begins, ends, reason, made_by, made_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
            &[
                shop.as_str().into(),
                what.into(),
                agent.into(),
                begins.into(),
                wanted.until.into(),
                (&wanted.reason).into(),
                (&who.name).into(),
                now.into(),
            ],
        )?;
        let id = row
            .ok_or_else(|| Error::Refused("an arrangement was not kept".into()))?
            .int("id")?;
        let new = Kept {
            id,
            shop: shop.clone(),
            arrangement: Arrangement {
                what: wanted.what.clone(),
                from: begins,
                until: wanted.until,
                reason: wanted.reason.clone(),
            },
            made_by: who.name.clone(),
            made_at: now,
        };
        let done = Done {
            what: What::Arrangement,
            shop: Some(shop),
            conversation: None,
            subject: Some(id),
            reason: &wanted.reason,
            before: Json::Null,
            after: told(&new.arrangement),
        };
        note(tx, who, &done, now)?;
        kept.push(new);
    }
    shops::raise(tx, Some(&missing), wanted.until)?;
    kept.sort_by(|a, b| a.shop.cmp(&b.shop));
    Ok(Ok(kept))
}

/// Moves the end of arrangements, all or none. Those that have ended already are left alone. `may` is asked about
/// what is prolonged.
pub fn move_end<R>(
    tx: &mut dyn Tx,
    who: &Who,
    ids: &[i64],
    until: DateTime<Utc>,
    reason: &str,
    may: May<'_, R>,
    now: DateTime<Utc>,
) -> Result<Agreed<R>, Error> {
    let mut of = Vec::new();
    for id in ids {
        of.extend(one(tx, *id)?.map(|known| known.shop));
    }
    shops::lock(tx, &of)?;
    let mut moved = Vec::new();
    for id in ids {
        // Read again: it may have been changed before the lock was ours.
        let Some(known) = one(tx, *id)? else { continue };
        let arrangement = &known.arrangement;
        if arrangement.until <= now || arrangement.until == until {
            continue;
        }
        if until > arrangement.until {
            let shop = std::slice::from_ref(&known.shop);
            let refused = refusals(tx, shop, may, now, Some(arrangement))?;
            if !refused.is_empty() {
                return Ok(Err(refused));
            }
        }
        moved.push(known);
    }
    for known in &mut moved {
        let before = told(&known.arrangement);
        known.arrangement.until = until;
        tx.run(
            "UPDATE arrangement SET ends = ?2 WHERE id = ?1",
            &[known.id.into(), until.into()],
        )?;
        let done = Done {
            what: What::Arrangement,
            shop: Some(&known.shop),
            conversation: None,
            subject: Some(known.id),
            reason,
            before,
            after: told(&known.arrangement),
        };
        note(tx, who, &done, now)?;
    }
    let changed: Vec<ShopId> = moved.iter().map(|known| known.shop.clone()).collect();
    shops::raise(tx, Some(&changed), until)?;
    Ok(Ok(moved))
}

/// Ends arrangements now; one that has not begun never does. Those that have ended already are left alone.
pub fn end(
    tx: &mut dyn Tx,
    who: &Who,
    ids: &[i64],
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Kept>, Error> {
    let never: May<'_, ()> = &|_, _| Ok(());
    Ok(move_end(tx, who, ids, now, reason, never, now)?.unwrap_or_default())
}

/// An arrangement by its number.
pub fn one(tx: &mut dyn Tx, id: i64) -> Result<Option<Kept>, Error> {
    let row = tx.first(&format!("{SELECT} WHERE id = ?1"), &[id.into()])?;
    row.as_ref().map(kept).transpose()
}

/// The lunches of an agent that have not ended.
pub fn lunches(tx: &mut dyn Tx, agent: &str, now: DateTime<Utc>) -> Result<Vec<Kept>, Error> {
    tx.rows(
        &format!("{SELECT} WHERE agent = ?1 AND ends > ?2 AND what = 'lunch' ORDER BY id"),
        &[agent.into(), now.into()],
    )?
    .iter()
    .map(kept)
    .collect()
}

/// The lunches that are being taken and end within [`SOON`], one for each agent.
pub(super) fn ending(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Vec<EndingLunch>, Error> {
    let mut lunches: Vec<EndingLunch> = Vec::new();
    // By shop: what ended long ago is not looked at.
    for row in tx.rows(
        "SELECT k.agent, k.shop, k.begins, k.ends FROM shop s CROSS JOIN arrangement k \
         WHERE s.standing_until > ?1 AND k.shop = s.id AND k.ends > ?1 AND k.ends <= ?2 AND k.begins <= ?1 \
           AND k.what = 'lunch' ORDER BY k.agent, k.ends, k.shop",
        &[now.into(), (now + SOON).into()],
    )? {
        let agent = row.string("agent")?;
        let shop = ShopId::from(row.text("shop")?);
        match lunches.last_mut().filter(|known| known.agent == agent) {
            Some(known) => known.shops.push(shop),
            None => lunches.push(EndingLunch {
                agent,
                shops: vec![shop],
                from: row.time("begins")?,
                until: row.time("ends")?,
            }),
        }
    }
    Ok(lunches)
}

/// What is arranged for a shop and has not ended, in the order it was made.
pub fn standing(tx: &mut dyn Tx, shop: &ShopId, now: DateTime<Utc>) -> Result<Vec<Kept>, Error> {
    tx.rows(
        &format!("{SELECT} WHERE shop = ?1 AND ends > ?2 ORDER BY id"),
        &[shop.as_str().into(), now.into()],
    )?
    .iter()
    .map(kept)
    .collect()
}

const SELECT: &str =
    "SELECT id, shop, what, agent, begins, ends, reason, made_by, made_at FROM arrangement";

/// Which of these shops refuse. `beside`: what is being prolonged there, which is not counted.
fn refusals<R>(
    tx: &mut dyn Tx,
    of: &[ShopId],
    may: May<'_, R>,
    now: DateTime<Utc>,
    beside: Option<&Arrangement>,
) -> Result<Vec<(ShopId, R)>, Error> {
    let mut standing = switches::standing(tx, of, now)?;
    let mut refused = Vec::new();
    for shop in of {
        let mut there = standing.remove(shop).unwrap_or_default().arrangements;
        there.retain(|arrangement| Some(arrangement) != beside);
        if let Err(reason) = may(shop, &there) {
            refused.push((shop.clone(), reason));
        }
    }
    Ok(refused)
}

/// The same, asked for before: who did not hear the answer asks again.
fn same(
    tx: &mut dyn Tx,
    shop: &ShopId,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<Kept>, Error> {
    let known = standing(tx, shop, now)?;
    Ok(known.into_iter().find(|known| {
        let arrangement = &known.arrangement;
        arrangement.what == wanted.what
            && arrangement.until == wanted.until
            && match wanted.from {
                Some(from) => arrangement.from == from,
                None => arrangement.from <= now && now - arrangement.from < REPEATED,
            }
    }))
}

/// Somebody who asks again for something from now on within this time means what he asked for before.
pub(super) const REPEATED: Duration = Duration::minutes(5);

fn kept(row: &Row) -> Result<Kept, Error> {
    Ok(Kept {
        id: row.int("id")?,
        shop: row.text("shop")?.into(),
        arrangement: arrangement(row, "reason")?,
        made_by: row.string("made_by")?,
        made_at: row.time("made_at")?,
    })
}

/// A stored arrangement.
pub(super) fn arrangement(row: &Row, reason: &str) -> Result<Arrangement, Error> {
    let agent = || row.string("agent");
    let what = match row.text("what")? {
        "lunch" => Arranged::Lunch { agent: agent()? },
        "absent" => Arranged::Absent { agent: agent()? },
        "on_duty" => Arranged::OnDuty { agent: agent()? },
        "closed" => Arranged::Closed,
        "staffed" => Arranged::Staffed,
        _ => return Err(row.broken("what")),
    };
    Ok(Arrangement {
        what,
        from: row.time("begins")?,
        until: row.time("ends")?,
        reason: row.string(reason)?,
    })
}

fn parts(what: &Arranged) -> (&'static str, Option<&str>) {
    match what {
        Arranged::Lunch { agent } => ("lunch", Some(agent)),
        Arranged::Absent { agent } => ("absent", Some(agent)),
        Arranged::OnDuty { agent } => ("on_duty", Some(agent)),
        Arranged::Closed => ("closed", None),
        Arranged::Staffed => ("staffed", None),
    }
}

/// An arrangement, as an event tells it.
fn told(arrangement: &Arrangement) -> Json {
    let (what, agent) = parts(&arrangement.what);
    json!({
        "what": what,
        "agent": agent,
        "from": arrangement.from,
        "until": arrangement.until,
        "reason": arrangement.reason,
    })
}
