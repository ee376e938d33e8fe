//! Why something is not done with a case: a code for programs, a sentence in Chinese and one in English.

use chrono::{DateTime, Utc};

use crate::knowledge::{CaseKindId, money::yuan};

/// Why not. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It stands where this cannot be done.
    NotNow {
        /// Where it stands.
        state: &'static str,
        /// In Chinese.
        state_zh: &'static str,
        /// What can be done instead, in English.
        instead: &'static str,
        /// And in Chinese.
        instead_zh: &'static str,
    },
    /// Fields must be filled in first.
    Missing(Vec<String>),
    /// Words must be given.
    Unsaid {
        /// The field of the request.
        field: &'static str,
        /// What must be said, in Chinese.
        zh: &'static str,
    },
    /// A value cannot be.
    Wrong {
        /// The field.
        field: String,
        /// What stands there.
        value: String,
    },
    /// The kind has no such field.
    NoField {
        /// The name.
        field: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The kind has no such step.
    NoStep {
        /// Which, from 0.
        step: usize,
        /// How many there are.
        steps: usize,
    },
    /// Somebody else has it in hand.
    Held {
        /// Who.
        by: String,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// He had his part in it.
    OwnCase,
    /// He does not review this kind.
    NotReviewer {
        /// Who does.
        reviewer: String,
    },
    /// The signature is not his name.
    Signature,
    /// The amount is above what he may approve.
    OverLimit {
        /// The amount in fen.
        amount: i64,
        /// His limit in fen.
        limit: i64,
    },
    /// The order has other cases that pay.
    Double {
        /// Their numbers.
        numbers: Vec<String>,
    },
    /// More than the order cost.
    OverOrder {
        /// What would be paid in all, in fen.
        amount: i64,
        /// What the order cost, in fen.
        order: i64,
    },
    /// A reviewer must have said yes.
    NeedsReview,
    /// Nobody need say yes.
    NoReview,
    /// The yes by word of mouth has lapsed, or must be signed.
    Unsigned {
        /// Who said it.
        by: String,
    },
    /// What was approved must not change.
    Signed {
        /// The field.
        field: String,
    },
    /// Who proposed it does not pay it.
    OwnPayment,
    /// It is overdue: first a new date, and the customer must know.
    Overdue,
    /// The date is not ahead.
    Past {
        /// The field of the request.
        field: &'static str,
    },
    /// A yes by word of mouth does not hold for so long.
    OralTooLong,
    /// The date is after the case is due.
    BeyondDue {
        /// When it is due.
        due: DateTime<Utc>,
    },
    /// Its kind cannot be done before the order carries a note.
    NeedsNote {
        /// The kind.
        kind: CaseKindId,
    },
    /// Another open case has its place.
    OtherOpen {
        /// Its number.
        number: String,
    },
    /// These two do not belong together.
    NoMatch,
}

impl Refusal {
    /// The code, as sent.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotNow { .. } => "case-not-now",
            Self::Missing(_) => "case-fields-missing",
            Self::Unsaid { .. } => "case-words-missing",
            Self::Wrong { .. } => "case-wrong-value",
            Self::NoField { .. } => "case-no-such-field",
            Self::NoStep { .. } => "case-no-such-step",
            Self::Held { .. } => "case-held",
            Self::OwnCase => "case-own",
            Self::NotReviewer { .. } => "case-not-reviewer",
            Self::Signature => "case-signature",
            Self::OverLimit { .. } => "case-over-limit",
            Self::Double { .. } => "case-double",
            Self::OverOrder { .. } => "case-over-order",
            Self::NeedsReview => "case-needs-review",
            Self::NoReview => "case-no-review",
            Self::Unsigned { .. } => "case-unsigned",
            Self::Signed { .. } => "case-signed",
            Self::OwnPayment => "case-own-payment",
            Self::Overdue => "case-overdue",
            Self::Past { .. } => "case-past",
            Self::OralTooLong => "case-oral-too-long",
            Self::BeyondDue { .. } => "case-beyond-due",
            Self::NeedsNote { .. } => "case-needs-note",
            Self::OtherOpen { .. } => "case-other-open",
            Self::NoMatch => "case-no-match",
        }
    }

    /// The field of the request, or of the case, that it is about.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Missing(fields) => fields.first().map(String::as_str),
            Self::Unsaid { field, .. } | Self::Past { field } => Some(field),
            Self::Wrong { field, .. } | Self::NoField { field, .. } | Self::Signed { field } => {
                Some(field)
            }
            Self::Signature => Some("signature"),
            _ => None,
        }
    }

    /// In English.
    pub fn en(&self) -> String {
        match self {
            Self::NotNow { state, instead, .. } => format!("the case is {state}: {instead}"),
            Self::Missing(fields) => format!("fill in first: {}", fields.join(", ")),
            Self::Unsaid { field, .. } => format!("{field} must be said"),
            Self::Wrong { field, value } => format!("{field} cannot be \"{value}\""),
            Self::NoField { field, known } => {
                format!(
                    "this kind has no field {field}; it has {}",
                    known.join(", ")
                )
            }
            Self::NoStep { step, steps } => {
                format!("there is no step {step}; they count from 0, and there are {steps}")
            }
            Self::Held { by, until } => format!("{by} has it in hand until {until}"),
            Self::OwnCase => "who proposed a case does not approve it".to_owned(),
            Self::NotReviewer { reviewer } => format!("it is reviewed by {reviewer}"),
            Self::Signature => "sign with your own name".to_owned(),
            Self::OverLimit { amount, limit } => format!(
                "{} yuan is above the {} yuan you may approve",
                yuan(*amount),
                yuan(*limit)
            ),
            Self::Double { numbers } => format!(
                "the order has other cases that pay: {}; merge or drop them, or name them in despite",
                numbers.join(", ")
            ),
            Self::OverOrder { amount, order } => format!(
                "{} yuan in all is more than the {} yuan the order cost",
                yuan(*amount),
                yuan(*order)
            ),
            Self::NeedsReview => "a reviewer must approve it first".to_owned(),
            Self::NoReview => "this kind needs no review".to_owned(),
            Self::Unsigned { by } => format!("{by} has said yes by word of mouth and must sign"),
            Self::Signed { field } => {
                format!("{field} was approved and must not change; reopen the case first")
            }
            Self::OwnPayment => "who proposed a payment does not make it".to_owned(),
            Self::Overdue => {
                "it is overdue: postpone it first, with a new date and how the customer was told"
                    .to_owned()
            }
            Self::Past { field } => format!("{field} must be ahead"),
            Self::OralTooLong => {
                "a yes by word of mouth holds for seven days at the most".to_owned()
            }
            Self::BeyondDue { due } => format!("it is due at {due}: postpone it first"),
            Self::NeedsNote { .. } => {
                "write a note on the order first: the order-checker reads nothing else".to_owned()
            }
            Self::OtherOpen { number } => format!("{number} is open for the same: merge them"),
            Self::NoMatch => {
                "two cases are merged when they are of one shop and one kind, and are not the same"
                    .to_owned()
            }
        }
    }

    /// In Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NotNow {
                state_zh,
                instead_zh,
                ..
            } => {
                format!("这张工单现在是“{state_zh}”，{instead_zh}")
            }
            Self::Missing(fields) => format!("还没有填：{}", fields.join("、")),
            Self::Unsaid { zh, .. } => format!("要写上{zh}"),
            Self::Wrong { field, value } => format!("“{field}”不能是“{value}”"),
            Self::NoField { field, known } => {
                format!("这种工单没有“{field}”这一项，有的是：{}", known.join("、"))
            }
            Self::NoStep { steps, .. } => format!("没有这一步，一共 {steps} 步，从 0 数起"),
            Self::Held { by, .. } => format!("{by}正在办，请等他放下，或请主管放下"),
            Self::OwnCase => "提出、送审或改过金额的人不能审核同一张工单".to_owned(),
            Self::NotReviewer { reviewer } => format!("这种工单由{reviewer}审核"),
            Self::Signature => "签名要写本人的名字".to_owned(),
            Self::OverLimit { amount, limit } => format!(
                "金额 {} 元超过您的审核额度 {} 元，请额度更高的人审核",
                yuan(*amount),
                yuan(*limit)
            ),
            Self::Double { numbers } => format!(
                "同一订单还有付款工单 {}；请合并或作废，确实不重复的，核对后在 despite 里写上它们的编号",
                numbers.join("、")
            ),
            Self::OverOrder { amount, order } => format!(
                "合计付 {} 元，超过订单金额 {} 元",
                yuan(*amount),
                yuan(*order)
            ),
            Self::NeedsReview => "要先送审，审核人同意了才能办".to_owned(),
            Self::NoReview => "这种工单不用审核".to_owned(),
            Self::Unsigned { by } => format!("{by}只是口头同意，要先补签"),
            Self::Signed { field } => format!("“{field}”已经审核过，不能改；要改先重开工单"),
            Self::OwnPayment => "提出的人不能自己付款".to_owned(),
            Self::Overdue => "已经超时：先改期，写上新的时间和怎么告诉了顾客".to_owned(),
            Self::Past { .. } => "时间要在现在之后".to_owned(),
            Self::OralTooLong => "口头同意最多管 7 天，请尽快补签".to_owned(),
            Self::BeyondDue { .. } => "晚于这张工单的完成时限，先改期".to_owned(),
            Self::NeedsNote { kind } => {
                format!("“{kind}”办完之前要先写订单备注，审单才看得到")
            }
            Self::OtherOpen { number } => format!("{number} 是同一件事，还开着：请合并"),
            Self::NoMatch => "同一家店、同一种的两张工单才能合并".to_owned(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en())
    }
}

impl std::error::Error for Refusal {}
