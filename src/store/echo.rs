//! Hearing our own voice: a line from the shop's side may be a reply of ours coming back, or a suggestion
//! an agent sent.
//!
//! A reply that comes back is proof that it was sent. It is remembered on our own line, so that the same
//! line is known when it comes again, and it is not a fact. Only what was claimed can come back, each reply once:
//! by the platform's id where both sides know one, by its words where one of them knows none, and by its words only
//! for a while: many sources echo nothing, and an agent who uses the house's words later has said them himself.

use chrono::{DateTime, Duration, Utc};

use super::{
    Error, Tx,
    line::{Fate, Line},
};
use crate::{
    desk::{InboundMessage, Role, Suggestion},
    knowledge::{ScriptId, text::normalise},
};

/// By its words a reply is known for so long after it left, or may have left. An echo takes seconds; what is
/// taken for a human's by mistake only keeps the bot quiet.
const HEARD: Duration = Duration::minutes(10);
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
    /// When something of the conversation was last shown to us.
    shown_at: Option<DateTime<Utc>>,
    decision: Option<i64>,
    suggestions: Vec<(ScriptId, String)>,
    used: Option<ScriptId>,
}

struct Unheard {
    outbox: i64,
    platform_id: Option<String>,
    text: String,
    /// Its words prove nothing of what was said later.
    until: DateTime<Utc>,
}

impl Ear {
    pub(super) fn of(tx: &mut dyn Tx, conversation: i64) -> Result<Self, Error> {
        let mut replies = Vec::new();
        for row in tx.rows(
            "SELECT n, platform_id, text, COALESCE(settled_at, next_at) AS gone FROM outbox \
             WHERE conversation = ?1 AND kind IN ('reply', 'human') AND echoed = 0 AND state IN ('claimed', 'sent', 'uncertain') \
             ORDER BY n",
            &[conversation.into()],
        )? {
            replies.push(Unheard {
                outbox: row.int("n")?,
                platform_id: row.opt_string("platform_id")?,
                text: normalise(row.text("text")?),
                until: row.time("gone")? + HEARD,
            });
        }
        let shown = tx.first(
            "SELECT received_at FROM message WHERE conversation = ?1 AND outbox IS NULL ORDER BY at DESC, id DESC LIMIT 1",
            &[conversation.into()],
        )?;
        let standing = tx.first(
            "SELECT id, suggestions FROM decision WHERE conversation = ?1 ORDER BY turn DESC LIMIT 1",
            &[conversation.into()],
        )?;
        let mut ear = Self {
            replies,
            shown_at: shown.map(|row| row.time("received_at")).transpose()?,
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
    pub(super) fn hear(&mut self, line: &Line<'_>, crossed: bool) -> Voice {
        let said = self.said_from(line);
        let line = line.message;
        let text = normalise(&line.text);
        let ours = self
            .by_id(line)
            .or_else(|| self.by_words(line, &text, said));
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

    /// When a line was said, or the earliest moment at which it can have been: one that has a time or an id comes as
    /// it is said; one of a window was not there when the window was last shown.
    fn said_from(&self, line: &Line<'_>) -> Option<DateTime<Utc>> {
        let told = line.message.sent_at.is_some() || line.message.external.is_some();
        match told {
            true => Some(line.at),
            false => self.shown_at,
        }
    }

    fn by_id(&self, line: &InboundMessage) -> Option<usize> {
        let id = line.external.as_ref()?;
        self.replies
            .iter()
            .position(|reply| reply.platform_id.as_ref() == Some(id))
    }

    /// Where both sides know an id, other words than the id's prove nothing; only helpers that show a window
    /// without ids truncate.
    fn by_words(
        &self,
        line: &InboundMessage,
        text: &str,
        said: Option<DateTime<Utc>>,
    ) -> Option<usize> {
        if text.is_empty() {
            return None;
        }
        let cut = line.external.is_none() && text.chars().count() >= TRUNCATED;
        let unnamed = |reply: &Unheard| reply.platform_id.is_none() || line.external.is_none();
        let fresh = |reply: &Unheard| said.is_none_or(|said| said <= reply.until);
        let whole = |reply: &Unheard| fresh(reply) && unnamed(reply) && reply.text == text;
        let start = |reply: &Unheard| fresh(reply) && cut && reply.text.starts_with(text);
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
