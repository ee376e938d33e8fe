//! What happened in a shop, in order, as a sheet is folded from it: lines of conversations, the journal, and which
//! version of the knowledge held.
//!
//! Everything here is read from what is only ever appended to, by when the house learned of it. So the same stretch
//! of time reads the same whenever it is asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::{
    desk::{
        ReplyClass,
        handover::{
            Book, Event, FORGOTTEN, Happened, Line, NoteLine, PromiseLine, ScriptChange, Span,
            event::Ours, fold,
        },
    },
    knowledge::{ShopId, Speaker, mask::mask},
};

use super::super::{Error, Row, Tx, case_event, order_notes, promises::Outcome};

/// Everything that happened in a shop from one moment until another; half-open, in order.
pub fn events(
    tx: &mut dyn Tx,
    shop: &ShopId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Happened>, Error> {
    let mut all = lines(tx, shop, from, until)?;
    all.extend(journal(tx, shop, from, until)?);
    all.extend(published(tx, from, until)?);
    // Stable: what happened in the same millisecond keeps the order of its own log, lines before what was said
    // about them.
    all.sort_by_key(|happened| happened.at);
    Ok(all)
}

/// What stands open in a shop now: where its sheets begin.
pub fn opening(tx: &mut dyn Tx, shop: &ShopId, span: &Span) -> Result<Book, Error> {
    let mut open = Vec::new();
    let waiting = tx.rows(
        "SELECT id, waiting_since FROM conversation WHERE shop = ?1 AND waiting_since > ?2 ORDER BY id",
        &[shop.as_str().into(), (span.until - FORGOTTEN).into()],
    )?;
    for row in waiting {
        let sql = format!(
            "{LINE} WHERE m.conversation = ?1 AND m.at >= ?2 AND m.speaker = 'customer' ORDER BY m.at, m.id"
        );
        let since = row.time("waiting_since")?;
        for row in tx.rows(&sql, &[row.int("id")?.into(), since.into()])? {
            open.push(line(&row)?);
        }
    }
    let sql = format!(
        "SELECT {} FROM cases k WHERE k.shop = ?1 AND k.state <> 'closed' ORDER BY k.finish_due, k.id",
        case_event::COLUMNS
    );
    for row in tx.rows(&sql, &[shop.as_str().into()])? {
        open.extend(case_event::line(&row)?.map(|case| Happened {
            at: span.until,
            what: Event::Case(case),
        }));
    }
    for note in order_notes::unseen(tx, shop)? {
        open.push(Happened {
            at: span.until,
            what: Event::Note(note),
        });
    }
    for promise in promises(tx, shop)? {
        open.push(Happened {
            at: span.until,
            what: Event::Promise(promise),
        });
    }
    Ok(fold(&Book::default(), span, &open))
}

const LINE: &str = "SELECT m.id, m.conversation, m.speaker, m.sender, m.kind, m.text, m.at, m.received_at, \
       o.class, o.script, o.risk, c.external \
     FROM message m JOIN conversation c ON c.id = m.conversation LEFT JOIN outbox o ON o.n = m.outbox";

fn lines(
    tx: &mut dyn Tx,
    shop: &ShopId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Happened>, Error> {
    let accounts = tx.rows(
        "SELECT a.id FROM account a \
         WHERE EXISTS (SELECT 1 FROM conversation c WHERE c.shop = ?1 AND c.account = a.id) ORDER BY a.id",
        &[shop.as_str().into()],
    )?;
    let mut lines = Vec::new();
    for account in accounts {
        let args = [
            account.int("id")?.into(),
            from.into(),
            until.into(),
            shop.as_str().into(),
        ];
        // Two walks, each down an index of its own.
        for speakers in ["m.speaker = 'customer'", "m.speaker <> 'customer'"] {
            let sql = format!(
                "{LINE} WHERE m.account = ?1 AND m.received_at >= ?2 AND m.received_at < ?3 AND c.shop = ?4 AND {speakers}"
            );
            for row in tx.rows(&sql, &args)? {
                lines.push((row.int("id")?, line(&row)?));
            }
        }
    }
    lines.sort_by_key(|(id, happened)| (happened.at, *id));
    Ok(lines.into_iter().map(|(_, happened)| happened).collect())
}

fn line(row: &Row) -> Result<Happened, Error> {
    let text = row.string("text")?;
    let ours = match row.opt_text("class")? {
        None => None,
        Some(_) => Some(Ours {
            class: row.word("class", ReplyClass::parse)?,
            script: row.opt_string("script")?,
            risk: match row.opt_text("risk")? {
                Some(_) => Some(row.json("risk")?),
                None => None,
            },
        }),
    };
    Ok(Happened {
        at: row.time("received_at")?,
        what: Event::Line(Line {
            id: row.int("id")?,
            conversation: row.int("conversation")?,
            name: row.string("external")?,
            speaker: row.word("speaker", Speaker::parse)?,
            sender: row.opt_string("sender")?,
            text: match text.trim().is_empty() {
                true => format!("[{}]", row.text("kind")?),
                false => text,
            },
            at: row.time("at")?,
            ours,
        }),
    })
}

/// What the journal tells of conversations, cases, promises and notes.
fn journal(
    tx: &mut dyn Tx,
    shop: &ShopId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Happened>, Error> {
    let rows = tx.rows(
        "SELECT e.id, e.at, e.what, CASE WHEN e.what = 'case' THEN k.conversation ELSE e.conversation END AS conversation, e.subject, e.became, \
           k.number, k.kind \
         FROM staff_event e LEFT JOIN cases k ON e.what = 'case' AND k.id = e.subject \
         WHERE e.shop = ?1 AND e.at >= ?2 AND e.at < ?3 AND e.what IN ('ownership', 'case', 'promise', 'order_note') \
         ORDER BY e.at, e.id",
        &[shop.as_str().into(), from.into(), until.into()],
    )?;
    let mut all = Vec::new();
    for row in rows {
        let became: Json = row.json("became")?;
        let what = match row.text("what")? {
            "ownership" => owned(&row, &became)?,
            "case" => case_event::told(&row, &became)?.map(Event::Case),
            "promise" => promise_event(&row, &became)?.map(Event::Promise),
            _ => note_event(&row, &became)?.map(Event::Note),
        };
        all.extend(what.map(|what| {
            Ok(Happened {
                at: row.time("at")?,
                what,
            })
        }));
    }
    all.into_iter().collect()
}

fn owned(row: &Row, became: &Json) -> Result<Option<Event>, Error> {
    let Some(conversation) = row.opt_int("conversation")? else {
        return Ok(None);
    };
    let agent = became["agent"].as_str().map(str::to_owned);
    let act = became["act"].as_str().unwrap_or_default();
    Ok(Some(Event::Owned {
        conversation,
        agent: agent.filter(|_| matches!(act, "take" | "pin")),
        ended: act == "end",
    }))
}

fn note_event(row: &Row, became: &Json) -> Result<Option<NoteLine>, Error> {
    serde_json::from_value(became["note"].clone())
        .map(Some)
        .map_err(|_| row.broken("became"))
}

/// A promise after a row of the journal. Past its time it is open all the same.
fn promise_event(row: &Row, became: &Json) -> Result<Option<PromiseLine>, Error> {
    let due = became["due"].as_str().and_then(|due| due.parse().ok());
    let (Some(id), Some(due), Some(text)) = (row.opt_int("subject")?, due, became["text"].as_str())
    else {
        return Ok(None);
    };
    let state = became["state"].as_str().unwrap_or_default();
    Ok(Some(PromiseLine {
        id,
        text: text.to_owned(),
        by: became["by"].as_str().map(str::to_owned),
        due,
        closed: Outcome::parse(state).is_some(),
        conversation: row.opt_int("conversation")?,
    }))
}

/// The promises of a shop that are open now.
fn promises(tx: &mut dyn Tx, shop: &ShopId) -> Result<Vec<PromiseLine>, Error> {
    tx.rows(
        "SELECT id, text, agent, due_at, conversation FROM promise WHERE shop = ?1 AND state = 'open' ORDER BY id",
        &[shop.as_str().into()],
    )?
    .iter()
    .map(|row| {
        Ok(PromiseLine {
            id: row.int("id")?,
            text: mask(row.text("text")?),
            by: row.opt_string("agent")?,
            due: row.time("due_at")?,
            closed: false,
            conversation: row.opt_int("conversation")?,
        })
    })
    .collect()
}

/// Which scripts each version changed that came to hold.
fn published(
    tx: &mut dyn Tx,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Happened>, Error> {
    let rows = tx.rows(
        "SELECT p.id, p.at, b.manifest AS was, a.manifest AS became \
         FROM publication p JOIN knowledge_version a ON a.version = p.version JOIN knowledge_version b ON b.version = p.before \
         WHERE p.at >= ?1 AND p.at < ?2 ORDER BY p.at, p.id",
        &[from.into(), until.into()],
    )?;
    let mut all = Vec::new();
    for row in rows {
        let at = row.time("at")?;
        let was: BTreeMap<String, String> = row.json("was")?;
        let became: BTreeMap<String, String> = row.json("became")?;
        let paths = was.keys().chain(became.keys());
        let mut changes: Vec<ScriptChange> = paths
            .filter(|path| path.starts_with("scripts/") && was.get(*path) != became.get(*path))
            .map(|path| ScriptChange {
                path: path.clone(),
                before: was.get(path).cloned(),
                after: became.get(path).cloned(),
                at,
            })
            .collect();
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        changes.dedup();
        all.push(Happened {
            at,
            what: Event::Published(changes),
        });
    }
    Ok(all)
}
