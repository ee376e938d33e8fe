//! How a shop stands at one moment, and what comes of its three facts together.

use chrono::{DateTime, Utc};

use crate::{
    knowledge::{Knowledge, Mode, ShopId, hours::Coverage, shop::Shop},
    store::{
        self, Tx, announcements, arrangements,
        staff_event::{self, StaffEvent, What},
        switches::{self, Turned},
    },
};

/// How a shop stands at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopState {
    /// The shop, as the knowledge has it.
    pub shop: Shop,
    /// The switches.
    pub turned: Turned,
    /// Who last switched the mode.
    pub mode_event: Option<StaffEvent>,
    /// Who last turned the kill switch that is on, the one of all shops before the shop's own.
    pub kill_event: Option<StaffEvent>,
    /// Who is in, why, since and until when.
    pub coverage: Coverage,
    /// What is arranged and has not ended.
    pub arrangements: Vec<arrangements::Kept>,
    /// What is announced and has not ended.
    pub announcements: Vec<announcements::Kept>,
    /// The moment.
    pub at: DateTime<Utc>,
}

/// Who answers customers in a shop now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// People.
    Staff,
    /// The bot, within its policies.
    Bot,
    /// People, and the bot where a script may answer.
    Both,
    /// Nobody.
    Nobody,
}

impl ShopState {
    /// How far the bot may go: as switched, else as the knowledge says.
    pub fn mode(&self) -> Mode {
        self.turned.mode.unwrap_or(self.shop.mode)
    }

    /// Whether a kill switch is on.
    pub fn stopped(&self) -> bool {
        self.turned.here || self.turned.everywhere
    }

    /// Who answers.
    pub fn answers(&self) -> Answers {
        let staffed = self.coverage.cover.is_staffed();
        match (self.stopped(), self.mode(), staffed) {
            (true, _, true) | (_, Mode::Off | Mode::Assist, true) => Answers::Staff,
            (true, _, false) | (_, Mode::Off, false) => Answers::Nobody,
            (_, Mode::Auto, true) => Answers::Both,
            (_, Mode::Assist | Mode::Auto, false) => Answers::Bot,
        }
    }
}

/// How shops stand, in their order.
pub(super) fn look(
    tx: &mut dyn Tx,
    knowledge: &Knowledge,
    shops: &[ShopId],
    now: DateTime<Utc>,
) -> Result<Vec<ShopState>, store::Error> {
    let turned = switches::turned_of(tx, shops)?;
    let announced = announcements::standing(tx, None, now)?;
    let everywhere = staff_event::latest(tx, None, What::Kill)?;
    let mut standing = switches::standing(tx, shops, now)?;
    let mut states = Vec::with_capacity(shops.len());
    for id in shops {
        let turned = turned.get(id).copied().unwrap_or_default();
        let arranged = arrangements::standing(tx, id, now)?;
        let held = standing.remove(id).unwrap_or_default().arrangements;
        let shop = knowledge.shop(id).cloned();
        states.push(ShopState {
            shop: shop.unwrap_or_else(Shop::unassigned),
            mode_event: staff_event::latest(tx, Some(id), What::Mode)?,
            kill_event: match (turned.everywhere, turned.here) {
                (true, _) => everywhere.clone(),
                (false, true) => staff_event::latest(tx, Some(id), What::Kill)?,
                (false, false) => None,
            },
            turned,
            coverage: knowledge.coverage_with(id, now, &held),
            arrangements: arranged,
            announcements: announced
                .iter()
                .filter(|kept| kept.shops.as_ref().is_none_or(|of| of.contains(id)))
                .cloned()
                .collect(),
            at: now,
        });
    }
    Ok(states)
}
