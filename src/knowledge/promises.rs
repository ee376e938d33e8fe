//! What shops call their promises: the words of `rules/promises.yaml`.
//!
//! A folder without the file uses the shipped one: that nobody wrote down what binds the house does not unbind it.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use aho_corasick::{AhoCorasick, MatchKind};

use super::{
    dates,
    form::{Form, Written},
    intent::Span,
    problem::{Place, Problem, Report},
    text::normalise,
    words::CaseKindId,
    yaml::{self, Key, Node, Value},
};

/// What a house promises to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseKind {
    /// Such as 补发.
    pub name: Arc<str>,
    /// Normalised words; those of one group stand in one clause.
    pub words: Vec<Vec<String>>,
    /// Part of something more particular that the same message promises.
    pub secondary: bool,
    /// Only to be done by a named time; now, it is no more than holding the line.
    pub only_dated: bool,
    /// The case kinds that such a promise belongs to.
    pub cases: Vec<CaseKindId>,
}

/// What a part of a day is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayPart {
    /// Normalised.
    pub word: String,
    /// The minute of the day at which it begins.
    pub from: u16,
    /// The minute of the day at which it ends.
    pub until: u16,
}

/// Everything that `rules/promises.yaml` says.
#[derive(Debug, Clone, Default)]
pub struct PromiseRules {
    kinds: Vec<PromiseKind>,
    /// The house's own people, normalised.
    house: Vec<String>,
    /// Those for whom it does not speak, normalised.
    others: Vec<String>,
    parts: Vec<DayPart>,
    /// Words for soon, and what they come to.
    soon: Vec<(String, Span)>,
    unsaid: Option<Span>,
    from: Option<Span>,
    acts: Option<AhoCorasick>,
    /// For every word of `acts` its kind; `None`: it only looks like one.
    act_of: Vec<Option<usize>>,
}

/// A word of a kind in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// The kind's index in [`PromiseRules::kinds`].
    pub kind: usize,
    /// Where the word begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

const FILE: &[Key] = &[
    ("种类", "kinds"),
    ("不算", "not"),
    ("自己人", "house"),
    ("外人", "others"),
    ("时段", "parts"),
    ("随口", "soon"),
    ("没说时间", "unsaid"),
    ("起算", "from"),
];
const KIND: &[Key] = &[
    ("名称", "name"),
    ("写法", "words"),
    ("附属", "secondary"),
    ("定了时间才算", "only_dated"),
    ("工单", "cases"),
];
const PART: &[Key] = &[("说法", "words"), ("从", "from"), ("到", "until")];
const SOON: &[Key] = &[("说法", "words"), ("算", "takes")];

/// Every key of the file.
pub(super) const KEYS: &[&[Key]] = &[FILE, KIND, PART, SOON];

static SHIPPED: LazyLock<PromiseRules> = LazyLock::new(|| {
    let mut problems: Vec<Problem> = Vec::new();
    let mut report = Report::of("rules/promises.yaml", &mut problems);
    let text = include_str!("../../knowledge/rules/promises.yaml");
    yaml::parse(text, 1, &mut report)
        .map(|root| read(&root, None, &mut report))
        .unwrap_or_default()
});

impl PromiseRules {
    /// The file that comes with the program.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// The kinds, the most particular first.
    pub fn kinds(&self) -> &[PromiseKind] {
        &self.kinds
    }

    /// A kind by its name.
    pub fn kind(&self, name: &str) -> Option<&PromiseKind> {
        self.kinds.iter().find(|kind| &*kind.name == name)
    }

    /// Words for the house's own people, normalised.
    pub fn house(&self) -> &[String] {
        &self.house
    }

    /// Words for those for whom it does not speak, normalised.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// Words for parts of a day, longest word first.
    pub fn parts(&self) -> &[DayPart] {
        &self.parts
    }

    /// Words for soon and what they come to, longest word first.
    pub fn soon(&self) -> &[(String, Span)] {
        &self.soon
    }

    /// How long a promise without a moment may take.
    pub fn unsaid(&self) -> Span {
        self.unsaid.unwrap_or(Span::WorkingDays(1))
    }

    /// How long somebody takes who says from when on he will do it.
    pub fn from(&self) -> Span {
        self.from.unwrap_or(Span::Minutes(60))
    }

    /// Where a clause, normalised, names something to be done.
    pub fn acts(&self, clause: &str) -> Vec<Act> {
        let Some(words) = &self.acts else {
            return Vec::new();
        };
        let mut out: Vec<Act> = words
            .find_iter(clause)
            .filter_map(|hit| {
                let kind = self
                    .act_of
                    .get(hit.pattern().as_usize())
                    .copied()
                    .flatten()?;
                Some(Act {
                    kind,
                    start: hit.start(),
                    end: hit.end(),
                })
            })
            .collect();
        for (index, kind) in self.kinds.iter().enumerate() {
            for words in kind.words.iter().filter(|words| words.len() > 1) {
                let places: Option<Vec<usize>> = words
                    .iter()
                    .map(|word| clause.find(word.as_str()))
                    .collect();
                if let Some(places) = places
                    && let Some(start) = places.iter().max()
                    && !out.iter().any(|act| act.kind == index)
                {
                    let end = words
                        .iter()
                        .zip(&places)
                        .filter(|(_, at)| *at == start)
                        .map(|(word, at)| at + word.len())
                        .max()
                        .unwrap_or(*start);
                    out.push(Act {
                        kind: index,
                        start: *start,
                        end,
                    });
                }
            }
        }
        out
    }

    fn compile(&mut self, harmless: &[String]) {
        let (mut words, mut act_of) = (Vec::new(), Vec::new());
        for (index, kind) in self.kinds.iter().enumerate() {
            for group in kind.words.iter().filter(|group| group.len() == 1) {
                words.extend(group.iter().cloned());
                act_of.push(Some(index));
            }
        }
        for word in harmless {
            words.push(word.clone());
            act_of.push(None);
        }
        self.acts = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&words)
            .ok();
        self.act_of = act_of;
    }
}

/// Reads `rules/promises.yaml`; `known` are the folder's case kinds, where they are to be checked.
pub(super) fn read(
    root: &Node,
    known: Option<&BTreeSet<String>>,
    report: &mut Report,
) -> PromiseRules {
    let mut rules = PromiseRules::default();
    let Some(form) = Form::open(root, FILE, report) else {
        return rules;
    };
    for item in items(&form, "种类", "- 名称: 补发", report) {
        let Some(kind) = Form::open(item, KIND, report) else {
            continue;
        };
        let name = kind.need("名称", "补发", report);
        let words: Vec<Vec<String>> = kind
            .groups("写法", report)
            .into_iter()
            .map(|group| group.iter().map(|word| normalise(&word.text)).collect())
            .collect();
        if words.is_empty() {
            kind.missing("写法", "[补发, 补寄]", report);
        }
        let secondary = yes(&kind, "附属", report);
        let only_dated = yes(&kind, "定了时间才算", report);
        let cases = kind
            .list("工单", report)
            .into_iter()
            .map(|case| {
                if known.is_some_and(|known| !known.contains(&case.text)) {
                    report.warn(
                        case.place,
                        format!("没有工单类型“{}”", case.text),
                        "写 cases/ 里有的名称，或删掉",
                    );
                }
                CaseKindId::from(case.text)
            })
            .collect();
        if let Some(name) = name {
            if rules.kind(&name.text).is_some() {
                report.error(name.place, format!("“{}”写了两次", name.text), "只留一个");
            }
            rules.kinds.push(PromiseKind {
                name: name.text.into(),
                words,
                secondary,
                only_dated,
                cases,
            });
        }
    }
    let list = |key: &str, report: &mut Report| -> Vec<String> {
        form.list(key, report)
            .into_iter()
            .map(|word| normalise(&word.text))
            .filter(|word| !word.is_empty())
            .collect()
    };
    let harmless = list("不算", report);
    rules.house = list("自己人", report);
    rules.others = list("外人", report);
    for item in items(&form, "时段", "- 说法: [上午]", report) {
        let Some(part) = Form::open(item, PART, report) else {
            continue;
        };
        let until = part.need("到", "'12:00'", report);
        let until = until.and_then(|until| minute(&until, report));
        let from = part.text("从", report);
        let from = from.and_then(|from| minute(&from, report)).or(until);
        for word in part.list("说法", report) {
            rules
                .parts
                .extend(from.zip(until).map(|(from, until)| DayPart {
                    word: normalise(&word.text),
                    from,
                    until,
                }));
        }
    }
    for item in items(&form, "随口", "- 说法: [马上]", report) {
        let Some(soon) = Form::open(item, SOON, report) else {
            continue;
        };
        let takes = span(&soon, "算", report);
        if soon.node("算").is_none() {
            soon.missing("算", "30分钟", report);
        }
        for word in soon.list("说法", report) {
            rules
                .soon
                .extend(takes.map(|takes| (normalise(&word.text), takes)));
        }
    }
    rules.parts.sort_by_key(|part| usize::MAX - part.word.len());
    rules.soon.sort_by_key(|(word, _)| usize::MAX - word.len());
    rules.unsaid = span(&form, "没说时间", report);
    rules.from = span(&form, "起算", report);
    rules.compile(&harmless);
    rules
}

fn items<'n>(form: &Form<'n>, key: &str, example: &str, report: &mut Report) -> &'n [Node] {
    match form.node(key).map(|node| (&node.value, node.place)) {
        Some((Value::List(items), _)) => items,
        Some((_, place)) => {
            report.error(
                place,
                format!("“{key}”应该是一个列表"),
                format!("每一项以“{example}”开头"),
            );
            &[]
        }
        None => {
            report.warn(
                form.key_place(key)
                    .unwrap_or(Place::line(form.place().line)),
                format!("“{key}”一项都没有"),
                format!("每一项以“{example}”开头"),
            );
            &[]
        }
    }
}

fn minute(written: &Written, report: &mut Report) -> Option<u16> {
    let minute = dates::minute_of_day(&written.text);
    if minute.is_none() {
        report.error(
            written.place,
            format!("不是钟点：“{}”", written.text),
            "写成 '18:00' 这样，两边加引号",
        );
    }
    minute
}

fn yes(form: &Form<'_>, key: &str, report: &mut Report) -> bool {
    let Some(written) = form.text(key, report) else {
        return false;
    };
    match written.text.as_str() {
        "是" | "yes" | "true" => true,
        "否" | "no" | "false" => false,
        other => {
            report.error(
                written.place,
                format!("“{key}”不能是“{other}”"),
                "写 是 或 否",
            );
            false
        }
    }
}
/// A length of time; `None` when it is missing or wrong (reported).
fn span(form: &Form, key: &str, report: &mut Report) -> Option<Span> {
    let written = form.text(key, report)?;
    let span = dates::span(&written.text);
    if span.is_none() {
        report.error(
            written.place,
            format!("“{key}”不是时长：“{}”", written.text),
            "写成 30分钟、4小时、2天 或 1个工作日",
        );
    }
    span
}
