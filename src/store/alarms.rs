//! What the watchdog looks at, and what it writes down: who was told of what, and who cares.
//!
//! A round is read as one snapshot and written as one transaction that holds only when no other round was
//! written meanwhile. So two nodes that watch side by side tell nobody twice.

mod late;

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use super::{Error, Tx, arrangements, handover, switches, tx::json, unanswered, work::distinct};
use crate::{
    desk::alarm::{
        Alarm, Book, DAYS, ENOUGH, EndingLunch, Late, Message, NOTIFY, Noted, Plan, STILL, STRETCH,
        Stillness, Told, ToldState, Waiting,
    },
    knowledge::{ShopId, Urgency, arrangement::Arrangement},
};

pub use super::unanswered::{LOOK_BACK, MOST};

/// So many failures in a row, and a receiver counts as deaf.
pub const DEAF: i64 = 3;
/// Accounts that brought nothing for this long have been given up.
const GIVEN_UP: Duration = Duration::days(2);

/// One snapshot of all that may be wrong.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watched {
    /// Customers who wait, the longest waiting first, and those of whom nobody knows whether they got their answer.
    pub waiting: Vec<Waiting>,
    /// There are more than [`MOST`].
    pub more: bool,
    /// What was arranged for their shops.
    pub arranged: HashMap<ShopId, Vec<Arrangement>>,
    /// Sources whose deliveries keep failing, and since when.
    pub deaf: Vec<(String, DateTime<Utc>)>,
    /// Lunches that end soon.
    pub lunches: Vec<EndingLunch>,
    /// Sheets on which something was not accepted in time.
    pub unaccepted: Vec<handover::Kept>,
    /// Cases and promises past their time.
    pub late: Vec<Late>,
    /// What was told before.
    pub book: Book,
}

/// An alarm, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmView {
    /// What it is about: `waiting`, `safety`, `deaf`, `silent`, `lunch`, `handover`, `case` or `promise`, and who minds.
    pub topic: String,
    /// How much it presses.
    pub urgency: Urgency,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Since when somebody cares.
    pub acked_at: Option<DateTime<Utc>>,
    /// Since when it is over.
    pub closed_at: Option<DateTime<Utc>>,
    /// How many things are wrong.
    pub causes: i64,
}

/// Everything a round looks at.
pub fn watched(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Watched, Error> {
    let mut waiting = unanswered::waiting(tx, now)?;
    let more = waiting.len() > MOST;
    waiting.truncate(MOST);
    waiting.extend(unanswered::doubted(tx, now)?);
    let deaf = tx
        .rows(
            "SELECT source, since FROM receiver WHERE failures >= ?1 ORDER BY source",
            &[DEAF.into()],
        )?
        .iter()
        .map(|row| Ok((row.string("source")?, row.time("since")?)))
        .collect::<Result<_, Error>>()?;
    let shops: Vec<ShopId> = distinct(waiting.iter().map(|it| it.shop.clone()));
    let standing = switches::standing(tx, &shops, now)?;
    Ok(Watched {
        arranged: standing
            .into_iter()
            .map(|(shop, standing)| (shop, standing.arrangements))
            .collect(),
        waiting,
        more,
        deaf,
        lunches: arrangements::ending(tx, now)?,
        unaccepted: handover::unaccepted(tx, now)?,
        late: late::late(tx, now)?,
        book: book(tx)?,
    })
}

/// The alarms that are not closed.
fn book(tx: &mut dyn Tx) -> Result<Book, Error> {
    let round = tx.first("SELECT value FROM setting WHERE name = 'alarm_round'", &[])?;
    let round = match round {
        Some(row) => row.word("value", |text| text.parse().ok())?,
        None => 0,
    };
    let mut alarms: Vec<Alarm> = Vec::new();
    for row in tx.rows(
        "SELECT id, topic, urgency, opened_at, acked_at FROM alarm WHERE closed_at IS NULL ORDER BY opened_at, id",
        &[],
    )? {
        alarms.push(Alarm {
            id: row.string("id")?,
            topic: row.string("topic")?,
            urgency: row.word("urgency", Urgency::parse)?,
            opened_at: row.time("opened_at")?,
            acked_at: row.opt_time("acked_at")?,
            told: Vec::new(),
        });
    }
    for row in tx.rows(
        "SELECT t.alarm, t.target, t.step, o.n, o.state, o.created_at, o.settled_at \
         FROM alarm_told t JOIN alarm a ON a.id = t.alarm JOIN outbox o ON o.n = t.outbox \
         WHERE a.closed_at IS NULL ORDER BY t.alarm, t.target, t.nth",
        &[],
    )? {
        let id = row.text("alarm")?;
        let told = Told {
            target: row.string("target")?,
            step: row.int("step")?,
            row: row.int("n")?,
            at: row
                .opt_time("settled_at")?
                .unwrap_or(row.time("created_at")?),
            state: match row.text("state")? {
                "waiting" => ToldState::Waits,
                "claimed" => ToldState::OnItsWay,
                "sent" | "uncertain" => ToldState::Arrived,
                _ => ToldState::Lost,
            },
        };
        if let Some(alarm) = alarms.iter_mut().find(|alarm| alarm.id == id) {
            alarm.told.push(told);
        }
    }
    let mut causes = Vec::new();
    for row in tx.rows(
        "SELECT n.subject, n.since, n.alarm, n.joined_at, n.gone_at FROM alarm_cause n JOIN alarm a ON a.id = n.alarm \
         WHERE a.closed_at IS NULL ORDER BY n.subject, n.since",
        &[],
    )? {
        causes.push(Noted {
            subject: row.string("subject")?,
            since: row.time("since")?,
            alarm: row.string("alarm")?,
            joined_at: row.time("joined_at")?,
            gone_at: row.opt_time("gone_at")?,
        });
    }
    Ok(Book {
        round,
        alarms,
        causes,
    })
}

/// The accounts that have been silent for longer than [`STILL`], with what they brought in the same stretch of the
/// clock on the days before. What is asked is bounded by the number of accounts, whatever they bring.
pub fn still(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Vec<Stillness>, Error> {
    let edge = |order: &str| {
        format!(
            "(SELECT m.received_at FROM message m WHERE m.account = a.id AND m.speaker = 'customer' \
             ORDER BY m.account {order}, m.received_at {order} LIMIT 1)"
        )
    };
    let sql = format!(
        "SELECT a.id, a.source, a.name, {} AS first, {} AS last FROM account a ORDER BY a.id",
        edge("ASC"),
        edge("DESC"),
    );
    let mut still = Vec::new();
    for row in tx.rows(&sql, &[])? {
        let (Some(first), Some(last)) = (row.opt_time("first")?, row.opt_time("last")?) else {
            continue;
        };
        if now - last < STILL || now - last > GIVEN_UP {
            continue;
        }
        let account = row.int("id")?;
        let stretch = (now - last).min(STRETCH);
        let mut days = Vec::new();
        for day in (1..).take(DAYS) {
            let until = now - Duration::days(day);
            let from = until - stretch;
            if from < first {
                break;
            }
            let came = tx.first(
                "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM message WHERE account = ?1 AND speaker = 'customer' \
                 AND received_at >= ?2 AND received_at < ?3 LIMIT ?4) AS few",
                &[account.into(), from.into(), until.into(), ENOUGH.into()],
            )?;
            days.push(came.map_or(Ok(0), |row| row.int("n"))?);
        }
        still.push(Stillness {
            account,
            source: row.string("source")?,
            name: row.string("name")?,
            last,
            days,
        });
    }
    Ok(still)
}

/// Writes a round down, all of it. `false`, and nothing is written: another round was, or a message that was to
/// be rewritten has left.
pub fn commit(tx: &mut dyn Tx, plan: &Plan, now: DateTime<Utc>) -> Result<bool, Error> {
    tx.run(
        "INSERT INTO setting (name, value) VALUES ('alarm_round', '0') ON CONFLICT (name) DO NOTHING",
        &[],
    )?;
    let turned = tx.run(
        "UPDATE setting SET value = ?1 WHERE name = 'alarm_round' AND value = ?2",
        &[
            plan.round.to_string().into(),
            (plan.round - 1).to_string().into(),
        ],
    )?;
    if turned == 0 {
        return Ok(false);
    }
    let lock = tx.dialect().lock("FOR UPDATE");
    let rewritten = plan.messages.iter().filter_map(|message| message.into);
    for row in rewritten.chain(plan.withdrawn.iter().copied()) {
        let sql = format!("SELECT n FROM outbox WHERE n = ?1 AND state = 'waiting' {lock}");
        if tx.first(&sql, &[row.into()])?.is_none() {
            // It is being sent. The round is made again when that is settled; its number goes back.
            tx.run(
                "UPDATE setting SET value = ?1 WHERE name = 'alarm_round'",
                &[(plan.round - 1).to_string().into()],
            )?;
            return Ok(false);
        }
    }
    for (subject, since) in &plan.gone {
        tx.run(
            "UPDATE alarm_cause SET gone_at = ?3 WHERE subject = ?1 AND since = ?2",
            &[subject.into(), (*since).into(), now.into()],
        )?;
    }
    for (subject, since) in &plan.back {
        tx.run(
            "UPDATE alarm_cause SET gone_at = NULL WHERE subject = ?1 AND since = ?2",
            &[subject.into(), (*since).into()],
        )?;
    }
    for id in &plan.closed {
        tx.run(
            "UPDATE alarm SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL",
            &[id.into(), now.into()],
        )?;
    }
    for opened in &plan.opened {
        tx.run(
            "INSERT INTO alarm (id, topic, urgency, opened_at) VALUES (?1, ?2, ?3, ?4)",
            &[
                (&opened.id).into(),
                (&opened.topic).into(),
                opened.urgency.code().into(),
                now.into(),
            ],
        )?;
    }
    for (id, urgency) in &plan.changed {
        tx.run(
            "UPDATE alarm SET urgency = ?2 WHERE id = ?1",
            &[id.into(), urgency.code().into()],
        )?;
    }
    for (subject, since, alarm) in &plan.joined {
        tx.run(
            "INSERT INTO alarm_cause (subject, since, alarm, joined_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (subject, since) DO UPDATE SET alarm = ?3, joined_at = ?4, gone_at = NULL",
            &[subject.into(), (*since).into(), alarm.into(), now.into()],
        )?;
    }
    for row in &plan.withdrawn {
        tx.run(
            "UPDATE outbox SET state = 'withdrawn', settled_at = ?2 WHERE n = ?1",
            &[(*row).into(), now.into()],
        )?;
    }
    for message in &plan.messages {
        say(tx, message, now)?;
    }
    Ok(true)
}

/// Puts a message into the outbox of its target, or into its row that has not left yet.
fn say(tx: &mut dyn Tx, message: &Message, now: DateTime<Utc>) -> Result<(), Error> {
    let text = json(&message.note)?;
    let row = match message.into {
        Some(row) => {
            tx.run(
                "UPDATE outbox SET text = ?2 WHERE n = ?1",
                &[row.into(), text.into()],
            )?;
            row
        }
        None => put(tx, &message.target, &text, now)?,
    };
    for tell in &message.tells {
        tx.run(
            "INSERT INTO alarm_told (alarm, target, nth, step, outbox) SELECT ?1, ?2, COUNT(*), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT) \
             FROM alarm_told WHERE alarm = ?1 AND target = ?2",
            &[
                (&tell.alarm).into(),
                (&message.target).into(),
                tell.step.into(),
                row.into(),
            ],
        )?;
    }
    Ok(())
}

/// A target is an account of a source of its own with one conversation, in which nobody ever speaks.
fn put(tx: &mut dyn Tx, target: &str, text: &str, now: DateTime<Utc>) -> Result<i64, Error> {
    let source = format!("{NOTIFY}{target}");
    let shop = ShopId::unassigned();
    let find = |tx: &mut dyn Tx| {
        tx.first(
            "SELECT c.id, c.account FROM conversation c JOIN account a ON a.id = c.account \
             WHERE a.source = ?1 AND a.name = ?2 AND c.external = ?2",
            &[source.as_str().into(), target.into()],
        )
    };
    let home = match find(tx)? {
        Some(home) => home,
        None => {
            super::shops::ensure(tx, std::slice::from_ref(&shop))?;
            tx.run(
                "INSERT INTO account (source, name) VALUES (?1, ?2) ON CONFLICT (source, name) DO NOTHING",
                &[source.as_str().into(), target.into()],
            )?;
            tx.run(
                "INSERT INTO conversation (account, external, shop, platform, facts, decided, epoch, last_at) \
                 SELECT a.id, ?2, ?3, 'other', 0, 0, 0, CAST(?4 AS BIGINT) FROM account a WHERE a.source = ?1 AND a.name = ?2 \
                 ON CONFLICT (account, external) DO NOTHING",
                &[
                    source.as_str().into(),
                    target.into(),
                    shop.as_str().into(),
                    now.into(),
                ],
            )?;
            find(tx)?.ok_or_else(|| Error::Unavailable("a target was removed".into()))?
        }
    };
    let row = tx.first(
        "INSERT INTO outbox (install, conversation, account, turn, kind, class, text, seen_facts, seen_epoch, \
           not_before, next_at, state, attempts, created_at, echoed, crossed) \
         VALUES ((SELECT value FROM setting WHERE name = 'install'), ?1, ?2, 0, 'alarm', 'content', ?3, 0, 0, \
           ?4, ?4, 'waiting', 0, ?4, 0, 0) RETURNING n",
        &[
            home.int("id")?.into(),
            home.int("account")?.into(),
            text.into(),
            now.into(),
        ],
    )?;
    row.map_or_else(
        || Err(Error::Unavailable("the outbox took nothing".into())),
        |row| row.int("n"),
    )
}

/// An alarm; `None` when it is not known.
pub fn alarm(tx: &mut dyn Tx, id: &str) -> Result<Option<AlarmView>, Error> {
    let row = tx.first(
        "SELECT topic, urgency, opened_at, acked_at, closed_at, \
           (SELECT COUNT(*) FROM alarm_cause n WHERE n.alarm = alarm.id AND n.gone_at IS NULL) AS causes \
         FROM alarm WHERE id = ?1",
        &[id.into()],
    )?;
    row.map(|row| {
        Ok(AlarmView {
            topic: row.string("topic")?,
            urgency: row.word("urgency", Urgency::parse)?,
            opened_at: row.time("opened_at")?,
            acked_at: row.opt_time("acked_at")?,
            closed_at: row.opt_time("closed_at")?,
            causes: row.int("causes")?,
        })
    })
    .transpose()
}

/// Somebody cares: nobody else is told. `true` when he is the first, `false` when somebody was before, or it is over,
/// or not known.
pub fn acknowledge(tx: &mut dyn Tx, id: &str, by: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let changed = tx.run(
        "UPDATE alarm SET acked_at = ?2, acked_by = ?3 WHERE id = ?1 AND acked_at IS NULL AND closed_at IS NULL",
        &[id.into(), now.into(), by.into()],
    )?;
    Ok(changed > 0)
}

/// The key of the links by which alarms are acknowledged, the same on every node; `fresh` when there was none.
pub fn link_key(tx: &mut dyn Tx, fresh: &str) -> Result<String, Error> {
    tx.run(
        "INSERT INTO setting (name, value) VALUES ('alarm_key', ?1) ON CONFLICT (name) DO NOTHING",
        &[fresh.into()],
    )?;
    let row = tx.first("SELECT value FROM setting WHERE name = 'alarm_key'", &[])?;
    row.map_or_else(
        || Err(Error::Unavailable("the key was not kept".into())),
        |row| row.string("value"),
    )
}
