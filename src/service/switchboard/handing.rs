//! Handing over: sheets, shown and accepted, and what people say about them.

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};

use super::{Allowed, LONGEST_REASON, Refused, Switchboard, fits, known, may, wrong};
use crate::{
    desk::handover::{
        Sheet, Span, Words,
        shift::{NIGHT, Shift, day_of, on_duty},
        text::{Style, text},
    },
    knowledge::ShopId,
    store::{
        Error, Tx,
        handover::{
            self, Kept, New, Wanted,
            accepting::{self, Came, Which},
        },
        staff_event::Who,
        switches,
    },
};

/// How many sheets one page holds, at the most.
pub const SHEETS: usize = 100;
/// Characters of what somebody says about a sheet.
const LONGEST_WORDS: usize = 500;
/// How many items one act names.
const MOST_ITEMS: usize = 2_000;
/// What a shift that hands over by hand is called.
const BY_HAND: &str = "临时交接";

/// A sheet as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its shop.
    pub shop: ShopId,
    /// What is kept of it; `None` while it is not written.
    pub kept: Option<Kept>,
    /// Its lines.
    pub sheet: Sheet,
    /// The moment.
    pub at: DateTime<Utc>,
}

/// A handover that somebody makes by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// The shop.
    pub shop: ShopId,
    /// Who hands over.
    pub from: String,
    /// Who takes over; `None`: whoever is on duty.
    pub to: Option<String>,
    /// It is given to him, asked or not: a supervisor's word.
    pub forced: bool,
    /// Why.
    pub reason: String,
}

/// What is done to items of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// They are accepted.
    Accept,
    /// They are refused.
    Refuse,
    /// They are given to somebody, also those that `from` had accepted.
    Force {
        /// Whose they were.
        from: Option<String>,
        /// Whose they are.
        to: String,
    },
}

impl Switchboard {
    /// Sheets, newest first.
    pub async fn sheets(&self, wanted: Wanted, limit: usize) -> Result<Vec<Kept>, Refused> {
        let limit = limit.clamp(1, SHEETS);
        let sheets = self
            .store
            .read(move |tx| handover::list(tx, &wanted, limit));
        Ok(sheets.await?)
    }

    /// A sheet.
    pub async fn sheet(&self, allowed: Allowed, id: i64) -> Result<Shown, Refused> {
        let at = self.clock.now();
        let found = self.store.read(move |tx| handover::sheet(tx, id)).await?;
        let (kept, sheet) = found.ok_or(Refused::NotThere)?;
        if !may(&allowed, &kept.shop) {
            return Err(Refused::NotHisShop);
        }
        Ok(Shown {
            shop: kept.shop.clone(),
            kept: Some(kept),
            sheet,
            at,
        })
    }

    /// The sheet of the shift that holds at a moment, as it would be if the shift ended then. Nothing is written.
    pub async fn sheet_at(&self, shop: ShopId, at: Option<String>) -> Result<Shown, Refused> {
        let now = self.clock.now();
        let knowledge = self.shelf.knowledge();
        known(&knowledge, &shop)?;
        let zone = knowledge.shop_or_default(&shop).zone;
        let at = match at {
            Some(text) => Some(moment(&text, zone).ok_or_else(|| {
                wrong(
                    "at",
                    "写成 2026-11-20 17:40（本店时间），或带时区的完整时间",
                )
            })?),
            None => None,
        };
        let until = at.unwrap_or(now);
        if until > now {
            return Err(wrong("at", "不能看将来的交接单"));
        }
        let of = shop.clone();
        let (span, book, words) = self
            .store
            .read(move |tx| {
                let here = duty(tx, &knowledge, &of, until)?;
                let span = |last: &handover::Last| Span {
                    shift: here.name.clone(),
                    from: last.at,
                    until,
                    day: day_of(zone, until),
                    leavers: here.people.clone(),
                    takers: Vec::new(),
                    next: "下一班".to_owned(),
                    to_people: true,
                    carries: last.carries,
                    of: None,
                };
                match handover::book_at(tx, &of, until, &span)? {
                    Some((_, span, book)) => {
                        let words = match at {
                            None => handover::next_words(tx, &of)?,
                            Some(_) => Vec::new(),
                        };
                        Ok((span, book, words))
                    }
                    None => {
                        let none = handover::Last {
                            id: 0,
                            at: until,
                            carries: false,
                        };
                        let span = span(&none);
                        let book = handover::log::opening(tx, &of, &span)?;
                        Ok((span, book, Vec::new()))
                    }
                }
            })
            .await?;
        let (items, unnamed) = span.items(&book);
        Ok(Shown {
            shop,
            kept: None,
            sheet: Sheet {
                id: None,
                span,
                items,
                words,
                unnamed,
            },
            at: until,
        })
    }

    /// A sheet as text.
    pub fn sheet_text(&self, shown: &Shown, style: Style) -> String {
        let knowledge = self.shelf.knowledge();
        let shop = knowledge.shop_or_default(&shown.shop);
        let name = format!("{}（{}）", shop.name, shown.shop);
        text(&shown.sheet, &name, shop.zone, style, shown.at)
    }

    /// Somebody hands over now, whatever the table says; a supervisor may do it for somebody else, and at once.
    pub async fn hand_over(&self, who: Who, asked: ByHand) -> Result<Shown, Refused> {
        fits("reason", &asked.reason, LONGEST_REASON)?;
        if asked.to.as_ref() == Some(&asked.from) {
            return Err(wrong("to", "不能交给自己"));
        }
        if asked.forced && asked.to.is_none() {
            return Err(wrong("to", "强制交接要写明交给谁"));
        }
        let now = self.clock.now();
        let knowledge = self.shelf.knowledge();
        known(&knowledge, &asked.shop)?;
        // What came in the last moments may not be kept yet: it comes on the next sheet.
        let until = now - chrono::Duration::seconds(3);
        let zone = knowledge.shop_or_default(&asked.shop).zone;
        let shop = asked.shop.clone();
        let sheet = self
            .store
            .write(move |tx| {
                let here = duty(tx, &knowledge, &asked.shop, now)?;
                let stay = |who: &&String| **who != asked.from;
                let takers: Vec<String> = match &asked.to {
                    Some(to) => vec![to.clone()],
                    None => here.people.iter().filter(stay).cloned().collect(),
                };
                let span = |last: &handover::Last| Span {
                    shift: BY_HAND.to_owned(),
                    from: last.at,
                    until,
                    day: day_of(zone, until),
                    leavers: vec![asked.from.clone()],
                    to_people: !takers.is_empty() || (here.staffed && here.people.is_empty()),
                    takers: takers.clone(),
                    next: if here.staffed {
                        here.name.clone()
                    } else {
                        NIGHT.to_owned()
                    },
                    carries: last.carries,
                    // Where others stay, what is theirs stays with them.
                    of: here
                        .people
                        .iter()
                        .any(|who| stay(&who))
                        .then(|| asked.from.clone()),
                };
                let Some((previous, span, book)) =
                    handover::book_at(tx, &asked.shop, until, &span)?
                else {
                    return Ok(None);
                };
                let new = New {
                    shop: asked.shop.clone(),
                    previous,
                    span,
                    book,
                };
                let Some(sheet) = handover::write(tx, &who, &new, &asked.reason, now)? else {
                    return Ok(None);
                };
                if let (true, Some(to)) = (asked.forced, &asked.to) {
                    let whose = (Some(asked.from.as_str()), to.as_str());
                    accepting::force(tx, &who, sheet, &Which::All, whose, &asked.reason, now)?;
                }
                Ok(Some(sheet))
            })
            .await?;
        let sheet = sheet.ok_or_else(|| wrong("shop", "刚刚已经写过一张交接单，请先看那一张"))?;
        tracing::info!(%shop, sheet, "handed over by hand");
        self.sheet(None, sheet).await
    }

    /// Says something about a sheet or an item of it; without a sheet, about the one that is written next.
    pub async fn sheet_words(
        &self,
        who: Who,
        allowed: Allowed,
        (shop, sheet): (Option<ShopId>, Option<i64>),
        key: Option<String>,
        text: String,
    ) -> Result<Vec<Words>, Refused> {
        fits("text", &text, LONGEST_WORDS)?;
        if text.trim().is_empty() {
            return Err(wrong("text", "写几个字再提交"));
        }
        if let Some(key) = &key {
            fits("item", key, LONGEST_REASON)?;
        }
        if let Some(shop) = &shop {
            known(&self.shelf.knowledge(), shop)?;
        }
        let at = self.clock.now();
        self.store
            .write(move |tx| {
                let shop = match (sheet, &shop) {
                    (Some(sheet), _) => match handover::one(tx, sheet)? {
                        Some(kept) => kept.shop,
                        None => return Ok(Err(Refused::NotThere)),
                    },
                    (None, Some(shop)) => shop.clone(),
                    (None, None) => return Ok(Err(wrong("shop", "写明是哪家店"))),
                };
                if !may(&allowed, &shop) {
                    return Ok(Err(Refused::NotHisShop));
                }
                let text = text.trim();
                let came = accepting::say(tx, &who, &shop, sheet, key.as_deref(), text, at)?;
                if let Err(refused) = done(came) {
                    return Ok(Err(refused));
                }
                Ok(Ok(match sheet {
                    Some(sheet) => {
                        handover::sheet(tx, sheet)?.map_or_else(Vec::new, |(_, sheet)| sheet.words)
                    }
                    None => handover::next_words(tx, &shop)?,
                }))
            })
            .await?
    }

    /// Something is done to items of a sheet; how it is then.
    pub async fn sheet_act(
        &self,
        who: Who,
        allowed: Allowed,
        sheet: i64,
        which: Which,
        act: Act,
        reason: String,
    ) -> Result<Shown, Refused> {
        fits("reason", &reason, LONGEST_REASON)?;
        if let Which::These(keys) = &which
            && (keys.is_empty() || keys.len() > MOST_ITEMS)
        {
            return Err(wrong("items", format!("写 1 到 {MOST_ITEMS} 个事项的 key")));
        }
        if act == Act::Refuse && reason.trim().is_empty() {
            return Err(wrong("reason", "不接要写明理由"));
        }
        if let Act::Force { from, to } = &act {
            fits("to", to, LONGEST_REASON)?;
            if to.trim().is_empty() {
                return Err(wrong("to", "写明交给谁"));
            }
            if from.as_ref() == Some(to) {
                return Err(wrong("to", "不能交给同一个人"));
            }
            if reason.trim().is_empty() {
                return Err(wrong("reason", "强制交接要写明原因"));
            }
        }
        let now = self.clock.now();
        let of = allowed.clone();
        self.store
            .write(move |tx| {
                if let Err(refused) = his(tx, &of, sheet)? {
                    return Ok(Err(refused));
                }
                let came = match &act {
                    Act::Accept => accepting::accept(tx, &who, sheet, &which, now)?,
                    Act::Refuse => accepting::refuse(tx, &who, sheet, &which, &reason, now)?,
                    Act::Force { from, to } => {
                        let whose = (from.as_deref(), to.as_str());
                        accepting::force(tx, &who, sheet, &which, whose, &reason, now)?
                    }
                };
                Ok(done(came).map(|_| ()))
            })
            .await??;
        self.sheet(allowed, sheet).await
    }

    /// Somebody leaves: himself, or somebody a supervisor speaks for. The keys of what nobody has accepted then.
    pub async fn leave(
        &self,
        who: Who,
        allowed: Allowed,
        sheet: i64,
        agent: String,
    ) -> Result<Vec<String>, Refused> {
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                if let Err(refused) = his(tx, &allowed, sheet)? {
                    return Ok(Err(refused));
                }
                let leavers = handover::one(tx, sheet)?.map(|kept| kept.span.leavers);
                let leavers = leavers.unwrap_or_default();
                if !leavers.is_empty() && !leavers.contains(&agent) {
                    let names = leavers.join("、");
                    return Ok(Err(wrong("agent", format!("这张交接单是 {names} 交的班"))));
                }
                Ok(done(accepting::leave(tx, &who, &agent, sheet, now)?))
            })
            .await?
    }
}

/// Reads RFC 3339, or `2026-11-20 12:31` in a zone.
fn moment(text: &str, zone: chrono_tz::Tz) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok()?;
    zone.from_local_datetime(&wall)
        .earliest()
        .map(|at| at.to_utc())
}

/// Who is on duty at a moment, breaks aside.
fn duty(
    tx: &mut dyn Tx,
    knowledge: &crate::knowledge::Knowledge,
    shop: &ShopId,
    at: DateTime<Utc>,
) -> Result<Shift, Error> {
    let of = std::slice::from_ref(shop);
    let mut standing = switches::standing(tx, of, at)?;
    let there = standing.remove(shop).unwrap_or_default().arrangements;
    Ok(on_duty(knowledge, shop, &there, at))
}

fn his(tx: &mut dyn Tx, allowed: &Allowed, sheet: i64) -> Result<Result<(), Refused>, Error> {
    Ok(match handover::one(tx, sheet)? {
        None => Err(Refused::NotThere),
        Some(kept) if !may(allowed, &kept.shop) => Err(Refused::NotHisShop),
        Some(_) => Ok(()),
    })
}

fn done(came: Came) -> Result<Vec<String>, Refused> {
    match came {
        Came::Done(keys) => Ok(keys),
        Came::NoSheet => Err(Refused::NotThere),
        Came::NoItem(key) => Err(wrong("items", format!("这张交接单上没有“{key}”"))),
        Came::Taken(key, by) => Err(wrong(
            "items",
            format!("“{key}”已经是 {by} 的了，不能再拒绝；要换人请找主管"),
        )),
        Came::Leaver => Err(wrong("items", "自己交的班不能自己接，请接班的同事来接")),
    }
}
