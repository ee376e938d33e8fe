//! Who is in, and whose a conversation is.
//!
//! A conversation is the agent's who last spoke in it or took it, until he hands it back or ends it, is silent
//! for the shop's time, or goes off duty: by his name where the tables know it, else by the shop's cover. Only
//! a pin outlasts silence and the end of a shift.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};

use super::{facts::Facts, filling::Filling, standing::OwnerAct};
use crate::knowledge::{Knowledge, hours::Coverage};

/// Who is in at a moment, what was arranged by hand included.
pub fn coverage(knowledge: &Knowledge, facts: &Facts, at: DateTime<Utc>) -> Coverage {
    knowledge.coverage_with(&facts.shop, at, &facts.standing.arrangements)
}

/// Whether an agent is on duty at a moment; `None` when the tables and arrangements do not know him.
fn on_duty(filling: &Filling<'_>, agent: &str, at: DateTime<Utc>) -> Option<bool> {
    let facts = filling.facts;
    filling
        .knowledge
        .on_duty(&facts.shop, agent, at, &facts.standing.arrangements)
}

/// A human to whom a conversation belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// His name, where it is known.
    pub agent: Option<&'a str>,
    /// When he last showed that it is his.
    pub since: DateTime<Utc>,
    /// When he took it without speaking, if he did so last.
    pub took: Option<DateTime<Utc>>,
    /// It stays his until he says otherwise.
    pub pinned: bool,
}

/// The human who owns the conversation now.
pub fn owner<'a>(filling: &Filling<'a>) -> Option<Owner<'a>> {
    last_owner(filling.facts).filter(|owner| {
        owner.pinned || (filling.now < idle_at(filling, owner) && is_there(filling, owner))
    })
}

/// When the conversation ceases to be the owner's by silence; never while it is pinned.
pub fn leaves_at(filling: &Filling<'_>) -> Option<DateTime<Utc>> {
    last_owner(filling.facts)
        .filter(|owner| !owner.pinned)
        .map(|owner| idle_at(filling, &owner))
}

/// Until when nobody waits for an answer, because the conversation was ended by hand.
pub fn ended(facts: &Facts) -> Option<DateTime<Utc>> {
    facts
        .ownership
        .as_ref()
        .filter(|said| said.act == OwnerAct::End)
        .map(|said| said.at)
}

/// Since when somebody has been on duty without a break, whatever the shifts are called, looking back no
/// further than `from`.
pub fn staffed_since(filling: &Filling<'_>, from: DateTime<Utc>) -> DateTime<Utc> {
    let mut since = filling.coverage.since;
    for _ in 0..SHIFTS {
        if since <= from {
            break;
        }
        let before = coverage(
            filling.knowledge,
            filling.facts,
            since - Duration::milliseconds(1),
        );
        if !before.cover.is_staffed() || before.since >= since {
            break;
        }
        since = before.since;
    }
    since
}

/// When the shop's next day begins: 今天 and 明天 change their meaning.
pub fn midnight(filling: &Filling<'_>) -> Option<DateTime<Utc>> {
    let zone = filling.knowledge.shop_or_default(&filling.facts.shop).zone;
    let tomorrow = filling
        .now
        .with_timezone(&zone)
        .date_naive()
        .checked_add_days(Days::new(1))?;
    tomorrow
        .and_time(NaiveTime::MIN)
        .and_local_timezone(zone)
        .earliest()
        .map(|at| at.to_utc())
}

/// So many shifts are looked back over at most.
const SHIFTS: usize = 8;

fn last_owner(facts: &Facts) -> Option<Owner<'_>> {
    let spoke = facts
        .messages
        .iter()
        .rev()
        .find(|m| m.speaker.is_human())
        .map(|m| Owner {
            agent: m.sender.as_deref(),
            since: m.at,
            took: None,
            pinned: false,
        });
    let Some(said) = &facts.ownership else {
        return spoke;
    };
    let took = |pinned| Owner {
        agent: Some(&said.agent),
        since: said.at,
        took: Some(said.at),
        pinned,
    };
    match said.act {
        OwnerAct::Pin => Some(took(true)),
        OwnerAct::Take => Some(
            spoke
                .filter(|spoke| spoke.since > said.at)
                .unwrap_or_else(|| took(false)),
        ),
        OwnerAct::HandBack | OwnerAct::End => spoke.filter(|spoke| spoke.since > said.at),
    }
}

fn idle_at(filling: &Filling<'_>, owner: &Owner<'_>) -> DateTime<Utc> {
    let shop = filling.knowledge.shop_or_default(&filling.facts.shop);
    owner.since + shop.manners.owner_idle
}

/// Whether an owner is at his desk: on duty, or he showed himself while he was off.
fn is_there(filling: &Filling<'_>, owner: &Owner<'_>) -> bool {
    let shop_is_in = filling.coverage.cover.is_staffed() || owner.since >= filling.coverage.since;
    let by_name = |at| owner.agent.and_then(|agent| on_duty(filling, agent, at));
    match by_name(filling.now) {
        Some(false) => by_name(owner.since) == Some(false),
        _ => shop_is_in,
    }
}
