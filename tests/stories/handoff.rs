//! A human is fetched, the customer is told the truth about when, and the bot then keeps quiet.

use insta::assert_snapshot;
use jieban::desk::OwnerAct;
use serde_json::json;

use super::desk::TestDesk;

#[tokio::test]
async fn at_lunch_who_asks_for_a_human_learns_when_he_is_back() {
    let desk = TestDesk::at("2026-11-20 12:31:00").await;
    desk.customer("ann", "转人工").await;
    desk.pass(10).await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(60).await;
    assert_snapshot!(desk.transcript("ann"), @"
    12:31:00 顾客：转人工
    12:31:04 接班：亲，已为您记下需要人工，同事今天13:30开始接待，会在这里回复您。
    12:31:10 顾客：这个包邮吗
    ");
    assert_eq!(desk.verdict("ann").await, "handed_off");
    assert_snapshot!(desk.queue().await, @"ann asked 12:31:00 无人");
    desk.until("2026-11-20 13:31:00").await;
    desk.agent_as("小李", "ann", "在的，包邮的亲").await;
    assert_eq!(desk.queue().await, "");
    // The bot is not silent for ever: the next lunch begins anew.
    desk.until("2026-11-21 12:30:00").await;
    desk.customer("ann", "今天拍什么时候能发").await;
    desk.pass(5).await;
    assert_eq!(desk.verdict("ann").await, "answer");
    assert!(
        desk.transcript("ann")
            .ends_with("接班：亲，付款后48小时内发出，节假日顺延。")
    );
    desk.end().await;
}

#[tokio::test]
async fn a_second_knock_and_a_one_fetch_a_human_too() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "在吗").await;
    desk.pass(60).await;
    desk.customer("ann", "在吗？").await;
    desk.pass(10).await;
    desk.customer("bob", "那个东西呀").await;
    desk.pass(10).await;
    desk.customer("bob", "怎么弄那个").await;
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：在吗
    02:00:04 接班：亲，您好，请问想咨询商品、物流还是售后？
    02:01:00 顾客：在吗？
    02:01:04 接班：亲，已为您记下需要人工，同事今天9:00开始接待，会在这里回复您。
    ");
    assert_snapshot!(desk.transcript("bob"), @"
    02:01:10 顾客：那个东西呀
    02:01:14 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    02:01:20 顾客：怎么弄那个
    02:01:24 接班：亲，已为您记下需要人工，同事今天9:00开始接待，会在这里回复您。
    ");
    assert_snapshot!(desk.queue().await, @"
    ann asked 02:01:00 无人
    bob unknown 02:01:10 无人
    ");
    desk.end().await;
}

#[tokio::test]
async fn a_threat_goes_first_and_gets_nothing_but_a_receipt() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "转人工").await;
    desk.pass(10).await;
    desk.customer("bob", "再不发货我就投诉").await;
    desk.pass(10).await;
    assert_snapshot!(desk.queue().await, @"
    bob risk 02:00:10 无人
    ann asked 02:00:00 无人
    ");
    desk.end().await;
}

#[tokio::test]
async fn in_staffed_hours_the_agents_are_told_and_the_customer_is_left_to_them() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    desk.customer("ann", "人工").await;
    desk.pass(20).await;
    assert_eq!(desk.transcript("ann").matches("接班").count(), 0);
    assert_snapshot!(desk.queue().await, @"ann asked 15:00:00 无人");
    desk.say("小李", "ann", OwnerAct::Take).await;
    assert_eq!(desk.queue().await, "", "he has it");
    let auto = TestDesk::of_account("tea-auto", "2026-11-20 15:00:00").await;
    auto.customer("ann", "人工").await;
    auto.pass(20).await;
    assert_snapshot!(auto.transcript("ann"), @"
    15:00:00 顾客：人工
    15:00:04 接班：亲，已为您叫人工，同事正在按顺序接待。
    ");
    desk.end().await;
    auto.end().await;
}

/// What was said before the customer was told arrives after it: he was told all the same.
#[tokio::test]
async fn a_late_word_of_an_agent_does_not_undo_that_a_human_was_announced() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "转人工").await;
    desk.pass(60).await;
    let late = |id: &str, role: &str, text: &str, second: u32| {
        let sent_at = format!("2026-11-20T02:00:{second:02}+08:00");
        json!({"id": id, "role": role, "type": "text", "text": text, "sent_at": sent_at})
    };
    let delivery = json!({
        "account_id": "tea",
        "conversation_id": "ann",
        "messages": [late("h-1", "agent", "稍等", 1), late("c-2", "customer", "蓝色的那个", 2)],
    });
    let (status, _) = desk.post("bridge", &delivery).await;
    assert_eq!(status, 202);
    desk.settle().await;
    desk.customer("ann", "这个包邮吗").await;
    assert_eq!(desk.verdict("ann").await, "handed_off");
    // Half an hour after his word it is not the agent's any more.
    desk.until("2026-11-20 02:30:02").await;
    desk.pass(5).await;
    assert_eq!(desk.verdict("ann").await, "handed_off");
    assert_eq!(desk.transcript("ann").matches("接班").count(), 1);
    desk.end().await;
}
