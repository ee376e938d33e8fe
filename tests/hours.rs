//! Who is in, against a table of every single minute.

#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Timelike, Utc};
use chrono_tz::Tz;
use jieban::knowledge::{
    Knowledge, ShopId,
    arrangement::{Arranged, Arrangement},
    files,
    hours::Cover,
    intent::Span,
};
use proptest::prelude::*;

const SCRIPT: &str = "---\n编号: a\n标题: 回执\n用途: 回执\n---\n在的\n";

fn knowledge(zone: &str, weekly: &str, holidays: &str) -> Knowledge {
    with_tables(
        zone,
        weekly,
        &format!("开始日期,结束日期,类型,名称,店铺,按\n{holidays}"),
    )
}

fn with_tables(zone: &str, weekly: &str, holidays: &str) -> Knowledge {
    let weekly = format!("店铺,星期,开始,结束,类型,班次,人员\n{weekly}");
    with_all(zone, &weekly, holidays)
}

fn with_all(zone: &str, weekly: &str, holidays: &str) -> Knowledge {
    let shops = format!(
        "店铺:\n  - 编号: main\n    名称: 一店\n    平台: jd\n    时区: {zone}\n  - 编号: two\n    名称: 二店\n    平台: jd\n    时区: {zone}\n"
    );
    let folder = files([
        ("shops.yaml", shops.as_str()),
        ("scripts/a.md", SCRIPT),
        ("hours/weekly.csv", weekly),
        ("hours/holidays.csv", holidays),
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

const TURNS: &str = ",每天,9:00,20:00,在岗,早班,小林、小周\n,每天,13:00,0:00,在岗,晚班,小禾\n,每天,12:00,12:30,午休,先吃,小林\n,每天,12:30,13:00,午休,后吃,小周\n";

/// `lunch 小林 2026-11-20 12:00 13:00 午饭`.
fn arranged(text: &str) -> Arrangement {
    let words: Vec<&str> = text.split(' ').collect();
    let [what, agent, day, from, until, reason] = words[..] else {
        panic!("{text}")
    };
    let agent = agent.to_owned();
    let until = at(&format!("{day} {until}"));
    let from = at(&format!("{day} {from}"));
    Arrangement {
        what: match what {
            "lunch" => Arranged::Lunch { agent },
            "absent" => Arranged::Absent { agent },
            "duty" => Arranged::OnDuty { agent },
            "closed" => Arranged::Closed,
            _ => Arranged::Staffed,
        },
        from,
        until: if until > from {
            until
        } else {
            until + Duration::days(1)
        },
        reason: reason.replace('-', ""),
    }
}

/// What is said of moments of one day, with what was arranged.
fn told(knowledge: &Knowledge, arrangements: &[&str], moments: &[&str]) -> String {
    let arrangements: Vec<Arrangement> = arrangements.iter().map(|text| arranged(text)).collect();
    moments
        .iter()
        .map(|now| {
            let moment = at(&format!("2026-11-20 {now}"));
            let c = knowledge.coverage_with(&main_shop(), moment, &arrangements);
            let staffed = c.staffed_at.map_or("-".into(), shown);
            let line = format!(
                "{now} {:?} {} {}..{} next {staffed} {}",
                c.cover,
                c.reason,
                shown(c.since),
                c.until.map_or("-".into(), shown),
                c.people.join("+"),
            );
            line.trim_end().to_owned() + "\n"
        })
        .collect()
}

/// A shop that only has lunch.
fn never_in() -> Knowledge {
    knowledge("Asia/Shanghai", ",每天,12:00,13:00,午休,,\n", "")
}

#[test]
fn what_is_due_when_with_what_was_arranged() {
    let knowledge = knowledge("Asia/Shanghai", WEEK, YEAR);
    let minutes = Span::Minutes(30);
    let day = Span::WorkingDays(1);
    let shut = "closed - 2026-11-20 15:00 16:00 停电";
    for (arrangements, from, span, any, expected) in [
        (&[][..], "15:30", minutes, false, "11-20 16:00"),
        (&[shut], "15:30", minutes, false, "11-20 16:30"),
        (&[shut], "14:50", minutes, false, "11-20 16:20"),
        (&[shut], "16:00", minutes, false, "11-20 16:30"),
        (&[shut], "15:30", minutes, true, "11-20 16:00"),
        // Nobody is left until Monday.
        (
            &["absent 小青 2026-11-20 9:00 18:00 病假"],
            "10:00",
            minutes,
            false,
            "11-23 09:30",
        ),
        (
            &["lunch 小青 2026-11-20 14:00 14:20 午饭"],
            "13:50",
            minutes,
            false,
            "11-20 14:40",
        ),
        // Somebody stays longer, or comes for an hour.
        (
            &["staffed - 2026-11-20 18:00 20:00 -"],
            "18:10",
            minutes,
            false,
            "11-20 18:40",
        ),
        (
            &["duty 小周 2026-11-20 20:00 20:10 -"],
            "19:00",
            minutes,
            false,
            "11-23 09:20",
        ),
        // Two words about one hour: the later one holds.
        (
            &[shut, "staffed - 2026-11-20 15:40 16:00 -"],
            "15:30",
            minutes,
            false,
            "11-20 16:10",
        ),
        (&[], "10:00", day, false, "11-24 00:00"),
        (
            &["closed - 2026-11-23 0:00 0:00 盘点"],
            "10:00",
            day,
            false,
            "11-25 00:00",
        ),
        (
            &["closed - 2026-11-23 9:00 18:00 盘点"],
            "10:00",
            day,
            true,
            "11-24 00:00",
        ),
        (
            &["duty 小周 2026-11-21 9:00 18:00 -"],
            "10:00",
            day,
            false,
            "11-24 00:00",
        ),
    ] {
        let arranged: Vec<Arrangement> = arrangements.iter().map(|text| arranged(text)).collect();
        let from_at = at(&format!("2026-11-20 {from}"));
        let due = knowledge.due_with(&main_shop(), from_at, span, any, &arranged);
        assert_eq!(shown(due), expected, "{arrangements:?} {from} {span:?}");
    }
    // A shop that is never in by its table, and is for an hour.
    let never = never_in();
    let hour = [arranged("staffed - 2026-11-20 15:00 16:00 -")];
    let from = at("2026-11-20 10:00");
    let after = |n| shown(never.staffed_after_with(&main_shop(), from, n, &hour));
    assert_eq!(after(30), "11-20 15:30");
    assert_eq!(
        never.staffed_after_with(&main_shop(), at("2026-11-20 16:00"), 30, &hour),
        at("2026-11-20 16:30"),
        "nobody will ever be in again"
    );
}

#[test]
fn lunch_in_turns_takes_away_only_those_it_names() {
    let knowledge = knowledge("Asia/Shanghai", TURNS, "");
    let moments = ["11:00", "12:00", "12:30", "13:00", "19:00", "20:00"];
    insta::assert_snapshot!(told(&knowledge, &[], &moments), @r#"
    11:00 Staffed 早班 11-20 09:00..11-20 12:00 next 11-20 11:00 小林+小周
    12:00 Staffed 早班 11-20 12:00..11-20 12:30 next 11-20 12:00 小周
    12:30 Staffed 早班 11-20 12:30..11-20 13:00 next 11-20 12:30 小林
    13:00 Staffed 早班、晚班 11-20 13:00..11-20 20:00 next 11-20 13:00 小林+小周+小禾
    19:00 Staffed 早班、晚班 11-20 13:00..11-20 20:00 next 11-20 19:00 小林+小周+小禾
    20:00 Staffed 晚班 11-20 20:00..11-21 00:00 next 11-20 20:00 小禾
    "#);
}

#[test]
fn a_sick_agent_at_five_past_six_and_who_comes_instead() {
    let knowledge = knowledge("Asia/Shanghai", TURNS, "");
    let sick = "absent 小禾 2026-11-20 18:05 0:00 病假";
    let moments = ["18:04", "18:05", "20:00", "23:59"];
    insta::assert_snapshot!(told(&knowledge, &[sick], &moments), @r#"
    18:04 Staffed 早班、晚班 11-20 13:00..11-20 18:05 next 11-20 18:04 小林+小周+小禾
    18:05 Staffed 早班 11-20 18:05..11-20 20:00 next 11-20 18:05 小林+小周
    20:00 Night 病假 11-20 20:00..11-21 00:00 next 11-21 09:00
    23:59 Night 病假 11-20 20:00..11-21 00:00 next 11-21 09:00
    "#);
    let swap = "duty 小青 2026-11-20 19:30 0:00 替班";
    insta::assert_snapshot!(told(&knowledge, &[sick, swap], &["20:00"]), @"20:00 Staffed 替班 11-20 20:00..11-21 00:00 next 11-20 20:00 小青");
    // He comes back after all: of two words about one agent the later one holds.
    let back = "duty 小禾 2026-11-20 21:00 0:00 -";
    insta::assert_snapshot!(told(&knowledge, &[sick, back], &["20:00", "21:00"]), @r#"
    20:00 Night 病假 11-20 20:00..11-20 21:00 next 11-20 21:00
    21:00 Staffed 晚班、临时在岗 11-20 21:00..11-21 00:00 next 11-20 21:00 小禾
    "#);
}

#[test]
fn a_lunch_by_hand_covers_a_shop_whose_table_names_nobody() {
    let knowledge = knowledge("Asia/Shanghai", ",每天,9:00,18:00,在岗,白班,\n", "");
    let lunch = "lunch 小林 2026-11-20 12:10 12:30 -";
    insta::assert_snapshot!(told(&knowledge, &[lunch], &["12:09", "12:10", "12:30"]), @r#"
    12:09 Staffed 白班 11-20 09:00..11-20 12:10 next 11-20 12:09
    12:10 Lunch 午休 11-20 12:10..11-20 12:30 next 11-20 12:30
    12:30 Staffed 白班 11-20 12:30..11-20 18:00 next 11-20 12:30
    "#);
    let shut = "closed - 2026-11-20 15:00 16:00 停电";
    let open = "staffed - 2026-11-20 18:00 20:00 -";
    insta::assert_snapshot!(told(&knowledge, &[shut, open], &["14:00", "15:30", "19:00"]), @r#"
    14:00 Staffed 白班 11-20 09:00..11-20 15:00 next 11-20 14:00
    15:30 Holiday 停电 11-20 15:00..11-20 16:00 next 11-20 16:00
    19:00 Staffed 临时在岗 11-20 18:00..11-20 20:00 next 11-20 19:00
    "#);
}

#[test]
fn a_lunch_that_outlasts_a_shift_takes_nobody_elses_away() {
    let weekly = ",每天,9:00,18:00,在岗,早班,小林\n,每天,18:00,24:00,在岗,晚班,\n";
    let knowledge = knowledge("Asia/Shanghai", weekly, "");
    let lunch = "lunch 小林 2026-11-20 17:50 18:10 晚饭";
    insta::assert_snapshot!(told(&knowledge, &[lunch], &["17:55", "18:05"]), @r#"
    17:55 Lunch 晚饭 11-20 17:50..11-20 18:00 next 11-20 18:00
    18:05 Staffed 晚班 11-20 18:00..11-21 00:00 next 11-20 18:05
    "#);
}

#[test]
fn who_comes_for_the_lunch_hour_stays() {
    let weekly = ",每天,9:00,18:00,在岗,白班,小林\n,每天,12:00,13:00,午休,,\n";
    let knowledge = knowledge("Asia/Shanghai", weekly, "");
    let before = "duty 小周 2026-11-20 11:59 18:00 -";
    insta::assert_snapshot!(told(&knowledge, &[before], &["12:30"]), @"12:30 Lunch 午休 11-20 12:00..11-20 13:00 next 11-20 13:00");
    let then = "duty 小周 2026-11-20 12:00 18:00 -";
    insta::assert_snapshot!(told(&knowledge, &[then], &["12:30"]), @"12:30 Staffed 临时在岗 11-20 12:00..11-20 13:00 next 11-20 12:30 小周");
}

#[test]
fn a_row_that_shows_nothing_counts_once_somebody_leaves() {
    // Somebody unknown is always in; at nine 小林 has a shift of his own, which he eats through.
    let weekly = ",每天,0:00,24:00,在岗,早班,\n,每天,9:00,10:00,在岗,早班,小林\n,每天,9:00,10:00,午休,,小林\n";
    let knowledge = knowledge("Asia/Shanghai", weekly, "");
    assert_eq!(
        knowledge
            .coverage(&main_shop(), at("2026-11-20 08:00"))
            .until,
        None
    );
    let sick = "absent 小禾 2026-11-20 8:00 11:00 病假";
    insta::assert_snapshot!(told(&knowledge, &[sick], &["7:00", "8:00", "9:00", "10:30", "11:00"]), @r#"
    7:00 Staffed 早班 01-01 08:00..11-20 08:00 next 11-20 07:00
    8:00 Night 病假 11-20 08:00..11-20 09:00 next 11-20 11:00
    9:00 Lunch 午休 11-20 09:00..11-20 10:00 next 11-20 11:00
    10:30 Night 病假 11-20 10:00..11-20 11:00 next 11-20 11:00
    11:00 Staffed 早班 11-20 11:00..- next 11-20 11:00
    "#);
}

#[test]
fn hours_on_dates_stand_on_holidays_and_keep_the_usual_lunch() {
    let weekly = ",每天,9:00,18:00,在岗,白班,\n,每天,12:00,13:00,午休,,\n";
    let dated = "2026-11-20,2026-11-20,大促,双11,,,8:00,2:00,,\n2026-11-22,2026-11-22,放假,国庆,,,,,,\n2026-11-22,2026-11-22,值班,值班,,,10:00,16:00,小青,\n2026-11-23,,加班,不午休,,,12:00,13:00,小周,\n";
    let heading = "开始日期,结束日期,类型,名称,店铺,按,开始,结束,人员,最少在岗\n";
    let knowledge = with_tables("Asia/Shanghai", weekly, &format!("{heading}{dated}"));
    let said = |moment: &str| {
        let c = knowledge.coverage(&main_shop(), at(moment));
        format!("{:?} {} {}", c.cover, c.reason, c.people.join("+"))
    };
    for (moment, expected) in [
        ("2026-11-20 08:30", "Staffed 双11 "),
        ("2026-11-20 09:30", "Staffed 白班、双11 "),
        ("2026-11-20 12:30", "Lunch 午休 "),
        ("2026-11-21 01:59", "Staffed 双11 "),
        ("2026-11-21 02:00", "Night 非值守时间 "),
        ("2026-11-22 09:59", "Holiday 国庆 "),
        ("2026-11-22 12:30", "Staffed 值班 小青"),
        ("2026-11-22 16:00", "Holiday 国庆 "),
        ("2026-11-23 12:30", "Staffed 不午休 小周"),
    ] {
        assert_eq!(said(moment), expected, "{moment}");
    }
    // A skeleton shift does not make a holiday a working day.
    let due = knowledge.due(
        &main_shop(),
        at("2026-11-21 10:00"),
        Span::WorkingDays(1),
        false,
    );
    assert_eq!(shown(due), "11-24 00:00");
    assert_eq!(
        knowledge.called(&main_shop(), NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()),
        ["国庆", "值班"]
    );
}

#[test]
fn somebody_must_stay() {
    let weekly =
        "店铺,星期,开始,结束,类型,班次,人员,最少在岗\n,每天,9:00,18:00,在岗,早班,小林、小周,1\n";
    let holidays = "开始日期,类型\n";
    let knowledge = with_all("Asia/Shanghai", weekly, holidays);
    let leave = |agent: &str, from: &str, until: &str, arrangements: &[&str]| {
        let arrangements: Vec<Arrangement> =
            arrangements.iter().map(|text| arranged(text)).collect();
        let (from, until) = (format!("2026-11-20 {from}"), format!("2026-11-20 {until}"));
        let may = knowledge.may_leave(&main_shop(), agent, at(&from), at(&until), &arrangements);
        may.map_err(|stay| format!("{} {stay}", shown(stay.from)))
    };
    assert_eq!(leave("小林", "12:00", "12:20", &[]), Ok(()));
    let gone = ["lunch 小周 2026-11-20 12:10 12:30 午饭"];
    insta::assert_snapshot!(leave("小林", "12:00", "12:20", &gone).unwrap_err(), @"11-20 12:10 “早班”至少要留 1 人在岗，走开就没有人了（小周现在不在）；见 hours/weekly.csv 第 2 行");
    assert_eq!(leave("小林", "12:30", "12:50", &gone), Ok(()));
    let alone = [
        "absent 小周 2026-11-20 9:00 18:00 病假",
        "duty 小青 2026-11-20 9:00 13:00 替班",
    ];
    assert_eq!(leave("小林", "12:30", "13:00", &alone), Ok(()));
    assert!(leave("小林", "12:30", "13:01", &alone).is_err());
    assert_eq!(leave("小林", "18:00", "19:00", &alone), Ok(()));

    let on_duty = |agent: &str, now: &str, arrangements: &[&str]| {
        let arrangements: Vec<Arrangement> =
            arrangements.iter().map(|text| arranged(text)).collect();
        knowledge.on_duty(
            &main_shop(),
            agent,
            at(&format!("2026-11-20 {now}")),
            &arrangements,
        )
    };
    assert_eq!(on_duty("小林", "10:00", &[]), Some(true));
    assert_eq!(on_duty("小林", "18:00", &[]), Some(false));
    assert_eq!(on_duty("小青", "10:00", &[]), None);
    assert_eq!(on_duty("小青", "12:00", &alone), Some(true));
    assert_eq!(on_duty("小青", "13:00", &alone), Some(false));
    assert_eq!(on_duty("小周", "12:20", &gone), Some(false));
    assert_eq!(on_duty("小周", "12:30", &gone), Some(true));
}

#[test]
fn gaps_and_contradictions_are_told() {
    let shops = "店铺:\n  - 编号: main\n    名称: 一店\n    平台: jd\n    模式: 关闭\n  - 编号: two\n    名称: 二店\n    平台: jd\n";
    let weekly = "店铺,星期,开始,结束,类型,班次,人员,最少在岗,备注\n,工作日,9:00,18:00,在岗,早班,小林、小周,1,\n,周六,9:00,12:00,在岗,周末,,2,\n,工作日,12:00,13:00,午休,午休,,,大家\n,工作日,19:00,20:00,午休,晚饭,,,\n,工作日,13:00,14:00,午休,后吃,小林、小禾,,\n,周六,9:00,12:00,在岗,周末,,2,\n,周日,9:00,9:00,在岗,值班,,,\n";
    let dated = "开始日期,结束日期,类型,名称,店铺,按,开始,结束,人员,最少在岗,备注\n2026-10-01,2026-10-07,放假,国庆,,,,,,,\n2026-10-05,2026-10-05,上班,调休,,周三,,,,,\n2026-10-06,2026-10-06,上班,调休,two,周三,,,,,\n2026-11-10,2026-11-12,大促,双11,,,8:00,2:00,,,\n2026-11-11,2026-11-11,大促,双11当天,,,0:00,24:00,,,\n2026-11-11,2026-11-11,加班,加班,,,0:00,9:00,小林,,\n2026-11-10,2026-11-12,大促,双11,,,8:00,2:00,,,\n";
    let folder = files([
        ("shops.yaml", shops),
        ("scripts/a.md", SCRIPT),
        ("hours/weekly.csv", weekly),
        ("hours/holidays.csv", dated),
    ]);
    let said = |folder| -> String {
        let problems = Knowledge::load(folder).map_or_else(|p| p, |(_, p)| p);
        problems.iter().map(|p| format!("{p}\n")).collect()
    };
    insta::assert_snapshot!(said(&folder), @r#"
    提醒 hours/holidays.csv:2 “国庆”放假，而店铺“一店”（main）的模式是“关闭”：这几天没有人，也不会自动回复
        → 加一行“值班”，或在 shops.yaml 里把这家店的“模式”改成“辅助”
    提醒 hours/holidays.csv:3 2026-10-05 又放假又上班（另见第 2 行），按上班算
        → 只留一个；分开放假的日期就写成两行
    提醒 hours/holidays.csv:6 “双11当天”和第 5 行“双11”的日期重叠，时间不同（0:00-24:00 和 8:00-2:00），两行都算
        → 只留一行，或在“人员”里写清楚谁上哪一段
    提醒 hours/holidays.csv:8 “双11”和第 6 行“双11当天”的日期重叠，时间不同（8:00-2:00 和 0:00-24:00），两行都算
        → 只留一行，或在“人员”里写清楚谁上哪一段
    提醒 hours/holidays.csv:8 和第 5 行完全一样
        → 删掉其中一行
    提醒 hours/weekly.csv 店铺“一店”（main）的模式是“关闭”，这些时间没有人在岗，也不会自动回复：周一 12:00-13:00、18:00-24:00；周二、周三、周四、周五 0:00-9:00、12:00-13:00、18:00-24:00；周六 0:00-9:00、12:00-24:00；周日 0:00-9:00
        → 补上班次，或在 shops.yaml 里把这家店的“模式”改成“辅助”
    提醒 hours/weekly.csv:3 “周末”写了最少在岗 2 人，但没有写人员：不知道有几个人，谁都走不开
        → 在“人员”里写上名字，用顿号隔开
    提醒 hours/weekly.csv:4 “午休”时一个人都不剩，可第 2 行“早班”写了最少在岗 1 人
        → 在午休这一行的“人员”里写谁先去吃，另加一行写谁后去；或删掉“最少在岗”
    提醒 hours/weekly.csv:5 “晚饭”的时间里没有任何班次
        → 改时间，或删掉这一行
    提醒 hours/weekly.csv:6 “后吃”写了小禾，可这段时间的班次里没有写这个人，这一行对他不起作用
        → 在“在岗”那一行的“人员”里写上他，或删掉
    提醒 hours/weekly.csv:7 和第 3 行完全一样
        → 删掉其中一行
    提醒 hours/weekly.csv:7 “周末”写了最少在岗 2 人，但没有写人员：不知道有几个人，谁都走不开
        → 在“人员”里写上名字，用顿号隔开
    提醒 hours/weekly.csv:8:10 “开始”和“结束”一样，按整整 24 小时算
        → 整天写 00:00 到 24:00；写错了就改过来
    "#);
    let wrong = files([
        ("shops.yaml", shops),
        ("scripts/a.md", SCRIPT),
        (
            "hours/weekly.csv",
            "星期,开始,结束,类型,最少在岗,人数,人员\n每天,9:00,18:00,在岗,两个,,小林，小周\n每天,12:00,13:00,午休,1,,\n",
        ),
        (
            "hours/holidays.csv",
            "开始日期,类型,按,开始,结束\n2026-10-01,放假,,9:00,\n2026-10-02,大促,周一,9:00,\n",
        ),
    ]);
    insta::assert_snapshot!(said(&wrong), @r#"
    错误 hours/holidays.csv:2:16 “放假”的行不写“开始”
        → 这是整天的行；要写几点到几点，另加一行，“类型”写“大促”或“加班”
    错误 hours/holidays.csv:3:15 “大促”的行不写“按”
        → 删掉这一格，写“开始”和“结束”
    错误 hours/holidays.csv:3:23 “结束”这一格是空的
        → 填上这一格，或删掉整行
    错误 hours/weekly.csv:1:18 不认识的列“人数”
        → 您是不是想写“人员”？
    错误 hours/weekly.csv:2:18 “最少在岗”应该是人数，这里是“两个”
        → 写成 1、2 这样的数字；不要求就空着
    错误 hours/weekly.csv:2:22 “人员”里的名字没有分开：“小林，小周”
        → 名字之间用顿号：小林、小周
    错误 hours/weekly.csv:3:19 “午休”的行不写“最少在岗”
        → 写在“在岗”那一行
    "#);
}

#[test]
fn asking_is_fast() {
    let knowledge = knowledge("Asia/Shanghai", WEEK, YEAR);
    let shop = main_shop();
    let today = [
        "absent 小青 2026-09-10 9:00 18:00 病假",
        "duty 小周 2026-09-10 9:00 18:00 替班",
        "lunch 小周 2026-09-10 12:10 12:30 -",
        "closed - 2026-09-10 20:00 22:00 停电",
    ]
    .map(arranged);
    for arrangements in [&[][..], &today] {
        let start = std::time::Instant::now();
        let mut now = at("2026-09-01 00:00");
        let mut staffed = 0;
        for _ in 0..20_000 {
            now += Duration::minutes(3);
            let coverage = knowledge.coverage_with(&shop, now, arrangements);
            staffed += usize::from(coverage.cover.is_staffed());
        }
        let took = start.elapsed();
        eprintln!(
            "{:?} a question, {} arranged",
            took / 20_000,
            arrangements.len()
        );
        assert!(staffed > 1000);
        assert!(took.as_secs() < 5);
    }
}
