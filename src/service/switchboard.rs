//! The switchboard: what people switch by hand, and how it stands.
//!
//! A shop's mode, its hours and a conversation's owner are three facts, each with its own reason. Whoever reads
//! them sees them apart, and one sentence of what comes of them together.

mod announcing;
mod arranging;
pub mod casework;
mod handing;
mod noting;
mod promising;
mod shop_state;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

pub use arranging::{Arrangements, LONGEST_LUNCH, LUNCH, SOON};
pub use handing::{Act, ByHand, SHEETS, Shown};
pub use noting::{AgentCounters, NOTES, OneCounter};
pub use promising::{Given, Look, Promises};
pub use shop_state::{Answers, ShopState};

use super::{Shelf, Unavailable};
use crate::{
    clock::Clock,
    desk::{self, OwnerAct},
    knowledge::{Knowledge, Mode, ShopId, forbidden::Finding, hours::Stay},
    store::{
        self, Store,
        ownership::{self, Conversation},
        queue::{self, Waiting},
        staff_event::{self, StaffEvent, Who},
        switches,
        wire::{OnTheWire, on_the_wire},
    },
};

/// The longest that anything may be arranged or announced for.
const LONGEST: Duration = Duration::days(366);
/// Characters of a reason, at the most.
const LONGEST_REASON: usize = 200;
/// How much of what is on the wire is listed.
const LISTED: usize = 1_000;
/// How many events one page holds, at the most.
pub const PAGE: usize = 200;

/// The shops somebody may act on; `None`: all.
pub type Allowed = Option<Vec<ShopId>>;

/// Reads and turns the switches.
#[derive(Clone)]
pub struct Switchboard {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The knowledge.
    pub shelf: Arc<Shelf>,
}

/// Why something was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// The store does not answer.
    Unavailable(Unavailable),
    /// There is no such shop.
    NoShop(ShopId),
    /// This is not one of his shops.
    NotHisShop,
    /// There is no such conversation, arrangement or announcement.
    NotThere,
    /// He is not at lunch.
    NotAtLunch,
    /// He is not on duty in any of his shops.
    NotOnDuty,
    /// Somebody must stay.
    MustStay(Vec<(ShopId, Stay)>),
    /// It has ended and cannot be moved any more.
    Ended,
    /// The words must not be sent.
    Forbidden(Vec<Finding>),
    /// A case does not allow it.
    Case(desk::case::Refusal),
    /// The case has changed since he looked: it is at this version now.
    StaleCase(i64),
    /// A value that cannot be.
    Wrong {
        /// The field.
        field: &'static str,
        /// What is wrong, for people.
        what: String,
    },
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// What a kill switch came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Killed {
    /// It was not so before.
    pub changed: bool,
    /// When it was turned.
    pub at: DateTime<Utc>,
    /// What was on the wire then: claimed before, by whichever node, and not settled.
    pub on_the_wire: Vec<OnTheWire>,
}

impl Switchboard {
    /// How shops stand; those of the knowledge that are allowed.
    pub async fn shops(&self, allowed: Allowed) -> Result<Vec<ShopState>, Refused> {
        let knowledge = self.shelf.knowledge();
        let shops: Vec<ShopId> = knowledge
            .shop_ids()
            .into_iter()
            .filter(|shop| may(&allowed, shop))
            .collect();
        self.look(knowledge, shops).await
    }

    /// How one shop stands.
    pub async fn shop(&self, shop: &ShopId) -> Result<ShopState, Refused> {
        let knowledge = self.shelf.knowledge();
        known(&knowledge, shop)?;
        let states = self.look(knowledge, vec![shop.clone()]).await?;
        states
            .into_iter()
            .next()
            .ok_or_else(|| Refused::NoShop(shop.clone()))
    }

    async fn look(
        &self,
        knowledge: Arc<Knowledge>,
        shops: Vec<ShopId>,
    ) -> Result<Vec<ShopState>, Refused> {
        let now = self.clock.now();
        let states = self
            .store
            .read(move |tx| shop_state::look(tx, &knowledge, &shops, now));
        Ok(states.await?)
    }

    /// Switches a shop's mode; `None` leaves it to the knowledge.
    pub async fn set_mode(
        &self,
        who: Who,
        shop: ShopId,
        mode: Option<Mode>,
        reason: String,
    ) -> Result<ShopState, Refused> {
        known(&self.shelf.knowledge(), &shop)?;
        fits("reason", &reason, LONGEST_REASON)?;
        let now = self.clock.now();
        let of = shop.clone();
        let changed = self
            .store
            .write(move |tx| switches::set_mode(tx, &who, &of, mode, &reason, now))
            .await?;
        if changed {
            tracing::info!(%shop, mode = mode.map_or("knowledge", Mode::code), "mode switched");
        }
        self.shop(&shop).await
    }

    /// Turns a shop's kill switch. When this returns, nothing automatic is claimed there any more.
    pub async fn kill(
        &self,
        who: Who,
        shop: ShopId,
        stopped: bool,
        reason: String,
    ) -> Result<Killed, Refused> {
        known(&self.shelf.knowledge(), &shop)?;
        fits("reason", &reason, LONGEST_REASON)?;
        let at = self.clock.now();
        let name = shop.clone();
        let (changed, on_the_wire) = self
            .store
            .write(move |tx| {
                let changed = switches::kill(tx, &who, &shop, stopped, &reason, at)?;
                // After the switch: whoever was claiming meanwhile has been waited for.
                let wire = on_the_wire(tx, Some(std::slice::from_ref(&shop)), LISTED)?;
                Ok((changed, wire))
            })
            .await?;
        tracing::warn!(shop = %name, stopped, on_the_wire = on_the_wire.len(), "kill switch");
        Ok(Killed {
            changed,
            at,
            on_the_wire,
        })
    }

    /// Turns the kill switch of all shops, those that come later too. When this returns, nothing automatic is
    /// claimed anywhere any more.
    pub async fn kill_everywhere(
        &self,
        who: Who,
        stopped: bool,
        reason: String,
    ) -> Result<Killed, Refused> {
        fits("reason", &reason, LONGEST_REASON)?;
        let at = self.clock.now();
        let changed = self
            .store
            .write(move |tx| switches::kill_everywhere(tx, &who, stopped, &reason, at))
            .await?;
        // Also when it was turned before: whoever turned it may have died on the way.
        for shop in self.store.read(switches::all_shops).await? {
            self.store
                .write(move |tx| switches::follow(tx, &shop))
                .await?;
        }
        let on_the_wire = self.store.read(|tx| on_the_wire(tx, None, LISTED)).await?;
        tracing::warn!(
            stopped,
            on_the_wire = on_the_wire.len(),
            "kill switch of all shops"
        );
        Ok(Killed {
            changed,
            at,
            on_the_wire,
        })
    }

    /// Automatic replies that are on the wire now.
    pub async fn on_the_wire(&self, allowed: Allowed) -> Result<Vec<OnTheWire>, Refused> {
        let listed = self
            .store
            .read(move |tx| on_the_wire(tx, allowed.as_deref(), LISTED));
        Ok(listed.await?)
    }

    /// Somebody says whose a conversation is.
    pub async fn own(
        &self,
        who: Who,
        allowed: Allowed,
        conversation: i64,
        act: OwnerAct,
        reason: String,
    ) -> Result<Conversation, Refused> {
        let at = self.clock.now();
        fits("reason", &reason, LONGEST_REASON)?;
        self.store
            .write(move |tx| {
                let found = ownership::conversation(tx, conversation)?;
                if let Err(refused) = his(found, &allowed) {
                    return Ok(Err(refused));
                }
                let said = ownership::say(tx, &who, conversation, act, &reason, at)?;
                Ok(said.map(|(known, _)| known).ok_or(Refused::NotThere))
            })
            .await?
    }

    /// A conversation and whose it is.
    pub async fn conversation(
        &self,
        allowed: Allowed,
        conversation: i64,
    ) -> Result<Conversation, Refused> {
        let found = self
            .store
            .read(move |tx| ownership::conversation(tx, conversation))
            .await?;
        his(found, &allowed)
    }

    /// A conversation by its name on its door.
    pub async fn conversation_named(
        &self,
        allowed: Allowed,
        source: String,
        account: String,
        external: String,
    ) -> Result<Conversation, Refused> {
        let found = self
            .store
            .read(move |tx| ownership::named(tx, &source, &account, &external))
            .await?;
        his(found, &allowed)
    }

    /// Who waits for a human: the most urgent reason first, then the longest wait.
    pub async fn queue(&self, allowed: Allowed) -> Result<Vec<Waiting>, Refused> {
        let now = self.clock.now();
        let waiting = self.store.read(move |tx| {
            let shops = match &allowed {
                Some(of) => of.clone(),
                None => switches::all_shops(tx)?,
            };
            queue::waiting(tx, &shops, now)
        });
        Ok(waiting.await?)
    }

    /// What people did, newest first.
    pub async fn events(
        &self,
        wanted: staff_event::Wanted,
        limit: usize,
    ) -> Result<Vec<StaffEvent>, Refused> {
        let limit = limit.clamp(1, PAGE);
        let events = self
            .store
            .read(move |tx| staff_event::events(tx, &wanted, limit));
        Ok(events.await?)
    }

    /// The time, as the switchboard knows it.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// Whether somebody may act on a shop.
pub fn may(allowed: &Allowed, shop: &ShopId) -> bool {
    allowed.as_ref().is_none_or(|of| of.contains(shop))
}

fn his(found: Option<Conversation>, allowed: &Allowed) -> Result<Conversation, Refused> {
    let found = found.ok_or(Refused::NotThere)?;
    if may(allowed, &found.shop) {
        Ok(found)
    } else {
        Err(Refused::NotHisShop)
    }
}

fn known(knowledge: &Knowledge, shop: &ShopId) -> Result<(), Refused> {
    if knowledge.shop(shop).is_some() || *shop == ShopId::unassigned() {
        Ok(())
    } else {
        Err(Refused::NoShop(shop.clone()))
    }
}

fn wrong(field: &'static str, what: impl Into<String>) -> Refused {
    Refused::Wrong {
        field,
        what: what.into(),
    }
}

fn fits(field: &'static str, text: &str, most: usize) -> Result<(), Refused> {
    let odd = |c: char| c.is_control() && c != '\n';
    if text.chars().count() > most || text.chars().any(odd) {
        return Err(wrong(field, format!("最多 {most} 个字，不能有控制字符")));
    }
    Ok(())
}

fn in_order(from: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refused> {
    if until <= from {
        return Err(wrong("until", "结束时间要晚于开始时间"));
    }
    if until <= now {
        return Err(wrong("until", "结束时间已经过了"));
    }
    if until - from > LONGEST || until - now > LONGEST * 2 {
        return Err(wrong("until", "最长一年"));
    }
    Ok(())
}
