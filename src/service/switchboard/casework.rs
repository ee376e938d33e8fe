//! Cases: found, shown, opened, and whatever people do with them.

use chrono::{DateTime, Utc};

use super::{LONGEST_REASON, Refused, Switchboard, fits, known, may, wrong};
use crate::{
    desk::{
        case::{Act, Form, ORDER},
        notes,
    },
    knowledge::{
        CaseKindId, Knowledge, ShopId, arrangement::Arrangement, case_kind::CaseKind, mask::mask,
    },
    store::{
        arrangements,
        case_list::{self, After, By},
        casework::{self, Cause, Hand, Kept, Line, New, Stopped},
        staff_event::{self, StaffEvent, What},
        switches,
    },
};

/// How many cases one page holds, at the most.
pub const PAGE: usize = 200;
/// How many of its events are shown with a case.
const EVENTS: usize = 100;
/// Characters of a note or a line, at the most.
const LONGEST_NOTE: usize = 2_000;
/// How many fields one request may fill in, and messages it may name.
const MOST: usize = 50;

/// A case with its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The case.
    pub kept: Kept,
    /// Its kind.
    pub kind: CaseKind,
}

/// A case with all that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// The case and its kind.
    pub shown: Shown,
    /// What was appended, oldest first.
    pub lines: Vec<Line>,
    /// The customers' words that caused it, oldest first.
    pub causes: Vec<Cause>,
    /// What happened to it, newest first.
    pub events: Vec<StaffEvent>,
}

/// A kind of case, and where its cases need a note on their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The kind.
    pub kind: CaseKind,
    /// In these shops, of those he works in, none of them is done before its order has one.
    pub note_in: Vec<ShopId>,
}

/// A case somebody wants to open.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// In this shop; left out where the conversation says it.
    pub shop: Option<ShopId>,
    /// Of this kind.
    pub kind: String,
    /// From this conversation.
    pub conversation: Option<i64>,
    /// Caused by these messages of it.
    pub messages: Vec<i64>,
    /// Values of its fields.
    pub form: Form,
    /// For the colleague who takes over.
    pub note: String,
    /// Only as a proposal.
    pub draft: bool,
}

impl From<Stopped> for Refused {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::NoSuch => Self::NotThere,
            Stopped::Stale(version) => Self::StaleCase(version),
            Stopped::Refused(refusal) => Self::Case(refusal),
        }
    }
}

impl Switchboard {
    /// The kinds of cases that somebody may see, by their names.
    pub fn case_kinds(&self, hand: &Hand) -> Vec<Known> {
        let knowledge = self.shelf.knowledge();
        let seen = knowledge.case_kinds().iter();
        let mut kinds: Vec<Known> = seen
            .filter(|kind| kind.is_seen_by(&hand.actor.posts))
            .map(|kind| Known {
                kind: kind.clone(),
                note_in: knowledge
                    .shops()
                    .iter()
                    .map(|shop| &shop.id)
                    .filter(|shop| {
                        may(&hand.shops, shop) && notes::required(&knowledge, shop, &kind.id)
                    })
                    .cloned()
                    .collect(),
            })
            .collect();
        kinds.sort_by(|a, b| a.kind.id.cmp(&b.kind.id));
        kinds
    }

    /// One page of cases that somebody may see.
    pub async fn cases(
        &self,
        hand: Hand,
        shop: Option<ShopId>,
        by: By,
        after: Option<After>,
        limit: usize,
    ) -> Result<Vec<Shown>, Refused> {
        let knowledge = self.shelf.knowledge();
        let hidden: Vec<CaseKindId> = knowledge
            .case_kinds()
            .iter()
            .filter(|kind| !kind.is_seen_by(&hand.actor.posts))
            .map(|kind| kind.id.clone())
            .collect();
        if let Some(shop) = &shop
            && !may(&hand.shops, shop)
        {
            return Err(Refused::NotHisShop);
        }
        let limit = limit.clamp(1, PAGE);
        let page = self
            .store
            .read(move |tx| {
                let shops = match (&shop, &hand.shops) {
                    (Some(shop), _) => vec![shop.clone()],
                    (None, Some(of)) => of.clone(),
                    (None, None) => switches::all_shops(tx)?,
                };
                case_list::list(
                    tx,
                    &case_list::Asked {
                        by: by.clone(),
                        shops,
                        hidden: hidden.clone(),
                        after,
                        limit,
                    },
                )
            })
            .await?;
        Ok(page
            .into_iter()
            .map(|kept| with_kind(&knowledge, kept))
            .collect())
    }

    /// A case with all that belongs to it.
    pub async fn case(&self, hand: Hand, number: String) -> Result<File, Refused> {
        let knowledge = self.shelf.knowledge();
        self.store
            .read(move |tx| {
                let Some(kept) = casework::by_number(tx, &number)? else {
                    return Ok(Err(Refused::NotThere));
                };
                let shown = with_kind(&knowledge, kept);
                if !hand.may_see(&shown.kept, &shown.kind) {
                    return Ok(Err(Refused::NotThere));
                }
                let id = shown.kept.id;
                Ok(Ok(File {
                    lines: casework::lines(tx, id)?,
                    causes: casework::causes(tx, id)?,
                    events: staff_event::of(tx, What::Case, id, EVENTS)?,
                    shown,
                }))
            })
            .await?
    }

    /// Opens a case by hand, or appends to the one that is open for the same. Whether it is new.
    pub async fn open_case(&self, hand: Hand, wanted: Wanted) -> Result<(Shown, bool), Refused> {
        let knowledge = self.shelf.knowledge();
        let now = self.clock.now();
        let mut wanted = wanted;
        if let Some(conversation) = wanted.conversation {
            let allowed = hand.shops.clone();
            let home = self.conversation(allowed, conversation).await?;
            wanted.shop = Some(home.shop);
        }
        let Some(shop) = wanted.shop.clone() else {
            return Err(wrong("shop", "写上店铺，或者会话编号"));
        };
        known(&knowledge, &shop)?;
        if !may(&hand.shops, &shop) {
            return Err(Refused::NotHisShop);
        }
        let kind = visible_kind(&knowledge, &wanted.kind, &hand)?;
        let new = self.new_case(&knowledge, shop, &kind, wanted, now).await?;
        let table = knowledge.clone();
        let opened = self
            .store
            .write(move |tx| casework::open(tx, &table, &hand, &new, now))
            .await?;
        let (kept, fresh) = opened?;
        tracing::info!(case = %kept.number, fresh, "case opened by hand");
        Ok((with_kind(&knowledge, kept), fresh))
    }

    async fn new_case(
        &self,
        knowledge: &Knowledge,
        shop: ShopId,
        kind: &CaseKind,
        wanted: Wanted,
        now: DateTime<Utc>,
    ) -> Result<New, Refused> {
        fits("note", &wanted.note, LONGEST_NOTE)?;
        if wanted.messages.len() > MOST || wanted.form.iter().count() > MOST {
            return Err(wrong("fields", format!("一次最多 {MOST} 项")));
        }
        let of = shop.clone();
        let arranged: Vec<Arrangement> = self
            .store
            .read(move |tx| arrangements::standing(tx, &of, now))
            .await?
            .into_iter()
            .map(|kept| kept.arrangement)
            .collect();
        let due = |rule| knowledge.due_by(&shop, now, rule, kind.any_hour, &arranged);
        let platform = kind
            .platform
            .map(|n| due(crate::knowledge::due::Due::Plain(n)));
        let finish = due(kind.finish);
        let order = match wanted.form.get(ORDER) {
            Some(order) => mask(&format!("订单号 {order}")),
            None => "订单号未提供".to_owned(),
        };
        let note = format!("【{}】{order}\n{}", kind.id, mask(wanted.note.trim()));
        Ok(New {
            month: knowledge.month(&shop, now),
            shop: shop.clone(),
            kind: kind.id.clone(),
            conversation: wanted.conversation,
            messages: wanted.messages,
            form: wanted.form,
            note: note.trim().to_owned(),
            draft: wanted.draft,
            first_due: due(kind.first),
            finish_due: platform.map_or(finish, |platform| finish.min(platform)),
        })
    }

    /// Somebody does something with a case.
    pub async fn act_on_case(
        &self,
        hand: Hand,
        number: String,
        version: Option<i64>,
        act: Act,
    ) -> Result<Shown, Refused> {
        fits("reason", act.reason(), LONGEST_REASON * 10)?;
        let knowledge = self.shelf.knowledge();
        let now = self.clock.now();
        let table = knowledge.clone();
        let came = self
            .store
            .write(move |tx| casework::act(tx, &table, &hand, (&number, version), &act, now))
            .await?;
        Ok(with_kind(&knowledge, came?))
    }

    /// Merges a case into another, which is shown.
    pub async fn merge_cases(
        &self,
        hand: Hand,
        number: String,
        version: Option<i64>,
        into: String,
    ) -> Result<Shown, Refused> {
        let knowledge = self.shelf.knowledge();
        let now = self.clock.now();
        let table = knowledge.clone();
        let came = self
            .store
            .write(move |tx| casework::merge(tx, &table, &hand, (&number, version), &into, now))
            .await?;
        Ok(with_kind(&knowledge, came?))
    }

    /// Splits another demand off a case. The new case, and whether it is new.
    pub async fn split_case(
        &self,
        hand: Hand,
        number: String,
        wanted: Wanted,
    ) -> Result<(Shown, bool), Refused> {
        let knowledge = self.shelf.knowledge();
        let now = self.clock.now();
        let kind = visible_kind(&knowledge, &wanted.kind, &hand)?;
        let of = number.clone();
        let found = self
            .store
            .read(move |tx| casework::by_number(tx, &of))
            .await?;
        let shop = found.ok_or(Refused::NotThere)?.shop;
        let new = self.new_case(&knowledge, shop, &kind, wanted, now).await?;
        let table = knowledge.clone();
        let came = self
            .store
            .write(move |tx| casework::split(tx, &table, &hand, &number, &new, now))
            .await?;
        let (kept, fresh) = came?;
        Ok((with_kind(&knowledge, kept), fresh))
    }

    /// Appends a line to a case.
    pub async fn append_to_case(
        &self,
        hand: Hand,
        number: String,
        words: String,
    ) -> Result<Shown, Refused> {
        let words = words.trim().to_owned();
        fits("note", &words, LONGEST_NOTE)?;
        if words.is_empty() {
            return Err(wrong("note", "写上要补充的话"));
        }
        let knowledge = self.shelf.knowledge();
        let now = self.clock.now();
        let table = knowledge.clone();
        let came = self
            .store
            .write(move |tx| casework::append_line(tx, &table, &hand, &number, &words, now))
            .await?;
        Ok(with_kind(&knowledge, came?))
    }
}

fn with_kind(knowledge: &Knowledge, kept: Kept) -> Shown {
    Shown {
        kind: kept.kind(knowledge),
        kept,
    }
}

fn visible_kind(knowledge: &Knowledge, name: &str, hand: &Hand) -> Result<CaseKind, Refused> {
    let id = CaseKindId::from(name.trim());
    match knowledge.case_kind(&id) {
        Some(kind) if kind.is_seen_by(&hand.actor.posts) => Ok(kind.clone()),
        _ => Err(wrong("kind", format!("没有工单类型“{name}”"))),
    }
}
