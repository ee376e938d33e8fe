//! The week of a shop as a picture: who is in when, a row a day.

use chrono::{DateTime, Datelike, Duration, NaiveTime, TimeZone, Utc};
use minijinja::{Value, context};

use super::shown;
use crate::knowledge::{Knowledge, arrangement::Arrangement, shop::Shop};

/// The picture's measures, in its own units: a day is 24 hours of 40.
const HOUR: i64 = 40;
const LEFT: i64 = 84;
const ROW: i64 = 26;
const TOP: i64 = 20;
/// A shift's name is written into its bar when this wide, for each character.
const LETTER: i64 = 13;
/// More changes a day than anybody arranges.
const MOST: usize = 64;

/// The days of this week, Monday first, as a template draws them.
pub(super) fn picture(
    knowledge: &Knowledge,
    shop: &Shop,
    arrangements: &[Arrangement],
    now: DateTime<Utc>,
) -> Value {
    let today = now.with_timezone(&shop.zone).date_naive();
    let monday = today - Duration::days(today.weekday().num_days_from_monday().into());
    let mut rows = Vec::new();
    for (n, date) in (0..).zip(monday.iter_days().take(7)) {
        let begin = |date: chrono::NaiveDate| {
            let midnight = shop
                .zone
                .from_local_datetime(&date.and_time(NaiveTime::MIN));
            midnight.earliest().map(|at| at.to_utc())
        };
        let (Some(from), Some(until)) = (begin(date), date.succ_opt().and_then(begin)) else {
            continue;
        };
        let mut bars = Vec::new();
        let mut at = from;
        while at < until && bars.len() < MOST {
            let coverage = knowledge.coverage_with(&shop.id, at, arrangements);
            let end = coverage.until.unwrap_or(until).clamp(at, until);
            let end = if end > at { end } else { until };
            let (left, right) = (place(at - from), place(end - from));
            let kind = shown::cover(coverage.cover);
            let people = coverage.people.join("、");
            let label = fitting(&coverage.reason, right - left);
            let clock =
                |at: DateTime<Utc>| at.with_timezone(&shop.zone).format("%H:%M").to_string();
            bars.push(context! {
                kind, x => LEFT + left, width => (right - left).max(1), middle => LEFT + (left + right) / 2,
                label, reason => coverage.reason, people, from => clock(at),
                until => if end == until { "24:00".to_owned() } else { clock(end) },
            });
            at = end;
        }
        rows.push(context! {
            day => n, date => date.format("%m-%d").to_string(), today => date == today,
            y => TOP + n * ROW, text => TOP + n * ROW + 16, bars,
            called => knowledge.called(&shop.id, date).join("、"),
        });
    }
    let minutes = now.with_timezone(&shop.zone).time() - NaiveTime::MIN;
    let hours: Vec<Value> = (0..=24)
        .step_by(3)
        .map(|hour| context! { hour, x => LEFT + hour * HOUR })
        .collect();
    context! {
        rows, hours, width => LEFT + 24 * HOUR + 12, height => TOP + 7 * ROW + 4, bottom => TOP + 7 * ROW,
        row => ROW - 4, now => LEFT + place(minutes),
        now_y => TOP + i64::from(today.weekday().num_days_from_monday()) * ROW,
    }
}

fn place(since_midnight: Duration) -> i64 {
    since_midnight.num_minutes() * HOUR / 60
}

/// As much of a name as a bar bears.
fn fitting(name: &str, width: i64) -> String {
    let room = usize::try_from(width / LETTER).unwrap_or(0);
    match name.chars().count() {
        length if length <= room => name.to_owned(),
        _ if room >= 3 => name.chars().take(room - 1).chain(['…']).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_as_far_as_it_fits() {
        for (name, width, written) in [
            ("早班", 26, "早班"),
            ("早班", 25, ""),
            ("国庆节放假", 40, "国庆…"),
            ("", 400, ""),
        ] {
            assert_eq!(fitting(name, width), written);
        }
    }
}
