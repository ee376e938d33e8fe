//! Recording what arrived: each message once, told apart from our own echoes, in one transaction.
//!
//! A message with an id is known by its id; lines without ids are known by where they stand in the window
//! their sender shows. What customers and humans said are *facts* and raise the conversation's count; a
//! human's line also takes back every automatic reply that has not left yet.

use chrono::{DateTime, Utc};

use super::{
    Error, Row, Tx, Value,
    echo::{self, Voice},
    line::{Fate, Line, align, look_up, mark_history},
    tx::marks,
    work::waiting_since,
};
use crate::{
    desk::{Inbound, Role},
    knowledge::{ContentKind, Mode, Platform, ShopId, Speaker},
};

/// How many messages one statement inserts.
const CHUNK: usize = 100;

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// The conversation.
    pub conversation: i64,
    /// Messages that were new.
    pub accepted: u32,
    /// Messages that were known, the same word for word.
    pub duplicates: u32,
    /// Ids that were known with other content; what was stored first is kept.
    pub conflicts: Vec<String>,
    /// The newest customer message of the delivery, new or known.
    pub last_customer: Option<i64>,
    /// Lines that were our own replies coming back.
    pub echoes: u32,
}

/// The conversation as it is before the delivery, locked.
struct Home {
    id: i64,
    account: i64,
    shop: String,
    platform: String,
    customer: Option<String>,
    lowered: Option<String>,
    order: Option<String>,
    facts: i64,
    waiting_since: Option<DateTime<Utc>>,
    /// When the last message was said; the epoch when there is none.
    last_at: DateTime<Utc>,
}

/// Records a delivery. Doing it again changes nothing.
pub fn record(
    tx: &mut dyn Tx,
    inbound: &Inbound,
    shop: &ShopId,
    now: DateTime<Utc>,
) -> Result<Recorded, Error> {
    let home = home(tx, inbound, shop)?;
    let mut lines: Vec<Line<'_>> = inbound
        .messages
        .iter()
        .map(|message| Line::new(message, now))
        .collect();
    let mut apart = home.last_at.timestamp_millis() == 0;
    if lines.iter().any(|line| line.message.external.is_none()) {
        apart |= !align(tx, home.id, &mut lines)?;
    }
    if lines.iter().any(Line::may_be_ours) {
        look_up(tx, home.id, home.account, &mut lines, false)?;
        if lines.iter().any(Line::may_be_ours) {
            recognise(tx, home.id, &mut lines, now)?;
        }
    }
    mark_history(&mut lines, apart, now);
    insert(tx, &home, &mut lines, now)?;
    if lines.iter().any(|line| matches!(line.fate, Fate::New(_))) {
        look_up(tx, home.id, home.account, &mut lines, true)?;
    }
    let last = home.last_message(tx, &lines)?;
    echo::settle(tx, last, &lines, now)?;
    if lines
        .iter()
        .any(|line| line.speaks().is_some_and(Speaker::is_human))
    {
        take_back(tx, home.id, now)?;
    }
    update(tx, &home, inbound, shop, &lines)?;
    Ok(recorded(&home, &lines))
}

/// Finds the conversation and locks it, or opens it.
fn home(tx: &mut dyn Tx, inbound: &Inbound, shop: &ShopId) -> Result<Home, Error> {
    if let Some(home) = find(tx, inbound)? {
        return Ok(home);
    }
    if let Some(home) = open(tx, inbound, shop)? {
        return Ok(home);
    }
    tx.run(
        "INSERT INTO account (source, name) VALUES (?1, ?2) ON CONFLICT (source, name) DO NOTHING",
        &[(&inbound.source).into(), (&inbound.account).into()],
    )?;
    super::shops::ensure(tx, std::slice::from_ref(shop))?;
    match open(tx, inbound, shop)? {
        Some(home) => Ok(home),
        // Another delivery has opened it meanwhile.
        None => find(tx, inbound)?.ok_or_else(|| {
            Error::Unavailable("a conversation was removed while it was recorded".into())
        }),
    }
}

/// Opens the conversation, if its account and shop are known and nobody has opened it meanwhile.
fn open(tx: &mut dyn Tx, inbound: &Inbound, shop: &ShopId) -> Result<Option<Home>, Error> {
    let row = tx.first(
        "INSERT INTO conversation (account, external, shop, platform, facts, decided, epoch, last_at) \
         SELECT a.id, ?3, s.id, ?5, 0, 0, 0, 0 FROM account a, shop s WHERE a.source = ?1 AND a.name = ?2 AND s.id = ?4 \
         ON CONFLICT (account, external) DO NOTHING RETURNING id, account",
        &[
            (&inbound.source).into(),
            (&inbound.account).into(),
            (&inbound.conversation).into(),
            shop.as_str().into(),
            inbound.platform.code().into(),
        ],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Home {
        id: row.int("id")?,
        account: row.int("account")?,
        shop: shop.to_string(),
        platform: inbound.platform.code().to_owned(),
        customer: None,
        lowered: None,
        order: None,
        facts: 0,
        waiting_since: None,
        last_at: DateTime::UNIX_EPOCH,
    }))
}

fn find(tx: &mut dyn Tx, inbound: &Inbound) -> Result<Option<Home>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE OF c");
    let sql = format!(
        "SELECT c.id, c.account, c.shop, c.platform, c.customer, c.lowered, c.order_no, c.facts, c.waiting_since, c.last_at \
         FROM account a JOIN conversation c ON c.account = a.id \
         WHERE a.source = ?1 AND a.name = ?2 AND c.external = ?3 {lock}"
    );
    let args = [
        (&inbound.source).into(),
        (&inbound.account).into(),
        (&inbound.conversation).into(),
    ];
    let Some(row) = tx.first(&sql, &args)? else {
        return Ok(None);
    };
    Ok(Some(Home {
        id: row.int("id")?,
        account: row.int("account")?,
        shop: row.string("shop")?,
        platform: row.string("platform")?,
        customer: row.opt_string("customer")?,
        lowered: row.opt_string("lowered")?,
        order: row.opt_string("order_no")?,
        facts: row.int("facts")?,
        waiting_since: row.opt_time("waiting_since")?,
        last_at: row.time("last_at")?,
    }))
}

/// Tells our own echoes and used suggestions from what humans wrote themselves.
fn recognise(
    tx: &mut dyn Tx,
    conversation: i64,
    lines: &mut [Line<'_>],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut ear = echo::Ear::of(tx, conversation)?;
    let mut human_before = false;
    for line in lines.iter_mut().filter(|line| line.may_be_ours()) {
        match ear.hear(line, human_before) {
            Voice::Ours(echo) => line.fate = Fate::Ours(echo),
            Voice::Suggested => line.fate = Fate::New(Speaker::BotAssist),
            Voice::Own => {}
        }
        human_before |= matches!(line.fate, Fate::New(speaker) if speaker.is_human());
    }
    ear.remember_used(tx, now)
}

fn insert(
    tx: &mut dyn Tx,
    home: &Home,
    lines: &mut [Line<'_>],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut new: Vec<&mut Line<'_>> = lines
        .iter_mut()
        .filter(|line| matches!(line.fate, Fate::New(_)))
        .collect();
    for chunk in new.chunks_mut(CHUNK) {
        let mut args: Vec<Value> = vec![home.id.into(), home.account.into(), now.into()];
        let mut rows = Vec::new();
        for line in chunk.iter() {
            let Fate::New(speaker) = line.fate else {
                continue;
            };
            rows.push(format!("(?1,?2,?3,{})", marks(args.len() + 1, 10)));
            args.extend([
                line.message.external.as_deref().into(),
                speaker.code().into(),
                line.message.sender.as_deref().into(),
                line.message.kind.code().into(),
                (&line.message.text).into(),
                line.message.url.as_deref().into(),
                (&line.digest).into(),
                line.sent_at().into(),
                line.at.into(),
                line.history.into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO message (conversation, account, received_at, external, speaker, sender, kind, text, url, digest, sent_at, at, history) \
             VALUES {} ON CONFLICT (account, external) WHERE external IS NOT NULL DO NOTHING RETURNING id, external",
            rows.join(",")
        );
        let mut inserted = Vec::new();
        for row in tx.rows(&sql, &args)? {
            inserted.push((row.int("id")?, row.opt_string("external")?));
        }
        // Numbers are given in the order of the values; a line that is left out was refused by its key.
        inserted.sort_unstable();
        let mut inserted = inserted.into_iter().peekable();
        for line in chunk.iter_mut() {
            let external = line.message.external.as_deref().map(super::tx::storable);
            if let Fate::New(speaker) = line.fate
                && let Some((id, _)) =
                    inserted.next_if(|(_, given)| given.as_deref() == external.as_deref())
            {
                line.fate = Fate::Inserted(id, speaker);
            }
        }
    }
    Ok(())
}

impl Home {
    /// The number of the last message before the delivery's own, where an echo needs it.
    fn last_message(&self, tx: &mut dyn Tx, lines: &[Line<'_>]) -> Result<i64, Error> {
        if !lines.iter().any(|line| matches!(line.fate, Fate::Ours(_))) {
            return Ok(0);
        }
        let first_new = lines.iter().find_map(|line| match line.fate {
            Fate::Inserted(id, _) => Some(id),
            _ => None,
        });
        let row = tx.first(
            "SELECT MAX(id) AS id FROM message WHERE conversation = ?1 AND id < ?2",
            &[self.id.into(), first_new.unwrap_or(i64::MAX).into()],
        )?;
        Ok(row
            .map(|row| row.opt_int("id"))
            .transpose()?
            .flatten()
            .unwrap_or(0))
    }
}

/// A human has spoken, or taken the conversation: what waits is withdrawn, what is on the wire is marked.
pub(super) fn take_back(
    tx: &mut dyn Tx,
    conversation: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    tx.run(
        "UPDATE outbox SET \
           crossed = CASE WHEN state = 'claimed' THEN 1 ELSE crossed END, \
           settled_at = CASE WHEN state = 'waiting' THEN ?2 ELSE settled_at END, \
           state = CASE WHEN state = 'waiting' THEN 'withdrawn' ELSE state END \
         WHERE conversation = ?1 AND kind = 'reply' AND state IN ('waiting', 'claimed')",
        &[conversation.into(), now.into()],
    )?;
    Ok(())
}

fn update(
    tx: &mut dyn Tx,
    home: &Home,
    inbound: &Inbound,
    shop: &ShopId,
    lines: &[Line<'_>],
) -> Result<(), Error> {
    let customer = inbound.customer.clone().or_else(|| home.customer.clone());
    let order = inbound.order.clone().or_else(|| home.order.clone());
    let lowered = inbound.mode.map(|mode| mode.code().to_owned());
    let mut said =
        i64::try_from(lines.iter().filter(|line| line.is_fact()).count()).unwrap_or(i64::MAX);
    let told = lowered != home.lowered || order != home.order || shop.as_str() != home.shop;
    // What the sender says about the conversation is a fact too: a reply decided before it must not leave.
    if said == 0 && told {
        said = 1;
    }
    let inserted = lines.iter().filter(|line| line.speaks().is_some());
    let last_at = inserted
        .clone()
        .map(|line| line.at)
        .chain([home.last_at])
        .max()
        .unwrap_or(home.last_at);
    if said == 0
        && last_at == home.last_at
        && customer == home.customer
        && inbound.platform.code() == home.platform
    {
        return Ok(());
    }
    if shop.as_str() != home.shop {
        super::shops::ensure(tx, std::slice::from_ref(shop))?;
    }
    let late = inserted
        .clone()
        .any(|line| line.is_fact() && line.at < home.last_at);
    // A human who speaks has seen what was asked before.
    let human_at = inserted
        .clone()
        .filter(|line| line.speaks().is_some_and(Speaker::is_human))
        .map(|line| line.at)
        .max();
    let waiting = match late {
        true => waiting_since(tx, home.id)?,
        false => inserted.fold(home.waiting_since, |since, line| match line.speaks() {
            Some(Speaker::Customer) => since.or(Some(line.at)),
            Some(speaker) if speaker.is_human() => None,
            _ => since,
        }),
    };
    tx.run(
        "UPDATE conversation SET shop = ?2, platform = ?3, customer = ?4, lowered = ?5, order_no = ?6, \
           facts = ?7, waiting_since = ?8, last_at = ?9, \
           queued_at = CASE WHEN queued_at <= ?10 THEN NULL ELSE queued_at END WHERE id = ?1",
        &[
            home.id.into(),
            shop.as_str().into(),
            inbound.platform.code().into(),
            customer.into(),
            lowered.into(),
            order.into(),
            (home.facts + said).into(),
            waiting.into(),
            last_at.into(),
            human_at.into(),
        ],
    )?;
    Ok(())
}

fn recorded(home: &Home, lines: &[Line<'_>]) -> Recorded {
    let mut recorded = Recorded {
        conversation: home.id,
        ..Recorded::default()
    };
    for line in lines {
        let number = match &line.fate {
            Fate::Inserted(id, _) => {
                recorded.accepted += 1;
                Some(*id)
            }
            Fate::Known(id) => {
                recorded.duplicates += 1;
                *id
            }
            Fate::Ours(_) => {
                recorded.echoes += 1;
                None
            }
            Fate::Conflict => {
                recorded.conflicts.extend(line.message.external.clone());
                None
            }
            Fate::New(_) => None,
        };
        if line.message.role == Role::Customer {
            recorded.last_customer = number.or(recorded.last_customer);
        }
    }
    recorded
}

/// A stored message, as the desk sees it.
pub(super) fn message(row: &Row) -> Result<crate::desk::Message, Error> {
    Ok(crate::desk::Message {
        id: row.int("id")?,
        speaker: row.word("speaker", Speaker::parse)?,
        sender: row.opt_string("sender")?,
        kind: row.word("kind", ContentKind::parse)?,
        text: row.string("text")?,
        at: row.time("at")?,
        received_at: row.time("received_at")?,
        history: row.yes("history")?,
    })
}

/// A stored platform.
pub(super) fn platform(row: &Row) -> Result<Platform, Error> {
    row.word("platform", Platform::parse)
}

/// A stored mode, or none.
pub(super) fn mode(row: &Row, column: &str) -> Result<Option<Mode>, Error> {
    match row.opt_text(column)? {
        Some(code) => Mode::parse(code)
            .map(Some)
            .ok_or_else(|| row.broken(column)),
        None => Ok(None),
    }
}
