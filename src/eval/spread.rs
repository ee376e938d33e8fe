//! How much a figure would differ on other rows of the same kind: the bootstrap, and quantiles.

/// How many times rows are drawn again.
const ROUNDS: usize = 1_000;
/// Where drawing starts, always, so that a figure's error is the same every time.
const SEED: u64 = 20_261_122;

/// The standard error of `figure` over `rows` rows: its spread over rows drawn again with replacement.
/// `figure` is given the drawn places in `0..rows`.
pub fn bootstrap(rows: usize, mut figure: impl FnMut(&[usize]) -> f64) -> f64 {
    if rows < 2 {
        return 0.0;
    }
    let mut state = SEED;
    let mut drawn = vec![0; rows];
    let values: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            for place in &mut drawn {
                *place = (next(&mut state) % rows as u64) as usize;
            }
            figure(&drawn)
        })
        .collect();
    deviation(&values)
}

/// The mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard error of the mean.
pub fn error_of_mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    deviation(values) / (values.len() as f64).sqrt()
}

/// The value that a `share` of all do not exceed; 0 of nothing. Nearest rank.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// The sample's standard deviation.
fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// SplitMix64 (Steele, Lea, Flood 2014): a fixed sequence, not dice.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_drawn_again_spreads_like_the_binomial() {
        let rows: Vec<bool> = (0..400).map(|n| n % 4 != 0).collect();
        let figure = |drawn: &[usize]| {
            drawn.iter().filter(|at| rows[**at]).count() as f64 / drawn.len() as f64
        };
        let error = bootstrap(rows.len(), figure);
        let binomial = (0.75f64 * 0.25 / 400.0).sqrt();
        assert!(
            (error - binomial).abs() < 0.002,
            "{error} against {binomial}"
        );
        assert!(
            (error - bootstrap(rows.len(), figure)).abs() < 1e-15,
            "always the same"
        );
        assert!(bootstrap(1, |_| 1.0).abs() < 1e-15);
    }

    #[test]
    fn quantiles_are_values_that_were_seen() {
        for (values, share, wanted) in [
            (vec![], 0.5, 0.0),
            (vec![3.0], 0.99, 3.0),
            (vec![4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
            (vec![4.0, 1.0, 3.0, 2.0], 0.99, 4.0),
            (vec![4.0, 1.0, 3.0, 2.0], 0.0, 1.0),
        ] {
            assert!(
                (quantile(&values, share) - wanted).abs() < 1e-12,
                "{values:?} {share}"
            );
        }
        assert!((error_of_mean(&[1.0, 0.0, 1.0, 0.0]) - 0.288_675).abs() < 1e-5);
    }
}
