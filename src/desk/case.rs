//! A case: what it holds, who may do what with it, and what becomes of it. Pure: facts, an act and `now` go in, the
//! case after it or a refusal comes out.

pub mod act;
pub mod card;
mod form;
mod life;
pub mod refusal;
mod review;
pub mod state;

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use crate::knowledge::{
    CaseKindId, Post,
    case_kind::{Approval, CaseKind},
};

pub use act::{Act, Party};
pub use form::{Form, ORDER, ORDER_AMOUNT};
pub use refusal::Refusal;
pub use state::{Consent, End, Oral, State, Wait};

/// How long a case that somebody has in hand is his alone, counted from what he last did with it.
pub const HOLD: Duration = Duration::minutes(30);
/// How long an approval by word of mouth holds unless it says otherwise.
pub const ORAL: Duration = Duration::hours(24);
/// How long it may hold at the most.
pub const LONGEST_ORAL: Duration = Duration::days(7);

/// Somebody who does something with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// His name.
    pub name: String,
    /// What he does in the house.
    pub posts: Vec<Post>,
}

impl Actor {
    /// Whether he leads others.
    pub fn leads(&self) -> bool {
        let leads = |post: &Post| matches!(post, Post::Supervisor | Post::Admin);
        self.posts.iter().any(leads)
    }
}

/// A case, as far as it decides what may become of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What kind.
    pub kind: CaseKindId,
    /// What was filled in.
    pub form: Form,
    /// Which of its kind's steps are done, from 0.
    pub steps: BTreeSet<usize>,
    /// Who answers for its being opened; `bot` until somebody has confirmed it.
    pub author: String,
    /// Everybody who wrote its amount or order, or sent it to review: none of them may approve it.
    pub proposers: BTreeSet<String>,
    /// Its reviewer's cell.
    pub reviewer: String,
    /// Where it stands.
    pub state: State,
    /// Who has it.
    pub person: Option<String>,
    /// Until when it is his alone.
    pub held_until: Option<DateTime<Utc>>,
    /// When it should be finished.
    pub finish_due: DateTime<Utc>,
}

/// Another case that pays for the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// Its number.
    pub number: String,
    /// How much, in fen, when it is known.
    pub amount: Option<i64>,
    /// It has been paid.
    pub paid: bool,
}

/// What an act is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The kind.
    pub kind: &'a CaseKind,
    /// Who acts.
    pub who: &'a Actor,
    /// Other cases that pay, or are about to, for the same order in the same shop.
    pub rivals: &'a [Rival],
    /// The moment.
    pub now: DateTime<Utc>,
}

impl Case {
    /// Does something with the case, or says why not.
    ///
    /// # Errors
    /// The reason, in words for people. Nothing has changed then.
    pub fn act(self, act: &Act, ground: &Ground<'_>) -> Result<Self, Refusal> {
        life::act(self, act, ground)
    }

    /// How much is to be paid, in fen.
    pub fn amount(&self) -> Option<i64> {
        self.form.amount()
    }

    /// Whether somebody else must say yes before this actor may go on with it.
    pub fn needs_consent(&self, ground: &Ground<'_>) -> bool {
        match ground.kind.approval {
            Approval::None => false,
            Approval::First => true,
            Approval::Money => {
                let free = ground.kind.free_for(&ground.who.posts);
                self.amount().is_none_or(|amount| amount > free)
            }
        }
    }

    /// Whether it should have been finished.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state.is_living() && !self.state.is_done() && self.finish_due <= now
    }

    /// Fields that these lists ask for and nobody has filled in.
    pub(crate) fn missing<'k>(&self, lists: &[&'k [String]]) -> Vec<&'k str> {
        let mut missing: Vec<&str> = Vec::new();
        for name in lists.iter().copied().flatten() {
            if self.form.get(name).is_none() && !missing.contains(&name.as_str()) {
                missing.push(name);
            }
        }
        missing
    }
}
