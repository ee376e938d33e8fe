//! What is published, and what is counted.

use jieban::{
    desk::{Decision, ReplyClass},
    store::{knowledge, outbox::Outcome, shops},
};

use crate::house::*;

stories!(
    knowledge_is_published_once_and_raises_epochs,
    what_was_decided_ahead_of_a_version_that_never_came_is_outdated,
    everything_adds_up,
);

async fn knowledge_is_published_once_and_raises_epochs(house: House) {
    let shops_named = [shop(), "second".into()];
    let files: jieban::knowledge::Files = [
        ("shop.yaml".to_owned(), b"\xff\x00raw".to_vec()),
        ("a/b.md".to_owned(), "话术".into()),
    ]
    .into();
    assert_eq!(house.store.read(knowledge::current).await.unwrap(), None);
    for (version, changed) in [("v1", true), ("v1", false), ("v2", true), ("v1", true)] {
        let (files, named) = (files.clone(), shops_named.clone());
        let published = house
            .write(move |tx| knowledge::publish(tx, version, &files, &named, at(0)))
            .await;
        assert_eq!(published, changed, "{version}");
    }
    let (version, current) = house.store.read(knowledge::current).await.unwrap().unwrap();
    assert_eq!((version.as_str(), &current), ("v1", &files));
    assert_eq!(
        house
            .store
            .read(|tx| knowledge::version(tx, "v2"))
            .await
            .unwrap(),
        Some(files)
    );
    assert_eq!(
        house
            .store
            .read(|tx| knowledge::version(tx, "v3"))
            .await
            .unwrap(),
        None
    );
    let switches = house
        .store
        .read(|tx| shops::switches(tx, &"second".into()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (switches.epoch, switches.mode, switches.stopped),
        (4, None, false)
    );
    assert_eq!(
        house
            .store
            .read(|tx| shops::switches(tx, &"third".into()))
            .await
            .unwrap(),
        None
    );
}

/// The editor saves, the node decides with it, and before it is published he takes it back.
async fn what_was_decided_ahead_of_a_version_that_never_came_is_outdated(house: House) {
    let publish = |version: &'static str| {
        house.write(move |tx| {
            let shops = [shop(), "second".into()];
            knowledge::publish(tx, version, &[].into(), &shops, at(0))
        })
    };
    let epochs = async || {
        let mut epochs = Vec::new();
        for name in ["flagship", "second"] {
            let found = house
                .store
                .read(move |tx| shops::switches(tx, &name.into()));
            epochs.push(found.await.unwrap().unwrap().epoch);
        }
        epochs
    };
    assert!(publish("v1").await);
    house.answered("c", "包裹在路上").await;
    let before = epochs().await;
    // What stands was decided with the current version: publishing it again changes nothing.
    assert!(!publish("v1").await);
    assert_eq!(epochs().await, before);
    let recorded = house.asked("d", "到哪了").await;
    let mut ahead = Decision {
        reply: content("包裹飞了"),
        ..decision(recorded.last_customer)
    };
    ahead.because.knowledge = jieban::knowledge::Version("v2".into());
    house.commit(recorded.conversation, &ahead, 1).await;
    assert!(!publish("v1").await);
    assert_eq!(epochs().await, [before[0] + 1, before[1]], "its shop only");
    assert!(house.claim(2).await.is_empty());
    // Decided again, it stands.
    let again = Decision {
        reply: content("包裹在路上"),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &again, 3).await;
    assert!(!publish("v1").await);
    let texts: Vec<String> = house.claim(4).await.into_iter().map(|c| c.text).collect();
    assert_eq!(texts, ["包裹在路上"]);
}

async fn everything_adds_up(house: House) {
    house.answered("sent", "好").await;
    let sent = house.claim(1).await.remove(0).id;
    house
        .settle(&sent, Outcome::Sent { platform_id: None }, 1)
        .await;
    house.answered("withdrawn", "好").await;
    house
        .record(&delivery("withdrawn", vec![agent("h", "我来")]), 2)
        .await;
    let receipt = house.asked("receipt", "在").await;
    let decided = Decision {
        reply: reply(ReplyClass::Receipt, "收到", 0, 3600),
        suggestions: vec![suggestion("在")],
        cases: vec![case(None, "n")],
        ..decision(receipt.last_customer)
    };
    house.commit(receipt.conversation, &decided, 0).await;
    house.claim(3).await;
    house.asked("new", "喂").await;
    let tally = house.tally().await;
    assert_eq!(
        serde_json::to_value(tally).unwrap(),
        serde_json::json!({
            "conversations": 4, "messages": 7, "customer_messages": 4, "undecided": 2, "uncovered": 1, "decisions": 3,
            "suggested": 1, "auto_content": 1, "auto_receipt": 1, "waiting": 0, "claimed": 1, "failed": 0, "uncertain": 0, "expired": 0,
            "withdrawn": 1, "cases": 1
        })
    );
    let one = house
        .store
        .read(|tx| jieban::store::view::tally(tx, "bridge", Some("other")))
        .await
        .unwrap();
    assert_eq!(one, jieban::store::view::Tally::default());
    let view = serde_json::to_value(house.view("receipt").await).unwrap();
    assert_eq!(view["messages"][0]["speaker"], "customer");
    assert_eq!(view["waiting_since"], "2026-11-20T12:00:00Z");
    assert_eq!(view["cases"][0]["number"], "LF-2611-0001");
}
