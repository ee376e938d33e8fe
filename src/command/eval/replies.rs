//! Automatic replies: one section of the report.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{
    Bench, file_name,
    rows::Heard,
    understanding::{example, intents, judged, shown},
};
use crate::{
    command::offline,
    desk::{
        alone::{RISKY_MOOD, alone},
        last_turn,
    },
    eval::{
        automatic::{self, Did, Point},
        labels::{CHITCHAT, Judged, LabelMap, OTHER},
        report::{Both, Example, Figure, Picture, Section, Table},
        share::Share,
    },
    knowledge::{Policy, Reading},
};

/// How many automatic replies a person should read.
const TO_READ: usize = 100;

/// What would be answered alone.
pub(super) fn automatic(bench: &Bench, heard: &[Heard], file: &Path, map: &LabelMap) -> Section {
    let mut section = Section::new(Both::new("自动回复", "Automatic replies"), file_name(file));
    let fits = bench.knowledge.ranking().fits;
    let mut thresholds = automatic::thresholds();
    thresholds.push(fits);
    thresholds.sort_by(f32::total_cmp);
    thresholds.dedup();
    let coverage = offline::nobody_in(&bench.knowledge, &bench.shop, bench.at);
    let over = |one: &Heard, judged: &Judged| automatic::Row {
        right: judged.right(),
        did: thresholds
            .iter()
            .map(|threshold| {
                let reading = automatic::with_fits(&one.reading, *threshold);
                last_turn(&one.facts.messages).map_or(Did::Waited, |turn| {
                    Did::of(alone(&bench.filling(&one.facts, &reading, &coverage), &turn).verdict)
                })
            })
            .collect(),
    };
    let judged: Vec<(&Heard, Judged)> = heard
        .iter()
        .filter(|one| one.row.is_random() && one.row.is_decidable())
        .filter_map(|one| Some((one, judged(one, map)?)))
        .collect();
    let curve = |wanted: &dyn Fn(&str) -> bool| {
        let rows: Vec<automatic::Row> = judged
            .iter()
            .filter(|(_, judged)| wanted(&judged.label))
            .map(|(one, judged)| over(one, judged))
            .collect();
        automatic::curve(&thresholds, &rows)
    };
    let matters = curve(&|label| label != CHITCHAT && label != OTHER);
    let at_default =
        |points: &[Point]| points.iter().find(|point| point.threshold == fits).copied();
    for (zh, en, points) in [
        ("有事的", "matters", &matters),
        ("寒暄", "chitchat", &curve(&|label| label == CHITCHAT)),
        ("其他", "other", &curve(&|label| label == OTHER)),
    ] {
        let Some(point) = at_default(points) else {
            continue;
        };
        let mut add = |zh_more: &str, en_more: &str, share: Share| {
            let name = Both::new(format!("{zh} · {zh_more}"), format!("{en} · {en_more}"));
            section.figures.push(Figure::share(name, share));
        };
        add("直接回答", "answered", point.answered);
        add("回答或登记", "answered or registered", point.handled());
        add("回答里分类对的", "right, of answered", point.answered_right);
        add(
            "登记里分类对的",
            "right, of registered",
            point.registered_right,
        );
    }
    let spoke = |one: &Heard| Did::of(one.verdict()) != Did::Waited;
    let quiet = |one: &Heard| spoke(one) && on_silence_list(bench, &one.reading);
    let random: Vec<&(&Heard, Judged)> = judged.iter().collect();
    section.figures.push(Figure::share(
        Both::new("不该自动回的（情绪、沉默清单）", "on the silence list"),
        Share::count(
            random
                .iter()
                .filter(|(one, _)| spoke(one))
                .map(|(one, _)| quiet(one)),
        ),
    ));
    section.tables.push(curve_table(&matters));
    section.pictures.push(curve_picture(&matters, fits));
    let wrong = random
        .iter()
        .filter(|(one, judged)| spoke(one) && !judged.right())
        .map(|(one, judged)| replied(one, judged));
    section.examples.push((
        Both::new("回了但分类错的", "Replied under a wrong label"),
        wrong.collect(),
    ));
    let complaints = random.iter().filter(|(one, judged)| {
        Did::of(one.verdict()) == Did::Answered && judged.labels.iter().any(|l| l == "complaint")
    });
    section.examples.push((
        Both::new(
            "标了投诉却直接回答的",
            "Answered though labelled a complaint",
        ),
        complaints
            .map(|(one, judged)| replied(one, judged))
            .collect(),
    ));
    let mut answered: Vec<(&Heard, &Judged)> = random
        .iter()
        .filter(|(one, judged)| {
            Did::of(one.verdict()) == Did::Answered
                && judged.label != CHITCHAT
                && judged.label != OTHER
        })
        .map(|(one, judged)| (*one, judged))
        .collect();
    answered.sort_by_cached_key(|(one, _)| Sha256::digest(one.row.id.as_bytes()).to_vec());
    let to_read = answered
        .iter()
        .take(TO_READ)
        .map(|(one, judged)| replied(one, judged));
    section.examples.push((
        Both::new("抽出来逐条读的回答", "Answers to read one by one"),
        to_read.collect(),
    ));
    section
}

fn on_silence_list(bench: &Bench, reading: &Reading) -> bool {
    let quiet = |id| {
        bench
            .knowledge
            .intent(id)
            .is_some_and(|intent| intent.night <= Policy::Receipt)
    };
    reading.mood.level >= RISKY_MOOD || reading.intents.iter().any(|read| quiet(&read.id))
}

fn curve_table(points: &[Point]) -> Table {
    Table {
        head: vec![
            Both::new("匹配线", "fits"),
            Both::new("回答", "answered"),
            Both::new("登记", "registered"),
            Both::new("回答对", "answered right"),
            Both::new("登记对", "registered right"),
        ],
        rows: points
            .iter()
            .map(|point| {
                let shares = [
                    point.answered,
                    point.registered,
                    point.answered_right,
                    point.registered_right,
                ];
                std::iter::once(format!("{:.2}", point.threshold))
                    .chain(shares.map(shown))
                    .collect()
            })
            .collect(),
    }
}

fn curve_picture(points: &[Point], fits: f32) -> Picture {
    let line = |zh: &str, en: &str, of: fn(&Point) -> Share| {
        (
            Both::new(zh, en),
            points.iter().map(|point| of(point).value()).collect(),
        )
    };
    Picture::Curve {
        axis: Both::new("匹配线", "threshold from which a script fits"),
        at: points
            .iter()
            .map(|point| f64::from(point.threshold))
            .collect(),
        lines: vec![
            line("直接回答", "answered", |p| p.answered),
            line("回答里分类对的", "right, of answered", |p| {
                p.answered_right
            }),
            line("登记", "registered", |p| p.registered),
            line("登记里分类对的", "right, of registered", |p| {
                p.registered_right
            }),
        ],
        mark: Some(f64::from(fits)),
    }
}

fn replied(one: &Heard, judged: &Judged) -> Example {
    let line = one.would.as_ref().and_then(|would| would.line.as_ref());
    let words = line.map_or(String::new(), |line| {
        format!("{}: {}", line.script, line.text)
    });
    let got = format!(
        "{} {} ({})\n{words}",
        one.verdict().code(),
        judged.predicted,
        intents(&one.reading)
    );
    example(one, judged.labels.join("/"), got)
}
