//! One message of a delivery, and finding out whether it is known already.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};

use super::{
    Error, Row, Tx, Value,
    echo::Echo,
    tx::{marks, padded},
};
use crate::{
    desk::{InboundMessage, Role, window::new_entries},
    knowledge::Speaker,
};

/// A message this old when it is received is history.
const HISTORY: Duration = Duration::minutes(10);
/// A sender's time this close to ours is ours.
const JUST_NOW: Duration = Duration::seconds(30);
/// How many ids one statement asks for.
const CHUNK: usize = 100;

/// One message of the delivery and what is found out about it.
pub(super) struct Line<'a> {
    pub(super) message: &'a InboundMessage,
    pub(super) digest: String,
    pub(super) at: DateTime<Utc>,
    pub(super) history: bool,
    pub(super) fate: Fate,
}

/// What a line is.
pub(super) enum Fate {
    /// To be inserted; an agent's or bot's line may still prove to be our own.
    New(Speaker),
    /// Inserted under this number.
    Inserted(i64, Speaker),
    /// Our own reply coming back.
    Ours(Echo),
    /// Stored already; its number, where it is known.
    Known(Option<i64>),
    /// Stored already with other content.
    Conflict,
}

impl<'a> Line<'a> {
    pub(super) fn new(message: &'a InboundMessage, now: DateTime<Utc>) -> Self {
        let at = message
            .sent_at
            .filter(|at| now - *at > JUST_NOW)
            .unwrap_or(now);
        let speaker = match message.role {
            Role::Customer => Speaker::Customer,
            Role::Agent => Speaker::Human,
            Role::Bot => Speaker::Notice,
            Role::System => Speaker::System,
        };
        Self {
            message,
            digest: digest(message),
            at,
            history: false,
            fate: Fate::New(speaker),
        }
    }

    /// New, and from the shop's side.
    pub(super) fn may_be_ours(&self) -> bool {
        matches!(self.fate, Fate::New(_)) && matches!(self.message.role, Role::Agent | Role::Bot)
    }

    /// Who speaks, when the line was new and is inserted.
    pub(super) fn speaks(&self) -> Option<Speaker> {
        match self.fate {
            Fate::Inserted(_, speaker) => Some(speaker),
            _ => None,
        }
    }

    pub(super) fn is_fact(&self) -> bool {
        self.speaks()
            .is_some_and(|speaker| speaker == Speaker::Customer || speaker.is_human())
    }

    pub(super) fn sent_at(&self) -> Option<i64> {
        self.message.sent_at.map(|at| at.timestamp_millis())
    }
}

/// What makes two messages with one id, or two lines of a window, the same. Helpers disagree with themselves
/// about which of the shop's voices a line is.
fn digest(message: &InboundMessage) -> String {
    let role = match message.role {
        Role::Customer => "customer",
        Role::Agent | Role::Bot => "shop",
        Role::System => "system",
    };
    let mut hash = Sha256::new();
    for part in [
        role,
        message.kind.code(),
        &message.text,
        message.url.as_deref().unwrap_or_default(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Lines of one side of the chat are aligned together.
fn side(speaker: Speaker) -> usize {
    match speaker {
        Speaker::Customer => 0,
        Speaker::System => 2,
        _ => 1,
    }
}

/// Finds which of the lines without ids are stored already, by where they stand. Whether any is, or nothing
/// was stored before.
pub(super) fn align(
    tx: &mut dyn Tx,
    conversation: i64,
    lines: &mut [Line<'_>],
) -> Result<bool, Error> {
    let reach = i64::try_from(lines.len())
        .unwrap_or(i64::MAX)
        .saturating_mul(3)
        .saturating_add(50);
    // Our own lines count once the sender has shown them, at the place where it showed them.
    let mut stored = tx.rows(
        "SELECT id, speaker, digest, sent_at, seen FROM message \
         WHERE conversation = ?1 AND external IS NULL AND (outbox IS NULL OR seen IS NOT NULL) \
         ORDER BY at DESC, id DESC LIMIT ?2",
        &[conversation.into(), reach.into()],
    )?;
    if stored.is_empty() {
        return Ok(true);
    }
    let place = |row: &Row| -> Result<_, Error> {
        let (id, seen) = (row.int("id")?, row.opt_int("seen")?);
        Ok((seen.unwrap_or(id), seen.is_some(), id))
    };
    for row in &stored {
        place(row)?;
    }
    stored.sort_by_key(|row| place(row).ok());
    let mut overlap = false;
    for this in 0..3 {
        let mut before = Vec::new();
        let mut last = None;
        for row in &stored {
            if side(row.word("speaker", Speaker::parse)?) == this {
                before.push((row.string("digest")?, row.opt_int("sent_at")?));
                last = Some(row.int("id")?);
            }
        }
        let mut shown: Vec<&mut Line<'_>> = lines
            .iter_mut()
            .filter(|line| line.message.external.is_none())
            .filter(|line| matches!(line.fate, Fate::New(speaker) if side(speaker) == this))
            .collect();
        let window: Vec<_> = shown
            .iter()
            .map(|line| (line.digest.clone(), line.sent_at()))
            .collect();
        let known = window.len() - new_entries(&before, &window);
        overlap |= known > 0;
        for line in shown.iter_mut().take(known) {
            line.fate = Fate::Known(last);
        }
    }
    Ok(overlap)
}

/// Finds which new lines with ids are stored already. With `all`, every line that is still new was refused
/// by the unique key and must be found.
pub(super) fn look_up(
    tx: &mut dyn Tx,
    conversation: i64,
    account: i64,
    lines: &mut [Line<'_>],
    all: bool,
) -> Result<(), Error> {
    let ids: Vec<&str> = lines
        .iter()
        .filter(|line| matches!(line.fate, Fate::New(_)))
        .filter_map(|line| line.message.external.as_deref())
        .collect();
    let mut stored = HashMap::new();
    for ids in ids.chunks(CHUNK) {
        let ids = padded(ids);
        let sql = format!(
            "SELECT id, conversation, external, digest FROM message WHERE account = ?1 AND external IN ({})",
            marks(2, ids.len())
        );
        let mut args = vec![account.into()];
        args.extend(ids.iter().map(|id| Value::from(*id)));
        for row in tx.rows(&sql, &args)? {
            stored.insert(row.string("external")?, row);
        }
    }
    for line in lines
        .iter_mut()
        .filter(|line| matches!(line.fate, Fate::New(_)))
    {
        let known = line
            .message
            .external
            .as_deref()
            .and_then(|id| stored.get(&*super::tx::storable(id)));
        match known {
            // An id that another conversation of the account has used is not the same message.
            Some(row)
                if row.int("conversation")? == conversation
                    && row.text("digest")? == line.digest =>
            {
                line.fate = Fate::Known(Some(row.int("id")?));
            }
            Some(_) => line.fate = Fate::Conflict,
            None if all => {
                return Err(Error::Unavailable(
                    "a message was removed while it was recorded".into(),
                ));
            }
            None => {}
        }
    }
    Ok(())
}

/// Old lines, and all but the last unanswered run of a window that does not continue what is stored.
pub(super) fn mark_history(lines: &mut [Line<'_>], apart: bool, now: DateTime<Utc>) {
    let mut in_last_run = true;
    for line in lines.iter_mut().rev() {
        in_last_run &= line.message.role != Role::Agent;
        let last = in_last_run && line.message.role == Role::Customer;
        line.history = now - line.at > HISTORY || (apart && !last);
    }
}
