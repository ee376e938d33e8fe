//! A second pair of eyes: what goes to review, who may say yes, and what a yes is worth.

use chrono::{DateTime, Utc};

use super::{
    Actor, Case, Consent, Ground, LONGEST_ORAL, ORAL, Oral, Refusal, Rival, State, life::said,
};
use crate::knowledge::case_kind::Approval;

impl Case {
    pub(super) fn submit(mut self, despite: &[String], on: &Ground<'_>) -> Result<Self, Refusal> {
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
    pub(super) fn pays_rightly(&self, despite: &[String], on: &Ground<'_>) -> Result<(), Refusal> {
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

    pub(super) fn approve(
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
    pub(super) fn reviewed_by(&self, on: &Ground<'_>) -> Result<(), Refusal> {
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

    pub(super) fn had_part(&self, who: &Actor) -> bool {
        self.author == who.name || self.proposers.contains(&who.name)
    }

    pub(super) fn approve_orally(
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

    pub(super) fn reject(mut self, comment: &str, on: &Ground<'_>) -> Result<Self, Refusal> {
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

    /// That a yes by word of mouth, where there is one, has not run out.
    pub(super) fn holds(&self, on: &Ground<'_>) -> Result<(), Refusal> {
        match self.state.consent() {
            Some(Consent {
                by,
                oral: Some(oral),
                ..
            }) if oral.lapsed || oral.until <= on.now => Err(Refusal::Unsigned { by: by.clone() }),
            _ => Ok(()),
        }
    }

    pub(super) fn lapse(mut self, on: &Ground<'_>) -> Result<Self, Refusal> {
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

    /// Whether it pays more than anybody may settle without a reviewer.
    pub(super) fn needs_consent_of_all(&self, on: &Ground<'_>) -> bool {
        match on.kind.approval {
            Approval::None => false,
            Approval::First => true,
            Approval::Money => {
                let free = on.kind.free.values().copied().max().unwrap_or(0);
                self.amount().is_none_or(|amount| amount > free)
            }
        }
    }
}
