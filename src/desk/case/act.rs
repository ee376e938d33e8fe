//! What can be done with a case.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Case, State};

/// Whom a case waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// 顾客.
    Customer,
    /// 仓库.
    Warehouse,
    /// 快递.
    Carrier,
    /// 财务.
    Finance,
}

impl Party {
    /// Everybody a case can wait for.
    pub const ALL: &'static [Self] = &[
        Self::Customer,
        Self::Warehouse,
        Self::Carrier,
        Self::Finance,
    ];

    /// As stored and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Warehouse => "warehouse",
            Self::Carrier => "carrier",
            Self::Finance => "finance",
        }
    }
}

/// Values for fields; an empty one takes the field out.
pub type Changes = BTreeMap<String, String>;

/// Something done with a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A draft is right: it is opened, by one key. What is still missing can be given with it.
    Confirm {
        /// Values.
        changes: Changes,
    },
    /// Values are filled in, steps ticked.
    Edit {
        /// Values.
        changes: Changes,
        /// The steps that are done, when they are said.
        steps: Option<BTreeSet<usize>>,
    },
    /// It goes to the reviewer.
    Submit {
        /// Numbers of cases on the same order that were looked at, and are no doubles.
        despite: Vec<String>,
    },
    /// The reviewer says yes.
    Approve {
        /// Why; must be said.
        comment: String,
        /// His name, written by himself.
        signature: String,
        /// Numbers of cases on the same order that he looked at.
        despite: Vec<String>,
    },
    /// Somebody said yes by word of mouth, and will sign: 口头同意，待补签.
    ApproveOrally {
        /// Who said so.
        by: String,
        /// What he said.
        comment: String,
        /// Until when it holds without his signature; [`super::ORAL`] unless said.
        until: Option<DateTime<Utc>>,
    },
    /// The reviewer says no.
    Reject {
        /// Why; must be said.
        comment: String,
    },
    /// It is mine: others keep their hands off for a while.
    Claim,
    /// It is nobody's.
    Release,
    /// It waits for somebody until a moment.
    Wait {
        /// For whom.
        party: Party,
        /// Until when.
        until: DateTime<Utc>,
        /// For what.
        note: String,
    },
    /// It is done; what remains is to see that nothing is missing.
    Done {
        /// What came of it; must be said.
        result: String,
        /// Values.
        changes: Changes,
    },
    /// It is over.
    Close {
        /// Values.
        changes: Changes,
    },
    /// It never was one.
    Drop {
        /// Why; must be said.
        reason: String,
    },
    /// It begins again; what was approved is void.
    Reopen {
        /// Why; must be said.
        reason: String,
    },
    /// It is due later, and the customer knows.
    Postpone {
        /// Until when.
        until: DateTime<Utc>,
        /// How and when the customer was told; must be said.
        informed: String,
        /// Why; must be said.
        reason: String,
    },
    /// It goes on in another case.
    Merge {
        /// That case's number.
        into: String,
    },
    /// Time has passed over an approval by word of mouth.
    Lapse,
}

impl Act {
    /// As events and the log call it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Confirm { .. } => "confirm",
            Self::Edit { .. } => "edit",
            Self::Submit { .. } => "submit",
            Self::Approve { .. } => "approve",
            Self::ApproveOrally { .. } => "approve_orally",
            Self::Reject { .. } => "reject",
            Self::Claim => "claim",
            Self::Release => "release",
            Self::Wait { .. } => "wait",
            Self::Done { .. } => "done",
            Self::Close { .. } => "close",
            Self::Drop { .. } => "drop",
            Self::Reopen { .. } => "reopen",
            Self::Postpone { .. } => "postpone",
            Self::Merge { .. } => "merge",
            Self::Lapse => "lapse",
        }
    }

    /// Whether somebody says with it that a case was done as it was asked for, when this is the case after it.
    pub(crate) fn finishes(&self, after: &Case) -> bool {
        let rejected = matches!(
            after.state,
            State::Closed {
                rejected_by: Some(_),
                ..
            }
        );
        matches!(self, Self::Done { .. } | Self::Close { .. }) && !rejected
    }

    /// Why, as events tell it.
    pub fn reason(&self) -> &str {
        match self {
            Self::Approve { comment, .. }
            | Self::ApproveOrally { comment, .. }
            | Self::Reject { comment } => comment,
            Self::Wait { note, .. } => note,
            Self::Done { result, .. } => result,
            Self::Drop { reason } | Self::Reopen { reason } | Self::Postpone { reason, .. } => {
                reason
            }
            _ => "",
        }
    }
}
