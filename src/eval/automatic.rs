//! What the bot would say alone, and how often it is right, over the threshold from which a script fits.

use serde::Serialize;

use super::share::Share;
use crate::{desk::Verdict, knowledge::Reading};

/// What came of one row at one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// Answered with content.
    Answered,
    /// Said that the matter is registered.
    Registered,
    /// A receipt, or nothing.
    Waited,
}

impl Did {
    /// Of a verdict.
    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Answer => Self::Answered,
            Verdict::Register => Self::Registered,
            _ => Self::Waited,
        }
    }
}

/// One row over all thresholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whether its label was foretold right.
    pub right: bool,
    /// For every threshold what was done.
    pub did: Vec<Did>,
}

/// The shares at one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// 匹配线.
    pub threshold: f32,
    /// Answered with content, of all.
    pub answered: Share,
    /// Registered, of all.
    pub registered: Share,
    /// Right, of what was answered.
    pub answered_right: Share,
    /// Right, of what was registered.
    pub registered_right: Share,
}

impl Point {
    /// Answered or registered, of all.
    pub fn handled(&self) -> Share {
        Share {
            hits: self.answered.hits + self.registered.hits,
            of: self.answered.of,
        }
    }
}

/// The thresholds of a curve: 0, .05, … 1.
pub fn thresholds() -> Vec<f32> {
    (0..=20u8).map(|step| f32::from(step) / 20.0).collect()
}

/// The shares at every threshold.
pub fn curve(thresholds: &[f32], rows: &[Row]) -> Vec<Point> {
    let share =
        |at: usize, did: Did| Share::count(rows.iter().map(|row| row.did.get(at) == Some(&did)));
    let right = |at: usize, did: Did| {
        let done = rows.iter().filter(|row| row.did.get(at) == Some(&did));
        Share::count(done.map(|row| row.right))
    };
    thresholds
        .iter()
        .enumerate()
        .map(|(at, threshold)| Point {
            threshold: *threshold,
            answered: share(at, Did::Answered),
            registered: share(at, Did::Registered),
            answered_right: right(at, Did::Answered),
            registered_right: right(at, Did::Registered),
        })
        .collect()
}

/// The reading as it would be had 匹配线 another value: scores do not depend on it.
pub fn with_fits(reading: &Reading, threshold: f32) -> Reading {
    let mut reading = reading.clone();
    for script in &mut reading.scripts {
        script.fits = script.grounds >= threshold;
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::{ScriptId, reading::ReadScript};

    #[test]
    fn a_curve_counts_what_was_done_and_what_was_right() {
        use Did::{Answered, Registered, Waited};
        let rows: Vec<Row> = [
            (true, [Answered, Answered]),
            (false, [Answered, Waited]),
            (true, [Registered, Registered]),
            (false, [Registered, Waited]),
            (true, [Waited, Waited]),
        ]
        .into_iter()
        .map(|(right, did)| Row {
            right,
            did: did.to_vec(),
        })
        .collect();
        let points = curve(&[0.5, 0.9], &rows);
        let shares: Vec<_> = points
            .iter()
            .map(|p| {
                [
                    p.answered,
                    p.registered,
                    p.answered_right,
                    p.registered_right,
                    p.handled(),
                ]
            })
            .map(|shares| shares.map(|s| (s.hits, s.of)))
            .collect();
        assert_eq!(shares[0], [(2, 5), (2, 5), (1, 2), (1, 2), (4, 5)]);
        assert_eq!(shares[1], [(1, 5), (1, 5), (1, 1), (1, 1), (2, 5)]);
        assert_eq!(thresholds().len(), 21);
    }

    #[test]
    fn another_threshold_changes_only_what_fits() {
        let script = |score, fits| ReadScript {
            id: ScriptId::from("a"),
            score,
            near: score,
            grounds: score,
            mentioned: None,
            fits,
        };
        let reading = Reading {
            scripts: vec![script(0.7, true), script(0.5, false)],
            ..Reading::default()
        };
        for (threshold, fits) in [
            (0.4, [true, true]),
            (0.7, [true, false]),
            (0.8, [false, false]),
        ] {
            let moved = with_fits(&reading, threshold);
            let found: Vec<bool> = moved.scripts.iter().map(|s| s.fits).collect();
            assert_eq!(found, fits, "{threshold}");
        }
    }
}
