//! Counters with proofs: how often something happened to an agent in a month, each number opening onto its events.
//! They count and remind; nothing is deducted from anybody here.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

use crate::knowledge::{
    ShopId,
    counters::{CounterEvent, CounterRule},
};

/// Something that counts, as the journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The journal's row: the proof.
    pub event: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub shop: ShopId,
    /// What.
    pub what: CounterEvent,
    /// Whom it is counted for.
    pub agent: String,
}

/// How a count stands against its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing to say.
    Fine,
    /// It comes near.
    Near,
    /// It is what the rule speaks of.
    Reached,
}

impl Standing {
    /// As it is sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Near => "near",
            Self::Reached => "reached",
        }
    }
}

/// One number of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter<'r> {
    /// The rule it is counted by.
    pub rule: &'r CounterRule,
    /// How often.
    pub count: u32,
    /// How that stands.
    pub standing: Standing,
    /// What it stands on, in the order in which it happened.
    pub proofs: Vec<Counted>,
}

/// Every number of every agent who has one that is not zero, by name; the rules in the order of their table.
pub fn count<'r>(
    rules: &'r [CounterRule],
    events: &[Counted],
) -> BTreeMap<String, Vec<Counter<'r>>> {
    let mut agents: BTreeMap<&str, Vec<&Counted>> = BTreeMap::new();
    for event in events {
        agents.entry(&event.agent).or_default().push(event);
    }
    let counted = |rule: &'r CounterRule, of: &[&Counted]| {
        let mut proofs: Vec<Counted> = of
            .iter()
            .filter(|event| event.what == rule.event)
            .map(|event| (*event).clone())
            .collect();
        proofs.sort_by_key(|proof| (proof.at, proof.event));
        proofs.dedup();
        let count = u32::try_from(proofs.len()).unwrap_or(u32::MAX);
        Counter {
            rule,
            count,
            standing: standing(rule, count),
            proofs,
        }
    };
    agents
        .into_iter()
        .map(|(agent, of)| {
            let counters = rules.iter().map(|rule| counted(rule, &of)).collect();
            (agent.to_owned(), counters)
        })
        .collect()
}

/// How a count stands against a rule.
pub fn standing(rule: &CounterRule, count: u32) -> Standing {
    if rule.comparator.holds(count, rule.number) {
        Standing::Reached
    } else if rule.warn.is_some_and(|warn| count >= warn) {
        Standing::Near
    } else {
        Standing::Fine
    }
}

/// A calendar month in a zone, from `2026-11`: half-open. `None`: it is no month.
pub fn month(text: &str, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (year, month) = text.split_once('-')?;
    if year.len() != 4 || month.len() != 2 {
        return None;
    }
    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    let next = first.checked_add_months(chrono::Months::new(1))?;
    let begin = |day: NaiveDate| {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        zone.from_local_datetime(&midnight)
            .earliest()
            .map(|at| at.to_utc())
    };
    Some((begin(first)?, begin(next)?))
}

/// The month of a moment in a zone: `2026-11`.
pub fn month_of(at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    format!("{:04}-{:02}", at.year(), at.month())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use chrono_tz::Asia::Shanghai;

    use super::*;
    use crate::knowledge::counters::Comparator;

    fn rule(
        event: CounterEvent,
        comparator: Comparator,
        number: u32,
        warn: Option<u32>,
    ) -> CounterRule {
        CounterRule {
            id: event.code().into(),
            name: String::new(),
            event,
            comparator,
            number,
            warn,
            sentence: String::new(),
        }
    }

    #[test]
    fn more_than_five_begins_with_the_sixth_and_three_or_more_with_the_third() {
        let above = rule(CounterEvent::LeftUnaccepted, Comparator::Above, 5, Some(4));
        let at_least = rule(CounterEvent::NoteMissed, Comparator::AtLeast, 3, None);
        for (count, of_above, of_at_least) in [
            (0, Standing::Fine, Standing::Fine),
            (2, Standing::Fine, Standing::Fine),
            (3, Standing::Fine, Standing::Reached),
            (4, Standing::Near, Standing::Reached),
            (5, Standing::Near, Standing::Reached),
            (6, Standing::Reached, Standing::Reached),
        ] {
            assert_eq!(standing(&above, count), of_above, "{count}");
            assert_eq!(standing(&at_least, count), of_at_least, "{count}");
        }
    }

    #[test]
    fn every_number_opens_onto_its_events() {
        let rules = [
            rule(CounterEvent::NoteMissed, Comparator::AtLeast, 2, None),
            rule(CounterEvent::Refused, Comparator::AtLeast, 1, None),
        ];
        let event = |event, agent: &str, what| Counted {
            event,
            at: DateTime::from_timestamp(event, 0).unwrap(),
            shop: "a".into(),
            what,
            agent: agent.into(),
        };
        let events = [
            event(7, "小李", CounterEvent::NoteMissed),
            event(3, "小李", CounterEvent::NoteMissed),
            event(5, "小赵", CounterEvent::Refused),
            event(3, "小李", CounterEvent::NoteMissed),
        ];
        let counted = count(&rules, &events);
        let told: Vec<String> = counted
            .iter()
            .flat_map(|(agent, of)| of.iter().map(move |one| (agent, one)))
            .map(|(agent, one)| {
                let proofs: Vec<i64> = one.proofs.iter().map(|proof| proof.event).collect();
                format!("{agent} {} {proofs:?}", one.count)
            })
            .collect();
        assert_eq!(
            told,
            ["小李 2 [3, 7]", "小李 0 []", "小赵 0 []", "小赵 1 [5]"]
        );
    }

    #[test]
    fn a_month_is_the_shops_own() {
        let (begin, end) = month("2026-11", Shanghai).unwrap();
        assert_eq!(begin.to_rfc3339(), "2026-10-31T16:00:00+00:00");
        assert_eq!(end.to_rfc3339(), "2026-11-30T16:00:00+00:00");
        assert_eq!(month_of(begin, Shanghai), "2026-11");
        for wrong in ["", "2026", "2026-13", "2026-1", "26-11", "2026-11-01"] {
            assert_eq!(month(wrong, Shanghai), None, "{wrong}");
        }
    }
}
