//! Walking along the days of a shop while arrangements begin and end.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    CAP_DAYS, Cover, Coverage, Stay,
    plan::{DAY, Plan, Spot},
    team::State,
};
use crate::knowledge::{
    arrangement::{Arranged, Arrangement},
    dates::{instant, local},
};

/// How far ahead and back a change is looked for, in days.
const FAR: i64 = 400;
/// How long staffed time is counted before plain time takes over.
const CAP: TimeDelta = TimeDelta::days(CAP_DAYS);

/// A plan with what was arranged.
///
/// The beginnings and ends of arrangements part time into eras: in each of them the same arrangements hold.
pub(super) struct Walk<'a> {
    plan: &'a Plan,
    arranged: Vec<&'a Arrangement>,
    edges: Vec<DateTime<Utc>>,
}

/// A piece of a day within an era.
#[derive(Clone, Copy)]
struct Place<'a> {
    spot: Spot<'a>,
    /// How many edges lie before it.
    era: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        arrangements: impl IntoIterator<Item = &'a Arrangement>,
    ) -> Self {
        let arranged: Vec<&Arrangement> = arrangements
            .into_iter()
            .filter(|arrangement| arrangement.from < arrangement.until)
            .collect();
        let mut edges: Vec<DateTime<Utc>> = arranged
            .iter()
            .flat_map(|arrangement| [arrangement.from, arrangement.until])
            .collect();
        edges.sort_unstable();
        edges.dedup();
        Self {
            plan,
            arranged,
            edges,
        }
    }

    fn place(&self, at: DateTime<Utc>) -> Option<Place<'a>> {
        Some(Place {
            spot: self.plan.spot(at)?,
            era: self.edges.partition_point(|edge| *edge <= at),
        })
    }

    /// What holds in an era, in the order in which it was arranged.
    fn holds(&self, era: usize) -> Vec<&'a Arrangement> {
        let Some(begin) = era.checked_sub(1).and_then(|before| self.edges.get(before)) else {
            return Vec::new();
        };
        self.arranged
            .iter()
            .copied()
            .filter(|arrangement| arrangement.from <= *begin && *begin < arrangement.until)
            .collect()
    }

    fn state(&self, place: Place<'a>) -> Option<Cow<'a, State>> {
        let holds = self.holds(place.era);
        if holds.is_empty() {
            return place.spot.shown().map(Cow::Borrowed);
        }
        Some(Cow::Owned(place.spot.team(&holds)?.state()))
    }

    /// Whether the shop is closed by hand in an era, so that its days do not matter.
    fn is_shut(&self, era: usize) -> bool {
        let holds = self.holds(era);
        let last = holds
            .iter()
            .rev()
            .find(|a| matches!(a.what, Arranged::Closed | Arranged::Staffed));
        last.is_some_and(|a| a.what == Arranged::Closed)
    }

    fn is_settled(&self, place: Place<'a>) -> bool {
        let arranged = place.era > 0 && place.era < self.edges.len();
        place.spot.is_settled(arranged)
    }

    /// The next place that may differ; `None` when none ever comes.
    fn after(&self, place: Place<'a>) -> Option<Place<'a>> {
        let edge = self.edges.get(place.era).copied();
        if let Some(edge) = edge
            && self.is_shut(place.era)
        {
            return self.place(edge);
        }
        let next = match self.is_settled(place) {
            true => place.spot.jump(),
            false => place.spot.next(),
        };
        let Some(edge) = edge else {
            return Some(Place {
                spot: next?,
                era: place.era,
            });
        };
        match next {
            Some(next) if next.start() <= edge => Some(Place {
                era: place.era + usize::from(next.start() == edge),
                spot: next,
            }),
            _ => self.place(edge),
        }
    }

    /// The place before that may differ: `None` when there never was one.
    fn before(&self, place: Place<'a>) -> Option<Place<'a>> {
        let edge = place
            .era
            .checked_sub(1)
            .and_then(|before| self.edges.get(before))
            .copied();
        let previous = match self.is_settled(place) {
            true => place.spot.jump_back(),
            false => place.spot.previous(),
        };
        let Some(edge) = edge else {
            return Some(Place {
                spot: previous?,
                era: 0,
            });
        };
        match previous {
            Some(previous) if previous.end() >= edge && !self.is_shut(place.era) => Some(Place {
                era: place.era - usize::from(previous.end() == edge),
                spot: previous,
            }),
            // The piece that lies around the edge, or ends there.
            _ => Some(Place {
                spot: self.plan.spot(edge - TimeDelta::nanoseconds(1))?,
                era: place.era - 1,
            }),
        }
    }

    fn begin(&self, place: Place<'a>) -> DateTime<Utc> {
        let spot = place.spot.start();
        let edge = place
            .era
            .checked_sub(1)
            .and_then(|before| self.edges.get(before));
        edge.map_or(spot, |edge| spot.max(*edge))
    }

    fn end(&self, place: Place<'a>) -> DateTime<Utc> {
        let spot = place.spot.end();
        self.edges
            .get(place.era)
            .map_or(spot, |edge| spot.min(*edge))
    }

    /// Whether any time passes in a place; none does in a piece over which clocks are put forward.
    fn lasts(&self, place: Place<'a>) -> bool {
        self.end(place) > self.begin(place)
    }

    /// Walks on from a place until `found` says so, at most [`FAR`] days through days that differ. `None` when
    /// it never does.
    fn ahead(
        &self,
        from: Place<'a>,
        found: impl Fn(&State) -> bool,
    ) -> Option<(DateTime<Utc>, Place<'a>)> {
        let (mut origin, mut place) = (from, from);
        loop {
            let next = self.after(place)?;
            if self.is_shut(place.era) {
                origin = next;
            }
            let far = (next.spot.date - origin.spot.date).num_days() > FAR;
            if far && !self.plan.is_still() {
                return None;
            }
            place = next;
            if self.state(place).is_some_and(|state| found(&state)) && self.lasts(place) {
                return Some((self.begin(place), place));
            }
        }
    }

    /// Since when the state of a place holds; the epoch when it has never been otherwise.
    fn since(&self, from: Place<'a>, state: &State) -> DateTime<Utc> {
        let (mut origin, mut place) = (from, from);
        loop {
            let Some(before) = self.before(place) else {
                return DateTime::UNIX_EPOCH;
            };
            if self.is_shut(place.era) {
                origin = before;
            }
            let far = (origin.spot.date - before.spot.date).num_days() > FAR;
            if far && !self.plan.is_still() {
                return self.begin(place);
            }
            place = before;
            if self.state(place).is_none_or(|other| *other != *state) && self.lasts(place) {
                return self.end(place);
            }
        }
    }

    /// Who answers at a moment, why, since and until when.
    pub(super) fn coverage(&self, at: DateTime<Utc>) -> Option<Coverage> {
        let place = self.place(at)?;
        let state = self.state(place)?;
        let change = self.ahead(place, |other| *other != *state);
        let staffed_at = match (state.cover, change) {
            (Cover::Staffed, _) => Some(at),
            (_, None) => None,
            (_, Some(_)) if !self.ever_staffed(at) => None,
            (_, Some((begin, next))) => match self.state(next) {
                Some(next) if next.cover == Cover::Staffed => Some(begin),
                _ => self
                    .ahead(next, |state| state.cover == Cover::Staffed)
                    .map(|(begin, _)| begin),
            },
        };
        Some(Coverage {
            cover: state.cover,
            reason: state.reason.to_string(),
            people: state.people.iter().map(ToString::to_string).collect(),
            since: self.since(place, &state).min(at),
            until: change.map(|(begin, _)| begin),
            staffed_at,
        })
    }

    fn ever_staffed(&self, at: DateTime<Utc>) -> bool {
        let brings = |a: &&&Arrangement| {
            a.until > at && matches!(a.what, Arranged::OnDuty { .. } | Arranged::Staffed)
        };
        self.plan.ever() || self.arranged.iter().any(|a| brings(&a))
    }

    /// The moment when so much staffed time has passed since `from`, at most [`CAP`] later; plain time when nobody
    /// is on duty until then.
    pub(super) fn staffed_after(&self, from: DateTime<Utc>, time: TimeDelta) -> DateTime<Utc> {
        let (cap, plain) = (from + CAP, from + time);
        if !self.ever_staffed(from) {
            return plain;
        }
        let mut left = time;
        let mut worked = false;
        let mut place = self.place(from);
        while let Some(here) = place.filter(|place| place.spot.start_is_before(cap)) {
            if self.is_staffed(here) {
                worked = true;
                let (begin, end) = (self.begin(here).max(from), self.end(here));
                let passes = (end - begin).max(TimeDelta::zero());
                if left <= passes {
                    return (begin + left).min(cap);
                }
                left -= passes;
            }
            place = self.step(here);
        }
        match worked {
            true => cap,
            false => plain.min(cap),
        }
    }

    /// Whether somebody works on a date: a usual shift begins on it, and what was arranged leaves something of the
    /// day.
    pub(super) fn works_on(&self, date: NaiveDate) -> bool {
        if !self.plan.works() {
            return true;
        }
        let day = |minute| instant(self.plan.zone, local(date, minute));
        self.plan.works_on(date)
            && (!self.touches(day(0), day(DAY)) || self.ever_between(day(0), day(DAY)))
    }

    /// Whether something arranged holds between two moments.
    fn touches(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        self.arranged
            .iter()
            .any(|arrangement| arrangement.from < until && from < arrangement.until)
    }

    /// Whether somebody is on duty for some time between two moments.
    fn ever_between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        let mut place = self.place(from);
        while let Some(here) = place.filter(|place| self.begin(*place) < until) {
            if self.is_staffed(here) && self.lasts(here) {
                return true;
            }
            place = self.step(here);
        }
        false
    }

    /// When somebody is on duty for the last time between two moments.
    pub(super) fn last_between(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let mut last = None;
        let mut place = self.place(from);
        while let Some(here) = place.filter(|place| self.begin(*place) < until) {
            if self.is_staffed(here) {
                last = Some(self.end(here).min(until));
            }
            place = self.step(here);
        }
        last.filter(|end| *end > from)
    }

    fn is_staffed(&self, place: Place<'a>) -> bool {
        self.state(place)
            .is_some_and(|state| state.cover == Cover::Staffed)
    }

    /// Whether an agent is on duty; `None` when nothing says when he is.
    pub(super) fn on_duty(&self, agent: &str, at: DateTime<Utc>) -> Option<bool> {
        let place = self.place(at)?;
        let holds = self.holds(place.era);
        let team = place.spot.team(&holds)?;
        let away = |a: &Arrangement| match &a.what {
            Arranged::Lunch { agent: who } | Arranged::Absent { agent: who } => who == agent,
            _ => false,
        };
        let comes =
            |a: &Arrangement| matches!(&a.what, Arranged::OnDuty { agent: who } if who == agent);
        let known = self.plan.names(agent)
            || team.is_shut()
            || self.arranged.iter().any(|a| comes(a))
            || holds.iter().any(|a| away(a));
        known.then(|| team.has(agent))
    }

    /// Whether an agent may leave for a while: no row that says how many must stay is broken by it.
    pub(super) fn may_leave(
        plan: &'a Plan,
        lunch: &'a Arrangement,
        agent: &str,
        arrangements: &'a [Arrangement],
    ) -> Result<(), Stay> {
        let walk = Self::new(plan, arrangements.iter().chain([lunch]));
        let mut place = walk.place(lunch.from);
        while let Some(here) = place {
            let begin = walk.begin(here).max(lunch.from);
            if begin >= lunch.until {
                break;
            }
            let with = walk.holds(here.era);
            let without: Vec<&Arrangement> = with
                .iter()
                .copied()
                .filter(|arrangement| !std::ptr::eq(*arrangement, lunch))
                .collect();
            if let (Some(after), Some(before)) = (here.spot.team(&with), here.spot.team(&without))
                && walk.lasts(here)
            {
                let (staying, left) = after.people();
                let broken = here.spot.shifts().find(|row| usize::from(row.least) > left);
                if left < before.people().1
                    && let Some(row) = broken
                {
                    let owned = |names: Vec<&str>| -> Vec<String> {
                        names
                            .into_iter()
                            .filter(|name| *name != agent)
                            .map(str::to_owned)
                            .collect()
                    };
                    return Err(Stay {
                        shift: row.name.to_string(),
                        file: row.file(),
                        line: row.line,
                        least: row.least,
                        from: begin,
                        staying: owned(staying),
                        away: owned(after.away()),
                    });
                }
            }
            // Rows differ from day to day even where what they come to does not.
            place = walk.step(here);
        }
        Ok(())
    }

    /// The next place, without passing over days that look alike.
    fn step(&self, place: Place<'a>) -> Option<Place<'a>> {
        let next = place.spot.next()?;
        match self.edges.get(place.era) {
            Some(edge) if next.start() > *edge => self.place(*edge),
            Some(edge) => Some(Place {
                era: place.era + usize::from(next.start() == *edge),
                spot: next,
            }),
            None => Some(Place {
                spot: next,
                era: place.era,
            }),
        }
    }
}
