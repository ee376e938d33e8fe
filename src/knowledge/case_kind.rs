//! A case kind: what somebody must do, who does it, who reviews it and until when.

use std::collections::BTreeMap;

use super::{
    due::{self, Due},
    form::{Form, Written},
    known::Known,
    money,
    problem::{Place, Report},
    words::{CaseKindId, Post, Word},
    yaml::{Key, Node},
};

/// One file of `cases/`.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseKind {
    /// Its name, such as 漏发.
    pub id: CaseKindId,
    /// Two or three capital letters that open its case numbers.
    pub prefix: String,
    /// Fields it cannot be opened by hand without; the note lists them while they are missing.
    pub needs: Vec<String>,
    /// Fields it cannot be sent to the reviewer without, besides those.
    pub to_review: Vec<String>,
    /// Fields it cannot be closed without, besides those.
    pub to_close: Vec<String>,
    /// Other fields its form has.
    pub fields: Vec<String>,
    /// Evidence to ask for once, as one list.
    pub evidence: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<String>,
    /// Who does it; the supervisor (主管) when the cell is empty.
    pub handler: String,
    /// Who reviews it; the supervisor (主管) when the cell is empty.
    pub reviewer: String,
    /// Whether somebody else must have said yes.
    pub approval: Approval,
    /// Up to how much, in fen, each post may settle without a reviewer.
    pub free: BTreeMap<Post, i64>,
    /// Up to how much, in fen, each post may approve; without an entry, any amount.
    pub limits: BTreeMap<Post, i64>,
    /// Who may see it; everybody who works on cases when empty.
    pub seen_by: Vec<Post>,
    /// When the first action is due.
    pub first: Due,
    /// When it should be finished.
    pub finish: Due,
    /// Minutes until the platform decides by itself, by the wall clock: it is never due later.
    pub platform: Option<u32>,
    /// Whether its clock runs at any hour instead of in staffed time.
    pub any_hour: bool,
    /// How much it presses.
    pub level: Level,
    /// The file it stands in.
    pub file: String,
}

/// Whether somebody else must say yes before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approval {
    /// 不用.
    None,
    /// 先审: before anything is done.
    First,
    /// 钱款: the same, and it pays: amount, limits and doubles are looked at.
    Money,
}

impl Word for Approval {
    const SPELLINGS: &'static [&'static str] = &["不用", "先审", "钱款", "none", "first", "money"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "不用" | "none" => Some(Self::None),
            "先审" | "first" => Some(Self::First),
            "钱款" | "money" => Some(Self::Money),
            _ => None,
        }
    }
}

impl CaseKind {
    /// Whether it pays.
    pub fn is_money(&self) -> bool {
        self.approval == Approval::Money
    }

    /// Every field its form has, each once: what opens it, what sends it to review, what closes it, the others.
    pub fn form(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let lists = [&self.needs, &self.to_review, &self.to_close, &self.fields];
        for name in lists.into_iter().flatten() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// Whether somebody with one of these posts may see it.
    pub fn is_seen_by(&self, posts: &[Post]) -> bool {
        let leads = |post: &Post| matches!(post, Post::Supervisor | Post::Admin);
        self.seen_by.is_empty()
            || posts
                .iter()
                .any(|post| leads(post) || self.seen_by.contains(post))
    }

    /// Whether somebody with one of these posts may review it: who stands in its cell, reviewers, and who leads.
    pub fn is_reviewed_by(&self, reviewer: &str, posts: &[Post]) -> bool {
        let cell = Post::behind(reviewer);
        posts.iter().any(|post| {
            *post == cell || matches!(post, Post::Reviewer | Post::Supervisor | Post::Admin)
        })
    }

    /// Up to how much somebody with these posts may settle without a reviewer, in fen.
    pub fn free_for(&self, posts: &[Post]) -> i64 {
        let free = posts.iter().filter_map(|post| self.free.get(post).copied());
        free.max().unwrap_or(0)
    }

    /// Up to how much somebody with these posts may approve, in fen; `None`: any amount. Where limits are written, a
    /// post without one approves nothing, but for the administrator.
    pub fn limit_for(&self, posts: &[Post]) -> Option<i64> {
        let boss = posts.contains(&Post::Admin) && !self.limits.contains_key(&Post::Admin);
        if self.limits.is_empty() || boss {
            return None;
        }
        let limits = posts
            .iter()
            .filter_map(|post| self.limits.get(post).copied());
        Some(limits.max().unwrap_or(0))
    }

    /// What stands in for a kind that the folder does not have any more: everybody may see it, and what was about
    /// money stays so.
    pub fn lost(id: CaseKindId, money: bool) -> Self {
        Self {
            id,
            prefix: String::new(),
            needs: Vec::new(),
            to_review: Vec::new(),
            to_close: Vec::new(),
            fields: Vec::new(),
            evidence: Vec::new(),
            steps: Vec::new(),
            handler: "主管".to_owned(),
            reviewer: "主管".to_owned(),
            approval: if money {
                Approval::Money
            } else {
                Approval::None
            },
            free: BTreeMap::new(),
            limits: BTreeMap::new(),
            seen_by: Vec::new(),
            first: Due::Plain(60),
            finish: Due::Plain(24 * 60),
            platform: None,
            any_hour: false,
            level: Level::Normal,
            file: String::new(),
        }
    }
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
    ("送审", "to_review"),
    ("结案", "to_close"),
    ("字段", "fields"),
    ("证据", "evidence"),
    ("步骤", "steps"),
    ("对接", "handler"),
    ("审核", "reviewer"),
    ("审批", "approval"),
    ("免审", "free"),
    ("限额", "limits"),
    ("可见", "seen_by"),
    ("首响", "first"),
    ("完成", "finish"),
    ("平台时限", "platform"),
    ("计时", "clock"),
    ("级别", "level"),
];

/// The posts, as keys of a list of amounts.
const POSTS: &[Key] = &[
    ("客服", "agent"),
    ("主管", "supervisor"),
    ("审核人", "reviewer"),
    ("仓库", "warehouse"),
    ("财务", "finance"),
    ("运营", "operations"),
    ("管理员", "admin"),
];
/// What no field of a form can be called: it is kept beside the form.
const LONGEST_NAME: usize = 12;

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
    let fields = form.list("字段", report);
    for field in &fields {
        if field.text.chars().count() > LONGEST_NAME || field.text.contains(['，', '、']) {
            report.error(
                field.place,
                format!("“字段”里的“{}”太长，或者把几项写成了一项", field.text),
                "一项一个名字，用英文逗号隔开：[物品, 原因]",
            );
        }
    }
    let mut lists = [
        ("需要", Vec::new()),
        ("送审", Vec::new()),
        ("结案", Vec::new()),
    ];
    for (key, list) in &mut lists {
        *list = form.list(key, report);
        known.form_names(key, list, &fields, report);
    }
    let [(_, needs), (_, to_review), (_, to_close)] = lists;
    let evidence = form.list("证据", report);
    let steps = form.list("步骤", report);
    let handler = role(&form, "对接", report);
    let reviewer = role(&form, "审核", report);
    for (key, example) in [("首响", "30分钟"), ("完成", "24小时")] {
        if form.node(key).is_none() {
            form.missing(key, example, report);
        }
    }
    let first = due::rule(&form, "首响", report);
    let finish = due::rule(&form, "完成", report);
    let platform = platform(&form, report);
    let approval = form.word("审批", report).unwrap_or(Approval::None);
    let free = amounts(&form, "免审", approval, report);
    let limits = amounts(&form, "限额", approval, report);
    let asked = needs.iter().chain(&to_review);
    if approval == Approval::Money && asked.clone().all(|field| field.text != AMOUNT) {
        let at = form.key_place("审批").unwrap_or(Place::FILE);
        report.error(
            at,
            "钱款工单送审时要有“金额”",
            "在“需要”或“送审”里加上 金额",
        );
    }
    let seen_by = seen_by(&form, report);
    let runs = form.word("计时", report).unwrap_or(Runs::Staffed);
    let level = form.word("级别", report).unwrap_or(Level::Normal);
    let plain = |list: Vec<Written>| list.into_iter().map(|w| w.text).collect();
    Some(CaseKind {
        id: CaseKindId::from(name?.text),
        prefix: prefix?.text,
        needs: plain(needs),
        to_review: plain(to_review),
        to_close: plain(to_close),
        fields: plain(fields),
        evidence: plain(evidence),
        steps: plain(steps),
        handler,
        reviewer,
        approval,
        free,
        limits,
        seen_by,
        first: first?,
        finish: finish?,
        platform,
        any_hour: runs == Runs::AnyHour,
        level,
        file: file.to_owned(),
    })
}

/// The field that holds how much is paid.
pub const AMOUNT: &str = "金额";

/// Amounts for posts, written as `{客服: 5, 主管: 200}` in yuan.
fn amounts(form: &Form, key: &str, approval: Approval, report: &mut Report) -> BTreeMap<Post, i64> {
    let mut amounts = BTreeMap::new();
    let Some(node) = form.node(key) else {
        return amounts;
    };
    if approval != Approval::Money {
        report.error(
            form.key_place(key).unwrap_or(node.place),
            format!("只有钱款工单才写“{key}”"),
            "加一行“审批: 钱款”，或删掉这一行",
        );
    }
    let Some(posts) = Form::open(node, POSTS, report) else {
        return amounts;
    };
    for (name, _) in POSTS {
        let Some(written) = posts.text(name, report) else {
            continue;
        };
        match (money::fen(&written.text), Post::parse(name)) {
            (Some(fen), Some(post)) => {
                amounts.insert(post, fen);
            }
            _ => report.error(
                written.place,
                format!("“{key}”里{name}的金额不对：“{}”", written.text),
                "写成元，最多两位小数，例如 50",
            ),
        }
    }
    amounts
}

/// The platform's countdown, by the wall clock.
fn platform(form: &Form, report: &mut Report) -> Option<u32> {
    match due::rule(form, "平台时限", report)? {
        Due::Plain(minutes) | Due::After(super::intent::Span::Minutes(minutes)) => Some(minutes),
        _ => {
            report.error(
                form.key_place("平台时限").unwrap_or(Place::FILE),
                "“平台时限”夜里和放假也算，只能写小时或天",
                "例如 48小时",
            );
            None
        }
    }
}

fn seen_by(form: &Form, report: &mut Report) -> Vec<Post> {
    form.list("可见", report)
        .iter()
        .filter_map(|written| super::form::read_word(written, "“可见”", report))
        .collect()
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
