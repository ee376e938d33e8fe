//! What people switched by hand and still stands.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::knowledge::{IntentId, arrangement::Arrangement};

/// What stands for a shop beside its mode and its kill switch: what holds now and what will, in the order it
/// was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Lunches, absences, swaps, closures; those that ended lately too, by which clocks ran while they held.
    pub arrangements: Vec<Arrangement>,
    /// Emergency announcements.
    pub announcements: Vec<Announcement>,
}

/// What is said to customers before anything else while it stands: a warehouse under water, a broken carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its number in the store.
    pub id: i64,
    /// What the customer reads.
    pub text: String,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when; half-open.
    pub until: DateTime<Utc>,
    /// Questions it answers instead of their scripts; all others are answered as always, after it.
    pub silences: Vec<IntentId>,
}

/// What a human last said about whose a conversation is, beside simply speaking in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// Who said so.
    pub agent: String,
    /// What.
    pub act: OwnerAct,
    /// When.
    pub at: DateTime<Utc>,
}

/// What an agent may say about whose a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerAct {
    /// It is his, as if he had spoken in it.
    Take,
    /// It is his, also while he is off duty or silent.
    Pin,
    /// It is nobody's: the bot may answer again where it may.
    HandBack,
    /// It has ended: nobody waits for what was said before.
    End,
}
