//! One of a few labels for every message: which label a reading means, and how often it is right.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde::Serialize;

use super::{
    share::{Binary, Share},
    spread::bootstrap,
};
use crate::knowledge::{
    IntentId, Reading,
    reading::Evidence,
    sentence::without_cards,
    text::{is_han, normalise},
};

/// The label of what is none of the others.
pub const OTHER: &str = "other";
/// The label of greetings and thanks.
pub const CHITCHAT: &str = "chitchat";
/// A label needs this many rows before its F1 says anything.
pub const ROWS: usize = 15;

/// Which label each intent means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelMap(BTreeMap<String, String>);

impl LabelMap {
    /// From pairs of intent and label.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The label of an intent; [`OTHER`] for one that is not in the map.
    pub fn of(&self, intent: &IntentId) -> &str {
        self.0.get(intent.as_str()).map_or(OTHER, String::as_str)
    }

    /// The label of a reading of `text`: of its first intent. Nothing understood is [`OTHER`], and so is a
    /// mere number, card or link on which a topic was only carried over.
    pub fn predicted(&self, text: &str, reading: &Reading) -> &str {
        match reading.intents.first() {
            Some(first) if !(is_bare(text) && is_carried(reading, &first.id)) => self.of(&first.id),
            _ => OTHER,
        }
    }
}

fn is_carried(reading: &Reading, id: &IntentId) -> bool {
    reading
        .evidence
        .iter()
        .any(|e| matches!(e, Evidence::Context { intent } if intent == id))
}

/// Names that stand before a number in what people paste; they ask for nothing.
const NAMES: &[&str] = &[
    "订单编号",
    "订单号码",
    "订单号",
    "订单金额",
    "下单时间",
    "商品编号",
    "商品id",
    "商家id",
    "快递单号",
    "物流单号",
    "运单号",
    "手机号码",
    "手机号",
    "电话号码",
    "咨询",
    "订单",
    "商品",
    "编号",
    "单号",
    "金额",
    "时间",
    "电话",
    "手机",
    "尾号",
    "号码",
];

/// A bracketed card, picture or the like.
static CARD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[[^\[\]]*\]").ok());

/// Whether a message is a number, a card or a link and nothing else.
pub fn is_bare(text: &str) -> bool {
    let normal = normalise(text);
    let mut rest = without_cards(&normal).into_owned();
    if let Some(card) = CARD.as_ref() {
        rest = card.replace_all(&rest, " ").into_owned();
    }
    for name in NAMES {
        rest = rest.replace(name, " ");
    }
    // What is left is codes: letters only with digits among them.
    !rest.chars().any(is_han)
        && rest.split_whitespace().all(|word| {
            let letters = word.chars().any(char::is_alphabetic);
            !letters || word.contains("://") || word.chars().any(|c| c.is_ascii_digit())
        })
}

/// A row's labels, and the one that was foretold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What the customer wants done.
    pub label: String,
    /// Everything he wants, the label among it.
    pub labels: Vec<String>,
    /// What was understood.
    pub predicted: String,
}

impl Judged {
    /// The row as one whose only label is the foretold one, where that is among its own.
    pub fn leniently(&self) -> Self {
        let label = if self.right() {
            &self.predicted
        } else {
            &self.label
        };
        Self {
            label: label.clone(),
            ..self.clone()
        }
    }

    /// Whether the foretold label is among the row's.
    pub fn right(&self) -> bool {
        self.labels.contains(&self.predicted)
    }
}

/// The share of rows whose foretold label is the first of theirs.
pub fn accuracy(rows: &[&Judged]) -> Share {
    Share::count(rows.iter().map(|row| row.label == row.predicted))
}

/// The share of rows whose foretold label is one of theirs.
pub fn any_label(rows: &[&Judged]) -> Share {
    Share::count(rows.iter().map(|row| row.right()))
}

/// Rows by label and foretold label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Every label, by name.
    pub labels: Vec<String>,
    /// For every label, how often each label was foretold.
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts rows.
    pub fn of(rows: &[&Judged]) -> Self {
        let mut labels: Vec<String> = rows
            .iter()
            .flat_map(|row| [row.label.clone(), row.predicted.clone()])
            .collect();
        labels.sort();
        labels.dedup();
        let mut counts = vec![vec![0; labels.len()]; labels.len()];
        for row in rows {
            let place = |label: &String| labels.binary_search(label).unwrap_or_default();
            counts[place(&row.label)][place(&row.predicted)] += 1;
        }
        Self { labels, counts }
    }

    /// One label against all others.
    pub fn binary(&self, label: usize) -> Binary {
        let row: usize = self.counts.get(label).map_or(0, |row| row.iter().sum());
        let column: usize = self.counts.iter().filter_map(|row| row.get(label)).sum();
        let hits = self
            .counts
            .get(label)
            .and_then(|row| row.get(label))
            .copied()
            .unwrap_or(0);
        let all: usize = self.counts.iter().flatten().sum();
        Binary {
            hits,
            false_alarms: column - hits,
            misses: row - hits,
            rest: all + hits - row - column,
        }
    }

    /// How many rows have a label.
    pub fn rows(&self, label: usize) -> usize {
        self.counts.get(label).map_or(0, |row| row.iter().sum())
    }

    /// The mean F1 of the labels for which `counts` holds.
    fn macro_f1(&self, counts: impl Fn(&str) -> bool) -> f64 {
        let scores: Vec<f64> = self
            .labels
            .iter()
            .enumerate()
            .filter(|(_, label)| counts(label))
            .map(|(at, _)| self.binary(at).f1())
            .collect();
        super::spread::mean(&scores)
    }
}

/// The mean F1 over labels with at least [`ROWS`] rows, with its standard error (bootstrap).
pub fn macro_f1(rows: &[&Judged]) -> (f64, f64) {
    let all = Confusion::of(rows);
    let enough: Vec<&str> = (0..all.labels.len())
        .filter(|at| all.rows(*at) >= ROWS)
        .map(|at| all.labels[at].as_str())
        .collect();
    let value = all.macro_f1(|label| enough.contains(&label));
    // By number, so that drawing again is cheap.
    let place = |label: &String| all.labels.binary_search(label).unwrap_or_default();
    let pairs: Vec<(usize, usize)> = rows
        .iter()
        .map(|row| (place(&row.label), place(&row.predicted)))
        .collect();
    let mut counted = Confusion {
        labels: all.labels.clone(),
        counts: all.counts.clone(),
    };
    let error = bootstrap(rows.len(), |drawn| {
        counted
            .counts
            .iter_mut()
            .flatten()
            .for_each(|count| *count = 0);
        for at in drawn {
            let (label, predicted) = pairs[*at];
            counted.counts[label][predicted] += 1;
        }
        counted.macro_f1(|label| enough.contains(&label))
    });
    (value, error)
}

/// F1 of yes-or-no rows (foretold, true), with its standard error (bootstrap).
pub fn f1(rows: &[(bool, bool)]) -> (f64, f64) {
    let of = |pairs: &mut dyn Iterator<Item = (bool, bool)>| Binary::count(pairs).f1();
    let value = of(&mut rows.iter().copied());
    let error = bootstrap(rows.len(), |drawn| {
        of(&mut drawn.iter().map(|at| rows[*at]))
    });
    (value, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::reading::ReadIntent;

    fn rows(pairs: &[(&str, &str, usize)]) -> Vec<Judged> {
        pairs
            .iter()
            .flat_map(|(label, predicted, times)| {
                std::iter::repeat_n(
                    Judged {
                        label: (*label).into(),
                        labels: label.split('/').map(Into::into).collect(),
                        predicted: (*predicted).into(),
                    },
                    *times,
                )
            })
            .collect()
    }

    #[test]
    fn known_tables_give_known_f1s() {
        for (table, accurate, wanted) in [
            // All right.
            (vec![("a", "a", 20), ("b", "b", 20)], 1.0, 1.0),
            // F1 of a: 2·10/(20+10+0)=2/3; of b: 2·20/(40+0+10)=0.8.
            (
                vec![("a", "a", 10), ("a", "b", 10), ("b", "b", 20)],
                0.75,
                (2.0 / 3.0 + 0.8) / 2.0,
            ),
            // `c` has too few rows to count; its false alarm still costs `a`.
            (vec![("a", "a", 15), ("c", "a", 5)], 0.75, 30.0 / 35.0),
            // Nothing right.
            (vec![("a", "b", 15), ("b", "a", 15)], 0.0, 0.0),
        ] {
            let rows = rows(&table);
            let rows: Vec<&Judged> = rows.iter().collect();
            let (value, error) = macro_f1(&rows);
            assert!((value - wanted).abs() < 1e-9, "{table:?}: {value}");
            assert!(
                (accuracy(&rows).value() - accurate).abs() < 1e-9,
                "{table:?}"
            );
            assert_eq!(
                error < 1e-12,
                !(1e-9..=1.0 - 1e-9).contains(&value),
                "{table:?}: {error}"
            );
        }
        let confusion = Confusion::of(
            &rows(&[("a", "a", 1), ("a", "b", 2), ("b", "b", 3)])
                .iter()
                .collect::<Vec<_>>(),
        );
        assert_eq!(confusion.counts, [[1, 2], [0, 3]]);
        assert_eq!(
            confusion.binary(1),
            Binary {
                hits: 3,
                false_alarms: 2,
                misses: 0,
                rest: 1
            }
        );
        assert!((f1(&[(true, true), (true, false), (false, true)]).0 - 0.5).abs() < 1e-9);
    }

    #[test]
    fn any_of_a_rows_labels_is_right() {
        let judged = Judged {
            label: "a".into(),
            labels: vec!["a".into(), "b".into()],
            predicted: "b".into(),
        };
        assert!(judged.right());
        assert_eq!(judged.leniently().label, "b");
        assert_eq!(any_label(&[&judged]), Share { hits: 1, of: 1 });
        assert_eq!(accuracy(&[&judged]), Share { hits: 0, of: 1 });
    }

    #[test]
    fn a_mere_number_does_not_say_what_is_wanted() {
        for (text, bare) in [
            ("839424306679", true),
            ("咨询订单号:839424306679 商品ID:12", true),
            ("2018-09-12 15:19 订单号:754834914663", true),
            ("https://item.example/12.html", true),
            ("NE1234567890", true),
            ("[商品卡片]", true),
            ("订单号839424306679 什么时候到", false),
            ("怎么办", false),
            ("refund please", false),
            ("6", true),
        ] {
            assert_eq!(is_bare(text), bare, "{text}");
        }
    }

    #[test]
    fn the_first_intent_names_the_label() {
        let map = LabelMap::new([("log.track".into(), "logistics".into())]);
        let first = |id: &str, carried: bool| Reading {
            intents: vec![ReadIntent {
                want: Default::default(),
                asked: true,
                id: IntentId::from(id),
                score: 0.9,
            }],
            evidence: match carried {
                true => vec![Evidence::Context {
                    intent: IntentId::from(id),
                }],
                false => Vec::new(),
            },
            ..Reading::default()
        };
        for (text, reading, label) in [
            ("到哪了", Reading::default(), OTHER),
            ("到哪了", first("log.track", false), "logistics"),
            ("12345678", first("log.track", false), "logistics"),
            ("12345678", first("log.track", true), OTHER),
            ("还没到", first("log.track", true), "logistics"),
            ("到哪了", first("nobody.knows", false), OTHER),
        ] {
            assert_eq!(map.predicted(text, &reading), label, "{text}");
        }
    }
}
