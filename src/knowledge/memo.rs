//! What was found out about a text lately need not be found out again: a turn is read anew with each of its
//! messages, customers say the same short things, and the house gives the same replies.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Longer keys, in bytes, are not kept: they seldom come again.
const LONGEST: usize = 600;
/// So many are kept at least, the latest used, and at most twice as many.
const KEPT: usize = 2048;

/// The latest answers to a question that is always answered the same.
pub(crate) struct Memo<V>(Mutex<[HashMap<Box<str>, Arc<V>>; 2]>);

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V> Memo<V> {
    /// The answer for `key`, found out by `find` unless it is kept.
    pub(crate) fn of(&self, key: &str, find: impl FnOnce() -> V) -> Arc<V> {
        if key.len() > LONGEST {
            return Arc::new(find());
        }
        if let Some(kept) = self.kept(key) {
            return kept;
        }
        let found = Arc::new(find());
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        insert(&mut both, key, found.clone());
        found
    }

    fn kept(&self, key: &str) -> Option<Arc<V>> {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = both[0].get(key) {
            return Some(kept.clone());
        }
        let kept = both[1].get(key)?.clone();
        insert(&mut both, key, kept.clone());
        Some(kept)
    }
}

/// Of the two halves the younger is filled, and then becomes the older.
fn insert<V>(both: &mut [HashMap<Box<str>, Arc<V>>; 2], key: &str, value: Arc<V>) {
    if both[0].len() >= KEPT {
        both[1] = std::mem::take(&mut both[0]);
    }
    both[0].insert(key.into(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_not_found_out_again() {
        let memo = Memo::default();
        assert_eq!(*memo.of("在吗", || 1), 1);
        assert_eq!(*memo.of("在吗", || 2), 1);
        // Used in time, it stays, however many come after it; what was not is found out again.
        for n in 0..KEPT * 4 {
            memo.of(&n.to_string(), || n);
            assert_eq!(*memo.of("在吗", || 3), 1);
        }
        assert_eq!(*memo.of("0", || 7), 7);
        let both = memo.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(both.iter().all(|half| half.len() <= KEPT));
    }

    #[test]
    fn long_texts_are_not_kept() {
        let memo = Memo::default();
        let long = "长".repeat(LONGEST);
        assert_eq!((*memo.of(&long, || 1), *memo.of(&long, || 2)), (1, 2));
    }
}
