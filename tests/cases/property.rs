//! Whatever people do in whatever order: no money case is closed without a reviewer other than who proposed it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use jieban::{
    desk::case::{Act, Case, Form, Ground, Party, State},
    knowledge::{Post, case_kind::Approval},
};
use proptest::prelude::*;

use crate::world::*;

const PEOPLE: [(&str, &[Post]); 6] = [
    ("小青", &[Post::Agent]),
    ("小禾", &[Post::Agent, Post::Supervisor]),
    ("王主管", &[Post::Supervisor]),
    ("赵审核", &[Post::Reviewer]),
    ("钱财务", &[Post::Finance]),
    ("总管", &[Post::Admin]),
];
const AMOUNTS: [&str; 6] = ["", "0", "5", "5.01", "50", "2000"];

fn changes() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop_oneof![
        3 => Just(BTreeMap::new()),
        1 => (0..AMOUNTS.len())
            .prop_map(|n| BTreeMap::from([("金额".to_owned(), AMOUNTS[n].to_owned())])),
        1 => Just(BTreeMap::from([("订单号".to_owned(), "88".to_owned())])),
    ]
}

/// Comments are as often forgotten as not; signatures are the actor's.
fn acts() -> impl Strategy<Value = (usize, Act)> {
    let words = prop_oneof![4 => Just("有话".to_owned()), 1 => Just(String::new())];
    let person = 0..PEOPLE.len();
    let act = prop_oneof![
        changes().prop_map(|changes| Act::Confirm { changes }),
        changes().prop_map(|changes| Act::Edit {
            changes,
            steps: None
        }),
        Just(Act::Submit { despite: vec![] }),
        (words.clone(), person.clone()).prop_map(|(comment, n)| Act::Approve {
            comment,
            signature: PEOPLE[n].0.to_owned(),
            despite: vec![],
        }),
        (words.clone(), person.clone()).prop_map(|(comment, n)| Act::ApproveOrally {
            by: PEOPLE[n].0.to_owned(),
            comment,
            until: None,
        }),
        words.clone().prop_map(|comment| Act::Reject { comment }),
        Just(Act::Claim),
        Just(Act::Release),
        Just(Act::Wait {
            party: Party::Finance,
            until: now() + Duration::days(30),
            note: String::new(),
        }),
        (words.clone(), changes()).prop_map(|(result, changes)| Act::Done { result, changes }),
        changes().prop_map(|changes| Act::Close { changes }),
        words.clone().prop_map(|reason| Act::Drop { reason }),
        words.clone().prop_map(|reason| Act::Reopen { reason }),
        Just(Act::Postpone {
            until: now() + Duration::days(60),
            informed: "说了".into(),
            reason: "等".into(),
        }),
        Just(Act::Lapse),
    ];
    (person, act)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_money_case_is_closed_without_a_reviewer_other_than_its_author(
        which in 0..100_usize,
        draft in any::<bool>(),
        amount in 0..AMOUNTS.len(),
        steps in proptest::collection::vec((0..90_i64, acts()), 1..40),
    ) {
        let kinds: Vec<_> = house()
            .case_kinds()
            .iter()
            .filter(|kind| kind.approval != Approval::None)
            .collect();
        let kind = kinds[which % kinds.len()];
        let mut form: Form = full(kind, "1");
        form.set("金额", AMOUNTS[amount]);
        let mut case = Case {
            form,
            author: if draft { "bot" } else { "小青" }.to_owned(),
            proposers: if draft { BTreeSet::new() } else { BTreeSet::from(["小青".to_owned()]) },
            finish_due: now() + Duration::days(40),
            ..case(kind, if draft { State::Draft } else { State::Open }, "1")
        };
        // Kept beside the case: who opened it, and who last wrote its amount or sent it to review.
        let mut authors: BTreeSet<String> = BTreeSet::from([case.author.clone()]);
        let mut moment = now();
        for (minutes, (person, act)) in steps {
            moment += Duration::minutes(minutes);
            let who = actor(PEOPLE[person].0, PEOPLE[person].1);
            let ground = Ground { kind, who: &who, rivals: &[], now: moment };
            let before = case.clone();
            let Ok(after) = case.clone().act(&act, &ground) else { continue };
            if before.state == State::Draft && after.state == State::Open
                || before.form.amount() != after.form.amount()
                || before.form.order() != after.form.order()
            {
                authors.insert(who.name.clone());
            }
            case = after;
            if let State::Closed { consent, rejected_by, .. } = &case.state {
                let free = kind.free.values().copied().max().unwrap_or(0);
                let small = kind.is_money() && case.amount().is_some_and(|fen| fen <= free);
                match (consent, rejected_by) {
                    (Some(yes), _) => {
                        prop_assert!(!authors.contains(&yes.by), "{:?} of {authors:?}", yes);
                        prop_assert!(yes.oral.is_none());
                        prop_assert!(!yes.comment.is_empty());
                        prop_assert_ne!(&yes.by, &yes.submitted_by);
                    }
                    (None, Some(by)) => prop_assert!(!authors.contains(by)),
                    (None, None) => prop_assert!(small, "{} {:?}", kind.id, case.form.amount()),
                }
            }
        }
    }
}
