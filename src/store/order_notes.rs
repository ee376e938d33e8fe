//! Notes on orders: written once, seen by the order-checker, and a case of their own when nobody saw them in time.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx, Value, casework,
    staff_event::{Done, What, Who, note},
    tx::{marks, padded},
};
use crate::{
    desk::{
        case::{Form, ORDER},
        handover::NoteLine,
        notes::{Channel, Flag, Missed, MissedCase, shown},
    },
    knowledge::{CaseKindId, ShopId},
};

/// The field of a case that names who should have seen to it.
const RESPONSIBLE: &str = "责任人";

/// A note as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// Its shop.
    pub shop: ShopId,
    /// What it says, about what.
    pub note: New,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub written_at: DateTime<Utc>,
    /// By when it must have been seen.
    pub cutoff: DateTime<Utc>,
    /// When it was seen.
    pub seen_at: Option<DateTime<Utc>>,
    /// By whom.
    pub seen_by: Option<String>,
    /// When it was found that nobody had seen it in time.
    pub missed_at: Option<DateTime<Utc>>,
    /// The number of the case it became then.
    pub missed_case: Option<String>,
}

/// A note that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// The order.
    pub order: String,
    /// Whose note it is.
    pub channel: Channel,
    /// The order's flag, when it gets one.
    pub flag: Option<Flag>,
    /// What it says.
    pub text: String,
    /// The kind of the case that forced it.
    pub kind: Option<CaseKindId>,
    /// The conversation it came from.
    pub conversation: Option<i64>,
}

/// Writes a note. The same, asked for again while nobody has seen it, is the same note.
pub fn write(
    tx: &mut dyn Tx,
    who: &Who,
    shop: &ShopId,
    new: &New,
    cutoff: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Kept, Error> {
    let known = tx.rows(
        &format!("{SELECT} WHERE shop = ?1 AND order_no = ?2 AND seen_at IS NULL ORDER BY id"),
        &[shop.as_str().into(), (&new.order).into()],
    )?;
    for row in &known {
        let known = kept(row)?;
        if known.note == *new && known.author == who.name && known.missed_at.is_none() {
            return Ok(known);
        }
    }
    let row = tx.first(
        "INSERT INTO order_note (shop, order_no, channel, flag, text, kind, conversation, author, written_at, cutoff) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id",
        &[
            shop.as_str().into(),
            (&new.order).into(),
            new.channel.code().into(),
            new.flag.map(Flag::code).into(),
            (&new.text).into(),
            new.kind.as_ref().map(CaseKindId::as_str).into(),
            new.conversation.into(),
            (&who.name).into(),
            now.into(),
            cutoff.into(),
        ],
    )?;
    let id = row
        .ok_or_else(|| Error::Refused("a note was not kept".into()))?
        .int("id")?;
    let kept = Kept {
        id,
        shop: shop.clone(),
        note: new.clone(),
        author: who.name.clone(),
        written_at: now,
        cutoff,
        seen_at: None,
        seen_by: None,
        missed_at: None,
        missed_case: None,
    };
    journal(tx, who, &kept, "written", Json::Null, now)?;
    Ok(kept)
}

/// The order-checker has seen a note. `None` when there is no such note; else how it is now, and whether he was the
/// first.
pub fn see(
    tx: &mut dyn Tx,
    who: &Who,
    id: i64,
    now: DateTime<Utc>,
) -> Result<Option<(Kept, bool)>, Error> {
    let changed = tx.run(
        "UPDATE order_note SET seen_at = ?2, seen_by = ?3 WHERE id = ?1 AND seen_at IS NULL",
        &[id.into(), now.into(), (&who.name).into()],
    )? > 0;
    let Some(kept) = one(tx, id)? else {
        return Ok(None);
    };
    if changed {
        let before = json!({ "seen_by": null });
        journal(tx, who, &kept, "seen", before, now)?;
    }
    Ok(Some((kept, changed)))
}

/// Notes that nobody has seen before their cut-off and that are not noted as missed yet, the oldest cut-off first.
pub fn late(
    tx: &mut dyn Tx,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<(i64, Missed)>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = format!(
        "{SELECT} WHERE cutoff <= ?1 AND seen_at IS NULL AND missed_at IS NULL ORDER BY cutoff, id LIMIT ?2"
    );
    tx.rows(&sql, &[now.into(), limit.into()])?
        .iter()
        .map(|row| {
            let kept = kept(row)?;
            let missed = Missed {
                shop: kept.shop,
                order: kept.note.order,
                channel: kept.note.channel,
                text: kept.note.text,
                kind: kept.note.kind,
                author: kept.author,
                cutoff: kept.cutoff,
            };
            Ok((kept.id, missed))
        })
        .collect()
}

/// Notes that a note was missed, and opens its case: once, whoever asks. The case's number when this was the first.
pub fn miss(
    tx: &mut dyn Tx,
    id: i64,
    case: &MissedCase,
    now: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    let changed = tx.run(
        "UPDATE order_note SET missed_at = ?2 WHERE id = ?1 AND seen_at IS NULL AND missed_at IS NULL",
        &[id.into(), now.into()],
    )?;
    if changed == 0 {
        return Ok(None);
    }
    let Some(kept) = one(tx, id)? else {
        return Ok(None);
    };
    let number = open_case(tx, &kept, case, now)?;
    tx.run(
        "UPDATE order_note SET missed_case = ?2 WHERE id = ?1",
        &[id.into(), (&number).into()],
    )?;
    let kept = Kept {
        missed_case: Some(number.clone()),
        ..kept
    };
    let before = json!({ "missed_at": null });
    journal(tx, &Who::bot(), &kept, "missed", before, now)?;
    Ok(Some(number))
}

/// The case a missed note becomes: a new one, or one more line of the open one about the same order.
fn open_case(
    tx: &mut dyn Tx,
    kept: &Kept,
    case: &MissedCase,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    let mut form = Form::default();
    form.set(ORDER, &kept.note.order);
    // Whom to ask; the counters count for him, until the case says otherwise.
    form.set(RESPONSIBLE, &kept.author);
    let new = casework::New {
        shop: kept.shop.clone(),
        kind: case.kind.id.clone(),
        conversation: kept.note.conversation,
        messages: Vec::new(),
        form,
        note: case.note.clone(),
        draft: false,
        first_due: case.first_due,
        finish_due: case.finish_due,
        month: case.month.clone(),
    };
    let (opened, _) = casework::open_by_itself(tx, &case.kind, &new, now)?;
    Ok(opened.number)
}

/// A note; `None` when it is not known.
pub fn one(tx: &mut dyn Tx, id: i64) -> Result<Option<Kept>, Error> {
    let row = tx.first(&format!("{SELECT} WHERE id = ?1"), &[id.into()])?;
    row.as_ref().map(kept).transpose()
}

/// Whether an order carries a note: what a case that needs one asks before it is done.
pub fn is_noted(tx: &mut dyn Tx, shop: &ShopId, order: &str) -> Result<bool, Error> {
    let row = tx.first(
        "SELECT id FROM order_note WHERE shop = ?1 AND order_no = ?2 LIMIT 1",
        &[shop.as_str().into(), order.into()],
    )?;
    Ok(row.is_some())
}

/// Which notes are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of these shops; `None`: of every shop.
    pub shops: Option<Vec<ShopId>>,
    /// Only those that nobody has seen, the first cut-off first; else newest first.
    pub unseen: bool,
    /// Only of this order.
    pub order: Option<String>,
    /// Older than this note; not with `unseen`.
    pub before: Option<i64>,
}

/// Notes.
pub fn list(tx: &mut dyn Tx, wanted: &Wanted, limit: usize) -> Result<Vec<Kept>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut args: Vec<Value> = vec![limit.into()];
    let mut which: Vec<String> = Vec::new();
    if wanted.unseen {
        which.push("seen_at IS NULL".to_owned());
    }
    if let Some(before) = wanted.before {
        args.push(before.into());
        which.push(format!("id < ?{}", args.len()));
    }
    if let Some(order) = &wanted.order {
        args.push(order.into());
        which.push(format!("order_no = ?{}", args.len()));
    }
    if let Some(shops) = &wanted.shops {
        if shops.is_empty() {
            return Ok(Vec::new());
        }
        let shops = padded(&shops.iter().map(ShopId::as_str).collect::<Vec<_>>());
        which.push(format!("shop IN ({})", marks(args.len() + 1, shops.len())));
        args.extend(shops.into_iter().map(Value::from));
    }
    let which = match which.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", which.join(" AND ")),
    };
    let order = if wanted.unseen {
        "cutoff, id"
    } else {
        "id DESC"
    };
    let sql = format!("{SELECT} {which} ORDER BY {order} LIMIT ?1");
    tx.rows(&sql, &args)?.iter().map(kept).collect()
}

/// The notes of a shop that nobody has seen, as a sheet tells of them.
pub(super) fn unseen(tx: &mut dyn Tx, shop: &ShopId) -> Result<Vec<NoteLine>, Error> {
    let sql = format!("{SELECT} WHERE shop = ?1 AND seen_at IS NULL ORDER BY id");
    tx.rows(&sql, &[shop.as_str().into()])?
        .iter()
        .map(|row| kept(row).map(|kept| line(&kept)))
        .collect()
}

const SELECT: &str = "SELECT id, shop, order_no, channel, flag, text, kind, conversation, author, written_at, cutoff, \
       seen_at, seen_by, missed_at, missed_case FROM order_note";

fn kept(row: &Row) -> Result<Kept, Error> {
    Ok(Kept {
        id: row.int("id")?,
        shop: row.text("shop")?.into(),
        note: New {
            order: row.string("order_no")?,
            channel: row.word("channel", Channel::parse)?,
            flag: match row.opt_text("flag")? {
                Some(_) => Some(row.word("flag", Flag::parse)?),
                None => None,
            },
            text: row.string("text")?,
            kind: row.opt_text("kind")?.map(CaseKindId::from),
            conversation: row.opt_int("conversation")?,
        },
        author: row.string("author")?,
        written_at: row.time("written_at")?,
        cutoff: row.time("cutoff")?,
        seen_at: row.opt_time("seen_at")?,
        seen_by: row.opt_string("seen_by")?,
        missed_at: row.opt_time("missed_at")?,
        missed_case: row.opt_string("missed_case")?,
    })
}

fn line(kept: &Kept) -> NoteLine {
    NoteLine {
        id: kept.id,
        order: kept.note.order.clone(),
        channel: kept.note.channel.name().to_owned(),
        flag: kept.note.flag.map_or("", Flag::name).to_owned(),
        text: shown(kept.note.kind.as_ref(), &kept.note.text),
        author: kept.author.clone(),
        cutoff: kept.cutoff,
        seen: kept.seen_at.is_some(),
        conversation: kept.note.conversation,
    }
}

/// `after` holds the note as a sheet reads it, under `note`.
fn journal(
    tx: &mut dyn Tx,
    who: &Who,
    kept: &Kept,
    act: &str,
    before: Json,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = Done {
        what: What::OrderNote,
        shop: Some(&kept.shop),
        conversation: kept.note.conversation,
        subject: Some(kept.id),
        reason: "",
        before,
        after: json!({
            "act": act,
            "note": line(kept),
            "responsible": kept.author,
            "case": kept.missed_case,
        }),
    };
    note(tx, who, &done, now)
}
