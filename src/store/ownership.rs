//! Whose a conversation is, as a human said: taken, pinned, handed back, ended.
//!
//! Saying so is a fact, like a line in the chat: nothing that was decided before leaves after it.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx, messages,
    staff_event::{Done, What, Who, note},
};
use crate::{
    desk::{OwnerAct, Ownership},
    knowledge::{Platform, ShopId},
};

/// The same act again within this time, with nothing said in between, is the same act. Later, taking a
/// conversation again starts its time anew.
const REPEATED: Duration = Duration::minutes(1);

/// A conversation and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its number.
    pub id: i64,
    /// Its door.
    pub source: String,
    /// The shop's account there.
    pub account: String,
    /// Its id there.
    pub external: String,
    /// Its shop.
    pub shop: ShopId,
    /// Where the shop sells.
    pub platform: Platform,
    /// Since when the customer waits; `None` when he does not.
    pub waiting_since: Option<DateTime<Utc>>,
    /// What a human last said about whose it is.
    pub ownership: Option<Ownership>,
}

/// A conversation by its number.
pub fn conversation(tx: &mut dyn Tx, id: i64) -> Result<Option<Conversation>, Error> {
    let row = tx.first(&format!("{SELECT} WHERE c.id = ?1"), &[id.into()])?;
    row.as_ref().map(read).transpose()
}

/// A conversation by its name on its door.
pub fn named(
    tx: &mut dyn Tx,
    source: &str,
    account: &str,
    external: &str,
) -> Result<Option<Conversation>, Error> {
    let row = tx.first(
        &format!("{SELECT} WHERE a.source = ?1 AND a.name = ?2 AND c.external = ?3"),
        &[source.into(), account.into(), external.into()],
    )?;
    row.as_ref().map(read).transpose()
}

/// Somebody says whose a conversation is. `None` when there is no such conversation; else how it is now, and
/// whether that changed anything.
///
/// Taking, pinning and ending take back every automatic reply that has not left, as a human's line does.
pub fn say(
    tx: &mut dyn Tx,
    who: &Who,
    conversation: i64,
    act: OwnerAct,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Conversation, bool)>, Error> {
    give(tx, who, &who.name, conversation, act, reason, now)
}

/// The same, said by somebody about a colleague's: `agent` is whose the conversation is then.
pub fn give(
    tx: &mut dyn Tx,
    who: &Who,
    agent: &str,
    conversation: i64,
    act: OwnerAct,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Conversation, bool)>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE OF c");
    let Some(row) = tx.first(
        &format!("{SELECT} WHERE c.id = ?1 {lock}"),
        &[conversation.into()],
    )?
    else {
        return Ok(None);
    };
    let mut known = read(&row)?;
    if let Some(before) = &known.ownership
        && before.agent == agent
        && before.act == act
        && row.opt_int("owner_facts")? == Some(row.int("facts")?)
        && (act != OwnerAct::Take || now - before.at < REPEATED)
    {
        return Ok(Some((known, false)));
    }
    // Whatever he says, he has seen why a human was needed.
    if act != OwnerAct::HandBack {
        messages::take_back(tx, conversation, now)?;
    }
    let waiting = match act {
        OwnerAct::End => None,
        _ => known.waiting_since,
    };
    tx.run(
        "UPDATE conversation SET owner = ?2, owner_act = ?3, owner_at = ?4, facts = facts + 1, \
           owner_facts = facts + 1, waiting_since = ?5, queued_at = NULL WHERE id = ?1",
        &[
            conversation.into(),
            agent.into(),
            code(act).into(),
            now.into(),
            waiting.into(),
        ],
    )?;
    let before = told(known.ownership.as_ref());
    known.waiting_since = waiting;
    known.ownership = Some(Ownership {
        agent: agent.to_owned(),
        act,
        at: now,
    });
    let done = Done {
        what: What::Ownership,
        shop: Some(&known.shop),
        conversation: Some(conversation),
        subject: None,
        reason,
        before,
        after: told(known.ownership.as_ref()),
    };
    note(tx, who, &done, now)?;
    Ok(Some((known, true)))
}

const SELECT: &str = "SELECT c.id, c.external, c.shop, c.platform, c.waiting_since, c.facts, c.owner, c.owner_act, c.owner_at, \
       c.owner_facts, a.source, a.name \
     FROM conversation c JOIN account a ON a.id = c.account";

fn read(row: &Row) -> Result<Conversation, Error> {
    Ok(Conversation {
        id: row.int("id")?,
        source: row.string("source")?,
        account: row.string("name")?,
        external: row.string("external")?,
        shop: row.text("shop")?.into(),
        platform: messages::platform(row)?,
        waiting_since: row.opt_time("waiting_since")?,
        ownership: ownership(row)?,
    })
}

/// What a human last said about whose a stored conversation is.
pub(super) fn ownership(row: &Row) -> Result<Option<Ownership>, Error> {
    let Some(agent) = row.opt_string("owner")? else {
        return Ok(None);
    };
    Ok(Some(Ownership {
        agent,
        act: row.word("owner_act", parse)?,
        at: row.time("owner_at")?,
    }))
}

fn code(act: OwnerAct) -> &'static str {
    match act {
        OwnerAct::Take => "take",
        OwnerAct::Pin => "pin",
        OwnerAct::HandBack => "hand_back",
        OwnerAct::End => "end",
    }
}

fn parse(code: &str) -> Option<OwnerAct> {
    Some(match code {
        "take" => OwnerAct::Take,
        "pin" => OwnerAct::Pin,
        "hand_back" => OwnerAct::HandBack,
        "end" => OwnerAct::End,
        _ => return None,
    })
}

fn told(ownership: Option<&Ownership>) -> Json {
    match ownership {
        None => Json::Null,
        Some(ownership) => {
            json!({ "agent": ownership.agent, "act": ownership.act, "at": ownership.at })
        }
    }
}
