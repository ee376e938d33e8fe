//! What people arrange by hand for a day: it overrules the tables for a while, and always ends.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One arrangement of one shop. Half-open: it holds from `from` until just before `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrangement {
    /// What was arranged.
    pub what: Arranged,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why, as it is shown: 午饭, 病假, 换班.
    pub reason: String,
}

/// What was arranged. Agents are named as the shift table names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Arranged {
    /// This agent is at lunch.
    Lunch {
        /// Who.
        agent: String,
    },
    /// This agent is not in.
    Absent {
        /// Who.
        agent: String,
    },
    /// This agent is on duty, though the table does not say so: a swap, overtime.
    OnDuty {
        /// Who.
        agent: String,
    },
    /// Nobody is on duty, whatever the tables say.
    Closed,
    /// Somebody is on duty, whatever the tables say.
    Staffed,
}
