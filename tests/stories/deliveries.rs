//! The ways out: a receiver that fails, a helper that polls, a reply in the response itself.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::desk::TestDesk;

fn says(conversation: &str, id: &str, text: &str) -> Value {
    json!({
        "account_id": "tea",
        "conversation_id": conversation,
        "messages": [{"id": id, "role": "customer", "type": "text", "text": text}],
    })
}

#[tokio::test]
async fn a_receiver_that_answers_500_then_200_gets_the_reply_once() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.receiver.answer_next(&[500]);
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(12).await;
    let attempts = desk.receiver.attempts();
    assert_eq!(attempts.len(), 2, "{attempts:?}");
    assert_eq!(attempts[0], attempts[1], "the idempotency key stays");
    assert_eq!(desk.transcript("ann").matches("包邮，新疆").count(), 1);
    assert_eq!(desk.tally("bridge").await["auto_content"], 1);
    desk.end().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_leaves_a_visible_dead_letter_and_a_waiting_customer() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.leaves_loose_ends();
    desk.receiver.answer_next(&[410]);
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    assert_eq!(desk.tally("bridge").await["failed"], 1);
    let view = desk.view("ann").await;
    assert!(
        view["waiting_since"].is_string(),
        "nobody hides the customer: {view}"
    );
    desk.end().await;
}

#[tokio::test]
async fn a_human_who_speaks_before_the_retry_withdraws_it() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.receiver.answer_next(&[500, 500, 500]);
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    desk.agent("ann", "包邮的亲").await;
    desk.pass(60).await;
    assert_eq!(desk.receiver.attempts().len(), 1);
    assert_eq!(desk.receiver.events("reply.created").len(), 0);
    desk.end().await;
}

#[tokio::test]
async fn the_platforms_echo_of_our_reply_is_not_a_human() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    let echo = json!({
        "account_id": "tea",
        "conversation_id": "ann",
        "messages": [{"id": "e-1", "role": "agent", "type": "text", "text": "亲，全店满39元包邮，新疆、西藏补15元运费。"}],
    });
    let (status, body) = desk.post("bridge", &echo).await;
    assert_eq!((status, &body["accepted"]), (202, &json!(0)), "{body}");
    desk.customer("ann", "今天拍什么时候能发").await;
    desk.pass(5).await;
    assert_eq!(desk.receiver.events("reply.created").len(), 2);
    desk.end().await;
}

#[tokio::test]
async fn a_suggestion_that_comes_back_is_a_human_who_used_it() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.agent("ann", "亲，全店满39元包邮，新疆、西藏补15元运费。")
        .await;
    let view = desk.view("ann").await;
    let speakers: Vec<&str> = view["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["speaker"].as_str().unwrap())
        .collect();
    assert_snapshot!(speakers.join(" "), @"customer bot_assist");
    assert!(view["waiting_since"].is_null());
    desk.end().await;
}

#[tokio::test]
async fn suggestions_are_an_event_of_their_own() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    assert!(desk.receiver.events("reply.created").is_empty());
    let events = desk.receiver.events("suggestions.updated");
    assert_eq!(events.len(), 1);
    let data = &events[0]["data"];
    assert_eq!(data["conversation_id"], "ann");
    assert_eq!(data["suggestions"][0]["title"], "包邮说明");
    assert!(
        data.get("text").is_none() && data.get("reply").is_none(),
        "{data}"
    );
    desk.end().await;
}

#[tokio::test]
async fn a_helper_polls_the_outbox_and_acknowledges() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let (status, _) = desk.post("poll", &says("ann", "m-1", "这个包邮吗")).await;
    assert_eq!(status, 202);
    desk.settle().await;
    let (_, early) = desk.get("poll", "/outbox?account_id=tea").await;
    assert_eq!(early, json!([]), "the burst is not closed");
    desk.pass(4).await;
    let (_, rows) = desk.get("poll", "/outbox?account_id=tea").await;
    assert_eq!(rows[0]["conversation_id"], "ann");
    assert_eq!(
        rows[0]["not_after"], "2026-11-19T18:00:14Z",
        "ten seconds and no more: {rows}"
    );
    let (_, again) = desk.get("poll", "/outbox?account_id=tea").await;
    assert_eq!(again, json!([]), "handed out once");
    let id = rows[0]["reply_id"].as_str().unwrap();
    for _ in 0..2 {
        let (status, body) = desk
            .acknowledge(
                "poll",
                id,
                &json!({"status": "sent", "platform_message_id": "p-1"}),
            )
            .await;
        assert_eq!(status, 200, "{body}");
    }
    let (status, _) = desk
        .acknowledge("bridge", id, &json!({"status": "failed"}))
        .await;
    assert_eq!(status, 404, "a source acknowledges its own");
    assert_eq!(desk.tally("poll").await["auto_content"], 1);
    desk.end().await;
}

#[tokio::test]
async fn the_reply_comes_in_the_response_and_again_on_a_retried_request() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let mut delivery = says("ann", "m-1", "这个包邮吗");
    delivery["wait_ms"] = json!(20_000);
    let asked = desk.post_as("poll", "msg_a", &delivery);
    let working = async {
        for _ in 0..200 {
            desk.settle().await;
            desk.clock.advance(chrono::Duration::milliseconds(100));
            tokio::task::yield_now().await;
        }
    };
    let ((status, body), ()) = tokio::join!(asked, working);
    assert_eq!(status, 200);
    assert_eq!(body["type"], "TEXT", "{body}");
    assert_eq!(body["reply"], body["content"]);
    let (_, again) = desk.post_as("poll", "msg_a", &delivery).await;
    assert_eq!(
        again["reply"],
        body["reply"],
        "{again} {}",
        desk.view_of("poll", "ann").await
    );
    assert_eq!(again["reply_id"], body["reply_id"]);
    desk.until_tally("poll", "auto_content", 1).await;
    desk.end().await;
}

#[tokio::test]
async fn while_staffed_a_waiting_request_is_told_at_once_that_nothing_comes() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    let mut delivery = says("ann", "m-1", "这个包邮吗");
    delivery["wait_ms"] = json!(20_000);
    let asked = desk.post("poll", &delivery);
    let working = async {
        for _ in 0..100 {
            desk.settle().await;
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(10), async {
        tokio::join!(asked, working).0
    });
    let (status, body) = answer.await.expect("no waiting for what cannot come");
    assert_eq!(status, 200);
    assert_eq!(
        (&body["reply"], &body["type"]),
        (&Value::Null, &json!("NO_REPLY"))
    );
    assert_eq!(body["suggestions"][0]["title"], "包邮说明", "{body}");
    desk.end().await;
}
