//! One conversation, as an agent sees it: what was said, what became of what we said, what was understood.

use chrono::{DateTime, Utc};

use super::{
    Error, Row, Tx, Value, messages,
    ownership::{self, Conversation},
    tx::{marks, padded},
    view::{self, ViewCase},
};
use crate::{
    desk::{Because, HandoffReason, Suggestion},
    knowledge::{ContentKind, Mode, Speaker},
};

/// How many messages are shown, the newest.
const MESSAGES: i64 = 100;
/// How many of our own that nobody has read are shown, the newest.
const UNSAID: i64 = 5;

/// A conversation, as an agent sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// The conversation, and whose a human said it is.
    pub home: Conversation,
    /// The customer's name, when it is known.
    pub customer: Option<String>,
    /// The order he looks at.
    pub order: Option<String>,
    /// The most the bot may do in it, where its helper said less than the shop.
    pub lowered: Option<Mode>,
    /// Everything said has been decided about.
    pub decided: bool,
    /// Why a human is needed, and since when.
    pub queued: Option<(HandoffReason, DateTime<Utc>)>,
    /// The latest messages, oldest first.
    pub messages: Vec<Said>,
    /// What waits to be said by the bot, and what could not be said, oldest first.
    pub unsaid: Vec<Unsaid>,
    /// What was suggested for the latest turn, with its decision's number.
    pub suggestions: Vec<Suggestion>,
    /// Why.
    pub because: Option<Because>,
    /// Its cases.
    pub cases: Vec<ViewCase>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its number.
    pub id: i64,
    /// Who spoke.
    pub speaker: Speaker,
    /// The speaker's name, when known.
    pub sender: Option<String>,
    /// What it is made of.
    pub kind: ContentKind,
    /// The original words.
    pub text: String,
    /// Where its picture or file is.
    pub url: Option<String>,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// What became of it, when we said it: `waiting`, `claimed`, `sent`, `uncertain`.
    pub state: Option<String>,
    /// A human spoke while it was on the wire.
    pub crossed: bool,
}

/// Something of ours that the customer has not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaid {
    /// Its id.
    pub id: String,
    /// A person wrote it.
    pub sender: Option<String>,
    /// What it says.
    pub text: String,
    /// `waiting`, `failed` or `expired`.
    pub state: String,
    /// Why it failed.
    pub error: Option<String>,
    /// When it may leave.
    pub not_before: DateTime<Utc>,
}

/// A conversation by its number.
pub fn chat(tx: &mut dyn Tx, id: i64) -> Result<Option<Chat>, Error> {
    let Some(home) = ownership::conversation(tx, id)? else {
        return Ok(None);
    };
    let Some(row) = tx.first(
        "SELECT id, customer, order_no, lowered, facts, decided, queued_at, queue_reason FROM conversation WHERE id = ?1",
        &[id.into()],
    )?
    else {
        return Ok(None);
    };
    // A decision that later facts were decided without is not about the latest turn.
    let decision = tx.first(
        "SELECT id, suggestions, because FROM decision WHERE conversation = ?1 AND facts = ?2 ORDER BY turn DESC LIMIT 1",
        &[id.into(), row.int("decided")?.into()],
    )?;
    let (suggestions, because) = match decision {
        Some(row) => (row.json("suggestions")?, Some(row.json("because")?)),
        None => (Vec::new(), None),
    };
    let queued = match row.opt_time("queued_at")? {
        Some(at) => Some((row.word("queue_reason", HandoffReason::parse)?, at)),
        None => None,
    };
    Ok(Some(Chat {
        home,
        customer: row.opt_string("customer")?,
        order: row.opt_string("order_no")?,
        lowered: messages::mode(&row, "lowered")?,
        decided: row.int("decided")? >= row.int("facts")?,
        queued,
        messages: said(tx, id)?,
        unsaid: unsaid(tx, id)?,
        suggestions,
        because,
        cases: view::cases(tx, id)?,
    }))
}

fn said(tx: &mut dyn Tx, conversation: i64) -> Result<Vec<Said>, Error> {
    let rows = tx.rows(
        "SELECT m.id, m.speaker, m.sender, m.kind, m.text, m.url, m.at, o.state, COALESCE(o.crossed, 0) AS crossed \
         FROM message m LEFT JOIN outbox o ON o.n = m.outbox \
         WHERE m.conversation = ?1 ORDER BY m.at DESC, m.id DESC LIMIT ?2",
        &[conversation.into(), MESSAGES.into()],
    )?;
    rows.iter()
        .rev()
        .map(|row| {
            Ok(Said {
                id: row.int("id")?,
                speaker: row.word("speaker", Speaker::parse)?,
                sender: row.opt_string("sender")?,
                kind: row.word("kind", ContentKind::parse)?,
                text: row.string("text")?,
                url: row.opt_string("url")?,
                at: row.time("at")?,
                state: row.opt_string("state")?,
                crossed: row.yes("crossed")?,
            })
        })
        .collect()
}

/// What waits, and what failed after the last that did not.
fn unsaid(tx: &mut dyn Tx, conversation: i64) -> Result<Vec<Unsaid>, Error> {
    let rows = tx.rows(
        "SELECT n, id, sender, text, state, error, not_before FROM outbox o \
         WHERE conversation = ?1 AND kind IN ('reply', 'human') AND state IN ('waiting', 'failed', 'expired') \
           AND NOT EXISTS (SELECT 1 FROM message m WHERE m.outbox = o.n) \
           AND n > COALESCE((SELECT MAX(s.n) FROM outbox s WHERE s.conversation = ?1 AND s.state = 'sent' \
             AND s.kind IN ('reply', 'human')), 0) \
         ORDER BY n DESC LIMIT ?2",
        &[conversation.into(), UNSAID.into()],
    )?;
    rows.iter()
        .rev()
        .map(|row| {
            Ok(Unsaid {
                id: row.string("id")?,
                sender: row.opt_string("sender")?,
                text: row.string("text")?,
                state: row.string("state")?,
                error: row.opt_string("error")?,
                not_before: row.time("not_before")?,
            })
        })
        .collect()
}

/// What tells one state of a conversation from the next, for some of them: as many as exist.
pub fn marks_of(tx: &mut dyn Tx, conversations: &[i64]) -> Result<Vec<(i64, String)>, Error> {
    let mut all = Vec::new();
    for ids in conversations.chunks(64) {
        let ids = padded(ids);
        let args: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
        let sql = format!(
            "SELECT c.id, c.facts, c.decided, c.epoch, c.waiting_since, c.queued_at, c.last_at, c.owner_at, \
               (SELECT MAX(m.id) FROM message m WHERE m.conversation = c.id) AS said, \
               (SELECT COUNT(*) FROM outbox o WHERE o.conversation = c.id AND o.state = 'waiting') AS due, \
               (SELECT COUNT(*) FROM outbox o WHERE o.conversation = c.id AND o.state = 'claimed') AS out, \
               (SELECT MAX(o.settled_at) FROM outbox o WHERE o.conversation = c.id) AS settled, \
               (SELECT MAX(d.at) FROM decision d WHERE d.conversation = c.id) AS thought \
             FROM conversation c WHERE c.id IN ({})",
            marks(1, ids.len())
        );
        for row in tx.rows(&sql, &args)? {
            all.push((row.int("id")?, mark(&row)?));
        }
    }
    Ok(all)
}

fn mark(row: &Row) -> Result<String, Error> {
    let columns = [
        "facts",
        "decided",
        "epoch",
        "waiting_since",
        "queued_at",
        "last_at",
        "owner_at",
        "said",
        "due",
        "out",
        "settled",
        "thought",
    ];
    let mut mark = String::new();
    for column in columns {
        mark.push_str(&row.opt_int(column)?.unwrap_or(-1).to_string());
        mark.push(' ');
    }
    Ok(mark)
}
