//! Who is on duty, found out the slow way: minute by minute, asking every row.
//!
//! Nothing here is taken from the code that is tested but the names of its answers.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Timelike, Utc};
use chrono_tz::Tz;
use jieban::knowledge::{
    arrangement::{Arranged, Arrangement},
    hours::Cover,
};

pub(crate) const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

/// A row of the weekly table, in numbers.
#[derive(Debug, Clone)]
pub(crate) struct Week {
    pub(crate) days: [bool; 7],
    pub(crate) start: i64,
    pub(crate) length: i64,
    pub(crate) lunch: bool,
    pub(crate) name: String,
    pub(crate) people: Vec<String>,
    pub(crate) least: usize,
}

/// A row of the dated table.
#[derive(Debug, Clone)]
pub(crate) struct Dated {
    pub(crate) first: NaiveDate,
    pub(crate) last: NaiveDate,
    pub(crate) what: What,
    pub(crate) name: String,
    /// Written for this shop, not for all.
    pub(crate) own: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Closed,
    Like(usize),
    Extra {
        start: i64,
        length: i64,
        people: Vec<String>,
        least: usize,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    pub(crate) zone: Tz,
    pub(crate) weekly: Vec<Week>,
    pub(crate) dated: Vec<Dated>,
    pub(crate) arranged: Vec<Arrangement>,
}

fn clock(minute: i64) -> String {
    let minute = if minute > 1440 { minute - 1440 } else { minute };
    format!("{}:{:02}", minute / 60, minute % 60)
}

fn least(n: usize) -> String {
    if n == 0 { String::new() } else { n.to_string() }
}

impl Calendar {
    pub(crate) fn weekly_table(&self) -> String {
        let mut out = "店铺,星期,开始,结束,类型,班次,人员,最少在岗\n".to_owned();
        for row in &self.weekly {
            let days = DAYS.iter().zip(row.days).filter(|(_, on)| *on);
            let days: Vec<&str> = days.map(|(day, _)| *day).collect();
            out += &format!(
                ",{},{},{},{},{},{},{}\n",
                days.join("、"),
                clock(row.start),
                clock(row.start + row.length),
                if row.lunch { "午休" } else { "在岗" },
                row.name,
                row.people.join("、"),
                least(row.least),
            );
        }
        out
    }

    pub(crate) fn dated_table(&self) -> String {
        let mut out = "开始日期,结束日期,类型,名称,店铺,按,开始,结束,人员,最少在岗\n".to_owned();
        for row in &self.dated {
            let shop = if row.own { "main" } else { "" };
            let rest = match &row.what {
                What::Closed => format!("放假,{},{shop},,,,,", row.name),
                What::Like(day) => format!("上班,{},{shop},{},,,,", row.name, DAYS[*day]),
                What::Extra {
                    start,
                    length,
                    people,
                    least: n,
                } => format!(
                    "大促,{},{shop},,{},{},{},{}",
                    row.name,
                    clock(*start),
                    clock(start + length),
                    people.join("、"),
                    least(*n)
                ),
            };
            out += &format!("{},{},{rest}\n", row.first, row.last);
        }
        out
    }
}

/// What somebody would be told about a minute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) cover: Cover,
    pub(crate) reason: String,
    pub(crate) people: Vec<String>,
    /// How many that are.
    pub(crate) count: usize,
    /// The highest number that a row wants to stay.
    pub(crate) least: usize,
}

/// What holds on a date.
#[derive(Debug, Clone, Default)]
struct Day {
    /// Whose hours; `None` when closed.
    like: Option<usize>,
    holiday: String,
    extra: Vec<usize>,
}

/// Every minute.
pub(crate) struct Table {
    calendar: Calendar,
    pub(crate) begin: DateTime<Utc>,
    /// What the clock on the wall shows; it stands still while an hour comes a second time.
    pub(crate) walls: Vec<NaiveDateTime>,
    days: HashMap<NaiveDate, Day>,
    answers: Vec<Answer>,
    index: Vec<usize>,
    /// First minute of the same answer.
    pub(crate) since: Vec<usize>,
    /// First minute of another answer; the length when there is none.
    pub(crate) until: Vec<usize>,
    /// Next minute with somebody on duty; the length when there is none.
    pub(crate) staffed: Vec<usize>,
}

#[derive(Clone, Copy)]
enum From {
    Week,
    Dated(i64),
    Arranged(DateTime<Utc>),
    Whatever,
}

struct Seat<'a> {
    who: Option<&'a str>,
    label: &'a str,
    from: From,
}

enum Why<'a> {
    Here,
    Lunch(&'a str),
    Absent(&'a str),
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

fn once<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for label in labels {
        if !seen.contains(&label) {
            seen.push(label);
        }
    }
    seen
}

impl Table {
    pub(crate) fn new(calendar: Calendar, begin: DateTime<Utc>, minutes: i64) -> Self {
        let mut shown = NaiveDateTime::MIN;
        let walls: Vec<NaiveDateTime> = (0..minutes)
            .map(|n| {
                let local = (begin + Duration::minutes(n)).with_timezone(&calendar.zone);
                shown = shown.max(local.naive_local());
                shown
            })
            .collect();
        let mut table = Self {
            calendar,
            begin,
            walls,
            days: HashMap::new(),
            answers: Vec::new(),
            index: Vec::new(),
            since: Vec::new(),
            until: Vec::new(),
            staffed: Vec::new(),
        };
        let mut date = table.walls[0].date() - Duration::days(2);
        while date <= table.walls[table.walls.len() - 1].date() {
            table.days.insert(date, table.day(date));
            date = date.succ_opt().unwrap();
        }
        let mut known: HashMap<Answer, usize> = HashMap::new();
        for n in 0..table.walls.len() {
            let answer = table.look(n, None);
            let next = known.len();
            let at = *known.entry(answer.clone()).or_insert(next);
            if at == next {
                table.answers.push(answer);
            }
            table.index.push(at);
        }
        table.changes();
        table
    }

    /// Whether what customers and agents are told differs.
    fn differ(&self, one: usize, other: usize) -> bool {
        let said = |at: usize| {
            let answer = &self.answers[at];
            (answer.cover, &answer.reason, &answer.people)
        };
        one != other && said(one) != said(other)
    }

    fn changes(&mut self) {
        let count = self.index.len();
        self.since = vec![0; count];
        for n in 1..count {
            let same = !self.differ(self.index[n], self.index[n - 1]);
            self.since[n] = if same { self.since[n - 1] } else { n };
        }
        (self.until, self.staffed) = (vec![count; count], vec![count; count]);
        for n in (0..count).rev() {
            let staffed = self.answer(n).cover == Cover::Staffed;
            if n + 1 < count {
                let same = !self.differ(self.index[n], self.index[n + 1]);
                self.until[n] = if same { self.until[n + 1] } else { n + 1 };
                self.staffed[n] = self.staffed[n + 1];
            }
            if staffed {
                self.staffed[n] = n;
            }
        }
    }

    pub(crate) fn answer(&self, n: usize) -> &Answer {
        &self.answers[self.index[n]]
    }

    pub(crate) fn moment(&self, n: usize) -> DateTime<Utc> {
        self.begin + Duration::minutes(n as i64)
    }

    fn day(&self, date: NaiveDate) -> Day {
        let rows = &self.calendar.dated;
        let on = |row: &&Dated| row.first <= date && date <= row.last;
        let mut day = Day {
            like: Some(date.weekday().num_days_from_monday() as usize),
            ..Day::default()
        };
        // The shop's own before everybody's, then a make-up day before a closed one, then the first row.
        for (own, open) in [(true, true), (true, false), (false, true), (false, false)] {
            let found = rows.iter().filter(on).find(|row| {
                row.own == own
                    && matches!(
                        (&row.what, open),
                        (What::Like(_), true) | (What::Closed, false)
                    )
            });
            if let Some(row) = found {
                day.like = match row.what {
                    What::Like(like) => Some(like),
                    _ => None,
                };
                day.holiday = row.name.clone();
                break;
            }
        }
        let extra = |own: bool| -> Vec<usize> {
            let is =
                |row: &Dated| on(&row) && row.own == own && matches!(row.what, What::Extra { .. });
            (0..rows.len()).filter(|at| is(&rows[*at])).collect()
        };
        day.extra = extra(true);
        if day.extra.is_empty() {
            day.extra = extra(false);
        }
        day
    }

    /// When the wall clock first shows a minute of a day.
    fn first(&self, date: NaiveDate, minute: i64) -> Option<DateTime<Utc>> {
        let wanted = date.and_hms_opt(0, 0, 0).unwrap() + Duration::minutes(minute);
        let at = self.walls.partition_point(|wall| *wall < wanted);
        (at > 0).then(|| self.moment(at))
    }

    /// What a minute is, with one more arrangement.
    pub(crate) fn look(&self, n: usize, more: Option<&Arrangement>) -> Answer {
        let (wall, now) = (self.walls[n], self.moment(n));
        let minute = i64::from(wall.hour() * 60 + wall.minute());
        let today = &self.days[&wall.date()];
        let yesterday = &self.days[&wall.date().pred_opt().unwrap()];
        let weekly = &self.calendar.weekly;
        let mut seats: Vec<Seat> = Vec::new();
        let mut lunches: Vec<(&str, &[String], i64)> = Vec::new();
        let mut least = 0;
        for (day, offset) in [(yesterday, 1440), (today, 0)] {
            let on = |start: i64, length: i64| (start..start + length).contains(&(minute + offset));
            if let (Some(like), Some(_)) = (day.like, today.like)
                && weekly.iter().any(|row| row.days[like] && !row.lunch)
            {
                for row in weekly {
                    if !row.days[like] || !on(row.start, row.length) {
                        continue;
                    }
                    if row.lunch {
                        lunches.push((&row.name, &row.people, row.start - offset));
                        continue;
                    }
                    least = least.max(row.least);
                    sit(&mut seats, &row.people, &row.name, From::Week);
                }
            }
            for at in &day.extra {
                let row = &self.calendar.dated[*at];
                if let What::Extra {
                    start,
                    length,
                    people,
                    least: stay,
                } = &row.what
                    && on(*start, *length)
                {
                    least = least.max(*stay);
                    sit(&mut seats, people, &row.name, From::Dated(start - offset));
                }
            }
        }
        let arranged: Vec<&Arrangement> = self
            .calendar
            .arranged
            .iter()
            .chain(more)
            .filter(|a| a.from <= now && now < a.until)
            .collect();
        for a in &arranged {
            if let Arranged::OnDuty { agent } = &a.what {
                seats.push(Seat {
                    who: Some(agent),
                    label: or(&a.reason, "临时在岗"),
                    from: From::Arranged(a.from),
                });
            }
        }
        let shop = arranged
            .iter()
            .rev()
            .find(|a| matches!(a.what, Arranged::Closed | Arranged::Staffed));
        let shut = shop.filter(|a| a.what == Arranged::Closed);
        if let Some(a) = shop
            && a.what == Arranged::Staffed
        {
            seats.push(Seat {
                who: None,
                label: or(&a.reason, "临时在岗"),
                from: From::Whatever,
            });
        }
        let why: Vec<Why> = seats
            .iter()
            .map(|seat| self.why(seat, &seats, &lunches, &arranged, wall.date()))
            .collect();
        let here: Vec<&Seat> = seats
            .iter()
            .zip(&why)
            .filter(|(_, why)| matches!(why, Why::Here) && shut.is_none())
            .map(|(seat, _)| seat)
            .collect();
        let people = once(here.iter().filter_map(|seat| seat.who));
        let count = people.len() + usize::from(here.iter().any(|seat| seat.who.is_none()));
        let everybody = lunches.iter().filter(|l| l.1.is_empty()).map(|l| l.0);
        let at_lunch = why.iter().filter_map(|why| match why {
            Why::Lunch(label) => Some(*label),
            _ => None,
        });
        let at_lunch = once(everybody.chain(at_lunch));
        let absent = once(why.iter().filter_map(|why| match why {
            Why::Absent(label) => Some(*label),
            _ => None,
        }));
        let (cover, labels) = if let Some(shut) = shut {
            (Cover::Holiday, vec![or(&shut.reason, "临时关店")])
        } else if !here.is_empty() {
            (Cover::Staffed, once(here.iter().map(|seat| seat.label)))
        } else if !at_lunch.is_empty() {
            (Cover::Lunch, at_lunch)
        } else if !absent.is_empty() {
            (Cover::Night, absent)
        } else if today.like.is_none() {
            (Cover::Holiday, vec![today.holiday.as_str()])
        } else {
            (Cover::Night, vec!["非值守时间"])
        };
        Answer {
            cover,
            reason: labels.join("、"),
            people: people.into_iter().map(str::to_owned).collect(),
            count,
            least,
        }
    }

    /// Why somebody is not in, if he is not.
    fn why<'a>(
        &self,
        seat: &Seat,
        seats: &[Seat],
        lunches: &[(&'a str, &[String], i64)],
        arranged: &[&'a Arrangement],
        date: NaiveDate,
    ) -> Why<'a> {
        // The last word on whether somebody is absent.
        let absent = |agent: &str| {
            let about = |a: &&&Arrangement| matches!(&a.what, Arranged::Absent { agent: who } | Arranged::OnDuty { agent: who } if who == agent);
            let last = arranged.iter().rev().find(about);
            last.filter(|a| matches!(a.what, Arranged::Absent { .. }))
        };
        let sits = |agent: &str| seats.iter().any(|seat| seat.who == Some(agent));
        let missed = match seat.who {
            Some(who) => absent(who).copied(),
            None => arranged.iter().rev().copied().find(|a| {
                matches!(&a.what, Arranged::Absent { agent }
                    if absent(agent).is_some() && !sits(agent) && !self.is_written(agent))
            }),
        };
        if let Some(a) = missed {
            // Of several rows about one agent the last says why.
            let last = match &a.what {
                Arranged::Absent { agent } => absent(agent).copied().unwrap_or(a),
                _ => a,
            };
            return Why::Absent(or(&last.reason, "缺勤"));
        }
        for (label, people, start) in lunches {
            let goes =
                people.is_empty() || seat.who.is_some_and(|who| people.iter().any(|p| p == who));
            let was_in = match seat.from {
                From::Week => true,
                From::Dated(since) => since < *start,
                From::Arranged(since) => {
                    self.first(date, *start).is_some_and(|start| since < start)
                }
                From::Whatever => false,
            };
            if goes && was_in {
                return Why::Lunch(label);
            }
        }
        let lunch = arranged.iter().find(|a| match (&a.what, seat.who) {
            (Arranged::Lunch { agent }, Some(who)) => agent == who,
            (Arranged::Lunch { agent }, None) => {
                absent(agent).is_none() && !sits(agent) && !self.is_written(agent)
            }
            _ => false,
        });
        lunch.map_or(Why::Here, |a| Why::Lunch(or(&a.reason, "午休")))
    }

    /// Whether a row names somebody.
    pub(crate) fn is_written(&self, agent: &str) -> bool {
        let weekly = self.calendar.weekly.iter().flat_map(|row| &row.people);
        let dated = self
            .calendar
            .dated
            .iter()
            .enumerate()
            .flat_map(|(at, row)| match &row.what {
                // A row that no date uses is nobody's.
                What::Extra { people, .. } if self.is_used(at) => people.as_slice(),
                _ => &[],
            });
        weekly.chain(dated).any(|who| who == agent)
    }

    fn is_used(&self, at: usize) -> bool {
        let row = &self.calendar.dated[at];
        let mut date = row.first;
        while date <= row.last {
            if self.day(date).extra.contains(&at) {
                return true;
            }
            date = date.succ_opt().unwrap();
        }
        false
    }
}

fn sit<'a>(seats: &mut Vec<Seat<'a>>, people: &'a [String], label: &'a str, from: From) {
    let unknown = people.is_empty().then_some(None);
    for who in people.iter().map(|who| Some(who.as_str())).chain(unknown) {
        seats.push(Seat { who, label, from });
    }
}
