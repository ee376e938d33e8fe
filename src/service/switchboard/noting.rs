//! Notes on orders and counters, for the doors.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Allowed, Refused, Switchboard, fits, known, may, wrong};
use crate::{
    desk::counters::{self, Counted, Standing, month_of},
    knowledge::{ShopId, counters::CounterRule},
    store::{
        counters::counted,
        order_notes::{self, Kept, New, Wanted},
        ownership,
        staff_event::Who,
        switches,
    },
};

/// How many notes one page holds, at the most.
pub const NOTES: usize = 500;
/// Characters of a note.
const LONGEST_NOTE: usize = 500;
/// Characters of an order's number.
const LONGEST_ORDER: usize = 64;

/// The counters of one agent in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCounters {
    /// Who.
    pub agent: String,
    /// Every rule's number, in the order of the table.
    pub counters: Vec<OneCounter>,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneCounter {
    /// The rule.
    pub rule: CounterRule,
    /// How often.
    pub count: u32,
    /// How that stands.
    pub standing: Standing,
    /// What it stands on.
    pub proofs: Vec<Counted>,
}

impl Switchboard {
    /// Writes a note on an order.
    pub async fn note_order(
        &self,
        who: Who,
        allowed: Allowed,
        shop: ShopId,
        mut new: New,
    ) -> Result<Kept, Refused> {
        let knowledge = self.shelf.knowledge();
        known(&knowledge, &shop)?;
        if !may(&allowed, &shop) {
            return Err(Refused::NotHisShop);
        }
        new.order = new.order.trim().to_owned();
        new.text = new.text.trim().to_owned();
        fits("order", &new.order, LONGEST_ORDER)?;
        fits("text", &new.text, LONGEST_NOTE)?;
        if new.order.is_empty() {
            return Err(wrong("order", "备注要写在订单上，请填订单号"));
        }
        if new.text.is_empty() {
            return Err(wrong("text", "写几个字再提交"));
        }
        if let Some(kind) = &new.kind
            && knowledge.case_kind(kind).is_none()
        {
            return Err(wrong("kind", format!("没有这种工单：“{kind}”")));
        }
        let now = self.clock.now();
        let cutoff = knowledge.note_cutoff(&shop, new.kind.as_ref(), now);
        self.store
            .write(move |tx| {
                if let Some(conversation) = new.conversation {
                    let known = ownership::conversation(tx, conversation)?;
                    if known.is_none_or(|known| known.shop != shop) {
                        return Ok(Err(wrong("conversation", "这家店没有这个会话")));
                    }
                }
                order_notes::write(tx, &who, &shop, &new, cutoff, now).map(Ok)
            })
            .await?
    }

    /// The order-checker has seen a note.
    pub async fn see_note(&self, who: Who, allowed: Allowed, id: i64) -> Result<Kept, Refused> {
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let Some(known) = order_notes::one(tx, id)? else {
                    return Ok(Err(Refused::NotThere));
                };
                if !may(&allowed, &known.shop) {
                    return Ok(Err(Refused::NotHisShop));
                }
                let seen = order_notes::see(tx, &who, id, now)?;
                Ok(seen.map(|(kept, _)| kept).ok_or(Refused::NotThere))
            })
            .await?
    }

    /// Notes on orders.
    pub async fn order_notes(&self, wanted: Wanted, limit: usize) -> Result<Vec<Kept>, Refused> {
        let limit = limit.clamp(1, NOTES);
        let notes = self
            .store
            .read(move |tx| order_notes::list(tx, &wanted, limit));
        Ok(notes.await?)
    }

    /// The counters of a month, such as `2026-11`, of everybody or of one agent; and the month. Each shop's month is
    /// its own zone's.
    pub async fn counters(
        &self,
        allowed: Allowed,
        month: Option<String>,
        agent: Option<String>,
    ) -> Result<(String, Vec<AgentCounters>), Refused> {
        let knowledge = self.shelf.knowledge();
        let now = self.clock.now();
        let shops = match allowed {
            Some(of) => of,
            None => self.store.read(switches::all_shops).await?,
        };
        let zone = |shop: &ShopId| knowledge.shop_or_default(shop).zone;
        let month = match (month, shops.first()) {
            (Some(month), _) => month,
            (None, Some(shop)) => month_of(now, zone(shop)),
            (None, None) => month_of(now, chrono_tz::UTC),
        };
        // Shops of one zone are read together.
        let mut by_zone: BTreeMap<&str, (Stretch, Vec<ShopId>)> = BTreeMap::new();
        for shop in shops {
            let zone = zone(&shop);
            let stretch =
                counters::month(&month, zone).ok_or_else(|| wrong("month", "写成 2026-11"))?;
            let entry = by_zone.entry(zone.name()).or_insert((stretch, Vec::new()));
            entry.1.push(shop);
        }
        let mut events: Vec<Counted> = Vec::new();
        for ((from, until), shops) in by_zone.into_values() {
            for shops in shops.chunks(64) {
                let shops = shops.to_vec();
                let read = self
                    .store
                    .read(move |tx| counted(tx, Some(&shops), from, until));
                events.extend(read.await?);
            }
        }
        events.retain(|event| agent.as_ref().is_none_or(|agent| event.agent == *agent));
        let counted = counters::count(knowledge.counters(), &events);
        let agents = counted
            .into_iter()
            .map(|(agent, counters)| AgentCounters {
                agent,
                counters: counters
                    .into_iter()
                    .map(|counter| OneCounter {
                        rule: counter.rule.clone(),
                        count: counter.count,
                        standing: counter.standing,
                        proofs: counter.proofs,
                    })
                    .collect(),
            })
            .collect();
        Ok((month, agents))
    }
}

/// From one moment until another.
type Stretch = (DateTime<Utc>, DateTime<Utc>);
