//! What leaves, leaves once, only while it holds, and what became of it is known.

use jieban::{
    desk::{Decision, ReplyClass},
    store::{
        decisions::Commit,
        outbox::{self, Claim, Outcome},
    },
};

use crate::house::*;

stories!(
    a_claim_compares_facts_epoch_switch_and_time,
    a_lease_that_ends_is_claimed_again_or_doubted,
    a_pull_is_short,
    an_inline_claim_is_this_conversations,
    an_acknowledgement_may_come_twice,
    what_failed_for_now_is_tried_again,
    what_failed_for_good_is_a_dead_letter,
    a_dead_letter_may_be_sent_again,
    what_nobody_knows_is_not_sent_again,
    a_human_between_two_attempts_ends_them,
    a_request_that_is_made_again_finds_its_reply,
    what_nobody_claims_is_swept,
    what_was_never_said_undoes_what_was_decided_after_it,
);

async fn a_claim_compares_facts_epoch_switch_and_time(house: House) {
    for (name, act) in [
        ("facts", 0),
        ("epoch", 1),
        ("stopped", 2),
        ("early", 3),
        ("late", 4),
        ("good", 5),
    ] {
        let recorded = house.asked(name, "到哪了").await;
        let waits = Decision {
            reply: reply(ReplyClass::Content, "在路上", 4, 600),
            ..decision(recorded.last_customer)
        };
        house.commit(recorded.conversation, &waits, 0).await;
        let mut when = 10;
        match act {
            0 => drop(
                house
                    .record(&delivery(name, vec![customer("x", "喂")]), 5)
                    .await,
            ),
            1 => {
                house.stop(true).await;
                house.stop(false).await;
            }
            2 => house.stop(true).await,
            3 => when = 3,
            4 => when = 600,
            _ => {}
        }
        let claimed = house.claim(when).await;
        assert_eq!(claimed.len(), usize::from(act == 5), "{name}");
        if act == 4 {
            assert_eq!(house.states(name).await, ["expired"]);
        }
        if act == 5 {
            assert_eq!(
                (
                    claimed[0].account.as_str(),
                    claimed[0].conversation.as_str()
                ),
                ("shop-account", "good")
            );
            assert_eq!(
                (claimed[0].attempts, claimed[0].not_after),
                (1, Some(at(600)))
            );
            assert_eq!(house.view(name).await.waiting_since, None);
        }
        // Nothing of this round may leave in the next.
        house
            .record(
                &delivery(name, vec![agent(&format!("{name}-end"), "好")]),
                11,
            )
            .await;
        house.stop(false).await;
    }
    // Another door's courier does not take it.
    house.answered("other", "好").await;
    let none = house
        .write(|tx| {
            outbox::claim(
                tx,
                Claim::Courier {
                    sources: &["elsewhere".into()],
                },
                at(20),
                1,
                9,
            )
        })
        .await;
    assert!(none.is_empty());
    assert!(
        house
            .write(|tx| outbox::claim(tx, Claim::Courier { sources: &[] }, at(20), 1, 9))
            .await
            .is_empty()
    );
}

async fn a_lease_that_ends_is_claimed_again_or_doubted(house: House) {
    house.answered("again", "在路上").await;
    let first = house.claim(1).await.remove(0);
    assert!(house.claim(30).await.is_empty());
    let second = house.claim(31).await.remove(0);
    assert_eq!((&second.id, second.attempts), (&first.id, 2));
    assert_eq!(
        house.said("again").await.len(),
        2,
        "one line, however often it is tried"
    );
    house
        .record(&delivery("again", vec![customer("n", "喂")]), 40)
        .await;
    assert!(house.claim(61).await.is_empty());
    assert_eq!(house.states("again").await, ["uncertain"]);
    assert_eq!(
        house.said("again").await[1],
        "bot_auto:在路上",
        "it is kept as said"
    );
    assert!(
        house
            .settle(&first.id, Outcome::Sent { platform_id: None }, 62)
            .await
    );
    assert_eq!(house.states("again").await, ["sent"]);
}

async fn a_pull_is_short(house: House) {
    house.answered("c", "在路上").await;
    let pull = |account: Option<&'static str>, seconds| {
        house.write(move |tx| {
            outbox::claim(
                tx,
                Claim::Pull {
                    source: "bridge",
                    account,
                },
                at(seconds),
                999_000,
                9,
            )
        })
    };
    assert!(pull(Some("another"), 1).await.is_empty());
    let first = pull(Some("shop-account"), 1).await.remove(0);
    assert_eq!(first.not_after, Some(at(11)));
    assert!(pull(None, 10).await.is_empty());
    let again = pull(None, 11).await.remove(0);
    assert_eq!((again.id, again.attempts), (first.id, 2));
    assert_eq!(house.tally().await.auto_content, 1);
    let near = house.asked("near", "在").await;
    let soon = Decision {
        reply: reply(ReplyClass::Content, "好", 0, 15),
        ..decision(near.last_customer)
    };
    house.commit(near.conversation, &soon, 0).await;
    assert_eq!(pull(None, 12).await[0].not_after, Some(at(15)));
}

async fn an_inline_claim_is_this_conversations(house: House) {
    let a = house.answered("a", "甲").await.conversation;
    house.answered("b", "乙").await;
    let inline = house
        .write(move |tx| outbox::claim(tx, Claim::Inline { conversation: a }, at(1), 9_000, 9))
        .await;
    assert_eq!(
        inline.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(),
        ["甲"]
    );
    assert_eq!(house.claim(1).await.len(), 1);
    let source = inline[0].id.clone();
    let source = house
        .store
        .read(move |tx| outbox::source_of(tx, &source))
        .await
        .unwrap();
    assert_eq!(source.as_deref(), Some("bridge"));
    assert_eq!(
        house
            .store
            .read(|tx| outbox::source_of(tx, "nothing-1"))
            .await
            .unwrap(),
        None
    );
}

async fn an_acknowledgement_may_come_twice(house: House) {
    house.answered("c", "好").await;
    let id = house.claim(1).await.remove(0).id;
    let sent = Outcome::Sent {
        platform_id: Some("p".into()),
    };
    assert!(house.settle(&id, sent.clone(), 2).await);
    let view = house.view("c").await;
    assert!(house.settle(&id, sent.clone(), 3).await);
    assert!(
        !house
            .settle(
                &id,
                Outcome::Failed {
                    error: "late".into()
                },
                4
            )
            .await
    );
    assert!(!house.settle(&id, Outcome::Released, 4).await);
    assert!(
        !house
            .settle(
                &id,
                Outcome::Uncertain {
                    error: "late".into()
                },
                4
            )
            .await
    );
    assert_eq!(house.view("c").await, view);
    assert!(!house.settle("nothing-1", sent, 5).await);
}

async fn what_failed_for_now_is_tried_again(house: House) {
    let recorded = house.answered("c", "好").await;
    let id = house.claim(1).await.remove(0).id;
    let retry = Outcome::Retry {
        error: "503".into(),
        next_at: at(20),
    };
    assert!(house.settle(&id, retry.clone(), 2).await);
    assert!(!house.settle(&id, retry, 2).await);
    let view = house.view("c").await;
    assert_eq!(
        (view.waiting_since, view.messages.len()),
        (Some(at(0)), 1),
        "as if it had not been said"
    );
    // It is decided again meanwhile, and the same answer keeps its pause.
    assert_eq!(house.take(3).await.len(), 1);
    let same = Decision {
        reply: content("好"),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &same, 3).await;
    assert!(house.claim(19).await.is_empty());
    let second = house.claim(20).await.remove(0);
    assert_eq!((&second.id, second.attempts), (&id, 2));
    assert!(house.settle(&id, Outcome::Released, 21).await);
    assert_eq!(house.claim(21).await.len(), 1);
}

async fn what_failed_for_good_is_a_dead_letter(house: House) {
    let recorded = house.answered("c", "好").await;
    let id = house.claim(1).await.remove(0).id;
    assert!(
        house
            .settle(
                &id,
                Outcome::Failed {
                    error: "blocked".into()
                },
                2
            )
            .await
    );
    let letters = house
        .store
        .read(|tx| outbox::dead_letters(tx, 9))
        .await
        .unwrap();
    assert_eq!(
        (letters.len(), &letters[0].id, letters[0].error.as_str()),
        (1, &id, "blocked")
    );
    assert_eq!(house.view("c").await.waiting_since, Some(at(0)));
    // Decided again, the same words do not come back to fail again.
    assert_eq!(house.take(3).await.len(), 1);
    let same = Decision {
        reply: content("好"),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &same, 3).await;
    assert!(house.claim(4).await.is_empty());
    assert_eq!(house.tally().await.failed, 1);
}

async fn a_dead_letter_may_be_sent_again(house: House) {
    for (name, moved_on) in [("stays", false), ("moves", true)] {
        house.answered(name, "好").await;
        let id = house.claim(1).await.remove(0).id;
        house
            .settle(
                &id,
                Outcome::Failed {
                    error: "blocked".into(),
                },
                2,
            )
            .await;
        if moved_on {
            house
                .record(&delivery(name, vec![agent("h", "我来")]), 3)
                .await;
        }
        house.stop(true).await;
        house.stop(false).await;
        let again = id.clone();
        let resent = house
            .write(move |tx| outbox::resend(tx, &again, at(7200)))
            .await;
        assert_eq!(resent, !moved_on, "{name}");
        let claimed = house.claim(7201).await;
        assert_eq!(claimed.len(), usize::from(!moved_on));
        if let Some(claimed) = claimed.first() {
            assert_eq!((&claimed.id, claimed.attempts), (&id, 1));
            let twice = id.clone();
            assert!(
                !house
                    .write(move |tx| outbox::resend(tx, &twice, at(7202)))
                    .await
            );
        }
    }
}

async fn what_nobody_knows_is_not_sent_again(house: House) {
    let recorded = house.answered("c", "好").await;
    let id = house.claim(1).await.remove(0).id;
    assert!(
        house
            .settle(
                &id,
                Outcome::Uncertain {
                    error: "reset".into()
                },
                2
            )
            .await
    );
    let same = Decision {
        reply: content("好"),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &same, 3).await;
    assert!(house.claim(3000).await.is_empty());
    assert!(
        !house
            .settle(
                &id,
                Outcome::Retry {
                    error: "x".into(),
                    next_at: at(9)
                },
                4
            )
            .await
    );
    assert_eq!(house.said("c").await.len(), 2);
    house
        .record(&delivery("c", vec![agent("e", "好")]), 5)
        .await;
    assert_eq!(house.states("c").await, ["sent"], "its echo proves it");
}

async fn a_human_between_two_attempts_ends_them(house: House) {
    for (name, outcome) in [
        (
            "retry",
            Outcome::Retry {
                error: "503".into(),
                next_at: at(9),
            },
        ),
        ("released", Outcome::Released),
        ("failed", Outcome::Failed { error: "x".into() }),
    ] {
        house.answered(name, "好").await;
        let id = house.claim(1).await.remove(0).id;
        house
            .record(
                &delivery(name, vec![agent(&format!("{name}-h"), "我来")]),
                2,
            )
            .await;
        assert!(house.settle(&id, outcome, 3).await);
        assert!(house.claim(20).await.is_empty(), "{name}");
        let view = house.view(name).await;
        assert_eq!(view.waiting_since, None, "the human has answered");
        assert!(["withdrawn", "failed"].contains(&view.replies[0].state.as_str()));
        assert_eq!(house.said(name).await.len(), 2);
    }
}

async fn a_request_that_is_made_again_finds_its_reply(house: House) {
    let recorded = house.answered("c", "在路上").await;
    let message = recorded.last_customer.unwrap();
    let find = || {
        let conversation = recorded.conversation;
        house
            .store
            .read(move |tx| outbox::replies_of(tx, conversation, message))
    };
    assert_eq!(find().await.unwrap(), None, "it only waits");
    let id = house.claim(1).await.remove(0).id;
    assert_eq!(
        find().await.unwrap(),
        Some((id, "在路上".into(), "claimed".into()))
    );
    let again = house
        .record(&delivery("c", vec![customer("c-1", "到哪了")]), 2)
        .await;
    assert_eq!((again.duplicates, again.last_customer), (1, Some(message)));
}

async fn what_nobody_claims_is_swept(house: House) {
    house.answered("expires", "好").await;
    house.answered("doubted", "好").await;
    assert_eq!(house.claim(1).await.len(), 2);
    house
        .record(&delivery("doubted", vec![customer("x", "喂")]), 2)
        .await;
    assert_eq!(house.write(|tx| outbox::sweep(tx, at(31), 9)).await, 1);
    assert_eq!(house.states("doubted").await, ["uncertain"]);
    assert_eq!(
        house.write(|tx| outbox::sweep(tx, at(3601), 9)).await,
        1,
        "its time is over"
    );
    assert_eq!(house.states("expires").await, ["uncertain"]);
    let third = house.asked("third", "在").await;
    let waits = Decision {
        reply: content("好"),
        ..decision(third.last_customer)
    };
    house.commit(third.conversation, &waits, 10).await;
    assert_eq!(house.write(|tx| outbox::sweep(tx, at(3600), 9)).await, 1);
    assert_eq!(house.states("third").await, ["expired"]);
}

/// A reply counts as said once it is claimed. When it turns out that it was not, what was decided about the
/// customer's next words in the belief that it had been must not answer for both, and not be committed either.
async fn what_was_never_said_undoes_what_was_decided_after_it(house: House) {
    let outcomes = [
        ("released", Outcome::Released),
        (
            "retry",
            Outcome::Retry {
                error: "503".into(),
                next_at: at(8),
            },
        ),
        ("failed", Outcome::Failed { error: "x".into() }),
    ];
    for (name, outcome) in outcomes {
        for decided_before in [true, false] {
            let name = format!("{name}-{decided_before}");
            let first = house.answered(&name, "在路上").await;
            let id = house.claim(1).await.remove(0).id;
            let next = customer(&format!("{name}-2"), "多少钱");
            let second = house.record(&delivery(&name, vec![next]), 2).await;
            let about_the_second = Decision {
                reply: content("十块"),
                ..decision(second.last_customer)
            };
            let seen = house.seen(first.conversation).await;
            if decided_before {
                house.commit_on(seen, &about_the_second, 3).await;
            }
            assert!(house.settle(&id, outcome.clone(), 4).await);
            if !decided_before {
                let late = house.commit_on(seen, &about_the_second, 5).await;
                assert_eq!(late, Commit::Stale, "{name}");
            }
            assert!(house.claim(20).await.is_empty(), "{name}");
            let taken = house.take(21).await;
            assert!(
                taken.iter().any(|w| w.conversation == first.conversation),
                "{name}: it is decided again"
            );
            let about_both = Decision {
                reply: content("在路上；十块"),
                ..decision(first.last_customer)
            };
            house.commit(first.conversation, &about_both, 22).await;
            let texts: Vec<String> = house.claim(23).await.into_iter().map(|c| c.text).collect();
            assert_eq!(texts, ["在路上；十块"], "{name}: one answer, and one only");
            house
                .record(
                    &delivery(&name, vec![agent(&format!("{name}-h"), "好")]),
                    24,
                )
                .await;
        }
    }
}
