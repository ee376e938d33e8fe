//! The tables of `rules/` that understanding uses: moods, spellings and weights.

use super::{
    forbidden::check_written,
    form::Form,
    mood::MoodWord,
    problem::Report,
    ranking::Ranking,
    table,
    yaml::{Key, Node},
};

/// Reads `rules/mood.csv`.
pub(super) fn mood(text: &str, report: &mut Report) -> Vec<MoodWord> {
    const HEADINGS: &[Key] = &[
        ("写法", "words"),
        ("级别", "level"),
        ("类别", "category"),
        ("例外", "except"),
    ];
    table::rows(text, HEADINGS, &["写法", "级别"], report)
        .iter()
        .filter_map(|row| {
            let written = row.need("写法", report).cloned();
            let level = row.need("级别", report).cloned().and_then(|cell| {
                let level = super::dates::fold(&cell.text)
                    .parse()
                    .ok()
                    .filter(|level| *level <= 4u8);
                if level.is_none() {
                    report.error(
                        cell.place,
                        format!("“级别”不能是“{}”", cell.text),
                        "写 0 到 4：1 不安、2 不满、3 威胁、4 辱骂或危险",
                    );
                }
                level
            });
            let written = written?;
            check_written(&written, report)?;
            Some(MoodWord {
                written: written.text,
                level: level?,
                category: row.text("类别"),
                except: row.words("例外"),
                line: row.line(),
            })
        })
        .collect()
}

/// Reads `rules/spelling.csv`: what is written and what is meant.
pub(super) fn spelling(text: &str, report: &mut Report) -> Vec<(String, String)> {
    const HEADINGS: &[Key] = &[("写法", "written"), ("标准", "standard")];
    let mut seen = std::collections::HashMap::new();
    table::rows(text, HEADINGS, &["写法", "标准"], report)
        .iter()
        .filter_map(|row| {
            let written = row.need("写法", report).cloned();
            let standard = row.need("标准", report).cloned();
            let (written, standard) = (written?, standard?);
            super::intent::normal_word(&written, "写法", report)?;
            match seen.insert(written.text.clone(), (standard.text.clone(), row.line())) {
                Some((other, line)) if other != standard.text => report.error(
                    written.place,
                    format!("“{}”在第 {line} 行已经写成“{other}”", written.text),
                    "只留一行",
                ),
                Some(_) => return None,
                None => {}
            }
            Some((written.text, standard.text))
        })
        .collect()
}

/// Every key of `rules/ranking.yaml`.
pub(super) const RANKING: &[Key] = &[
    ("匹配线", "fits"),
    ("意图线", "intent"),
    ("领先", "margin"),
    ("关键词权重", "keyword"),
    ("句式权重", "pattern"),
    ("弱词权重", "weak"),
    ("问法权重", "sentence"),
    ("上文权重", "context"),
];

/// Reads `rules/ranking.yaml`.
pub(super) fn ranking(root: &Node, report: &mut Report) -> Ranking {
    let mut ranking = Ranking::default();
    let Some(form) = Form::open(root, RANKING, report) else {
        return ranking;
    };
    for (key, value) in [
        ("匹配线", &mut ranking.fits),
        ("意图线", &mut ranking.intent),
        ("领先", &mut ranking.margin),
        ("关键词权重", &mut ranking.keyword),
        ("句式权重", &mut ranking.pattern),
        ("弱词权重", &mut ranking.weak),
        ("问法权重", &mut ranking.sentence),
        ("上文权重", &mut ranking.context),
    ] {
        let most = if key.ends_with("权重") { 10.0 } else { 1.0 };
        if let Some(number) = form.number(key, 0.0, most, report) {
            *value = number as f32;
        }
    }
    ranking
}
