//! What becomes of a sheet's items without anybody's word: done meanwhile, not accepted in time, overtaken by the next
//! sheet.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::accepting::{Became, Came, Which, chosen, gone, journal, lock, waiting};
use crate::{
    desk::handover::{ItemState, LATE},
    knowledge::ShopId,
    store::{
        Error, Tx, Value,
        staff_event::Who,
        tx::{marks, padded},
    },
};

/// Notes that something on a sheet was not accepted in time, once, and with it that those who handed it over have left
/// without acceptance. Whether it was the first to.
pub fn overdue(tx: &mut dyn Tx, sheet: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    let Some(kept) = lock(tx, sheet)? else {
        return Ok(false);
    };
    let waits = waiting(tx, sheet)?;
    let late = kept.span.until + LATE <= now;
    if kept.overdue_at.is_some() || kept.settled || waits.is_empty() || !late {
        return Ok(false);
    }
    tx.run(
        "UPDATE handover SET overdue_at = ?2 WHERE id = ?1",
        &[sheet.into(), now.into()],
    )?;
    let bot = Who::bot();
    let after = json!({"act": "overdue", "unaccepted": waits, "takers": kept.span.takers});
    journal(
        tx,
        &bot,
        &kept.shop,
        Some(sheet),
        "",
        (Json::Null, after),
        now,
    )?;
    let leavers = kept.span.leavers.iter().map(String::as_str);
    let silent: Vec<&str> = leavers
        .filter(|agent| !kept.gone.iter().any(|gone| gone == agent))
        .collect();
    gone(tx, &bot, &kept, &silent, &waits, now)?;
    Ok(true)
}

/// The sheets on which something may have to be noted: open ones.
pub fn open(tx: &mut dyn Tx) -> Result<Vec<i64>, Error> {
    tx.rows(
        "SELECT id FROM handover WHERE state = 'open' ORDER BY at, id",
        &[],
    )?
    .iter()
    .map(|row| row.int("id"))
    .collect()
}

/// Of a sheet's items that wait, those of which what they are about is done: by whoever did it.
pub fn done_since(tx: &mut dyn Tx, sheet: i64) -> Result<Vec<String>, Error> {
    let waits = waiting(tx, sheet)?;
    let named = |kind: &str| -> Vec<String> {
        let names = waits.iter().filter_map(|key| key.strip_prefix(kind));
        names.map(str::to_owned).collect()
    };
    let numbers = |kind: &str| -> Vec<i64> {
        named(kind)
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect()
    };
    let mut stands = BTreeSet::new();
    for (kind, sql) in [
        (
            "conversation:",
            "SELECT id FROM conversation WHERE waiting_since IS NOT NULL AND id IN",
        ),
        (
            "note:",
            "SELECT id FROM order_note WHERE seen_at IS NULL AND id IN",
        ),
        (
            "promise:",
            "SELECT id FROM promise WHERE state = 'open' AND id IN",
        ),
    ] {
        for ids in numbers(kind).chunks(64) {
            let ids = padded(ids);
            let args: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
            for row in tx.rows(&format!("{sql} ({})", marks(1, ids.len())), &args)? {
                stands.insert(format!("{kind}{}", row.int("id")?));
            }
        }
    }
    for numbers in named("case:").chunks(64) {
        let numbers = padded(numbers);
        let args: Vec<Value> = numbers.iter().map(Value::from).collect();
        let sql = format!(
            "SELECT id, number FROM cases WHERE state <> 'closed' AND number IN ({})",
            marks(1, numbers.len())
        );
        for row in tx.rows(&sql, &args)? {
            stands.insert(format!("case:{}", row.text("number")?));
        }
    }
    let ends = |key: &String| {
        let kind = key.split_once(':').map_or("", |(kind, _)| kind);
        matches!(kind, "conversation" | "note" | "case" | "promise")
    };
    Ok(waits
        .into_iter()
        .filter(|key| ends(key) && !stands.contains(key))
        .collect())
}

/// Notes that what these items are about is done, so that nobody need accept them any more.
pub fn finish(
    tx: &mut dyn Tx,
    sheet: i64,
    keys: &[String],
    now: DateTime<Utc>,
) -> Result<Came, Error> {
    let Some(kept) = lock(tx, sheet)? else {
        return Ok(Came::NoSheet);
    };
    let items = match chosen(tx, sheet, &Which::These(keys.to_vec()))? {
        Ok(items) => items,
        Err(came) => return Ok(came),
    };
    let items = items
        .into_iter()
        .filter(|held| held.state.waits())
        .collect();
    let bot = Who::bot();
    let became = Became {
        act: "done",
        state: ItemState::Done,
        by: &bot.name,
        reason: "",
        from: None,
    };
    became.write(tx, &bot, &kept, items, now).map(Came::Done)
}

/// The next sheet of a shop comes: what nobody has accepted of the ones before it has lapsed.
pub(super) fn lapse(tx: &mut dyn Tx, shop: &ShopId, now: DateTime<Utc>) -> Result<(), Error> {
    let bot = Who::bot();
    let became = Became {
        act: "lapsed",
        state: ItemState::Lapsed,
        by: &bot.name,
        reason: "",
        from: None,
    };
    let open = tx.rows(
        "SELECT id FROM handover WHERE state = 'open' AND shop = ?1 ORDER BY id",
        &[shop.as_str().into()],
    )?;
    for row in open {
        let Some(kept) = lock(tx, row.int("id")?)? else {
            continue;
        };
        if let Ok(mut items) = chosen(tx, kept.id, &Which::All)? {
            items.retain(|held| held.state.waits());
            became.write(tx, &bot, &kept, items, now)?;
        }
    }
    Ok(())
}
