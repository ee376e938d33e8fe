//! The life of a case: an enum whose transitions consume it.
//!
//! ```text
//! draft → open → review → approved → in hand ⇄ waiting → done → closed
//!            ↖ rejected ↙     (what needs no review goes from open to in hand)
//! ```
//!
//! Whatever stands after `open` can be reopened, and is reviewed again then; drafts and what is open can be dropped.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Act, Actor, Case, Ground, HOLD, LONGEST_ORAL, ORAL, ORDER, Party, Refusal, Rival, act::Changes,
};
use crate::knowledge::case_kind::{AMOUNT, Approval};

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
        match self {
            Self::Draft => "草稿",
            Self::Open => "待处理",
            Self::Review { .. } => "待审核",
            Self::Approved { .. } => "已通过",
            Self::Rejected { .. } => "已驳回",
            Self::InHand { .. } => "办理中",
            Self::Waiting { .. } => "等待中",
            Self::Done { .. } => "已办完",
            Self::Closed { .. } => "已完结",
            Self::Void { .. } => "已作废",
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
    fn with(self, given: Consent) -> Self {
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
    fn not_now(&self) -> Refusal {
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

/// Does something with a case, or says why not.
pub(super) fn act(case: Case, act: &Act, on: &Ground<'_>) -> Result<Case, Refusal> {
    if case.is_so_already(act, on) {
        return Ok(case);
    }
    // What has ended can only begin again.
    if !case.state.is_living() && !matches!(act, Act::Reopen { .. }) {
        return Err(case.state.not_now());
    }
    if others_wait_for(act) {
        case.free_for(on)?;
    }
    match act {
        Act::Confirm { changes } => case.confirm(changes, on),
        Act::Edit { changes, steps } => {
            let mut case = case.edit(changes, on)?;
            if let Some(steps) = steps {
                let most = on.kind.steps.len();
                if let Some(step) = steps.iter().copied().find(|step| *step >= most) {
                    return Err(Refusal::NoStep { step, steps: most });
                }
                case.steps.clone_from(steps);
            }
            Ok(case.touched(on))
        }
        Act::Submit { despite } => case.submit(despite, on),
        Act::Approve {
            comment,
            signature,
            despite,
        } => case.approve(comment, signature, despite, on),
        Act::ApproveOrally { by, comment, until } => case.approve_orally(by, comment, *until, on),
        Act::Reject { comment } => case.reject(comment, on),
        Act::Claim => case.claim(on),
        Act::Release => case.release(on),
        Act::Wait { party, until, note } => case.wait(*party, *until, note, on),
        Act::Done { result, changes } => case.finish(result, changes, on),
        Act::Close { changes } => case.close(changes, on),
        Act::Drop { reason } => case.drop(reason, on),
        Act::Reopen { reason } => case.reopen(reason, on),
        Act::Postpone {
            until,
            informed,
            reason,
        } => case.postpone(*until, informed, reason, on),
        Act::Merge { into } => case.merge(into, on),
        Act::Lapse => case.lapse(on),
    }
}

/// Acts that somebody else's hand on the case forbids.
fn others_wait_for(act: &Act) -> bool {
    !matches!(
        act,
        Act::Approve { .. }
            | Act::ApproveOrally { .. }
            | Act::Reject { .. }
            | Act::Release
            | Act::Lapse
    )
}

/// Words that must be said.
fn said(text: &str, field: &'static str, zh: &'static str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::Unsaid { field, zh });
    }
    Ok(text.to_owned())
}

impl Case {
    /// Whether the same actor has done just that, and nothing since: asking again changes nothing.
    fn is_so_already(&self, act: &Act, on: &Ground<'_>) -> bool {
        let me = on.who.name.as_str();
        let filled = |changes: &Changes| {
            changes
                .iter()
                .all(|(name, value)| self.form.get(name).unwrap_or_default() == value.trim())
        };
        match (act, &self.state) {
            (Act::Confirm { changes }, State::Open) => self.author == me && filled(changes),
            (Act::Submit { .. }, State::Review { by, .. }) => by == me,
            (Act::Approve { .. }, State::Approved { consent }) => {
                consent.by == me && consent.oral.is_none()
            }
            (
                Act::Reject { comment },
                State::Rejected {
                    by, comment: said, ..
                },
            ) => by == me && said == comment.trim(),
            (Act::Done { result, changes }, State::Done { end, .. }) => {
                end.by == me && end.result == result.trim() && filled(changes)
            }
            (Act::Close { changes }, State::Closed { .. }) => filled(changes),
            (Act::Drop { .. }, State::Void { into: None, end }) => end.by == me,
            (
                Act::Merge { into },
                State::Void {
                    into: Some(done), ..
                },
            ) => done == into,
            _ => false,
        }
    }

    /// That nobody else has it in hand.
    fn free_for(&self, on: &Ground<'_>) -> Result<(), Refusal> {
        match (&self.person, self.held_until) {
            (Some(by), Some(until)) if *by != on.who.name && until > on.now => Err(Refusal::Held {
                by: by.clone(),
                until,
            }),
            _ => Ok(()),
        }
    }

    /// The same, with the hold renewed when it is the actor's.
    fn touched(mut self, on: &Ground<'_>) -> Self {
        if self.held_until.is_some() && self.person.as_deref() == Some(on.who.name.as_str()) {
            self.held_until = Some(on.now + HOLD);
        }
        self
    }

    fn ends(on: &Ground<'_>, result: &str) -> End {
        End {
            by: on.who.name.clone(),
            at: on.now,
            result: result.to_owned(),
        }
    }

    /// Writes values into the form. What was approved stays.
    fn edit(mut self, changes: &Changes, on: &Ground<'_>) -> Result<Self, Refusal> {
        if changes.is_empty() {
            return Ok(self);
        }
        if matches!(self.state, State::Review { .. }) {
            return Err(self.state.not_now());
        }
        let known = on.kind.form();
        let before = self.form.clone();
        for (name, value) in changes {
            let also = [super::ORDER, super::ORDER_AMOUNT, AMOUNT].contains(&name.as_str());
            if !also && !known.contains(&name.as_str()) && before.get(name).is_none() {
                return Err(Refusal::NoField {
                    field: name.clone(),
                    known: known.iter().map(|name| (*name).to_owned()).collect(),
                });
            }
            self.form.set(name, value);
        }
        if let Some((field, value)) = self.form.wrong() {
            return Err(Refusal::Wrong {
                field: field.to_owned(),
                value: value.chars().take(40).collect(),
            });
        }
        let pays = [AMOUNT, ORDER, super::ORDER_AMOUNT];
        let changed = pays
            .into_iter()
            .find(|name| self.form.get(name) != before.get(name));
        if let Some(field) = changed {
            if self.state.consent().is_some() {
                return Err(Refusal::Signed {
                    field: field.to_owned(),
                });
            }
            self.proposers.insert(on.who.name.clone());
            // What was rejected was another amount or order.
            if matches!(self.state, State::Rejected { .. }) {
                self.state = State::Open;
            }
        }
        Ok(self)
    }

    fn needs(&self, lists: &[&[String]]) -> Result<(), Refusal> {
        let missing = self.missing(lists);
        if missing.is_empty() {
            return Ok(());
        }
        Err(Refusal::Missing(
            missing.into_iter().map(str::to_owned).collect(),
        ))
    }

    fn confirm(self, changes: &Changes, on: &Ground<'_>) -> Result<Self, Refusal> {
        if self.state != State::Draft {
            return Err(self.state.not_now());
        }
        let mut case = self.edit(changes, on)?;
        case.needs(&[&on.kind.needs])?;
        case.author = on.who.name.clone();
        case.proposers.insert(on.who.name.clone());
        case.person = Some(on.who.name.clone());
        case.held_until = None;
        case.state = State::Open;
        Ok(case)
    }

    fn submit(mut self, despite: &[String], on: &Ground<'_>) -> Result<Self, Refusal> {
        match self.state {
            State::Open | State::Rejected { .. } => {}
            _ => return Err(self.state.not_now()),
        }
        if on.kind.approval == Approval::None {
            return Err(Refusal::NoReview);
        }
        self.needs(&[&on.kind.needs, &on.kind.to_review])?;
        self.pays_rightly(despite, on)?;
        self.proposers.insert(on.who.name.clone());
        self.held_until = None;
        self.state = State::Review {
            by: on.who.name.clone(),
            at: on.now,
        };
        Ok(self)
    }

    /// That no other case pays for the order too, and that no more is paid than it cost.
    fn pays_rightly(&self, despite: &[String], on: &Ground<'_>) -> Result<(), Refusal> {
        if !on.kind.is_money() {
            return Ok(());
        }
        let unseen: Vec<String> = on
            .rivals
            .iter()
            .filter(|rival| !despite.contains(&rival.number))
            .map(|rival| rival.number.clone())
            .collect();
        if !unseen.is_empty() {
            return Err(Refusal::Double { numbers: unseen });
        }
        let others: i64 = on
            .rivals
            .iter()
            .filter_map(|Rival { amount, .. }| *amount)
            .sum();
        if let (Some(amount), Some(order)) = (self.amount(), self.form.order_amount())
            && amount + others > order
        {
            return Err(Refusal::OverOrder {
                amount: amount + others,
                order,
            });
        }
        Ok(())
    }

    fn approve(
        mut self,
        comment: &str,
        signature: &str,
        despite: &[String],
        on: &Ground<'_>,
    ) -> Result<Self, Refusal> {
        let submitted_by = match (&self.state, self.state.consent()) {
            (State::Review { by, .. }, _) => by.clone(),
            (_, Some(consent)) if consent.oral.is_some() => consent.submitted_by.clone(),
            _ => return Err(self.state.not_now()),
        };
        self.reviewed_by(on)?;
        let comment = said(comment, "comment", "审核意见")?;
        if signature.trim() != on.who.name {
            return Err(Refusal::Signature);
        }
        if let (true, Some(limit)) = (on.kind.is_money(), on.kind.limit_for(&on.who.posts)) {
            let amount = self.amount().unwrap_or(i64::MAX);
            if amount > limit {
                return Err(Refusal::OverLimit { amount, limit });
            }
        }
        self.pays_rightly(despite, on)?;
        let consent = Consent {
            by: on.who.name.clone(),
            at: on.now,
            comment,
            submitted_by,
            oral: None,
        };
        self.state = self.state.with(consent);
        Ok(self)
    }

    /// That the actor may review it: he is a reviewer, and had no part in it.
    fn reviewed_by(&self, on: &Ground<'_>) -> Result<(), Refusal> {
        if self.had_part(on.who) {
            return Err(Refusal::OwnCase);
        }
        if !on.kind.is_reviewed_by(&self.reviewer, &on.who.posts) {
            return Err(Refusal::NotReviewer {
                reviewer: self.reviewer.clone(),
            });
        }
        Ok(())
    }

    fn had_part(&self, who: &Actor) -> bool {
        self.author == who.name || self.proposers.contains(&who.name)
    }

    fn approve_orally(
        mut self,
        by: &str,
        comment: &str,
        until: Option<DateTime<Utc>>,
        on: &Ground<'_>,
    ) -> Result<Self, Refusal> {
        let State::Review {
            by: submitted_by, ..
        } = &self.state
        else {
            return Err(self.state.not_now());
        };
        let by = said(by, "by", "是谁口头同意的")?;
        let comment = said(comment, "comment", "他是怎么说的")?;
        if self.author == by || self.proposers.contains(&by) {
            return Err(Refusal::OwnCase);
        }
        let until = until.unwrap_or(on.now + ORAL);
        if until <= on.now {
            return Err(Refusal::Past { field: "until" });
        }
        if until > on.now + LONGEST_ORAL {
            return Err(Refusal::OralTooLong);
        }
        self.state = State::Approved {
            consent: Consent {
                by,
                at: on.now,
                comment,
                submitted_by: submitted_by.clone(),
                oral: Some(Oral {
                    noted_by: on.who.name.clone(),
                    until,
                    lapsed: false,
                }),
            },
        };
        Ok(self)
    }

    fn reject(mut self, comment: &str, on: &Ground<'_>) -> Result<Self, Refusal> {
        match (&self.state, self.state.consent()) {
            (State::Review { .. }, _) => {}
            // What was said by word of mouth may turn out not to have been, until it is done.
            (state, Some(consent)) if consent.oral.is_some() && !state.is_done() => {}
            _ => return Err(self.state.not_now()),
        }
        self.reviewed_by(on)?;
        let comment = said(comment, "comment", "驳回的理由")?;
        self.held_until = None;
        self.state = State::Rejected {
            by: on.who.name.clone(),
            at: on.now,
            comment,
        };
        Ok(self)
    }

    fn claim(mut self, on: &Ground<'_>) -> Result<Self, Refusal> {
        self.holds(on)?;
        let goes_on = self.state == State::Open && !self.needs_consent(on);
        if goes_on {
            self.needs(&[&on.kind.needs])?;
            self.pays_rightly(&[], on)?;
        }
        self.state = match self.state {
            State::Open if goes_on => State::InHand { consent: None },
            state @ (State::Open | State::Review { .. }) => state,
            State::Approved { consent } => State::InHand {
                consent: Some(consent),
            },
            State::InHand { consent } | State::Waiting { consent, .. } => State::InHand { consent },
            other => return Err(other.not_now()),
        };
        self.person = Some(on.who.name.clone());
        self.held_until = Some(on.now + HOLD);
        Ok(self)
    }

    /// That a yes by word of mouth, where there is one, has not run out.
    fn holds(&self, on: &Ground<'_>) -> Result<(), Refusal> {
        match self.state.consent() {
            Some(Consent {
                by,
                oral: Some(oral),
                ..
            }) if oral.lapsed || oral.until <= on.now => Err(Refusal::Unsigned { by: by.clone() }),
            _ => Ok(()),
        }
    }

    fn release(mut self, on: &Ground<'_>) -> Result<Self, Refusal> {
        match (&self.person, self.held_until) {
            (Some(by), Some(until)) if *by != on.who.name && !on.who.leads() && until > on.now => {
                return Err(Refusal::Held {
                    by: by.clone(),
                    until,
                });
            }
            _ => {}
        }
        self.state = match self.state {
            State::InHand {
                consent: Some(consent),
            } => State::Approved { consent },
            State::InHand { consent: None } => State::Open,
            state @ (State::Open | State::Review { .. } | State::Waiting { .. }) => state,
            other => return Err(other.not_now()),
        };
        self.person = None;
        self.held_until = None;
        Ok(self)
    }

    fn wait(
        mut self,
        party: Party,
        until: DateTime<Utc>,
        note: &str,
        on: &Ground<'_>,
    ) -> Result<Self, Refusal> {
        if !matches!(self.state, State::InHand { .. } | State::Waiting { .. }) {
            return Err(self.state.not_now());
        }
        self.holds(on)?;
        if self.is_overdue(on.now) {
            return Err(Refusal::Overdue);
        }
        if until <= on.now {
            return Err(Refusal::Past { field: "until" });
        }
        if until > self.finish_due {
            return Err(Refusal::BeyondDue {
                due: self.finish_due,
            });
        }
        let wait = Wait {
            party,
            until,
            note: note.trim().to_owned(),
        };
        self.state = match self.state {
            State::InHand { consent } | State::Waiting { consent, .. } => {
                State::Waiting { consent, wait }
            }
            other => other,
        };
        Ok(self.touched(on))
    }

    fn finish(self, result: &str, changes: &Changes, on: &Ground<'_>) -> Result<Self, Refusal> {
        if !matches!(self.state, State::InHand { .. } | State::Waiting { .. }) {
            return Err(self.state.not_now());
        }
        let result = said(result, "result", "处理结果")?;
        let mut case = self.edit(changes, on)?;
        case.holds(on)?;
        if case.state.consent().is_none() {
            if case.needs_consent(on) {
                return Err(Refusal::NeedsReview);
            }
            case.pays_rightly(&[], on)?;
        } else if on.kind.is_money() && case.had_part(on.who) {
            return Err(Refusal::OwnPayment);
        }
        let end = Self::ends(on, &result);
        case.held_until = None;
        case.state = match case.state {
            State::InHand { consent } | State::Waiting { consent, .. } => {
                State::Done { consent, end }
            }
            other => other,
        };
        Ok(case)
    }

    fn close(self, changes: &Changes, on: &Ground<'_>) -> Result<Self, Refusal> {
        match &self.state {
            State::Done { .. } => {}
            State::Rejected { by, comment, .. } => {
                let (by, result) = (by.clone(), format!("驳回：{comment}"));
                let end = Self::ends(on, &result);
                return Ok(Self {
                    state: State::Closed {
                        consent: None,
                        rejected_by: Some(by),
                        end,
                    },
                    held_until: None,
                    ..self
                });
            }
            _ => return Err(self.state.not_now()),
        }
        let mut case = self.edit(changes, on)?;
        if let Some(Consent {
            by, oral: Some(_), ..
        }) = case.state.consent()
        {
            return Err(Refusal::Unsigned { by: by.clone() });
        }
        let asked: &[&[String]] = match on.kind.approval {
            Approval::None => &[&on.kind.needs, &on.kind.to_close],
            _ => &[&on.kind.needs, &on.kind.to_review, &on.kind.to_close],
        };
        case.needs(asked)?;
        case.held_until = None;
        // Values may have come since it was done: what was free then need not be now.
        if case.state.consent().is_none() && case.needs_consent_of_all(on) {
            return Err(Refusal::NeedsReview);
        }
        case.state = match case.state {
            State::Done { consent, end } => State::Closed {
                consent,
                rejected_by: None,
                end,
            },
            other => other,
        };
        Ok(case)
    }

    /// Whether it pays more than anybody may settle without a reviewer.
    fn needs_consent_of_all(&self, on: &Ground<'_>) -> bool {
        match on.kind.approval {
            Approval::None => false,
            Approval::First => true,
            Approval::Money => {
                let free = on.kind.free.values().copied().max().unwrap_or(0);
                self.amount().is_none_or(|amount| amount > free)
            }
        }
    }

    fn drop(mut self, reason: &str, on: &Ground<'_>) -> Result<Self, Refusal> {
        if !matches!(
            self.state,
            State::Draft | State::Open | State::Rejected { .. }
        ) {
            return Err(self.state.not_now());
        }
        let reason = said(reason, "reason", "作废的原因")?;
        self.held_until = None;
        self.state = State::Void {
            into: None,
            end: Self::ends(on, &reason),
        };
        Ok(self)
    }

    fn reopen(mut self, reason: &str, _on: &Ground<'_>) -> Result<Self, Refusal> {
        match self.state {
            State::Approved { .. }
            | State::InHand { .. }
            | State::Waiting { .. }
            | State::Done { .. }
            | State::Closed { .. } => {}
            _ => return Err(self.state.not_now()),
        }
        said(reason, "reason", "重开的原因")?;
        self.person = None;
        self.held_until = None;
        self.state = State::Open;
        Ok(self)
    }

    fn postpone(
        mut self,
        until: DateTime<Utc>,
        informed: &str,
        reason: &str,
        on: &Ground<'_>,
    ) -> Result<Self, Refusal> {
        if self.state.is_done() {
            return Err(self.state.not_now());
        }
        said(informed, "informed", "怎么告诉了顾客、什么时候说的")?;
        said(reason, "reason", "改期的原因")?;
        if until <= on.now {
            return Err(Refusal::Past { field: "until" });
        }
        self.finish_due = until;
        Ok(self.touched(on))
    }

    fn merge(mut self, into: &str, on: &Ground<'_>) -> Result<Self, Refusal> {
        let free = match &self.state {
            State::Draft | State::Open | State::Rejected { .. } => true,
            State::InHand { consent } | State::Waiting { consent, .. } => consent.is_none(),
            _ => false,
        };
        if !free {
            return Err(self.state.not_now());
        }
        self.held_until = None;
        self.state = State::Void {
            into: Some(into.to_owned()),
            end: Self::ends(on, &format!("并入 {into}")),
        };
        Ok(self)
    }

    fn lapse(mut self, on: &Ground<'_>) -> Result<Self, Refusal> {
        let consent = self.state.consent().cloned();
        let Some(mut consent) = consent else {
            return Err(self.state.not_now());
        };
        let Some(oral) = consent.oral.as_mut().filter(|oral| oral.until <= on.now) else {
            return Err(self.state.not_now());
        };
        // What is done is done; it stays in sight until it is signed.
        if self.state.is_done() {
            oral.lapsed = true;
            self.state = self.state.with(consent);
            return Ok(self);
        }
        self.held_until = None;
        self.state = State::Review {
            by: consent.submitted_by,
            at: on.now,
        };
        Ok(self)
    }
}
