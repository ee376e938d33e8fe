//! The life of a case: an enum whose transitions consume it.
//!
//! ```text
//! draft → open → review → approved → in hand ⇄ waiting → done → closed
//!            ↖ rejected ↙     (what needs no review goes from open to in hand)
//! ```
//!
//! Whatever stands after `open` can be reopened, and is reviewed again then; drafts and what is open can be dropped.

use chrono::{DateTime, Utc};

use super::{
    Act, Case, Consent, End, Ground, HOLD, ORDER, Party, Refusal, State, Wait, act::Changes,
};
use crate::knowledge::case_kind::{AMOUNT, Approval};

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
pub(super) fn said(text: &str, field: &'static str, zh: &'static str) -> Result<String, Refusal> {
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

    pub(super) fn needs(&self, lists: &[&[String]]) -> Result<(), Refusal> {
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
}
