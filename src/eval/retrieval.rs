//! Whether the script that answers is found: hit@1, hit@5 and the mean reciprocal rank.

use super::{
    share::Share,
    spread::{error_of_mean, mean},
};

/// The place of the first relevant entry in a ranked list, from 1.
pub fn rank<'a>(ranked: impl IntoIterator<Item = &'a str>, relevant: &[String]) -> Option<usize> {
    ranked
        .into_iter()
        .position(|id| relevant.iter().any(|wanted| wanted == id))
        .map(|at| at + 1)
}

/// The share of queries with a relevant entry among the first `within`.
pub fn hits(ranks: &[Option<usize>], within: usize) -> Share {
    Share::count(
        ranks
            .iter()
            .map(|rank| rank.is_some_and(|rank| rank <= within)),
    )
}

/// The mean reciprocal rank, with its standard error. What is not in the list counts 0.
pub fn reciprocal(ranks: &[Option<usize>]) -> (f64, f64) {
    let values: Vec<f64> = ranks
        .iter()
        .map(|rank| rank.map_or(0.0, |rank| 1.0 / rank as f64))
        .collect();
    (mean(&values), error_of_mean(&values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one() {
        let wanted = ["b".to_owned(), "c".to_owned()];
        for (ranked, place) in [
            (&["b", "a"][..], Some(1)),
            (&["a", "c", "b"], Some(2)),
            (&["a"], None),
            (&[], None),
        ] {
            assert_eq!(rank(ranked.iter().copied(), &wanted), place, "{ranked:?}");
        }
        let ranks = [Some(1), Some(2), Some(10), None];
        assert_eq!(hits(&ranks, 1), Share { hits: 1, of: 4 });
        assert_eq!(hits(&ranks, 5), Share { hits: 2, of: 4 });
        assert!((reciprocal(&ranks).0 - 0.4).abs() < 1e-9);
        assert!(reciprocal(&[]).0.abs() < 1e-9);
    }
}
