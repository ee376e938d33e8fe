//! Dates, times and lengths of time as editors (and Excel, after saving) write them.

use chrono::{DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use unicode_normalization::UnicodeNormalization;

use super::intent::Span;

/// Full-width digits and colons become plain ones.
pub(super) fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().trim().to_lowercase()
}

/// `2026-11-01`, `2026/11/1`, `2026.11.1`, `2026年11月1日`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let folded = fold(text)
        .replace(['/', '.', '年', '月'], "-")
        .replace('日', "");
    let mut parts = folded.split('-').map(str::trim);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        .filter(|date| (2000..2200).contains(&chrono::Datelike::year(date)))
}

/// `9:00`, `09:00`, `24:00`, `09:00:00` as minutes of the day.
pub(super) fn minute_of_day(text: &str) -> Option<u16> {
    let folded = fold(text);
    let mut parts = folded.split(':').map(str::trim);
    let (hour, minute) = (parts.next()?, parts.next()?);
    if parts.next().is_some_and(|second| second.parse() != Ok(0u8)) || parts.next().is_some() {
        return None;
    }
    if hour.is_empty() || hour.len() > 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))).then_some(hour * 60 + minute)
}

/// A date, or a date with a time behind a blank.
pub(super) fn date_and_minute(text: &str) -> Option<(NaiveDate, Option<u16>)> {
    let folded = fold(text).replace('t', " ");
    match folded.split_once(' ') {
        None => Some((date(&folded)?, None)),
        Some((day, time)) => Some((date(day)?, Some(minute_of_day(time)?))),
    }
}

/// `30分钟`, `半小时`, `4小时`, `2天`, `1个工作日`, and `30min`, `4h`, `2d`, `1 working day`.
pub(super) fn span(text: &str) -> Option<Span> {
    let folded = fold(text).replace(' ', "");
    if folded == "半小时" {
        return Some(Span::Minutes(30));
    }
    let unit_at = folded.find(|c: char| !c.is_ascii_digit())?;
    let number: u32 = folded[..unit_at]
        .parse()
        .ok()
        .filter(|n| (1..=100_000).contains(n))?;
    let unit = folded[unit_at..].trim_start_matches('个');
    Some(match unit {
        "分钟" | "分" | "m" | "min" | "minute" | "minutes" => Span::Minutes(number),
        "小时" | "钟头" | "h" | "hour" | "hours" => Span::Minutes(number * 60),
        "天" | "日" | "d" | "day" | "days" => Span::Minutes(number.checked_mul(24 * 60)?),
        "工作日" | "工作天" | "workday" | "workdays" | "workingday" | "workingdays" => {
            Span::WorkingDays(number)
        }
        _ => return None,
    })
}

/// One weekday: 周一, 星期一, 礼拜一, mon, monday.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    let folded = fold(text);
    let day = ["周", "星期", "礼拜"]
        .iter()
        .find_map(|prefix| folded.strip_prefix(prefix));
    Some(match day {
        Some("一" | "1") => Weekday::Mon,
        Some("二" | "2") => Weekday::Tue,
        Some("三" | "3") => Weekday::Wed,
        Some("四" | "4") => Weekday::Thu,
        Some("五" | "5") => Weekday::Fri,
        Some("六" | "6") => Weekday::Sat,
        Some("日" | "天" | "7") => Weekday::Sun,
        Some(_) => return None,
        None => folded.parse().ok()?,
    })
}

/// 每天, 工作日, 周末, 周一, 周一至周五, 周一、周三: which days, from Monday.
pub(super) fn weekdays(text: &str) -> Option<[bool; 7]> {
    let folded = fold(text);
    let mut days = [false; 7];
    for part in folded
        .split(['、', ',', ' ', ';', '和'])
        .filter(|part| !part.is_empty())
    {
        match part {
            "每天" | "每日" | "daily" => days = [true; 7],
            "工作日" | "workdays" => days[..5].fill(true),
            "周末" | "双休日" | "weekend" => days[5..].fill(true),
            _ => match part.split_once(['至', '到', '-', '~', '—', '–']) {
                None => days[weekday(part)?.num_days_from_monday() as usize] = true,
                Some((first, last)) => {
                    let (mut day, last) = (weekday(first)?, weekday(last)?);
                    days[day.num_days_from_monday() as usize] = true;
                    while day != last {
                        day = day.succ();
                        days[day.num_days_from_monday() as usize] = true;
                    }
                }
            },
        }
    }
    days.contains(&true).then_some(days)
}

/// Midnight of a day plus minutes, as the wall clock shows it.
pub(super) fn local(date: NaiveDate, minute: u16) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN) + Duration::minutes(i64::from(minute))
}

/// The moment at which the wall clock of `zone` first shows `local`, or first shows more when clocks are
/// put forward over it. Grows with `local`, so intervals never overlap.
pub(super) fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => first(local.and_utc(), |at| {
            at.with_timezone(&zone).naive_local() >= local
        }),
    }
}

/// The wall clock of `zone` as intervals see it: while clocks are put back and an hour comes twice, it
/// stands still at the end of that hour the second time.
pub(super) fn wall(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    let local = at.with_timezone(&zone).naive_local();
    match zone.from_local_datetime(&local) {
        LocalResult::Ambiguous(earlier, _) if earlier.to_utc() < at => {
            let put_back = first(at, |probe| {
                probe.with_timezone(&zone).naive_local() - probe.naive_utc()
                    == local - at.naive_utc()
            });
            let before = put_back - Duration::seconds(1);
            before.with_timezone(&zone).naive_local()
        }
        _ => local,
    }
}

/// The first whole second within a day around `near` at which `holds` (which then goes on holding).
fn first(near: DateTime<Utc>, holds: impl Fn(DateTime<Utc>) -> bool) -> DateTime<Utc> {
    let (mut no, mut yes) = (near.timestamp() - 86_400, near.timestamp() + 86_400);
    while yes - no > 1 {
        let middle = no + (yes - no) / 2;
        match DateTime::from_timestamp(middle, 0) {
            Some(at) if holds(at) => yes = middle,
            _ => no = middle,
        }
    }
    DateTime::from_timestamp(yes, 0).unwrap_or(near)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn dates_as_people_and_excel_write_them() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 1);
        for text in [
            "2026-11-01",
            "2026/11/1",
            "2026.11.1",
            "2026年11月1日",
            "２０２６-11-01",
        ] {
            assert_eq!(date(text), day, "{text}");
        }
        for text in [
            "",
            "2026-02-30",
            "11-01",
            "26-11-01",
            "2026-11-01-1",
            "明天",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
        assert_eq!(
            date_and_minute("2026-11-11 20:00"),
            Some((date("2026-11-11").unwrap(), Some(1200)))
        );
    }

    #[test]
    fn times_and_lengths() {
        for (text, minute) in [
            ("9:00", Some(540)),
            ("09：30", Some(570)),
            ("24:00", Some(1440)),
            ("9:00:00", Some(540)),
            ("24:01", None),
            ("9", None),
            ("9:60", None),
            ("9:5", None),
        ] {
            assert_eq!(minute_of_day(text), minute, "{text}");
        }
        for (text, expected) in [
            ("30分钟", Some(Span::Minutes(30))),
            ("4 小时", Some(Span::Minutes(240))),
            ("半小时", Some(Span::Minutes(30))),
            ("2天", Some(Span::Minutes(2880))),
            ("1个工作日", Some(Span::WorkingDays(1))),
            ("3工作日", Some(Span::WorkingDays(3))),
            ("4h", Some(Span::Minutes(240))),
            ("很快", None),
            ("0分钟", None),
            ("99999999999天", None),
        ] {
            assert_eq!(span(text), expected, "{text}");
        }
    }

    #[test]
    fn weekdays_as_written() {
        for (text, expected) in [
            ("每天", "1111111"),
            ("工作日", "1111100"),
            ("周末", "0000011"),
            ("周一", "1000000"),
            ("星期天", "0000001"),
            ("周一至周五", "1111100"),
            ("周五到周一", "1000111"),
            ("周一、周三", "1010000"),
            ("mon-fri", "1111100"),
            ("周八", ""),
            ("", ""),
        ] {
            let shown = weekdays(text)
                .map(|days| {
                    days.iter()
                        .map(|d| if *d { '1' } else { '0' })
                        .collect::<String>()
                })
                .unwrap_or_default();
            assert_eq!(shown, expected, "{text}");
        }
    }
}
