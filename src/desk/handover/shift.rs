//! When a shift ends: the roster, read for who leaves and who takes over.
//!
//! A break is no handover: who is at lunch comes back. Nor is it one when somebody joins and nobody leaves. The time
//! in which nobody is on duty is the bot's shift.

use chrono::{DateTime, Duration, TimeZone, Utc};

use super::Span;
use crate::knowledge::{
    Knowledge, ShopId,
    arrangement::{Arranged, Arrangement},
    hours::{Cover, Coverage},
};

/// What the bot's shift is called.
pub const NIGHT: &str = "夜间值守";
/// How many changes are looked for at once.
const MOST: usize = 64;

/// Who is on duty in a stretch of time without breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// What it is called.
    pub name: String,
    /// Who is on duty, by name; empty when nobody is named.
    pub people: Vec<String>,
    /// Somebody is on duty; else it is the bot's.
    pub staffed: bool,
}

impl Shift {
    fn of(coverage: Coverage) -> Self {
        match coverage.cover {
            Cover::Staffed | Cover::Lunch => Self {
                name: coverage.reason,
                people: coverage.people,
                staffed: true,
            },
            Cover::Night | Cover::Holiday => Self {
                name: NIGHT.to_owned(),
                people: Vec::new(),
                staffed: false,
            },
        }
    }

    /// Whether this one hands over when that one begins.
    fn hands_over(&self, next: &Self) -> bool {
        match (self.staffed, next.staffed) {
            (true, true) if self.people.is_empty() => {
                let goes_on = |name| next.name.split('、').any(|other| other == name);
                self.name.split('、').any(|name| !goes_on(name))
            }
            (true, true) => self.people.iter().any(|who| !next.people.contains(who)),
            (here, there) => here != there,
        }
    }
}

/// A moment at which one shift hands over to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: DateTime<Utc>,
    /// Who hands over.
    pub left: Shift,
    /// Who takes over.
    pub comes: Shift,
}

impl Change {
    /// What the sheet of this moment covers, when the one before it was written for `from`.
    pub fn span(&self, zone: chrono_tz::Tz, from: DateTime<Utc>, carries: bool) -> Span {
        let stays = |who: &&String| !self.comes.people.contains(who);
        Span {
            shift: self.left.name.clone(),
            from,
            until: self.at,
            day: day_of(zone, self.at),
            leavers: self.left.people.iter().filter(stays).cloned().collect(),
            takers: self.comes.people.clone(),
            next: self.comes.name.clone(),
            to_people: self.comes.staffed,
            carries,
            of: None,
        }
    }
}

/// When the day began that a moment ends: midnight belongs to the day before it.
pub fn day_of(zone: chrono_tz::Tz, at: DateTime<Utc>) -> DateTime<Utc> {
    let before = (at - Duration::milliseconds(1)).with_timezone(&zone);
    let midnight = before.date_naive().and_time(chrono::NaiveTime::MIN);
    zone.from_local_datetime(&midnight)
        .earliest()
        .map_or(at, |at| at.to_utc())
}

/// The changes of a shop's shifts after `since` and not after `until`, in order.
pub fn changes(
    knowledge: &Knowledge,
    shop: &ShopId,
    arrangements: &[Arrangement],
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<Change> {
    let walk = Walk::new(knowledge, shop, arrangements);
    let mut changes = Vec::new();
    let (mut here, mut at) = (walk.on_duty(since), since);
    while let Some(next) = walk.next(at)
        && next <= until
        && changes.len() < MOST
    {
        at = next;
        if walk.is_break(at) {
            continue;
        }
        let comes = walk.on_duty(at);
        if here.hands_over(&comes) {
            changes.push(Change {
                at,
                left: here,
                comes: comes.clone(),
            });
        }
        here = comes;
    }
    changes
}

/// Who is on duty at a moment, breaks aside.
pub fn on_duty(
    knowledge: &Knowledge,
    shop: &ShopId,
    arrangements: &[Arrangement],
    at: DateTime<Utc>,
) -> Shift {
    Walk::new(knowledge, shop, arrangements).on_duty(at)
}

struct Walk<'a> {
    knowledge: &'a Knowledge,
    shop: &'a ShopId,
    arrangements: Vec<Arrangement>,
}

impl<'a> Walk<'a> {
    fn new(knowledge: &'a Knowledge, shop: &'a ShopId, arrangements: &[Arrangement]) -> Self {
        let lunch = |a: &&Arrangement| !matches!(a.what, Arranged::Lunch { .. });
        Self {
            knowledge,
            shop,
            arrangements: arrangements.iter().filter(lunch).cloned().collect(),
        }
    }

    fn coverage(&self, at: DateTime<Utc>) -> Coverage {
        self.knowledge
            .coverage_with(self.shop, at, &self.arrangements)
    }

    fn next(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.coverage(at).until
    }

    fn is_break(&self, at: DateTime<Utc>) -> bool {
        self.coverage(at).cover == Cover::Lunch
    }

    /// In a break, who was on duty before it.
    fn on_duty(&self, at: DateTime<Utc>) -> Shift {
        let mut coverage = self.coverage(at);
        for _ in 0..8 {
            if coverage.cover != Cover::Lunch || coverage.since == DateTime::UNIX_EPOCH {
                break;
            }
            coverage = self.coverage(coverage.since - Duration::milliseconds(1));
        }
        Shift::of(coverage)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use chrono_tz::Asia::Shanghai;

    use super::*;
    use crate::knowledge::files;

    fn at(text: &str) -> DateTime<Utc> {
        let wall = format!("2026-11-{text}");
        let wall = chrono::NaiveDateTime::parse_from_str(&wall, "%Y-%m-%d %H:%M").unwrap();
        Shanghai.from_local_datetime(&wall).unwrap().to_utc()
    }

    fn told(week: &str, arrangements: &[Arrangement], from: &str, until: &str) -> Vec<String> {
        let week = format!("店铺,星期,开始,结束,类型,班次,人员\n{week}");
        let folder = files([
            (
                "shops.yaml",
                "店铺:\n  - 编号: a\n    名称: 甲\n    平台: taobao\n",
            ),
            (
                "scripts/r.md",
                "---\n编号: r\n标题: 回执\n用途: 回执\n---\n收到",
            ),
            ("hours/weekly.csv", week.as_str()),
        ]);
        let (knowledge, _) = Knowledge::load(&folder).unwrap();
        changes(&knowledge, &"a".into(), arrangements, at(from), at(until))
            .into_iter()
            .map(|change| {
                let span = change.span(Shanghai, change.at, false);
                format!(
                    "{} {}({})→{}({})",
                    change.at.with_timezone(&Shanghai).format("%d %H:%M"),
                    span.shift,
                    span.leavers.join("、"),
                    span.next,
                    span.takers.join("、"),
                )
            })
            .collect()
    }

    const TWO: &str = ",每天,09:00,18:00,在岗,早班,小李、小王\n,每天,18:00,24:00,在岗,晚班,小赵\n\
                       ,每天,12:00,13:00,午休,午休,\n";

    #[test]
    fn a_shift_hands_over_when_somebody_leaves() {
        for (name, week, from, until, wanted) in [
            (
                "two shifts, lunch and the night",
                TWO,
                "20 07:55",
                "21 09:00",
                vec![
                    "20 09:00 夜间值守()→早班(小李、小王)",
                    "20 18:00 早班(小李、小王)→晚班(小赵)",
                    "21 00:00 晚班(小赵)→夜间值守()",
                    "21 09:00 夜间值守()→早班(小李、小王)",
                ],
            ),
            (
                "shifts that overlap: who joins takes nothing over",
                ",每天,09:00,20:00,在岗,早班,小李\n,每天,13:00,24:00,在岗,晚班,小赵\n",
                "20 10:00",
                "21 00:00",
                vec![
                    "20 20:00 早班、晚班(小李)→晚班(小赵)",
                    "21 00:00 晚班(小赵)→夜间值守()",
                ],
            ),
            (
                "nobody is named",
                ",每天,09:00,18:00,在岗,早班,\n,每天,18:00,24:00,在岗,晚班,\n,每天,12:00,13:00,午休,午休,\n",
                "20 12:30",
                "20 23:00",
                vec!["20 18:00 早班()→晚班()"],
            ),
            (
                "the same person stays",
                ",每天,09:00,18:00,在岗,早班,小李\n,每天,18:00,24:00,在岗,晚班,小李\n",
                "20 10:00",
                "20 23:00",
                vec![],
            ),
            (
                "always somebody in",
                ",每天,00:00,24:00,在岗,全天,\n",
                "20 10:00",
                "25 10:00",
                vec![],
            ),
        ] {
            assert_eq!(told(week, &[], from, until), wanted, "{name}");
        }
    }

    #[test]
    fn what_is_arranged_moves_a_change_and_a_lunch_does_not() {
        let arrange = |what, from: &str, until: &str| Arrangement {
            what,
            from: at(from),
            until: at(until),
            reason: String::new(),
        };
        let (agent, taker) = ("小李".to_owned(), "小王".to_owned());
        let lunch = arrange(
            Arranged::Lunch {
                agent: agent.clone(),
            },
            "20 15:00",
            "20 15:20",
        );
        assert_eq!(told(TWO, &[lunch], "20 10:00", "20 17:00"), [""; 0]);
        let sick = arrange(Arranged::Absent { agent }, "20 15:00", "20 18:00");
        let both = arrange(Arranged::Absent { agent: taker }, "20 16:00", "20 18:00");
        assert_eq!(
            told(TWO, &[sick, both], "20 10:00", "20 18:00"),
            [
                "20 15:00 早班(小李)→早班(小王)",
                "20 16:00 早班(小王)→夜间值守()",
                "20 18:00 夜间值守()→晚班(小赵)",
            ]
        );
    }
}
