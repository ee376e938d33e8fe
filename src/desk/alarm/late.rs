//! What is past its time: cases that are not done, and promises of which nobody has said how they ended.

use chrono::{DateTime, Utc};

use super::{Cause, Trouble};
use crate::knowledge::{CaseKindId, ShopId, Urgency, case_kind::Level};

/// Something past its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Its number in the store.
    pub id: i64,
    /// Its shop.
    pub shop: ShopId,
    /// When it was due.
    pub due: DateTime<Utc>,
    /// Whose it is: who has the case, or the role that does it; who promised, when his name is known.
    pub who: Option<String>,
    /// What it is.
    pub what: LateWhat,
}

/// What is past its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LateWhat {
    /// A case.
    Case {
        /// Its number for people.
        number: String,
        /// What kind.
        kind: CaseKindId,
    },
    /// A promise.
    Promise {
        /// What was to be done.
        kind: String,
        /// The kind of the case it belongs to.
        case: Option<CaseKindId>,
    },
}

impl Late {
    /// The case kind that says how much it presses.
    pub fn kind(&self) -> Option<&CaseKindId> {
        match &self.what {
            LateWhat::Case { kind, .. } => Some(kind),
            LateWhat::Promise { case, .. } => case.as_ref(),
        }
    }
}

/// That something is past its time. `name` is what the shop is called, `level` that of [`Late::kind`].
pub fn late(late: &Late, name: &str, level: Level) -> Cause {
    let (shop, name, who) = (late.shop.clone(), name.to_owned(), late.who.clone());
    let (subject, trouble) = match &late.what {
        LateWhat::Case { number, kind } => (
            format!("case/{}", late.id),
            Trouble::CaseOverdue {
                shop,
                name,
                number: number.clone(),
                kind: kind.clone(),
                who,
            },
        ),
        LateWhat::Promise { kind, .. } => (
            format!("promise/{}", late.id),
            Trouble::PromiseOverdue {
                shop,
                name,
                promise: late.id,
                kind: kind.clone(),
                who,
            },
        ),
    };
    Cause {
        subject,
        since: late.due,
        urgency: match level {
            Level::Normal => Urgency::Warning,
            Level::Urgent | Level::Safety => Urgency::Urgent,
        },
        trouble,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn it_presses_as_its_kind_does_and_another_moment_is_another_episode() {
        let case = |due: i64| Late {
            id: 7,
            shop: "a".into(),
            due: DateTime::from_timestamp(due, 0).unwrap(),
            who: None,
            what: LateWhat::Case {
                number: "LF-2611-0001".into(),
                kind: "漏发".into(),
            },
        };
        for (level, urgency) in [
            (Level::Normal, Urgency::Warning),
            (Level::Urgent, Urgency::Urgent),
            (Level::Safety, Urgency::Urgent),
        ] {
            assert_eq!(late(&case(1), "茶", level).urgency, urgency);
        }
        let (first, moved) = (
            late(&case(1), "茶", Level::Normal),
            late(&case(2), "茶", Level::Normal),
        );
        assert_eq!(first.subject, moved.subject);
        assert_ne!(first.since, moved.since);
    }
}
