//! Many regexes, each tried only where it can match.
//!
//! Hundreds of them in one automaton fall back to a slow engine. So one walk over the text finds words
//! without which a pattern cannot match, and only the patterns whose words are there are tried.

use std::{collections::HashMap, ops::Range};

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder};

use super::factors::factors;

/// The most a compiled regex of an editor may take, in bytes.
const SIZE: usize = 1 << 18;
/// The most it may keep for each thread that matches with it, in bytes. Hundreds of them are kept.
const MATCHING: usize = 1 << 16;

/// Compiles a regex as editors write it, bounded in what it may cost.
pub(crate) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .size_limit(SIZE)
        .dfa_size_limit(MATCHING)
        .build()
}

/// Compiled regexes, each with what it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    rows: Vec<(usize, Regex)>,
    words: Option<AhoCorasick>,
    /// For every word, the patterns that need it.
    rows_of: Vec<Vec<usize>>,
    /// Patterns that need no word in particular.
    always: Vec<usize>,
}

impl Patterns {
    /// Compiles patterns, each with the number of its owner; what does not compile is skipped.
    pub(crate) fn build<'a>(patterns: impl IntoIterator<Item = (usize, &'a str)>) -> Self {
        let rows: Vec<(usize, Regex)> = patterns
            .into_iter()
            .filter_map(|(owner, pattern)| Some((owner, compile(pattern).ok()?)))
            .collect();
        let mut ids: HashMap<String, usize> = HashMap::new();
        let mut words: Vec<String> = Vec::new();
        let mut rows_of: Vec<Vec<usize>> = Vec::new();
        let mut always = Vec::new();
        for (row, (_, re)) in rows.iter().enumerate() {
            let Some(needed) = factors(re.as_str()) else {
                always.push(row);
                continue;
            };
            for word in needed {
                let id = *ids.entry(word.clone()).or_insert_with(|| {
                    words.push(word);
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
                let (owner, re) = self.rows.get(row)?;
                Some((*owner, row, re.find(text)?.range()))
            })
            .collect()
    }

    /// Every place where a pattern matches.
    pub(crate) fn places(&self, row: usize, text: &str) -> Vec<Range<usize>> {
        let re = self.rows.get(row).map(|(_, re)| re);
        re.into_iter()
            .flat_map(|re| re.find_iter(text))
            .map(|m| m.range())
            .collect()
    }

    /// A pattern as written.
    pub(crate) fn written(&self, row: usize) -> &str {
        self.rows.get(row).map_or("", |(_, re)| re.as_str())
    }
}
