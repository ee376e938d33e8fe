//! Promises, as people see and settle them.

use chrono::{DateTime, Utc};

use super::{
    Allowed, LONGEST, LONGEST_REASON, PAGE, Refused, Switchboard, fits, known, may, wrong,
};
use crate::{
    knowledge::ShopId,
    store::{
        Error, Tx, ownership,
        promises::{self, Asked, ByHand, Changed, Outcome, Promise, State, Wanted},
        staff_event::Who,
    },
};

/// Characters of a promise that is written down, at the most.
const LONGEST_WORDS: usize = 500;
/// Characters of a name or an order number, at the most.
const LONGEST_NAME: usize = 100;

/// Which promises somebody wants to see.
#[derive(Debug, Clone)]
pub struct Look {
    /// Of this shop; `None`: of all of his.
    pub shop: Option<ShopId>,
    /// That stand so.
    pub state: State,
    /// About what.
    pub asked: Asked,
    /// Due before this moment.
    pub due_before: Option<DateTime<Utc>>,
    /// After the promise with this number, the last one of the page before.
    pub after: Option<i64>,
    /// How many.
    pub limit: usize,
}

/// A promise that somebody writes down.
#[derive(Debug, Clone)]
pub struct Given {
    /// The shop; left out, that of the conversation.
    pub shop: Option<ShopId>,
    /// Where it was said.
    pub conversation: Option<i64>,
    /// About which order.
    pub order: Option<String>,
    /// The words.
    pub text: String,
    /// What is to be done, as `rules/promises.yaml` names it.
    pub kind: String,
    /// Until when.
    pub due: DateTime<Utc>,
}

/// Promises at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Promises {
    /// The promises.
    pub promises: Vec<Promise>,
    /// The moment.
    pub at: DateTime<Utc>,
}

impl Switchboard {
    /// Promises of somebody's shops: the open ones by when they are due, those that ended the latest first.
    pub async fn promises(&self, allowed: Allowed, look: Look) -> Result<Promises, Refused> {
        let at = self.clock.now();
        let limit = look.limit.clamp(1, PAGE);
        let found = self
            .store
            .read(move |tx| {
                let shops = match &look.shop {
                    Some(shop) => Some(vec![shop.clone()]),
                    None => allowed.clone(),
                };
                let after = match look.after {
                    None => None,
                    Some(id) => match promises::one(tx, id)? {
                        Some(last) => Some((
                            last.settled.as_ref().map_or(last.due, |settled| settled.at),
                            id,
                        )),
                        None => return Ok(None),
                    },
                };
                let wanted = Wanted {
                    shops,
                    state: look.state,
                    asked: look.asked.clone(),
                    due_before: look.due_before,
                    after,
                };
                promises::list(tx, &wanted, limit, at).map(Some)
            })
            .await?;
        Ok(Promises {
            promises: found.ok_or(Refused::NotThere)?,
            at,
        })
    }

    /// One promise.
    pub async fn promise(&self, allowed: Allowed, id: i64) -> Result<Promises, Refused> {
        let found = self.store.read(move |tx| promises::one(tx, id)).await?;
        self.shown(his(found, &allowed)?)
    }

    /// Writes down a promise that was not said in a chat.
    pub async fn add_promise(
        &self,
        who: Who,
        allowed: Allowed,
        given: Given,
    ) -> Result<Promises, Refused> {
        let at = self.clock.now();
        let knowledge = self.shelf.knowledge();
        let Given {
            shop,
            conversation,
            order,
            text,
            kind,
            due,
        } = given;
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Err(wrong("text", "写上答应了顾客什么"));
        }
        fits("text", &text, LONGEST_WORDS)?;
        let order = order.map(|order| order.trim().to_owned());
        let order = order.filter(|order| !order.is_empty());
        if let Some(order) = &order {
            fits("order_no", order, LONGEST_NAME)?;
        }
        let Some(known_kind) = knowledge.promises().kind(kind.trim()) else {
            let names: Vec<&str> = knowledge
                .promises()
                .kinds()
                .iter()
                .map(|kind| &*kind.name)
                .collect();
            return Err(wrong("kind", format!("只能是：{}", names.join("、"))));
        };
        in_time(due, at)?;
        if let Some(shop) = &shop {
            known(&knowledge, shop)?;
        }
        let (kind, cases) = (known_kind.name.to_string(), known_kind.cases.clone());
        let added = self
            .store
            .write(move |tx| {
                let there = match conversation {
                    Some(id) => match ownership::conversation(tx, id)? {
                        Some(there) => Some(there),
                        None => return Ok(Err(Refused::NotThere)),
                    },
                    None => None,
                };
                let shop = match (&shop, &there) {
                    (Some(shop), Some(there)) if *shop != there.shop => {
                        return Ok(Err(wrong("shop", "这个会话不在这家店")));
                    }
                    (Some(shop), _) => shop.clone(),
                    (None, Some(there)) => there.shop.clone(),
                    (None, None) => return Ok(Err(wrong("shop", "写上店铺，或写上会话"))),
                };
                if !may(&allowed, &shop) {
                    return Ok(Err(Refused::NotHisShop));
                }
                let new = ByHand {
                    shop,
                    conversation,
                    customer: None,
                    order: order.clone(),
                    text: text.clone(),
                    kind: kind.clone(),
                    cases: cases.clone(),
                    due,
                };
                promises::add(tx, &who, &new, at).map(Ok)
            })
            .await??;
        self.shown(added)
    }

    /// Says that a promise was kept, or broken. To call it broken, or to put right what was said before, takes a
    /// reason.
    pub async fn settle_promise(
        &self,
        who: Who,
        allowed: Allowed,
        id: i64,
        how: Outcome,
        reason: String,
    ) -> Result<Promises, Refused> {
        fits("reason", &reason, LONGEST_REASON)?;
        let at = self.clock.now();
        let silent = reason.trim().is_empty();
        self.change(allowed, id, move |tx, before| {
            let turns = before
                .settled
                .as_ref()
                .is_some_and(|known| known.how != how);
            let anew = before.settled.as_ref().is_none_or(|known| known.how != how);
            if silent && (turns || anew && how == Outcome::Broken) {
                return Ok(Err(wrong("reason", "写上原因")));
            }
            promises::settle(tx, &who, id, how, &reason, at).map(Ok)
        })
        .await
    }

    /// Gives an open promise another moment, with a reason.
    pub async fn move_promise(
        &self,
        who: Who,
        allowed: Allowed,
        id: i64,
        due: DateTime<Utc>,
        reason: String,
    ) -> Result<Promises, Refused> {
        fits("reason", &reason, LONGEST_REASON)?;
        if reason.trim().is_empty() {
            return Err(wrong("reason", "写上为什么改期，以及是否已经告诉顾客"));
        }
        let at = self.clock.now();
        in_time(due, at)?;
        self.change(allowed, id, move |tx, _| {
            promises::postpone(tx, &who, id, due, &reason, at).map(Ok)
        })
        .await
    }

    async fn change(
        &self,
        allowed: Allowed,
        id: i64,
        verb: impl Fn(&mut dyn Tx, &Promise) -> Result<Result<Option<Changed>, Refused>, Error>
        + Send
        + 'static,
    ) -> Result<Promises, Refused> {
        let changed = self
            .store
            .write(move |tx| match his(promises::one(tx, id)?, &allowed) {
                Ok(before) => verb(tx, &before),
                Err(refused) => Ok(Err(refused)),
            })
            .await??;
        match changed.ok_or(Refused::NotThere)? {
            Changed::Done(promise) => self.shown(*promise),
            Changed::Ended(_) => Err(Refused::Ended),
        }
    }

    fn shown(&self, promise: Promise) -> Result<Promises, Refused> {
        Ok(Promises {
            promises: vec![promise],
            at: self.clock.now(),
        })
    }
}

fn his(found: Option<Promise>, allowed: &Allowed) -> Result<Promise, Refused> {
    let found = found.ok_or(Refused::NotThere)?;
    if may(allowed, &found.shop) {
        Ok(found)
    } else {
        Err(Refused::NotHisShop)
    }
}

fn in_time(due: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refused> {
    if due <= now {
        return Err(wrong("due", "时间已经过了"));
    }
    if due - now > LONGEST {
        return Err(wrong("due", "最长一年"));
    }
    Ok(())
}
