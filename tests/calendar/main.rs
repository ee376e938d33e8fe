//! Who is on duty, for every minute of a year of generated calendars, against a table of minutes.
//!
//! `PROPTEST_CASES=20 cargo test --test calendar` tries more calendars.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod truth;

use chrono::{Duration, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use jieban::knowledge::{
    Knowledge, ShopId,
    arrangement::{Arranged, Arrangement},
    files,
    hours::Cover,
};
use proptest::prelude::*;

use truth::{Calendar, Dated, Table, Week, What};

const ZONES: [&str; 8] = [
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Santiago",
    "Africa/Casablanca",
    "Pacific/Apia",
];
/// The last of them stands in no table.
const PEOPLE: [&str; 5] = ["小林", "小周", "小禾", "小青", "外援"];
const DAY: i64 = 1440;

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn knowledge(calendar: &Calendar) -> Knowledge {
    let shops = format!(
        "店铺:\n  - 编号: main\n    名称: 一店\n    平台: jd\n    时区: {}\n",
        calendar.zone
    );
    let folder = files([
        ("shops.yaml", shops.as_str()),
        (
            "scripts/a.md",
            "---\n编号: a\n标题: 回执\n用途: 回执\n---\n在的\n",
        ),
        ("hours/weekly.csv", &calendar.weekly_table()),
        ("hours/holidays.csv", &calendar.dated_table()),
    ]);
    Knowledge::load(&folder)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .0
}

/// Compares one minute; says what differs.
fn compare(
    knowledge: &Knowledge,
    shop: &ShopId,
    table: &Table,
    arranged: &[Arrangement],
    n: usize,
) -> Result<(), String> {
    let count = table.walls.len();
    let at = table.moment(n) + Duration::seconds(30);
    let found = knowledge.coverage_with(shop, at, arranged);
    let truth = table.answer(n);
    let wrong = |what: &str, found: &dyn std::fmt::Debug, truth: &dyn std::fmt::Debug| {
        Err(format!(
            "{} ({at}): {what} {found:?}, should be {truth:?}",
            table.walls[n]
        ))
    };
    if (found.cover, &found.reason, &found.people) != (truth.cover, &truth.reason, &truth.people) {
        return wrong(
            "answers",
            &(found.cover, &found.reason, &found.people),
            truth,
        );
    }
    let since = table.moment(table.since[n]);
    let since_is = match table.since[n] {
        0 => found.since <= since,
        _ => found.since == since,
    };
    if !since_is {
        return wrong("since", &found.since, &since);
    }
    let until = table.moment(table.until[n]);
    let until_is = match table.until[n] == count {
        true => found.until.is_none_or(|found| found >= until),
        false => found.until == Some(until),
    };
    if !until_is {
        return wrong("until", &found.until, &until);
    }
    let staffed = table.moment(table.staffed[n]);
    let staffed_is = match table.staffed[n] {
        here if here == n => found.staffed_at == Some(at),
        end if end == count => found.staffed_at.is_none_or(|found| found >= staffed),
        _ => found.staffed_at == Some(staffed),
    };
    if !staffed_is {
        return wrong("staffed at", &found.staffed_at, &staffed);
    }
    Ok(())
}

/// Every minute between two, on all processors.
fn every_minute(
    calendar: &Calendar,
    knowledge: &Knowledge,
    shop: &ShopId,
    table: &Table,
    minutes: std::ops::Range<usize>,
) -> Result<(), String> {
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get().min(8));
    let share = minutes.len().div_ceil(workers);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers)
            .map(|worker| {
                let from = minutes.start + worker * share;
                let to = (from + share).min(minutes.end);
                scope.spawn(move || {
                    (from..to)
                        .try_for_each(|n| compare(knowledge, shop, table, &calendar.arranged, n))
                })
            })
            .collect();
        running
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap())
    })
}

/// The rows of the shipped tables, read without the code that is tested.
fn shipped(folder: &std::path::Path) -> Calendar {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap();
        hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap()
    };
    let length = |start: i64, end: i64| {
        if end > start {
            end - start
        } else {
            end + DAY - start
        }
    };
    let people = |text: &str| -> Vec<String> {
        let names = text.split('、').filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    };
    let table = |file: &str| -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(folder.join("hours").join(file)).unwrap();
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        text.lines().skip(1).map(cells).collect()
    };
    let weekly = table("weekly.csv")
        .iter()
        .map(|row| {
            assert_eq!((row[0].as_str(), row[1].as_str()), ("", "每天"));
            let (start, end) = (minute(&row[2]), minute(&row[3]));
            Week {
                days: [true; 7],
                start,
                length: length(start, end),
                lunch: row[4] == "午休",
                name: row[5].clone(),
                people: people(&row[6]),
                least: 0,
            }
        })
        .collect();
    let dated = table("holidays.csv")
        .iter()
        .map(|row| Dated {
            first: row[0].parse().unwrap(),
            last: row[1].parse().unwrap(),
            what: match row[2].as_str() {
                "放假" => What::Closed,
                "上班" => What::Like(truth::DAYS.iter().position(|day| *day == row[5]).unwrap()),
                _ => {
                    let (start, end) = (minute(&row[6]), minute(&row[7]));
                    What::Extra {
                        start,
                        length: length(start, end),
                        people: people(&row[8]),
                        least: 0,
                    }
                }
            },
            name: row[3].clone(),
            own: false,
        })
        .collect();
    Calendar {
        zone: Tz::Asia__Shanghai,
        weekly,
        dated,
        arranged: Vec::new(),
    }
}

/// 国庆 and its make-up days among them; the shop's week is also tried with a weekend off, where they count.
#[test]
fn every_minute_of_the_shipped_year() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let calendar = shipped(&root);
    let (saturday, sunday) = (date(2026, 10, 10), date(2026, 9, 20));
    for day in [saturday, sunday] {
        let made_up = |row: &Dated| row.first == day && matches!(row.what, What::Like(_));
        assert!(
            calendar.dated.iter().any(made_up),
            "{day} is no make-up day"
        );
    }
    let begin = Utc.with_ymd_and_hms(2026, 8, 15, 0, 0, 0).unwrap();
    let shop = ShopId::from("main");
    let files = jieban::service::shelf::read_folder(&root).unwrap();
    let shipped = Knowledge::load(&files).unwrap().0;
    let table = Table::new(calendar.clone(), begin, 430 * DAY);
    let year = 17 * DAY as usize..382 * DAY as usize;
    assert_eq!(
        every_minute(&calendar, &shipped, &shop, &table, year),
        Ok(())
    );

    let mut weekdays = calendar;
    for row in &mut weekdays.weekly {
        row.days[5..].fill(false);
    }
    let table = Table::new(weekdays.clone(), begin, 430 * DAY);
    let autumn = 17 * DAY as usize..90 * DAY as usize;
    let loaded = knowledge(&weekdays);
    assert_eq!(
        every_minute(&weekdays, &loaded, &shop, &table, autumn),
        Ok(())
    );
    for (at, cover) in [
        ((2026, 9, 19, 10), Cover::Night),
        ((2026, 9, 20, 10), Cover::Staffed),
        ((2026, 10, 1, 9), Cover::Holiday),
        ((2026, 10, 1, 10), Cover::Staffed),
        ((2026, 10, 10, 12), Cover::Lunch),
        ((2026, 10, 10, 20), Cover::Staffed),
        ((2026, 10, 11, 20), Cover::Night),
    ] {
        let (year, month, day, hour) = at;
        let local = date(year, month, day).and_hms_opt(hour, 0, 0).unwrap();
        let at = Tz::Asia__Shanghai.from_local_datetime(&local).unwrap();
        assert_eq!(loaded.coverage(&shop, at.to_utc()).cover, cover, "{at}");
    }
}

fn people() -> impl Strategy<Value = Vec<String>> {
    let named = prop::sample::subsequence(PEOPLE[..4].to_vec(), 1..=3);
    prop_oneof![
        2 => Just(Vec::new()),
        3 => named.prop_map(|people| people.into_iter().map(str::to_owned).collect()),
    ]
}

fn week() -> impl Strategy<Value = Week> {
    (
        prop_oneof![2 => any::<[bool; 7]>(), 2 => Just([true; 7]), 1 => Just([true, true, true, true, true, false, false])],
        0i64..48,
        prop_oneof![4 => 1i64..28, 1 => Just(48i64)],
        prop::bool::weighted(0.3),
        prop::sample::select(&["早班", "晚班", "夜班", "午饭"][..]),
        people(),
        prop_oneof![3 => Just(0usize), 1 => 1usize..3],
    )
        .prop_map(|(mut days, start, length, lunch, name, people, least)| {
            days[2] |= !days.contains(&true);
            let length = if lunch { length.min(4) } else { length };
            let start = if length == 48 { 0 } else { start };
            Week {
                days,
                start: start * 30,
                length: length * 30,
                lunch,
                name: name.to_owned(),
                people,
                least: if lunch { 0 } else { least },
            }
        })
}

fn dated(days: i64) -> impl Strategy<Value = Dated> {
    let what = prop_oneof![
        3 => Just(What::Closed),
        2 => (0usize..7).prop_map(What::Like),
        3 => (0i64..48, 1i64..24, people(), 0usize..2).prop_map(|(start, length, people, least)| What::Extra {
            start: start * 30,
            length: length * 30,
            people,
            least,
        }),
    ];
    (
        -3i64..days,
        0i64..7,
        what,
        prop::sample::select(&["国庆", "调休", "双11"][..]),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(first, length, what, name, own)| Dated {
            first: date(2026, 1, 1) + Duration::days(first),
            last: date(2026, 1, 1) + Duration::days(first + length),
            what,
            name: name.to_owned(),
            own,
        })
}

fn arrangement(days: i64) -> impl Strategy<Value = Arrangement> {
    let what = (0usize..7, prop::sample::select(PEOPLE.to_vec())).prop_map(|(what, agent)| {
        let agent = agent.to_owned();
        match what {
            0 | 1 => Arranged::Lunch { agent },
            2 => Arranged::Absent { agent },
            3 | 4 => Arranged::OnDuty { agent },
            5 => Arranged::Closed,
            _ => Arranged::Staffed,
        }
    });
    (
        what,
        0..days * DAY,
        prop_oneof![2 => 5i64..120, 2 => 120..2 * DAY, 1 => DAY..20 * DAY],
        prop::sample::select(&["", "午饭", "病假", "换班"][..]),
        any::<bool>(),
    )
        .prop_map(|(what, from, length, reason, round)| {
            // Many begin and end just when a row does.
            let (from, length) = match round {
                true => (from - from % 15, length - length % 15 + 15),
                false => (from, length),
            };
            let from = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap() + Duration::minutes(from);
            Arrangement {
                what,
                from,
                until: from + Duration::minutes(length),
                reason: reason.to_owned(),
            }
        })
}

fn calendar(days: i64, most: usize) -> impl Strategy<Value = Calendar> {
    (
        prop::sample::select(ZONES.to_vec()),
        prop::collection::vec(week(), 1..8),
        prop::collection::vec(dated(days), 0..most),
        prop::collection::vec(arrangement(days), 0..most),
    )
        .prop_map(|(zone, weekly, dated, arranged)| Calendar {
            zone: zone.parse().unwrap(),
            weekly,
            dated,
            arranged,
        })
}

fn cases(usual: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    let cases = wanted.and_then(|n| n.parse().ok()).unwrap_or(usual);
    ProptestConfig {
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(cases(2))]
    #[test]
    fn every_minute_of_a_year(calendar in calendar(365, 10)) {
        let begin = Utc.with_ymd_and_hms(2025, 12, 1, 0, 0, 0).unwrap();
        let table = Table::new(calendar.clone(), begin, 430 * DAY);
        let year = 31 * DAY as usize..396 * DAY as usize;
        let checked = every_minute(&calendar, &knowledge(&calendar), &ShopId::from("main"), &table, year);
        prop_assert_eq!(checked, Ok(()), "{}{}{:?} {:#?}", calendar.weekly_table(), calendar.dated_table(), calendar.zone, calendar.arranged);
    }
}

proptest! {
    #![proptest_config(cases(30))]
    /// Fewer days, more calendars, dense with arrangements; and whether somebody may leave.
    #[test]
    fn around_every_change_of_a_month(
        calendar in calendar(24, 10),
        picked in prop::collection::vec((0usize..30_000, 0usize..5, 1i64..90), 40),
    ) {
        // Clocks are changed in these weeks in some of the zones, one way or the other.
        let shift = Duration::days(match calendar.arranged.len() % 3 { 0 => 60, 1 => 80, _ => 300 });
        let mut calendar = calendar;
        for row in &mut calendar.dated {
            (row.first, row.last) = (row.first + shift, row.last + shift);
        }
        for a in &mut calendar.arranged {
            (a.from, a.until) = (a.from + shift, a.until + shift);
        }
        let begin = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap() + shift - Duration::days(3);
        let table = Table::new(calendar.clone(), begin, 40 * DAY);
        let (knowledge, shop) = (knowledge(&calendar), ShopId::from("main"));
        let said = format!("{}{}{:?} {:#?}", calendar.weekly_table(), calendar.dated_table(), calendar.zone, calendar.arranged);
        let changes = (0..table.walls.len()).filter(|n| table.since[*n] == *n);
        let around = changes.flat_map(|n| [n.saturating_sub(1), n]);
        for n in around.chain(picked.iter().map(|(n, ..)| *n)) {
            let same = compare(&knowledge, &shop, &table, &calendar.arranged, n);
            prop_assert_eq!(same, Ok(()), "{}", said);
        }
        for (n, who, length) in picked {
            leaves(&calendar, &knowledge, &table, n, PEOPLE[who], length)
                .and_then(|()| clocks(&calendar, &knowledge, &table, n, length * 10))
                .map_err(|why| TestCaseError::fail(format!("{why}\n{said}")))?;
        }
    }
}

/// When so many minutes have passed in which somebody was on duty, one minute after the other.
fn clocks(
    calendar: &Calendar,
    knowledge: &Knowledge,
    table: &Table,
    n: usize,
    minutes: i64,
) -> Result<(), String> {
    let from = table.moment(n);
    let last = (n..table.walls.len())
        .filter(|n| table.answer(*n).cover == Cover::Staffed)
        .nth(minutes as usize - 1);
    let Some(last) = last else { return Ok(()) };
    let truth = table.moment(last + 1);
    let shop = ShopId::from("main");
    let found = knowledge.staffed_after_with(&shop, from, minutes as u32, &calendar.arranged);
    match found == truth {
        true => Ok(()),
        false => Err(format!(
            "{minutes} minutes after {from}: {found}, should be {truth}"
        )),
    }
}

/// Whether an agent is on duty, and whether he may leave, one minute after the other.
fn leaves(
    calendar: &Calendar,
    knowledge: &Knowledge,
    table: &Table,
    n: usize,
    agent: &str,
    length: i64,
) -> Result<(), String> {
    let shop = ShopId::from("main");
    let (from, until) = (table.moment(n), table.moment(n) + Duration::minutes(length));
    let lunch = Arrangement {
        what: Arranged::Lunch {
            agent: agent.to_owned(),
        },
        from,
        until,
        reason: String::new(),
    };
    let first = (n..n + length as usize).find(|n| {
        let (before, after) = (table.look(*n, None), table.look(*n, Some(&lunch)));
        after.count < before.count && after.count < after.least
    });
    let found = knowledge.may_leave(&shop, agent, from, until, &calendar.arranged);
    match (&found, first) {
        (Ok(()), None) => {}
        (Err(stay), Some(first)) if stay.from == table.moment(first) => {
            let after = table.look(first, Some(&lunch)).people;
            if after
                .iter()
                .any(|who| !stay.staying.contains(who) && who != agent)
            {
                return Err(format!("{after:?} stay, not {:?}", stay.staying));
            }
        }
        _ => {
            return Err(format!(
                "{agent} at {from} for {length}: {found:?}, should be {first:?}"
            ));
        }
    }
    let told = knowledge.on_duty(&shop, agent, from, &calendar.arranged);
    let truth = table.answer(n).people.iter().any(|who| who == agent);
    let holds = |a: &Arrangement| a.from <= from && from < a.until;
    let named = calendar.arranged.iter().any(|a| match &a.what {
        Arranged::OnDuty { agent: who } => who == agent,
        Arranged::Lunch { agent: who } | Arranged::Absent { agent: who } => {
            holds(a) && who == agent
        }
        Arranged::Closed | Arranged::Staffed => false,
    });
    let shop_word = calendar
        .arranged
        .iter()
        .rev()
        .find(|a| holds(a) && matches!(a.what, Arranged::Closed | Arranged::Staffed));
    let shut = shop_word.is_some_and(|a| a.what == Arranged::Closed);
    let known = named || shut || table.is_written(agent);
    match told == known.then_some(truth) {
        true => Ok(()),
        false => Err(format!(
            "{agent} at {from}: {told:?}, should be {:?}",
            known.then_some(truth)
        )),
    }
}
