//! A script: one standard reply of the house, and when it may be used.

use chrono::{DateTime, Utc};

use super::{
    blank::Reply,
    words::{AutoUse, IntentId, Platform, Purpose, ScriptId, ShopId},
};

/// One file of `scripts/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Unique.
    pub id: ScriptId,
    /// What the agent sees on the card.
    pub title: String,
    /// The intent it answers; `None` for the house's generic lines.
    pub intent: Option<IntentId>,
    /// What a generic line is for.
    pub purpose: Option<Purpose>,
    /// Sentences it answers.
    pub ask: Vec<String>,
    /// Sentences it must not win.
    pub not: Vec<String>,
    /// Blanks that must be filled before it may leave without a human.
    pub needs: Vec<String>,
    /// Shops it is for; empty means all.
    pub shops: Vec<ShopId>,
    /// Platforms it is for; empty means all.
    pub platforms: Vec<Platform>,
    /// First moment of validity.
    pub from: Option<DateTime<Utc>>,
    /// First moment after validity.
    pub until: Option<DateTime<Utc>>,
    /// What its text may do alone.
    pub auto: AutoUse,
    /// The reply with its blanks.
    pub reply: Reply,
    /// The file it stands in.
    pub file: String,
    /// The line of the file where the reply begins, from 1.
    pub reply_line: u32,
}

impl Script {
    /// Whether the script counts for this shop and platform at this moment.
    pub fn counts(&self, shop: &ShopId, platform: Platform, at: DateTime<Utc>) -> bool {
        (self.shops.is_empty() || self.shops.contains(shop))
            && (self.platforms.is_empty() || self.platforms.contains(&platform))
            && self.from.is_none_or(|from| from <= at)
            && self.until.is_none_or(|until| at < until)
    }
}
