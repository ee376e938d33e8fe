//! Cases are one per order, grow, and are numbered.

use jieban::{desk::Decision, store::decisions::Commit};

use crate::house::*;

stories!(
    cases_are_one_per_order_and_grow,
    a_case_learns_its_order_later,
    two_cases_of_one_order_are_joined,
    case_numbers_count_per_month,
);

async fn cases_are_one_per_order_and_grow(house: House) {
    let a = house.asked("a", "订单7").await;
    let b = house.asked("b", "订单7").await;
    let about = |turn, note: &str| Decision {
        cases: vec![case(Some("7"), note)],
        ..decision(turn)
    };
    house
        .commit(a.conversation, &about(a.last_customer, "一"), 0)
        .await;
    house
        .commit(a.conversation, &about(a.last_customer, "改"), 1)
        .await;
    for _ in 0..2 {
        let Commit::Done { cases, .. } = house
            .commit(b.conversation, &about(b.last_customer, "二"), 2)
            .await
        else {
            panic!()
        };
        assert!(cases.is_empty());
    }
    let view = house.view("a").await;
    assert_eq!(
        (view.cases.len(), view.cases[0].note.as_str()),
        (1, "改\n二")
    );
    assert_eq!(house.view("b").await.cases, view.cases, "b added to it");
    assert_eq!(house.tally().await.cases, 1);
    // Closed, the next one is another.
    house
        .write(|tx| tx.run("UPDATE cases SET state = 'closed'", &[]))
        .await;
    house
        .commit(b.conversation, &about(b.last_customer, "三"), 3)
        .await;
    assert_eq!(house.view("b").await.cases.len(), 2);
}

async fn a_case_learns_its_order_later(house: House) {
    let first = house.asked("c", "没收到货").await;
    let with = |turn, order| Decision {
        cases: vec![case(order, "n")],
        ..decision(turn)
    };
    house
        .commit(first.conversation, &with(first.last_customer, None), 0)
        .await;
    house
        .record(&delivery("c", vec![agent("a", "订单号是?")]), 1)
        .await;
    let next = house
        .record(&delivery("c", vec![customer("2", "订单8")]), 2)
        .await;
    house
        .commit(first.conversation, &with(next.last_customer, Some("8")), 3)
        .await;
    let cases = house.view("c").await.cases;
    assert_eq!(
        (
            cases.len(),
            cases[0].order.as_deref(),
            cases[0].note.as_str()
        ),
        (1, Some("8"), "n\nn")
    );
    // The next question names no order: it is still this conversation's matter.
    house
        .record(&delivery("c", vec![agent("b", "好的")]), 4)
        .await;
    let next = house
        .record(&delivery("c", vec![customer("3", "快点")]), 5)
        .await;
    house
        .commit(first.conversation, &with(next.last_customer, None), 6)
        .await;
    assert_eq!(house.view("c").await.cases.len(), 1);
    // Another order is another case.
    house
        .commit(first.conversation, &with(next.last_customer, Some("9")), 7)
        .await;
    assert_eq!(house.view("c").await.cases.len(), 2);
}

async fn two_cases_of_one_order_are_joined(house: House) {
    let a = house.asked("a", "订单8没收到").await;
    let b = house.asked("b", "没收到").await;
    let with = |turn, order| Decision {
        cases: vec![case(order, "n")],
        ..decision(turn)
    };
    house
        .commit(a.conversation, &with(a.last_customer, Some("8")), 0)
        .await;
    house
        .commit(b.conversation, &with(b.last_customer, None), 0)
        .await;
    house
        .commit(b.conversation, &with(b.last_customer, Some("8")), 1)
        .await;
    let cases = house.view("b").await.cases;
    let states: Vec<_> = cases
        .iter()
        .map(|c| (c.number.as_str(), c.state.as_str()))
        .collect();
    assert_eq!(
        states,
        [("LF-2611-0001", "open"), ("LF-2611-0002", "closed")]
    );
    let events = house
        .store
        .read(|tx| {
            tx.rows(
                "SELECT reason FROM staff_event WHERE what = 'case' ORDER BY id",
                &[],
            )?
            .iter()
            .map(|r| r.string("reason"))
            .collect()
        })
        .await;
    let events: Vec<String> = events.unwrap();
    assert_eq!(events, ["open", "open", "merge", "join", "append"]);
}

async fn case_numbers_count_per_month(house: House) {
    let mut numbers = Vec::new();
    for (n, month) in ["2611", "2611", "2612"].into_iter().enumerate() {
        let recorded = house.asked(&format!("c{n}"), "x").await;
        let mut decided = decision(recorded.last_customer);
        decided.cases = vec![
            case(None, "x"),
            jieban::desk::CaseDraft {
                kind: "退款".into(),
                prefix: "TK".into(),
                ..case(None, "y")
            },
        ];
        let seen = house.seen(recorded.conversation).await;
        let done = house
            .write(move |tx| {
                jieban::store::decisions::commit(tx, &seen, &decided, false, month, at(0))
            })
            .await;
        let Commit::Done { cases, .. } = done else {
            panic!()
        };
        numbers.extend(cases);
    }
    assert_eq!(
        numbers,
        [
            "LF-2611-0001",
            "TK-2611-0001",
            "LF-2611-0002",
            "TK-2611-0002",
            "LF-2612-0001",
            "TK-2612-0001"
        ]
    );
}
