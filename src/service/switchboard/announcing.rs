//! Emergency announcements: their words go through the guard of the house.

use super::{Allowed, LONGEST_REASON, Refused, Switchboard, fits, in_order, known, may, wrong};
use crate::{
    knowledge::forbidden::{Ban, Finding},
    store::{announcements, staff_event::Who},
};

/// Characters of an announcement, at the most.
const LONGEST_TEXT: usize = 500;

impl Switchboard {
    /// Announces something. The words go through the same guard as every text of the house.
    pub async fn announce(
        &self,
        who: Who,
        wanted: announcements::Wanted,
    ) -> Result<(announcements::Kept, Vec<Finding>), Refused> {
        let at = self.clock.now();
        let knowledge = self.shelf.knowledge();
        for shop in wanted.shops.iter().flatten() {
            known(&knowledge, shop)?;
        }
        if wanted.shops.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong("shops", "至少写一家店，或者写 \"all\""));
        }
        fits("reason", &wanted.reason, LONGEST_REASON)?;
        fits("text", &wanted.text, LONGEST_TEXT)?;
        if wanted.text.trim().is_empty() {
            return Err(wrong("text", "写上要告诉顾客的话"));
        }
        if wanted.text.contains("{{") {
            return Err(wrong("text", "公告里不能用 {{变量}}，直接写上内容"));
        }
        if let Some(unknown) = wanted
            .silences
            .iter()
            .find(|intent| knowledge.intent(intent).is_none())
        {
            return Err(wrong("silences", format!("没有意图“{unknown}”")));
        }
        in_order(wanted.from.unwrap_or(at), wanted.until, at)?;
        // What an agent would have to confirm, the bot must not say.
        let (blocked, hints): (Vec<Finding>, Vec<Finding>) = knowledge
            .forbidden(&wanted.text)
            .into_iter()
            .partition(|finding| finding.ban >= Ban::Confirm);
        if !blocked.is_empty() {
            return Err(Refused::Forbidden(blocked));
        }
        let kept = self
            .store
            .write(move |tx| announcements::announce(tx, &who, &wanted, at))
            .await?;
        Ok((kept, hints))
    }

    /// What is announced and has not ended, where it is allowed to look.
    pub async fn announcements(
        &self,
        allowed: Allowed,
    ) -> Result<Vec<announcements::Kept>, Refused> {
        let now = self.clock.now();
        let mut standing = self
            .store
            .read(move |tx| announcements::standing(tx, None, now))
            .await?;
        standing.retain(|kept| match &kept.shops {
            None => true,
            Some(of) => of.iter().any(|shop| may(&allowed, shop)),
        });
        Ok(standing)
    }

    /// Ends an announcement now, or takes it back before it begins.
    pub async fn end_announcement(
        &self,
        who: Who,
        allowed: Allowed,
        id: i64,
        reason: String,
    ) -> Result<announcements::Kept, Refused> {
        let at = self.clock.now();
        fits("reason", &reason, LONGEST_REASON)?;
        self.store
            .write(move |tx| {
                let Some(kept) = announcements::one(tx, id)? else {
                    return Ok(Err(Refused::NotThere));
                };
                let his = match &kept.shops {
                    None => allowed.is_none(),
                    Some(of) => of.iter().all(|shop| may(&allowed, shop)),
                };
                if !his {
                    return Ok(Err(Refused::NotHisShop));
                }
                Ok(announcements::end(tx, &who, id, &reason, at)?.ok_or(Refused::NotThere))
            })
            .await?
    }
}
