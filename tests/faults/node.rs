//! A node of the service in this process: a courier with a clock that is moved. And nodes that die.

use std::{sync::Arc, time::Duration};

use jieban::{
    channel::{
        push::{Event, Push, Pusher},
        standard_webhooks::Keys,
    },
    clock::{Clock, ManualClock},
    config::Secret,
    desk::{Decision, Inbound},
    service::{Worker, courier::Courier},
};
use serde_json::json;

use super::{
    chaos::{Act, Chaos},
    house::*,
};

const SECRET: &str = "whsec_ZmF1bHRzLW9mLWEtdGVhaG91c2UtMDEyMzQ1Njc4OTA=";

pub fn keys() -> Keys {
    Keys::new(&[Secret::from(SECRET)]).unwrap()
}

/// A clock that stands at second 1 of the stories' day.
pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(at(1)))
}

/// The courier of a source.
pub fn courier(house: &House, clock: &Arc<ManualClock>, source: &str, url: &str) -> Arc<Courier> {
    courier_within(house, clock, source, url, Duration::from_secs(15))
}

/// The courier of a source, with a deadline of its own for an attempt.
pub fn courier_within(
    house: &House,
    clock: &Arc<ManualClock>,
    source: &str,
    url: &str,
    deadline: Duration,
) -> Arc<Courier> {
    Arc::new(Courier::new(
        source.to_owned(),
        house.store.clone(),
        clock.clone(),
        Pusher::within(deadline, deadline).unwrap(),
        url.to_owned(),
        keys(),
    ))
}

/// A conversation of a source whose one question has a reply waiting until second 3600.
pub async fn waiting(house: &House, source: &str, conversation: &str) {
    let question = customer(&format!("{conversation}-1"), "到哪了");
    let inbound = Inbound {
        source: source.into(),
        ..delivery(conversation, vec![question])
    };
    let recorded = house.record(&inbound, 0).await;
    let decision = Decision {
        reply: content(&format!("在路上 {conversation}")),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &decision, 0).await;
}

stories!(
    f3_f4_f5_a_node_that_dies_with_a_reply_leaves_it_to_the_next,
    f4_a_human_who_speaks_after_a_node_died_leaves_it_uncertain,
);

/// How far the node came that dies.
const STAGES: [(&str, Option<Act>); 4] = [
    ("F3: claimed, not connected", None),
    (
        "F4: the receiver has the request",
        Some(Act::ResetAnswer(0)),
    ),
    (
        "F4: half of the answer was sent",
        Some(Act::ResetAnswer(20)),
    ),
    (
        "F5: answered 200, not kept",
        Some(Act::Answer(String::new())),
    ),
];

async fn f3_f4_f5_a_node_that_dies_with_a_reply_leaves_it_to_the_next(house: House) {
    let clock = clock();
    for (n, (stage, act)) in STAGES.into_iter().enumerate() {
        let receiver = Chaos::start().await;
        let conversation = format!("c{n}");
        waiting(&house, "bridge", &conversation).await;
        let now = clock.now();
        let begun = (now - at(0)).num_seconds();
        let claimed = house.claim(begun).await.remove(0);
        let tried = act.is_some();
        if let Some(act) = act {
            if !matches!(&act, Act::Answer(text) if text.is_empty()) {
                receiver.next([act]);
            }
            let data = json!({"text": claimed.text, "conversation_id": conversation});
            let (event, keys) = (Event::ReplyCreated, keys());
            let push = Push {
                url: &receiver.url,
                keys: &keys,
                id: &claimed.id,
                event,
                data: &data,
            };
            Pusher::new().unwrap().push(push, now).await;
        }
        // The node is gone; nothing was settled. Its lease is 30 seconds.
        let next = courier(&house, &clock, "bridge", &receiver.url);
        clock.advance(chrono::Duration::milliseconds(29_999));
        next.step().await.unwrap();
        assert_eq!(
            receiver.seen().replies.len(),
            usize::from(tried),
            "{stage}: within the lease"
        );
        clock.advance(chrono::Duration::milliseconds(1));
        next.step().await.unwrap();
        let seen = receiver.seen();
        assert_eq!(
            seen.replies.last(),
            Some(&claimed.id),
            "{stage}: the same key"
        );
        assert_eq!(seen.replies.len(), 1 + usize::from(tried), "{stage}");
        assert_eq!(seen.visible.len(), 1, "{stage}: the customer reads it once");
        assert_eq!(house.states(&conversation).await, ["sent"], "{stage}");
        assert_eq!(
            house.said(&conversation).await.len(),
            2,
            "{stage}: one line is kept"
        );
    }
}

async fn f4_a_human_who_speaks_after_a_node_died_leaves_it_uncertain(house: House) {
    let receiver = Chaos::start().await;
    let clock = clock();
    waiting(&house, "bridge", "c").await;
    house.claim(1).await;
    house
        .record(&delivery("c", vec![agent("h", "我来")]), 2)
        .await;
    clock.set(at(40));
    courier(&house, &clock, "bridge", &receiver.url)
        .step()
        .await
        .unwrap();
    assert_eq!(receiver.seen().accepted, 0, "no blind resend");
    assert_eq!(house.states("c").await, ["uncertain"]);
}
