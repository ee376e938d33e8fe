//! Where a case stands, and what each state holds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Party, Refusal};

/// Where a case stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The desk's proposal; its clock runs.
    Draft,
    /// Somebody must act.
    Open,
    /// The reviewer must speak.
    Review {
        /// Who sent it.
        by: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// The reviewer said yes; nobody has it in hand.
    Approved {
        /// The yes; `None` where none is needed.
        consent: Consent,
    },
    /// The reviewer said no.
    Rejected {
        /// Who.
        by: String,
        /// When.
        at: DateTime<Utc>,
        /// Why.
        comment: String,
    },
    /// Somebody does it.
    InHand {
        /// The yes; `None` where none is needed.
        consent: Option<Consent>,
    },
    /// It waits for somebody.
    Waiting {
        /// The yes; `None` where none is needed.
        consent: Option<Consent>,
        /// For whom and until when.
        wait: Wait,
    },
    /// It is done.
    Done {
        /// The yes; `None` where none is needed.
        consent: Option<Consent>,
        /// What was done, by whom, when.
        end: End,
    },
    /// It is over.
    Closed {
        /// The yes; `None` where none was needed, or none was given.
        consent: Option<Consent>,
        /// Who rejected it, when it was.
        rejected_by: Option<String>,
        /// What was done, by whom, when.
        end: End,
    },
    /// It never was one, or goes on in another.
    Void {
        /// The case it goes on in.
        into: Option<String>,
        /// Why, by whom, when.
        end: End,
    },
}

/// A reviewer's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who said yes; his signature.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub comment: String,
    /// Who had sent it to review.
    pub submitted_by: String,
    /// It was said by word of mouth, and is not signed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oral: Option<Oral>,
}

/// A yes by word of mouth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oral {
    /// Who wrote it down.
    pub noted_by: String,
    /// Until when it holds without a signature.
    pub until: DateTime<Utc>,
    /// It ran out before it was signed.
    #[serde(default)]
    pub lapsed: bool,
}

/// What a case waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// For whom.
    pub party: Party,
    /// Until when.
    pub until: DateTime<Utc>,
    /// For what.
    pub note: String,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Who ended it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What came of it, or why.
    pub result: String,
}

impl State {
    /// As stored, listed and sent.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Review { .. } => "review",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::InHand { .. } => "in_hand",
            Self::Waiting { .. } => "waiting",
            Self::Done { .. } => "done",
            Self::Closed { .. } => "closed",
            Self::Void { .. } => "void",
        }
    }

    /// Every code.
    pub const CODES: &'static [&'static str] = &[
        "draft", "open", "review", "approved", "rejected", "in_hand", "waiting", "done", "closed",
        "void",
    ];

    /// As people say it.
    pub fn name(&self) -> &'static str {
        Self::name_of(self.code())
    }

    /// As people say a code; a code that is none stands for itself in no list, and is said to be unknown.
    pub fn name_of(code: &str) -> &'static str {
        match code {
            "draft" => "草稿",
            "open" => "待处理",
            "review" => "待审核",
            "approved" => "已通过",
            "rejected" => "已驳回",
            "in_hand" => "办理中",
            "waiting" => "等待中",
            "done" => "已办完",
            "closed" => "已完结",
            "void" => "已作废",
            _ => "未知",
        }
    }

    /// It has not ended.
    pub fn is_living(&self) -> bool {
        !matches!(self, Self::Closed { .. } | Self::Void { .. })
    }

    /// What was to be done is done.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Closed { .. })
    }

    /// The reviewer's yes, where there is one.
    pub fn consent(&self) -> Option<&Consent> {
        match self {
            Self::Approved { consent } => Some(consent),
            Self::InHand { consent }
            | Self::Waiting { consent, .. }
            | Self::Done { consent, .. }
            | Self::Closed { consent, .. } => consent.as_ref(),
            _ => None,
        }
    }

    /// The same with another yes.
    pub(super) fn with(self, given: Consent) -> Self {
        let consent = Some(given.clone());
        match self {
            Self::InHand { .. } => Self::InHand { consent },
            Self::Waiting { wait, .. } => Self::Waiting { consent, wait },
            Self::Done { end, .. } => Self::Done { consent, end },
            Self::Closed {
                rejected_by, end, ..
            } => Self::Closed {
                consent,
                rejected_by,
                end,
            },
            _ => Self::Approved { consent: given },
        }
    }

    /// Why it cannot be done now, and what can.
    pub(super) fn not_now(&self) -> Refusal {
        let (instead, instead_zh) = match self {
            Self::Draft => ("confirm it first", "请先确认"),
            Self::Open => ("claim it, or send it to review", "请先接手或送审"),
            Self::Review { .. } => ("the reviewer must speak first", "请等审核人处理"),
            Self::Approved { .. } => ("claim it first", "请先接手"),
            Self::Rejected { .. } => (
                "mend it and send it to review again, close or drop it",
                "请改好重新送审，或完结、作废",
            ),
            Self::InHand { .. } | Self::Waiting { .. } => {
                ("it is being done", "正在办，办完再说；要从头来请重开")
            }
            Self::Done { .. } => ("close or reopen it", "请完结或重开"),
            Self::Closed { .. } => ("reopen it first", "要改请先重开"),
            Self::Void { .. } => ("open another", "请另建一张"),
        };
        Refusal::NotNow {
            state: self.code(),
            state_zh: self.name(),
            instead,
            instead_zh,
        }
    }
}
