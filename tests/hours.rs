//! Who is in, against a table of every single minute.

#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Timelike, Utc};
use chrono_tz::Tz;
use jieban::knowledge::{Knowledge, ShopId, files, hours::Cover, intent::Span};
use proptest::prelude::*;

fn knowledge(zone: &str, weekly: &str, holidays: &str) -> Knowledge {
    let shops = format!(
        "店铺:\n  - 编号: main\n    名称: 一店\n    平台: jd\n    时区: {zone}\n  - 编号: two\n    名称: 二店\n    平台: jd\n    时区: {zone}\n"
    );
    let weekly = format!("店铺,星期,开始,结束,类型,班次,人员\n{weekly}");
    let holidays = format!("开始日期,结束日期,类型,名称,店铺,按\n{holidays}");
    let folder = files([
        ("shops.yaml", shops.as_str()),
        (
            "scripts/a.md",
            "---\n编号: a\n标题: 回执\n用途: 回执\n---\n在的\n",
        ),
        ("hours/weekly.csv", &weekly),
        ("hours/holidays.csv", &holidays),
    ]);
    Knowledge::load(&folder)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .0
}

fn main_shop() -> ShopId {
    ShopId::from("main")
}

/// A moment in Shanghai.
fn at(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    local
        .and_local_timezone(Tz::Asia__Shanghai)
        .unwrap()
        .to_utc()
}

fn shown(at: DateTime<Utc>) -> String {
    at.with_timezone(&Tz::Asia__Shanghai)
        .format("%m-%d %H:%M")
        .to_string()
}

const WEEK: &str = ",工作日,9:00,18:00,在岗,白班,小青\n,周一至周四,22:00,2:00,在岗,夜班,小禾、小青\n,每天,12:00,13:30,午休,,\n";
const YEAR: &str = "2026-10-01,2026-10-07,放假,国庆,,\n2026-10-10,2026-10-10,上班,国庆调休,,周一\n2026-10-05,2026-10-05,上班,,two,周三\n";

#[test]
fn a_week_with_lunch_a_night_shift_holidays_and_a_make_up_day() {
    let knowledge = knowledge("Asia/Shanghai", WEEK, YEAR);
    let mut said = String::new();
    for now in [
        "2026-09-28 10:00", // Monday
        "2026-09-28 12:00",
        "2026-09-28 13:29",
        "2026-09-28 13:30",
        "2026-09-28 19:00",
        "2026-09-29 01:59",
        "2026-09-29 02:00",
        "2026-10-01 01:00", // begins on the 30th, ends where the holiday begins
        "2026-10-03 12:30",
        "2026-10-08 00:30", // the shift of the closed day never began
        "2026-10-10 23:00", // a Saturday that is a Monday
        "2026-10-11 01:00",
        "2026-10-11 12:30", // nobody works on a Sunday, so it is no lunch
    ] {
        let c = knowledge.coverage(&main_shop(), at(now));
        let until = c.until.map_or("-".into(), shown);
        let staffed = c.staffed_at.map_or("-".into(), shown);
        let line = format!(
            "{now} {:?} {} {}..{until} next {staffed} {}",
            c.cover,
            c.reason,
            shown(c.since),
            knowledge.people(&main_shop(), at(now)).join("+"),
        );
        said += &(line.trim_end().to_owned() + "\n");
    }
    insta::assert_snapshot!(said, @r#"
    2026-09-28 10:00 Staffed 白班 09-28 09:00..09-28 12:00 next 09-28 10:00 小青
    2026-09-28 12:00 Lunch 午休 09-28 12:00..09-28 13:30 next 09-28 13:30
    2026-09-28 13:29 Lunch 午休 09-28 12:00..09-28 13:30 next 09-28 13:30
    2026-09-28 13:30 Staffed 白班 09-28 13:30..09-28 18:00 next 09-28 13:30 小青
    2026-09-28 19:00 Night 非值守时间 09-28 18:00..09-28 22:00 next 09-28 22:00
    2026-09-29 01:59 Staffed 夜班 09-28 22:00..09-29 02:00 next 09-29 01:59 小禾+小青
    2026-09-29 02:00 Night 非值守时间 09-29 02:00..09-29 09:00 next 09-29 09:00
    2026-10-01 01:00 Holiday 国庆 10-01 00:00..10-08 00:00 next 10-08 09:00
    2026-10-03 12:30 Holiday 国庆 10-01 00:00..10-08 00:00 next 10-08 09:00
    2026-10-08 00:30 Night 非值守时间 10-08 00:00..10-08 09:00 next 10-08 09:00
    2026-10-10 23:00 Staffed 夜班 10-10 22:00..10-11 02:00 next 10-10 23:00 小禾+小青
    2026-10-11 01:00 Staffed 夜班 10-10 22:00..10-11 02:00 next 10-11 01:00 小禾+小青
    2026-10-11 12:30 Night 非值守时间 10-11 02:00..10-12 09:00 next 10-12 09:00
    "#);
    let two = knowledge.coverage(&ShopId::from("two"), at("2026-10-05 10:00"));
    assert_eq!(two.cover, Cover::Staffed);
}

#[test]
fn whose_rows_count() {
    let weekly = "two,每天,8:00,9:00,在岗,早班,\n";
    let open = knowledge("Asia/Shanghai", weekly, "");
    let two = ShopId::from("two");
    assert_eq!(
        open.coverage(&two, at("2026-10-05 10:00")).cover,
        Cover::Night
    );
    for shop in [main_shop(), ShopId::unassigned()] {
        let always = open.coverage(&shop, at("2026-10-05 03:00"));
        assert_eq!((always.cover, always.until), (Cover::Staffed, None));
        assert_eq!(always.since, DateTime::UNIX_EPOCH);
    }
    let holiday = knowledge("Asia/Shanghai", weekly, YEAR);
    let always = holiday.coverage(&main_shop(), at("2026-05-05 03:00"));
    assert_eq!(
        (always.cover, always.until),
        (Cover::Staffed, Some(at("2026-10-01 00:00")))
    );
    assert_eq!(always.staffed_at, Some(at("2026-05-05 03:00")));

    let never = knowledge("Asia/Shanghai", ",每天,12:00,13:00,午休,,\n", "");
    let night = never.coverage(&main_shop(), at("2026-10-05 12:30"));
    assert_eq!(
        (night.cover, night.until, night.staffed_at),
        (Cover::Night, None, None)
    );
    let from = at("2026-10-05 12:30");
    assert_eq!(
        never.staffed_after(&main_shop(), from, 90),
        from + Duration::minutes(90)
    );
}

#[test]
fn what_is_due_when() {
    let knowledge = knowledge("Asia/Shanghai", WEEK, YEAR);
    let due = |from: &str, span, any| shown(knowledge.due(&main_shop(), at(from), span, any));
    let minutes = Span::Minutes;
    for (from, span, any, expected) in [
        ("2026-09-28 10:00", minutes(30), false, "09-28 10:30"),
        ("2026-09-28 11:45", minutes(30), false, "09-28 13:45"),
        ("2026-09-28 11:45", minutes(15), false, "09-28 12:00"),
        ("2026-09-28 11:45", minutes(30), true, "09-28 12:15"),
        ("2026-09-28 19:00", minutes(30), false, "09-28 22:30"),
        ("2026-09-28 19:00", minutes(300), false, "09-29 10:00"),
        ("2026-10-02 10:00", minutes(30), false, "10-08 09:30"),
        (
            "2026-09-28 10:00",
            Span::WorkingDays(1),
            false,
            "09-30 00:00",
        ),
        (
            "2026-09-30 10:00",
            Span::WorkingDays(2),
            false,
            "10-10 00:00",
        ),
        (
            "2026-09-30 10:00",
            Span::WorkingDays(3),
            true,
            "10-11 00:00",
        ),
    ] {
        assert_eq!(due(from, span, any), expected, "{from} {span:?} {any}");
    }
    let from = at("2026-09-28 10:00");
    let late = knowledge.staffed_after(&main_shop(), from, u32::MAX);
    assert_eq!(late, from + Duration::days(365));
}

#[test]
fn a_moment_as_one_says_it() {
    let knowledge = knowledge("Asia/Shanghai", WEEK, "");
    for (moment, said) in [
        ("2026-09-28 09:59", "现在"),
        ("2026-09-28 10:00", "现在"),
        ("2026-09-28 13:30", "今天13:30"),
        ("2026-09-29 09:00", "明天9:00"),
        ("2026-09-30 09:05", "周三9:05"),
        ("2026-10-04 09:00", "周日9:00"),
        ("2026-10-05 09:00", "10月5日9:00"),
    ] {
        assert_eq!(
            knowledge.moment(&main_shop(), at(moment), at("2026-09-28 10:00")),
            said
        );
    }
}

/// A row of the weekly table in numbers.
#[derive(Debug, Clone)]
struct Shift {
    days: [bool; 7],
    start: i64,
    length: i64,
    lunch: bool,
    name: &'static str,
}

#[derive(Debug, Clone)]
struct Special {
    first: i64,
    days: i64,
    like: Option<usize>,
    own: bool,
}

fn shift() -> impl Strategy<Value = Shift> {
    (
        prop_oneof![2 => any::<[bool; 7]>(), 1 => Just([true; 7])],
        0i64..48,
        prop_oneof![1i64..20, Just(48i64)],
        0u8..10,
        prop::sample::select(&["早", "晚", "夜"][..]),
    )
        .prop_map(|(mut days, start, length, lunch, name)| {
            days[2] |= !days.contains(&true);
            let lunch = lunch < 3;
            let length = if lunch { length.min(4) } else { length };
            let start = if length == 48 { 0 } else { start };
            Shift {
                days,
                start: start * 30,
                length: length * 30,
                lunch,
                name,
            }
        })
}

fn special() -> impl Strategy<Value = Special> {
    (
        -2i64..32,
        0i64..4,
        prop::option::of(0usize..7),
        any::<bool>(),
    )
        .prop_map(|(first, days, like, own)| Special {
            first,
            days,
            like,
            own,
        })
}

const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

fn weekly_table(shifts: &[Shift]) -> String {
    let time = |minute: i64| format!("{}:{:02}", minute / 60, minute % 60);
    shifts
        .iter()
        .map(|s| {
            let days: Vec<&str> = DAYS
                .iter()
                .zip(s.days)
                .filter(|(_, on)| *on)
                .map(|(d, _)| *d)
                .collect();
            let end = s.start + s.length;
            let end = if end > 1440 { end - 1440 } else { end };
            let kind = if s.lunch { "午休" } else { "在岗" };
            format!(
                ",{},{},{},{kind},{},\n",
                days.join("、"),
                time(s.start),
                time(end),
                s.name
            )
        })
        .collect()
}

fn holiday_table(specials: &[Special], month: NaiveDate) -> String {
    specials
        .iter()
        .map(|s| {
            let from = month + Duration::days(s.first);
            let to = from + Duration::days(s.days);
            let shop = if s.own { "main" } else { "" };
            match s.like {
                None => format!("{from},{to},放假,节,{shop},\n"),
                Some(day) => format!("{from},{to},上班,补,{shop},{}\n", DAYS[day]),
            }
        })
        .collect()
}

/// `None` is a closed day.
fn kind_of(date: NaiveDate, specials: &[Special], month: NaiveDate) -> Option<usize> {
    let on = |s: &&Special| (s.first..=s.first + s.days).contains(&(date - month).num_days());
    let mut found: Vec<&Special> = specials.iter().filter(on).collect();
    // The shop's own before everybody's, then a make-up day before a closed one, then the first row.
    found.reverse();
    match found.into_iter().max_by_key(|s| (s.own, s.like.is_some())) {
        Some(special) => special.like,
        None => Some(date.weekday().num_days_from_monday() as usize),
    }
}

/// What a wall clock's minute is, by asking every row.
fn truth(
    wall: NaiveDateTime,
    shifts: &[Shift],
    specials: &[Special],
    month: NaiveDate,
) -> (Cover, String) {
    let Some(today) = kind_of(wall.date(), specials, month) else {
        return (Cover::Holiday, "节".into());
    };
    let minute = i64::from(wall.hour() * 60 + wall.minute());
    let yesterday = kind_of(wall.date().pred_opt().unwrap(), specials, month);
    let mut here: Vec<&Shift> = Vec::new();
    for (kind, minute) in [(yesterday, minute + 1440), (Some(today), minute)] {
        let Some(kind) = kind else { continue };
        let works = shifts.iter().any(|s| s.days[kind] && !s.lunch);
        let on =
            |s: &&Shift| works && s.days[kind] && (s.start..s.start + s.length).contains(&minute);
        here.extend(shifts.iter().filter(on));
    }
    let lunch = here.iter().any(|s| s.lunch);
    let mut names: Vec<&str> = Vec::new();
    for s in here.iter().filter(|s| s.lunch == lunch) {
        if !names.contains(&s.name) {
            names.push(s.name);
        }
    }
    match (names.is_empty(), lunch) {
        (true, _) => (Cover::Night, "非值守时间".into()),
        (_, true) => (Cover::Lunch, names.join("、")),
        _ => (Cover::Staffed, names.join("、")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_minute_of_a_month(
        shifts in prop::collection::vec(shift(), 1..6),
        specials in prop::collection::vec(special(), 0..4),
        zone in prop::sample::select(&[
            "Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe",
            "America/Santiago", "Africa/Casablanca", "Asia/Kathmandu",
        ][..]),
        month in prop::sample::select(&[2u32, 3, 4, 8, 9, 10, 11][..]),
        wanted in prop::collection::vec((0usize..45_000, 0u32..3_000), 60),
    ) {
        let month = NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
        let knowledge = knowledge(zone, &weekly_table(&shifts), &holiday_table(&specials, month));
        let tz: Tz = zone.parse().unwrap();
        // Each minute of the month and a few days around it; an hour that comes twice stands still.
        let begin = month.and_hms_opt(0, 0, 0).unwrap().and_utc() - Duration::days(3);
        let mut shown = NaiveDateTime::MIN;
        let minutes: Vec<(Cover, String)> = (0..40 * 1440)
            .map(|n| {
                shown = shown.max((begin + Duration::minutes(n)).with_timezone(&tz).naive_local());
                truth(shown, &shifts, &specials, month)
            })
            .collect();
        let moment = |n: usize| begin + Duration::minutes(n as i64);
        for (n, length) in wanted {
            let found = knowledge.coverage(&main_shop(), moment(n) + Duration::seconds(30));
            let why = format!("{zone} {}", moment(n).with_timezone(&tz));
            prop_assert_eq!((found.cover, &found.reason), (minutes[n].0, &minutes[n].1), "{}", why);
            if let Some(back) = minutes[..n].iter().rposition(|m| *m != minutes[n]) {
                prop_assert_eq!(found.since, moment(back + 1), "since, {}", why);
            }
            if let Some(ahead) = minutes[n..].iter().position(|m| *m != minutes[n]) {
                prop_assert_eq!(found.until, Some(moment(n + ahead)), "until, {}", why);
            }
            match minutes[n..].iter().position(|m| m.0 == Cover::Staffed) {
                Some(0) => prop_assert_eq!(found.staffed_at, Some(moment(n) + Duration::seconds(30))),
                Some(ahead) => prop_assert_eq!(found.staffed_at, Some(moment(n + ahead)), "{}", why),
                None => {}
            }
            let staffed = (n..minutes.len()).filter(|m| minutes[*m].0 == Cover::Staffed);
            if let Some(last) = staffed.take(length as usize).nth((length as usize).wrapping_sub(1)) {
                let after = knowledge.staffed_after(&main_shop(), moment(n), length);
                prop_assert_eq!(after, moment(last + 1), "{} minutes, {}", length, why);
            }
        }
    }
}

#[test]
fn asking_is_fast() {
    let knowledge = knowledge("Asia/Shanghai", WEEK, YEAR);
    let shop = main_shop();
    let start = std::time::Instant::now();
    let mut now = at("2026-09-01 00:00");
    let mut staffed = 0;
    for _ in 0..20_000 {
        now += Duration::minutes(3);
        staffed += usize::from(knowledge.coverage(&shop, now).cover.is_staffed());
    }
    eprintln!("{:?} a question", start.elapsed() / 20_000);
    assert!(staffed > 1000);
    assert!(start.elapsed().as_secs() < 5);
}
