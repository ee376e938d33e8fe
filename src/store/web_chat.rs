//! What a customer may read of his own conversation on the shop's own page: what was said, and nothing about it.

use chrono::{DateTime, Utc};

use super::{Error, Tx, outbox::Outcome, settle::settle};
use crate::knowledge::{ContentKind, Speaker};

/// How many messages are shown, the newest.
const LINES: i64 = 100;

/// A message as its customer reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number: a later one is higher.
    pub id: i64,
    /// Who spoke.
    pub speaker: Speaker,
    /// What it is made of.
    pub kind: ContentKind,
    /// The original words.
    pub text: String,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// The id his page gave it.
    pub external: Option<String>,
    /// The id of our reply while nobody has confirmed yet that he has it.
    pub unconfirmed: Option<String>,
}

/// What waits to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Something may be claimed now.
    pub now: bool,
    /// When the next may be; `None` when nothing waits.
    pub next: Option<DateTime<Utc>>,
}

/// The number of a conversation; `None` while nothing was said in it.
pub fn find(
    tx: &mut dyn Tx,
    source: &str,
    account: &str,
    external: &str,
) -> Result<Option<i64>, Error> {
    let row = tx.first(
        "SELECT c.id FROM account a JOIN conversation c ON c.account = a.id \
         WHERE a.source = ?1 AND a.name = ?2 AND c.external = ?3",
        &[source.into(), account.into(), external.into()],
    )?;
    row.map(|row| row.int("id")).transpose()
}

/// Whether a claim for this conversation would find something. Only a claim says what may leave.
pub fn due(tx: &mut dyn Tx, conversation: i64, now: DateTime<Utc>) -> Result<Due, Error> {
    let rows = tx.rows(
        "SELECT o.n, o.next_at FROM outbox o JOIN conversation c ON c.id = o.conversation JOIN shop s ON s.id = c.shop \
         WHERE o.conversation = ?1 AND o.kind IN ('reply', 'human') AND o.state IN ('waiting', 'claimed') \
           AND (o.kind <> 'reply' OR o.state = 'claimed' OR o.not_after <= ?2 \
             OR (o.seen_facts = c.facts AND o.seen_epoch = s.epoch AND s.stopped = 0)) \
         ORDER BY o.next_at LIMIT 1",
        &[conversation.into(), now.into()],
    )?;
    let next = rows.first().map(|row| row.time("next_at")).transpose()?;
    Ok(Due {
        now: next.is_some_and(|at| at <= now),
        next,
    })
}

/// What he may read beyond `after`, oldest first: what was claimed for him at least. What is unconfirmed is always
/// there: nobody knows whether he has it, and his page knows what it shows.
pub fn lines(tx: &mut dyn Tx, conversation: i64, after: i64) -> Result<Vec<Line>, Error> {
    let rows = tx.rows(
        "SELECT m.id, m.speaker, m.kind, m.text, m.at, m.external, o.id AS reply, o.state \
         FROM message m LEFT JOIN outbox o ON o.n = m.outbox \
         WHERE m.conversation = ?1 AND m.speaker <> 'system' \
           AND (o.n IS NULL OR o.state IN ('claimed', 'sent', 'uncertain')) \
           AND (m.id > ?2 OR o.state = 'claimed') \
         ORDER BY m.id DESC LIMIT ?3",
        &[conversation.into(), after.into(), LINES.into()],
    )?;
    rows.iter()
        .rev()
        .map(|row| {
            let open = matches!(row.opt_text("state")?, Some("claimed" | "uncertain"));
            Ok(Line {
                id: row.int("id")?,
                speaker: row.word("speaker", Speaker::parse)?,
                kind: row.word("kind", ContentKind::parse)?,
                text: row.string("text")?,
                at: row.time("at")?,
                external: row.opt_string("external")?,
                unconfirmed: if open { row.opt_string("reply")? } else { None },
            })
        })
        .collect()
}

/// His page has shown these. What is not of this conversation is nobody's business here: how many were.
pub fn confirm(
    tx: &mut dyn Tx,
    conversation: i64,
    replies: &[String],
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut confirmed = 0;
    for reply in replies {
        let his = tx.first(
            "SELECT n FROM outbox WHERE id = ?1 AND conversation = ?2 AND kind IN ('reply', 'human')",
            &[reply.into(), conversation.into()],
        )?;
        let outcome = Outcome::Sent { platform_id: None };
        if his.is_some() && settle(tx, reply, &outcome, now)? {
            confirmed += 1;
        }
    }
    Ok(confirmed)
}
