//! Sizes, bodies, colours and how many.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::{
    Field, FieldKind,
    money::spelled,
    numbers::{pattern, ranges},
    source::{Claims, Source},
};

pattern!(
    HEIGHT,
    r"(?-u:\b)(1[0-9]{2}|[5-9][0-9])\s*(?:cm|公分|厘米)|(?-u:\b)([12])(?:米|\.|m)([0-9]{1,2})(?:米|m)?"
);
pattern!(WEIGHT, r"([0-9]{2,3}(?:\.[0-9])?)\s*(斤|kg|公斤|千克)");
pattern!(BARE_HEIGHT, r"(?-u:\b)(1[0-9]{2})[ ,，/高、]*$");
pattern!(LETTER, r"[2-9]xl|x{1,4}l|xxs|xs|[sml]");
pattern!(SHOE, r"(3[3-9]|4[0-8])(\.5)?\s*(码|号)");
pattern!(
    SHOE_BARE,
    r"(?:脚|拍|穿|换|换成|改成|改|一双|选|还是|拿)(3[3-9]|4[0-8])(\.5)?"
);
pattern!(
    GARMENT,
    r"(?-u:\b)1[4-9][05]/[0-9]{2,3}[abc]?(?-u:\b)|均码|[0-9]{2,3}码"
);
pattern!(
    COUNT,
    r"([0-9]{1,4}|[一二两三四五六七八九十]{1,3})\s*(个|件|双|条|套|包|箱|瓶|盒|只|台|本|张|份|袋|支|把|床|对|罐|桶|卷|块)"
);

/// Colour words that may stand alone, and those that need 色 or 的 after them.
static COLOURS: &[&str] = &[
    "米白",
    "奶白",
    "藏青",
    "卡其",
    "酒红",
    "大红",
    "玫红",
    "粉红",
    "浅粉",
    "军绿",
    "墨绿",
    "草绿",
    "果绿",
    "天蓝",
    "深蓝",
    "浅蓝",
    "宝蓝",
    "藏蓝",
    "雾霾蓝",
    "深灰",
    "浅灰",
    "豆沙",
    "香槟",
    "香芋紫",
    "焦糖",
    "姜黄",
    "橘红",
    "咖啡",
    "奶茶",
    "杏",
    "黑",
    "白",
    "红",
    "粉",
    "橙",
    "橘",
    "黄",
    "米",
    "咖",
    "棕",
    "褐",
    "绿",
    "青",
    "蓝",
    "紫",
    "灰",
    "银",
    "金",
    "驼",
    "肉",
    "裸",
    "透明",
    "原木",
];

/// Longer than one character, yet mostly something else when no 色 follows.
static NEED_SUFFIX: &[&str] = &["咖啡", "奶茶", "焦糖", "透明", "原木", "香槟"];

static COLOUR_WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(COLOURS)
        .ok()
});

/// Finds sizes, bodies, colours and quantities.
pub(super) fn find(source: &Source<'_>, claims: &mut Claims) {
    if source.text.bytes().any(|b| b.is_ascii_alphanumeric()) {
        body(source, claims);
        sizes(source, claims);
    }
    for range in ranges(&GARMENT, &source.text) {
        if claims.free(&range) {
            let value = source.text[range.clone()]
                .trim_end_matches('码')
                .to_uppercase();
            let value = if value == "均" {
                "均码".to_owned()
            } else {
                value
            };
            let field = Field::new(FieldKind::Size, value, source.said(&range));
            claims.take(range, field);
        }
    }
    quantities(source, claims);
    colours(source, claims);
}

fn body(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    for c in WEIGHT.iter().flat_map(|re| re.captures_iter(text)) {
        let (Some(all), Some(number), Some(unit)) = (c.get(0), c.get(1), c.get(2)) else {
            continue;
        };
        let Ok(value) = number.as_str().parse::<f32>() else {
            continue;
        };
        let jin = if unit.as_str() == "斤" {
            value
        } else {
            value * 2.0
        };
        let inside = source
            .before(all.start(), 1)
            .ends_with(|p: char| p.is_ascii_alphanumeric() || p == '.');
        // Goods are weighed too: a body is between 20 and 400 斤.
        if inside || !(20.0..=400.0).contains(&jin) || !claims.free(&all.range()) {
            continue;
        }
        let before = text.get(..all.start()).unwrap_or_default();
        let bare = BARE_HEIGHT
            .as_ref()
            .and_then(|re| re.captures(before))
            .and_then(|c| c.get(1));
        if let Some(height) = bare.filter(|h| claims.free(&h.range())) {
            let field = Field::new(FieldKind::Height, height.as_str(), height.as_str());
            claims.take(height.range(), field);
        }
        let field = Field::new(
            FieldKind::Weight,
            format!("{jin}"),
            source.said(&all.range()),
        );
        claims.take(all.range(), field);
    }
    for c in HEIGHT.iter().flat_map(|re| re.captures_iter(text)) {
        let Some(all) = c.get(0).filter(|m| claims.free(&m.range())) else {
            continue;
        };
        let value = match (c.get(1), c.get(2), c.get(3)) {
            (Some(cm), ..) => cm.as_str().to_owned(),
            (_, Some(metres), Some(rest)) => {
                // "1.5" alone is no height: the unit or a body beside it makes it one.
                let written = all.as_str();
                let unit = written.contains(['米', 'm']);
                let said = source.before(all.start(), 4).contains('高');
                if !unit && !said {
                    continue;
                }
                format!("{}{:0<2}", metres.as_str(), rest.as_str())
            }
            _ => continue,
        };
        let field = Field::new(FieldKind::Height, value, source.said(&all.range()));
        claims.take(all.range(), field);
    }
}

fn sizes(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    for range in ranges(&LETTER, text) {
        let before = text.get(..range.start).and_then(|t| t.chars().next_back());
        let after = text.get(range.end..).and_then(|t| t.chars().next());
        let ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if ascii(before) || ascii(after) || !claims.free(&range) {
            continue;
        }
        let letters = &text[range.clone()];
        let coded = after.is_some_and(|c| "码号".contains(c));
        let single = letters.len() == 1;
        // "iPhone s", "it's m": a letter beside Latin words is no size.
        let beside_latin = before == Some(' ')
            && source
                .before(range.start, 2)
                .starts_with(|c: char| c.is_ascii_alphanumeric())
            || before.is_some_and(|c| matches!(c, '\'' | '.' | '/' | '-' | '&'));
        let worn = before.is_some_and(|c| "穿拿拍换改要选是成买发给到为的和或是个把".contains(c));
        let upper = source
            .said(&range)
            .chars()
            .all(|c| c.is_uppercase() || c.is_ascii_digit());
        if beside_latin && !coded || single && !(coded || worn || upper) {
            continue;
        }
        let field = Field::new(FieldKind::Size, letters.to_uppercase(), source.said(&range));
        claims.take(range, field);
    }
    for c in SHOE.iter().flat_map(|re| re.captures_iter(text)) {
        let (Some(all), Some(unit)) = (c.get(0), c.get(3)) else {
            continue;
        };
        let number = text
            .get(all.start()..unit.start())
            .unwrap_or_default()
            .trim();
        let joined = source
            .before(all.start(), 1)
            .ends_with(|p: char| p.is_ascii_alphanumeric() || p == '.');
        if joined || !claims.free(&all.range()) {
            continue;
        }
        let mut field = Field::new(FieldKind::Size, number, source.said(&all.range()));
        let next = text.get(all.end()..).and_then(|t| t.chars().next());
        // No month has a 38th; still "38号能发吗" asks about a day that was mistyped.
        let shoes = text.contains(['鞋', '脚', '码']);
        if unit.as_str() == "号" && !shoes && next.is_some_and(|n| "发到能前后送可寄".contains(n))
        {
            field = field.or(&[FieldKind::Date]);
        }
        claims.take(all.range(), field);
    }
    for c in SHOE_BARE.iter().flat_map(|re| re.captures_iter(text)) {
        let Some(number) = c.get(1) else { continue };
        let range = number.start()..c.get(2).map_or(number.end(), |m| m.end());
        let next = text.get(range.end..).and_then(|t| t.chars().next());
        let counted = next.is_some_and(|n| {
            n.is_ascii_alphanumeric() || "块元天件个斤号米分页张度岁.%瓶包".contains(n)
        });
        if !counted && claims.free(&range) {
            let field = Field::new(FieldKind::Size, &text[range.clone()], source.said(&range));
            claims.take(range, field);
        }
    }
}

fn quantities(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    for c in COUNT.iter().flat_map(|re| re.captures_iter(text)) {
        let (Some(all), Some(number), Some(unit)) = (c.get(0), c.get(1), c.get(2)) else {
            continue;
        };
        let range = all.range();
        let before = source.before(range.start, 1);
        if before.ends_with(|p: char| p.is_ascii_alphanumeric() || "第.-几".contains(p))
            || !claims.free(&range)
        {
            continue;
        }
        let after = text.get(range.end..).unwrap_or_default();
        let not_goods = [
            "人",
            "月",
            "小时",
            "星期",
            "礼拜",
            "钟头",
            "问题",
            "订单",
            "字",
            "工作日",
            "单",
            "电话",
            "快递",
            "事",
            "地址",
            "号",
            "客服",
            "钱",
            "价",
            "半",
        ];
        let one = number.as_str() == "一";
        let vague = one
            && matches!(
                unit.as_str(),
                "个" | "块" | "对" | "张" | "把" | "本" | "份" | "条"
            );
        if vague || unit.as_str() == "块" || not_goods.iter().any(|w| after.starts_with(w)) {
            continue;
        }
        let value = number
            .as_str()
            .parse::<u64>()
            .ok()
            .or_else(|| spelled(number.as_str()));
        if let Some(value) = value {
            let value = format!("{value}{}", unit.as_str());
            let field = Field::new(FieldKind::Quantity, value, source.said(&range));
            claims.take(range, field);
        }
    }
}

fn colours(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    for found in COLOUR_WORDS.iter().flat_map(|words| words.find_iter(text)) {
        let after = text.get(found.end()..).unwrap_or_default();
        let word = &text[found.range()];
        let coloured = after.starts_with('色') && !after.starts_with("色差");
        let short = word.chars().count() == 1 || NEED_SUFFIX.contains(&word);
        let changed = source
            .before(found.start(), 1)
            .ends_with(['换', '成', '要', '选', '拍', '发', '改'])
            || after.starts_with("的换")
            || after.starts_with("的发")
            || after.starts_with("换");
        let alone = !short
            || (changed
                && (after.starts_with('的') || after.is_empty() || after.starts_with("换")));
        let end = found.end() + if coloured { '色'.len_utf8() } else { 0 };
        let range = found.start()..end;
        if (coloured || alone) && claims.free(&range) {
            let field = Field::new(FieldKind::Colour, format!("{word}色"), source.said(&range));
            claims.take(range, field);
        }
    }
    for phrase in ["图片色", "跟图一样", "和图一样", "彩色"] {
        for (at, _) in text.match_indices(phrase) {
            let range = at..at + phrase.len();
            if claims.free(&range) {
                let field = Field::new(FieldKind::Colour, phrase, source.said(&range));
                claims.take(range, field);
            }
        }
    }
}
