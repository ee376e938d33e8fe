//! What is read, and what comes of reading it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    fields::Fields,
    words::{ContentKind, IntentId, Platform, ScriptId, ShopId, Speaker},
};

/// One message as understanding sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who spoke.
    pub speaker: Speaker,
    /// What kind of content it is; only [`ContentKind::Text`] has words to read.
    pub kind: ContentKind,
    /// The original words.
    pub text: String,
    /// When it was said.
    pub at: DateTime<Utc>,
}

/// What is to be understood: all that a customer said since the last answer he could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The shop that is asked; decides which scripts count.
    pub shop: ShopId,
    /// The platform; decides what a bare number is.
    pub platform: Platform,
    /// What was said before the turn, oldest first, by both sides (bounded by the caller).
    pub before: Vec<Said>,
    /// The customer's bursts, oldest first, each in order. Newer bursts weigh more.
    pub bursts: Vec<Vec<Said>>,
}

/// What a turn says.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Reading {
    /// Understood intents in the order in which the customer wants them done, with scores in `0..=1`.
    pub intents: Vec<ReadIntent>,
    /// Scripts, best first (at most ten), with scores in `0..=1`.
    pub scripts: Vec<ReadScript>,
    /// What was named: numbers, money, sizes, dates.
    pub fields: Fields,
    /// How the customer feels, and the words that say so.
    pub mood: Mood,
    /// The difference between the best and the second intent (1 when there is only one).
    pub margin: f32,
    /// The best intent that was not understood well enough, for the curious.
    pub runner_up: Option<ReadIntent>,
    /// How many Han characters of the turn nothing explains that speaks for what was understood: the more, the
    /// surer an intent must be to be answered.
    pub unread: usize,
    /// Every word, pattern and sentence that counted.
    pub evidence: Vec<Evidence>,
}

/// One understood intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadIntent {
    /// Which.
    pub id: IntentId,
    /// How sure, `0..=1`.
    pub score: f32,
    /// What the customer wants with it.
    #[serde(default)]
    pub want: Want,
    /// Whether he puts a question about it that words can answer, or says what the folder lists as a way of
    /// asking.
    #[serde(default)]
    pub asked: bool,
}

/// What a customer wants of the house with what he says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// Something must be done: he demands it, or is in trouble, in so many words.
    #[default]
    Done,
    /// He states how things are; what follows depends on what it is about.
    Stated,
    /// Only to be told: an answer ends it.
    Told,
    /// Nothing new: the words hold no matter of their own, one that was spoken of before stands in.
    Earlier,
}

/// One script that could answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadScript {
    /// Which.
    pub id: ScriptId,
    /// How well it fits, `0..=1`.
    pub score: f32,
    /// What of the score stands on its intent or on its own sentences, and not only on words in common: this is
    /// what must reach the `fits` threshold.
    #[serde(default)]
    pub grounds: f32,
    /// How near the nearest of its own sentences is, `0..=1`: what tells the scripts of one intent apart.
    #[serde(default)]
    pub near: f32,
    /// Whether the customer said a word that the script asks for; `None` when it asks for none.
    #[serde(default)]
    pub mentioned: Option<bool>,
    /// Its grounds are at or above the `fits` threshold.
    pub fits: bool,
}

/// The customer's mood on the ladder 0 (calm) to 4 (abuse or danger).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Mood {
    /// The level.
    pub level: u8,
    /// The words that raised it, with their categories.
    pub signals: Vec<MoodSignal>,
}

/// A word that raised the mood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoodSignal {
    /// The word or pattern as written in `rules/mood.csv`.
    pub word: String,
    /// Its category, such as 投诉.
    pub category: String,
    /// Its level.
    pub level: u8,
}

/// Why something was understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// A keyword or a set of them was found.
    Keyword {
        /// For this intent.
        intent: IntentId,
        /// The words, joined by `+`.
        words: String,
        /// What it added.
        weight: f32,
    },
    /// A pattern matched.
    Pattern {
        /// For this intent.
        intent: IntentId,
        /// The regex.
        pattern: String,
        /// What it added.
        weight: f32,
    },
    /// A known sentence is near.
    Sentence {
        /// For this intent.
        intent: Option<IntentId>,
        /// Of this script, when the sentence is a script's own.
        script: Option<ScriptId>,
        /// The known sentence.
        sentence: String,
        /// How near, `0..=1`.
        similarity: f32,
    },
    /// An exclusion silenced an intent.
    Excluded {
        /// This intent.
        intent: IntentId,
        /// By these words.
        words: String,
    },
    /// The conversation before the turn filled a gap.
    Context {
        /// This intent was carried over.
        intent: IntentId,
    },
}
