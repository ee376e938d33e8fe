//! The customer's words in one form, with the way back to what he wrote.
//!
//! Full-width and emoji digits, Traditional cue words and zero-width characters are folded so that one
//! set of patterns suffices; every found range leads back to the original, so that a field can say how
//! it was written and a mask can cover it.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::knowledge::text::{is_invisible, simplify};

/// Folded text and the way back.
pub(crate) struct Source<'a> {
    original: &'a str,
    /// Folded: NFKC, Simplified, lower case, without invisible characters.
    pub(crate) text: String,
    /// For every folded character: where it begins in `text`, and its range in the original.
    marks: Vec<(usize, Range<usize>)>,
}

impl<'a> Source<'a> {
    /// Folds a text.
    pub(crate) fn new(original: &'a str) -> Self {
        let mut text = String::with_capacity(original.len());
        let mut marks = Vec::with_capacity(original.len());
        for (at, c) in original.char_indices() {
            let range = at..at + c.len_utf8();
            let mut put = |c: char| {
                if !is_invisible(c) && c != '\u{20e3}' {
                    marks.push((text.len(), range.clone()));
                    text.push(c);
                }
            };
            if c.is_ascii() {
                put(c.to_ascii_lowercase());
            } else {
                c.nfkc().flat_map(char::to_lowercase).for_each(&mut put);
            }
        }
        let simple = simplify(&text);
        // The way back needs one character for one; a phrase that changes length stays as it is.
        if simple != text && simple.chars().count() == marks.len() {
            for (mark, (at, _)) in marks.iter_mut().zip(simple.char_indices()) {
                mark.0 = at;
            }
            text = simple.into_owned();
        }
        Self {
            original,
            text,
            marks,
        }
    }

    /// The range of the original that a range of the folded text came from.
    pub(crate) fn origin(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.marks.partition_point(|m| m.0 < range.start);
        let last = self.marks.partition_point(|m| m.0 < range.end);
        match (
            self.marks.get(first),
            last.checked_sub(1).and_then(|l| self.marks.get(l)),
        ) {
            (Some(a), Some(b)) if first < last => a.1.start..b.1.end,
            _ => 0..0,
        }
    }

    /// What the customer wrote there.
    pub(crate) fn said(&self, range: &Range<usize>) -> &'a str {
        self.original
            .get(self.origin(range))
            .unwrap_or_default()
            .trim()
    }

    /// At most `count` characters before a place.
    pub(crate) fn before(&self, at: usize, count: usize) -> &str {
        let head = self.text.get(..at).unwrap_or_default();
        let from = head.char_indices().rev().take(count).last();
        from.map_or("", |(i, _)| &head[i..])
    }

    /// At most `count` characters from a place on.
    pub(crate) fn after(&self, at: usize, count: usize) -> &str {
        let tail = self.text.get(at..).unwrap_or_default();
        match tail.char_indices().nth(count) {
            Some((end, _)) => &tail[..end],
            None => tail,
        }
    }
}

/// What has been taken of a text, so that nothing is read twice.
#[derive(Default)]
pub(crate) struct Claims {
    taken: Vec<Range<usize>>,
    /// What was found, with its range in the folded text.
    pub(crate) found: Vec<(Range<usize>, super::Field)>,
}

impl Claims {
    /// Whether nothing has been taken there.
    pub(crate) fn free(&self, range: &Range<usize>) -> bool {
        !self
            .taken
            .iter()
            .any(|t| t.start < range.end && range.start < t.end)
    }

    /// Takes a range that is nothing of interest, such as a link.
    pub(crate) fn block(&mut self, range: Range<usize>) {
        self.taken.push(range);
    }

    /// Takes a range for a field.
    pub(crate) fn take(&mut self, range: Range<usize>, field: super::Field) {
        self.taken.push(range.clone());
        self.found.push((range, field));
    }

    /// Adds a field that follows from another at the same place.
    pub(crate) fn add(&mut self, range: Range<usize>, field: super::Field) {
        self.found.push((range, field));
    }
}
