//! A shop's years: builds a store with a long history, and times the lists a person waits for.
//!
//! ```text
//! cargo bench --bench history -- build FOLDER [--cases 1000000] [--messages 5000000] [--promises 300000]
//! cargo bench --bench history -- measure FOLDER [--samples 400] [--writes 50] [--drop-caches]
//! ```
//!
//! `build` writes plain rows into the schema of this program, indexes last, so that millions take a minute. Columns that
//! it does not name get nothing, zero or an empty text, so a later schema can be filled too. `measure` opens the store
//! as `serve` does, once right after a restart (with `--drop-caches`, which takes the machine's administrator, with the
//! system's cache emptied too) and once warm, with a writer beside it that records so many messages a second.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use jieban::{
    desk::{Inbound, InboundMessage, Role, handover::Span},
    knowledge::{ContentKind, Platform, ShopId},
    store::{
        Error, Store, Tx, alarms,
        case_list::{self, By},
        counters, facts, handover, messages,
        promises::{self, Asked, State, Wanted},
        queue,
        staff_event::Who,
        view,
    },
};
use rusqlite::{Connection, types::Value};

const SHOPS: i64 = 20;
const AGENTS: i64 = 40;
/// Case kinds with their prefixes.
const KINDS: [(&str, &str); 8] = [
    ("补发", "BF"),
    ("漏发", "LF"),
    ("退款", "TK"),
    ("返现", "FX"),
    ("补差", "BC"),
    ("催发货", "CF"),
    ("改地址", "DZ"),
    ("投诉", "TS"),
];
/// Of so many cases and promises one is open.
const OPEN: i64 = 100;
/// In milliseconds.
const DAY: i64 = 86_400_000;
/// Rows of one transaction.
const CHUNK: i64 = 100_000;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let number = |name: &str, default: i64| {
        args.iter()
            .position(|arg| arg == name)
            .and_then(|at| args.get(at + 1)?.parse().ok())
            .unwrap_or(default)
    };
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["build", folder, ..] => {
            let size = Size {
                cases: number("--cases", 1_000_000),
                messages: number("--messages", 5_000_000),
                promises: number("--promises", 300_000),
                now: Utc::now(),
            };
            build(Path::new(folder), &size);
        }
        ["measure", folder, ..] => {
            let plan = Measure {
                folder: PathBuf::from(folder),
                samples: number("--samples", 400),
                writes: number("--writes", 50),
                drop_caches: words.contains(&"--drop-caches"),
            };
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap()
                .block_on(plan.run());
        }
        // Without words, as `cargo bench` calls it: a small one of everything, to see that it still works.
        _ => {
            let place = tempfile::tempdir().unwrap();
            let size = Size {
                cases: 2_000,
                messages: 10_000,
                promises: 1_000,
                now: Utc::now(),
            };
            build(place.path(), &size);
            let plan = Measure {
                folder: place.path().to_owned(),
                samples: 20,
                writes: 50,
                drop_caches: false,
            };
            tokio::runtime::Runtime::new().unwrap().block_on(plan.run());
        }
    }
}

// ------------------------------------------------------------------------------------------- building

struct Size {
    cases: i64,
    messages: i64,
    promises: i64,
    now: DateTime<Utc>,
}

impl Size {
    fn conversations(&self) -> i64 {
        (self.messages / 10).max(1)
    }

    /// The moment of one of `of` rows: the last is now, the first two years ago.
    fn at(&self, row: i64, of: i64) -> i64 {
        let years = TimeDelta::days(730).num_milliseconds();
        self.now.timestamp_millis() - years / of.max(1) * (of - row)
    }
}

/// A value of a row by its number.
type Cell<'a> = Box<dyn Fn(i64) -> Value + 'a>;

fn int(value: i64) -> Value {
    Value::Integer(value)
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// Scatters numbers, the same every time.
fn dice(seed: i64, sides: i64) -> i64 {
    let mut x = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) % sides.max(1) as u64) as i64
}

fn shop(row: i64) -> String {
    format!("shop-{:02}", row % SHOPS)
}

fn agent(row: i64) -> String {
    format!("客服{:02}", dice(row, AGENTS))
}

fn order(row: i64) -> String {
    format!("28{:017}", row * 7)
}

fn tail(row: i64) -> String {
    phone(row)[7..].to_owned()
}

fn phone(row: i64) -> String {
    format!("138{:08}", dice(row, 100_000_000))
}

fn number(row: i64) -> String {
    let (_, prefix) = KINDS[(row % 8) as usize];
    format!(
        "{prefix}-{:04}-{:04}",
        2_401 + row / 80_000,
        row / 8 % 10_000
    )
}

fn build(folder: &Path, size: &Size) {
    let begun = Instant::now();
    fs::create_dir_all(folder).unwrap();
    drop(Store::sqlite(folder).unwrap());
    let mut db = Connection::open(folder.join("jieban.db")).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;",
    )
    .unwrap();
    let indexes = take_indexes(&db);
    let conversations = size.conversations();
    let cell = |f: Box<dyn Fn(i64) -> Value>| -> Cell<'_> { f };
    fill(
        &mut db,
        "shop",
        SHOPS,
        vec![
            ("id", cell(Box::new(|n| text(shop(n))))),
            ("epoch", cell(Box::new(|_| int(0)))),
            ("stopped", cell(Box::new(|_| int(0)))),
        ],
    );
    fill(
        &mut db,
        "account",
        SHOPS,
        vec![
            ("id", cell(Box::new(|n| int(n + 1)))),
            ("source", cell(Box::new(|_| text("bridge")))),
            ("name", cell(Box::new(|n| text(shop(n))))),
        ],
    );
    fill(
        &mut db,
        "conversation",
        conversations,
        vec![
            ("id", cell(Box::new(|n| int(n + 1)))),
            ("account", cell(Box::new(|n| int(n % SHOPS + 1)))),
            ("external", cell(Box::new(|n| text(format!("c-{n}"))))),
            ("shop", cell(Box::new(|n| text(shop(n))))),
            ("platform", cell(Box::new(|_| text("taobao")))),
            ("customer", cell(Box::new(|n| text(format!("tb{n:07}"))))),
            ("order_no", cell(Box::new(|n| text(order(n))))),
            ("facts", cell(Box::new(|_| int(10)))),
            ("decided", cell(Box::new(|_| int(10)))),
            ("last_at", Box::new(move |n| int(size.at(n, conversations)))),
            // Of a thousand one waits for a human, today.
            (
                "queued_at",
                Box::new(move |n| match n >= conversations - conversations / 1_000 {
                    true => int(size.now.timestamp_millis() - 60_000 * (n % 300)),
                    false => Value::Null,
                }),
            ),
            (
                "waiting_since",
                Box::new(move |n| match n >= conversations - conversations / 1_000 {
                    true => int(size.now.timestamp_millis() - 60_000 * (n % 300)),
                    false => Value::Null,
                }),
            ),
            ("queue_reason", cell(Box::new(|_| text("asked")))),
            ("queue_rank", cell(Box::new(|_| int(1)))),
        ],
    );
    let messages = size.messages;
    fill(
        &mut db,
        "message",
        messages,
        vec![
            ("id", cell(Box::new(|n| int(n + 1)))),
            ("conversation", cell(Box::new(|n| int(n / 10 + 1)))),
            ("account", cell(Box::new(|n| int(n / 10 % SHOPS + 1)))),
            ("external", cell(Box::new(|n| text(format!("m-{n}"))))),
            (
                "speaker",
                cell(Box::new(|n| {
                    text(if n % 2 == 0 { "customer" } else { "human" })
                })),
            ),
            (
                "sender",
                cell(Box::new(|n| {
                    if n % 2 == 0 {
                        Value::Null
                    } else {
                        text(agent(n))
                    }
                })),
            ),
            ("kind", cell(Box::new(|_| text("text")))),
            (
                "text",
                cell(Box::new(|n| {
                    text(match n % 10 {
                        0 => format!("在吗，订单{}到哪里了，电话{}", order(n / 10), phone(n / 10)),
                        3 => "好的亲，少的那一只明天给您补发".to_owned(),
                        n => format!("这是第{n}句话，说一说怎么回事，大概就这么长"),
                    })
                })),
            ),
            ("digest", cell(Box::new(|n| text(format!("{:064x}", n))))),
            ("at", Box::new(move |n| int(size.at(n, messages)))),
            ("received_at", Box::new(move |n| int(size.at(n, messages)))),
            (
                "decision",
                cell(Box::new(|n| if n % 2 == 0 { int(1) } else { Value::Null })),
            ),
        ],
    );
    let cases = size.cases;
    let is_open = move |n: i64| n >= cases - cases / OPEN;
    fill(
        &mut db,
        "cases",
        cases,
        vec![
            ("id", cell(Box::new(|n| int(n + 1)))),
            ("number", cell(Box::new(|n| text(number(n))))),
            ("shop", cell(Box::new(|n| text(shop(n))))),
            ("kind", cell(Box::new(|n| text(KINDS[(n % 8) as usize].0)))),
            ("order_no", cell(Box::new(|n| text(order(n / 2))))),
            (
                "case_key",
                cell(Box::new(|n| text(format!("o:{}", order(n))))),
            ),
            (
                "conversation",
                Box::new(move |n| int(n % conversations + 1)),
            ),
            (
                "state",
                Box::new(move |n| text(if is_open(n) { "open" } else { "closed" })),
            ),
            ("fields", cell(Box::new(|_| text("[]")))),
            (
                "note",
                cell(Box::new(|n| {
                    text(format!(
                        "【补发】订单尾号{:04}，顾客少收一只杯子",
                        n % 10_000
                    ))
                })),
            ),
            ("handler", cell(Box::new(|n| text(agent(n))))),
            ("reviewer", cell(Box::new(|_| text("主管")))),
            (
                "first_due",
                Box::new(move |n| int(size.at(n, cases) + 1_800_000)),
            ),
            (
                "finish_due",
                Box::new(move |n| int(size.at(n, cases) + 86_400_000)),
            ),
            ("opened_at", Box::new(move |n| int(size.at(n, cases)))),
            ("version", cell(Box::new(|_| int(1)))),
            (
                "customer",
                Box::new(move |n| text(format!("tb{:07}", n % conversations))),
            ),
            (
                "person",
                Box::new(move |n| match is_open(n) {
                    true => text(agent(n)),
                    false => Value::Null,
                }),
            ),
            (
                "overdue_at",
                Box::new(move |n| {
                    let due = size.at(n, cases) + DAY;
                    match due <= size.now.timestamp_millis() && is_open(n) {
                        true => int(due),
                        false => Value::Null,
                    }
                }),
            ),
            ("decision", cell(Box::new(|n| int(n + 1)))),
        ],
    );
    fill(
        &mut db,
        "case_phone",
        cases,
        vec![
            ("tail", cell(Box::new(|n| text(tail(n))))),
            ("case_id", cell(Box::new(|n| int(n + 1)))),
        ],
    );
    let given = size.promises;
    let due = move |n: i64| DateTime::from_timestamp_millis(n).unwrap().to_rfc3339();
    fill(
        &mut db,
        "promise",
        given,
        vec![
            ("id", cell(Box::new(|n| int(n + 1)))),
            ("shop", cell(Box::new(|n| text(shop(n))))),
            (
                "conversation",
                Box::new(move |n| int(n % conversations + 1)),
            ),
            ("customer", cell(Box::new(|n| text(format!("tb{n:07}"))))),
            ("order_no", cell(Box::new(|n| text(order(n))))),
            ("case_id", Box::new(move |n| int(n % cases + 1))),
            ("message", cell(Box::new(|n| int(n * 10 + 4)))),
            ("speaker", cell(Box::new(|_| text("human")))),
            ("agent", cell(Box::new(|n| text(agent(n))))),
            (
                "text",
                cell(Box::new(|_| text("好的亲，少的那一只明天给您补发"))),
            ),
            ("kind", cell(Box::new(|_| text("补发")))),
            ("said", cell(Box::new(|_| text("moment")))),
            ("made_at", Box::new(move |n| int(size.at(n, given)))),
            (
                "first_due_at",
                Box::new(move |n| int(size.at(n, given) + 86_400_000)),
            ),
            (
                "due_at",
                Box::new(move |n| int(size.at(n, given) + 86_400_000)),
            ),
            (
                "overdue_at",
                Box::new(move |n| int(size.at(n, given) + 86_400_000)),
            ),
            (
                "state",
                Box::new(move |n| {
                    text(if n >= given - given / OPEN {
                        "open"
                    } else {
                        "kept"
                    })
                }),
            ),
            (
                "settled_at",
                Box::new(move |n| match n >= given - given / OPEN {
                    true => Value::Null,
                    false => int(size.at(n, given) + 3_600_000),
                }),
            ),
            ("settled_by", cell(Box::new(|n| text(agent(n))))),
        ],
    );
    fill(
        &mut db,
        "staff_event",
        given * 2,
        vec![
            ("id", cell(Box::new(|n| int(n + 1)))),
            ("at", Box::new(move |n| int(size.at(n, given * 2)))),
            ("who", cell(Box::new(|n| text(agent(n))))),
            ("role", cell(Box::new(|_| text("agent")))),
            ("what", cell(Box::new(|_| text("promise")))),
            ("shop", cell(Box::new(|n| text(shop(n / 2))))),
            (
                "conversation",
                Box::new(move |n| int(n / 2 % conversations + 1)),
            ),
            ("subject", cell(Box::new(|n| int(n / 2 + 1)))),
            ("was", cell(Box::new(|_| text("null")))),
            (
                "became",
                Box::new(move |n| {
                    let ended = n % 2 == 1 && n / 2 < given - given / OPEN;
                    let state = if ended { "kept" } else { "open" };
                    let due = due(size.at(n / 2, given) + DAY);
                    let by = agent(n / 2);
                    text(format!(
                        r#"{{"state":"{state}","kind":"补发","text":"少的那一只明天给您补发","due":"{due}","by":"{by}"}}"#
                    ))
                }),
            ),
        ],
    );
    // What happened to cases: each was opened, and taken or closed.
    fill(
        &mut db,
        "staff_event",
        cases * 2,
        vec![
            ("id", Box::new(move |n| int(given * 2 + n + 1))),
            (
                "at",
                Box::new(move |n| int(size.at(n / 2, cases) + n % 2 * 3_600_000)),
            ),
            ("who", cell(Box::new(|n| text(agent(n))))),
            ("role", cell(Box::new(|_| text("agent")))),
            ("what", cell(Box::new(|_| text("case")))),
            ("shop", cell(Box::new(|n| text(shop(n / 2))))),
            (
                "conversation",
                Box::new(move |n| int(n / 2 % conversations + 1)),
            ),
            ("subject", cell(Box::new(|n| int(n / 2 + 1)))),
            ("was", cell(Box::new(|_| text("null")))),
            (
                "became",
                Box::new(move |n| {
                    let row = n / 2;
                    let ended = n % 2 == 1 && !is_open(row);
                    let (act, state) = if ended {
                        ("close", "closed")
                    } else {
                        ("open", "open")
                    };
                    let (number, order, handler) = (number(row), order(row / 2), agent(row));
                    let due = due(size.at(row, cases) + DAY);
                    text(format!(
                        r#"{{"act":"{act}","state":{{"state":"{state}"}},"case":{{"number":"{number}","state":"{state}","due":"{due}","order":"{order}","handler":"{handler}"}}}}"#
                    ))
                }),
            ),
        ],
    );
    db.execute(
        "UPDATE setting SET value = CAST((SELECT MAX(id) FROM message) AS TEXT) WHERE name = 'promises'",
        [],
    )
    .unwrap();
    println!("{:>8.1?} rows are written", begun.elapsed());
    for sql in indexes {
        db.execute_batch(&sql).unwrap();
    }
    drop(db);
    sheets(folder, size.now);
    let bytes = fs::metadata(folder.join("jieban.db")).unwrap().len();
    println!(
        "{:>8.1?} done: {} cases, {} messages, {} promises, {} MB",
        begun.elapsed(),
        size.cases,
        size.messages,
        size.promises,
        bytes / 1_000_000
    );
}

/// Every shop has had a sheet an hour ago, over what stood open eight hours ago.
fn sheets(folder: &Path, now: DateTime<Utc>) {
    let store = Store::sqlite(folder).unwrap();
    let wait = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for n in 0..SHOPS {
        let of = ShopId::from(shop(n).as_str());
        let (begins, ends) = (now - TimeDelta::hours(8), now - TimeDelta::hours(1));
        let verb = move |tx: &mut dyn Tx| {
            let base = span(begins, begins);
            let book = handover::log::opening(tx, &of, &base)?;
            handover::begin(tx, &of, &base, &book, begins)?;
            let found = handover::book_at(tx, &of, ends, &|last| span(last.at, ends))?;
            let (previous, span, book) = found.unwrap();
            let new = handover::New {
                shop: of.clone(),
                previous,
                span,
                book,
            };
            handover::write(tx, &Who::bot(), &new, "", ends)
        };
        wait.block_on(store.write(verb)).unwrap();
    }
}

fn span(from: DateTime<Utc>, until: DateTime<Utc>) -> Span {
    Span {
        shift: "早班".into(),
        from,
        until,
        day: until - TimeDelta::hours(10),
        leavers: vec![agent(1)],
        takers: vec![agent(2)],
        next: "晚班".into(),
        to_people: true,
        carries: false,
        of: None,
    }
}

/// Drops every index that is not a constraint's; returns how to make them again.
fn take_indexes(db: &Connection) -> Vec<String> {
    let mut found = db
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        .unwrap();
    let indexes: Vec<(String, String)> = found
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    indexes
        .into_iter()
        .map(|(name, sql)| {
            db.execute_batch(&format!("DROP INDEX {name}")).unwrap();
            sql
        })
        .collect()
}

/// Writes so many rows. Columns that are not named get their default, nothing, zero or an empty text; named ones the
/// schema no longer has are left out.
fn fill(db: &mut Connection, table: &str, rows: i64, cells: Vec<(&str, Cell<'_>)>) {
    let columns: Vec<(String, String, bool, bool)> = db
        .prepare(&format!("SELECT name, type, \"notnull\", dflt_value IS NOT NULL FROM pragma_table_info('{table}')"))
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut all: Vec<(&str, Cell<'_>)> = cells
        .into_iter()
        .filter(|(name, _)| columns.iter().any(|(column, ..)| column == name))
        .collect();
    for (column, kind, needed, has_default) in &columns {
        if all.iter().any(|(name, _)| name == column) || !needed || *has_default {
            continue;
        }
        let value = if kind == "TEXT" { text("") } else { int(0) };
        all.push((column, Box::new(move |_| value.clone())));
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let marks = vec!["?"; all.len()].join(",");
    let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(","));
    let begun = Instant::now();
    let mut row = 0;
    while row < rows {
        let tx = db.transaction().unwrap();
        {
            let mut insert = tx.prepare_cached(&sql).unwrap();
            for n in row..(row + CHUNK).min(rows) {
                let values = all.iter().map(|(_, cell)| cell(n));
                insert.execute(rusqlite::params_from_iter(values)).unwrap();
            }
        }
        tx.commit().unwrap();
        row += CHUNK;
    }
    println!("{:>8.1?} {table}: {rows}", begun.elapsed());
}

// ------------------------------------------------------------------------------------------ measuring

struct Measure {
    folder: PathBuf,
    samples: i64,
    writes: i64,
    drop_caches: bool,
}

/// What a person asks for, by the number of the sample; answers how many rows he got.
type Question = fn(&mut dyn Tx, &Bounds, i64) -> Result<usize, Error>;

#[derive(Debug, Clone, Copy)]
struct Bounds {
    conversations: i64,
    cases: i64,
    promises: i64,
    now: DateTime<Utc>,
}

fn due(
    tx: &mut dyn Tx,
    of: Option<i64>,
    state: State,
    asked: Asked,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let wanted = Wanted {
        shops: of.map(|n| vec![ShopId::from(shop(n).as_str())]),
        state,
        asked,
        due_before: None,
        after: None,
    };
    Ok(promises::list(tx, &wanted, 50, now)?.len())
}

/// A page of cases in all shops.
fn cases(tx: &mut dyn Tx, by: By) -> Result<usize, Error> {
    cases_in(tx, by, (0..SHOPS).map(|n| ShopId::from(shop(n).as_str())))
}

fn cases_in(tx: &mut dyn Tx, by: By, shops: impl Iterator<Item = ShopId>) -> Result<usize, Error> {
    let asked = case_list::Asked {
        by,
        shops: shops.collect(),
        hidden: Vec::new(),
        after: None,
        limit: 50,
    };
    Ok(case_list::list(tx, &asked)?.len())
}

/// The newest sheet of a shop, with everything on it.
fn sheet(tx: &mut dyn Tx, of: i64) -> Result<usize, Error> {
    let wanted = handover::Wanted {
        shops: Some(vec![ShopId::from(shop(of).as_str())]),
        ..handover::Wanted::default()
    };
    let Some(kept) = handover::list(tx, &wanted, 1)?.pop() else {
        return Ok(0);
    };
    let found = handover::sheet(tx, kept.id)?;
    Ok(found.map_or(0, |(_, sheet)| sheet.items.len()))
}

/// The sheet of a shop as it would be now.
fn folded(tx: &mut dyn Tx, of: i64, now: DateTime<Utc>) -> Result<usize, Error> {
    let of = ShopId::from(shop(of).as_str());
    let found = handover::book_at(tx, &of, now, &|last| span(last.at, now))?;
    Ok(found.map_or(0, |(_, span, book)| span.items(&book).0.len()))
}

fn count(tx: &mut dyn Tx, sql: &str, args: &[jieban::store::Value]) -> Result<usize, Error> {
    Ok(tx.rows(sql, args)?.len())
}

/// The lists. Whoever adds one adds a line.
const QUESTIONS: &[(&str, Question)] = &[
    ("promises due, one shop", |tx, b, n| {
        due(tx, Some(n), State::Open, Asked::All, b.now)
    }),
    ("promises overdue, all shops", |tx, b, _| {
        due(tx, None, State::Overdue, Asked::All, b.now)
    }),
    ("promises kept, one shop", |tx, b, n| {
        due(tx, Some(n), State::Kept, Asked::All, b.now)
    }),
    ("promises of an order", |tx, b, n| {
        let row = b.promises - 1 - dice(n, b.promises / 200);
        due(tx, None, State::Open, Asked::Order(order(row)), b.now)
    }),
    ("promises of a case number", |tx, b, n| {
        due(
            tx,
            None,
            State::Kept,
            Asked::Case(number(dice(n, b.promises.min(b.cases)))),
            b.now,
        )
    }),
    ("promises of a conversation", |tx, b, n| {
        due(
            tx,
            None,
            State::Kept,
            Asked::Conversation(dice(n, b.conversations) + 1),
            b.now,
        )
    }),
    ("whether a promise is late", |tx, b, _| {
        promises::is_late(tx, b.now).map(usize::from)
    }),
    ("my open cases", |tx, _, n| cases(tx, By::Person(agent(n)))),
    ("open cases of a shop", |tx, _, n| {
        let of = ShopId::from(shop(n).as_str());
        cases_in(tx, By::Due, [of].into_iter())
    }),
    ("cases by number", |tx, b, n| {
        cases(tx, By::Number(number(dice(n, b.cases))))
    }),
    ("cases by order", |tx, b, n| {
        cases(tx, By::Order(order(dice(n, b.cases) / 2)))
    }),
    ("cases by customer", |tx, b, n| {
        cases(
            tx,
            By::Customer(format!("tb{:07}", dice(n, b.conversations))),
        )
    }),
    ("cases by the end of a phone", |tx, b, n| {
        cases(tx, By::PhoneTail(tail(dice(n, b.cases))))
    }),
    ("a written sheet", |tx, _, n| sheet(tx, n)),
    ("the sheet as it would be now", |tx, b, n| {
        folded(tx, n, b.now)
    }),
    ("the counters of a month, one shop", |tx, b, n| {
        let of = [ShopId::from(shop(n).as_str())];
        Ok(counters::counted(tx, Some(&of), b.now - TimeDelta::days(30), b.now)?.len())
    }),
    ("what the watchdog looks at", |tx, b, _| {
        Ok(alarms::watched(tx, b.now)?.late.len())
    }),
    ("open cases of an order", |tx, b, n| {
        let row = b.cases - 1 - dice(n, b.cases / 200);
        count(
            tx,
            "SELECT * FROM cases WHERE shop = ?1 AND order_no = ?2 AND state <> 'closed'",
            &[shop(row).into(), order(row / 2).into()],
        )
    }),
    ("cases of a conversation", |tx, b, n| {
        count(
            tx,
            "SELECT * FROM cases WHERE conversation = ?1",
            &[(dice(n, b.conversations) + 1).into()],
        )
    }),
    ("a conversation as its source sees it", |tx, b, n| {
        let row = dice(n, b.conversations);
        let found = view::conversation(tx, "bridge", &shop(row), &format!("c-{row}"))?;
        Ok(usize::from(found.is_some()))
    }),
    ("the facts a decision needs", |tx, b, n| {
        let id = dice(n, b.conversations) + 1;
        facts::facts(tx, id, &[], b.now).map(|facts| facts.messages.len())
    }),
    ("the queue of one shop", |tx, b, n| {
        Ok(queue::waiting(tx, &[ShopId::from(shop(n).as_str())], b.now)?.len())
    }),
];

impl Measure {
    async fn run(&self) {
        for (name, cold) in [("after a restart", true), ("warm", false)] {
            if cold && self.drop_caches {
                fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
                println!("the system's cache was emptied");
            }
            let store = Store::sqlite(&self.folder).unwrap();
            let bounds = bounds(&store).await;
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let writer = tokio::spawn(write(store.clone(), self.writes, stopped));
            println!(
                "\n{name}, {} writes a second\n{:<38} {:>7} {:>8} {:>8} {:>8}",
                self.writes, "", "rows", "p50 ms", "p95 ms", "max ms"
            );
            if !cold {
                for (_, question) in QUESTIONS {
                    time(&store, *question, bounds, self.samples / 4, 1_000_000).await;
                }
            }
            for (what, question) in QUESTIONS {
                let (times, rows) = time(&store, *question, bounds, self.samples, 0).await;
                let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
                println!(
                    "{what:<38} {rows:>7.1} {:>8.2} {:>8.2} {:>8.2}",
                    at(0.5),
                    at(0.95),
                    at(1.0)
                );
            }
            stop.send(true).unwrap();
            let (written, slowest) = writer.await.unwrap();
            println!("{written} messages were recorded meanwhile, the slowest in {slowest:.1} ms");
        }
    }
}

async fn bounds(store: &Store) -> Bounds {
    store
        .read(|tx| {
            let mut most = |table: &str| -> Result<i64, Error> {
                let row = tx.first(&format!("SELECT MAX(id) AS n FROM {table}"), &[])?;
                Ok(row
                    .map(|row| row.opt_int("n"))
                    .transpose()?
                    .flatten()
                    .unwrap_or(1))
            };
            Ok(Bounds {
                conversations: most("conversation")?,
                cases: most("cases")?,
                promises: most("promise")?,
                now: Utc::now(),
            })
        })
        .await
        .unwrap()
}

/// Milliseconds of each sample, sorted, and how many rows one got.
async fn time(
    store: &Store,
    question: Question,
    bounds: Bounds,
    samples: i64,
    seed: i64,
) -> (Vec<f64>, f64) {
    let (mut times, mut rows) = (Vec::new(), 0);
    for n in 0..samples.max(1) {
        let begun = Instant::now();
        rows += store
            .read(move |tx| question(tx, &bounds, seed + n))
            .await
            .unwrap();
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let many = times.len() as f64;
    times.sort_by(f64::total_cmp);
    (times, rows as f64 / many)
}

/// Records so many messages a second until it is stopped: how many, and the slowest in milliseconds.
async fn write(store: Store, rate: i64, stopped: tokio::sync::watch::Receiver<bool>) -> (u64, f64) {
    let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / rate.max(1) as u64));
    let (mut written, mut slowest): (u64, f64) = (0, 0.0);
    while !*stopped.borrow() {
        tick.tick().await;
        let now = Utc::now();
        let row = dice(now.timestamp_micros(), 100_000);
        let inbound = Inbound {
            source: "bridge".into(),
            account: shop(row),
            platform: Platform::Taobao,
            conversation: format!("c-{row}"),
            customer: None,
            messages: vec![InboundMessage {
                external: Some(format!("new-{}", now.timestamp_micros())),
                role: Role::Customer,
                sender: None,
                kind: ContentKind::Text,
                text: "又来问一句".into(),
                url: None,
                sent_at: None,
            }],
            mode: None,
            order: None,
        };
        let of = ShopId::from(shop(row).as_str());
        let begun = Instant::now();
        store
            .write(move |tx| messages::record(tx, &inbound, &of, now))
            .await
            .unwrap();
        slowest = slowest.max(begun.elapsed().as_secs_f64() * 1e3);
        written += 1;
    }
    (written, slowest)
}
