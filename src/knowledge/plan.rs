//! What the days of one shop look like, and walking along them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Datelike, Days, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

use super::{
    dates::{self, instant, local},
    hours::Cover,
    roster::{SpecialRow, WeekRow},
    shop::Shop,
};

/// How far ahead and back a change is looked for, in days.
const FAR: i64 = 400;
/// The kind of a day on which nobody is in; the others are weekdays from Monday.
const CLOSED: usize = 7;
const KINDS: usize = 8;
/// The minutes of a day.
pub(super) const DAY: u16 = 1440;

/// The usual weeks and the special days of one shop.
///
/// What a day looks like depends on its own kind and on the day before, whose shift may reach over
/// midnight: all 64 pairs are laid out when the plan is made, and a question only walks along them.
pub(super) struct Plan {
    pub(super) zone: Tz,
    /// By kind of the day before and kind of the day: its pieces from 0:00 to 24:00.
    days: Vec<Vec<Piece>>,
    /// Sorted by date.
    special: Vec<Special>,
    /// Kinds of days on which a shift begins.
    works: [bool; KINDS],
    /// Every usual day is one and the same piece.
    uniform: bool,
}

struct Special {
    date: NaiveDate,
    kind: usize,
    name: Arc<str>,
}

#[derive(Clone, PartialEq)]
pub(super) struct Piece {
    start: u16,
    end: u16,
    cover: Cover,
    reason: Arc<str>,
    pub(super) people: Vec<Arc<str>>,
}

/// A piece of a certain day.
#[derive(Clone, Copy)]
pub(super) struct Spot<'p> {
    plan: &'p Plan,
    date: NaiveDate,
    kind: usize,
    pieces: &'p [Piece],
    index: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self::new(&Shop::unassigned(), &[], &[])
    }
}

impl Plan {
    pub(super) fn new(shop: &Shop, weekly: &[WeekRow], holidays: &[SpecialRow]) -> Self {
        let mut rows: Vec<&WeekRow> = weekly
            .iter()
            .filter(|r| r.shop.as_ref() == Some(&shop.id))
            .collect();
        if rows.is_empty() {
            rows = weekly.iter().filter(|row| row.shop.is_none()).collect();
        }
        let always = WeekRow {
            shop: None,
            days: [true; 7],
            start: 0,
            end: DAY,
            lunch: false,
            name: "全天在岗".to_owned(),
            people: Vec::new(),
        };
        if rows.is_empty() {
            rows.push(&always);
        }
        let mut works = [false; KINDS];
        for row in rows.iter().filter(|row| !row.lunch) {
            for (day, on) in row.days.iter().enumerate() {
                works[day] |= on;
            }
        }
        // A lunch is a break of a day on which somebody works.
        let of_kind: Vec<Vec<&WeekRow>> = (0..KINDS)
            .map(|kind| {
                let on = |row: &&&WeekRow| kind != CLOSED && row.days[kind] && works[kind];
                rows.iter().filter(on).copied().collect()
            })
            .collect();
        let days: Vec<Vec<Piece>> = (0..KINDS * KINDS)
            .map(|pair| pieces(&of_kind[pair / KINDS], &of_kind[pair % KINDS], pair % KINDS))
            .collect();
        let usual = |pair: usize| pair / KINDS != CLOSED && pair % KINDS != CLOSED;
        let uniform = (0..KINDS * KINDS)
            .filter(|pair| usual(*pair))
            .all(|pair| matches!(days[pair].as_slice(), [one] if days[0].first() == Some(one)));
        Self {
            zone: shop.zone,
            days,
            special: specials(shop, holidays),
            works,
            uniform,
        }
    }

    fn special(&self, date: NaiveDate) -> Option<&Special> {
        let found = self
            .special
            .binary_search_by_key(&date, |special| special.date);
        found.ok().and_then(|at| self.special.get(at))
    }

    fn kind(&self, date: NaiveDate) -> usize {
        self.special(date)
            .map_or(date.weekday().num_days_from_monday() as usize, |special| {
                special.kind
            })
    }

    fn day(&self, date: NaiveDate, before: usize, kind: usize) -> Spot<'_> {
        let pieces = self
            .days
            .get(before * KINDS + kind)
            .map_or(&[][..], Vec::as_slice);
        Spot {
            plan: self,
            date,
            kind,
            pieces,
            index: 0,
        }
    }

    pub(super) fn spot(&self, at: DateTime<Utc>) -> Spot<'_> {
        let wall = dates::wall(self.zone, at);
        let date = wall.date();
        let minute = (wall.hour() * 60 + wall.minute()) as u16;
        let before = self.kind(date.pred_opt().unwrap_or(date));
        let mut spot = self.day(date, before, self.kind(date));
        spot.index = spot
            .pieces
            .iter()
            .position(|piece| minute < piece.end)
            .unwrap_or(0);
        spot
    }

    /// Whether a shift begins on a date.
    pub(super) fn works_on(&self, date: NaiveDate) -> bool {
        self.works.get(self.kind(date)).copied().unwrap_or_default()
    }

    /// Whether a shift ever begins.
    pub(super) fn ever(&self) -> bool {
        self.works.contains(&true)
    }
}

impl<'p> Spot<'p> {
    pub(super) fn piece(&self) -> Option<&'p Piece> {
        self.pieces.get(self.index)
    }

    pub(super) fn key(&self) -> (Cover, &'p str) {
        match (self.piece(), self.kind) {
            (_, CLOSED) => (
                Cover::Holiday,
                self.plan
                    .special(self.date)
                    .map_or("放假", |special| special.name.as_ref()),
            ),
            (Some(piece), _) => (piece.cover, piece.reason.as_ref()),
            (None, _) => (Cover::Night, OFF),
        }
    }

    pub(super) fn start(&self) -> DateTime<Utc> {
        let minute = self.piece().map_or(0, |piece| piece.start);
        instant(self.plan.zone, local(self.date, minute))
    }

    pub(super) fn end(&self) -> DateTime<Utc> {
        let minute = self.piece().map_or(DAY, |piece| piece.end);
        instant(self.plan.zone, local(self.date, minute))
    }

    /// Whether the piece begins before a moment; looks at the clock only when the days do not tell.
    pub(super) fn start_is_before(&self, cap: DateTime<Utc>) -> bool {
        self.date < cap.date_naive().pred_opt().unwrap_or(self.date) || self.start() < cap
    }

    pub(super) fn next(&self) -> Option<Self> {
        if self.index + 1 < self.pieces.len() {
            return Some(Self {
                index: self.index + 1,
                ..*self
            });
        }
        let date = self.date.succ_opt()?;
        Some(self.plan.day(date, self.kind, self.plan.kind(date)))
    }

    fn previous(&self) -> Option<Self> {
        if self.index > 0 {
            return Some(Self {
                index: self.index - 1,
                ..*self
            });
        }
        let date = self.date.pred_opt()?;
        let before = self.plan.kind(date.pred_opt()?);
        let mut day = self.plan.day(date, before, self.plan.kind(date));
        day.index = day.pieces.len().saturating_sub(1);
        Some(day)
    }

    /// The next special day, from which days may differ again.
    fn jump(&self) -> Option<Self> {
        let plan = self.plan;
        let at = plan
            .special
            .partition_point(|special| special.date <= self.date);
        let special = plan.special.get(at)?;
        let before = plan.kind(special.date.pred_opt()?);
        Some(plan.day(special.date, before, special.kind))
    }

    /// The last piece of the day after the special day before this one, until which all days are alike.
    fn jump_back(&self) -> Option<Self> {
        let plan = self.plan;
        let at = plan
            .special
            .partition_point(|special| special.date < self.date);
        let special = plan.special.get(at.checked_sub(1)?)?;
        let date = special.date.succ_opt()?;
        let mut day = plan.day(date, special.kind, plan.kind(date));
        day.index = day.pieces.len().saturating_sub(1);
        Some(day)
    }

    /// Whether every day from here to the next special one, and back to the last, is one and the same piece. A
    /// special day's own shift may reach into the day after it.
    fn is_settled(&self) -> bool {
        let usual = |date| self.plan.special(date).is_none();
        self.plan.uniform && usual(self.date) && self.date.pred_opt().is_some_and(usual)
    }

    /// When and into what this changes, if it ever does.
    pub(super) fn change_after(&self) -> Option<(DateTime<Utc>, Self)> {
        let key = self.key();
        let mut spot = *self;
        while (spot.date - self.date).num_days() <= FAR || self.plan.uniform {
            spot = if spot.is_settled() {
                spot.jump()?
            } else {
                spot.next()?
            };
            if spot.key() != key {
                let begin = spot.start();
                if spot.end() > begin {
                    return Some((begin, spot));
                }
            }
        }
        None
    }

    /// When somebody is on duty next, after this piece.
    pub(super) fn staffed_after(&self) -> Option<DateTime<Utc>> {
        let mut spot = *self;
        while (spot.date - self.date).num_days() <= FAR {
            spot = spot.next()?;
            if spot.key().0 == Cover::Staffed {
                let begin = spot.start();
                if spot.end() > begin {
                    return Some(begin);
                }
            }
        }
        None
    }

    /// Since when it has been so; the epoch when it has never been otherwise.
    pub(super) fn since(&self) -> DateTime<Utc> {
        let key = self.key();
        let mut first = *self;
        let mut spot = *self;
        while (self.date - spot.date).num_days() <= FAR || self.plan.uniform {
            let (before, after) = if spot.is_settled() {
                let Some(before) = spot.jump_back() else {
                    return DateTime::UNIX_EPOCH;
                };
                (Some(before), before.next())
            } else {
                (spot.previous(), None)
            };
            let Some(before) = before else { break };
            first = after.unwrap_or(first);
            if before.key() == key {
                first = before;
            } else if before.end() > before.start() {
                break;
            }
            spot = before;
        }
        first.start()
    }
}

/// What the time outside all shifts is called.
const OFF: &str = "非值守时间";

/// The pieces of a day from the rows that begin on it and on the day before.
fn pieces(before: &[&WeekRow], own: &[&WeekRow], kind: usize) -> Vec<Piece> {
    let own_part = |row: &&WeekRow| (row.start, row.end.min(DAY));
    let rest = |row: &&WeekRow| (0, row.end.saturating_sub(DAY));
    let mut spans: Vec<(u16, u16, &WeekRow)> = Vec::new();
    if kind != CLOSED {
        spans.extend(before.iter().map(|row| (rest(row).0, rest(row).1, *row)));
        spans.extend(
            own.iter()
                .map(|row| (own_part(row).0, own_part(row).1, *row)),
        );
    }
    let edges: BTreeSet<u16> = spans
        .iter()
        .flat_map(|(start, end, _)| [*start, *end])
        .chain([0, DAY])
        .collect();
    let edges: Vec<u16> = edges.into_iter().collect();
    let mut pieces: Vec<Piece> = Vec::new();
    for edge in edges.windows(2) {
        let [start, end] = *edge else { continue };
        let here: Vec<&WeekRow> = spans
            .iter()
            .filter(|span| span.0 <= start && end <= span.1)
            .map(|span| span.2)
            .collect();
        let lunch = here.iter().any(|row| row.lunch);
        let rows: Vec<&&WeekRow> = here.iter().filter(|row| row.lunch == lunch).collect();
        let cover = match (rows.is_empty(), lunch) {
            (true, _) => Cover::Night,
            (_, true) => Cover::Lunch,
            _ => Cover::Staffed,
        };
        let mut names: Vec<&str> = Vec::new();
        let mut people: Vec<Arc<str>> = Vec::new();
        for row in rows {
            if !names.contains(&row.name.as_str()) {
                names.push(&row.name);
            }
            if cover == Cover::Staffed {
                for person in &row.people {
                    if people.iter().all(|known| **known != **person) {
                        people.push(person.as_str().into());
                    }
                }
            }
        }
        let reason: Arc<str> = match cover {
            Cover::Night => OFF.into(),
            _ => names.join("、").into(),
        };
        match pieces.last_mut() {
            Some(last) if last.cover == cover && last.reason == reason && last.people == people => {
                last.end = end;
            }
            _ => pieces.push(Piece {
                start,
                end,
                cover,
                reason,
                people,
            }),
        }
    }
    pieces
}

fn specials(shop: &Shop, holidays: &[SpecialRow]) -> Vec<Special> {
    let mut days: HashMap<NaiveDate, (&SpecialRow, (bool, bool))> = HashMap::new();
    for row in holidays {
        if row.shop.as_ref().is_some_and(|id| *id != shop.id) {
            continue;
        }
        let rank = (row.shop.is_some(), row.like.is_some());
        let mut date = row.from;
        while date <= row.to {
            let entry = days.entry(date).or_insert((row, rank));
            if rank > entry.1 {
                *entry = (row, rank);
            }
            let Some(next) = date.checked_add_days(Days::new(1)) else {
                break;
            };
            date = next;
        }
    }
    let mut special: Vec<Special> = days
        .into_iter()
        .map(|(date, (row, _))| Special {
            date,
            kind: row
                .like
                .map_or(CLOSED, |day| day.num_days_from_monday() as usize),
            name: row.name.as_str().into(),
        })
        .collect();
    special.sort_by_key(|special| special.date);
    special
}
