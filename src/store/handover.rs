//! Sheets: what one shift hands to the next, written once, and what becomes of each item.
//!
//! A sheet is folded in the desk from the book of the one before it and from what [`log`] reads; here it is kept,
//! so that it can be accepted, and told from what it would be if it were folded again.
//!
//! A sheet is locked before the conversations that it names.

pub mod accepting;
pub mod log;
pub mod overtaken;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::{
    Error, Row, Tx, Value, shops,
    staff_event::{Done, What, Who, note},
    tx::{json as text_of, marks, padded},
};
use crate::{
    desk::handover::{Book, Fate, Item, ItemState, LATE, Sheet, Span, Words, fold},
    knowledge::ShopId,
};

/// A sheet nobody has accepted is no alarm any more after this: the next has come.
const LOOK_BACK: Duration = Duration::hours(24);
/// How many items one statement writes.
const CHUNK: usize = 100;

/// A sheet without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// Its shop.
    pub shop: ShopId,
    /// What it covers.
    pub span: Span,
    /// Everything on it has somebody, or was overtaken by the next sheet.
    pub settled: bool,
    /// When it was written down.
    pub written_at: DateTime<Utc>,
    /// Since when it has been noted that something on it was not accepted in time.
    pub overdue_at: Option<DateTime<Utc>>,
    /// Of those who hand over, who has said that he leaves, or was found to have left.
    pub gone: Vec<String>,
    /// How many items it has.
    pub items: i64,
    /// How many of them wait for somebody.
    pub waiting: i64,
}

/// Where the sheets of a shop have come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// The latest sheet.
    pub id: i64,
    /// The moment it was written for.
    pub at: DateTime<Utc>,
    /// The next sheet tells again what this one told once: the bot took it, or nobody has read it.
    pub carries: bool,
}

/// A sheet that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Its shop.
    pub shop: ShopId,
    /// The sheet it was folded over.
    pub previous: i64,
    /// What it covers.
    pub span: Span,
    /// What stands open.
    pub book: Book,
}

/// The latest sheet of a shop; `None` before its first.
pub fn last(tx: &mut dyn Tx, shop: &ShopId) -> Result<Option<Last>, Error> {
    let row = tx.first(
        "SELECT h.id, h.at, h.told, \
           (SELECT COUNT(*) FROM handover_item i WHERE i.handover = h.id AND i.state IN ('open', 'refused') \
            AND (i.key LIKE 'said:%' OR i.key LIKE 'script:%')) AS unread \
         FROM handover h WHERE h.shop = ?1 ORDER BY h.at DESC LIMIT 1",
        &[shop.as_str().into()],
    )?;
    row.map(|row| {
        Ok(Last {
            id: row.int("id")?,
            at: row.time("at")?,
            carries: !row.yes("told")? || row.int("unread")? > 0,
        })
    })
    .transpose()
}

/// Begins the sheets of a shop with what stands open now. Whether it was the first to.
pub fn begin(
    tx: &mut dyn Tx,
    shop: &ShopId,
    span: &Span,
    book: &Book,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    shops::lock(tx, std::slice::from_ref(shop))?;
    if last(tx, shop)?.is_some() {
        return Ok(false);
    }
    insert(tx, shop, None, "base", span, book, 0, now)?;
    Ok(true)
}

/// The book at a moment: that of the sheet before it, and what has happened since. `None` when the shop had no sheet
/// before. `span` is made of the sheet's moment, and of whether it carries.
pub fn book_at(
    tx: &mut dyn Tx,
    shop: &ShopId,
    until: DateTime<Utc>,
    span: &dyn Fn(&Last) -> Span,
) -> Result<Option<(i64, Span, Book)>, Error> {
    let row = tx.first(
        "SELECT id, at, book FROM handover WHERE shop = ?1 AND at <= ?2 ORDER BY at DESC LIMIT 1",
        &[shop.as_str().into(), until.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let (id, at) = (row.int("id")?, row.time("at")?);
    let known = last(tx, shop)?.filter(|last| last.id == id);
    let span = span(&known.unwrap_or(Last {
        id,
        at,
        carries: false,
    }));
    let before: Book = row.json("book")?;
    let events = log::events(tx, shop, at, until)?;
    Ok(Some((id, span.clone(), fold(&before, &span, &events))))
}

/// Writes a sheet down, once: `None` when another was written for the shop meanwhile. What the one before it left
/// open has lapsed. What goes to the bot, the bot takes at once.
pub fn write(
    tx: &mut dyn Tx,
    who: &Who,
    new: &New,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    // Whoever else writes the next sheet waits here.
    accepting::lock(tx, new.previous)?;
    let before = last(tx, &new.shop)?;
    if before.is_none_or(|last| last.id != new.previous || last.at >= new.span.until) {
        return Ok(None);
    }
    if new.span.of.is_none() {
        overtaken::lapse(tx, &new.shop, now)?;
    }
    let (items, unnamed) = new.span.items(&new.book);
    let unnamed = i64::try_from(unnamed).unwrap_or(i64::MAX);
    let waits = items.iter().any(|(_, fate)| fate.state.waits());
    let state = if waits { "open" } else { "settled" };
    let previous = Some(new.previous);
    let id = insert(
        tx, &new.shop, previous, state, &new.span, &new.book, unnamed, now,
    )?;
    for (chunk, first) in items.chunks(CHUNK).zip((0_i64..).step_by(CHUNK)) {
        let mut args: Vec<Value> = vec![id.into()];
        let mut rows = Vec::new();
        for ((item, fate), n) in chunk.iter().zip(first..) {
            rows.push(format!("(?1,{},'')", marks(args.len() + 1, 6)));
            args.extend([
                n.into(),
                (&item.key).into(),
                text_of(item)?.into(),
                fate.state.code().into(),
                fate.by.as_deref().into(),
                fate.at.into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO handover_item (handover, n, key, item, state, by_whom, at, reason) VALUES {}",
            rows.join(",")
        );
        tx.run(&sql, &args)?;
    }
    tx.run(
        "UPDATE handover_word SET handover = ?2 WHERE shop = ?1 AND handover IS NULL",
        &[new.shop.as_str().into(), id.into()],
    )?;
    let done = Done {
        what: What::Handover,
        shop: Some(&new.shop),
        conversation: None,
        subject: Some(id),
        reason,
        before: serde_json::Value::Null,
        after: json!({"act": "written", "span": new.span, "items": items.len()}),
    };
    note(tx, who, &done, now)?;
    if !new.span.to_people && waits {
        accepting::accept(tx, &Who::bot(), id, &accepting::Which::All, now)?;
    }
    Ok(Some(id))
}

#[allow(clippy::too_many_arguments)]
fn insert(
    tx: &mut dyn Tx,
    shop: &ShopId,
    previous: Option<i64>,
    state: &str,
    span: &Span,
    book: &Book,
    unnamed: i64,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let row = tx.first(
        "INSERT INTO handover (shop, at, previous, state, shift, span, book, unnamed, told, written_at, gone) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '[]') RETURNING id",
        &[
            shop.as_str().into(),
            span.until.into(),
            previous.into(),
            state.into(),
            (&span.shift).into(),
            text_of(span)?.into(),
            text_of(book)?.into(),
            unnamed.into(),
            (state != "base" && span.to_people && span.of.is_none()).into(),
            now.into(),
        ],
    )?;
    row.map_or_else(
        || Err(Error::Refused("a sheet was not kept".into())),
        |row| row.int("id"),
    )
}

/// The book of a sheet as it was written.
pub fn book(tx: &mut dyn Tx, id: i64) -> Result<Option<Book>, Error> {
    let row = tx.first("SELECT book FROM handover WHERE id = ?1", &[id.into()])?;
    row.map(|row| row.json("book")).transpose()
}

/// The book of a sheet, folded again from the first sheet of its shop and all that happened since.
pub fn regenerate(tx: &mut dyn Tx, id: i64) -> Result<Option<Book>, Error> {
    let Some(kept) = one(tx, id)? else {
        return Ok(None);
    };
    let sheets = tx.rows(
        "SELECT id, state, at, span, book FROM handover WHERE shop = ?1 AND at <= ?2 ORDER BY at",
        &[kept.shop.as_str().into(), kept.span.until.into()],
    )?;
    let mut book = Book::default();
    for row in sheets {
        if row.text("state")? == "base" {
            book = row.json("book")?;
            continue;
        }
        let span: Span = row.json("span")?;
        let events = log::events(tx, &kept.shop, span.from, span.until)?;
        book = fold(&book, &span, &events);
    }
    Ok(Some(book))
}

const SELECT: &str = "SELECT h.id, h.shop, h.span, h.state, h.written_at, h.overdue_at, h.gone, h.unnamed, \
       (SELECT COUNT(*) FROM handover_item i WHERE i.handover = h.id) AS items, \
       (SELECT COUNT(*) FROM handover_item i WHERE i.handover = h.id AND i.state IN ('open', 'refused')) AS waiting \
     FROM handover h";

fn kept(row: &Row) -> Result<Kept, Error> {
    Ok(Kept {
        id: row.int("id")?,
        shop: row.text("shop")?.into(),
        span: row.json("span")?,
        settled: row.text("state")? != "open",
        written_at: row.time("written_at")?,
        overdue_at: row.opt_time("overdue_at")?,
        gone: row.json("gone")?,
        items: row.int("items")?,
        waiting: row.int("waiting")?,
    })
}

/// A sheet without its items; `None` when it is not known.
pub fn one(tx: &mut dyn Tx, id: i64) -> Result<Option<Kept>, Error> {
    let sql = format!("{SELECT} WHERE h.id = ?1 AND h.state <> 'base'");
    tx.first(&sql, &[id.into()])?.as_ref().map(kept).transpose()
}

/// A sheet with its items and what people said; `None` when it is not known.
pub fn sheet(tx: &mut dyn Tx, id: i64) -> Result<Option<(Kept, Sheet)>, Error> {
    let sql = format!("{SELECT} WHERE h.id = ?1 AND h.state <> 'base'");
    let Some(row) = tx.first(&sql, &[id.into()])? else {
        return Ok(None);
    };
    let kept = kept(&row)?;
    let items = tx
        .rows(
            "SELECT n, item, state, by_whom, at, reason FROM handover_item WHERE handover = ?1 ORDER BY n",
            &[id.into()],
        )?
        .iter()
        .map(|row| Ok((row.json::<Item>("item")?, fate(row)?)))
        .collect::<Result<_, Error>>()?;
    let sheet = Sheet {
        id: Some(id),
        span: kept.span.clone(),
        items,
        words: words(tx, "handover = ?1", id.into())?,
        unnamed: usize::try_from(row.int("unnamed")?).unwrap_or(0),
    };
    Ok(Some((kept, sheet)))
}

fn fate(row: &Row) -> Result<Fate, Error> {
    Ok(Fate {
        state: row.word("state", ItemState::parse)?,
        by: row.opt_string("by_whom")?,
        at: row.opt_time("at")?,
        reason: row.string("reason")?,
    })
}

/// What people have said about a shop's next sheet.
pub fn next_words(tx: &mut dyn Tx, shop: &ShopId) -> Result<Vec<Words>, Error> {
    words(tx, "shop = ?1 AND handover IS NULL", shop.as_str().into())
}

fn words(tx: &mut dyn Tx, which: &str, arg: Value) -> Result<Vec<Words>, Error> {
    tx.rows(
        &format!("SELECT id, key, who, at, text FROM handover_word WHERE {which} ORDER BY id"),
        &[arg],
    )?
    .iter()
    .map(|row| {
        Ok(Words {
            who: row.string("who")?,
            at: row.time("at")?,
            key: row.opt_string("key")?,
            text: row.string("text")?,
        })
    })
    .collect()
}

/// Which sheets are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of these shops; `None`: of every shop.
    pub shops: Option<Vec<ShopId>>,
    /// Only those on which something waits.
    pub open: bool,
    /// Only of the shift that is called so.
    pub shift: Option<String>,
    /// Older than this sheet.
    pub before: Option<i64>,
}

/// Sheets, newest first.
pub fn list(tx: &mut dyn Tx, wanted: &Wanted, limit: usize) -> Result<Vec<Kept>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut args: Vec<Value> = vec![wanted.before.unwrap_or(i64::MAX).into(), limit.into()];
    let mut which = String::from("h.id < ?1 AND h.state <> 'base'");
    if wanted.open {
        which.push_str(" AND h.state = 'open'");
    }
    if let Some(shift) = &wanted.shift {
        args.push(shift.into());
        which.push_str(&format!(" AND h.shift = ?{}", args.len()));
    }
    if let Some(shops) = &wanted.shops {
        let Some(_) = shops.first() else {
            return Ok(Vec::new());
        };
        let shops = padded(&shops.iter().map(ShopId::as_str).collect::<Vec<_>>());
        which.push_str(&format!(
            " AND h.shop IN ({})",
            marks(args.len() + 1, shops.len())
        ));
        args.extend(shops.into_iter().map(Value::from));
    }
    let sql = format!("{SELECT} WHERE {which} ORDER BY h.id DESC LIMIT ?2");
    tx.rows(&sql, &args)?.iter().map(kept).collect()
}

/// The sheets on which something has waited for longer than [`LATE`], for the alarm.
pub fn unaccepted(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Vec<Kept>, Error> {
    let sql =
        format!("{SELECT} WHERE h.state = 'open' AND h.at <= ?1 AND h.at > ?2 ORDER BY h.at, h.id");
    let mut late = Vec::new();
    for row in tx.rows(&sql, &[(now - LATE).into(), (now - LOOK_BACK).into()])? {
        let kept = kept(&row)?;
        if kept.waiting > 0 {
            late.push(kept);
        }
    }
    Ok(late)
}

/// Whether one of a shop's automatic replies was claimed before a moment and nobody has said yet what became of it.
pub fn on_the_wire(tx: &mut dyn Tx, shop: &ShopId, before: DateTime<Utc>) -> Result<bool, Error> {
    let row = tx.first(
        "SELECT o.n FROM outbox o JOIN conversation c ON c.id = o.conversation \
         WHERE o.state = 'claimed' AND o.kind = 'reply' AND o.claimed_at < ?2 AND c.shop = ?1 LIMIT 1",
        &[shop.as_str().into(), before.into()],
    )?;
    Ok(row.is_some())
}
