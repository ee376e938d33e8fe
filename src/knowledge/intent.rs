//! An intent: what customers want, how they say it, and what the bot may do about it alone.

use super::words::{CaseKindId, IntentId, Opens, Policy};

/// One or more words that must all stand in one sentence.
pub type AllOf = Vec<String>;

/// One file of `intents/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Such as `log.track`.
    pub id: IntentId,
    /// Such as 查物流.
    pub name: String,
    /// `0..=100`: who goes first when one turn holds several intents.
    pub priority: u8,
    /// The most the bot may do alone.
    pub night: Policy,
    /// The kind of case this intent opens.
    pub case: Option<CaseKindId>,
    /// When it opens one.
    pub opens: Opens,
    /// Overrides the case kind's handler (对接).
    pub handler: Option<String>,
    /// Overrides the case kind's reviewer (审核).
    pub reviewer: Option<String>,
    /// Overrides the time to the first action.
    pub first: Option<Span>,
    /// Overrides the time to the end.
    pub finish: Option<Span>,
    /// Fields worth asking for, by name.
    pub slots: Vec<String>,
    /// Strong evidence, normalised.
    pub keywords: Vec<AllOf>,
    /// Hints, normalised.
    pub weak: Vec<AllOf>,
    /// What voids keywords and patterns in its sentence, normalised.
    pub exclude: Vec<AllOf>,
    /// Regexes over normalised text, as written.
    pub patterns: Vec<String>,
    /// Sentences customers write.
    pub ask: Vec<String>,
    /// Sentences that are not this intent.
    pub not: Vec<String>,
    /// The file it stands in.
    pub file: String,
}

/// A length of time as editors write it: 30分钟, 4小时, 2天, 1个工作日.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Minutes on the case kind's clock.
    Minutes(u32),
    /// Working days of the shop.
    WorkingDays(u32),
}
