//! The two tables of `hours/`, row by row.

use chrono::{NaiveDate, Weekday};

use super::{plan::DAY, team::Line};
use crate::knowledge::{
    dates,
    form::read_word,
    known::Known,
    problem::Report,
    table::{self, Row},
    words::{ShopId, Word},
    yaml::Key,
};

/// The usual week.
pub(in crate::knowledge) const WEEKLY: &str = "hours/weekly.csv";
/// Holidays, make-up workdays, dated hours.
pub(in crate::knowledge) const DATED: &str = "hours/holidays.csv";

/// A row of `hours/weekly.csv`.
#[derive(Debug, Clone)]
pub(in crate::knowledge) struct WeekRow {
    /// `None` means every shop without rows of its own.
    pub(in crate::knowledge) shop: Option<ShopId>,
    /// From Monday.
    pub(super) days: [bool; 7],
    /// Minutes from midnight of its day.
    pub(super) start: u16,
    /// Minutes from midnight of its day, above `start`; above 1440 when it crosses midnight.
    pub(super) end: u16,
    /// 午休 instead of 在岗.
    pub(super) lunch: bool,
    /// The shift's name.
    pub(super) name: String,
    /// Who works it; of a lunch, who goes.
    pub(super) people: Vec<String>,
    /// How many must stay; 0 when it does not say.
    pub(super) least: u16,
    /// Where it stands.
    pub(super) line: u32,
}

impl WeekRow {
    /// What holds where no row does.
    pub(super) fn always() -> Self {
        Self {
            shop: None,
            days: [true; 7],
            start: 0,
            end: DAY,
            lunch: false,
            name: "全天在岗".to_owned(),
            people: Vec::new(),
            least: 0,
            line: 0,
        }
    }

    pub(super) fn line(&self) -> Line {
        Line {
            lunch: self.lunch,
            dated: false,
            name: self.name.as_str().into(),
            people: self.people.iter().map(|who| who.as_str().into()).collect(),
            least: self.least,
            line: self.line,
        }
    }
}

/// A row of `hours/holidays.csv`.
#[derive(Debug, Clone)]
pub(in crate::knowledge) struct DatedRow {
    /// `None` means every shop.
    pub(super) shop: Option<ShopId>,
    /// The first day.
    pub(super) from: NaiveDate,
    /// The last day.
    pub(super) to: NaiveDate,
    /// What it says of them.
    pub(super) what: Dated,
    /// What it is called.
    pub(super) name: String,
    /// Where it stands.
    pub(super) line: u32,
}

/// What a dated row says.
#[derive(Debug, Clone)]
pub(super) enum Dated {
    /// The weekday whose hours hold; `None` when nobody is in.
    Day(Option<Weekday>),
    /// Hours on top of the usual ones.
    Extra(Shift),
}

/// The hours of a dated row.
#[derive(Debug, Clone)]
pub(super) struct Shift {
    /// Minutes from midnight of each day.
    pub(super) start: u16,
    /// Minutes from midnight of each day, above `start`; above 1440 when it crosses midnight.
    pub(super) end: u16,
    /// Who works it.
    pub(super) people: Vec<String>,
    /// How many must stay; 0 when it does not say.
    pub(super) least: u16,
}

impl Shift {
    pub(super) fn line(&self, row: &DatedRow) -> Line {
        Line {
            lunch: false,
            dated: true,
            name: row.name.as_str().into(),
            people: self.people.iter().map(|who| who.as_str().into()).collect(),
            least: self.least,
            line: row.line,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Duty,
    Lunch,
}

impl Word for Kind {
    const SPELLINGS: &'static [&'static str] = &["在岗", "午休", "duty", "lunch"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "在岗" | "duty" => Some(Self::Duty),
            "午休" | "lunch" => Some(Self::Lunch),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum DayKind {
    Closed,
    Open,
    Extra,
}

impl Word for DayKind {
    const SPELLINGS: &'static [&'static str] = &[
        "放假", "上班", "大促", "加班", "值班", "closed", "open", "extra",
    ];

    fn read(text: &str) -> Option<Self> {
        match text {
            "放假" | "closed" => Some(Self::Closed),
            "上班" | "open" => Some(Self::Open),
            "大促" | "加班" | "值班" | "extra" => Some(Self::Extra),
            _ => None,
        }
    }
}

/// Reads `hours/weekly.csv`.
pub(in crate::knowledge) fn weekly(text: &str, known: &Known, report: &mut Report) -> Vec<WeekRow> {
    const HEADINGS: &[Key] = &[
        ("店铺", "shop"),
        ("星期", "days"),
        ("开始", "start"),
        ("结束", "end"),
        ("类型", "kind"),
        ("班次", "shift"),
        ("人员", "people"),
        LEAST,
        NOTE,
    ];
    table::rows(text, HEADINGS, &["星期", "开始", "结束", "类型"], report)
        .iter()
        .filter_map(|row| {
            let shop = shop(row, known, report);
            let days = row.need("星期", report).cloned().and_then(|cell| {
                let days = dates::weekdays(&cell.text);
                if days.is_none() {
                    report.error(
                        cell.place,
                        format!("“星期”看不懂：“{}”", cell.text),
                        "可以写：每天、工作日、周末、周一、周一至周五、周一、周三",
                    );
                }
                days
            });
            let start = time(row, "开始", report);
            let end = time(row, "结束", report);
            let kind = row
                .need("类型", report)
                .cloned()
                .and_then(|cell| read_word::<Kind>(&cell, "“类型”", report));
            let least = least(row, report);
            let people = people(row, report);
            let (shop, days, start, end, kind) = (shop?, days?, start?, end?, kind?);
            let least = least?;
            if kind == Kind::Lunch && least > 0 {
                not_here(row, LEAST.0, "午休", "写在“在岗”那一行", report);
            }
            let (start, end) = span(start, end, row, report);
            let name = match (row.text("班次"), kind) {
                (name, Kind::Duty) if name.is_empty() => "在岗".to_owned(),
                (name, Kind::Lunch) if name.is_empty() => "午休".to_owned(),
                (name, _) => name,
            };
            Some(WeekRow {
                shop,
                days,
                start,
                end,
                lunch: kind == Kind::Lunch,
                name,
                people,
                least,
                line: row.line(),
            })
        })
        .collect()
}

const LEAST: Key = ("最少在岗", "min");
/// For people: the program does not read it.
const NOTE: Key = ("备注", "note");

/// Half-open, and past 24:00 when it ends on the next day.
fn span(start: u16, end: u16, row: &Row, report: &mut Report) -> (u16, u16) {
    if start == end {
        report.warn(
            row.cell("结束").map_or(row.place(), |cell| cell.place),
            "“开始”和“结束”一样，按整整 24 小时算",
            "整天写 00:00 到 24:00；写错了就改过来",
        );
    }
    let start = start % DAY;
    (start, if end > start { end } else { end + DAY })
}

/// How many must stay; 0 when the cell is empty.
fn least(row: &Row, report: &mut Report) -> Option<u16> {
    let Some(cell) = row.cell(LEAST.0) else {
        return Some(0);
    };
    let number: Option<u16> = dates::fold(&cell.text).parse().ok().filter(|n| *n < 1000);
    if number.is_none() {
        report.error(
            cell.place,
            format!("“{}”应该是人数，这里是“{}”", LEAST.0, cell.text),
            "写成 1、2 这样的数字；不要求就空着",
        );
    }
    number
}

/// The names of a cell, which 、 parts.
fn people(row: &Row, report: &mut Report) -> Vec<String> {
    let names = row.words("人员");
    if let Some(cell) = row.cell("人员")
        && names
            .iter()
            .any(|name| name.contains(['，', ',', ';', '；', '/']))
    {
        report.error(
            cell.place,
            format!("“人员”里的名字没有分开：“{}”", cell.text),
            "名字之间用顿号：小林、小周",
        );
    }
    names
}

fn not_here(row: &Row, heading: &str, kind: &str, mend: &str, report: &mut Report) {
    if let Some(cell) = row.cell(heading) {
        report.error(cell.place, format!("“{kind}”的行不写“{heading}”"), mend);
    }
}

/// The longest holiday that is believed, in days.
const LONGEST: i64 = 400;

/// Reads `hours/holidays.csv`.
pub(in crate::knowledge) fn dated(text: &str, known: &Known, report: &mut Report) -> Vec<DatedRow> {
    const HEADINGS: &[Key] = &[
        ("开始日期", "from"),
        ("结束日期", "to"),
        ("类型", "kind"),
        ("名称", "name"),
        ("店铺", "shop"),
        ("按", "like"),
        ("开始", "start"),
        ("结束", "end"),
        ("人员", "people"),
        LEAST,
        NOTE,
    ];
    table::rows(text, HEADINGS, &["开始日期", "类型"], report)
        .iter()
        .filter_map(|row| {
            let shop = shop(row, known, report);
            let from = row
                .need("开始日期", report)
                .and_then(|_| day(row, "开始日期", report))
                .flatten();
            let to = day(row, "结束日期", report).map(|to| to.or(from));
            let kind = row
                .need("类型", report)
                .cloned()
                .and_then(|cell| Some((read_word::<DayKind>(&cell, "“类型”", report)?, cell.text)));
            let like = like(row, report);
            let what = match &kind {
                Some((DayKind::Closed, word)) => {
                    only_days(row, word, report);
                    like.map(|_| Dated::Day(None))
                }
                Some((DayKind::Open, word)) => {
                    only_days(row, word, report);
                    like.map(|like| Dated::Day(Some(like)))
                }
                Some((DayKind::Extra, word)) => {
                    not_here(row, "按", word, "删掉这一格，写“开始”和“结束”", report);
                    let (start, end) = (time(row, "开始", report), time(row, "结束", report));
                    let least = least(row, report);
                    let people = people(row, report);
                    start.zip(end).zip(least).map(|((start, end), least)| {
                        let (start, end) = span(start, end, row, report);
                        Dated::Extra(Shift {
                            start,
                            end,
                            people,
                            least,
                        })
                    })
                }
                None => None,
            };
            let (from, to) = (from?, to??);
            if to < from {
                report.error(
                    row.place(),
                    "“结束日期”在“开始日期”之前",
                    "把两个日期对调，或改正",
                );
                return None;
            }
            if (to - from).num_days() > LONGEST {
                report.error(row.place(), "这一行超过一年", "检查年份，或分成几行写");
                return None;
            }
            let (shop, (kind, word), what) = (shop?, kind?, what?);
            let name = match (row.text("名称"), kind) {
                (name, DayKind::Extra) if name.is_empty() => word,
                (name, _) if name.is_empty() => "放假".to_owned(),
                (name, _) => name,
            };
            Some(DatedRow {
                shop,
                from,
                to,
                what,
                name,
                line: row.line(),
            })
        })
        .collect()
}

/// Whose hours hold on a make-up workday: Monday's unless it says otherwise.
fn like(row: &Row, report: &mut Report) -> Option<Weekday> {
    let Some(cell) = row.cell("按") else {
        return Some(Weekday::Mon);
    };
    let day = dates::weekday(&cell.text);
    if day.is_none() {
        report.error(
            cell.place,
            format!("“按”应该是星期几，这里是“{}”", cell.text),
            "可以写：周一、周二 …… 周日",
        );
    }
    day
}

/// Reports what only rows with hours of their own may say.
fn only_days(row: &Row, word: &str, report: &mut Report) {
    for heading in ["开始", "结束", "人员", LEAST.0] {
        let mend = "这是整天的行；要写几点到几点，另加一行，“类型”写“大促”或“加班”";
        not_here(row, heading, word, mend, report);
    }
}

fn shop(row: &Row, known: &Known, report: &mut Report) -> Option<Option<ShopId>> {
    match row.cell("店铺") {
        None => Some(None),
        Some(cell) => known.shop(cell, report).map(Some),
    }
}

fn time(row: &Row, heading: &str, report: &mut Report) -> Option<u16> {
    let cell = row.need(heading, report)?.clone();
    let minute = dates::minute_of_day(&cell.text);
    if minute.is_none() {
        report.error(
            cell.place,
            format!("“{heading}”不是时间：“{}”", cell.text),
            "写成 9:00、13:30 或 24:00",
        );
    }
    minute
}

/// `Some(None)` when the cell is empty.
fn day(row: &Row, heading: &str, report: &mut Report) -> Option<Option<NaiveDate>> {
    let Some(cell) = row.cell(heading) else {
        return Some(None);
    };
    let date = dates::date(&cell.text);
    if date.is_none() {
        report.error(
            cell.place,
            format!("“{heading}”不是日期：“{}”", cell.text),
            "写成 2026-10-01 这样的日期，并且这一天真的存在",
        );
    }
    date.map(Some)
}
