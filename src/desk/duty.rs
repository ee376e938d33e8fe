//! Who is in, and whose a conversation is.
//!
//! A conversation is the agent's who last spoke in it or took it, until he hands it back or ends it, is silent
//! for the shop's time, or goes off duty: by his name where the tables know it, else by the shop's cover. Only
//! a pin outlasts silence and the end of a shift.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    facts::Facts,
    filling::Filling,
    standing::{OwnerAct, Ownership},
};
use crate::knowledge::{Knowledge, ShopId, arrangement::Arrangement, hours::Coverage};

/// Who is in at a moment, what was arranged by hand included.
pub fn coverage(knowledge: &Knowledge, facts: &Facts, at: DateTime<Utc>) -> Coverage {
    knowledge.coverage_with(&facts.shop, at, &facts.standing.arrangements)
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

impl<'a> Owner<'a> {
    /// Who spoke in it.
    pub fn spoke(agent: Option<&'a str>, at: DateTime<Utc>) -> Self {
        Self {
            agent,
            since: at,
            took: None,
            pinned: false,
        }
    }

    /// Who had it last: who spoke in it, or who said later that it is his. Nobody after it was handed back or ended.
    pub fn last(spoke: Option<Self>, said: Option<&'a Ownership>) -> Option<Self> {
        let Some(said) = said else {
            return spoke;
        };
        let took = |pinned| Self {
            agent: Some(&said.agent),
            since: said.at,
            took: Some(said.at),
            pinned,
        };
        let spoke = spoke.filter(|spoke| spoke.since > said.at);
        match said.act {
            OwnerAct::Pin => Some(took(true)),
            OwnerAct::Take => Some(spoke.unwrap_or_else(|| took(false))),
            OwnerAct::HandBack | OwnerAct::End => spoke,
        }
    }
}

/// Why a conversation is nobody's although a human had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// He is not at his desk.
    OwnerAway,
    /// He has been silent for the shop's time.
    PauseOver,
}

/// A shop at a moment, by its tables and by what was arranged: what an owner is judged by.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    /// The house.
    pub knowledge: &'a Knowledge,
    /// The shop.
    pub shop: &'a ShopId,
    /// What was arranged for it.
    pub arrangements: &'a [Arrangement],
    /// Who is in.
    pub coverage: &'a Coverage,
    /// The moment.
    pub now: DateTime<Utc>,
}

impl Post<'_> {
    /// Why a conversation is not his any more who had it last; `None`: it is.
    pub fn left(&self, owner: &Owner<'_>) -> Option<Left> {
        if owner.pinned {
            return None;
        }
        if !self.is_there(owner) {
            return Some(Left::OwnerAway);
        }
        (self.idle_at(owner) <= self.now).then_some(Left::PauseOver)
    }

    fn idle_at(&self, owner: &Owner<'_>) -> DateTime<Utc> {
        owner.since + self.knowledge.shop_or_default(self.shop).manners.owner_idle
    }

    /// Whether an owner is at his desk: on duty, or he showed himself while he was off.
    fn is_there(&self, owner: &Owner<'_>) -> bool {
        let shop_is_in = self.coverage.cover.is_staffed() || owner.since >= self.coverage.since;
        let by_name = |at| {
            let agent = owner.agent?;
            self.knowledge
                .on_duty(self.shop, agent, at, self.arrangements)
        };
        match by_name(self.now) {
            Some(false) => by_name(owner.since) == Some(false),
            _ => shop_is_in,
        }
    }
}

impl<'a> From<&Filling<'a>> for Post<'a> {
    fn from(filling: &Filling<'a>) -> Self {
        Self {
            knowledge: filling.knowledge,
            shop: &filling.facts.shop,
            arrangements: &filling.facts.standing.arrangements,
            coverage: filling.coverage,
            now: filling.now,
        }
    }
}

/// The human who owns the conversation now.
pub fn owner<'a>(filling: &Filling<'a>) -> Option<Owner<'a>> {
    last_owner(filling.facts).filter(|owner| Post::from(filling).left(owner).is_none())
}

/// Why the conversation is nobody's although a human had it last.
pub fn left(filling: &Filling<'_>) -> Option<Left> {
    last_owner(filling.facts).and_then(|owner| Post::from(filling).left(&owner))
}

/// When the conversation ceases to be the owner's by silence; never while it is pinned.
pub fn leaves_at(filling: &Filling<'_>) -> Option<DateTime<Utc>> {
    last_owner(filling.facts)
        .filter(|owner| !owner.pinned)
        .map(|owner| Post::from(filling).idle_at(&owner))
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
    let said = facts.messages.iter().rev().find(|m| m.speaker.is_human());
    let spoke = said.map(|m| Owner::spoke(m.sender.as_deref(), m.at));
    Owner::last(spoke, facts.ownership.as_ref())
}
