//! Addresses: pasted cards, full addresses, and those that leave 省 and 市 out.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::{
    Field, FieldKind,
    numbers::pattern,
    places::{CITIES, PROVINCES},
    source::{Claims, Source},
};
use crate::knowledge::text::is_han;

static PLACES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(
            PROVINCES
                .split_whitespace()
                .chain(CITIES.split_whitespace()),
        )
        .ok()
});

pattern!(
    CARD,
    r"(?:所在地区|所在区域|详细地址|收货地址|收件地址|地址)[:：]\s*([^\n;；]{2,80})"
);
pattern!(
    TOLD,
    r"地址(?:是|为|改成|改为|换成|改到|:|：)+\s*([\p{Han}a-z0-9()（）#\- ]{5,60})"
);
pattern!(
    SUFFIXED,
    r"[\p{Han}]{2,8}?(?:省|自治区|市|特别行政区|区|县|旗|州|镇)[\p{Han}]{1,12}?(?:街道|镇|乡|路|街|巷|弄|大道|村|小区|花园|公寓|大厦)[\p{Han}a-z0-9()（）#\- ]{0,40}"
);
pattern!(
    STREET,
    r"街道|镇|乡|路|街|巷|弄|大道|村|小区|花园|公寓|大厦|广场|科技园|工业园|园区|栋|幢|座|单元|室|楼|[0-9]号|学校|大学|中学|小学|医院|公司|苑|城"
);
pattern!(
    DISTRICT,
    r"^.{2,24}?(?:自治县|新区|开发区|[^小社地园景郊]区|[\p{Han}]县|[\p{Han}]旗)"
);
pattern!(CITY, r"^.{2,14}?(?:市|州|盟)");

/// Words that end an address however it goes on.
static STOPS: &[&str] = &[
    "收货人",
    "收件人",
    "联系人",
    "详细",
    "所在",
    "邮编",
    "电话",
    "手机",
    "麻烦",
    "谢谢",
    "帮我",
    "可以",
    "能不能",
    "怎么",
    "什么",
    "吗",
    "几天",
    "多久",
    "快递",
    "包邮",
    "发货",
    "订单",
    "地址",
    "大概",
    "到不到",
    "运费",
    "有货",
    "没货",
    "了",
    "请",
];

/// Finds addresses.
pub(super) fn find(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    if text.len() < 12 {
        return;
    }
    card(source, claims);
    for re in TOLD.iter() {
        for found in re.captures_iter(text).filter_map(|c| c.get(1)) {
            let range = cut(text, found.range(), claims);
            let known = begins_with_place(&text[range.clone()]);
            if known || is_street(&text[range.clone()]) {
                take(source, range, claims);
            }
        }
    }
    if let Some(places) = PLACES.as_ref() {
        for found in places.find_iter(text) {
            let end = run_end(text, found.end());
            let range = cut(text, found.start()..end, claims);
            let rest = text.get(found.end()..range.end).unwrap_or_default();
            if rest.chars().count() >= 4 && is_street(rest) {
                take(source, range, claims);
            }
        }
    }
    if let Some(re) = SUFFIXED.as_ref() {
        for found in re.find_iter(text) {
            let range = cut(text, found.range(), claims);
            let written = &text[range.clone()];
            let numbered = written.bytes().any(|b| b.is_ascii_digit());
            if numbered && district_end(written).is_some() {
                take(source, range, claims);
            }
        }
    }
}

/// A pasted card: region and detail under labels of their own are one address.
fn card(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    let mut rest = 0;
    let mut parts: Vec<Range<usize>> = Vec::new();
    while let Some(found) = CARD
        .as_ref()
        .and_then(|re| re.captures_at(text, rest))
        .and_then(|c| c.get(1))
    {
        let range = cut(text, found.range(), claims);
        rest = range.end.max(found.start() + 1);
        while !text.is_char_boundary(rest) {
            rest += 1;
        }
        let written = &text[range.clone()];
        if begins_with_place(written) || is_street(written) {
            parts.push(range);
        }
        if rest >= text.len() {
            break;
        }
    }
    if let [region, detail] = parts.as_slice() {
        let whole = region.start..detail.end;
        let gap = detail.start.saturating_sub(region.end);
        if gap < 24 && claims.free(&whole) {
            let value = [source.said(region), source.said(detail)].concat();
            let said = source.said(&whole);
            claims.take(whole, Field::new(FieldKind::Address, value, said));
            return;
        }
    }
    for range in parts {
        take(source, range, claims);
    }
}

fn take(source: &Source<'_>, range: Range<usize>, claims: &mut Claims) {
    if !range.is_empty() && claims.free(&range) {
        let said = source.said(&range);
        claims.take(range, Field::new(FieldKind::Address, said, said));
    }
}

/// Where the run of address characters ends.
fn run_end(text: &str, from: usize) -> usize {
    let tail = text.get(from..).unwrap_or_default();
    let fits = |c: char| is_han(c) || c.is_ascii_alphanumeric() || "()（）#- ".contains(c);
    tail.char_indices()
        .take(60)
        .find(|(_, c)| !fits(*c))
        .map_or_else(
            || from + tail.char_indices().nth(60).map_or(tail.len(), |(i, _)| i),
            |(i, _)| from + i,
        )
}

/// Cuts at words that are no address and at numbers that are taken.
fn cut(text: &str, range: Range<usize>, claims: &Claims) -> Range<usize> {
    let written = text.get(range.clone()).unwrap_or_default();
    let mut end = STOPS
        .iter()
        .filter_map(|stop| written.find(stop).filter(|at| *at > 0))
        .min()
        .map_or(range.end, |at| range.start + at);
    for (taken, _) in &claims.found {
        if taken.start >= range.start && taken.start < end {
            end = taken.start;
        }
    }
    let kept = text.get(range.start..end).unwrap_or_default();
    let trimmed = kept.trim_end_matches([' ', ',', '，', '-', '(']);
    range.start..range.start + trimmed.len()
}

fn is_street(text: &str) -> bool {
    STREET.as_ref().is_some_and(|re| re.is_match(text))
}

fn begins_with_place(text: &str) -> bool {
    PLACES
        .as_ref()
        .and_then(|places| places.find(text))
        .is_some_and(|found| found.start() == 0)
}

fn district_end(text: &str) -> Option<usize> {
    let found = DISTRICT.as_ref().and_then(|re| re.find(text));
    found.map(|m| m.end())
}

/// How much of an address may be shown: up to its district, else its city, else nothing.
pub(crate) fn shown(address: &str) -> usize {
    let street = STREET.as_ref().and_then(|re| re.find(address));
    let end = region(address);
    match street {
        // What is shown holds no street, whatever the order in which somebody writes.
        Some(street) if street.start() < end => 0,
        _ => end,
    }
}

fn region(address: &str) -> usize {
    if let Some(end) = district_end(address) {
        return end;
    }
    if let Some(found) = CITY.as_ref().and_then(|re| re.find(address)) {
        return found.end();
    }
    let mut end = 0;
    if let Some(places) = PLACES.as_ref() {
        for found in places.find_iter(address) {
            if found.start() != end {
                break;
            }
            end = found.end();
        }
    }
    end
}
