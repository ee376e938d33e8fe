//! A tea shop, and conversations in one line, for the tables of this room's tests.

#![allow(clippy::panic)]

use std::sync::LazyLock;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use super::facts::Message;
use crate::knowledge::{ContentKind, Knowledge, Speaker, files};

/// `customer 12:31:00 在吗|human 12:32:00 在的` on 20 November 2026 in Shanghai.
pub(crate) fn talk(lines: &str) -> Vec<Message> {
    lines
        .split('|')
        .filter(|line| !line.is_empty())
        .enumerate()
        .map(|(n, line)| {
            let mut words = line.splitn(3, ' ');
            let speaker = Speaker::parse(words.next().expect("who")).expect(line);
            let at = moment(words.next().expect("when"));
            Message {
                id: n as i64 + 1,
                speaker,
                sender: None,
                kind: ContentKind::Text,
                text: words.next().unwrap_or_default().to_owned(),
                at,
                received_at: at,
                history: false,
            }
        })
        .collect()
}

/// A time of 20 November 2026 in Shanghai.
pub(crate) fn moment(time: &str) -> DateTime<Utc> {
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S").expect(time);
    NaiveDate::from_ymd_opt(2026, 11, 20)
        .expect("a day")
        .and_time(time)
        .and_utc()
        - Duration::hours(8)
}

macro_rules! shop {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../tests/stories/shop/", $path)))),+]
    };
}

/// The tea shop of the stories.
pub(crate) fn house() -> &'static Knowledge {
    static HOUSE: LazyLock<Knowledge> = LazyLock::new(|| {
        let pairs = shop![
            "shops.yaml",
            "hours/weekly.csv",
            "hours/holidays.csv",
            "rules/forbidden.csv",
            "rules/mood.csv",
            "rules/spelling.csv",
            "intents/pre.freight.yaml",
            "intents/pre.shiptime.yaml",
            "intents/log.track.yaml",
            "intents/miss.item.yaml",
            "intents/oth.complaint.yaml",
            "intents/oth.greet.yaml",
            "intents/oth.human.yaml",
            "cases/漏发.yaml",
            "cases/物流异常.yaml",
            "cases/投诉.yaml",
            "scripts/freight.md",
            "scripts/shiptime.md",
            "scripts/track.md",
            "scripts/track-register.md",
            "scripts/missing.md",
            "scripts/complaint.md",
            "scripts/greet.md",
            "scripts/receipt.md",
            "scripts/handoff.md",
            "scripts/handoff-now.md",
            "scripts/rescue.md",
        ];
        match Knowledge::load(&files(pairs)) {
            Ok((knowledge, _)) => knowledge,
            Err(problems) => panic!("{problems:#?}"),
        }
    });
    &HOUSE
}
