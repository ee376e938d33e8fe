//! What a request that waits for its reply may expect.

use chrono::{DateTime, Utc};

use super::{Error, Tx};
use crate::desk::ReplyClass;

/// Where an automatic reply to a customer's message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// The conversation has facts nobody has decided on.
    Undecided,
    /// Nothing will be sent alone.
    None,
    /// A reply waits for its moment.
    Later,
    /// A reply may be claimed now.
    Due,
    /// This message's reply was handed out before, and has not been seen in the chat yet.
    Given {
        /// Its idempotency key.
        id: String,
        /// What the customer reads.
        text: String,
        /// Whether it ends the turn.
        class: ReplyClass,
    },
}

/// Where the reply to the customer's message `message` stands at `now`.
pub fn inline_state(
    tx: &mut dyn Tx,
    conversation: i64,
    message: i64,
    now: DateTime<Utc>,
) -> Result<Inline, Error> {
    // What answered a message was said after it.
    let given = tx.rows(
        "SELECT o.id, o.text, o.class FROM message m JOIN outbox o ON o.n = m.outbox \
         WHERE m.conversation = ?1 AND m.id > ?2 AND o.kind = 'reply' AND o.state IN ('claimed', 'sent') AND o.echoed = 0 \
         ORDER BY m.id LIMIT 1",
        &[conversation.into(), message.into()],
    )?;
    if let Some(row) = given.first() {
        return Ok(Inline::Given {
            id: row.string("id")?,
            text: row.string("text")?,
            class: row.word("class", ReplyClass::parse)?,
        });
    }
    let found = tx.rows(
        "SELECT c.decided, c.facts, o.next_at FROM conversation c \
         LEFT JOIN outbox o ON o.conversation = c.id AND o.kind = 'reply' AND o.state = 'waiting' \
         WHERE c.id = ?1",
        &[conversation.into()],
    )?;
    let Some(row) = found.first() else {
        return Ok(Inline::None);
    };
    Ok(if row.int("decided")? < row.int("facts")? {
        Inline::Undecided
    } else {
        match row.opt_time("next_at")? {
            None => Inline::None,
            Some(at) if at <= now => Inline::Due,
            Some(_) => Inline::Later,
        }
    })
}
