//! Work is taken once, decided on what still holds, and committed whole.

use jieban::{
    desk::{Decision, ReplyClass, Seen},
    knowledge::Mode,
    store::{
        decisions::Commit,
        facts,
        outbox::{self, Claim, Kind, Outcome},
        shops, work,
    },
};

use crate::house::*;

stories!(
    work_is_taken_once_until_its_lease_ends,
    work_wakes_and_hears_of_its_shop,
    a_stale_decision_changes_nothing,
    a_commit_is_idempotent,
    a_turn_has_one_answer,
    a_reply_that_changes_is_replaced_and_one_that_stays_keeps_its_row,
    a_receipt_that_left_is_not_said_again_on_the_same_facts,
    suggestions_are_announced_when_they_change,
    facts_are_one_snapshot_of_many,
);

async fn work_is_taken_once_until_its_lease_ends(house: House) {
    for name in ["a", "b", "c"] {
        house.asked(name, "在吗").await;
    }
    let first = house.take(0).await;
    assert_eq!(first.len(), 3);
    assert!(house.take(29).await.is_empty());
    assert_eq!(
        house
            .store
            .read(|tx| work::next_due(tx, at(0)))
            .await
            .unwrap(),
        Some(at(30))
    );
    assert_eq!(house.take(30).await.len(), 3, "whoever took it is gone");
    house
        .commit(
            first[0].conversation,
            &decision(first[0].messages.last().map(|m| m.id)),
            31,
        )
        .await;
    assert_eq!(house.store.read(work::undecided).await.unwrap(), 2);
    assert_eq!(house.take(61).await.len(), 2);
    assert_eq!(house.tally().await.uncovered, 2);
}

async fn work_wakes_and_hears_of_its_shop(house: House) {
    let recorded = house.asked("c", "在吗").await;
    let later = Decision {
        reconsider_at: Some(at(100)),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &later, 0).await;
    assert!(house.take(99).await.is_empty());
    assert_eq!(
        house
            .store
            .read(|tx| work::next_due(tx, at(0)))
            .await
            .unwrap(),
        Some(at(100))
    );
    assert_eq!(house.take(100).await.len(), 1);
    house
        .commit(
            recorded.conversation,
            &decision(recorded.last_customer),
            100,
        )
        .await;
    assert!(house.take(200).await.is_empty());
    assert!(
        house
            .write(|tx| shops::switch_mode(tx, &shop(), Some(Mode::Auto)))
            .await
    );
    assert!(
        !house
            .write(|tx| shops::switch_mode(tx, &shop(), Some(Mode::Auto)))
            .await
    );
    assert!(house.take(200).await.is_empty());
    let work = house.take_outdated(200).await;
    assert_eq!((work.len(), work[0].epoch), (1, 2));
    assert_eq!(
        house.facts(recorded.conversation, 200).await.mode,
        Some(Mode::Auto)
    );
    // Who is not waiting is not woken by his shop.
    house
        .commit(
            recorded.conversation,
            &decision(recorded.last_customer),
            200,
        )
        .await;
    house
        .record(&delivery("c", vec![agent("a", "在的")]), 201)
        .await;
    house
        .commit(recorded.conversation, &decision(None), 202)
        .await;
    house.stop(true).await;
    assert!(house.take_outdated(300).await.is_empty());
}

async fn a_stale_decision_changes_nothing(house: House) {
    let recorded = house.asked("c", "在吗").await;
    let seen = house.seen(recorded.conversation).await;
    let decided = Decision {
        reply: content("在的"),
        cases: vec![case(None, "x")],
        ..decision(recorded.last_customer)
    };
    house
        .record(&delivery("c", vec![customer("2", "到哪了")]), 1)
        .await;
    assert_eq!(house.commit_on(seen, &decided, 2).await, Commit::Stale);
    let seen = house.seen(recorded.conversation).await;
    house.stop(true).await;
    assert_eq!(house.commit_on(seen, &decided, 3).await, Commit::Stale);
    let view = house.view("c").await;
    assert!(view.replies.is_empty() && view.cases.is_empty() && !view.decided);
    let seen = house.seen(recorded.conversation).await;
    assert!(matches!(
        house.commit_on(seen, &decided, 4).await,
        Commit::Done { .. }
    ));
}

async fn a_commit_is_idempotent(house: House) {
    let recorded = house.asked("c", "订单123到哪了").await;
    let decided = Decision {
        suggestions: vec![suggestion("在路上")],
        reply: content("在路上"),
        cases: vec![case(Some("123"), "客户问物流")],
        ..decision(recorded.last_customer)
    };
    let seen = house.seen(recorded.conversation).await;
    let first = house.commit_on(seen, &decided, 0).await;
    let view = house.view("c").await;
    let again = house.commit_on(seen, &decided, 1).await;
    let (
        Commit::Done { decision: a, cases },
        Commit::Done {
            decision: b,
            cases: none,
        },
    ) = (first, again)
    else {
        panic!()
    };
    assert_eq!(
        (a, cases, none),
        (b, vec!["LF-2611-0001".to_owned()], vec![])
    );
    assert_eq!(house.view("c").await, view);
    let rows = house
        .store
        .read(|tx| {
            tx.first("SELECT COUNT(*) AS n FROM outbox", &[])?
                .unwrap()
                .int("n")
        })
        .await;
    assert_eq!(rows.unwrap(), 2, "a reply and an announcement");
}

async fn a_turn_has_one_answer(house: House) {
    let recorded = house.answered("c", "在路上").await;
    let id = house.claim(1).await.remove(0).id;
    let other = Decision {
        reply: content("换一个说法"),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &other, 2).await;
    assert_eq!(house.states("c").await, ["claimed"]);
    house
        .settle(
            &id,
            Outcome::Uncertain {
                error: "timeout".into(),
            },
            3,
        )
        .await;
    house.commit(recorded.conversation, &other, 4).await;
    assert_eq!(house.states("c").await, ["uncertain"]);
    // The database itself does not let a second one in.
    let second = house
        .store
        .write(|tx| {
            tx.run(
                "INSERT INTO outbox (install, conversation, account, turn, kind, class, text, seen_facts, seen_epoch, not_before, \
                   next_at, state, attempts, created_at, echoed, crossed) \
                 SELECT install, conversation, account, turn, kind, class, 'x', 1, 1, 0, 0, 'waiting', 0, 0, 0, 0 FROM outbox \
                 WHERE kind = 'reply'",
                &[],
            )
        })
        .await;
    assert!(second.is_err());
    // A new turn has an answer of its own.
    let next = house
        .record(&delivery("c", vec![customer("n", "那退款呢")]), 5)
        .await;
    let other = Decision {
        reply: content("换一个说法"),
        ..decision(next.last_customer)
    };
    house.commit(recorded.conversation, &other, 6).await;
    assert_eq!(house.states("c").await, ["uncertain", "waiting"]);
}

async fn a_reply_that_changes_is_replaced_and_one_that_stays_keeps_its_row(house: House) {
    let recorded = house.answered("c", "在路上").await;
    let turn = recorded.last_customer;
    let id = house.view("c").await.replies[0].id.clone();
    // One more line in the same turn, the same answer: later, on the new facts.
    house
        .record(&delivery("c", vec![customer("2", "快点")]), 5)
        .await;
    assert!(house.claim(6).await.is_empty(), "decided before the line");
    let same = Decision {
        reply: reply(ReplyClass::Content, "在路上", 9, 3600),
        ..decision(turn)
    };
    house.commit(recorded.conversation, &same, 6).await;
    let replies = house.view("c").await.replies;
    assert_eq!(
        (replies.len(), &replies[0].id, replies[0].not_before),
        (1, &id, at(9))
    );
    assert!(house.claim(8).await.is_empty());
    let other = Decision {
        reply: reply(ReplyClass::Receipt, "已收到", 9, 3600),
        ..decision(turn)
    };
    house.commit(recorded.conversation, &other, 7).await;
    assert_eq!(house.states("c").await, ["withdrawn", "waiting"]);
    // A decision that says nothing takes it back.
    house
        .commit(recorded.conversation, &decision(turn), 8)
        .await;
    assert_eq!(house.states("c").await, ["withdrawn", "withdrawn"]);
    let back = Decision {
        reply: content("在路上"),
        ..decision(turn)
    };
    house.commit(recorded.conversation, &back, 8).await;
    house
        .commit(recorded.conversation, &decision(None), 9)
        .await;
    assert_eq!(
        house.states("c").await,
        ["withdrawn", "withdrawn", "withdrawn"]
    );
}

async fn a_receipt_that_left_is_not_said_again_on_the_same_facts(house: House) {
    let recorded = house.asked("c", "在吗").await;
    let receipt = Decision {
        reply: reply(ReplyClass::Receipt, "已收到", 0, 3600),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &receipt, 0).await;
    assert_eq!(house.claim(1).await.len(), 1);
    assert_eq!(
        house.view("c").await.waiting_since,
        Some(at(0)),
        "a receipt does not end the waiting"
    );
    house.commit(recorded.conversation, &receipt, 2).await;
    assert_eq!(house.states("c").await, ["claimed"]);
    assert_eq!(house.said("c").await[1], "notice:已收到");
    // New facts may have another one, and the content is still to come.
    house
        .record(&delivery("c", vec![customer("2", "喂")]), 100)
        .await;
    house.commit(recorded.conversation, &receipt, 101).await;
    assert_eq!(house.states("c").await, ["claimed", "waiting"]);
    let answer = Decision {
        reply: content("在的"),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &answer, 102).await;
    assert_eq!(house.states("c").await, ["claimed", "withdrawn", "waiting"]);
}

async fn suggestions_are_announced_when_they_change(house: House) {
    let recorded = house.asked("c", "在吗").await;
    let claim = |seconds| {
        house.write(move |tx| {
            let sources = ["bridge".to_owned()];
            outbox::claim(
                tx,
                Claim::Courier { sources: &sources },
                at(seconds),
                30_000,
                9,
            )
        })
    };
    let with = |texts: &[&str]| Decision {
        suggestions: texts.iter().map(|text| suggestion(text)).collect(),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &with(&[]), 0).await;
    assert!(claim(0).await.is_empty(), "nothing to tell");
    house.commit(recorded.conversation, &with(&["一"]), 0).await;
    house.commit(recorded.conversation, &with(&["二"]), 0).await;
    let told = claim(0).await;
    assert_eq!(
        (told.len(), told[0].kind, told[0].not_after),
        (1, Kind::Suggestions, None)
    );
    let body: serde_json::Value = serde_json::from_str(&told[0].text).unwrap();
    assert_eq!(body["suggestions"][0]["text"], "二");
    assert_eq!(body["because"]["knowledge"], "v1");
    // On the wire it keeps its words; what is new is told anew, even when a human has spoken.
    house.commit(recorded.conversation, &with(&["二"]), 1).await;
    assert!(claim(1).await.is_empty());
    house.commit(recorded.conversation, &with(&["三"]), 1).await;
    house
        .record(&delivery("c", vec![agent("a", "在")]), 2)
        .await;
    assert_eq!(claim(2).await.len(), 1);
    assert_eq!(
        house.said("c").await.len(),
        2,
        "an announcement is not a line of the conversation"
    );
}

async fn facts_are_one_snapshot_of_many(house: House) {
    let a = house.asked("a", "订单7").await;
    let b = house.asked("b", "在吗").await;
    let decided = Decision {
        cases: vec![case(Some("7"), "x")],
        reply: content("好"),
        ..decision(a.last_customer)
    };
    house.commit(a.conversation, &decided, 0).await;
    house.claim(1).await;
    let asked = vec![
        (b.conversation, vec!["7".to_owned()]),
        (999, vec![]),
        (a.conversation, vec![]),
    ];
    let all = house
        .store
        .read(move |tx| facts::facts_of(tx, &asked, at(2)))
        .await
        .unwrap();
    assert_eq!(all.len(), 2, "nobody has the number 999");
    assert_eq!(
        all[0].seen,
        Seen {
            conversation: b.conversation,
            facts: 1,
            epoch: 1
        }
    );
    assert_eq!(
        (all[0].open_cases.len(), all[0].open_cases[0].here),
        (1, false),
        "b asks about the order"
    );
    assert_eq!(
        (all[1].open_cases.len(), all[1].open_cases[0].here),
        (1, true)
    );
    assert_eq!(all[1].open_cases[0].number, "LF-2611-0001");
    assert_eq!(
        (
            all[1].said.len(),
            all[1].said[0].claimed,
            Some(all[1].said[0].turn),
            all[1].said[0].at,
        ),
        (1, true, a.last_customer, at(1)),
        "it was decided before it left"
    );
    assert_eq!(
        all[1]
            .messages
            .iter()
            .map(|m| m.text.as_str())
            .collect::<Vec<_>>(),
        ["订单7", "好"]
    );
    let next_day = house.facts(a.conversation, 90_000).await;
    assert!(next_day.said.is_empty());
    assert!(
        house
            .store
            .read(|tx| facts::facts(tx, 999, &[], at(0)))
            .await
            .is_err()
    );
}
