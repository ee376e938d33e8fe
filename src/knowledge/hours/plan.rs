//! What the days of one shop look like, and walking along them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Datelike, Duration, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

use super::{
    Cover,
    roster::{Dated, DatedRow, WeekRow},
    special::specials,
    team::{Line, State, Team},
};
use crate::knowledge::{
    arrangement::Arrangement,
    dates::{self, instant, local},
    shop::Shop,
};

/// The minutes of a day.
pub(in crate::knowledge) const DAY: u16 = 1440;

/// The usual weeks and the special days of one shop.
///
/// What a day looks like depends on the rows that begin on it and on the day before, whose shifts may reach
/// over midnight: every day of a usual week and every special date is laid out when the plan is made, and a
/// question only walks along them.
pub(in crate::knowledge) struct Plan {
    pub(super) zone: Tz,
    /// The rows that count for this shop.
    lines: Vec<Line>,
    /// From Monday.
    week: Vec<Day>,
    /// Dates that differ from the usual week or follow such a one, sorted.
    special: Vec<(NaiveDate, Day)>,
    /// Who is named in the rows.
    written: BTreeSet<Arc<str>>,
    /// Nothing ever changes in the usual weeks.
    still: bool,
    /// Nor does the row that says so.
    uniform: bool,
    /// Some row puts somebody on duty.
    ever: bool,
    /// Some usual day is worked.
    works: bool,
}

/// One day, from 0:00 to 24:00.
#[derive(Clone)]
struct Day {
    pieces: Vec<Piece>,
    /// The holiday on which usual hours do not hold.
    holiday: Option<Arc<str>>,
    /// A usual shift begins.
    works: bool,
    /// What the dated table calls it.
    called: Vec<String>,
}

/// A part of a day in which the same rows hold.
#[derive(Clone)]
pub(in crate::knowledge) struct Piece {
    start: u16,
    end: u16,
    pub(super) holds: Vec<Hold>,
    /// What it comes to when nothing was arranged.
    shown: State,
}

/// What holds in a part of a usual day.
pub(super) struct Part<'p> {
    pub(super) start: u16,
    pub(super) end: u16,
    pub(super) cover: Cover,
    /// How many are on duty.
    pub(super) count: usize,
    pub(super) shifts: Vec<&'p Line>,
    pub(super) lunches: Vec<&'p Line>,
}

/// A row that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    /// Which of the plan's lines.
    pub(super) line: usize,
    /// When it began, in minutes from midnight of the piece's day; below zero when the day before.
    pub(super) since: i32,
}

/// A piece of a certain day.
#[derive(Clone, Copy)]
pub(super) struct Spot<'p> {
    plan: &'p Plan,
    pub(super) date: NaiveDate,
    day: &'p Day,
    index: usize,
}

/// The rows that begin on a day.
#[derive(Clone, Default)]
struct Begins {
    usual: Vec<usize>,
    dated: Vec<usize>,
    holiday: Option<Arc<str>>,
    called: Vec<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self::new(&Shop::unassigned(), &[], &[])
    }
}

/// The rows of a shop that count: its own, or, when it has none, everybody's.
pub(super) fn rows_of<'r>(shop: &Shop, weekly: &'r [WeekRow]) -> Vec<&'r WeekRow> {
    let own = |row: &&WeekRow| row.shop.as_ref() == Some(&shop.id);
    match weekly.iter().any(|row| own(&row)) {
        true => weekly.iter().filter(own).collect(),
        false => weekly.iter().filter(|row| row.shop.is_none()).collect(),
    }
}

impl Plan {
    pub(super) fn new(shop: &Shop, weekly: &[WeekRow], dated: &[DatedRow]) -> Self {
        let always = WeekRow::always();
        let mut rows = rows_of(shop, weekly);
        if rows.is_empty() {
            rows.push(&always);
        }
        let specials = specials(shop, dated);
        let mut lines: Vec<Line> = rows.iter().map(|row| row.line()).collect();
        // Which of the lines each dated row became.
        let mut extra: HashMap<usize, usize> = HashMap::new();
        for at in specials.values().flat_map(|special| &special.extra) {
            if let Some(row) = dated.get(*at)
                && let Dated::Extra(shift) = &row.what
            {
                extra.entry(*at).or_insert_with(|| {
                    lines.push(shift.line(row));
                    lines.len() - 1
                });
            }
        }
        let spans: HashMap<usize, (u16, u16)> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| (at, (row.start, row.end)))
            .chain(
                extra
                    .iter()
                    .filter_map(|(row, line)| match &dated.get(*row)?.what {
                        Dated::Extra(shift) => Some((*line, (shift.start, shift.end))),
                        _ => None,
                    }),
            )
            .collect();
        // A lunch is a break of a day on which somebody works.
        let usual: Vec<Begins> = (0..7)
            .map(|day| {
                let works = rows.iter().any(|row| !row.lunch && row.days[day]);
                let on = |at: &usize| works && rows[*at].days[day];
                Begins {
                    usual: (0..rows.len()).filter(on).collect(),
                    ..Begins::default()
                }
            })
            .collect();
        let begins = |date: NaiveDate| {
            let of = |day: chrono::Weekday| usual[day.num_days_from_monday() as usize].clone();
            let Some(special) = specials.get(&date) else {
                return of(date.weekday());
            };
            let mut begins = match &special.day {
                None => of(date.weekday()),
                Some((Some(like), _)) => of(*like),
                Some((None, name)) => Begins {
                    holiday: Some(name.as_str().into()),
                    ..Begins::default()
                },
            };
            begins.called = special.called(dated);
            begins.dated = special
                .extra
                .iter()
                .filter_map(|at| extra.get(at).copied())
                .collect();
            begins
        };
        let written: BTreeSet<Arc<str>> = lines
            .iter()
            .flat_map(|line| line.people.iter().cloned())
            .collect();
        let lay = |before: &Begins, own: &Begins| Day::new(before, own, &lines, &spans);
        let week: Vec<Day> = (0..7)
            .map(|day| lay(&usual[(day + 6) % 7], &usual[day]))
            .collect();
        let dates: BTreeSet<NaiveDate> = specials
            .keys()
            .flat_map(|date| [Some(*date), date.succ_opt()])
            .flatten()
            .collect();
        let special = dates
            .into_iter()
            .map(|date| {
                let before = begins(date.pred_opt().unwrap_or(date));
                (date, lay(&before, &begins(date)))
            })
            .collect();
        let first = week.first().and_then(|day| day.pieces.first());
        let all = |same: &dyn Fn(&Piece, &Piece) -> bool| {
            let mut pieces = week.iter().flat_map(|day| &day.pieces);
            first.is_some_and(|first| pieces.all(|piece| same(piece, first)))
        };
        let still = all(&|piece, first| piece.shown == first.shown);
        let uniform = all(&|piece, first| {
            let whole = piece.start == 0 && piece.end == DAY;
            let lines = |p: &Piece| p.holds.iter().map(|hold| hold.line).collect::<Vec<_>>();
            whole && piece.shown == first.shown && lines(piece) == lines(first)
        });
        Self {
            zone: shop.zone,
            still,
            uniform,
            ever: lines.iter().any(|line| !line.lunch),
            works: week.iter().any(|day| day.works),
            lines,
            week,
            special,
            written,
        }
    }

    /// The parts of a usual week: the day, from 0 for Monday, and what holds.
    pub(super) fn usual(&self) -> impl Iterator<Item = (usize, Part<'_>)> {
        let lines = |piece: &Piece, lunch: bool| -> Vec<&Line> {
            let all = piece
                .holds
                .iter()
                .filter_map(|hold| self.lines.get(hold.line));
            all.filter(|line| line.lunch == lunch).collect()
        };
        let part = move |piece: &Piece| {
            let team = Team::new(
                &self.lines,
                piece,
                None,
                &[],
                |_| DateTime::UNIX_EPOCH,
                |_| false,
            );
            Part {
                start: piece.start,
                end: piece.end,
                cover: piece.shown.cover,
                count: team.people().1,
                shifts: lines(piece, false),
                lunches: lines(piece, true),
            }
        };
        let days = self.week.iter().enumerate();
        days.flat_map(move |(at, day)| day.pieces.iter().map(move |piece| (at, part(piece))))
    }

    fn at_special(&self, date: NaiveDate) -> Option<&Day> {
        let found = self.special.binary_search_by_key(&date, |(day, _)| *day);
        found
            .ok()
            .and_then(|at| self.special.get(at))
            .map(|(_, day)| day)
    }

    fn day(&self, date: NaiveDate) -> Option<Spot<'_>> {
        let usual = date.weekday().num_days_from_monday() as usize;
        let day = self.at_special(date).or_else(|| self.week.get(usual))?;
        Some(Spot {
            plan: self,
            date,
            day,
            index: 0,
        })
    }

    /// `None` only for a moment at the end of all calendars.
    pub(super) fn spot(&self, at: DateTime<Utc>) -> Option<Spot<'_>> {
        let wall = dates::wall(self.zone, at);
        let minute = (wall.hour() * 60 + wall.minute()) as u16;
        let mut spot = self.day(wall.date())?;
        spot.index = spot
            .day
            .pieces
            .iter()
            .position(|piece| minute < piece.end)?;
        Some(spot)
    }

    /// What the dated table calls a date.
    pub(super) fn called(&self, date: NaiveDate) -> &[String] {
        self.at_special(date).map_or(&[], |day| &day.called)
    }

    /// Whether a usual shift begins on a date.
    pub(in crate::knowledge) fn works_on(&self, date: NaiveDate) -> bool {
        self.day(date).is_some_and(|spot| spot.day.works)
    }

    /// Whether any usual day is worked.
    pub(in crate::knowledge) fn works(&self) -> bool {
        self.works
    }

    /// Whether a row ever puts somebody on duty.
    pub(super) fn ever(&self) -> bool {
        self.ever
    }

    /// Whether a row names this person.
    pub(super) fn names(&self, person: &str) -> bool {
        self.written.contains(person)
    }

    /// Whether days without end may be alike.
    pub(super) fn is_still(&self) -> bool {
        self.still
    }
}

impl<'p> Spot<'p> {
    pub(super) fn piece(&self) -> Option<&'p Piece> {
        self.day.pieces.get(self.index)
    }

    /// What it comes to when nothing was arranged.
    pub(super) fn shown(&self) -> Option<&'p State> {
        self.piece().map(|piece| &piece.shown)
    }

    /// The team when this was arranged.
    pub(super) fn team<'a>(&self, arranged: &[&'a Arrangement]) -> Option<Team<'a>>
    where
        'p: 'a,
    {
        let plan = self.plan;
        let date = self.date;
        let begins = |minute: i32| {
            let wall = date.and_time(chrono::NaiveTime::MIN) + Duration::minutes(minute.into());
            instant(plan.zone, wall)
        };
        Some(Team::new(
            &plan.lines,
            self.piece()?,
            self.day.holiday.as_deref(),
            arranged,
            begins,
            |person| plan.names(person),
        ))
    }

    /// The shifts that hold here.
    pub(super) fn shifts(&self) -> impl Iterator<Item = &'p Line> {
        let plan = self.plan;
        self.piece()
            .into_iter()
            .flat_map(|piece| &piece.holds)
            .filter_map(|hold| plan.lines.get(hold.line))
            .filter(|line| !line.lunch)
    }

    /// The moment at which it begins.
    pub(super) fn start(&self) -> DateTime<Utc> {
        let minute = self.piece().map_or(0, |piece| piece.start);
        instant(self.plan.zone, local(self.date, minute))
    }

    /// The moment at which it ends.
    pub(super) fn end(&self) -> DateTime<Utc> {
        let minute = self.piece().map_or(DAY, |piece| piece.end);
        instant(self.plan.zone, local(self.date, minute))
    }

    /// Whether the piece begins before a moment; looks at the clock only when the days do not tell.
    pub(super) fn start_is_before(&self, cap: DateTime<Utc>) -> bool {
        self.date < cap.date_naive().pred_opt().unwrap_or(self.date) || self.start() < cap
    }

    /// The next piece.
    pub(super) fn next(&self) -> Option<Self> {
        if self.index + 1 < self.day.pieces.len() {
            return Some(Self {
                index: self.index + 1,
                ..*self
            });
        }
        self.plan.day(self.date.succ_opt()?)
    }

    /// The piece before.
    pub(super) fn previous(&self) -> Option<Self> {
        if self.index > 0 {
            return Some(Self {
                index: self.index - 1,
                ..*self
            });
        }
        Some(self.plan.day(self.date.pred_opt()?)?.last())
    }

    fn last(mut self) -> Self {
        self.index = self.day.pieces.len().saturating_sub(1);
        self
    }

    /// Whether every day from here to the next special one, and back to the last, shows the same; with
    /// `arranged` also whether the same row says so.
    pub(super) fn is_settled(&self, arranged: bool) -> bool {
        let alike = match arranged {
            true => self.plan.uniform,
            false => self.plan.still,
        };
        alike && self.plan.at_special(self.date).is_none()
    }

    /// The next piece that may differ from a settled one.
    pub(super) fn jump(&self) -> Option<Self> {
        let special = &self.plan.special;
        let at = special.partition_point(|(date, _)| *date <= self.date);
        self.plan.day(special.get(at)?.0)
    }

    /// The last piece that may differ from a settled one.
    pub(super) fn jump_back(&self) -> Option<Self> {
        let special = &self.plan.special;
        let at = special.partition_point(|(date, _)| *date < self.date);
        let (date, _) = special.get(at.checked_sub(1)?)?;
        Some(self.plan.day(*date)?.last())
    }
}

impl Day {
    fn new(
        before: &Begins,
        own: &Begins,
        lines: &[Line],
        spans: &HashMap<usize, (u16, u16)>,
    ) -> Self {
        let mut parts: Vec<(u16, u16, Hold)> = Vec::new();
        // A usual shift does not reach into a holiday; a dated one says what it says.
        let reaching = match own.holiday {
            None => before.usual.as_slice(),
            Some(_) => &[],
        };
        for (line, offset) in reaching
            .iter()
            .chain(&before.dated)
            .map(|line| (*line, DAY))
            .chain(own.usual.iter().chain(&own.dated).map(|line| (*line, 0)))
        {
            if let Some((start, end)) = spans.get(&line) {
                let hold = Hold {
                    line,
                    since: i32::from(*start) - i32::from(offset),
                };
                let from = start.saturating_sub(offset);
                parts.push((from, end.saturating_sub(offset).min(DAY), hold));
            }
        }
        parts.retain(|(start, end, _)| start < end);
        let edges: BTreeSet<u16> = parts
            .iter()
            .flat_map(|(start, end, _)| [*start, *end])
            .chain([0, DAY])
            .collect();
        let edges: Vec<u16> = edges.into_iter().collect();
        let pieces = edges
            .windows(2)
            .filter_map(|edge| {
                let [start, end] = *edge else { return None };
                let mut piece = Piece {
                    start,
                    end,
                    holds: parts
                        .iter()
                        .filter(|part| part.0 <= start && end <= part.1)
                        .map(|part| part.2)
                        .collect(),
                    shown: State {
                        cover: Cover::Night,
                        reason: "".into(),
                        people: Vec::new(),
                    },
                };
                let holiday = own.holiday.as_deref();
                let never = |_| DateTime::UNIX_EPOCH;
                piece.shown = Team::new(lines, &piece, holiday, &[], never, |_| false).state();
                Some(piece)
            })
            .collect();
        Self {
            pieces,
            holiday: own.holiday.clone(),
            called: own.called.clone(),
            works: own
                .usual
                .iter()
                .any(|at| lines.get(*at).is_some_and(|line| !line.lunch)),
        }
    }
}
