//! Emergency announcements: for one shop, several, or all of them, those that come later too.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx, Value,
    arrangements::REPEATED,
    shops,
    staff_event::{Done, What, Who, note},
    tx,
    work::distinct,
};
use crate::{
    desk::Announcement,
    knowledge::{IntentId, ShopId},
};

/// An announcement that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where; `None`: in all shops.
    pub shops: Option<Vec<ShopId>>,
    /// What the customer reads.
    pub text: String,
    /// From when; `None`: from now on.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Questions it answers instead of their scripts.
    pub silences: Vec<IntentId>,
    /// Why.
    pub reason: String,
}

/// An announcement, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What is announced.
    pub announcement: Announcement,
    /// Where; `None`: in all shops.
    pub shops: Option<Vec<ShopId>>,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: DateTime<Utc>,
}

/// Announces something. The same asked for again is the same.
pub fn announce(
    tx: &mut dyn Tx,
    who: &Who,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Kept, Error> {
    let of = wanted.shops.as_ref().map(|of| distinct(of.iter().cloned()));
    lock(tx, of.as_deref())?;
    let silences = distinct(wanted.silences.iter().cloned());
    for known in standing(tx, None, now)? {
        let announcement = &known.announcement;
        if announcement.text == wanted.text
            && announcement.until == wanted.until
            && announcement.silences == silences
            && known.shops == of
            && match wanted.from {
                Some(from) => announcement.from == from,
                None => announcement.from <= now && now - announcement.from < REPEATED,
            }
        {
            return Ok(known);
        }
    }
    let begins = wanted.from.unwrap_or(now);
    let row = tx.first(
        "INSERT INTO announcement (everywhere, text, silences, begins, ends, reason, made_by, made_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        &[
            of.is_none().into(),
            (&wanted.text).into(),
            tx::json(&silences)?.into(),
            begins.into(),
            wanted.until.into(),
            (&wanted.reason).into(),
            (&who.name).into(),
            now.into(),
        ],
    )?;
    let id = row
        .ok_or_else(|| Error::Refused("an announcement was not kept".into()))?
        .int("id")?;
    for shop in of.iter().flatten() {
        tx.run(
            "INSERT INTO announcement_shop (shop, announcement) VALUES (?1, ?2)",
            &[shop.as_str().into(), id.into()],
        )?;
    }
    shops::raise(tx, of.as_deref(), wanted.until)?;
    let kept = Kept {
        announcement: Announcement {
            id,
            text: wanted.text.clone(),
            from: begins,
            until: wanted.until,
            silences,
        },
        shops: of,
        reason: wanted.reason.clone(),
        made_by: who.name.clone(),
        made_at: now,
    };
    write_down(tx, who, &kept, &wanted.reason, Json::Null, now)?;
    Ok(kept)
}

/// Ends an announcement now; one that has not begun never does. `None`: there is no such announcement.
pub fn end(
    tx: &mut dyn Tx,
    who: &Who,
    id: i64,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Option<Kept>, Error> {
    let Some(known) = one(tx, id)? else {
        return Ok(None);
    };
    lock(tx, known.shops.as_deref())?;
    let Some(mut known) = one(tx, id)? else {
        return Ok(None);
    };
    if known.announcement.until <= now {
        return Ok(Some(known));
    }
    let before = told(&known);
    tx.run(
        "UPDATE announcement SET ends = ?2 WHERE id = ?1",
        &[id.into(), now.into()],
    )?;
    shops::raise(tx, known.shops.as_deref(), now)?;
    known.announcement.until = now;
    write_down(tx, who, &known, reason, before, now)?;
    Ok(Some(known))
}

/// An announcement by its number.
pub fn one(tx: &mut dyn Tx, id: i64) -> Result<Option<Kept>, Error> {
    let rows = tx.rows(&format!("{SELECT} WHERE a.id = ?1"), &[id.into()])?;
    Ok(group(&rows)?.pop())
}

/// The announcements of a shop, or all there are, that have not ended, in the order they were made.
pub fn standing(
    tx: &mut dyn Tx,
    shop: Option<&ShopId>,
    now: DateTime<Utc>,
) -> Result<Vec<Kept>, Error> {
    let args: [Value; 1] = [now.into()];
    let rows = tx.rows(&format!("{SELECT} WHERE a.ends > ?1 ORDER BY a.id"), &args)?;
    let mut all = group(&rows)?;
    if let Some(shop) = shop {
        all.retain(|known| known.shops.as_ref().is_none_or(|of| of.contains(shop)));
    }
    Ok(all)
}

const SELECT: &str = "SELECT a.id, a.everywhere, a.text, a.silences, a.begins, a.ends, a.reason, a.made_by, a.made_at, b.shop \
     FROM announcement a LEFT JOIN announcement_shop b ON b.announcement = a.id";

/// Those it is for are locked, and for all shops the switch of all: so no shop comes in between.
fn lock(tx: &mut dyn Tx, of: Option<&[ShopId]>) -> Result<(), Error> {
    match of {
        Some(of) => shops::lock(tx, of),
        None => {
            shops::stopped_everywhere(tx, true)?;
            let all = super::switches::all_shops(tx)?;
            shops::lock(tx, &all)
        }
    }
}

/// A row for each shop becomes one announcement.
fn group(rows: &[Row]) -> Result<Vec<Kept>, Error> {
    let mut all: Vec<Kept> = Vec::new();
    for row in rows {
        let id = row.int("id")?;
        if all.last().is_none_or(|last| last.announcement.id != id) {
            all.push(Kept {
                announcement: announcement(row, "silences", "text")?,
                shops: (!row.yes("everywhere")?).then(Vec::new),
                reason: row.string("reason")?,
                made_by: row.string("made_by")?,
                made_at: row.time("made_at")?,
            });
        }
        if let (Some(last), Some(shop)) = (all.last_mut(), row.opt_text("shop")?)
            && let Some(of) = &mut last.shops
        {
            of.push(shop.into());
            of.sort();
        }
    }
    Ok(all)
}

/// A stored announcement.
pub(super) fn announcement(row: &Row, silences: &str, text: &str) -> Result<Announcement, Error> {
    Ok(Announcement {
        id: row.int("id")?,
        text: row.string(text)?,
        from: row.time("begins")?,
        until: row.time("ends")?,
        silences: row.json(silences)?,
    })
}

/// An event for each shop, so that each shop's log tells it.
fn write_down(
    tx: &mut dyn Tx,
    who: &Who,
    kept: &Kept,
    reason: &str,
    before: Json,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let after = told(kept);
    let shops: Vec<Option<&ShopId>> = match &kept.shops {
        None => vec![None],
        Some(of) => of.iter().map(Some).collect(),
    };
    for shop in shops {
        let done = Done {
            what: What::Announcement,
            shop,
            conversation: None,
            subject: Some(kept.announcement.id),
            reason,
            before: before.clone(),
            after: after.clone(),
        };
        note(tx, who, &done, now)?;
    }
    Ok(())
}

fn told(kept: &Kept) -> Json {
    json!({
        "text": kept.announcement.text,
        "from": kept.announcement.from,
        "until": kept.announcement.until,
        "silences": kept.announcement.silences,
        "shops": kept.shops,
    })
}
