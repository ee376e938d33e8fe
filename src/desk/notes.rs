//! Notes on orders (订单备注): four channels, flags, and what a note becomes that nobody has seen in time.

use chrono::{DateTime, Utc};

use super::case::Refusal;
use crate::knowledge::{
    CaseKindId, Knowledge, ShopId, arrangement::Arrangement, case_kind::CaseKind, due::Due,
    intent::Span, mask::mask, note_rules::MISSED,
};

/// Whose note it is. They are four different fields of an order, and never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// 买家留言: what the buyer wrote with the order.
    Buyer,
    /// 卖家备注: what the shop wrote.
    Seller,
    /// 平台备注: what the platform's back office shows.
    Platform,
    /// 内部便签: for colleagues only.
    Internal,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Buyer, Self::Seller, Self::Platform, Self::Internal];

    /// As stored and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
            Self::Platform => "platform",
            Self::Internal => "internal",
        }
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Buyer => "买家留言",
            Self::Seller => "卖家备注",
            Self::Platform => "平台备注",
            Self::Internal => "内部便签",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

/// The flag on an order (旗子).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// 红旗.
    Red,
    /// 黄旗.
    Yellow,
    /// 绿旗.
    Green,
    /// 蓝旗.
    Blue,
    /// 紫旗.
    Purple,
    /// 灰旗.
    Grey,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 6] = [
        Self::Red,
        Self::Yellow,
        Self::Green,
        Self::Blue,
        Self::Purple,
        Self::Grey,
    ];

    /// As stored and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Grey => "grey",
        }
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "红旗",
            Self::Yellow => "黄旗",
            Self::Green => "绿旗",
            Self::Blue => "蓝旗",
            Self::Purple => "紫旗",
            Self::Grey => "灰旗",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.code() == code)
    }
}

/// Whether a case of this kind cannot be done before its order carries a note.
pub fn required(knowledge: &Knowledge, shop: &ShopId, kind: &CaseKindId) -> bool {
    knowledge.note_required(shop, kind).is_some()
}

/// Whether a case may be called done.
///
/// # Errors
/// Its kind forces a note, and the order has none.
pub fn done(
    knowledge: &Knowledge,
    shop: &ShopId,
    kind: &CaseKindId,
    has_note: bool,
) -> Result<(), Refusal> {
    match required(knowledge, shop, kind) && !has_note {
        true => Err(Refusal::NeedsNote { kind: kind.clone() }),
        false => Ok(()),
    }
}

/// What a note says, for who need not know an address: that of a case is named by its kind, since a changed address
/// stands in it in every shape; the rest is masked.
pub fn shown(kind: Option<&CaseKindId>, text: &str) -> String {
    match kind {
        Some(kind) => format!("{kind}，内容见订单备注"),
        None => mask(text),
    }
}

/// A note that was not seen before its cut-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its shop.
    pub shop: ShopId,
    /// Its order.
    pub order: String,
    /// Its channel.
    pub channel: Channel,
    /// What it says.
    pub text: String,
    /// The kind of the case that forced it.
    pub kind: Option<CaseKindId>,
    /// Who wrote it: the one to ask, until somebody says otherwise.
    pub author: String,
    /// When it should have been seen.
    pub cutoff: DateTime<Utc>,
}

/// The case a missed note becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct MissedCase {
    /// Its kind.
    pub kind: CaseKind,
    /// Opens its number, after the kind's prefix: the month, such as `2611`.
    pub month: String,
    /// When the first action is due.
    pub first_due: DateTime<Utc>,
    /// When it should be finished.
    pub finish_due: DateTime<Utc>,
    /// For the colleague who takes it; personal data masked.
    pub note: String,
}

/// What follows from a missed note.
pub fn missed_case(
    knowledge: &Knowledge,
    missed: &Missed,
    arranged: &[Arrangement],
    now: DateTime<Utc>,
) -> MissedCase {
    let id = CaseKindId::from(MISSED);
    let shop = &missed.shop;
    let kind = knowledge.case_kind(&id).cloned();
    let kind = kind.unwrap_or_else(|| CaseKind {
        prefix: "LB".to_owned(),
        first: Due::After(Span::Minutes(60)),
        finish: Due::After(Span::Minutes(24 * 60)),
        ..CaseKind::lost(id, false)
    });
    let zone = knowledge.shop_or_default(shop).zone;
    let cutoff = missed.cutoff.with_timezone(&zone).format("%m-%d %H:%M");
    let note = format!(
        "【漏备注】订单 {}：{}「{}」到 {cutoff} 审单还没有看到\n责任人：{}（先记写备注的人，可以改）",
        mask(&missed.order),
        missed.channel.name(),
        shown(missed.kind.as_ref(), &missed.text),
        missed.author,
    );
    MissedCase {
        month: knowledge.month(shop, now),
        first_due: knowledge.due_by(shop, now, kind.first, kind.any_hour, arranged),
        finish_due: knowledge.due_by(shop, now, kind.finish, kind.any_hour, arranged),
        kind,
        note,
    }
}
