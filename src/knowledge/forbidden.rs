//! What our own texts must not say: the rows of `rules/forbidden.csv`.

use serde::Serialize;

/// What happens to a text that holds the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ban {
    /// 提示: said to the agent.
    Hint,
    /// 确认: the agent must confirm; the bot may not send it.
    Confirm,
    /// 禁止: nobody may send it.
    Block,
}

/// One row of `rules/forbidden.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddenWord {
    /// The word, or `/regex/` over normalised text, as written.
    pub written: String,
    /// Such as 引导站外.
    pub category: String,
    /// What happens.
    pub ban: Ban,
    /// Why.
    pub reason: String,
    /// A safe wording.
    pub instead: String,
    /// Words that contain it harmlessly.
    pub except: Vec<String>,
    /// The line of the table.
    pub line: u32,
}

/// A forbidden word found in one of our texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The row's word as written.
    pub written: String,
    /// Its category.
    pub category: String,
    /// What happens.
    pub ban: Ban,
    /// Why.
    pub reason: String,
    /// A safe wording.
    pub instead: String,
}
