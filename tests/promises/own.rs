//! The lines of `own.csv`.

use chrono::{DateTime, Utc};
use jieban::{
    desk::promise::{Promised, promised},
    knowledge::{Files, Knowledge, ShopId, files},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Line {
    said: String,
    promise: String,
    kind: String,
    sent_at: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
}

/// A shop in Shanghai that works from Monday to Friday, 9:00 to 18:00, with the shipped words.
pub(crate) fn knowledge() -> Knowledge {
    let folder: Files = files([
        (
            "shops.yaml",
            "店铺:\n  - 编号: main\n    名称: 店\n    平台: taobao\n    时区: Asia/Shanghai\n    账号:\n      - 来源: default\n        账号: demo\n",
        ),
        (
            "scripts/a.md",
            "---\n编号: a\n标题: 回执\n用途: 回执\n自动: 回执\n---\n收到。\n",
        ),
        (
            "hours/weekly.csv",
            "店铺,星期,开始,结束,类型,班次,人员\n,工作日,09:00,18:00,在岗,白班,\n",
        ),
    ]);
    Knowledge::load(&folder).unwrap().0
}

#[test]
fn what_binds_is_told_from_what_only_sounds_so() {
    let knowledge = knowledge();
    let shop = ShopId::from("main");
    let lines: Vec<Line> = csv::Reader::from_path("tests/promises/own.csv")
        .unwrap()
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap();
    let (mut hits, mut misses, mut alarms, mut kinds) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for line in &lines {
        let found = promised(&knowledge, &shop, &line.said, line.sent_at);
        match (line.promise == "yes", found.first()) {
            (true, Some(_)) => {
                hits += 1;
                kinds += usize::from(found.iter().any(|p| *p.kind == *line.kind));
                if !found.iter().any(|p| *p.kind == *line.kind) {
                    wrong.push(format!(
                        "kind {} {:?} {}",
                        line.kind,
                        kinds_of(&found),
                        line.said
                    ));
                }
                if let Some(due) = line.due
                    && !found.iter().any(|p| p.due == due)
                {
                    wrong.push(format!("due {due} {found:?} {}", line.said));
                }
            }
            (true, None) => {
                misses += 1;
                wrong.push(format!("missed {}", line.said));
            }
            (false, Some(_)) => {
                alarms += 1;
                wrong.push(format!("alarm {:?} {}", kinds_of(&found), line.said));
            }
            (false, None) => {}
        }
    }
    println!(
        "hits {hits} misses {misses} alarms {alarms} kinds {kinds}\n{}",
        wrong.join("\n")
    );
    let (recall, precision) = (share(hits, hits + misses), share(hits, hits + alarms));
    assert!(recall >= 0.9, "recall {recall}: {wrong:#?}");
    assert!(precision >= 0.9, "precision {precision}: {wrong:#?}");
}

fn share(hits: usize, of: usize) -> f64 {
    hits as f64 / of as f64
}

fn kinds_of(found: &[Promised]) -> Vec<&str> {
    found.iter().map(|p| &*p.kind).collect()
}
