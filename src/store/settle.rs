//! What became of what was claimed, and the dead letters.

use chrono::{DateTime, Utc};

use super::{Error, Row, Tx, queue, speaking, work::waiting_since};
use crate::desk::HandoffReason;

/// How a sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Sent {
        /// The platform's id for it, when it told one.
        platform_id: Option<String>,
    },
    /// It was certainly not sent; try again.
    Retry {
        /// Why.
        error: String,
        /// When.
        next_at: DateTime<Utc>,
    },
    /// Nobody knows whether it was sent, and the receiver knows its id: it is kept as said, and claimed again
    /// under the same id, or doubted when it no longer holds.
    Unheard {
        /// Why.
        error: String,
        /// When.
        next_at: DateTime<Utc>,
    },
    /// It was certainly not sent, and trying again will not help: a dead letter.
    Failed {
        /// Why.
        error: String,
    },
    /// Nobody knows whether it was sent: it is kept as said and not sent again.
    Uncertain {
        /// Why.
        error: String,
    },
    /// It was not tried after all.
    Released,
}

/// A message that could not be sent and waits for somebody to look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id.
    pub id: String,
    /// The door.
    pub source: String,
    /// The shop's account there.
    pub account: String,
    /// The conversation's id there.
    pub conversation: String,
    /// `reply`, `suggestions` or `alarm`.
    pub kind: String,
    /// What it says.
    pub text: String,
    /// Why it failed.
    pub error: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was given up.
    pub at: DateTime<Utc>,
}

/// Settles what was claimed. `true`: the outcome stands, now or since before. `false`: the row is not known or
/// is no longer claimed.
///
/// An outcome speaks of one attempt. Where an earlier one may have arrived, a later one that certainly did not
/// proves nothing: the reply stays said, and what would have ended it leaves it uncertain.
pub fn settle(
    tx: &mut dyn Tx,
    id: &str,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let doubted;
    let outcome = match in_doubt(outcome, now) {
        Some(doubt) if is_doubted(tx, id)? => {
            doubted = doubt;
            &doubted
        }
        _ => outcome,
    };
    match outcome {
        Outcome::Sent { platform_id } => sent(tx, id, platform_id.as_deref(), now),
        Outcome::Uncertain { error } => {
            let settled = tx.run(
                "UPDATE outbox SET state = 'uncertain', error = ?2, settled_at = ?3 WHERE id = ?1 AND state = 'claimed'",
                &[id.into(), error.into(), now.into()],
            )?;
            Ok(settled > 0)
        }
        Outcome::Unheard { error, next_at } => {
            let kept = tx.run(
                "UPDATE outbox SET error = ?2, next_at = ?3 WHERE id = ?1 AND state = 'claimed'",
                &[id.into(), error.into(), (*next_at).into()],
            )?;
            Ok(kept > 0)
        }
        Outcome::Retry { error, next_at } => unsay(tx, id, "waiting", Some(error), *next_at, now),
        Outcome::Released => unsay(tx, id, "waiting", None, now, now),
        Outcome::Failed { error } => unsay(tx, id, "failed", Some(error), now, now),
    }
}

/// What an outcome comes to when an earlier attempt may have arrived; `None` when to the same.
fn in_doubt(outcome: &Outcome, now: DateTime<Utc>) -> Option<Outcome> {
    match outcome {
        Outcome::Retry { error, next_at } => Some(Outcome::Unheard {
            error: error.clone(),
            next_at: *next_at,
        }),
        Outcome::Released => Some(Outcome::Unheard {
            error: "it was not tried again after all".to_owned(),
            next_at: now,
        }),
        Outcome::Failed { error } => Some(Outcome::Uncertain {
            error: error.clone(),
        }),
        Outcome::Sent { .. } | Outcome::Unheard { .. } | Outcome::Uncertain { .. } => None,
    }
}

/// Whether an attempt before this one may have arrived: a claimed reply carries the reason for the doubt.
fn is_doubted(tx: &mut dyn Tx, id: &str) -> Result<bool, Error> {
    let Some(row) = locked(tx, id)? else {
        return Ok(false);
    };
    Ok(matches!(row.text("kind")?, "reply" | "human")
        && row.text("state")? == "claimed"
        && row.opt_text("error")?.is_some())
}

/// Notes that a claimed reply is handed out a second time, beside whoever holds it: from now on nobody can say
/// that it was not sent. `false` when it is no longer there to be handed out.
pub fn hand_again(tx: &mut dyn Tx, id: &str) -> Result<bool, Error> {
    let handed = tx.run(
        "UPDATE outbox SET error = CASE WHEN state = 'claimed' THEN COALESCE(error, 'it was handed out twice') ELSE error END \
         WHERE id = ?1 AND state IN ('claimed', 'sent')",
        &[id.into()],
    )?;
    Ok(handed > 0)
}

fn sent(
    tx: &mut dyn Tx,
    id: &str,
    platform_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    // An echo may have proved it before: then only the platform's id is still to be learnt.
    let settled = tx.run(
        "UPDATE outbox SET platform_id = COALESCE(platform_id, ?2), error = NULL, \
           settled_at = CASE WHEN state = 'sent' THEN settled_at ELSE ?3 END, state = 'sent' \
         WHERE id = ?1 AND state IN ('claimed', 'uncertain', 'sent')",
        &[id.into(), platform_id.into(), now.into()],
    )?;
    Ok(settled > 0)
}

/// It was not sent: our line is taken out of the conversation, the customer waits as before, and the
/// conversation is decided again.
///
/// That a line was never said is a fact: what was decided in the belief that it had been, about the customer's
/// next words, must not leave, whether it waits already or is being committed.
fn unsay(
    tx: &mut dyn Tx,
    id: &str,
    state: &str,
    error: Option<&str>,
    next_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let Some(row) = locked(tx, id)? else {
        return Ok(false);
    };
    if row.text("state")? != "claimed" {
        return Ok(false);
    }
    let (n, conversation) = (row.int("n")?, row.int("conversation")?);
    // A human has spoken since: it is not tried again.
    let state = match (state, row.yes("crossed")?) {
        ("waiting", true) => "withdrawn",
        (state, _) => state,
    };
    let settled_at = (state != "waiting").then_some(now);
    tx.run(
        // It has not left: it is counted when it does.
        "UPDATE outbox SET state = ?2, error = ?3, next_at = ?4, crossed = 0, claimed_at = NULL, \
           settled_at = ?5 WHERE n = ?1",
        &[
            n.into(),
            state.into(),
            error.into(),
            next_at.into(),
            settled_at.into(),
        ],
    )?;
    if row.text("kind")? == "reply" {
        tx.run("DELETE FROM message WHERE outbox = ?1", &[n.into()])?;
        let waiting = waiting_since(tx, conversation)?;
        tx.run(
            "UPDATE conversation SET waiting_since = ?2, facts = facts + 1 WHERE id = ?1",
            &[conversation.into(), waiting.into()],
        )?;
        // What it was decided on itself has not changed by that: it may be tried again, or sent by hand.
        tx.run(
            "UPDATE outbox SET seen_facts = seen_facts + 1 WHERE n = ?1 AND state IN ('waiting', 'failed') AND seen_facts = ?2",
            &[n.into(), row.int("facts")?.into()],
        )?;
        if state == "failed" && !row.yes("crossed")? {
            queue::enter(tx, conversation, HandoffReason::Undelivered, now)?;
        }
    }
    // What a person wrote stays in the conversation while it is tried again.
    if row.text("kind")? == "human" && state == "failed" {
        speaking::not_said(tx, n, conversation, now)?;
    }
    Ok(true)
}

/// An outbox row, its conversation locked first.
fn locked(tx: &mut dyn Tx, id: &str) -> Result<Option<Row>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE");
    if !lock.is_empty() {
        let sql = format!(
            "SELECT id FROM conversation WHERE id = (SELECT conversation FROM outbox WHERE id = ?1) {lock}"
        );
        tx.first(&sql, &[id.into()])?;
    }
    tx.first(
        "SELECT o.n, o.conversation, o.turn, o.kind, o.class, o.state, o.error, o.crossed, o.seen_facts, o.not_before, o.not_after, \
           c.facts, s.epoch \
         FROM outbox o JOIN conversation c ON c.id = o.conversation JOIN shop s ON s.id = c.shop WHERE o.id = ?1",
        &[id.into()],
    )
}

/// The newest dead letters.
pub fn dead_letters(tx: &mut dyn Tx, limit: usize) -> Result<Vec<DeadLetter>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(
        "SELECT o.n, o.id, o.kind, o.text, o.error, o.attempts, o.settled_at, o.created_at, a.source, a.name, c.external \
         FROM outbox o JOIN account a ON a.id = o.account JOIN conversation c ON c.id = o.conversation \
         WHERE o.state = 'failed' ORDER BY o.n DESC LIMIT ?1",
        &[limit.into()],
    )?
    .iter()
    .map(|row| {
        Ok(DeadLetter {
            id: row.string("id")?,
            source: row.string("source")?,
            account: row.string("name")?,
            conversation: row.string("external")?,
            kind: row.string("kind")?,
            text: row.string("text")?,
            error: row.opt_string("error")?.unwrap_or_default(),
            attempts: row.int("attempts")?,
            at: row.opt_time("settled_at")?.unwrap_or(row.time("created_at")?),
        })
    })
    .collect()
}

/// Lets a dead letter wait again, for as long as it was good for when it was decided. Not when the conversation
/// has moved on, or its turn has another answer: `false`.
pub fn resend(tx: &mut dyn Tx, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let Some(row) = locked(tx, id)? else {
        return Ok(false);
    };
    if row.text("state")? != "failed" {
        return Ok(false);
    }
    if row.text("kind")? == "reply" {
        if row.int("facts")? != row.int("seen_facts")? {
            return Ok(false);
        }
        let other = tx.first(
            "SELECT n FROM outbox WHERE conversation = ?1 AND turn = ?2 AND kind = 'reply' \
             AND state IN ('waiting', 'claimed', 'sent', 'uncertain') AND class = ?3",
            &[
                row.int("conversation")?.into(),
                row.int("turn")?.into(),
                row.text("class")?.into(),
            ],
        )?;
        if other.is_some() {
            return Ok(false);
        }
    }
    let good_for = match row.opt_time("not_after")? {
        Some(not_after) => Some(now + (not_after - row.time("not_before")?)),
        None => None,
    };
    // The person who sends it again has looked: it counts as decided now.
    tx.run(
        "UPDATE outbox SET state = 'waiting', attempts = 0, next_at = ?2, not_before = ?2, not_after = ?3, seen_epoch = ?4, \
           claimed_at = NULL, settled_at = NULL, error = NULL WHERE id = ?1",
        &[id.into(), now.into(), good_for.into(), row.int("epoch")?.into()],
    )?;
    Ok(true)
}
