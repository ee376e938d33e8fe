//! Labels, cases, fields, latency: one section of the report each.

use std::path::Path;

use super::{
    Bench, file_name,
    rows::{Heard, Row},
};
use crate::{
    eval::{
        labels::{self, Confusion, Judged, LabelMap, ROWS},
        masks,
        report::{Both, Example, Figure, Picture, Section, Table},
        share::{Binary, Share},
        spread::{bootstrap, quantile},
    },
    knowledge::{
        Reading,
        fields::{Field, FieldKind, extract},
        reading::Evidence,
    },
};

/// How often the label is right.
pub(super) fn labels(heard: &[Heard], file: &Path, map: &LabelMap) -> Section {
    let judged: Vec<(&Heard, Judged)> = heard
        .iter()
        .filter_map(|one| Some((one, judged(one, map)?)))
        .collect();
    let of = |wanted: &dyn Fn(&Row) -> bool| -> Vec<&Judged> {
        judged
            .iter()
            .filter(|(one, _)| wanted(&one.row))
            .map(|(_, judged)| judged)
            .collect()
    };
    let mut section = Section::new(Both::new("分类", "Labels"), file_name(file));
    let groups: [(Both, Vec<&Judged>); 4] = [
        (
            Both::new("随机，单看原文能判断", "random, decidable from the text"),
            of(&|row| row.is_random() && row.is_decidable()),
        ),
        (Both::new("随机，全部", "random, all"), of(&Row::is_random)),
        (
            Both::new("按词挑的", "picked by keyword"),
            of(&Row::is_boost),
        ),
        (Both::new("全部", "all"), of(&|_| true)),
    ];
    for (name, rows) in &groups {
        if rows.is_empty() {
            continue;
        }
        let name = |zh: &str, en: &str| {
            Both::new(format!("{} · {zh}", name.zh), format!("{} · {en}", name.en))
        };
        section.figures.push(Figure::share(
            name("命中任一标签", "any label"),
            labels::any_label(rows),
        ));
        section.figures.push(Figure::share(
            name("命中主标签", "primary label"),
            labels::accuracy(rows),
        ));
    }
    let all = of(&|_| true);
    let lenient: Vec<Judged> = all.iter().map(|judged| judged.leniently()).collect();
    let lenient: Vec<&Judged> = lenient.iter().collect();
    for (zh, en, rows) in [
        ("主标签", "primary label", &all),
        ("任一标签", "any label", &lenient),
    ] {
        section.figures.push(Figure::new(
            Both::new(
                format!("宏平均 F1，{zh}（至少 {ROWS} 行的标签）"),
                format!("macro-F1, {en} (labels with at least {ROWS} rows)"),
            ),
            labels::macro_f1(rows),
            rows.len(),
        ));
    }
    let confusion = Confusion::of(&all);
    section.tables.push(Table {
        head: vec![
            Both::new("标签", "label"),
            Both::new("行数", "rows"),
            Both::new("准确", "precision"),
            Both::new("召回", "recall"),
            Both::same("F1"),
        ],
        rows: (0..confusion.labels.len())
            .map(|at| {
                let binary = confusion.binary(at);
                vec![
                    confusion.labels[at].clone(),
                    confusion.rows(at).to_string(),
                    shown(binary.precision()),
                    shown(binary.recall()),
                    format!("{:.3}", binary.f1()),
                ]
            })
            .collect(),
    });
    section.pictures.push(Picture::Matrix(confusion));
    let wrong = judged
        .iter()
        .filter(|(_, judged)| !judged.right())
        .map(|(one, judged)| {
            example(
                one,
                judged.labels.join("/"),
                format!("{} ({})", judged.predicted, intents(&one.reading)),
            )
        })
        .collect();
    section.examples.push((Both::new("错了的", "Wrong"), wrong));
    section
}

/// How often a case is opened when somebody must do something.
pub(super) fn cases(heard: &[Heard], file: &Path) -> Section {
    let mut section = Section::new(Both::new("工单", "Cases"), file_name(file));
    let all: fn(&Row) -> bool = |_| true;
    for (name, wanted) in [
        (
            Both::new("随机", "random"),
            Row::is_random as fn(&Row) -> bool,
        ),
        (Both::new("按词挑的", "picked by keyword"), Row::is_boost),
        (Both::new("全部", "all"), all),
    ] {
        let pairs: Vec<(bool, bool)> = heard
            .iter()
            .filter(|one| wanted(&one.row))
            .filter_map(|one| Some((!one.cases.is_empty(), one.row.needs_case?)))
            .collect();
        if pairs.is_empty() {
            continue;
        }
        let binary = Binary::count(pairs.iter().copied());
        let name = |zh: &str, en: &str| {
            Both::new(format!("{} · {zh}", name.zh), format!("{} · {en}", name.en))
        };
        section
            .figures
            .push(Figure::share(name("准确", "precision"), binary.precision()));
        section
            .figures
            .push(Figure::share(name("召回", "recall"), binary.recall()));
        section.figures.push(Figure::new(
            name("F1", "F1"),
            labels::f1(&pairs),
            pairs.len(),
        ));
    }
    for (title, opened) in [
        (Both::new("开了不该开的", "Opened in vain"), true),
        (Both::new("该开没开", "Missed"), false),
    ] {
        let wrong = heard
            .iter()
            .filter(|one| one.cases.is_empty() != opened && one.row.needs_case == Some(!opened))
            .map(|one| {
                let cases: Vec<&str> = one.cases.iter().map(|kind| kind.as_str()).collect();
                let wanted = format!("needs_case = {}", !opened);
                let got = format!(
                    "{} {} ({})",
                    cases.join(","),
                    one.verdict().code(),
                    intents(&one.reading)
                );
                example(one, wanted, got)
            })
            .collect();
        section.examples.push((title, wrong));
    }
    section
}

/// Whether masked numbers are found for what they are.
pub(super) fn fields(bench: &Bench, rows: &[Row], file: &Path) -> Section {
    let mut section = Section::new(Both::new("单号识别", "Fields"), file_name(file));
    let (mut exact, mut ambiguous) = (Vec::new(), Vec::new());
    let (mut phones, mut wrong, mut skipped) = (Vec::new(), Vec::new(), 0);
    for row in rows
        .iter()
        .filter(|row| row.text.contains("[订单x]") || row.text.contains("[电话x]"))
    {
        let Some(masks) = masks::filled(&row.text, row.said()) else {
            skipped += 1;
            continue;
        };
        let found = extract(row.said(), row.platform(bench));
        for (name, number) in masks {
            let of = |field: &&Field| field.value == number.trim();
            let order = found
                .iter()
                .filter(of)
                .find(|field| field.kind == FieldKind::OrderNo);
            let right = match name {
                "订单" => {
                    exact.push(order.is_some_and(|field| field.or.is_empty()));
                    ambiguous.push(found.iter().filter(of).any(|f| {
                        f.kind == FieldKind::OrderNo || f.or.contains(&FieldKind::OrderNo)
                    }));
                    exact.last() == Some(&true)
                }
                "电话" => {
                    phones.push(order.is_some());
                    order.is_none()
                }
                _ => true,
            };
            if !right {
                let got: Vec<String> = found
                    .iter()
                    .map(|f| {
                        format!(
                            "{:?}{} {}",
                            f.kind,
                            f.or.iter().map(|or| format!("|{or:?}")).collect::<String>(),
                            f.value
                        )
                    })
                    .collect();
                wrong.push(Example {
                    id: row.id.clone(),
                    said: row.said().to_owned(),
                    wanted: format!("{name} {number}"),
                    got: got.join(", "),
                    because: Vec::new(),
                });
            }
        }
    }
    let figure =
        |zh: &str, en: &str, list: Vec<bool>| Figure::share(Both::new(zh, en), Share::count(list));
    section.figures.push(figure(
        "订单号找到，且不含糊",
        "order numbers found, unambiguous",
        exact,
    ));
    section.figures.push(figure(
        "订单号找到，或在候选里",
        "order numbers found or among candidates",
        ambiguous,
    ));
    section.figures.push(figure(
        "电话当成了订单号",
        "phones taken for order numbers",
        phones,
    ));
    section.notes.push(Both::new(
        format!("{skipped} 行遮盖处对不上，没有计入"),
        format!("{skipped} rows whose masks could not be laid over the numbers are left out"),
    ));
    section.examples.push((Both::new("错了的", "Wrong"), wrong));
    section
}

/// How long one message takes to read.
pub(super) fn latency(bench: &Bench, rows: Vec<Row>, file: &Path) -> anyhow::Result<Section> {
    let times = bench.time(&rows)?;
    let mut section = Section::new(
        Both::new(
            "读一条消息的时间（微秒）",
            "Reading one message (microseconds)",
        ),
        file_name(file),
    );
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
        let error = bootstrap(times.len(), |drawn| {
            let again: Vec<f64> = drawn.iter().map(|at| times[*at]).collect();
            quantile(&again, share)
        });
        let mut figure = Figure::new(
            Both::same(name),
            (quantile(&times, share), error),
            times.len(),
        );
        figure.digits = 0;
        section.figures.push(figure);
    }
    if cfg!(debug_assertions) {
        section.notes.push(Both::new(
            "未优化的构建，时间不能当真",
            "a build without optimisation: not a figure to quote",
        ));
    }
    Ok(section)
}

pub(super) fn judged(one: &Heard, map: &LabelMap) -> Option<Judged> {
    let label = one.row.label.clone()?;
    let labels = one.row.labels.clone().filter(|labels| !labels.is_empty());
    Some(Judged {
        labels: labels.unwrap_or_else(|| vec![label.clone()]),
        label,
        predicted: map.predicted(one.row.said(), &one.reading).to_owned(),
    })
}

pub(super) fn example(one: &Heard, wanted: String, got: String) -> Example {
    let said: Vec<&str> = one
        .facts
        .messages
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    Example {
        id: one.row.id.clone(),
        said: said.join(" / "),
        wanted,
        got,
        because: one.reading.evidence.iter().map(evidence).collect(),
    }
}

pub(super) fn intents(reading: &Reading) -> String {
    let nearly = reading
        .runner_up
        .iter()
        .map(|read| format!("~{} {:.2}", read.id, read.score));
    let understood = reading
        .intents
        .iter()
        .map(|read| format!("{} {:.2}", read.id, read.score));
    understood.chain(nearly).collect::<Vec<_>>().join(", ")
}

fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Keyword {
            intent,
            words,
            weight,
        } => format!("{intent}: {words} +{weight:.2}"),
        Evidence::Pattern {
            intent,
            pattern,
            weight,
        } => format!("{intent}: /{pattern}/ +{weight:.2}"),
        Evidence::Sentence {
            intent,
            sentence,
            similarity,
            ..
        } => {
            let intent = intent.as_ref().map_or("", |id| id.as_str());
            format!("{intent}: “{sentence}” {similarity:.2}")
        }
        Evidence::Excluded { intent, words } => format!("{intent}: -{words}"),
        Evidence::Context { intent } => format!("{intent}: …"),
    }
}

pub(super) fn shown(share: Share) -> String {
    format!("{:.3} ± {:.3}", share.value(), share.error())
}
