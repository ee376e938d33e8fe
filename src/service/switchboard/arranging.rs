//! Lunches, absences, swaps, closures: who may leave, and what is arranged.

use chrono::{DateTime, Duration, Utc};

use super::{Allowed, LONGEST_REASON, Refused, Switchboard, fits, in_order, known, may, wrong};
use crate::{
    desk::alarm,
    knowledge::{
        ShopId,
        arrangement::{Arranged, Arrangement},
    },
    store::{arrangements, staff_event::Who, switches},
};

/// How long a lunch takes unless it is said otherwise, in minutes.
pub const LUNCH: i64 = 20;
/// The longest lunch, in minutes.
pub const LONGEST_LUNCH: i64 = 120;
/// A lunch that ends within this time is warned of.
pub const SOON: Duration = alarm::SOON;

/// What arranging came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrangements {
    /// What holds now.
    pub kept: Vec<arrangements::Kept>,
    /// What somebody should look at: too few stay, an agent no table names.
    pub warnings: Vec<String>,
    /// The moment.
    pub at: DateTime<Utc>,
}

impl Switchboard {
    /// An agent goes to lunch: his shops do without him until it ends by itself. Refused where somebody must stay.
    /// Who is at lunch already stays there as long as before.
    pub async fn lunch(
        &self,
        who: Who,
        agent: String,
        of: Allowed,
        minutes: i64,
        reason: String,
    ) -> Result<Arrangements, Refused> {
        let at = self.clock.now();
        fits("reason", &reason, LONGEST_REASON)?;
        let until = lunch_until(at, minutes)?;
        let knowledge = self.shelf.knowledge();
        let of = of.unwrap_or_else(|| {
            knowledge
                .shops()
                .iter()
                .map(|shop| shop.id.clone())
                .collect()
        });
        let wanted = arrangements::Wanted {
            what: Arranged::Lunch {
                agent: agent.clone(),
            },
            from: None,
            until,
            reason: if reason.is_empty() {
                "午饭".to_owned()
            } else {
                reason
            },
        };
        let done = self
            .store
            .write(move |tx| {
                let running = begun(arrangements::lunches(tx, &agent, at)?, at);
                if !running.is_empty() {
                    return Ok(Some(Ok(running)));
                }
                let standing = switches::standing(tx, &of, at)?;
                let here: Vec<ShopId> = of
                    .iter()
                    .filter(|shop| {
                        let there = standing.get(*shop).map(|of| of.arrangements.as_slice());
                        match knowledge.on_duty(shop, &agent, at, there.unwrap_or_default()) {
                            Some(on_duty) => on_duty,
                            // A table without names says nothing of him; one with other names says enough.
                            None => knowledge.people(shop, at).is_empty(),
                        }
                    })
                    .cloned()
                    .collect();
                if here.is_empty() {
                    return Ok(None);
                }
                let stays = |shop: &ShopId, there: &[Arrangement]| {
                    knowledge.may_leave(shop, &agent, at, until, there)
                };
                arrangements::arrange(tx, &who, &here, &wanted, &stays, at).map(Some)
            })
            .await?;
        Ok(Arrangements {
            kept: done.ok_or(Refused::NotOnDuty)?.map_err(Refused::MustStay)?,
            warnings: Vec::new(),
            at,
        })
    }

    /// The lunch an agent is at, in each of his shops.
    pub async fn at_lunch(&self, agent: String) -> Result<Arrangements, Refused> {
        let at = self.clock.now();
        let kept = self
            .store
            .read(move |tx| arrangements::lunches(tx, &agent, at))
            .await?;
        Ok(Arrangements {
            kept: begun(kept, at),
            warnings: Vec::new(),
            at,
        })
    }

    /// A running lunch ends so many minutes from now: later than it would have, or sooner.
    pub async fn prolong_lunch(
        &self,
        who: Who,
        agent: String,
        minutes: i64,
        reason: String,
    ) -> Result<Arrangements, Refused> {
        let at = self.clock.now();
        fits("reason", &reason, LONGEST_REASON)?;
        let until = lunch_until(at, minutes)?;
        let knowledge = self.shelf.knowledge();
        let done = self
            .store
            .write(move |tx| {
                let running = begun(arrangements::lunches(tx, &agent, at)?, at);
                if running.is_empty() {
                    return Ok(None);
                }
                let ids: Vec<i64> = running.iter().map(|kept| kept.id).collect();
                let stays = |shop: &ShopId, there: &[Arrangement]| {
                    knowledge.may_leave(shop, &agent, at, until, there)
                };
                let moved = arrangements::move_end(tx, &who, &ids, until, &reason, &stays, at)?;
                Ok(Some(match moved {
                    Ok(_) => Ok(begun(arrangements::lunches(tx, &agent, at)?, at)),
                    Err(refused) => Err(refused),
                }))
            })
            .await?;
        Ok(Arrangements {
            kept: done
                .ok_or(Refused::NotAtLunch)?
                .map_err(Refused::MustStay)?,
            warnings: Vec::new(),
            at,
        })
    }

    /// An agent is back from lunch. Who is not at lunch is back already.
    pub async fn end_lunch(
        &self,
        who: Who,
        agent: String,
        reason: String,
    ) -> Result<Arrangements, Refused> {
        let at = self.clock.now();
        fits("reason", &reason, LONGEST_REASON)?;
        let kept = self
            .store
            .write(move |tx| {
                let running = begun(arrangements::lunches(tx, &agent, at)?, at);
                let ids: Vec<i64> = running.iter().map(|kept| kept.id).collect();
                arrangements::end(tx, &who, &ids, &reason, at)
            })
            .await?;
        Ok(Arrangements {
            kept,
            warnings: Vec::new(),
            at,
        })
    }

    /// Arranges something for shops. A lunch is refused where somebody must stay; a sick agent is not in all the
    /// same, and it is warned of.
    pub async fn arrange(
        &self,
        who: Who,
        of: Vec<ShopId>,
        wanted: arrangements::Wanted,
    ) -> Result<Arrangements, Refused> {
        let at = self.clock.now();
        let knowledge = self.shelf.knowledge();
        if of.is_empty() {
            return Err(wrong("shops", "至少写一家店"));
        }
        for shop in &of {
            known(&knowledge, shop)?;
        }
        fits("reason", &wanted.reason, LONGEST_REASON)?;
        let from = wanted.from.unwrap_or(at);
        in_order(from, wanted.until, at)?;
        let agent = match &wanted.what {
            Arranged::Lunch { agent } | Arranged::Absent { agent } | Arranged::OnDuty { agent } => {
                fits("agent", agent, 40)?;
                if agent.trim().is_empty() {
                    return Err(wrong("agent", "写上是谁，和排班表里的名字一样"));
                }
                Some(agent.clone())
            }
            Arranged::Closed | Arranged::Staffed => None,
        };
        let (arranged, shops) = (wanted.what.clone(), of.clone());
        let until = wanted.until;
        let judge = knowledge.clone();
        let (kept, standing) = self
            .store
            .write(move |tx| {
                let standing = switches::standing(tx, &of, at)?;
                let stays = |shop: &ShopId, there: &[Arrangement]| match &wanted.what {
                    Arranged::Lunch { agent } => {
                        knowledge.may_leave(shop, agent, from, wanted.until, there)
                    }
                    _ => Ok(()),
                };
                let kept = arrangements::arrange(tx, &who, &of, &wanted, &stays, at)?;
                Ok((kept, standing))
            })
            .await?;
        let kept = kept.map_err(Refused::MustStay)?;
        let mut warnings = Vec::new();
        for shop in shops {
            let there = standing
                .get(&shop)
                .map(|of| of.arrangements.as_slice())
                .unwrap_or_default();
            if let Arranged::Absent { agent } = &arranged
                && let Err(stay) = judge.may_leave(&shop, agent, from, until, there)
            {
                warnings.push(format!("店铺 {shop}：{stay}"));
            }
            if let Some(agent) = &agent
                && judge.on_duty(&shop, agent, from, there).is_none()
            {
                warnings.push(format!("店铺 {shop}：排班表里没有“{agent}”"));
            }
        }
        Ok(Arrangements { kept, warnings, at })
    }

    /// Ends an arrangement now, or takes it back before it begins.
    pub async fn end_arrangement(
        &self,
        who: Who,
        allowed: Allowed,
        id: i64,
        reason: String,
    ) -> Result<Arrangements, Refused> {
        let at = self.clock.now();
        fits("reason", &reason, LONGEST_REASON)?;
        let kept = self
            .store
            .write(move |tx| {
                let Some(kept) = arrangements::one(tx, id)? else {
                    return Ok(Err(Refused::NotThere));
                };
                if !may(&allowed, &kept.shop) {
                    return Ok(Err(Refused::NotHisShop));
                }
                arrangements::end(tx, &who, &[id], &reason, at)?;
                Ok(arrangements::one(tx, id)?.ok_or(Refused::NotThere))
            })
            .await??;
        Ok(Arrangements {
            kept: vec![kept],
            warnings: Vec::new(),
            at,
        })
    }
}

fn lunch_until(now: DateTime<Utc>, minutes: i64) -> Result<DateTime<Utc>, Refused> {
    if !(1..=LONGEST_LUNCH).contains(&minutes) {
        return Err(wrong("minutes", format!("1 到 {LONGEST_LUNCH} 分钟")));
    }
    Ok(now + Duration::minutes(minutes))
}

fn begun(mut lunches: Vec<arrangements::Kept>, now: DateTime<Utc>) -> Vec<arrangements::Kept> {
    lunches.retain(|kept| kept.arrangement.from <= now);
    lunches
}
