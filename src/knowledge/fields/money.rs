//! Amounts of money, as integer fen.

use std::ops::Range;

use super::{
    Field, FieldKind,
    numbers::{pattern, ranges},
    source::{Claims, Source},
};
use regex::Regex;
use std::sync::LazyLock;

pattern!(
    SIGNED,
    r"(?:[¥￥$]|rmb|cny)\s*([0-9]{1,7}(?:\.[0-9]{1,2})?)"
);
pattern!(
    COUNTED,
    r"([0-9]{1,7}(?:\.[0-9]{1,2})?)\s*(万|w)?(块钱|块[0-9](?:毛|角)?|块[一二三四五六七八九](?:毛|角)?|块|元|圆|rmb|大洋|毛钱|毛|分钱|包邮)"
);
pattern!(BARE_TEN_THOUSANDS, r"([0-9]{1,4}(?:\.[0-9]{1,2})?)(万|w)");
pattern!(
    SPELLED,
    r"([零一二两三四五六七八九十百千万]{1,9})(块钱|块[一二三四五六七八九](?:毛|角)?|块|元|毛钱|毛)"
);
pattern!(
    BARE_SPELLED,
    r"[一二两三四五六七八九]百[一二三四五六七八九](?:十[一二三四五六七八九]?)?"
);
pattern!(SLANG, r"([0-9]{1,6})米");

/// Without one of these no amount is named.
const UNITS: &[char] = &[
    '块', '元', '圆', '毛', '角', '分', '米', '万', 'w', '百', '¥', '￥', '$', 'b', 'y', '洋', '邮',
];

/// Words before a number that make it an amount.
static CUES: &[&str] = &[
    "退", "赔", "差", "补", "付", "花", "优惠", "便宜", "少", "返", "涨", "降", "贵", "减", "罚",
    "罚金", "价", "卖", "钱", "打", "转", "给", "收", "垫", "扣",
];

/// Finds amounts.
pub(super) fn find(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    if !text.contains(UNITS) {
        return;
    }
    let captures = |re: &'static LazyLock<Option<Regex>>| {
        re.iter()
            .flat_map(|re| re.captures_iter(text))
            .collect::<Vec<_>>()
    };
    for c in captures(&SIGNED) {
        let (Some(all), Some(number)) = (c.get(0), c.get(1)) else {
            continue;
        };
        put(source, all.range(), fen(number.as_str()), claims);
    }
    for c in captures(&COUNTED) {
        let (Some(all), Some(number), Some(unit)) = (c.get(0), c.get(1), c.get(3)) else {
            continue;
        };
        let written = source.before(all.start(), 1);
        let part_of_number =
            written.ends_with(|p: char| p.is_ascii_alphanumeric() || "-.".contains(p));
        if part_of_number || is_false(source, &all.range()) {
            continue;
        }
        let base = fen(number.as_str()).map(|f| if c.get(2).is_some() { f * 10_000 } else { f });
        put(
            source,
            all.range(),
            base.and_then(|f| with_unit(f, unit.as_str())),
            claims,
        );
    }
    for c in captures(&BARE_TEN_THOUSANDS) {
        let (Some(all), Some(number)) = (c.get(0), c.get(1)) else {
            continue;
        };
        if cued(source, all.start()) {
            put(
                source,
                all.range(),
                fen(number.as_str()).map(|f| f * 10_000),
                claims,
            );
        }
    }
    for c in captures(&SPELLED) {
        let (Some(all), Some(number), Some(unit)) = (c.get(0), c.get(1), c.get(2)) else {
            continue;
        };
        let value = spelled(number.as_str()).map(|n| n * 100);
        // 等了两块, 一块买的: a small number with a bare 块 needs a word of money before it.
        let bare = unit.as_str() == "块" && value.is_none_or(|v| v < 1_000);
        if bare && !cued(source, all.start()) || is_false(source, &all.range()) {
            continue;
        }
        put(
            source,
            all.range(),
            value.and_then(|f| with_unit(f, unit.as_str())),
            claims,
        );
    }
    for range in ranges(&BARE_SPELLED, text) {
        if cued(source, range.start) {
            let value = spelled(&text[range.clone()]).map(|n| n * 100);
            put(source, range, value, claims);
        }
    }
    for c in captures(&SLANG) {
        let (Some(all), Some(number)) = (c.get(0), c.get(1)) else {
            continue;
        };
        let before = source.before(all.start(), 3);
        if ["罚金", "罚", "红包", "赔", "退我", "返"]
            .iter()
            .any(|w| before.ends_with(w))
        {
            put(source, all.range(), fen(number.as_str()), claims);
        }
    }
}

fn put(source: &Source<'_>, range: Range<usize>, fen: Option<u64>, claims: &mut Claims) {
    if let Some(fen) = fen.filter(|_| claims.free(&range)) {
        let field = Field::new(FieldKind::Money, fen.to_string(), source.said(&range));
        claims.take(range, field);
    }
}

/// 160元旦, 三毛球, 满300元: not what somebody paid or wants.
fn is_false(source: &Source<'_>, range: &Range<usize>) -> bool {
    let unit_last = source
        .text
        .get(..range.end)
        .and_then(|t| t.chars().next_back());
    let next = source.text.get(range.end..).and_then(|t| t.chars().next());
    let wrong_unit = match (unit_last, next) {
        (Some('元'), Some(n)) => "旦宵素件气首".contains(n),
        (Some('毛'), Some(n)) => "球衣巾线绒笔病孔".contains(n),
        (Some('块'), Some(n)) => "地头状".contains(n),
        _ => false,
    };
    let before = source.before(range.start, 1);
    wrong_unit || before.ends_with(['满', '第'])
}

fn cued(source: &Source<'_>, at: usize) -> bool {
    let before = source.before(at, 4);
    CUES.iter().any(|cue| before.contains(cue))
}

/// Yuan with at most two decimals, as fen.
fn fen(number: &str) -> Option<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    let decimals: u64 = format!("{decimals:0<2}").parse().ok()?;
    Some(whole * 100 + decimals)
}

/// What the unit makes of an amount: 毛 is a tenth, 块5毛 adds a half.
fn with_unit(fen: u64, unit: &str) -> Option<u64> {
    if unit.starts_with('毛') {
        return Some(fen / 10);
    }
    if unit == "分钱" {
        return Some(fen / 100);
    }
    match unit.strip_prefix('块').and_then(|rest| rest.chars().next()) {
        Some('钱') | None => Some(fen),
        Some(c) => {
            let tenth = c.to_digit(10).map(u64::from).or_else(|| digit(c))?;
            Some(fen + tenth * 10)
        }
    }
}

fn digit(c: char) -> Option<u64> {
    Some(match c {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// 一百二 is 120, 三千五 is 3500, 十五 is 15.
pub(super) fn spelled(text: &str) -> Option<u64> {
    let mut total = 0;
    let mut pending = None;
    let mut last_unit = 1;
    for c in text.chars() {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1_000,
            '万' => 10_000,
            _ => {
                let value = digit(c)?;
                if value == 0 {
                    last_unit = 10;
                } else if pending.replace(value).is_some() {
                    return None;
                }
                continue;
            }
        };
        if unit == 10_000 {
            total = (total + pending.take().unwrap_or(0)) * unit;
        } else {
            total += pending.take().unwrap_or(1) * unit;
        }
        last_unit = unit;
    }
    Some(total + pending.map_or(0, |p| p * if last_unit > 10 { last_unit / 10 } else { 1 }))
}
