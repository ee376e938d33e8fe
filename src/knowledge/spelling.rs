//! Slang and typos in standard spelling, for understanding only; the original is what is stored.

use aho_corasick::{AhoCorasick, MatchKind};
use std::borrow::Cow;

use super::text::normalise;

/// The compiled table of `rules/spelling.csv`: whole substrings, longest first.
#[derive(Debug, Default)]
pub struct Spelling {
    written: Option<AhoCorasick>,
    standard: Vec<String>,
    /// Rows of Latin letters count only as whole words: `sf` is no part of `transfer`.
    latin: Vec<bool>,
}

impl Spelling {
    /// Compiles rows of (written, standard).
    pub fn build(rows: &[(String, String)]) -> Self {
        let rows: Vec<(String, String)> = rows
            .iter()
            .map(|(written, standard)| (normalise(written), normalise(standard)))
            .filter(|(written, standard)| !written.is_empty() && written != standard)
            .collect();
        if rows.is_empty() {
            return Self::default();
        }
        Self {
            written: AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(rows.iter().map(|(written, _)| written))
                .ok(),
            latin: rows.iter().map(|(written, _)| written.is_ascii()).collect(),
            standard: rows.into_iter().map(|(_, standard)| standard).collect(),
        }
    }

    /// A normalised text in standard spelling.
    pub fn standard<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(written) = &self.written else {
            return Cow::Borrowed(text);
        };
        let mut out = String::new();
        let mut at = 0;
        for found in written.find_iter(text) {
            let row = found.pattern().as_usize();
            let part_of_word = self.latin.get(row).copied().unwrap_or(false)
                && (joins(text[..found.start()].chars().next_back())
                    || joins(text[found.end()..].chars().next()));
            let Some(standard) = self.standard.get(row).filter(|_| !part_of_word) else {
                continue;
            };
            out.push_str(&text[at..found.start()]);
            out.push_str(standard);
            at = found.end();
        }
        if at == 0 && out.is_empty() {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[at..]);
        Cow::Owned(out)
    }
}

fn joins(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_first_and_latin_by_word() {
        let rows = [
            ("退宽", "退款"),
            ("啥", "什么"),
            ("啥时候", "什么时候"),
            ("tuikuan", "退款"),
            ("sf", "顺丰"),
        ]
        .map(|(a, b)| (a.to_owned(), b.to_owned()));
        let spelling = Spelling::build(&rows);
        for (written, standard) in [
            ("我要退宽", "我要退款"),
            ("啥时候发", "什么时候发"),
            ("我要tuikuan", "我要退款"),
            ("transfer", "transfer"),
            ("发sf吗", "发顺丰吗"),
            ("好的", "好的"),
            ("", ""),
        ] {
            assert_eq!(spelling.standard(written), standard);
        }
        assert_eq!(Spelling::build(&[]).standard("啥"), "啥");
    }
}
