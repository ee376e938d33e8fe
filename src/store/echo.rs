//! Hearing our own voice: a line from the shop's side may be a reply of ours coming back, or a suggestion
//! an agent sent.
//!
//! A reply that comes back is proof that it was sent. It is remembered on our own line, so that the same
//! line is known when it comes again, and it is not a fact. Only what was claimed can come back, each reply once:
//! by the platform's id where both sides know one, by its words where one of them knows none.

use chrono::{DateTime, Utc};

use super::{
    Error, Tx,
    line::{Fate, Line},
};
use crate::{
    desk::{InboundMessage, Role, Suggestion},
    knowledge::{ScriptId, text::normalise},
};

/// A helper that truncates shows at least so many characters of a reply.
const TRUNCATED: usize = 20;

/// Whose words a line is.
pub(super) enum Voice {
    /// Ours, alone.
    Ours(Echo),
    /// A suggestion of ours, sent by an agent.
    Suggested,
    /// The speaker's own.
    Own,
}

/// One of our replies, come back.
pub(super) struct Echo {
    outbox: i64,
    /// A human spoke before it in the same delivery.
    crossed: bool,
}

/// What we said or suggested and have not heard back.
pub(super) struct Ear {
    replies: Vec<Unheard>,
    decision: Option<i64>,
    suggestions: Vec<(ScriptId, String)>,
    used: Option<ScriptId>,
}

struct Unheard {
    outbox: i64,
    platform_id: Option<String>,
    text: String,
}

impl Ear {
    pub(super) fn of(tx: &mut dyn Tx, conversation: i64) -> Result<Self, Error> {
        let mut replies = Vec::new();
        for row in tx.rows(
            "SELECT n, platform_id, text FROM outbox \
             WHERE conversation = ?1 AND kind IN ('reply', 'human') AND echoed = 0 AND state IN ('claimed', 'sent', 'uncertain') \
             ORDER BY n",
            &[conversation.into()],
        )? {
            replies.push(Unheard {
                outbox: row.int("n")?,
                platform_id: row.opt_string("platform_id")?,
                text: normalise(row.text("text")?),
            });
        }
        let standing = tx.first(
            "SELECT id, suggestions FROM decision WHERE conversation = ?1 ORDER BY turn DESC LIMIT 1",
            &[conversation.into()],
        )?;
        let mut ear = Self {
            replies,
            decision: None,
            suggestions: Vec::new(),
            used: None,
        };
        if let Some(row) = standing {
            ear.decision = Some(row.int("id")?);
            let suggestions: Vec<Suggestion> = row.json("suggestions")?;
            ear.suggestions = suggestions
                .into_iter()
                .map(|s| (s.script, normalise(&s.text)))
                .collect();
        }
        Ok(ear)
    }

    /// Whose words a line is. Each of our replies is heard once.
    pub(super) fn hear(&mut self, line: &InboundMessage, crossed: bool) -> Voice {
        let text = normalise(&line.text);
        let ours = self.by_id(line).or_else(|| self.by_words(line, &text));
        if let Some(index) = ours {
            return Voice::Ours(Echo {
                outbox: self.replies.remove(index).outbox,
                crossed,
            });
        }
        if line.role == Role::Agent
            && !text.is_empty()
            && let Some((script, _)) = self
                .suggestions
                .iter()
                .find(|(_, suggested)| *suggested == text)
        {
            self.used.get_or_insert_with(|| script.clone());
            return Voice::Suggested;
        }
        Voice::Own
    }

    fn by_id(&self, line: &InboundMessage) -> Option<usize> {
        let id = line.external.as_ref()?;
        self.replies
            .iter()
            .position(|reply| reply.platform_id.as_ref() == Some(id))
    }

    /// Where both sides know an id, other words than the id's prove nothing; only helpers that show a window
    /// without ids truncate.
    fn by_words(&self, line: &InboundMessage, text: &str) -> Option<usize> {
        if text.is_empty() {
            return None;
        }
        let cut = line.external.is_none() && text.chars().count() >= TRUNCATED;
        let unnamed = |reply: &Unheard| reply.platform_id.is_none() || line.external.is_none();
        let whole = |reply: &Unheard| unnamed(reply) && reply.text == text;
        let start = |reply: &Unheard| cut && reply.text.starts_with(text);
        self.replies
            .iter()
            .position(whole)
            .or_else(|| self.replies.iter().position(start))
    }

    /// Notes on the standing decision which of its suggestions was sent.
    pub(super) fn remember_used(self, tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<(), Error> {
        if let (Some(decision), Some(script)) = (self.decision, self.used) {
            tx.run(
                "UPDATE decision SET used = ?2, used_at = ?3 WHERE id = ?1 AND used IS NULL",
                &[decision.into(), script.as_str().into(), now.into()],
            )?;
        }
        Ok(())
    }
}

/// Notes every echo of a delivery on our own line and on the reply. `last` is the number of the last message
/// before the delivery's own.
pub(super) fn settle(
    tx: &mut dyn Tx,
    last: i64,
    lines: &[Line<'_>],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut place = last;
    for line in lines {
        match &line.fate {
            Fate::Inserted(id, _) => place = *id,
            Fate::Ours(echo) => {
                tx.run(
                    "UPDATE outbox SET echoed = 1, state = 'sent', settled_at = COALESCE(settled_at, ?2), \
                       platform_id = COALESCE(platform_id, ?3), crossed = CASE WHEN ?4 = 1 AND state = 'claimed' THEN 1 ELSE crossed END \
                     WHERE n = ?1",
                    &[echo.outbox.into(), now.into(), line.message.external.as_deref().into(), echo.crossed.into()],
                )?;
                tx.run(
                    "UPDATE message SET external = ?2, digest = ?3, sent_at = ?4, seen = ?5 WHERE outbox = ?1",
                    &[
                        echo.outbox.into(),
                        line.message.external.as_deref().into(),
                        (&line.digest).into(),
                        line.message.sent_at.into(),
                        place.into(),
                    ],
                )?;
            }
            _ => {}
        }
    }
    Ok(())
}
