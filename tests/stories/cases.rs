//! What somebody must do becomes one case, however often it is said.

use insta::assert_snapshot;
use serde_json::json;

use super::desk::TestDesk;

#[tokio::test]
async fn the_same_delivery_five_times_at_once_is_one_message_one_case_one_reply() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let delivery = json!({
        "account_id": "tea",
        "conversation_id": "ann",
        "messages": [{"id": "m-1", "role": "customer", "type": "text", "text": "少发了一个杯子"}],
    });
    let posts = (0..5).map(|_| desk.post_as("bridge", "msg_same", &delivery));
    let answers = futures_util::future::join_all(posts).await;
    let accepted: u64 = answers
        .iter()
        .map(|(_, body)| body["accepted"].as_u64().unwrap())
        .sum();
    assert_eq!(accepted, 1, "{answers:?}");
    desk.settle().await;
    desk.pass(30).await;
    let tally = desk.tally("bridge").await;
    assert_eq!(tally["messages"], 2, "the customer's and ours: {tally}");
    assert_eq!(tally["cases"], 1, "{tally}");
    assert_eq!(desk.receiver.events("reply.created").len(), 1);
    desk.end().await;
}

#[tokio::test]
async fn an_order_number_that_comes_later_joins_the_case() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "少发了一个杯子").await;
    desk.pass(10).await;
    desk.customer("ann", "漏发的订单号是 2871234567890123456")
        .await;
    desk.pass(10).await;
    let cases = desk.cases("ann").await;
    assert_eq!(cases.matches("LF-").count(), 1, "{cases}");
    assert!(cases.contains("3456"), "{cases}");
    desk.end().await;
}

#[tokio::test]
async fn two_demands_are_two_cases() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    desk.customer("ann", "少发了一个杯子！再不处理我就投诉")
        .await;
    let kinds: Vec<String> = desk.view("ann").await["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_snapshot!(kinds.join(" "), @"投诉 漏发");
    desk.end().await;
}
