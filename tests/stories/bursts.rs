//! Who types in pieces is waited for, read as a whole, and answered once.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::desk::TestDesk;

fn piece(id: &str, text: &str) -> Value {
    json!({
        "account_id": "tea",
        "conversation_id": "ann",
        "messages": [{"id": id, "role": "customer", "type": "text", "text": text}],
        "wait_ms": 20_000,
    })
}

#[tokio::test]
async fn requests_that_wait_get_one_reply_when_the_burst_is_closed() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let (one, two) = (piece("m-1", "你好"), piece("m-2", "寄到西藏邮费多少"));
    let first = desk.post("poll", &one);
    let second = async {
        // The second piece comes while the first still waits.
        while desk.tally("poll").await["decisions"] == 0 {
            desk.settle().await;
            tokio::task::yield_now().await;
        }
        desk.clock.advance(chrono::Duration::seconds(3));
        desk.post("poll", &two).await
    };
    let working = async {
        while desk.tally("poll").await["customer_messages"] != 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..200 {
            desk.settle().await;
            desk.clock.advance(chrono::Duration::milliseconds(100));
            tokio::task::yield_now().await;
        }
    };
    let (first, second, ()) = tokio::join!(first, second, working);
    let replies: Vec<&Value> = [&first.1, &second.1]
        .into_iter()
        .filter(|body| body["type"] == "TEXT")
        .collect();
    assert_eq!(replies.len(), 1, "{first:?} {second:?}");
    assert_snapshot!(replies[0]["reply"].as_str().unwrap(), @"亲，全店满39元包邮，新疆、西藏补15元运费。");
    desk.until_tally("poll", "auto_content", 1).await;
    desk.end().await;
}

#[tokio::test]
async fn suggestions_come_with_every_piece_and_the_reply_with_the_last() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    assert_eq!(desk.suggestions("ann").await.lines().count(), 1);
    desk.pass(3).await;
    desk.customer("ann", "今天拍什么时候能发").await;
    assert_snapshot!(desk.suggestions("ann").await, @"
    包邮说明：亲，全店满39元包邮，新疆、西藏补15元运费。
    发货时间：亲，付款后48小时内发出，节假日顺延。
    ");
    desk.pass(3).await;
    assert_eq!(desk.transcript("ann").matches("接班").count(), 0);
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:03 顾客：今天拍什么时候能发
    02:00:07 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    亲，付款后48小时内发出，节假日顺延。
    ");
    desk.end().await;
}

#[tokio::test]
async fn a_word_of_risk_anywhere_in_the_turn_stops_the_answer() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(2).await;
    desk.customer("ann", "再不回我打12315").await;
    desk.pass(2).await;
    desk.customer("ann", "在吗").await;
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:02 顾客：再不回我打12315
    02:00:04 顾客：在吗
    02:00:08 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    ");
    assert_snapshot!(desk.queue().await, @"ann risk 02:00:00 无人");
    desk.end().await;
}
