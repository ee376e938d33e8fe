//! Many regexes, each tried only where it can match.
//!
//! Hundreds of them in one automaton fall back to a slow engine. So one walk over the text finds words
//! without which a pattern cannot match, and only the patterns whose words are there are tried.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder};

use super::factors::factors;

/// The most a compiled regex of an editor may take, in bytes.
const SIZE: usize = 1 << 18;
/// The most it may keep for each thread that matches with it, in bytes. Hundreds of them are kept.
const MATCHING: usize = 1 << 16;

/// A compiled regex.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Nothing at all is a match.
    pub(crate) fits_nothing: bool,
    regex: Regex,
    /// Words of which every match holds at least one, if there are such.
    factors: Option<Vec<String>>,
}

/// Every pattern that somebody holds, by how it is written. Most of a folder is as it was before an edit: what
/// stayed is not compiled again, and what its automaton has learned while it matched is not forgotten.
static HELD: LazyLock<Mutex<HashMap<String, Weak<Pattern>>>> = LazyLock::new(Mutex::default);

/// Compiles a regex as editors write it, bounded in what it may cost.
pub(crate) fn compile(written: &str) -> Result<Arc<Pattern>, regex::Error> {
    let held = || HELD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = held().get(written).and_then(Weak::upgrade) {
        return Ok(pattern);
    }
    let regex = RegexBuilder::new(written)
        .size_limit(SIZE)
        .dfa_size_limit(MATCHING)
        .build()?;
    let pattern = Arc::new(Pattern {
        fits_nothing: regex_syntax::parse(written)
            .is_ok_and(|hir| hir.properties().minimum_len() == Some(0)),
        factors: factors(written),
        regex,
    });
    let mut held = held();
    if held.len() == held.capacity() {
        held.retain(|_, pattern| pattern.strong_count() > 0);
    }
    held.insert(written.to_owned(), Arc::downgrade(&pattern));
    Ok(pattern)
}

/// Compiled regexes, each with what it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    rows: Vec<(usize, Arc<Pattern>)>,
    words: Option<AhoCorasick>,
    /// For every word, the patterns that need it.
    rows_of: Vec<Vec<usize>>,
    /// Patterns that need no word in particular.
    always: Vec<usize>,
}

impl Patterns {
    /// Compiles patterns, each with the number of its owner; what does not compile is skipped.
    pub(crate) fn build<'a>(patterns: impl IntoIterator<Item = (usize, &'a str)>) -> Self {
        let rows: Vec<(usize, Arc<Pattern>)> = patterns
            .into_iter()
            .filter_map(|(owner, pattern)| Some((owner, compile(pattern).ok()?)))
            .collect();
        let mut ids: HashMap<String, usize> = HashMap::new();
        let mut words: Vec<String> = Vec::new();
        let mut rows_of: Vec<Vec<usize>> = Vec::new();
        let mut always = Vec::new();
        for (row, (_, pattern)) in rows.iter().enumerate() {
            let Some(needed) = &pattern.factors else {
                always.push(row);
                continue;
            };
            for word in needed {
                let id = *ids.entry(word.clone()).or_insert_with(|| {
                    words.push(word.clone());
                    rows_of.push(Vec::new());
                    rows_of.len() - 1
                });
                if let Some(list) = rows_of.get_mut(id) {
                    list.push(row);
                }
            }
        }
        Self {
            words: AhoCorasick::new(&words).ok(),
            rows,
            rows_of,
            always,
        }
    }

    /// Patterns that match: owner, number of the pattern, where first.
    pub(crate) fn find(&self, text: &str) -> Vec<(usize, usize, Range<usize>)> {
        let mut tried: Vec<usize> = self.always.clone();
        for found in self
            .words
            .iter()
            .flat_map(|w| w.find_overlapping_iter(text))
        {
            tried.extend(
                self.rows_of
                    .get(found.pattern().as_usize())
                    .into_iter()
                    .flatten(),
            );
        }
        tried.sort_unstable();
        tried.dedup();
        tried
            .into_iter()
            .filter_map(|row| {
                let (owner, pattern) = self.rows.get(row)?;
                Some((*owner, row, pattern.regex.find(text)?.range()))
            })
            .collect()
    }

    /// Every place where a pattern matches.
    pub(crate) fn places(&self, row: usize, text: &str) -> Vec<Range<usize>> {
        let regex = self.rows.get(row).map(|(_, pattern)| &pattern.regex);
        regex
            .into_iter()
            .flat_map(|regex| regex.find_iter(text))
            .map(|m| m.range())
            .collect()
    }

    /// A pattern as written.
    pub(crate) fn written(&self, row: usize) -> &str {
        self.rows
            .get(row)
            .map_or("", |(_, pattern)| pattern.regex.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pattern_that_is_held_is_compiled_once_and_broken_ones_never() {
        let written = "只在这里用的(?:句式|格式)";
        let first = compile(written).unwrap();
        assert!(Arc::ptr_eq(&first, &compile(written).unwrap()));
        assert!(!first.fits_nothing && compile("只在这里用的?|").unwrap().fits_nothing);
        let again = Arc::downgrade(&first);
        drop(first);
        assert!(again.upgrade().is_none(), "nobody holds it any more");
        assert!(compile(written).is_ok());
        assert!(compile("只在(这里").is_err() && compile("只在(这里").is_err());
    }
}
