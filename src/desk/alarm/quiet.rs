//! Quiet hours: from a time of day until another, also across midnight.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

/// Hours in which a target is not to be disturbed. Half-open; `from` after `until` goes across midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// From when.
    pub from: NaiveTime,
    /// Until when.
    pub until: NaiveTime,
}

impl Quiet {
    /// Whether it is quiet at a moment, by the clocks of a zone.
    pub fn holds(self, zone: Tz, at: DateTime<Utc>) -> bool {
        let time = at.with_timezone(&zone).time();
        if self.from <= self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::TimeZone;
    use chrono_tz::Asia::Shanghai;

    use super::*;

    #[test]
    fn quiet_hours_are_half_open_and_may_cross_midnight() {
        let hours = |from: &str, until: &str| Quiet {
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
        };
        for (quiet, time, holds) in [
            (hours("22:00:00", "08:00:00"), (21, 59), false),
            (hours("22:00:00", "08:00:00"), (22, 0), true),
            (hours("22:00:00", "08:00:00"), (0, 0), true),
            (hours("22:00:00", "08:00:00"), (7, 59), true),
            (hours("22:00:00", "08:00:00"), (8, 0), false),
            (hours("12:00:00", "13:00:00"), (11, 59), false),
            (hours("12:00:00", "13:00:00"), (12, 0), true),
            (hours("12:00:00", "13:00:00"), (13, 0), false),
            (hours("00:00:00", "00:00:00"), (0, 0), false),
        ] {
            let at = Shanghai
                .with_ymd_and_hms(2026, 11, 20, time.0, time.1, 0)
                .unwrap()
                .to_utc();
            assert_eq!(quiet.holds(Shanghai, at), holds, "{quiet:?} {time:?}");
        }
    }
}
