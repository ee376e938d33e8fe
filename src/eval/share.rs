//! Shares and what follows from them: precision, recall, F1.

use serde::Serialize;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Share {
    /// How many hold.
    pub hits: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    /// How many of `items` hold.
    pub fn count(items: impl IntoIterator<Item = bool>) -> Self {
        let mut share = Self::default();
        for holds in items {
            share.hits += usize::from(holds);
            share.of += 1;
        }
        share
    }

    /// `0..=1`; 0 of nothing.
    pub fn value(self) -> f64 {
        ratio(self.hits, self.of)
    }

    /// The binomial standard error, `√(p(1-p)/n)`.
    pub fn error(self) -> f64 {
        if self.of == 0 {
            return 0.0;
        }
        let p = self.value();
        (p * (1.0 - p) / self.of as f64).sqrt()
    }
}

/// `0` of nothing.
pub(crate) fn ratio(hits: usize, of: usize) -> f64 {
    if of == 0 {
        0.0
    } else {
        hits as f64 / of as f64
    }
}

/// Yes and no, foretold and true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Binary {
    /// Foretold and true.
    pub hits: usize,
    /// Foretold, not true.
    pub false_alarms: usize,
    /// True, not foretold.
    pub misses: usize,
    /// Neither.
    pub rest: usize,
}

impl Binary {
    /// Counts pairs of (foretold, true).
    pub fn count(pairs: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut binary = Self::default();
        for pair in pairs {
            match pair {
                (true, true) => binary.hits += 1,
                (true, false) => binary.false_alarms += 1,
                (false, true) => binary.misses += 1,
                (false, false) => binary.rest += 1,
            }
        }
        binary
    }

    /// Of what was foretold, the share that is true.
    pub fn precision(self) -> Share {
        Share {
            hits: self.hits,
            of: self.hits + self.false_alarms,
        }
    }

    /// Of what is true, the share that was foretold.
    pub fn recall(self) -> Share {
        Share {
            hits: self.hits,
            of: self.hits + self.misses,
        }
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(self) -> f64 {
        ratio(
            2 * self.hits,
            2 * self.hits + self.false_alarms + self.misses,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_knows_how_sure_it_is() {
        for (hits, of, value, error) in [
            (0, 0, 0.0, 0.0),
            (0, 10, 0.0, 0.0),
            (10, 10, 1.0, 0.0),
            (50, 100, 0.5, 0.05),
            (90, 100, 0.9, 0.03),
        ] {
            let share = Share { hits, of };
            assert!((share.value() - value).abs() < 1e-9, "{share:?}");
            assert!((share.error() - error).abs() < 1e-9, "{share:?}");
        }
        assert_eq!(Share::count([true, false, true]), Share { hits: 2, of: 3 });
    }

    #[test]
    fn f1_of_small_tables_is_known() {
        for (hits, false_alarms, misses, precision, recall, f1) in [
            (0, 0, 0, 0.0, 0.0, 0.0),
            (3, 0, 0, 1.0, 1.0, 1.0),
            (2, 2, 0, 0.5, 1.0, 2.0 / 3.0),
            (1, 1, 3, 0.5, 0.25, 1.0 / 3.0),
            (0, 4, 4, 0.0, 0.0, 0.0),
        ] {
            let binary = Binary {
                hits,
                false_alarms,
                misses,
                rest: 7,
            };
            assert!(
                (binary.precision().value() - precision).abs() < 1e-9,
                "{binary:?}"
            );
            assert!(
                (binary.recall().value() - recall).abs() < 1e-9,
                "{binary:?}"
            );
            assert!((binary.f1() - f1).abs() < 1e-9, "{binary:?}");
        }
        let pairs = [
            (true, true),
            (true, false),
            (false, true),
            (false, false),
            (true, true),
        ];
        let counted = Binary {
            hits: 2,
            false_alarms: 1,
            misses: 1,
            rest: 1,
        };
        assert_eq!(Binary::count(pairs), counted);
    }
}
