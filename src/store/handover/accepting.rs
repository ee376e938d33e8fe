//! What becomes of a sheet's items: words, acceptance, refusal, leaving, a supervisor's word. Every act is one row of
//! the journal, before and after.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{Kept, one};
use crate::{
    desk::{
        OwnerAct,
        handover::{Item, ItemState, NotHis, Section, may_accept},
    },
    knowledge::ShopId,
    store::{
        Error, Tx, ownership,
        staff_event::{Done, What, Who, note},
    },
};

/// Which items of a sheet are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All that may be.
    All,
    /// These, by their keys.
    These(Vec<String>),
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// These items have changed; none when it was so before.
    Done(Vec<String>),
    /// There is no such sheet.
    NoSheet,
    /// The sheet has no such item.
    NoItem(String),
    /// Somebody has the item already: who.
    Taken(String, String),
    /// He hands it over himself.
    Leaver,
}

/// Says something about a sheet, about an item of it, or, without a sheet, about the shop's next one.
pub fn say(
    tx: &mut dyn Tx,
    who: &Who,
    shop: &ShopId,
    sheet: Option<i64>,
    key: Option<&str>,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Came, Error> {
    if let Some(sheet) = sheet {
        if one(tx, sheet)?.is_none() {
            return Ok(Came::NoSheet);
        }
        if let Some(key) = key {
            let found = tx.first(
                "SELECT n FROM handover_item WHERE handover = ?1 AND key = ?2",
                &[sheet.into(), key.into()],
            )?;
            if found.is_none() {
                return Ok(Came::NoItem(key.to_owned()));
            }
        }
    }
    tx.run(
        "INSERT INTO handover_word (shop, handover, key, who, at, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            shop.as_str().into(),
            sheet.into(),
            key.into(),
            (&who.name).into(),
            now.into(),
            text.into(),
        ],
    )?;
    let after = json!({"act": "words", "item": key, "text": text});
    journal(tx, who, shop, sheet, "", (Json::Null, after), now)?;
    Ok(Came::Done(key.map(str::to_owned).into_iter().collect()))
}

/// Somebody accepts items: from now on they are his, and so are the conversations among them in which a customer
/// waits. What somebody has already stays with him.
pub fn accept(
    tx: &mut dyn Tx,
    who: &Who,
    sheet: i64,
    which: &Which,
    now: DateTime<Utc>,
) -> Result<Came, Error> {
    let Some(kept) = lock(tx, sheet)? else {
        return Ok(Came::NoSheet);
    };
    if may_accept(&kept.span, &who.name) == Err(NotHis::Leaver) {
        return Ok(Came::Leaver);
    }
    let items = match chosen(tx, sheet, which)? {
        Ok(items) => items,
        Err(came) => return Ok(came),
    };
    let waits = items
        .into_iter()
        .filter(|held| held.state.waits())
        .collect();
    let became = Became {
        act: "accepted",
        state: ItemState::Accepted,
        by: &who.name,
        reason: "",
        from: None,
    };
    became.write(tx, who, &kept, waits, now).map(Came::Done)
}

/// Somebody will not have items, and says why. They still wait for somebody who will.
pub fn refuse(
    tx: &mut dyn Tx,
    who: &Who,
    sheet: i64,
    which: &Which,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Came, Error> {
    let Some(kept) = lock(tx, sheet)? else {
        return Ok(Came::NoSheet);
    };
    let items = match chosen(tx, sheet, which)? {
        Ok(items) => items,
        Err(came) => return Ok(came),
    };
    if let Which::These(_) = which
        && let Some(taken) = items.iter().find(|held| !held.state.waits())
    {
        let by = taken.by.clone().unwrap_or_default();
        return Ok(Came::Taken(taken.item.key.clone(), by));
    }
    let his = |held: &Held| held.state == ItemState::Refused && held.by.as_ref() == Some(&who.name);
    let open = items
        .into_iter()
        .filter(|held| held.state.waits() && !his(held))
        .collect();
    let became = Became {
        act: "refused",
        state: ItemState::Refused,
        by: &who.name,
        reason,
        from: None,
    };
    became.write(tx, who, &kept, open, now).map(Came::Done)
}

/// A supervisor gives what waits to somebody, and what `from` had accepted; in one act.
pub fn force(
    tx: &mut dyn Tx,
    who: &Who,
    sheet: i64,
    which: &Which,
    (from, to): (Option<&str>, &str),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Came, Error> {
    let Some(kept) = lock(tx, sheet)? else {
        return Ok(Came::NoSheet);
    };
    let items = match chosen(tx, sheet, which)? {
        Ok(items) => items,
        Err(came) => return Ok(came),
    };
    let moves = |held: &Held| {
        let has = matches!(held.state, ItemState::Accepted | ItemState::Forced);
        held.state.waits() || has && from.is_some() && held.by.as_deref() == from
    };
    let items = items.into_iter().filter(moves).collect();
    let became = Became {
        act: "forced",
        state: ItemState::Forced,
        by: to,
        reason,
        from,
    };
    became.write(tx, who, &kept, items, now).map(Came::Done)
}

/// Somebody who hands over leaves. What waits then is written down with him; `Done` names it. Saying it again
/// changes nothing.
pub fn leave(
    tx: &mut dyn Tx,
    who: &Who,
    agent: &str,
    sheet: i64,
    now: DateTime<Utc>,
) -> Result<Came, Error> {
    let Some(kept) = lock(tx, sheet)? else {
        return Ok(Came::NoSheet);
    };
    let waits = waiting(tx, sheet)?;
    if !kept.gone.iter().any(|gone| gone == agent) {
        gone(tx, who, &kept, &[agent], &waits, now)?;
    }
    Ok(Came::Done(waits))
}

/// Writes down that people have left, and what waited then.
pub(super) fn gone(
    tx: &mut dyn Tx,
    who: &Who,
    kept: &Kept,
    agents: &[&str],
    waits: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut all = kept.gone.clone();
    all.extend(agents.iter().map(|agent| (*agent).to_owned()));
    tx.run(
        "UPDATE handover SET gone = ?2 WHERE id = ?1",
        &[kept.id.into(), super::text_of(&all)?.into()],
    )?;
    for agent in agents {
        let before = json!({"gone": kept.gone});
        let after = json!({"act": "left", "agent": agent, "unaccepted": waits});
        journal(tx, who, &kept.shop, Some(kept.id), "", (before, after), now)?;
    }
    Ok(())
}

/// An item and who has it.
pub(super) struct Held {
    item: Item,
    pub(super) state: ItemState,
    by: Option<String>,
}

/// A sheet, locked.
pub(super) fn lock(tx: &mut dyn Tx, sheet: i64) -> Result<Option<Kept>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE");
    if !lock.is_empty() {
        let sql = format!("SELECT id FROM handover WHERE id = ?1 {lock}");
        tx.first(&sql, &[sheet.into()])?;
    }
    one(tx, sheet)
}

/// The items that are meant, in the order of the sheet.
pub(super) fn chosen(
    tx: &mut dyn Tx,
    sheet: i64,
    which: &Which,
) -> Result<Result<Vec<Held>, Came>, Error> {
    let mut items = Vec::new();
    for row in tx.rows(
        "SELECT n, item, state, by_whom FROM handover_item WHERE handover = ?1 ORDER BY n",
        &[sheet.into()],
    )? {
        items.push(Held {
            item: row.json("item")?,
            state: row.word("state", ItemState::parse)?,
            by: row.opt_string("by_whom")?,
        });
    }
    if let Which::These(keys) = which {
        let known: BTreeSet<&str> = items.iter().map(|held| held.item.key.as_str()).collect();
        if let Some(stranger) = keys.iter().find(|key| !known.contains(key.as_str())) {
            return Ok(Err(Came::NoItem(stranger.clone())));
        }
        items.retain(|held| keys.contains(&held.item.key));
    }
    Ok(Ok(items))
}

/// The keys of the items that wait, in the order of the sheet.
pub(super) fn waiting(tx: &mut dyn Tx, sheet: i64) -> Result<Vec<String>, Error> {
    tx.rows(
        "SELECT n, key FROM handover_item WHERE handover = ?1 AND state IN ('open', 'refused') ORDER BY n",
        &[sheet.into()],
    )?
    .iter()
    .map(|row| row.string("key"))
    .collect()
}

/// What items become.
pub(super) struct Became<'a> {
    pub(super) act: &'static str,
    pub(super) state: ItemState,
    pub(super) by: &'a str,
    pub(super) reason: &'a str,
    pub(super) from: Option<&'a str>,
}

impl Became<'_> {
    /// Writes it down: the items, whose conversations they are, the journal. Returns their keys.
    pub(super) fn write(
        &self,
        tx: &mut dyn Tx,
        who: &Who,
        kept: &Kept,
        items: Vec<Held>,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, Error> {
        let mut before: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for held in &items {
            before
                .entry(held.state.code())
                .or_default()
                .push(&held.item.key);
            tx.run(
                "UPDATE handover_item SET state = ?3, by_whom = ?4, at = ?5, reason = ?6 WHERE handover = ?1 AND key = ?2",
                &[
                    kept.id.into(),
                    (&held.item.key).into(),
                    self.state.code().into(),
                    self.by.into(),
                    now.into(),
                    self.reason.into(),
                ],
            )?;
        }
        let keys: Vec<String> = items.iter().map(|held| held.item.key.clone()).collect();
        if !keys.is_empty() {
            let after = json!({
                "act": self.act, "state": self.state, "by": self.by, "items": keys,
                "from": self.from, "leavers": kept.span.leavers,
            });
            let before = json!({"items": before});
            journal(
                tx,
                who,
                &kept.shop,
                Some(kept.id),
                self.reason,
                (before, after),
                now,
            )?;
        }
        let people = who.name != Who::bot().name;
        if people && matches!(self.state, ItemState::Accepted | ItemState::Forced) {
            self.take(tx, who, kept, &items, now)?;
        }
        if waiting(tx, kept.id)?.is_empty() {
            tx.run(
                "UPDATE handover SET state = 'settled' WHERE id = ?1 AND state = 'open'",
                &[kept.id.into()],
            )?;
        }
        Ok(keys)
    }

    /// The conversations among the items in which a customer still waits are his now.
    fn take(
        &self,
        tx: &mut dyn Tx,
        who: &Who,
        kept: &Kept,
        items: &[Held],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut conversations: Vec<i64> = items
            .iter()
            .filter(|held| matches!(held.item.section, Section::Unanswered | Section::Nobody))
            .filter_map(|held| held.item.conversation)
            .collect();
        conversations.sort_unstable();
        for conversation in conversations {
            let known = ownership::conversation(tx, conversation)?;
            if known.is_some_and(|known| known.waiting_since.is_some()) {
                let reason = format!("交接单 {}", kept.id);
                ownership::give(tx, who, self.by, conversation, OwnerAct::Take, &reason, now)?;
            }
        }
        Ok(())
    }
}

pub(super) fn journal(
    tx: &mut dyn Tx,
    who: &Who,
    shop: &ShopId,
    sheet: Option<i64>,
    reason: &str,
    (before, after): (Json, Json),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = Done {
        what: What::Handover,
        shop: Some(shop),
        conversation: None,
        subject: sheet,
        reason,
        before,
        after,
    };
    note(tx, who, &done, now)
}
