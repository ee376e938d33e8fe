//! What is to be said: claimed under lock, only while what it was decided on still holds.
//!
//! An automatic reply leaves only if the conversation's facts and the shop's epoch are those it was decided
//! on, the shop is not stopped and its time has not run out, judged in the transaction that claims it, with
//! conversation and shop locked, and only as many as the shop lets leave. From then on it may be on the wire: it
//! is kept as said.

use chrono::{DateTime, Duration, Utc};

use super::{
    Error, Row, Tx, Value, caps, speaking,
    tx::{marks, padded},
};
use crate::desk::ReplyClass;

pub use super::settle::{DeadLetter, Outcome, dead_letters, hand_again, resend, settle};

/// How long a helper that pulls may hold a reply before it must have sent it.
pub const PULL: Duration = Duration::seconds(10);

/// Who claims.
#[derive(Debug, Clone, Copy)]
pub enum Claim<'a> {
    /// The courier, for the sources it can call: replies and suggestions.
    Courier {
        /// Their names.
        sources: &'a [String],
    },
    /// A helper that asks for replies.
    Pull {
        /// Its source.
        source: &'a str,
        /// Only of this account.
        account: Option<&'a str>,
    },
    /// The courier of a receiver that knows no ids: what may have arrived is not sent again.
    Once {
        /// Its source.
        source: &'a str,
    },
    /// The page on which the customer reads.
    Shown {
        /// The conversation.
        conversation: i64,
    },
    /// The answer to the request that is being served.
    Inline {
        /// The conversation.
        conversation: i64,
    },
}

/// What is to be sent now, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id: the key for receivers that take one. The same at every attempt.
    pub id: String,
    /// The door.
    pub source: String,
    /// The shop's account there.
    pub account: String,
    /// The conversation's id there.
    pub conversation: String,
    /// What it is.
    pub kind: Kind,
    /// What it does to its turn.
    pub class: ReplyClass,
    /// The script it comes from.
    pub script: Option<String>,
    /// What the customer reads, or JSON `{turn, decision, suggestions, because}`.
    pub text: String,
    /// It must not be sent at or after this moment.
    pub not_after: Option<DateTime<Utc>>,
    /// Which attempt this is, from 1.
    pub attempts: i64,
    /// The person who wrote it, if one did.
    pub sender: Option<String>,
}

/// What an outbox row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An automatic reply for the customer.
    Reply,
    /// Suggestions for the agent's bridge.
    Suggestions,
    /// Word of alarms, for a notify target.
    Alarm,
    /// What a person wrote to the customer.
    Human,
}

impl Kind {
    fn parse(code: &str) -> Option<Self> {
        match code {
            "reply" => Some(Self::Reply),
            "suggestions" => Some(Self::Suggestions),
            "alarm" => Some(Self::Alarm),
            "human" => Some(Self::Human),
            _ => None,
        }
    }
}

/// Claims at most `limit` rows for `lease_ms` (a pull and a page always hold for [`PULL`]). Rows whose time has run out
/// expire; rows beyond the shop's caps wait, and their conversations for a human; claimed rows whose lease ended are claimed again under the same id, or become uncertain when what
/// they were decided on no longer holds.
pub fn claim(
    tx: &mut dyn Tx,
    who: Claim<'_>,
    now: DateTime<Utc>,
    lease_ms: i64,
    limit: usize,
) -> Result<Vec<Claimed>, Error> {
    let lease = match who {
        Claim::Pull { .. } | Claim::Shown { .. } => PULL,
        _ => Duration::milliseconds(lease_ms),
    };
    let rows = due(tx, &who, now, limit)?;
    let mut leaving: Vec<(&Row, bool)> = Vec::new();
    let mut first: Vec<&Row> = Vec::new();
    for row in &rows {
        match verdict(row, now)? {
            Verdict::Leave(true) if matches!(who, Claim::Once { .. }) => {
                end(tx, row.int("n")?, "uncertain", Some(UNHEARD), now)?;
            }
            Verdict::Leave(again) => {
                leaving.push((row, again));
                if !again && row.word("kind", Kind::parse)? == Kind::Reply {
                    first.push(row);
                }
            }
            Verdict::Expire => expire(tx, row, now)?,
            Verdict::Doubt => end(tx, row.int("n")?, "uncertain", Some(UNHEARD), now)?,
        }
    }
    let counted = !first.is_empty();
    let free: Vec<i64> = caps::within(tx, first, now)?
        .into_iter()
        .map(|row| row.int("n"))
        .collect::<Result<_, _>>()?;
    let mut claimed = Vec::new();
    for (row, again) in leaving {
        let held = counted
            && !again
            && row.word("kind", Kind::parse)? == Kind::Reply
            && !free.contains(&row.int("n")?);
        if !held {
            claimed.push(hand_out(tx, row, &who, again, now, lease)?);
        }
    }
    Ok(claimed)
}

/// Ends what nobody claims any more, whatever its source: replies whose time has run out expire, and claimed
/// ones whose lease ended and whose facts have moved on become uncertain. Returns how many.
pub fn sweep(tx: &mut dyn Tx, now: DateTime<Utc>, limit: usize) -> Result<u64, Error> {
    let mut ended = 0;
    for row in rows(tx, "", &[], now, limit)? {
        match verdict(&row, now)? {
            Verdict::Leave(_) => continue,
            Verdict::Expire => expire(tx, &row, now)?,
            Verdict::Doubt => end(tx, row.int("n")?, "uncertain", Some(UNHEARD), now)?,
        }
        ended += 1;
    }
    Ok(ended)
}

/// Its time has run out before anybody fetched it.
fn expire(tx: &mut dyn Tx, row: &Row, now: DateTime<Utc>) -> Result<(), Error> {
    let n = row.int("n")?;
    end(tx, n, "expired", None, now)?;
    match row.word("kind", Kind::parse)? {
        Kind::Human => speaking::not_said(tx, n, row.int("conversation")?, now),
        _ => Ok(()),
    }
}

/// Why nobody knows what became of it.
const UNHEARD: &str = "its lease ended without a word";

enum Verdict {
    /// It may leave; `true`: again.
    Leave(bool),
    Expire,
    Doubt,
}

fn verdict(row: &Row, now: DateTime<Utc>) -> Result<Verdict, Error> {
    let again = row.text("state")? == "claimed";
    let kind = row.word("kind", Kind::parse)?;
    if !matches!(kind, Kind::Reply | Kind::Human) {
        return Ok(Verdict::Leave(again));
    }
    let in_time = row.opt_time("not_after")?.is_none_or(|at| now < at);
    // What a person wrote does not depend on what happened since.
    let holds = kind == Kind::Human
        || row.int("seen_facts")? == row.int("facts")?
            && row.int("seen_epoch")? == row.int("epoch")?
            && !row.yes("stopped")?;
    Ok(match (again, in_time && holds) {
        (_, true) => Verdict::Leave(again),
        (true, false) => Verdict::Doubt,
        // The statement brings a waiting row that no longer holds only when its time has run out.
        (false, false) => Verdict::Expire,
    })
}

fn due(
    tx: &mut dyn Tx,
    who: &Claim<'_>,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    match who {
        Claim::Courier { sources: [] } => Ok(Vec::new()),
        Claim::Courier { sources } => {
            let sources = padded(sources);
            let args: Vec<Value> = sources.iter().map(Value::from).collect();
            rows(
                tx,
                &format!("AND a.source IN ({})", marks(3, args.len())),
                &args,
                now,
                limit,
            )
        }
        Claim::Once { source } => rows(tx, "AND a.source = ?3", &[(*source).into()], now, limit),
        Claim::Pull {
            source,
            account: None,
        } => rows(
            tx,
            "AND a.source = ?3 AND o.kind IN ('reply', 'human')",
            &[(*source).into()],
            now,
            limit,
        ),
        Claim::Pull {
            source,
            account: Some(account),
        } => {
            let which = "AND a.source = ?3 AND a.name = ?4 AND o.kind IN ('reply', 'human')";
            rows(
                tx,
                which,
                &[(*source).into(), (*account).into()],
                now,
                limit,
            )
        }
        Claim::Shown { conversation } => {
            let which = "AND o.conversation = ?3 AND o.kind IN ('reply', 'human')";
            rows(tx, which, &[(*conversation).into()], now, limit)
        }
        Claim::Inline { conversation } => {
            let which = "AND o.conversation = ?3 AND o.kind = 'reply'";
            rows(tx, which, &[(*conversation).into()], now, limit)
        }
    }
}

/// The rows that want to be looked at, with what they are compared with, locked. A conversation that another
/// transaction holds is left for the next time: so nobody waits here for a row while holding another.
fn rows(
    tx: &mut dyn Tx,
    which: &str,
    more: &[Value],
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    let lock = tx
        .dialect()
        .lock("FOR UPDATE OF o, c SKIP LOCKED FOR SHARE OF s");
    let sql = format!(
        "SELECT o.n, o.id, o.kind, o.class, o.script, o.text, o.state, o.seen_facts, o.seen_epoch, o.not_after, o.attempts, \
           o.conversation, o.account, o.sender, a.source, a.name, c.external, c.facts, c.shop, s.epoch, s.stopped, \
           o.cap_customer, o.cap_shop, {} \
         FROM outbox o JOIN conversation c ON c.id = o.conversation JOIN account a ON a.id = o.account \
         JOIN shop s ON s.id = c.shop \
         WHERE o.state IN ('waiting', 'claimed') AND o.next_at <= ?1 {which} \
           AND (o.kind <> 'reply' OR o.state = 'claimed' OR o.not_after <= ?1 \
             OR (o.seen_facts = c.facts AND o.seen_epoch = s.epoch AND s.stopped = 0)) \
         ORDER BY o.next_at, o.n LIMIT ?2 {lock}",
        caps::COUNTED
    );
    let mut args = vec![now.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
    args.extend_from_slice(more);
    tx.rows(&sql, &args)
}

fn hand_out(
    tx: &mut dyn Tx,
    row: &Row,
    who: &Claim<'_>,
    again: bool,
    now: DateTime<Utc>,
    lease: Duration,
) -> Result<Claimed, Error> {
    let n = row.int("n")?;
    let way = match who {
        Claim::Courier { .. } | Claim::Once { .. } => "courier",
        Claim::Pull { .. } => "pull",
        Claim::Shown { .. } => "shown",
        Claim::Inline { .. } => "inline",
    };
    tx.run(
        "UPDATE outbox SET state = 'claimed', way = ?2, attempts = attempts + 1, next_at = ?3, \
           claimed_at = COALESCE(claimed_at, ?4), \
           error = CASE WHEN ?5 = 1 THEN COALESCE(error, 'its lease ended without a word') END WHERE n = ?1",
        &[
            n.into(),
            way.into(),
            (now + lease).into(),
            now.into(),
            again.into(),
        ],
    )?;
    let kind = row.word("kind", Kind::parse)?;
    let class = row.word("class", ReplyClass::parse)?;
    if kind == Kind::Reply && !again {
        say(tx, row, class, now)?;
    }
    let mut not_after = row.opt_time("not_after")?;
    if let Claim::Pull { .. } = who {
        let soon = now + PULL;
        not_after = Some(not_after.map_or(soon, |at| at.min(soon)));
    }
    Ok(Claimed {
        id: row.string("id")?,
        source: row.string("source")?,
        account: row.string("name")?,
        conversation: row.string("external")?,
        kind,
        class,
        script: row.opt_string("script")?,
        text: row.string("text")?,
        not_after,
        attempts: row.int("attempts")? + 1,
        sender: row.opt_string("sender")?,
    })
}

/// Writes our line into the conversation; with content it ends the customer's waiting.
fn say(tx: &mut dyn Tx, row: &Row, class: ReplyClass, now: DateTime<Utc>) -> Result<(), Error> {
    let speaker = match class {
        ReplyClass::Content => "bot_auto",
        ReplyClass::Receipt | ReplyClass::Handoff => "notice",
    };
    let conversation = row.int("conversation")?;
    tx.run(
        "INSERT INTO message (conversation, account, speaker, kind, text, digest, at, received_at, history, outbox) \
         VALUES (?1, ?2, ?3, 'text', ?4, '', ?5, ?5, 0, ?6)",
        &[
            conversation.into(),
            row.int("account")?.into(),
            speaker.into(),
            row.text("text")?.into(),
            now.into(),
            row.int("n")?.into(),
        ],
    )?;
    let ends = match class {
        // What only waited for a way to the customer has found it.
        ReplyClass::Content => {
            "waiting_since = NULL, wake_at = NULL, \
             queued_at = CASE WHEN queue_reason IN ('capped', 'undelivered', 'unanswered') THEN NULL ELSE queued_at END, "
        }
        ReplyClass::Receipt | ReplyClass::Handoff => "",
    };
    tx.run(
        &format!("UPDATE conversation SET {ends}last_at = CASE WHEN last_at > ?2 THEN last_at ELSE ?2 END WHERE id = ?1"),
        &[conversation.into(), now.into()],
    )?;
    Ok(())
}

fn end(
    tx: &mut dyn Tx,
    n: i64,
    state: &str,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    tx.run(
        "UPDATE outbox SET state = ?2, error = COALESCE(?3, error), settled_at = ?4 WHERE n = ?1",
        &[n.into(), state.into(), error.into(), now.into()],
    )?;
    Ok(())
}

/// The door an outbox row belongs to: a source may only settle its own.
pub fn source_of(tx: &mut dyn Tx, id: &str) -> Result<Option<String>, Error> {
    let row = tx.first(
        "SELECT a.source FROM outbox o JOIN account a ON a.id = o.account WHERE o.id = ?1",
        &[id.into()],
    )?;
    row.map(|row| row.string("source")).transpose()
}

/// The reply (its id, text and state) that has left or is leaving for the turn of a customer's message: what a
/// request that is made again is answered with.
pub fn replies_of(
    tx: &mut dyn Tx,
    conversation: i64,
    after_message: i64,
) -> Result<Option<(String, String, String)>, Error> {
    let row = tx.first(
        "SELECT o.id, o.text, o.state FROM message m JOIN decision d ON d.id = m.decision \
         JOIN outbox o ON o.conversation = d.conversation AND o.turn = d.turn \
         WHERE m.id = ?2 AND m.conversation = ?1 AND o.kind = 'reply' AND o.state IN ('claimed', 'sent', 'uncertain') \
         ORDER BY CASE WHEN o.class = 'content' THEN 0 ELSE 1 END, o.n DESC LIMIT 1",
        &[conversation.into(), after_message.into()],
    )?;
    row.map(|row| Ok((row.string("id")?, row.string("text")?, row.string("state")?)))
        .transpose()
}
