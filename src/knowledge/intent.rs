//! An intent: what customers want, how they say it, and what the bot may do about it alone.

use std::sync::Arc;

use super::{
    due::{self, Due},
    form::{Form, Written},
    known::{Known, Owner, Sentence},
    patterns::{Pattern, compile},
    problem::Report,
    text::normalise,
    words::{CaseKindId, IntentId, Opens, Policy},
    yaml::{Key, Node},
};

/// One or more words that must all stand in one sentence.
pub type AllOf = Vec<String>;

/// One file of `intents/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Such as `log.track`.
    pub id: IntentId,
    /// Such as 查物流.
    pub name: String,
    /// `0..=100`: who goes first when one turn holds several intents.
    pub priority: u8,
    /// The most the bot may do alone.
    pub night: Policy,
    /// The kind of case this intent opens.
    pub case: Option<CaseKindId>,
    /// When it opens one.
    pub opens: Opens,
    /// Overrides the case kind's handler (对接).
    pub handler: Option<String>,
    /// Overrides the case kind's reviewer (审核).
    pub reviewer: Option<String>,
    /// Overrides the time to the first action.
    pub first: Option<Due>,
    /// Overrides the time to the end.
    pub finish: Option<Due>,
    /// Fields worth asking for, by name.
    pub slots: Vec<String>,
    /// Strong evidence, normalised.
    pub keywords: Vec<AllOf>,
    /// Hints, normalised.
    pub weak: Vec<AllOf>,
    /// What voids keywords and patterns in its sentence, normalised.
    pub exclude: Vec<AllOf>,
    /// Regexes over normalised text, as written.
    pub patterns: Vec<String>,
    /// Sentences customers write.
    pub ask: Vec<String>,
    /// Sentences that are not this intent.
    pub not: Vec<String>,
    /// The file it stands in.
    pub file: String,
}

/// A length of time as editors write it: 30分钟, 4小时, 2天, 1个工作日.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Minutes on the case kind's clock.
    Minutes(u32),
    /// Working days of the shop.
    WorkingDays(u32),
}

/// Every key of a file of `intents/`.
pub(super) const KEYS: &[Key] = &[
    ("编号", "id"),
    ("名称", "name"),
    ("优先", "priority"),
    ("夜间", "night"),
    ("工单", "case"),
    ("建单", "opens"),
    ("对接", "handler"),
    ("审核", "reviewer"),
    ("首响", "first"),
    ("完成", "finish"),
    ("字段", "slots"),
    ("关键词", "keywords"),
    ("弱词", "weak"),
    ("排除", "exclude"),
    ("句式", "patterns"),
    ("问法", "ask"),
    ("反例", "not"),
];

/// Reads a file of `intents/`.
pub(super) fn read(
    file: &str,
    root: &Node,
    known: &mut Known,
    report: &mut Report,
) -> Option<Intent> {
    let form = Form::open(root, KEYS, report)?;
    let stem = stem(file);
    let id = form.need("编号", stem, report);
    if let Some(id) = &id {
        if id.text != stem {
            report.error(
                id.place,
                format!("编号“{}”和文件名“{stem}”不一样", id.text),
                format!("把编号改成 {stem}，或把文件改名为 {}.yaml", id.text),
            );
        }
        known.claim("意图", file, id, report);
    }
    let name = form.need("名称", "查物流", report);
    if form.node("夜间").is_none() {
        form.missing("夜间", "登记", report);
    }
    let night = form.word("夜间", report);
    let priority = form.number("优先", 0.0, 100.0, report).unwrap_or(50.0) as u8;
    let case = form
        .text("工单", report)
        .map(|kind| known.case_kind(&kind, report));
    let opens = form.word("建单", report);
    let opens = opens.unwrap_or(if case.is_some() {
        Opens::Always
    } else {
        Opens::Never
    });
    let first = due::rule(&form, "首响", report);
    let finish = due::rule(&form, "完成", report);
    let slots = form.list("字段", report);
    known.field_names("字段", &slots, report);
    let keywords = normal(form.groups("关键词", report), "关键词", report);
    let weak = normal(form.groups("弱词", report), "弱词", report);
    let exclude = normal(form.groups("排除", report), "排除", report);
    let patterns = form.list("句式", report);
    for pattern in &patterns {
        check_regex(pattern, &pattern.text, report);
    }
    let ask = form.list("问法", report);
    if form.node("问法").is_none() {
        form.missing("问法", "[顾客会说的话, 另一种说法]", report);
    }
    let not = form.list("反例", report);
    let handler = form.text("对接", report).map(|w| w.text);
    let reviewer = form.text("审核", report).map(|w| w.text);
    let id = IntentId::from(id?.text);
    for (list, wanted) in [(&ask, true), (&not, false)] {
        known.sentences.extend(list.iter().map(|sentence| Sentence {
            text: sentence.text.clone(),
            file: file.into(),
            place: sentence.place,
            owner: Owner::Intent(id.clone()),
            wanted,
        }));
    }
    let plain = |list: Vec<Written>| list.into_iter().map(|w| w.text).collect();
    Some(Intent {
        id,
        name: name?.text,
        priority,
        night: night?,
        case,
        opens,
        handler,
        reviewer,
        first,
        finish,
        slots: plain(slots),
        keywords,
        weak,
        exclude,
        patterns: plain(patterns),
        ask: plain(ask),
        not: plain(not),
        file: file.to_owned(),
    })
}

/// The file's name without folder and ending.
pub(super) fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Words as they are compared; a word of which nothing is left is reported.
pub(super) fn normal(groups: Vec<Vec<Written>>, key: &str, report: &mut Report) -> Vec<AllOf> {
    groups
        .into_iter()
        .map(|group| {
            group
                .into_iter()
                .filter_map(|word| normal_word(&word, key, report))
                .collect::<AllOf>()
        })
        .filter(|group| !group.is_empty())
        .collect()
}

/// A word as it is compared.
pub(super) fn normal_word(word: &Written, key: &str, report: &mut Report) -> Option<String> {
    let normal = normalise(&word.text).trim().to_owned();
    if normal.is_empty() {
        report.error(
            word.place,
            format!("“{key}”里的“{}”不含任何文字", word.text),
            "删掉这一项",
        );
        return None;
    }
    Some(normal)
}

/// Reports a pattern that is broken or fits everything. `pattern` is the regex of `written`.
pub(super) fn check_regex(
    written: &Written,
    pattern: &str,
    report: &mut Report,
) -> Option<Arc<Pattern>> {
    match compile(pattern) {
        Ok(compiled) if compiled.fits_nothing => {
            report.error(
                written.place,
                format!("句式“{pattern}”连空白也能配上，什么话都会算"),
                "至少留一个必须出现的字，例如不要整句都用 * 或 ?",
            );
            None
        }
        Ok(compiled) => Some(compiled),
        Err(error) => {
            report.error(
                written.place,
                format!("句式“{pattern}”写错了：{}", regex_error(&error)),
                REGEX,
            );
            None
        }
    }
}

const REGEX: &str = "检查括号是否成对；不支持 (?=…)、(?!…) 和 \\1；要找符号本身时前面加 \\";

fn regex_error(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    for (known, chinese) in [
        ("unclosed group", "小括号没有收尾"),
        ("unopened group", "多了一个右小括号"),
        ("unclosed character class", "方括号没有收尾"),
        (
            "repetition operator missing expression",
            "*、+ 或 ? 前面没有内容",
        ),
        ("look-around", "不支持 (?=…) 这类前后查看"),
        ("backreferences", "不支持 \\1 这类引用"),
        ("unrecognized escape", "\\ 后面的字看不懂"),
        ("incomplete escape", "末尾多了一个 \\"),
        ("repetition quantifier", "{ } 里的次数不对"),
        ("invalid character class range", "方括号里的范围前后颠倒"),
    ] {
        if reason.contains(known) {
            return chinese.to_owned();
        }
    }
    if text.contains("size limit") {
        return "展开后太大".to_owned();
    }
    reason.to_owned()
}
