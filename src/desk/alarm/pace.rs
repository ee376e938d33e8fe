//! How fast a receiver may be told: so many messages in any stretch of so long.

use chrono::{DateTime, Duration, Utc};

/// Limits that all hold, each as messages and the seconds in which no more than these may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(pub &'static [(usize, i64)]);

impl Pace {
    /// When the next message may leave; `now` or before when it may leave at once. `sent` is when the last ones
    /// left, oldest first.
    pub fn next(self, sent: &[DateTime<Utc>], now: DateTime<Utc>) -> DateTime<Utc> {
        self.0
            .iter()
            .filter_map(|(most, seconds)| {
                let before = sent.len().checked_sub(*most)?;
                Some(*sent.get(before)? + Duration::seconds(*seconds))
            })
            .fold(now, DateTime::max)
    }

    /// The moments that still matter after another message has left at `now`.
    pub fn with(self, mut sent: Vec<DateTime<Utc>>, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        sent.push(now);
        let most = self.0.iter().map(|(most, _)| *most).max().unwrap_or(0);
        sent.drain(..sent.len().saturating_sub(most));
        sent
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const TWENTY: Pace = Pace(&[(20, 60)]);
    const BOTH: Pace = Pace(&[(100, 60), (5, 1)]);

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_795_176_000_000 + ms).unwrap()
    }

    #[test]
    fn the_twenty_first_waits_for_the_first_to_be_a_minute_old() {
        let sent: Vec<_> = (0..20).map(|n| at(n * 100)).collect();
        assert_eq!(TWENTY.next(&sent[..19], at(5_000)), at(5_000));
        assert_eq!(TWENTY.next(&sent, at(5_000)), at(60_000));
        assert_eq!(TWENTY.next(&sent, at(70_000)), at(70_000));
        assert_eq!(BOTH.next(&sent[..5], at(500)), at(1_000));
        assert_eq!(Pace(&[]).next(&sent, at(5_000)), at(5_000));
    }

    proptest! {
        #[test]
        fn no_stretch_holds_more_than_its_limit(gaps in prop::collection::vec(0i64..4_000, 1..300)) {
            for pace in [TWENTY, BOTH] {
                let (mut now, mut kept, mut all) = (0, Vec::new(), Vec::new());
                for gap in &gaps {
                    now += gap;
                    let next = pace.next(&kept, at(now));
                    now = (next - at(0)).num_milliseconds();
                    kept = pace.with(kept, at(now));
                    all.push(now);
                }
                for (most, seconds) in pace.0 {
                    for window in all.windows(most + 1) {
                        prop_assert!(window[*most] - window[0] >= seconds * 1000);
                    }
                }
            }
        }
    }
}
