//! The card of a draft: which of the customer's words are about this matter, and what of its form they fill in.
//!
//! A turn may hold two demands (漏发一个杯子，另外差价30退我). Each clause belongs to the matter whose evidence stands in
//! it, or to the one before; things and amounts are taken from a matter's own clauses, orders and phones from the
//! whole turn.

use std::sync::LazyLock;

use regex::Regex;

use super::Form;
use crate::knowledge::{
    IntentId, Platform, Reading,
    case_kind::{AMOUNT, CaseKind},
    fields::{Field, FieldKind, Fields, extract},
    mask::mask,
    money::{fen, yuan},
    reading::Evidence,
    text::normalise,
};

/// The field that holds the customer's own words, masked.
pub const WORDS: &str = "原话";
/// The field that holds what it is about.
pub const ITEM: &str = "物品";
const QUANTITY: &str = "数量";
/// How many characters of them.
const LONGEST: usize = 120;

/// What ends a clause.
const STOPS: &[char] = &[
    '，', ',', '。', '！', '!', '？', '?', '；', ';', '\n', '、', '~', '～',
];
/// What opens another matter.
const OPENERS: &[&str] = &["另外", "还有", "顺便", "以及", "再就是", "并且"];

/// The words of a turn, clause by clause.
pub fn clauses<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let mut clauses = Vec::new();
    for text in texts {
        let stop = |c: char| STOPS.contains(&c) || c.is_whitespace();
        for piece in text.split(stop).map(str::trim) {
            let mut rest = piece;
            // An opener in the middle begins a clause of its own.
            while let Some(at) = OPENERS
                .iter()
                .filter_map(|word| rest.find(word))
                .filter(|at| *at > 0)
                .min()
            {
                clauses.push(rest[..at].to_owned());
                rest = &rest[at..];
            }
            clauses.push(rest.to_owned());
        }
    }
    clauses.retain(|clause| !clause.is_empty());
    clauses
}

/// For each of some matters of a turn, its own clauses.
pub fn own_clauses(
    reading: &Reading,
    matters: &[&IntentId],
    clauses: &[String],
) -> Vec<Vec<String>> {
    let mut own = vec![Vec::new(); matters.len()];
    let [_, _, ..] = matters else {
        if let Some(all) = own.first_mut() {
            all.extend_from_slice(clauses);
        }
        return own;
    };
    let cues: Vec<Vec<Cue>> = matters.iter().map(|id| cues(reading, id)).collect();
    let owners: Vec<Option<usize>> = clauses
        .iter()
        .map(|clause| {
            let clause = normalise(clause);
            let scores = cues
                .iter()
                .map(|cues| cues.iter().map(|cue| cue.weight(&clause)).sum::<f32>());
            scores
                .enumerate()
                .filter(|(_, score)| *score > 0.0)
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
                .map(|(matter, _)| matter)
        })
        .collect();
    // What says nothing by itself goes with what stands before it; at the beginning, with what follows.
    let first = owners.iter().flatten().next().copied().unwrap_or(0);
    let mut last = first;
    for (clause, owner) in clauses.iter().zip(&owners) {
        last = owner.unwrap_or(last);
        if let Some(own) = own.get_mut(last) {
            own.push(clause.clone());
        }
    }
    own
}

/// A sign by which a clause is known to be about a matter.
enum Cue {
    Words(Vec<String>),
    Pattern(Box<Regex>),
}

impl Cue {
    fn weight(&self, clause: &str) -> f32 {
        match self {
            Self::Words(words) => {
                let found = words.iter().filter(|word| clause.contains(*word)).count();
                match found {
                    0 => 0.0,
                    all if all == words.len() => 1.0,
                    // A set of words may stand in clauses side by side.
                    some => 0.25 * some as f32,
                }
            }
            Self::Pattern(pattern) if pattern.is_match(clause) => 1.0,
            Self::Pattern(_) => 0.0,
        }
    }
}

fn cues(reading: &Reading, matter: &IntentId) -> Vec<Cue> {
    reading
        .evidence
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Keyword { intent, words, .. } if intent == matter => {
                Some(Cue::Words(words.split('+').map(str::to_owned).collect()))
            }
            Evidence::Pattern {
                intent, pattern, ..
            } if intent == matter => Regex::new(pattern)
                .ok()
                .map(|re| Cue::Pattern(Box::new(re))),
            _ => None,
        })
        .collect()
}

/// What a draft's form holds from the start. `alone`: no other case comes of the turn, so that whatever was named
/// belongs to this one.
pub fn prefill(
    kind: &CaseKind,
    order: Option<&str>,
    named: &Fields,
    own: &[String],
    platform: Platform,
    alone: bool,
) -> Form {
    let words = own.join("，");
    let mine = Fields(extract(&words, platform));
    let mut form = Form::default();
    for name in kind.form() {
        let value = match name {
            super::ORDER => order.map(str::to_owned),
            AMOUNT => amount(&mine)
                .or_else(|| bare_amount(&words))
                .or_else(|| alone.then(|| amount(named)).flatten())
                .map(yuan),
            ITEM => item(own).map(|(item, _)| item),
            QUANTITY => item(own)
                .and_then(|(_, count)| count)
                .or_else(|| value(&mine, QUANTITY))
                .or_else(|| alone.then(|| value(named, QUANTITY)).flatten()),
            "电话" | "快递单号" | "快递公司" | "日期" | "退款编号" | "交易号" | "尾号" | "地址" => {
                value(&mine, name).or_else(|| value(named, name))
            }
            name => value(&mine, name).or_else(|| alone.then(|| value(named, name)).flatten()),
        };
        if let Some(value) = value {
            form.set(name, &value);
        }
    }
    let quoted: String = mask(&words).chars().take(LONGEST).collect();
    form.set(WORDS, &quoted);
    form
}

fn amount(fields: &Fields) -> Option<i64> {
    fields.first(FieldKind::Money)?.value.parse().ok()
}

/// The newest clear field of a name.
fn value(fields: &Fields, name: &str) -> Option<String> {
    let kind = match name {
        "退款编号" => Some(FieldKind::RefundNo),
        "交易号" => Some(FieldKind::PaymentNo),
        "尾号" => Some(FieldKind::PhoneTail),
        "地址" => Some(FieldKind::Address),
        _ => None,
    };
    let is = |field: &&Field| match kind {
        Some(kind) => field.kind == kind,
        None => field.kind.blank() == Some(name),
    };
    let field = fields
        .0
        .iter()
        .filter(|field| field.or.is_empty())
        .find(is)?;
    Some(field.value.clone())
}

static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:差价|补差|退差|差额|返现|运费|邮费|差|返|退|赔|补)(?:了|我|给|给我|一下|的|是|个|还有|共)*\s*([0-9]{1,5}(?:\.[0-9]{1,2})?)",
    )
    .ok()
});

/// An amount without a unit, where the words leave no doubt: 差价30退我.
fn bare_amount(words: &str) -> Option<i64> {
    let words = normalise(words);
    let re = BARE.as_ref()?;
    re.captures_iter(&words).find_map(|found| {
        let number = found.get(1)?;
        let next = words[number.end()..].trim_start().chars().next();
        let ends = next.is_none_or(|c| "退补返给还打转行可吧呗啊呢了,。!?".contains(c));
        ends.then(|| fen(number.as_str())).flatten()
    })
}

/// Words with which a customer says that something is missing, broken or wrong.
static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:漏发|少发|落发|漏寄|少寄|漏装|少装|少放|漏放|漏掉|少给|漏|缺少|缺|少|没收到|没有收到|没放|没给|补发|补寄|补|多发|发错)(?:了|我|给我)*\s*([0-9]{1,4}|[一二两三四五六七八九十]{1,3}|半)?\s*(个|件|双|条|套|包|箱|瓶|盒|只|台|本|张|份|袋|支|把|床|对|罐|桶|卷|块|根|颗|片|组)?\s*(?:的)?([\p{Han}A-Za-z][\p{Han}A-Za-z0-9]{0,11})",
    )
    .ok()
});
static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:这|那|另|有)?([0-9]{1,4}|[一二两三四五六七八九十])?(个|件|双|条|套|包|箱|瓶|盒|只|台|本|张|份|袋|支|把|床|对|罐|桶|卷|块|根|颗|片|组)?(?:的)?([\p{Han}A-Za-z]{1,8}?)(?:都|也|还|又)?(?:没有收到|没收到|没发|没给|没放|少了|漏了|碎了|破了|坏了|烂了|裂了|发错了)",
    )
    .ok()
});
/// 螺丝少一包.
static SHORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?P<name>[\p{Han}A-Za-z]{1,8}?)(?:少|缺|差|漏)(?:了|发)*([0-9]{1,4}|[一二两三四五六七八九十半])\s*(个|件|双|条|套|包|箱|瓶|盒|只|台|本|张|份|袋|支|把|床|对|罐|桶|卷|块|根|颗|片|组)",
    )
    .ok()
});
/// What clings to a thing's name and is none of it.
const TAIL: &[&str] = &[
    "怎么办",
    "怎么弄",
    "怎么搞",
    "什么情况",
    "麻烦",
    "一下",
    "没有",
    "给我",
    "了",
    "吧",
    "呢",
    "啊",
    "呀",
    "哦",
    "吗",
    "么",
    "的",
    "哈",
    "亲",
];
const HEAD: &[&str] = &[
    "我的",
    "买的",
    "里面的",
    "里面",
    "说好的",
    "送的",
    "那个",
    "这个",
    "有",
];
/// What is no thing.
const NOTHING: &[&str] = &[
    "东西", "差价", "运费", "你们", "我们", "发票", "颜色", "尺码", "型号", "款式", "地址",
];
/// What no thing's name contains.
const NEVER: &[&str] = &["单号", "备注", "快递", "物流"];

/// What a matter is about, and how many of it.
fn item(own: &[String]) -> Option<(String, Option<String>)> {
    own.iter().find_map(|clause| {
        let clause = clause.trim();
        [&AFTER, &BEFORE, &SHORT].into_iter().find_map(|re| {
            let found = re.as_ref()?.captures(clause)?;
            let named = found.name("name");
            // Where the thing comes first, how many stands behind it.
            let (nth, unit) = if named.is_some() { (2, 3) } else { (1, 2) };
            let mut name = named.or_else(|| found.get(3))?.as_str();
            while let Some(head) = HEAD.iter().find_map(|word| name.strip_prefix(word)) {
                name = head;
            }
            while let Some(shorter) = TAIL.iter().find_map(|word| name.strip_suffix(word)) {
                name = shorter;
            }
            // One character is a thing when it is counted: 一个碗.
            let least = if found.get(unit).is_some() { 1 } else { 2 };
            let nothing = NOTHING.contains(&name) || NEVER.iter().any(|word| name.contains(word));
            if name.chars().count() < least || nothing {
                return None;
            }
            let part = |nth| found.get(nth).map_or("", |part| part.as_str());
            let count =
                Some(format!("{}{}", part(nth), part(unit))).filter(|_| !part(nth).is_empty());
            Some((name.to_owned(), count))
        })
    })
}
