//! Who is in: the weekly table, the holidays, and what they mean at a moment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who answers now, why, since and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Whether somebody is on duty.
    pub cover: Cover,
    /// The row's name: a shift, 午休, a holiday.
    pub reason: String,
    /// Since when it has been so.
    pub since: DateTime<Utc>,
    /// Until when it stays so; `None` when nothing ever changes.
    pub until: Option<DateTime<Utc>>,
    /// When somebody is on duty next; now when staffed, `None` when never.
    pub staffed_at: Option<DateTime<Utc>>,
}

/// Whether somebody is on duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// Somebody is.
    Staffed,
    /// Everybody is at lunch (午休).
    Lunch,
    /// Outside the hours of duty.
    Night,
    /// A holiday.
    Holiday,
}

impl Cover {
    /// Whether somebody is on duty.
    pub fn is_staffed(self) -> bool {
        self == Self::Staffed
    }
}
