//! A case kind: what somebody must do, who does it, who reviews it and until when.

use super::{intent::Span, words::CaseKindId};

/// One file of `cases/`.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseKind {
    /// Its name, such as 漏发.
    pub id: CaseKindId,
    /// Two or three capital letters that open its case numbers.
    pub prefix: String,
    /// Fields without which the note lists them as missing.
    pub needs: Vec<String>,
    /// Evidence to ask for once, as one list.
    pub evidence: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<String>,
    /// Who does it; the supervisor (主管) when the cell is empty.
    pub handler: String,
    /// Who reviews it; the supervisor (主管) when the cell is empty.
    pub reviewer: String,
    /// Time to the first action.
    pub first: Span,
    /// Time to the end.
    pub finish: Span,
    /// Whether its clock runs at any hour instead of in staffed time.
    pub any_hour: bool,
    /// How much it presses.
    pub level: Level,
    /// The file it stands in.
    pub file: String,
}

/// How much a case presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 普通.
    Normal,
    /// 加急.
    Urgent,
    /// 安全.
    Safety,
}
