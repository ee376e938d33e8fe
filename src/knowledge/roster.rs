//! The two tables of `hours/`, row by row.

use chrono::{NaiveDate, Weekday};

use super::{
    dates,
    form::read_word,
    known::Known,
    problem::Report,
    table::{self, Row},
    words::{ShopId, Word},
};

/// A row of `hours/weekly.csv`.
#[derive(Debug, Clone)]
pub(super) struct WeekRow {
    /// `None` means every shop without rows of its own.
    pub(super) shop: Option<ShopId>,
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
    /// Who works it.
    pub(super) people: Vec<String>,
}

/// A row of `hours/holidays.csv`.
#[derive(Debug, Clone)]
pub(super) struct SpecialRow {
    /// `None` means every shop.
    pub(super) shop: Option<ShopId>,
    /// The first day.
    pub(super) from: NaiveDate,
    /// The last day.
    pub(super) to: NaiveDate,
    /// The weekday whose hours hold; `None` when nobody is in.
    pub(super) like: Option<Weekday>,
    /// The holiday's name.
    pub(super) name: String,
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
}

impl Word for DayKind {
    const SPELLINGS: &'static [&'static str] = &["放假", "上班", "closed", "open"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "放假" | "closed" => Some(Self::Closed),
            "上班" | "open" => Some(Self::Open),
            _ => None,
        }
    }
}

/// Reads `hours/weekly.csv`.
pub(super) fn weekly(text: &str, known: &Known, report: &mut Report) -> Vec<WeekRow> {
    const HEADINGS: &[(&str, &str)] = &[
        ("店铺", "shop"),
        ("星期", "days"),
        ("开始", "start"),
        ("结束", "end"),
        ("类型", "kind"),
        ("班次", "shift"),
        ("人员", "people"),
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
            let (shop, days, start, end, kind) = (shop?, days?, start?, end?, kind?);
            let start = start % 1440;
            let name = match (row.text("班次"), kind) {
                (name, Kind::Duty) if name.is_empty() => "在岗".to_owned(),
                (name, Kind::Lunch) if name.is_empty() => "午休".to_owned(),
                (name, _) => name,
            };
            Some(WeekRow {
                shop,
                days,
                start,
                end: if end > start { end } else { end + 1440 },
                lunch: kind == Kind::Lunch,
                name,
                people: row.words("人员"),
            })
        })
        .collect()
}

/// The longest holiday that is believed, in days.
const LONGEST: i64 = 400;

/// Reads `hours/holidays.csv`.
pub(super) fn holidays(text: &str, known: &Known, report: &mut Report) -> Vec<SpecialRow> {
    const HEADINGS: &[(&str, &str)] = &[
        ("开始日期", "from"),
        ("结束日期", "to"),
        ("类型", "kind"),
        ("名称", "name"),
        ("店铺", "shop"),
        ("按", "like"),
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
                .and_then(|cell| read_word::<DayKind>(&cell, "“类型”", report));
            let like = match row.cell("按") {
                None => Some(Weekday::Mon),
                Some(cell) => {
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
            let (shop, kind, like) = (shop?, kind?, like?);
            let name = match row.text("名称") {
                name if name.is_empty() => "放假".to_owned(),
                name => name,
            };
            Some(SpecialRow {
                shop,
                from,
                to,
                like: (kind == DayKind::Open).then_some(like),
                name,
            })
        })
        .collect()
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
