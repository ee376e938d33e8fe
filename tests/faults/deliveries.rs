//! F19, F20: deliveries at the same instant, twice, out of order, late, many at once, in fragments.

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use jieban::clock::Clock;
use serde_json::{Value, json};

use super::{
    desk::{TestDesk, local},
    program::{Bridge, Database, House, postgres, says},
};

async fn twenty_at_once(house: House) {
    let program = house.start();
    let bridge = Bridge::new(house.keys());
    let delivery = says("ann", "m-1", "少发了一个杯子");
    let posts = (0..20).map(|_| bridge.post(&program.base, "msg_1", &delivery));
    let mut accepted = 0;
    for answer in join_all(posts).await {
        let (status, body) = answer.unwrap();
        assert_eq!(status, 202, "{body}");
        accepted += body["accepted"].as_u64().unwrap();
        assert_eq!(
            body["accepted"].as_u64().unwrap() + body["duplicates"].as_u64().unwrap(),
            1
        );
    }
    assert_eq!(accepted, 1, "one of them was the first");
    bridge.settled_quietly(&program.base).await;
    let (_, tally) = bridge.get(&program.base, "/tally").await.unwrap();
    assert_eq!(tally["customer_messages"], 1, "{tally}");
    assert_eq!(tally["cases"], 1, "{tally}");

    // The same id with other words: told by name; what stands beside it is kept.
    let mut other = says("ann", "m-1", "多发了一个杯子");
    let more = json!({"id": "m-2", "role": "customer", "type": "text", "text": "在吗"});
    other["messages"].as_array_mut().unwrap().push(more);
    for accepted in [1, 0] {
        let (status, body) = bridge.post(&program.base, "msg_2", &other).await.unwrap();
        assert_eq!(
            (status, &body["conflicts"]),
            (409, &json!(["m-1"])),
            "{body}"
        );
        assert_eq!(body["accepted"], accepted, "{body}");
    }
    let (_, view) = bridge
        .get(&program.base, "/conversations/ann?account_id=tea")
        .await
        .unwrap();
    let said: Vec<&Value> = view["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["text"])
        .collect();
    assert!(
        said.contains(&&json!("少发了一个杯子")) && said.contains(&&json!("在吗")),
        "{view}"
    );
    assert!(!said.contains(&&json!("多发了一个杯子")), "{view}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f19_twenty_identical_deliveries_are_one_and_other_words_are_a_conflict_on_sqlite() {
    twenty_at_once(House::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f19_twenty_identical_deliveries_are_one_and_other_words_are_a_conflict_on_postgres() {
    let Some(server) = postgres() else {
        return;
    };
    let database = Database::create(&server);
    let mut house = House::new();
    house.database = database.url();
    twenty_at_once(house).await;
}

/// Messages of a customer: id, local time at which he wrote it, words.
fn wrote(conversation: &str, messages: &[(&str, &str, &str)]) -> Value {
    let messages: Vec<Value> = messages
        .iter()
        .map(|(id, at, text)| {
            json!({"id": id, "role": "customer", "type": "text", "text": text, "sent_at": local(at).to_rfc3339()})
        })
        .collect();
    json!({"account_id": "tea", "conversation_id": conversation, "messages": messages})
}

async fn deliver(desk: &TestDesk, delivery: &Value) {
    let (status, body) = desk.post("bridge", delivery).await;
    assert_eq!(status, 202, "{body}");
    desk.settle().await;
}

fn texts(view: &Value) -> Vec<&str> {
    view["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn f20_out_of_order_is_put_in_order_and_answered_once() {
    let desk = TestDesk::at("2026-11-20 02:01:15").await;
    deliver(
        &desk,
        &wrote("ann", &[("m-2", "2026-11-20 02:00:20", "这个包邮吗")]),
    )
    .await;
    deliver(
        &desk,
        &wrote("ann", &[("m-3", "2026-11-20 02:00:40", "新疆呢")]),
    )
    .await;
    deliver(
        &desk,
        &wrote("ann", &[("m-1", "2026-11-20 02:00:01", "你好")]),
    )
    .await;
    desk.pass(30).await;
    let view = desk.view("ann").await;
    assert_eq!(
        texts(&view)[..3],
        ["你好", "这个包邮吗", "新疆呢"],
        "{view}"
    );
    assert_eq!(desk.receiver.events("reply.created").len(), 1, "{view}");
    desk.end().await;
}

/// A sender's time that close to ours is ours: clocks differ by more than such messages do.
#[tokio::test]
async fn f20_within_half_a_minute_the_order_is_that_of_arrival_and_the_answer_is_one() {
    let desk = TestDesk::at("2026-11-20 02:00:05").await;
    deliver(
        &desk,
        &wrote("ann", &[("m-2", "2026-11-20 02:00:03", "这个包邮吗")]),
    )
    .await;
    deliver(
        &desk,
        &wrote("ann", &[("m-1", "2026-11-20 02:00:01", "你好")]),
    )
    .await;
    desk.pass(30).await;
    let view = desk.view("ann").await;
    assert_eq!(texts(&view)[..2], ["这个包邮吗", "你好"], "{view}");
    assert_eq!(desk.receiver.events("reply.created").len(), 1, "{view}");
    desk.end().await;
}

#[tokio::test]
async fn f20_ten_minutes_late_is_put_where_it_belongs_and_answered_no_second_time() {
    let desk = TestDesk::at("2026-11-20 02:30:00").await;
    for (n, late) in [1, 5, 9, 10, 30].into_iter().enumerate() {
        let name = format!("late-{late}");
        let moment = desk.clock.now();
        let before = moment - chrono::Duration::minutes(late);
        let one = |id: String, at: DateTime<Utc>| {
            json!({"account_id": "tea", "conversation_id": name, "messages": [
                {"id": id, "role": "customer", "type": "text", "text": "这个包邮吗", "sent_at": at.to_rfc3339()}]})
        };
        deliver(&desk, &one(format!("{name}-2"), moment)).await;
        desk.pass(30).await;
        assert_eq!(desk.receiver.events("reply.created").len(), n + 1);
        deliver(&desk, &one(format!("{name}-1"), before)).await;
        desk.pass(60).await;
        let view = desk.view(&name).await;
        let messages = view["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 3, "{view}");
        let first: DateTime<Utc> = messages[0]["at"].as_str().unwrap().parse().unwrap();
        assert_eq!(first, before, "{late} minutes: placed where it belongs");
        assert_eq!(messages[2]["speaker"], "bot_auto", "{view}");
        assert_eq!(
            desk.receiver.events("reply.created").len(),
            n + 1,
            "{late} minutes: {view}"
        );
        assert!(view["waiting_since"].is_null(), "{late} minutes: {view}");
    }
    desk.end().await;
}

#[tokio::test]
async fn f20_fifty_in_one_millisecond_keep_their_order_and_get_one_answer() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let ids: Vec<String> = (0..50).map(|n| format!("m-{n:02}")).collect();
    let words: Vec<String> = (0..50).map(|n| format!("这个包邮吗 {n}")).collect();
    let at = "2026-11-20 02:00:00";
    // In one delivery, and in fifty.
    let all: Vec<_> = ids
        .iter()
        .zip(&words)
        .map(|(id, text)| (id.as_str(), at, text.as_str()))
        .collect();
    deliver(&desk, &wrote("one", &all)).await;
    for (id, at, text) in &all {
        deliver(&desk, &wrote("fifty", &[(&format!("x{id}"), at, text)])).await;
    }
    desk.pass(30).await;
    for conversation in ["one", "fifty"] {
        let view = desk.view(conversation).await;
        let said = texts(&view);
        let (last, of_customer) = said.split_last().unwrap();
        assert!(
            !words.iter().any(|text| text == last),
            "{conversation}: our reply comes last: {view}"
        );
        assert_eq!(
            of_customer,
            &words[words.len() - of_customer.len()..],
            "{conversation}"
        );
    }
    assert_eq!(desk.tally("bridge").await["customer_messages"], 100);
    assert_eq!(desk.receiver.events("reply.created").len(), 2, "one each");
    desk.end().await;
}

#[tokio::test]
async fn f20_a_burst_of_six_fragments_is_answered_once_when_it_is_over() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    for (n, text) in ["你好", "想问下", "这个", "包邮", "吗", "？"]
        .into_iter()
        .enumerate()
    {
        assert!(desk.receiver.attempts().is_empty(), "he is still typing");
        desk.customer("ann", text).await;
        if n < 5 {
            desk.pass(1).await;
        }
    }
    desk.pass(30).await;
    assert_eq!(
        desk.receiver.events("reply.created").len(),
        1,
        "{}",
        desk.transcript("ann")
    );
    assert!(
        desk.transcript("ann").contains("包邮，新疆"),
        "{}",
        desk.transcript("ann")
    );
    desk.end().await;
}
