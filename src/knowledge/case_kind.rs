//! A case kind: what somebody must do, who does it, who reviews it and until when.

use super::{
    form::{Form, Written},
    intent::{self, Span},
    known::Known,
    problem::{Place, Report},
    words::{CaseKindId, Word},
    yaml::{Key, Node},
};

/// One file of `cases/`.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseKind {
    /// Its name, such as 漏发.
    pub id: CaseKindId,
    /// Two or three capital letters that open its case numbers.
    pub prefix: String,
    /// Fields without which the note lists them as missing.
    pub needs: Vec<String>,
    /// Evidence to ask for once, as one list.
    pub evidence: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<String>,
    /// Who does it; the supervisor (主管) when the cell is empty.
    pub handler: String,
    /// Who reviews it; the supervisor (主管) when the cell is empty.
    pub reviewer: String,
    /// Time to the first action.
    pub first: Span,
    /// Time to the end.
    pub finish: Span,
    /// Whether its clock runs at any hour instead of in staffed time.
    pub any_hour: bool,
    /// How much it presses.
    pub level: Level,
    /// The file it stands in.
    pub file: String,
}

/// How much a case presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 普通.
    Normal,
    /// 加急.
    Urgent,
    /// 安全.
    Safety,
}

impl Word for Level {
    const SPELLINGS: &'static [&'static str] =
        &["普通", "加急", "安全", "normal", "urgent", "safety"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "普通" | "normal" => Some(Self::Normal),
            "加急" | "urgent" => Some(Self::Urgent),
            "安全" | "safety" => Some(Self::Safety),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Runs {
    Staffed,
    AnyHour,
}

impl Word for Runs {
    const SPELLINGS: &'static [&'static str] = &["值守", "任何时间", "staffed", "any"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "值守" | "staffed" => Some(Self::Staffed),
            "任何时间" | "any" => Some(Self::AnyHour),
            _ => None,
        }
    }
}

/// Every key of a file of `cases/`.
pub(super) const KEYS: &[Key] = &[
    ("名称", "name"),
    ("前缀", "prefix"),
    ("需要", "needs"),
    ("证据", "evidence"),
    ("步骤", "steps"),
    ("对接", "handler"),
    ("审核", "reviewer"),
    ("首响", "first"),
    ("完成", "finish"),
    ("计时", "clock"),
    ("级别", "level"),
];

/// Reads a file of `cases/`.
pub(super) fn read(
    file: &str,
    root: &Node,
    known: &mut Known,
    report: &mut Report,
) -> Option<CaseKind> {
    let form = Form::open(root, KEYS, report)?;
    let name = form.need("名称", "漏发", report);
    if let Some(name) = &name {
        known.claim("工单类型", file, name, report);
    }
    let prefix = form.need("前缀", "LF", report);
    if let Some(prefix) = &prefix {
        let capitals = prefix.text.chars().all(|c| c.is_ascii_uppercase());
        if capitals && (2..=3).contains(&prefix.text.len()) {
            known.claim("工单前缀", file, prefix, report);
        } else {
            report.error(
                prefix.place,
                format!("“前缀”应该是两三个大写英文字母，这里是“{}”", prefix.text),
                "例如 LF",
            );
        }
    }
    let needs = form.list("需要", report);
    known.field_names("需要", &needs, report);
    let evidence = form.list("证据", report);
    let steps = form.list("步骤", report);
    let handler = role(&form, "对接", report);
    let reviewer = role(&form, "审核", report);
    for (key, example) in [("首响", "30分钟"), ("完成", "24小时")] {
        if form.node(key).is_none() {
            form.missing(key, example, report);
        }
    }
    let first = intent::span(&form, "首响", report);
    let finish = intent::span(&form, "完成", report);
    let runs = form.word("计时", report).unwrap_or(Runs::Staffed);
    let level = form.word("级别", report).unwrap_or(Level::Normal);
    let plain = |list: Vec<Written>| list.into_iter().map(|w| w.text).collect();
    Some(CaseKind {
        id: CaseKindId::from(name?.text),
        prefix: prefix?.text,
        needs: plain(needs),
        evidence: plain(evidence),
        steps: plain(steps),
        handler,
        reviewer,
        first: first?,
        finish: finish?,
        any_hour: runs == Runs::AnyHour,
        level,
        file: file.to_owned(),
    })
}

fn role(form: &Form, key: &str, report: &mut Report) -> String {
    if let Some(role) = form.text(key, report) {
        return role.text;
    }
    let example = if key == "审核" { "主管" } else { "售后" };
    let at = form
        .key_place(key)
        .unwrap_or(Place::line(form.place().line));
    if form.node(key).is_none() {
        report.warn(
            at,
            format!("没有写“{key}”，先算主管的"),
            format!("写一行“{key}: {example}”"),
        );
    }
    "主管".to_owned()
}
