//! What somebody should look at in the tables of hours: gaps, and rows that contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Cover, Hours,
    plan::{DAY, Plan, rows_of},
    roster::{DATED, Dated, DatedRow, Shift, WEEKLY, WeekRow},
};
use crate::knowledge::{
    problem::{Place, Problem, Report},
    shop::Shop,
    words::Mode,
};

const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

impl Hours {
    /// Tells what is odd in tables without errors.
    pub(in crate::knowledge) fn check(
        &self,
        shops: &[Shop],
        weekly: &[WeekRow],
        dated: &[DatedRow],
        problems: &mut Vec<Problem>,
    ) {
        let mut report = Report::of(WEEKLY, problems);
        without_hours(shops, weekly, &mut report);
        doubled(weekly, &mut report);
        let mut told = BTreeSet::new();
        for shop in shops {
            let rows = rows_of(shop, weekly);
            // Shops that use the same rows are told once.
            if told.insert(rows.first().map(|row| row.line)) {
                lunches(&rows, &mut report);
                least(&rows, self.of(&shop.id), &mut report);
            }
            if shop.mode == Mode::Off {
                gaps(shop, self.of(&shop.id), &mut report);
            }
        }
        let mut report = Report::of(DATED, problems);
        for shop in shops.iter().filter(|shop| shop.mode == Mode::Off) {
            closed_and_off(shop, dated, &mut report);
        }
        dates(dated, &mut report);
    }
}

fn without_hours(shops: &[Shop], weekly: &[WeekRow], report: &mut Report) {
    for shop in shops.iter().filter(|shop| rows_of(shop, weekly).is_empty()) {
        report.warn(
            Place::FILE,
            format!(
                "店铺“{}”（{}）没有写值守时间，先按全天有人在岗算",
                shop.name, shop.id
            ),
            "加上它的行，或加一行“店铺”为空、对所有店铺有效的值守时间",
        );
    }
}

/// Rows that say the same twice.
fn doubled(weekly: &[WeekRow], report: &mut Report) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for row in weekly {
        let WeekRow {
            shop, days, start, ..
        } = row;
        let key = format!(
            "{shop:?} {days:?} {start} {} {} {} {:?} {}",
            row.end, row.lunch, row.name, row.people, row.least
        );
        if let Some(line) = seen.get(&key) {
            same(row.line, *line, report);
        } else {
            seen.insert(key, row.line);
        }
    }
}

fn same(line: u32, first: u32, report: &mut Report) {
    let what = format!("和第 {first} 行完全一样");
    report.warn(Place::line(line), what, "删掉其中一行");
}

/// The parts of a week in which a row holds, in minutes from Monday 0:00; a part of Sunday's night may lie
/// behind the week's end.
fn parts(row: &WeekRow) -> impl Iterator<Item = (u32, u32)> {
    let (start, end) = (u32::from(row.start), u32::from(row.end));
    let day = u32::from(DAY);
    (0u32..)
        .zip(row.days)
        .filter(|(_, on)| *on)
        .map(move |(at, _)| (at * day + start, at * day + end))
}

fn meet(one: (u32, u32), other: (u32, u32)) -> bool {
    let week = 7 * u32::from(DAY);
    [0, week].iter().any(|shift| {
        (one.0 < other.1 + shift && other.0 + shift < one.1)
            || (one.0 + shift < other.1 && other.0 < one.1 + shift)
    })
}

/// Lunches of people who are not in.
fn lunches(rows: &[&WeekRow], report: &mut Report) {
    let shifts: Vec<&WeekRow> = rows.iter().filter(|row| !row.lunch).copied().collect();
    for lunch in rows.iter().filter(|row| row.lunch) {
        let at = Place::line(lunch.line);
        let during = |shift: &&&WeekRow| {
            parts(lunch).any(|part| parts(shift).any(|shift| meet(part, shift)))
        };
        let here: Vec<&WeekRow> = shifts.iter().filter(during).copied().collect();
        if here.is_empty() {
            report.warn(
                at,
                format!("“{}”的时间里没有任何班次", lunch.name),
                "改时间，或删掉这一行",
            );
            continue;
        }
        let works = |who: &String| here.iter().any(|shift| shift.people.contains(who));
        let strangers: Vec<&str> = lunch
            .people
            .iter()
            .filter(|who| !works(who))
            .map(String::as_str)
            .collect();
        if strangers.is_empty() {
            continue;
        }
        let what = format!(
            "“{}”写了{}，可这段时间的班次里没有写这个人，这一行对他不起作用",
            lunch.name,
            strangers.join("、")
        );
        report.warn(at, what, "在“在岗”那一行的“人员”里写上他，或删掉");
    }
}

/// Rows that want more people to stay than there are.
fn least(rows: &[&WeekRow], plan: &Plan, report: &mut Report) {
    for row in rows
        .iter()
        .filter(|row| row.least > 0 && row.people.is_empty())
    {
        report.warn(
            Place::line(row.line),
            format!(
                "“{}”写了最少在岗 {} 人，但没有写人员：不知道有几个人，谁都走不开",
                row.name, row.least
            ),
            "在“人员”里写上名字，用顿号隔开",
        );
    }
    let mut told = BTreeSet::new();
    for (_, part) in plan.usual() {
        let short = part
            .shifts
            .iter()
            .find(|shift| !shift.people.is_empty() && usize::from(shift.least) > part.count);
        let Some(shift) = short else { continue };
        let lunch = part.lunches.first();
        if !told.insert((shift.line, lunch.map(|lunch| lunch.line))) {
            continue;
        }
        let left = match part.count {
            0 => "一个人都不剩".to_owned(),
            count => format!("只剩 {count} 人"),
        };
        match lunch {
            Some(lunch) => report.warn(
                Place::line(lunch.line),
                format!(
                    "“{}”时{left}，可第 {} 行“{}”写了最少在岗 {} 人",
                    lunch.name, shift.line, shift.name, shift.least
                ),
                "在午休这一行的“人员”里写谁先去吃，另加一行写谁后去；或删掉“最少在岗”",
            ),
            None => report.warn(
                Place::line(shift.line),
                format!(
                    "“{}”写了最少在岗 {} 人，有的时间{left}",
                    shift.name, shift.least
                ),
                "加上人员，或把“最少在岗”改小",
            ),
        }
    }
}

/// Times in which nobody is on duty and nothing answers.
fn gaps(shop: &Shop, plan: &Plan, report: &mut Report) {
    let mut by_hours: Vec<(String, [bool; 7])> = Vec::new();
    for day in 0..7 {
        let mut spans: Vec<(u16, u16)> = Vec::new();
        for (_, part) in plan.usual().filter(|(at, _)| *at == day) {
            match spans.last_mut() {
                _ if part.cover == Cover::Staffed => {}
                Some(last) if last.1 == part.start => last.1 = part.end,
                _ => spans.push((part.start, part.end)),
            }
        }
        if spans.is_empty() {
            continue;
        }
        let spans: Vec<String> = spans
            .iter()
            .map(|(start, end)| format!("{}-{}", clock(*start), clock(*end)))
            .collect();
        let spans = spans.join("、");
        match by_hours.iter_mut().find(|(hours, _)| *hours == spans) {
            Some((_, days)) => days[day] = true,
            None => {
                let mut days = [false; 7];
                days[day] = true;
                by_hours.push((spans, days));
            }
        }
    }
    if by_hours.is_empty() {
        return;
    }
    let gaps: Vec<String> = by_hours
        .iter()
        .map(|(hours, days)| format!("{} {hours}", named(*days)))
        .collect();
    report.warn(
        Place::FILE,
        format!(
            "店铺“{}”（{}）的模式是“关闭”，这些时间没有人在岗，也不会自动回复：{}",
            shop.name,
            shop.id,
            gaps.join("；")
        ),
        "补上班次，或在 shops.yaml 里把这家店的“模式”改成“辅助”",
    );
}

/// The same for holidays.
fn closed_and_off(shop: &Shop, dated: &[DatedRow], report: &mut Report) {
    for row in dated {
        let counts = row.shop.as_ref().is_none_or(|id| *id == shop.id);
        if counts && matches!(row.what, Dated::Day(None)) {
            report.warn(
                Place::line(row.line),
                format!(
                    "“{}”放假，而店铺“{}”（{}）的模式是“关闭”：这几天没有人，也不会自动回复",
                    row.name, shop.name, shop.id
                ),
                "加一行“值班”，或在 shops.yaml 里把这家店的“模式”改成“辅助”",
            );
        }
    }
}

/// Dated rows of the same shops that say different things of the same days.
fn dates(dated: &[DatedRow], report: &mut Report) {
    let mut rows: Vec<&DatedRow> = dated.iter().collect();
    rows.sort_by_key(|row| (row.from, row.line));
    let mut found: Vec<(u32, String, &str)> = Vec::new();
    for (at, one) in rows.iter().enumerate() {
        let later = rows
            .iter()
            .skip(at + 1)
            .take_while(|row| row.from <= one.to);
        for other in later.filter(|row| row.shop == one.shop) {
            let (first, second) = match one.line < other.line {
                true => (one, other),
                false => (other, one),
            };
            let day = one.from.max(other.from);
            let line = first.line;
            let mut say = |what: String, mend| found.push((second.line, what, mend));
            match (&one.what, &other.what) {
                (Dated::Day(a), Dated::Day(b)) if a.is_some() != b.is_some() => say(
                    format!("{day} 又放假又上班（另见第 {line} 行），按上班算"),
                    "只留一个；分开放假的日期就写成两行",
                ),
                (Dated::Day(Some(a)), Dated::Day(Some(b))) if a != b => say(
                    format!("{day} 写了两个“按”（另见第 {line} 行），按先写的算"),
                    "只留一个",
                ),
                (Dated::Extra(a), Dated::Extra(b)) if clash(a, b) => say(
                    format!(
                        "“{}”和第 {line} 行“{}”的日期重叠，时间不同（{} 和 {}），两行都算",
                        second.name,
                        first.name,
                        hours(if one.line == line { b } else { a }),
                        hours(if one.line == line { a } else { b })
                    ),
                    "只留一行，或在“人员”里写清楚谁上哪一段",
                ),
                _ if repeats(one, other) => say(format!("和第 {line} 行完全一样"), "删掉其中一行"),
                _ => {}
            }
        }
    }
    found.sort();
    for (line, what, mend) in found {
        report.warn(Place::line(line), what, mend);
    }
}

/// Hours that overlap and differ, and nobody knows for whom.
fn clash(one: &Shift, other: &Shift) -> bool {
    let unnamed = one.people.is_empty() && other.people.is_empty();
    let differ = (one.start, one.end) != (other.start, other.end);
    unnamed && differ && one.start < other.end && other.start < one.end
}

fn repeats(one: &DatedRow, other: &DatedRow) -> bool {
    let key = |row: &DatedRow| {
        (
            row.from,
            row.to,
            row.name.clone(),
            format!("{:?}", row.what),
        )
    };
    key(one) == key(other)
}

fn hours(shift: &Shift) -> String {
    format!("{}-{}", clock(shift.start), clock(shift.end))
}

/// `9:00`, `24:00`, and `2:00` for what ends on the next day.
fn clock(minute: u16) -> String {
    let minute = match minute > DAY {
        true => minute - DAY,
        false => minute,
    };
    format!("{}:{:02}", minute / 60, minute % 60)
}

fn named(days: [bool; 7]) -> String {
    match days {
        [true, true, true, true, true, true, true] => "每天".to_owned(),
        [true, true, true, true, true, false, false] => "工作日".to_owned(),
        [false, false, false, false, false, true, true] => "周末".to_owned(),
        _ => {
            let on = DAYS.iter().zip(days).filter(|(_, on)| *on);
            on.map(|(day, _)| *day).collect::<Vec<_>>().join("、")
        }
    }
}
