//! The editions of the knowledge folder that the editor publishes, and what each allows, written down by
//! hand: the oracle asks this page and never the program.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::{Asia::Shanghai, Tz};
use jieban::{
    knowledge::{Files, Knowledge, Mode},
    service::shelf::read_folder,
};

/// One state of the folder.
pub(crate) struct Edition {
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) files: Files,
    /// The mode of the shop 一盏茶具; its other shop is always `auto`.
    pub(crate) mode: Mode,
    /// Lunch, in minutes of the day.
    lunch: (u32, u32),
    /// From how much on freight is free, in yuan.
    free_from: u32,
    /// Scripts (the beginning of their text) that count only before a moment.
    ends: &'static [(&'static str, &'static str)],
}

/// What a reply's words are, as the oracle knows them by how they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    Answer,
    Registers,
    Receipt,
    /// A receipt for who is kept waiting by day.
    Rescue,
    Handoff,
    /// Announced, and no more.
    News,
}

/// What is announced.
pub(crate) const NEWS: &[&str] = &[
    "【公告】仓库临时停发，恢复后马上寄出。",
    "【公告】今天客服系统升级，回复会慢一些。",
];

/// The shop whose agents are named in its table, in which the bot steps in for them, and which lets little leave.
pub(crate) const BUSY: &str = "teahouse-busy";
/// Its agents.
pub(crate) const AGENTS: &[&str] = &["小李", "小王", "小赵"];
/// How long a customer waits there until the bot steps in.
pub(crate) const RESCUE: Duration = Duration::seconds(100);

/// How many automatic replies may leave to one customer in an hour, and in one shop in a minute.
pub(crate) fn caps(shop: &str) -> (usize, usize) {
    match shop {
        BUSY => (2, 2),
        "teahouse-auto" => (1, 600),
        _ => (20, 600),
    }
}

/// Who stands in the table of a shop for a moment.
pub(crate) fn people(shop: &str, at: DateTime<Utc>) -> &'static [&'static str] {
    let at = at.with_timezone(&Shanghai);
    match at.hour() {
        9..18 if shop == BUSY && !is_holiday(at) => &AGENTS[..2],
        18..24 if shop == BUSY && !is_holiday(at) => &AGENTS[2..],
        _ => &[],
    }
}

fn is_holiday(at: DateTime<Tz>) -> bool {
    let day = at.date_naive().to_string();
    ("2027-02-05"..="2027-02-08").contains(&day.as_str())
}

const FREIGHT: &str = "亲，全店满";
const GREETING: &str = "亲，您好，请问";
const SHIPPING: &str = "亲，付款后48小时内发出";
const RECEIPT: &str = "亲，您的消息已收到";

/// A moment as the shop's clocks show it.
pub(crate) fn local(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
    Shanghai.from_local_datetime(&local).unwrap().to_utc()
}

/// Every edition; the first is the one every run begins with.
pub(crate) fn editions() -> &'static [Edition] {
    static EDITIONS: OnceLock<Vec<Edition>> = OnceLock::new();
    EDITIONS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/shop");
        let mut files = read_folder(&folder).unwrap();
        // The caps are small enough to be met.
        edit(
            &mut files,
            "shops.yaml",
            "每客每小时: 3",
            "每客每小时: 2\n    每店每分钟: 2",
        );
        edit(
            &mut files,
            "shops.yaml",
            "模式: 自动",
            "模式: 自动\n    每客每小时: 1",
        );
        let plain = || Edition {
            knowledge: Arc::new(Knowledge::load(&files).unwrap().0),
            files: files.clone(),
            mode: Mode::Assist,
            lunch: (12 * 60, 13 * 60 + 30),
            free_from: 39,
            ends: &[],
        };
        let auto = ("shops.yaml", "平台: 淘宝", "平台: 淘宝\n    模式: 自动");
        let off = ("shops.yaml", "平台: 淘宝", "平台: 淘宝\n    模式: 关闭");
        let dear = ("scripts/freight.md", "满39元", "满59元");
        let lunch = ("hours/weekly.csv", "12:00,13:30", "12:10,13:00");
        let ends = [
            (
                "scripts/freight.md",
                "自动: 回答",
                "自动: 回答\n结束: 2026-11-20 12:40",
            ),
            (
                "scripts/shiptime.md",
                "自动: 回答",
                "自动: 回答\n结束: 2026-11-20 02:10",
            ),
            (
                "scripts/greet.md",
                "自动: 回答",
                "自动: 回答\n结束: 2026-11-20 12:41",
            ),
        ];
        vec![
            plain(),
            Edition {
                free_from: 59,
                ..edited(&files, &[dear], plain())
            },
            Edition {
                ends: &[
                    (FREIGHT, "2026-11-20 12:40:00"),
                    (SHIPPING, "2026-11-20 02:10:00"),
                    (GREETING, "2026-11-20 12:41:00"),
                ],
                ..edited(&files, &ends, plain())
            },
            Edition {
                lunch: (12 * 60 + 10, 13 * 60),
                ..edited(&files, &[lunch], plain())
            },
            Edition {
                mode: Mode::Auto,
                ..edited(&files, &[auto], plain())
            },
            Edition {
                mode: Mode::Off,
                ..edited(&files, &[off], plain())
            },
        ]
    })
}

fn edited(files: &Files, edits: &[(&str, &str, &str)], edition: Edition) -> Edition {
    let mut files = files.clone();
    for (path, from, to) in edits {
        edit(&mut files, path, from, to);
    }
    Edition {
        knowledge: Arc::new(Knowledge::load(&files).unwrap().0),
        files,
        ..edition
    }
}

fn edit(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    files.insert(path.to_owned(), text.replacen(from, to, 1).into_bytes());
}

impl Edition {
    /// Its place among the editions.
    pub(crate) fn of_version(version: &str) -> Option<usize> {
        editions()
            .iter()
            .position(|edition| edition.knowledge.version().0 == version)
    }

    /// Whether somebody is on duty by the tables.
    pub(crate) fn staffed(&self, shop: &str, at: DateTime<Utc>) -> bool {
        if shop == BUSY {
            return !people(shop, at).is_empty();
        }
        let at = at.with_timezone(&Shanghai);
        let minute = at.hour() * 60 + at.minute();
        !is_holiday(at) && minute >= 9 * 60 && !(self.lunch.0..self.lunch.1).contains(&minute)
    }

    /// Since when nobody is on duty by the tables, if nobody is.
    pub(crate) fn alone_since(&self, shop: &str, at: DateTime<Utc>) -> DateTime<Utc> {
        let mut since = at
            .with_second(0)
            .and_then(|at| at.with_nanosecond(0))
            .unwrap();
        while !self.staffed(shop, since - Duration::minutes(1)) {
            since -= Duration::minutes(1);
        }
        since
    }

    /// What the words of a reply are that may be said at a moment; an error says why they may not.
    pub(crate) fn words(
        &self,
        text: &str,
        at: DateTime<Utc>,
        announced: &[&str],
    ) -> Result<Words, String> {
        let mut what = None;
        for line in text.lines() {
            if announced.contains(&line) {
                what.get_or_insert(Words::News);
                continue;
            }
            let freight = format!("{FREIGHT}{}元包邮", self.free_from);
            let this = if line.starts_with(&freight)
                || line.starts_with(GREETING)
                || line.starts_with(SHIPPING)
            {
                Words::Answer
            } else if line.starts_with("亲，已登记您的物流查询")
                || line.starts_with("亲，抱歉让您收到不完整的包裹")
            {
                Words::Registers
            } else if line.starts_with("亲，已为您记下需要人工")
                || line.starts_with("亲，已为您叫人工")
            {
                Words::Handoff
            } else if line.starts_with(RECEIPT) {
                Words::Receipt
            } else if line.starts_with("亲，让您久等了") {
                Words::Rescue
            } else {
                return Err(format!("the folder in force has no such words: {line}"));
            };
            if let Some((_, until)) = self
                .ends
                .iter()
                .find(|(begin, until)| line.starts_with(begin) && local(until) <= at)
            {
                return Err(format!("these words counted only before {until}: {line}"));
            }
            what = Some(this);
        }
        what.ok_or_else(|| "no words at all".to_owned())
    }
}
