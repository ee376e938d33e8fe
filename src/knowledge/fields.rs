//! Identifiers and quantities in a customer's words, claimed by whole tokens, longest first.
//!
//! A number is classified as a whole: a phone is never found inside an order number. What only the
//! platform or the words beside it can tell is decided by them; what stays ambiguous says so in
//! `or`, and an ambiguous number never fills a blank or a case.

pub(crate) mod address;
mod carriers;
mod cues;
mod goods;
mod money;
pub(crate) mod numbers;
mod places;
pub(crate) mod source;
mod when;

use serde::{Deserialize, Serialize};

use self::source::{Claims, Source};
use super::words::Platform;

/// Everything named in one message, in the order in which it is said.
pub fn extract(text: &str, platform: Platform) -> Vec<Field> {
    let source = Source::new(text);
    let mut fields: Vec<Field> = Vec::new();
    for (_, field) in claims(&source, platform) {
        if !fields
            .iter()
            .any(|f| f.kind == field.kind && f.value == field.value)
        {
            fields.push(field);
        }
    }
    fields
}

/// What is found, with its ranges in the folded text, in order.
pub(crate) fn claims(
    source: &Source<'_>,
    platform: Platform,
) -> Vec<(std::ops::Range<usize>, Field)> {
    let mut claims = Claims::default();
    // The order is the rule: numbers before addresses, addresses before what their digits could be.
    numbers::find(source, platform, &mut claims);
    address::find(source, &mut claims);
    carriers::find(source, &mut claims);
    when::find(source, &mut claims);
    money::find(source, &mut claims);
    goods::find(source, &mut claims);
    claims.found.sort_by_key(|(range, _)| range.start);
    claims.found
}

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// 订单号.
    OrderNo,
    /// 快递单号.
    TrackingNo,
    /// 快递公司.
    Carrier,
    /// 退款编号.
    RefundNo,
    /// A payment's number (交易号).
    PaymentNo,
    /// 工单号, our own.
    CaseNo,
    /// A customer's phone (电话).
    Phone,
    /// A hotline, nobody's phone.
    Hotline,
    /// The last four digits of a phone (尾号).
    PhoneTail,
    /// 金额; the value is integer fen.
    Money,
    /// 尺码.
    Size,
    /// 身高 in centimetres.
    Height,
    /// 体重 in 斤 (half kilograms).
    Weight,
    /// 颜色.
    Colour,
    /// 日期 as written.
    Date,
    /// 时长 as written.
    Duration,
    /// 数量.
    Quantity,
    /// 地址.
    Address,
}

impl FieldKind {
    /// The name under which scripts use it as a blank, when they may.
    pub fn blank(self) -> Option<&'static str> {
        Some(match self {
            Self::OrderNo => "订单号",
            Self::TrackingNo => "快递单号",
            Self::Carrier => "快递公司",
            Self::Phone => "电话",
            Self::Money => "金额",
            Self::Size => "尺码",
            Self::Colour => "颜色",
            Self::Date => "日期",
            Self::Duration => "时长",
            Self::Quantity => "数量",
            _ => return None,
        })
    }
}

/// One thing named in a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What it is; the likeliest when it is ambiguous.
    pub kind: FieldKind,
    /// Its normal form (digits only, upper-case prefix, fen).
    pub value: String,
    /// As the customer wrote it.
    pub said: String,
    /// What else it could be. Empty when it is clear. An ambiguous number never fills a blank or a case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<FieldKind>,
}

impl Field {
    pub(crate) fn new(kind: FieldKind, value: impl Into<String>, said: &str) -> Self {
        Self {
            kind,
            value: value.into(),
            said: said.to_owned(),
            or: Vec::new(),
        }
    }

    pub(crate) fn or(mut self, other: &[FieldKind]) -> Self {
        self.or = other.to_vec();
        self
    }
}

/// Everything named in a turn, newest message first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(pub Vec<Field>);

impl Fields {
    /// The newest clear field of a kind.
    pub fn first(&self, kind: FieldKind) -> Option<&Field> {
        self.0.iter().find(|f| f.kind == kind && f.or.is_empty())
    }

    /// Every clear value of a kind, newest first, each once.
    pub fn all(&self, kind: FieldKind) -> Vec<&str> {
        let mut seen = Vec::new();
        for field in self.0.iter().filter(|f| f.kind == kind && f.or.is_empty()) {
            if !seen.contains(&field.value.as_str()) {
                seen.push(field.value.as_str());
            }
        }
        seen
    }

    /// The value of a blank as a script names it, as it may be shown to the customer who said it.
    pub fn blank(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|f| f.or.is_empty() && f.kind.blank() == Some(name))
            .map(|f| match f.kind {
                FieldKind::Money => f.said.as_str(),
                _ => f.value.as_str(),
            })
    }
}

#[cfg(test)]
mod tests;
