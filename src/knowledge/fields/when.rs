//! Dates and lengths of time, as written.
//!
//! Absolute dates are claimed before durations: 11月3号 holds no "11月". 三天前 is a date, 三天了 and 三天内
//! are durations with their meaning in `said`; 几天 is a question and names nothing.

use super::{
    Field, FieldKind,
    numbers::{pattern, ranges},
    source::{Claims, Source},
};
use regex::Regex;
use std::sync::LazyLock;

pattern!(
    CALENDAR,
    r"20[0-9]{2}[年./-][0-9]{1,2}[月./-][0-9]{1,2}[日号]?(?:\s[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?|(?:20[0-9]{2}年)?[0-9]{1,2}月(?:份|底|初|中旬)?(?:[0-9]{1,2}[日号]?)?"
);
pattern!(
    NAMED,
    r"大前天|大后天|今天|今晚|今日|昨天|昨晚|前天|明天|明早|明晚|后天|(?:上|下|这|本)?(?:周|星期|礼拜)[一二三四五六日天末]|(?:上|下|这|本)个?(?:周|星期|礼拜|月)|双11|双十一|双12|双十二|春节|年前|年后|国庆|元旦|中秋|端午|五一|年底|月底|月初"
);
pattern!(DAY, r"([0-9]{1,2})[号日]");
pattern!(
    LENGTH,
    r"([0-9]{1,3}|[一二两三四五六七八九十半]+)(来|多)?\s*个?(半|多)?(工作日|天|日|小时|钟头|分钟|月|周|星期|礼拜|年)(多)?(以前|之前|以内|之内|以后|之后|前|后|内|了)?"
);
pattern!(SALE, r"(?-u:\b)618(?-u:\b)");

/// Finds dates and durations.
pub(super) fn find(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    for range in ranges(&CALENDAR, text) {
        let joined = source
            .before(range.start, 1)
            .ends_with(|c: char| c.is_ascii_digit());
        // "11月" alone is a month when no 个 stands before it; "3月" of "用了3月" is rare enough.
        if !joined && claims.free(&range) {
            let field = Field::new(FieldKind::Date, source.said(&range), source.said(&range));
            claims.take(range, field);
        }
    }
    for range in ranges(&NAMED, text) {
        if claims.free(&range) {
            let field = Field::new(FieldKind::Date, source.said(&range), source.said(&range));
            claims.take(range, field);
        }
    }
    for c in DAY.iter().flat_map(|re| re.captures_iter(text)) {
        let (Some(all), Some(day)) = (c.get(0), c.get(1)) else {
            continue;
        };
        let range = all.range();
        let before = source.before(range.start, 2);
        let after = source.text.get(range.end..).and_then(|t| t.chars().next());
        let other = after.is_some_and(|n| "楼店线院机门仓客链栋码电床".contains(n))
            || before.ends_with(|p: char| p.is_ascii_alphanumeric() || "第路弄街.-".contains(p));
        let day: u32 = day.as_str().parse().unwrap_or(0);
        if !other && (1..=31).contains(&day) && claims.free(&range) {
            let field = Field::new(FieldKind::Date, source.said(&range), source.said(&range));
            claims.take(range, field);
        }
    }
    for c in LENGTH.iter().flat_map(|re| re.captures_iter(text)) {
        let (Some(all), Some(unit)) = (c.get(0), c.get(4)) else {
            continue;
        };
        let before = source.before(all.start(), 1);
        let joined =
            before.ends_with(|p: char| p.is_ascii_alphanumeric() || "第几七十百.".contains(p));
        let after = source.text.get(all.end()..).unwrap_or_default();
        let rule =
            after.starts_with("无理由") || after.starts_with("保价") || after.starts_with("价保");
        let weekday = unit.as_str() == "周"
            && after.starts_with(['一', '二', '三', '四', '五', '六', '日', '末']);
        if joined || rule || weekday || unit.as_str() == "日" || !claims.free(&all.range()) {
            continue;
        }
        let said = source.said(&all.range());
        let direction = c.get(6).map_or("", |m| m.as_str());
        let past = matches!(direction, "前" | "以前" | "之前");
        let field = if past {
            Field::new(FieldKind::Date, said, said)
        } else {
            let end = c.get(6).map_or(all.end(), |m| m.start());
            Field::new(FieldKind::Duration, source.said(&(all.start()..end)), said)
        };
        claims.take(all.range(), field);
    }
    for range in ranges(&SALE, text) {
        let unit = source.text.get(range.end..).and_then(|t| t.chars().next());
        if claims.free(&range) && !unit.is_some_and(|u| "元块件号码.".contains(u)) {
            let field = Field::new(FieldKind::Date, "618", source.said(&range));
            claims.take(range, field);
        }
    }
}
