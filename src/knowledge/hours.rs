//! Who is in: the weekly table, the dated one, what was arranged by hand, and what they mean at a moment.
//!
//! Layers, each over the one before: the usual week; holidays; make-up workdays; dated hours on top; today's
//! arrangements. [`Coverage`] answers who answers, why, since and until when.

mod check;
mod plan;
pub(super) mod roster;
mod special;
mod team;
mod walk;

use std::{collections::HashMap, fmt};

use chrono::{DateTime, Datelike, Duration, NaiveDate, Timelike, Utc, Weekday};
use serde::{Deserialize, Serialize};

pub(super) use self::plan::Plan;
use self::{
    plan::DAY,
    roster::{DatedRow, WeekRow},
    walk::Walk,
};
use super::{
    arrangement::{Arranged, Arrangement},
    dates::{instant, local},
    due::{CutOff, Due},
    intent::Span,
    shop::Shop,
    words::ShopId,
};

/// Who answers now, why, since and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Whether somebody is on duty.
    pub cover: Cover,
    /// The row's name: a shift, 午休, a holiday; the reason of an arrangement.
    pub reason: String,
    /// Who is on duty, by name; empty when nobody is, or nobody that is named.
    pub people: Vec<String>,
    /// Since when cover, reason and people have been so; the epoch when they have never been otherwise.
    pub since: DateTime<Utc>,
    /// Until when it stays so; `None` when nothing ever changes.
    pub until: Option<DateTime<Utc>>,
    /// When somebody is on duty next; now when staffed, `None` when never.
    pub staffed_at: Option<DateTime<Utc>>,
}

/// Whether somebody is on duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// Somebody is.
    Staffed,
    /// Everybody is at lunch (午休).
    Lunch,
    /// Outside the hours of duty, or those who should be on duty are absent.
    Night,
    /// A holiday, or the shop is closed by hand.
    Holiday,
}

impl Cover {
    /// Whether somebody is on duty.
    pub fn is_staffed(self) -> bool {
        self == Self::Staffed
    }
}

/// Why somebody must not leave: a row says how many must stay (最少在岗).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stay {
    /// The row's shift.
    pub shift: String,
    /// The table in which it stands.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
    /// How many must stay.
    pub least: u16,
    /// From when too few would be left.
    pub from: DateTime<Utc>,
    /// Who would be left then, by name.
    pub staying: Vec<String>,
    /// Who else should be there then and is not.
    pub away: Vec<String>,
}

impl fmt::Display for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shift, least, .. } = self;
        write!(f, "“{shift}”至少要留 {least} 人在岗")?;
        match self.staying.is_empty() {
            true => f.write_str("，走开就没有人了")?,
            false => write!(f, "，走开就只剩{}", self.staying.join("、"))?,
        }
        if !self.away.is_empty() {
            write!(f, "（{}现在不在）", self.away.join("、"))?;
        }
        write!(f, "；见 {} 第 {} 行", self.file, self.line)
    }
}

/// How long staffed time is counted before plain time takes over.
const CAP_DAYS: i64 = 365;

/// Both tables, compiled for every shop.
#[derive(Default)]
pub(super) struct Hours {
    shops: HashMap<ShopId, Plan>,
    other: Plan,
}

impl Hours {
    /// Compiles the tables. A shop with weekly rows of its own uses only those; a shop without any is
    /// always staffed but for holidays. Of several dated rows on one day the shop's own go before everybody's,
    /// and a make-up workday before a closed day.
    pub(super) fn new(shops: &[Shop], weekly: &[WeekRow], dated: &[DatedRow]) -> Self {
        let plan = |shop: &Shop| Plan::new(shop, weekly, dated);
        Self {
            shops: shops
                .iter()
                .map(|shop| (shop.id.clone(), plan(shop)))
                .collect(),
            other: plan(&Shop::unassigned()),
        }
    }

    /// The plan of a shop; of an unknown shop, what holds for everybody.
    pub(super) fn of(&self, shop: &ShopId) -> &Plan {
        self.shops.get(shop).unwrap_or(&self.other)
    }
}

impl Plan {
    /// Who answers at a moment, why, since and until when.
    pub(super) fn coverage(&self, at: DateTime<Utc>, arrangements: &[Arrangement]) -> Coverage {
        let coverage = Walk::new(self, arrangements).coverage(at);
        coverage.unwrap_or_else(|| Coverage {
            // The end of all calendars.
            cover: Cover::Night,
            reason: String::new(),
            people: Vec::new(),
            since: at,
            until: None,
            staffed_at: None,
        })
    }

    /// Whether an agent is on duty; `None` when nothing says when he is.
    pub(super) fn on_duty(
        &self,
        agent: &str,
        at: DateTime<Utc>,
        arrangements: &[Arrangement],
    ) -> Option<bool> {
        Walk::new(self, arrangements).on_duty(agent, at)
    }

    /// Whether an agent may leave for a while.
    pub(super) fn may_leave(
        &self,
        agent: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        arrangements: &[Arrangement],
    ) -> Result<(), Stay> {
        let lunch = Arrangement {
            what: Arranged::Lunch {
                agent: agent.to_owned(),
            },
            from,
            until,
            reason: String::new(),
        };
        Walk::may_leave(self, &lunch, agent, arrangements)
    }

    /// What the dated table calls a date.
    pub(super) fn names_of(&self, date: NaiveDate) -> &[String] {
        self.called(date)
    }

    /// Who is written down for a moment.
    pub(super) fn people(&self, at: DateTime<Utc>) -> Vec<&str> {
        self.spot(at)
            .and_then(|spot| spot.shown())
            .map(|state| state.people.iter().map(AsRef::as_ref).collect())
            .unwrap_or_default()
    }

    /// The moment when `minutes` of staffed time have passed since `from`, at most a year later; plain time
    /// when nobody is ever on duty.
    pub(super) fn staffed_after(
        &self,
        from: DateTime<Utc>,
        minutes: u32,
        arrangements: &[Arrangement],
    ) -> DateTime<Utc> {
        Walk::new(self, arrangements).staffed_after(from, Duration::minutes(minutes.into()))
    }

    /// When something is due. Working days: the end of the `n`-th day after `from` on which somebody works.
    pub(super) fn due(
        &self,
        from: DateTime<Utc>,
        span: Span,
        any_hour: bool,
        arrangements: &[Arrangement],
    ) -> DateTime<Utc> {
        match span {
            Span::Minutes(minutes) if any_hour => from + Duration::minutes(i64::from(minutes)),
            Span::Minutes(minutes) => self.staffed_after(from, minutes, arrangements),
            Span::WorkingDays(days) => {
                let walk = Walk::new(self, arrangements);
                let today = from.with_timezone(&self.zone).date_naive();
                let last = today + Duration::days(CAP_DAYS.max(i64::from(days)));
                let mut left = days;
                let mut date = today;
                while left > 0 && date < last {
                    date = date.succ_opt().unwrap_or(last);
                    if walk.works_on(date) {
                        left -= 1;
                    }
                }
                instant(self.zone, local(date, DAY))
            }
        }
    }

    /// When something is due by a rule. What is due at a cut-off's "same day" is due when the last shift of that
    /// day ends, at midnight at the latest; working days are those on which a usual shift begins and somebody is left.
    pub(super) fn due_by(
        &self,
        from: DateTime<Utc>,
        rule: Due,
        any_hour: bool,
        arrangements: &[Arrangement],
    ) -> DateTime<Utc> {
        let CutOff {
            before,
            today,
            next,
        } = match rule {
            Due::After(span) => return self.due(from, span, any_hour, arrangements),
            Due::Plain(minutes) => return from + Duration::minutes(i64::from(minutes)),
            Due::CutOff(cut_off) => cut_off,
        };
        let walk = Walk::new(self, arrangements);
        let date = from.with_timezone(&self.zone).date_naive();
        let at = |date, minute| instant(self.zone, local(date, minute));
        if walk.works_on(date) && from < at(date, before) {
            let midnight = at(date, DAY);
            return match today {
                Some(minute) => at(date, minute),
                None => walk.last_between(from, midnight).unwrap_or(midnight),
            };
        }
        let cap = date + Duration::days(CAP_DAYS);
        let mut date = date.succ_opt().unwrap_or(date);
        while date < cap && !walk.works_on(date) {
            date = date.succ_opt().unwrap_or(cap);
        }
        at(date, next)
    }

    /// A moment as one would say it at `now`: 现在, 今天13:30, 明天9:00, 周三9:00, 3月2日9:00.
    pub(super) fn moment(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
        if at <= now {
            return "现在".to_owned();
        }
        let at = at.with_timezone(&self.zone);
        let today = now.with_timezone(&self.zone).date_naive();
        let day = match (at.date_naive() - today).num_days() {
            0 => "今天".to_owned(),
            1 => "明天".to_owned(),
            2..=6 => weekday(at.weekday()).to_owned(),
            _ => format!("{}月{}日", at.month(), at.day()),
        };
        format!("{day}{}:{:02}", at.hour(), at.minute())
    }
}

/// 周一 to 周日.
fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "周一",
        Weekday::Tue => "周二",
        Weekday::Wed => "周三",
        Weekday::Thu => "周四",
        Weekday::Fri => "周五",
        Weekday::Sat => "周六",
        Weekday::Sun => "周日",
    }
}
