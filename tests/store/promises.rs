//! Promises: heard once, also after a crash and by two nodes; settled, moved, listed.

use chrono::{DateTime, Duration, Utc};
use jieban::{
    desk::promise::{Promised, Said},
    desk::{Decision, ReplyClass, Role},
    knowledge::ShopId,
    store::{
        outbox::Outcome as Sent,
        promises::{self, Asked, ByHand, Changed, Heard, Lines, Outcome, State, Wanted},
        staff_event::{self, Who},
    },
};

use crate::house::*;

stories!(
    a_line_is_heard_once_by_whoever_listens,
    what_the_bot_said_counts_when_it_has_left,
    history_and_customers_promise_nothing,
    a_promise_ends_by_a_word_and_is_moved_with_one,
    time_that_has_passed_is_noted_once,
    lists_go_by_what_is_due,
    a_promise_belongs_to_the_case_of_its_kind,
);

fn who() -> Who {
    Who {
        name: "小美".into(),
        role: "agent".into(),
    }
}

/// Hears a 补发 in every new line, due at a second.
fn heard(lines: &Lines, due: i64) -> Vec<Heard> {
    lines
        .lines
        .iter()
        .map(|line| Heard {
            line: line.clone(),
            promised: Promised {
                kind: "补发".into(),
                due: at(due),
                said: Said::Moment,
            },
            cases: vec!["物流".into()],
        })
        .collect()
}

impl House {
    async fn listen(&self, after: i64, seconds: i64) -> Lines {
        self.store
            .read(move |tx| promises::lines(tx, after, 1_000, at(seconds)))
            .await
            .unwrap()
    }

    /// Listens from where somebody has listened to, and keeps what was heard.
    async fn hear(&self, due: i64, seconds: i64) -> usize {
        let place = self.store.read(promises::place).await.unwrap();
        let lines = self.listen(place, seconds).await;
        self.write(move |tx| {
            promises::keep(tx, &heard(&lines, due), &lines, lines.upto, at(seconds))
        })
        .await
    }

    async fn promises(&self, state: State, now: DateTime<Utc>) -> Vec<promises::Promise> {
        let wanted = Wanted {
            shops: None,
            state,
            asked: Asked::All,
            due_before: None,
            after: None,
        };
        self.store
            .read(move |tx| promises::list(tx, &wanted, 100, now))
            .await
            .unwrap()
    }

    async fn by_hand(&self, text: &str, due: i64) -> promises::Promise {
        let new = ByHand {
            shop: shop(),
            conversation: None,
            customer: None,
            order: None,
            text: text.into(),
            kind: "补发".into(),
            cases: vec![],
            due: at(due),
        };
        self.write(move |tx| promises::add(tx, &who(), &new, at(0)))
            .await
    }

    async fn events(&self) -> usize {
        self.store
            .read(|tx| staff_event::events(tx, &staff_event::Wanted::default(), 100))
            .await
            .unwrap()
            .len()
    }
}

async fn a_line_is_heard_once_by_whoever_listens(house: House) {
    house.asked("c", "少一个").await;
    house
        .record(&delivery("c", vec![agent("a-1", "明天给您补发")]), 5)
        .await;
    let place = house.store.read(promises::place).await.unwrap();
    let lines = house.listen(place, 10).await;
    assert_eq!(lines.lines.len(), 1);
    assert_eq!(lines.lines[0].text, "明天给您补发");
    // Two nodes heard the same; the second comes too late.
    for new in [1, 0] {
        let lines = lines.clone();
        let kept = house
            .write(move |tx| promises::keep(tx, &heard(&lines, 3600), &lines, lines.upto, at(10)))
            .await;
        assert_eq!(kept, new);
    }
    assert_eq!(house.hear(3600, 20).await, 0);
    assert_eq!(house.events().await, 1);
    // The place never goes back.
    let upto = lines.upto;
    house
        .write(move |tx| promises::keep(tx, &[], &Lines::default(), 0, at(10)))
        .await;
    assert_eq!(house.store.read(promises::place).await.unwrap(), upto);
    // Neither does a delivery that comes again say anything new.
    house
        .record(&delivery("c", vec![agent("a-1", "明天给您补发")]), 30)
        .await;
    assert_eq!(house.hear(3600, 40).await, 0);
    let open = house.promises(State::Open, at(40)).await;
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].due, open[0].made_at), (at(3600), at(5)));
    assert_eq!(open[0].shop, shop());
}

async fn what_the_bot_said_counts_when_it_has_left(house: House) {
    for (name, outcome, counts) in [
        ("sent", Some(Sent::Sent { platform_id: None }), 1),
        (
            "failed",
            Some(Sent::Failed {
                error: "gone".into(),
            }),
            0,
        ),
        ("doubtful", Some(Sent::Uncertain { error: "?".into() }), 0),
        ("crashed", None, 0),
    ] {
        house.answered(name, "今天给您补发").await;
        assert_eq!(house.hear(3600, 0).await, 0, "{name} waits");
        let id = house.claim(1).await.remove(0).id;
        assert_eq!(house.hear(3600, 2).await, 0, "{name} is on the wire");
        if let Some(outcome) = outcome {
            house.settle(&id, outcome, 3).await;
        }
        assert_eq!(house.hear(3600, 4).await, counts, "{name}");
        assert_eq!(house.hear(3600, 5).await, 0, "{name} again");
    }
    assert_eq!(house.promises(State::Open, at(5)).await.len(), 1);
    // What stays unsure for a day is forgotten.
    let later = 3 * 86_400;
    let lines = house.listen(i64::MAX - 1, later).await;
    assert_eq!(lines.sure.len(), 2);
    house.hear(3600, later).await;
    assert!(house.listen(i64::MAX - 1, later).await.sure.is_empty());
}

async fn history_and_customers_promise_nothing(house: House) {
    let mut old = agent("a-1", "明天给您补发");
    old.sent_at = Some(at(-86_400));
    house.record(&delivery("c", vec![old]), 0).await;
    house
        .record(&delivery("c", vec![customer("c-2", "你说今天补发的")]), 1)
        .await;
    let mut picture = agent("a-2", "");
    picture.kind = jieban::knowledge::ContentKind::Image;
    house.record(&delivery("c", vec![picture]), 2).await;
    assert_eq!(house.hear(3600, 10).await, 0);
    assert_eq!(house.events().await, 0);
}

async fn a_promise_ends_by_a_word_and_is_moved_with_one(house: House) {
    let promise = house.by_hand("补一个盖子", 100).await;
    let id = promise.id;
    let settle = |how, reason: &'static str, seconds| {
        house.write(move |tx| promises::settle(tx, &who(), id, how, reason, at(seconds)))
    };
    let postpone = |due, seconds| {
        house.write(move |tx| promises::postpone(tx, &who(), id, at(due), "缺货", at(seconds)))
    };
    let Some(Changed::Done(moved)) = postpone(200, 10).await else {
        panic!("it was open")
    };
    assert_eq!(
        (moved.due, moved.first_due, moved.moves),
        (at(200), at(100), 1)
    );
    let Some(Changed::Done(again)) = postpone(200, 11).await else {
        panic!("the same again is the same")
    };
    assert_eq!(again.moves, 1);
    let events = house.events().await;
    for seconds in [20, 30] {
        let Some(Changed::Done(kept)) = settle(Outcome::Kept, "", seconds).await else {
            panic!("it was there")
        };
        let settled = kept.settled.unwrap();
        assert_eq!((settled.how, settled.at), (Outcome::Kept, at(20)));
    }
    assert_eq!(house.events().await, events + 1);
    assert!(matches!(postpone(300, 40).await, Some(Changed::Ended(_))));
    let Some(Changed::Done(broken)) = settle(Outcome::Broken, "没寄", 50).await else {
        panic!("it was there")
    };
    assert_eq!(broken.settled.unwrap().how, Outcome::Broken);
    let none = house
        .write(move |tx| promises::settle(tx, &who(), id + 1, Outcome::Kept, "", at(60)))
        .await;
    assert_eq!(none, None);
}

async fn time_that_has_passed_is_noted_once(house: House) {
    let id = house.by_hand("补一个", 100).await.id;
    house.by_hand("再补一个", 900).await;
    let late = |seconds| {
        house
            .store
            .read(move |tx| promises::is_late(tx, at(seconds)))
    };
    let note = |seconds| house.write(move |tx| promises::note_overdue(tx, at(seconds), 10));
    assert!(!late(99).await.unwrap());
    assert!(late(100).await.unwrap());
    let events = house.events().await;
    assert_eq!((note(100).await, note(101).await), (1, 0));
    assert_eq!(house.events().await, events + 1);
    assert_eq!(house.promises(State::Overdue, at(100)).await.len(), 1);
    // A new moment that passes is noted again.
    house
        .write(move |tx| promises::postpone(tx, &who(), id, at(200), "缺货", at(150)))
        .await;
    assert!(house.promises(State::Overdue, at(150)).await.is_empty());
    assert_eq!((note(199).await, note(200).await), (0, 1));
}

async fn lists_go_by_what_is_due(house: House) {
    for (text, due) in [("丙", 300), ("甲", 100), ("乙", 200)] {
        house.by_hand(text, due).await;
    }
    let wanted = |state, after, shops| Wanted {
        shops,
        state,
        asked: Asked::All,
        due_before: None,
        after,
    };
    let list = |wanted: Wanted, limit| {
        house
            .store
            .read(move |tx| promises::list(tx, &wanted, limit, at(150)))
    };
    let texts = |found: &[promises::Promise]| -> Vec<String> {
        found.iter().map(|p| p.text.clone()).collect()
    };
    let page = list(wanted(State::Open, None, None), 2).await.unwrap();
    assert_eq!(texts(&page), ["甲", "乙"]);
    let last = (page[1].due, page[1].id);
    let rest = list(wanted(State::Open, Some(last), Some(vec![shop()])), 2);
    assert_eq!(texts(&rest.await.unwrap()), ["丙"]);
    let overdue = list(wanted(State::Overdue, None, None), 9).await.unwrap();
    assert_eq!(texts(&overdue), ["甲"]);
    let before = Wanted {
        due_before: Some(at(200)),
        ..wanted(State::Open, None, None)
    };
    assert_eq!(texts(&list(before, 9).await.unwrap()), ["甲"]);
    for shops in [
        vec![],
        vec![ShopId::from("other")],
        vec!["other".into(), "x".into()],
    ] {
        let found = list(wanted(State::Open, None, Some(shops)), 9).await;
        assert_eq!(found.unwrap(), []);
    }
    for (id, seconds) in [(page[0].id, 10), (page[1].id, 20)] {
        house
            .write(move |tx| promises::settle(tx, &who(), id, Outcome::Kept, "", at(seconds)))
            .await;
    }
    let kept = list(wanted(State::Kept, None, None), 9).await.unwrap();
    assert_eq!(texts(&kept), ["乙", "甲"], "what ended last comes first");
}

async fn a_promise_belongs_to_the_case_of_its_kind(house: House) {
    let recorded = house.asked("c", "少一个").await;
    let decision = Decision {
        cases: vec![case(Some("88"), "少一个")],
        reply: reply(ReplyClass::Receipt, "收到", 0, 3600),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &decision, 0).await;
    let said = jieban::desk::InboundMessage {
        sender: Some("小王".into()),
        ..line(Role::Agent, "明天给您补发")
    };
    house.record(&delivery("c", vec![said]), 5).await;
    assert_eq!(house.hear(3600, 10).await, 1);
    let open = house.promises(State::Open, at(10)).await;
    let promise = &open[0];
    let case = promise.case.clone().unwrap();
    assert_eq!((case.kind.as_str(), case.state.as_str()), ("物流", "open"));
    assert_eq!(promise.order.as_deref(), Some("88"));
    assert_eq!(promise.agent.as_deref(), Some("小王"));
    assert!(!promise.looks_kept());
    // When the case is done the promise is not cleared: it is shown to be looked at.
    let id = case.id;
    house
        .write(move |tx| {
            tx.run(
                "UPDATE cases SET state = 'closed' WHERE id = ?1",
                &[id.into()],
            )
        })
        .await;
    let open = house
        .promises(State::Open, at(10) + Duration::hours(9))
        .await;
    assert!(open[0].looks_kept() && open[0].is_overdue(at(3600)));
    let of_case = Wanted {
        shops: None,
        state: State::Open,
        asked: Asked::Case(case.number),
        due_before: None,
        after: None,
    };
    let found = house
        .store
        .read(move |tx| promises::list(tx, &of_case, 9, at(10)))
        .await;
    assert_eq!(found.unwrap().len(), 1);
}
