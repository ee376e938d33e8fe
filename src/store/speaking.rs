//! A person writes to a customer from here: his words are in the conversation at once, and leave by the outbox.
//!
//! Nothing compares facts or epochs before they leave: a person's own act is never refused as stale. He is shown what
//! he has not seen instead, and asked.

use chrono::{DateTime, Duration, Utc};

use super::{Error, Tx, messages, queue, staff_event::Who, work::waiting_since};
use crate::{config::CHAT, desk::HandoffReason};

/// What nobody has fetched after this time is not sent any more: by then he will have called, or written again.
const GOOD_FOR: Duration = Duration::minutes(10);
/// A chat on the shop's own site waits for its customer to come back: the page is the only way to him.
const GOOD_FOR_WEB: Duration = Duration::days(3);
/// The same words by the same person so soon after, with nothing said in between, are one message pressed twice.
const TWICE: Duration = Duration::seconds(10);

/// What a person writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What the customer reads.
    pub text: String,
    /// The suggestion's script, when he sends it as it stands.
    pub script: Option<String>,
    /// The number of the last message he has seen.
    pub seen: i64,
    /// He knows that somebody else has answered meanwhile.
    pub anyway: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoken {
    /// It is on its way.
    Done,
    /// It was on its way already.
    Before,
    /// Somebody else (by this name, where it is known) or the bot answered, and he has not seen it. Nothing was sent.
    Answered(Option<String>),
    /// There is no such conversation.
    NotThere,
}

/// A person writes to a customer.
pub fn speak(
    tx: &mut dyn Tx,
    who: &Who,
    conversation: i64,
    words: &Words,
    now: DateTime<Utc>,
) -> Result<Spoken, Error> {
    let lock = tx.dialect().lock("FOR UPDATE OF c");
    let Some(home) = tx.first(
        &format!(
            "SELECT c.id, c.account, c.facts, c.last_at, s.epoch, a.source FROM conversation c JOIN shop s ON s.id = c.shop \
             JOIN account a ON a.id = c.account \
             WHERE c.id = ?1 {lock}"
        ),
        &[conversation.into()],
    )?
    else {
        return Ok(Spoken::NotThere);
    };
    let unseen = tx.rows(
        "SELECT id, speaker, sender, text, at FROM message WHERE conversation = ?1 AND id > ?2 ORDER BY id DESC LIMIT 50",
        &[conversation.into(), words.seen.into()],
    )?;
    if let Some(newest) = unseen.first()
        && newest.opt_text("sender")? == Some(who.name.as_str())
        && newest.text("text")? == words.text
        && now - newest.time("at")? < TWICE
    {
        return Ok(Spoken::Before);
    }
    if !words.anyway {
        for row in &unseen {
            let answers = matches!(row.text("speaker")?, "human" | "bot_assist" | "bot_auto");
            let sender = row.opt_string("sender")?;
            if answers && sender.as_deref() != Some(who.name.as_str()) {
                return Ok(Spoken::Answered(sender));
            }
        }
    }
    messages::take_back(tx, conversation, now)?;
    let turn = tx.first(
        "SELECT MAX(turn) AS turn FROM decision WHERE conversation = ?1",
        &[conversation.into()],
    )?;
    let turn = turn
        .map_or(Ok(None), |row| row.opt_int("turn"))?
        .unwrap_or(0);
    let account = home.int("account")?;
    let facts = home.int("facts")? + 1;
    let good_for = match home.text("source")?.starts_with(CHAT) {
        true => GOOD_FOR_WEB,
        false => GOOD_FOR,
    };
    let row = tx.first(
        "INSERT INTO outbox (install, conversation, account, turn, kind, class, script, text, seen_facts, seen_epoch, \
           not_before, not_after, next_at, state, attempts, created_at, echoed, crossed, sender) \
         VALUES ((SELECT value FROM setting WHERE name = 'install'), \
           ?1, ?2, ?3, 'human', 'content', ?4, ?5, ?6, ?7, ?8, ?9, ?8, 'waiting', 0, ?8, 0, 0, ?10) RETURNING n",
        &[
            conversation.into(),
            account.into(),
            turn.into(),
            words.script.as_deref().into(),
            (&words.text).into(),
            facts.into(),
            home.int("epoch")?.into(),
            now.into(),
            (now + good_for).into(),
            (&who.name).into(),
        ],
    )?;
    let n = row
        .ok_or_else(|| Error::Refused("a message was not kept".into()))?
        .int("n")?;
    let speaker = match words.script {
        Some(_) => "bot_assist",
        None => "human",
    };
    // Said after everything that is there, whatever the clocks of others say.
    let at = now.max(home.time("last_at")?);
    tx.run(
        "INSERT INTO message (conversation, account, speaker, sender, kind, text, digest, at, received_at, history, outbox) \
         VALUES (?1, ?2, ?3, ?4, 'text', ?5, '', ?6, ?7, 0, ?8)",
        &[
            conversation.into(),
            account.into(),
            speaker.into(),
            (&who.name).into(),
            (&words.text).into(),
            at.into(),
            now.into(),
            n.into(),
        ],
    )?;
    if let Some(script) = &words.script {
        tx.run(
            "UPDATE decision SET used = ?2, used_at = ?3 WHERE used IS NULL AND id = \
               (SELECT d.id FROM decision d WHERE d.conversation = ?1 ORDER BY d.turn DESC LIMIT 1)",
            &[conversation.into(), script.into(), now.into()],
        )?;
    }
    tx.run(
        "UPDATE conversation SET facts = ?2, waiting_since = NULL, queued_at = NULL, last_at = ?3 WHERE id = ?1",
        &[conversation.into(), facts.into(), at.into()],
    )?;
    Ok(Spoken::Done)
}

/// What a person wrote did not reach the customer: it is taken out of the conversation, the customer waits as before,
/// and somebody must look. The caller holds the conversation.
pub(super) fn not_said(
    tx: &mut dyn Tx,
    n: i64,
    conversation: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    tx.run("DELETE FROM message WHERE outbox = ?1", &[n.into()])?;
    let waiting = waiting_since(tx, conversation)?;
    tx.run(
        "UPDATE conversation SET facts = facts + 1, waiting_since = ?2 WHERE id = ?1",
        &[conversation.into(), waiting.into()],
    )?;
    queue::enter(tx, conversation, HandoffReason::Undelivered, now)
}
