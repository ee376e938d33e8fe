//! The mood ladder: the words of `rules/mood.csv` and what a turn adds up to.

/// One row of `rules/mood.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoodWord {
    /// The word, or `/regex/` over normalised text, as written.
    pub written: String,
    /// `0..=4`.
    pub level: u8,
    /// Such as 投诉.
    pub category: String,
    /// Words that contain it harmlessly.
    pub except: Vec<String>,
    /// The line of the table.
    pub line: u32,
}
