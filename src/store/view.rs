//! What can be seen of a conversation, and what can be counted: for doors and checks, never for deciding.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Error, Row, Tx, messages};
use crate::{
    desk::{Message, ReplyClass, Suggestion},
    knowledge::{CaseKindId, ContentKind, Platform, ScriptId, ShopId, Speaker, fields::Fields},
};

pub use super::tally::{Tally, tally};

/// How many messages and replies are shown, newest first counted.
const MESSAGES: i64 = 200;
const REPLIES: i64 = 50;

/// A conversation, to be shown. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationView {
    /// Its id on its door.
    pub conversation: String,
    /// Its shop.
    pub shop: ShopId,
    /// Where the shop sells.
    pub platform: Platform,
    /// Since when the customer waits for an answer with content; `None` when he does not.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Everything said has been decided about.
    pub decided: bool,
    /// The latest messages, oldest first.
    pub messages: Vec<ViewMessage>,
    /// What was suggested for the latest turn.
    pub suggestions: Vec<Suggestion>,
    /// Why.
    pub because: Option<serde_json::Value>,
    /// The latest automatic replies, oldest first.
    pub replies: Vec<ViewReply>,
    /// Its cases, oldest first.
    pub cases: Vec<ViewCase>,
}

/// A message, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewMessage {
    /// Who spoke.
    pub speaker: Speaker,
    /// The speaker's name, when known.
    pub sender: Option<String>,
    /// What it is made of.
    pub kind: ContentKind,
    /// The original words.
    pub text: String,
    /// When it was said.
    pub at: DateTime<Utc>,
}

impl From<Message> for ViewMessage {
    fn from(message: Message) -> Self {
        Self {
            speaker: message.speaker,
            sender: message.sender,
            kind: message.kind,
            text: message.text,
            at: message.at,
        }
    }
}

/// An automatic reply, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewReply {
    /// Its id.
    pub id: String,
    /// What it does to its turn.
    pub class: ReplyClass,
    /// What the customer reads.
    pub text: String,
    /// `waiting`, `claimed`, `sent`, `failed`, `withdrawn`, `expired` or `uncertain`.
    pub state: String,
    /// A human spoke while it was on the wire.
    pub crossed: bool,
    /// The script it comes from.
    pub script: Option<ScriptId>,
    /// It leaves not before this moment.
    pub not_before: DateTime<Utc>,
    /// It leaves before this moment.
    pub not_after: Option<DateTime<Utc>>,
}

/// A case, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewCase {
    /// Its number for people.
    pub number: String,
    /// What kind.
    pub kind: CaseKindId,
    /// `draft`, `open` … `closed`, as `desk::case::State::CODES` lists them; what is void counts as closed.
    pub state: String,
    /// Its order, when known.
    pub order: Option<String>,
    /// The note and what was appended to it, a line each.
    pub note: String,
    /// Who does it.
    pub handler: String,
    /// Who reviews it.
    pub reviewer: String,
    /// When the first action is due.
    pub first_due: DateTime<Utc>,
    /// When it should be finished.
    pub finish_due: DateTime<Utc>,
    /// What was named.
    pub fields: Fields,
}

/// A conversation by its name on its door; `None` when it is not known.
pub fn conversation(
    tx: &mut dyn Tx,
    source: &str,
    account: &str,
    external: &str,
) -> Result<Option<ConversationView>, Error> {
    let row = tx.first(
        "SELECT c.id, c.shop, c.platform, c.waiting_since, c.facts, c.decided \
         FROM account a JOIN conversation c ON c.account = a.id \
         WHERE a.source = ?1 AND a.name = ?2 AND c.external = ?3",
        &[source.into(), account.into(), external.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let id = row.int("id")?;
    // A decision that later facts were decided without is not about the latest turn.
    let decision = tx.first(
        "SELECT id, suggestions, because FROM decision WHERE conversation = ?1 AND facts = ?2 ORDER BY turn DESC LIMIT 1",
        &[id.into(), row.int("decided")?.into()],
    )?;
    let (suggestions, because) = match decision {
        Some(row) => (row.json("suggestions")?, Some(row.json("because")?)),
        None => (Vec::new(), None),
    };
    Ok(Some(ConversationView {
        conversation: external.to_owned(),
        shop: row.text("shop")?.into(),
        platform: messages::platform(&row)?,
        waiting_since: row.opt_time("waiting_since")?,
        decided: row.int("decided")? >= row.int("facts")?,
        messages: said(tx, id)?,
        suggestions,
        because,
        replies: replies(tx, id)?,
        cases: cases(tx, id)?,
    }))
}

fn said(tx: &mut dyn Tx, conversation: i64) -> Result<Vec<ViewMessage>, Error> {
    let rows = tx.rows(
        "SELECT id, speaker, sender, kind, text, at, received_at, history FROM message \
         WHERE conversation = ?1 ORDER BY at DESC, id DESC LIMIT ?2",
        &[conversation.into(), MESSAGES.into()],
    )?;
    rows.iter()
        .rev()
        .map(|row| messages::message(row).map(ViewMessage::from))
        .collect()
}

fn replies(tx: &mut dyn Tx, conversation: i64) -> Result<Vec<ViewReply>, Error> {
    let rows = tx.rows(
        "SELECT n, id, class, text, state, crossed, script, not_before, not_after FROM outbox \
         WHERE conversation = ?1 AND kind = 'reply' ORDER BY n DESC LIMIT ?2",
        &[conversation.into(), REPLIES.into()],
    )?;
    rows.iter()
        .rev()
        .map(|row| {
            Ok(ViewReply {
                id: row.string("id")?,
                class: row.word("class", ReplyClass::parse)?,
                text: row.string("text")?,
                state: row.string("state")?,
                crossed: row.yes("crossed")?,
                script: row.opt_text("script")?.map(ScriptId::from),
                not_before: row.time("not_before")?,
                not_after: row.opt_time("not_after")?,
            })
        })
        .collect()
}

pub(super) fn cases(tx: &mut dyn Tx, conversation: i64) -> Result<Vec<ViewCase>, Error> {
    // Its own, and those of other conversations that it added to: two short walks, an OR would be a long one.
    let rows = tx.rows(
        "SELECT id, number, kind, state, order_no, note, handler, reviewer, first_due, finish_due, fields FROM cases \
         WHERE id IN (\
           SELECT id FROM cases WHERE conversation = ?1 \
           UNION SELECT case_id FROM case_link WHERE conversation = ?1) \
         ORDER BY id",
        &[conversation.into()],
    )?;
    rows.iter().map(|row| case(tx, row)).collect()
}

fn case(tx: &mut dyn Tx, row: &Row) -> Result<ViewCase, Error> {
    let mut note = row.string("note")?;
    for line in tx.rows(
        "SELECT id, body FROM case_line WHERE case_id = ?1 ORDER BY id",
        &[row.int("id")?.into()],
    )? {
        let body: serde_json::Value = line.json("body")?;
        note.push('\n');
        note.push_str(body["note"].as_str().unwrap_or_default());
    }
    Ok(ViewCase {
        number: row.opt_string("number")?.unwrap_or_default(),
        kind: row.text("kind")?.into(),
        state: row.string("state")?,
        order: row.opt_string("order_no")?,
        note,
        handler: row.string("handler")?,
        reviewer: row.string("reviewer")?,
        first_due: row.time("first_due")?,
        finish_due: row.time("finish_due")?,
        fields: row.json("fields")?,
    })
}
