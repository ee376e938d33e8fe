//! Who is on duty at one moment: the rows that hold, then what people arranged by hand.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Cover, plan::Piece, roster};
use crate::knowledge::arrangement::{Arranged, Arrangement};

/// What the time outside all shifts is called.
const OFF: &str = "非值守时间";
/// What an arrangement without a reason is called.
const EXTRA: &str = "临时在岗";
const LUNCH: &str = "午休";
const ABSENT: &str = "缺勤";
const CLOSED: &str = "临时关店";

/// A row of the tables as one shop uses it.
#[derive(Debug)]
pub(super) struct Line {
    /// A lunch, not a shift.
    pub(super) lunch: bool,
    /// Dated: it is said on top of the week, and also holds where a day is closed.
    pub(super) dated: bool,
    /// The shift's name.
    pub(super) name: Arc<str>,
    /// Who works it or, of a lunch, who goes; empty when it does not say.
    pub(super) people: Vec<Arc<str>>,
    /// How many must stay while it holds; 0 when it does not say.
    pub(super) least: u16,
    /// Where it stands.
    pub(super) line: u32,
}

impl Line {
    /// The table in which it stands.
    pub(super) fn file(&self) -> &'static str {
        match self.dated {
            true => roster::DATED,
            false => roster::WEEKLY,
        }
    }
}

/// What can be said of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) cover: Cover,
    pub(super) reason: Arc<str>,
    pub(super) people: Vec<Arc<str>>,
}

/// Somebody who would be on duty, and why he is not.
struct Member<'a> {
    /// `None` is the one unknown person whom a row without people means.
    who: Option<&'a Arc<str>>,
    /// The same for somebody who was arranged and whom no table names.
    arranged: Option<&'a str>,
    shift: &'a str,
    begins: Begins,
    away: Option<Away<'a>>,
}

#[derive(Clone, Copy)]
enum Begins {
    /// The usual shift, from which every lunch takes people away.
    Usual,
    /// Minutes from midnight of the day.
    Minute(i32),
    /// A moment.
    At(DateTime<Utc>),
    /// No lunch row takes it away.
    Whatever,
}

#[derive(Clone, Copy, PartialEq)]
enum Away<'a> {
    Lunch(&'a str),
    Absent(&'a str),
}

impl<'a> Member<'a> {
    fn name(&self) -> Option<&'a str> {
        self.who.map(AsRef::as_ref).or(self.arranged)
    }
}

/// Everybody who has to do with a moment.
pub(super) struct Team<'a> {
    members: Vec<Member<'a>>,
    /// Rows that send everybody to lunch, whoever is in.
    lunches: Vec<&'a str>,
    /// The shop is closed by hand.
    shut: Option<&'a str>,
    /// The holiday.
    holiday: Option<&'a str>,
}

fn or<'a>(reason: &'a str, default: &'a str) -> &'a str {
    match reason.trim() {
        "" => default,
        reason => reason,
    }
}

impl<'a> Team<'a> {
    /// `arranged` are the arrangements that hold, in the order in which they were made; `begins` says when a
    /// minute of the piece's day is; `written` whether the tables of the shop name somebody.
    pub(super) fn new(
        lines: &'a [Line],
        piece: &'a Piece,
        holiday: Option<&'a str>,
        arranged: &[&'a Arrangement],
        begins: impl Fn(i32) -> DateTime<Utc>,
        written: impl Fn(&str) -> bool,
    ) -> Self {
        let mut team = Self {
            members: Vec::new(),
            lunches: Vec::new(),
            shut: None,
            holiday,
        };
        let here = || {
            piece
                .holds
                .iter()
                .filter_map(|hold| Some((hold, lines.get(hold.line)?)))
        };
        for (hold, line) in here().filter(|(_, line)| !line.lunch) {
            let begins = match line.dated {
                true => Begins::Minute(hold.since),
                false => Begins::Usual,
            };
            let unknown = line.people.is_empty().then_some(None);
            for who in line.people.iter().map(Some).chain(unknown) {
                team.members.push(Member {
                    who,
                    arranged: None,
                    shift: &line.name,
                    begins,
                    away: None,
                });
            }
        }
        team.add_arranged(arranged);
        for (hold, line) in here().filter(|(_, line)| line.lunch) {
            if line.people.is_empty() {
                team.lunches.push(&line.name);
            }
            for member in &mut team.members {
                let goes = match member.name() {
                    _ if line.people.is_empty() => true,
                    Some(name) => line.people.iter().any(|who| **who == *name),
                    None => false,
                };
                let was_in = match member.begins {
                    Begins::Usual => true,
                    Begins::Minute(minute) => minute < hold.since,
                    Begins::At(at) => at < begins(hold.since),
                    Begins::Whatever => false,
                };
                if goes && was_in && member.away.is_none() {
                    member.away = Some(Away::Lunch(&line.name));
                }
            }
        }
        team.take_away(arranged, written);
        team
    }

    /// Those who are in although no table says so.
    fn add_arranged(&mut self, arranged: &[&'a Arrangement]) {
        let mut staffed: Option<&str> = None;
        for arrangement in arranged {
            match &arrangement.what {
                Arranged::OnDuty { agent } => self.members.push(Member {
                    who: None,
                    arranged: Some(agent),
                    shift: or(&arrangement.reason, EXTRA),
                    begins: Begins::At(arrangement.from),
                    away: None,
                }),
                Arranged::Closed => {
                    (self.shut, staffed) = (Some(arrangement.reason.as_str()), None)
                }
                Arranged::Staffed => {
                    (self.shut, staffed) = (None, Some(arrangement.reason.as_str()))
                }
                Arranged::Lunch { .. } | Arranged::Absent { .. } => {}
            }
        }
        if let Some(reason) = staffed {
            self.members.push(Member {
                who: None,
                arranged: None,
                shift: or(reason, EXTRA),
                begins: Begins::Whatever,
                away: None,
            });
        }
    }

    /// Absences, then lunches.
    fn take_away(&mut self, arranged: &[&'a Arrangement], written: impl Fn(&str) -> bool) {
        let absent = |agent: &str| {
            let last = arranged.iter().rev().find_map(|a| match &a.what {
                Arranged::Absent { agent: who } if who == agent => Some(Some(*a)),
                Arranged::OnDuty { agent: who } if who == agent => Some(None),
                _ => None,
            });
            last.flatten()
        };
        for arrangement in arranged {
            if let Arranged::Absent { agent } = &arrangement.what
                && let Some(last) = absent(agent)
            {
                let away = Away::Absent(or(&last.reason, ABSENT));
                let named = self.members.iter().any(|m| m.name() == Some(agent));
                if named || !written(agent) {
                    self.send(named.then_some(agent.as_str()), away, true);
                }
            }
        }
        for arrangement in arranged {
            if let Arranged::Lunch { agent } = &arrangement.what
                && absent(agent).is_none()
            {
                let away = Away::Lunch(or(&arrangement.reason, LUNCH));
                let named = self.members.iter().any(|m| m.name() == Some(agent));
                // Who has a shift of his own, and is not in, is not the unknown one.
                if named || !written(agent) {
                    self.send(named.then_some(agent.as_str()), away, false);
                }
            }
        }
    }

    fn send(&mut self, who: Option<&str>, away: Away<'a>, again: bool) {
        for member in self.members.iter_mut().filter(|m| m.name() == who) {
            if again || member.away.is_none() {
                member.away = Some(away);
            }
        }
    }

    fn present(&self) -> impl Iterator<Item = &Member<'a>> {
        let shut = self.shut.is_some();
        self.members
            .iter()
            .filter(move |member| !shut && member.away.is_none())
    }

    /// Whether this agent is on duty.
    pub(super) fn has(&self, agent: &str) -> bool {
        self.present().any(|member| member.name() == Some(agent))
    }

    /// Whether the shop is closed by hand.
    pub(super) fn is_shut(&self) -> bool {
        self.shut.is_some()
    }

    /// Who is on duty, each once, and how many that are: the unknown one counts.
    pub(super) fn people(&self) -> (Vec<&'a str>, usize) {
        let names = distinct(self.present().filter_map(Member::name));
        let unknown = self.present().any(|member| member.name().is_none());
        let count = names.len() + usize::from(unknown);
        (names, count)
    }

    /// Who would be on duty and is not.
    pub(super) fn away(&self) -> Vec<&'a str> {
        let here = self.people().0;
        let all = distinct(self.members.iter().filter_map(Member::name));
        all.into_iter().filter(|who| !here.contains(who)).collect()
    }

    /// What it comes to.
    pub(super) fn state(&self) -> State {
        let state = |cover, names: Vec<&str>, people: Vec<Arc<str>>| State {
            cover,
            reason: names.join("、").into(),
            people,
        };
        if let Some(reason) = self.shut {
            return state(Cover::Holiday, vec![or(reason, CLOSED)], Vec::new());
        }
        let shifts = distinct(self.present().map(|member| member.shift));
        if !shifts.is_empty() {
            let mut people: Vec<Arc<str>> = Vec::new();
            for member in self.present() {
                if let Some(name) = member.name()
                    && people.iter().all(|known| **known != *name)
                {
                    people.push(member.who.cloned().unwrap_or_else(|| name.into()));
                }
            }
            return state(Cover::Staffed, shifts, people);
        }
        let gone = |pick: fn(Away<'a>) -> Option<&'a str>| {
            self.members
                .iter()
                .filter_map(move |m| m.away.and_then(pick))
        };
        let lunches = gone(|away| match away {
            Away::Lunch(name) => Some(name),
            Away::Absent(_) => None,
        });
        let lunches = distinct(self.lunches.iter().copied().chain(lunches));
        if !lunches.is_empty() {
            return state(Cover::Lunch, lunches, Vec::new());
        }
        let absences = distinct(gone(|away| match away {
            Away::Absent(name) => Some(name),
            Away::Lunch(_) => None,
        }));
        match (absences.is_empty(), self.holiday) {
            (false, _) => state(Cover::Night, absences, Vec::new()),
            (_, Some(name)) => state(Cover::Holiday, vec![name], Vec::new()),
            (_, None) => state(Cover::Night, vec![OFF], Vec::new()),
        }
    }
}

fn distinct<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut out: Vec<&str> = Vec::new();
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}
