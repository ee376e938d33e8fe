//! What is counted for each agent in a month, and from which number on somebody is told. Nothing here knows of
//! money: a counter counts, shows its proofs and reminds.

use super::{
    dates,
    form::{Written, read_word},
    known::Known,
    problem::Report,
    table,
    words::Word,
    yaml::Key,
};

/// A row of `rules/counters.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterRule {
    /// Its key, which never changes: `missed_note`.
    pub id: String,
    /// What it is called: 漏备注.
    pub name: String,
    /// What it counts.
    pub event: CounterEvent,
    /// How the number is compared.
    pub comparator: Comparator,
    /// With what.
    pub number: u32,
    /// From this number on it is reminded of; `None`: not before.
    pub warn: Option<u32>,
    /// What is said when it is so.
    pub sentence: String,
}

/// How a count is compared. Chinese rules need both: 超过5单 begins with the sixth, 3次以上 with the third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparator {
    /// 大于: more than.
    Above,
    /// 至少: so many, or more.
    AtLeast,
}

impl Comparator {
    /// As it is sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::AtLeast => "at_least",
        }
    }

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Above => "大于",
            Self::AtLeast => "至少",
        }
    }

    /// Whether a count is what the rule speaks of.
    pub fn holds(self, count: u32, number: u32) -> bool {
        match self {
            Self::Above => count > number,
            Self::AtLeast => count >= number,
        }
    }
}

impl Word for Comparator {
    const SPELLINGS: &'static [&'static str] = &["大于", "至少", "above", "at_least", ">", ">="];

    fn read(text: &str) -> Option<Self> {
        match text {
            "大于" | "above" | ">" => Some(Self::Above),
            "至少" | "at_least" | ">=" | "≥" => Some(Self::AtLeast),
            _ => None,
        }
    }
}

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterEvent {
    /// 离岗未交接: somebody left while what he handed over was not accepted.
    LeftUnaccepted,
    /// 拒绝接收: somebody refused what was handed over to him.
    Refused,
    /// 漏备注: a note was not seen before its cut-off.
    NoteMissed,
    /// 承诺未兑现: a promise was not kept.
    PromiseBroken,
    /// 工单超时: a case was not done when it was due.
    CaseOverdue,
    /// 强制交接: a supervisor handed over somebody's work for him.
    Forced,
}

impl CounterEvent {
    /// As it is sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::LeftUnaccepted => "left_unaccepted",
            Self::Refused => "refused",
            Self::NoteMissed => "note_missed",
            Self::PromiseBroken => "promise_broken",
            Self::CaseOverdue => "case_overdue",
            Self::Forced => "forced",
        }
    }
}

impl Word for CounterEvent {
    const SPELLINGS: &'static [&'static str] = &[
        "离岗未交接",
        "拒绝接收",
        "漏备注",
        "承诺未兑现",
        "工单超时",
        "强制交接",
        "left_unaccepted",
        "refused",
        "note_missed",
        "promise_broken",
        "case_overdue",
        "forced",
    ];

    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "离岗未交接" | "left_unaccepted" => Self::LeftUnaccepted,
            "拒绝接收" | "refused" => Self::Refused,
            "漏备注" | "note_missed" => Self::NoteMissed,
            "承诺未兑现" | "promise_broken" => Self::PromiseBroken,
            "工单超时" | "case_overdue" => Self::CaseOverdue,
            "强制交接" | "forced" => Self::Forced,
            _ => return None,
        })
    }
}

/// Reads `rules/counters.csv`.
pub(super) fn read(text: &str, known: &mut Known, report: &mut Report) -> Vec<CounterRule> {
    const FILE: &str = "rules/counters.csv";
    const HEADINGS: &[Key] = &[
        ("编号", "id"),
        ("名称", "name"),
        ("事件", "event"),
        ("比较", "compare"),
        ("次数", "number"),
        ("提醒", "warn"),
        ("说明", "sentence"),
    ];
    let needed = ["编号", "名称", "事件", "比较", "次数"];
    table::rows(text, HEADINGS, &needed, report)
        .iter()
        .filter_map(|row| {
            let id = row.need("编号", report).cloned();
            if let Some(id) = &id {
                known.claim("计数", FILE, id, report);
            }
            let name = row.need("名称", report).cloned();
            let event = row
                .need("事件", report)
                .cloned()
                .and_then(|cell| read_word::<CounterEvent>(&cell, "“事件”", report));
            let comparator = row
                .need("比较", report)
                .cloned()
                .and_then(|cell| read_word::<Comparator>(&cell, "“比较”", report));
            let number = row
                .need("次数", report)
                .cloned()
                .and_then(|cell| count(&cell, "次数", report));
            let warn = match row.cell("提醒").cloned() {
                Some(cell) => Some(count(&cell, "提醒", report)?),
                None => None,
            };
            Some(CounterRule {
                id: id?.text,
                name: name?.text,
                event: event?,
                comparator: comparator?,
                number: number?,
                warn,
                sentence: row.text("说明"),
            })
        })
        .collect()
}

fn count(cell: &Written, name: &str, report: &mut Report) -> Option<u32> {
    let number = dates::fold(&cell.text).parse().ok().filter(|n| *n < 10_000);
    if number.is_none() {
        report.error(
            cell.place,
            format!("“{name}”应该是次数，这里是“{}”", cell.text),
            "写成 3、5 这样的数字",
        );
    }
    number
}
