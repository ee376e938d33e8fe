//! Who is in: the weekly table, the holidays, and what they mean at a moment.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use serde::{Deserialize, Serialize};

use super::{
    dates::{instant, local},
    intent::Span,
    plan::{DAY, Plan},
    roster::{SpecialRow, WeekRow},
    shop::Shop,
    words::ShopId,
};

/// Who answers now, why, since and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Whether somebody is on duty.
    pub cover: Cover,
    /// The row's name: a shift, 午休, a holiday.
    pub reason: String,
    /// Since when it has been so; the epoch when it has never been otherwise.
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
    /// Outside the hours of duty.
    Night,
    /// A holiday.
    Holiday,
}

impl Cover {
    /// Whether somebody is on duty.
    pub fn is_staffed(self) -> bool {
        self == Self::Staffed
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
    /// always staffed but for holidays. Of several holidays on one day the shop's own go before everybody's,
    /// and a make-up workday before a closed day.
    pub(super) fn new(shops: &[Shop], weekly: &[WeekRow], holidays: &[SpecialRow]) -> Self {
        let plan = |shop: &Shop| Plan::new(shop, weekly, holidays);
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
    pub(super) fn coverage(&self, at: DateTime<Utc>) -> Coverage {
        let spot = self.spot(at);
        let (cover, reason) = spot.key();
        let until = spot.change_after();
        let staffed_at = match (cover, until) {
            (Cover::Staffed, _) => Some(at),
            (_, None) => None,
            _ if !self.ever() => None,
            (_, Some((begin, next))) if next.key().0 == Cover::Staffed => Some(begin),
            (_, Some((_, next))) => next.staffed_after(),
        };
        Coverage {
            cover,
            reason: reason.to_string(),
            since: spot.since().min(at),
            until: until.map(|(begin, _)| begin),
            staffed_at,
        }
    }

    /// Who is written down for a moment.
    pub(super) fn people(&self, at: DateTime<Utc>) -> Vec<&str> {
        self.spot(at)
            .piece()
            .map(|piece| piece.people.iter().map(AsRef::as_ref).collect())
            .unwrap_or_default()
    }

    /// The moment when `minutes` of staffed time have passed since `from`, at most a year later; plain time
    /// when nobody is ever on duty.
    pub(super) fn staffed_after(&self, from: DateTime<Utc>, minutes: u32) -> DateTime<Utc> {
        let cap = from + Duration::days(CAP_DAYS);
        let plain = from + Duration::minutes(i64::from(minutes));
        if !self.ever() {
            return plain;
        }
        let mut left = Duration::minutes(i64::from(minutes));
        let mut spot = self.spot(from);
        let mut worked = false;
        loop {
            if spot.key().0 == Cover::Staffed {
                worked = true;
                let (start, end) = (spot.start().max(from), spot.end());
                let here = (end - start).max(Duration::zero());
                if left <= here {
                    return (start + left).min(cap);
                }
                left -= here;
            }
            match spot.next() {
                Some(next) if next.start_is_before(cap) => spot = next,
                _ if worked => return cap,
                _ => return plain.min(cap),
            }
        }
    }

    /// When something is due. Working days: the end of the `n`-th day after `from` on which somebody works.
    pub(super) fn due(&self, from: DateTime<Utc>, span: Span, any_hour: bool) -> DateTime<Utc> {
        match span {
            Span::Minutes(minutes) if any_hour => from + Duration::minutes(i64::from(minutes)),
            Span::Minutes(minutes) => self.staffed_after(from, minutes),
            Span::WorkingDays(days) => {
                let today = from.with_timezone(&self.zone).date_naive();
                let last = today + Duration::days(CAP_DAYS.max(i64::from(days)));
                let mut left = days;
                let mut date = today;
                while left > 0 && date < last {
                    date = date.succ_opt().unwrap_or(last);
                    if !self.ever() || self.works_on(date) {
                        left -= 1;
                    }
                }
                instant(self.zone, local(date, DAY))
            }
        }
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
            2..=6 => {
                let names = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
                let day = at.weekday().num_days_from_monday() as usize;
                names.get(day).copied().unwrap_or_default().to_owned()
            }
            _ => format!("{}月{}日", at.month(), at.day()),
        };
        format!("{day}{}:{:02}", at.hour(), at.minute())
    }
}
