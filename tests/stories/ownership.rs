//! Whose a conversation is: by speaking, taking, pinning, handing back, ending, and across a restart.

use insta::assert_snapshot;
use jieban::desk::OwnerAct;
use serde_json::json;

use super::desk::TestDesk;

#[tokio::test]
async fn handing_back_lets_the_bot_answer_and_a_pin_keeps_it_quiet() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    for name in ["ann", "bob", "cid"] {
        desk.customer(name, "在吗").await;
        desk.agent_as("小李", name, "在的").await;
    }
    desk.say("小李", "bob", OwnerAct::HandBack).await;
    desk.say("小李", "cid", OwnerAct::Pin).await;
    desk.pass(5).await;
    for name in ["ann", "bob", "cid"] {
        desk.customer(name, "这个包邮吗").await;
    }
    desk.pass(10).await;
    assert_eq!(desk.verdict("ann").await, "owned");
    assert_eq!(desk.verdict("bob").await, "answer");
    assert_eq!(desk.verdict("cid").await, "owned");
    // A pin survives silence and a restart.
    let desk = desk.restart().await;
    desk.until("2026-11-20 02:45:00").await;
    for name in ["ann", "cid"] {
        desk.customer(name, "几点发货").await;
    }
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：在吗
    02:00:00 小李：在的
    02:00:05 顾客：这个包邮吗
    02:45:00 顾客：几点发货
    02:45:04 接班：亲，付款后48小时内发出，节假日顺延。
    亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    assert_eq!(desk.verdict("cid").await, "owned");
    assert_eq!(desk.transcript("cid").matches("接班").count(), 0);
    desk.end().await;
}

#[tokio::test]
async fn taking_silences_what_waits_and_ending_leaves_nobody_waiting() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.customer("bob", "少发了一个杯子").await;
    desk.pass(1).await;
    desk.say("小李", "ann", OwnerAct::Take).await;
    desk.say("小李", "bob", OwnerAct::End).await;
    desk.pass(20).await;
    assert_eq!(desk.tally("bridge").await["auto_content"], 0);
    assert!(desk.view("bob").await["waiting_since"].is_null());
    assert!(desk.view("ann").await["waiting_since"].is_string());
    // What he says after the end is a turn of its own.
    desk.customer("bob", "这个包邮吗").await;
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("bob"), @"
    02:00:00 顾客：少发了一个杯子
    02:00:21 顾客：这个包邮吗
    02:00:25 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    desk.end().await;
}

#[tokio::test]
async fn a_line_of_the_platform_is_nobodys() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    let line = serde_json::json!({
        "account_id": "tea",
        "conversation_id": "ann",
        "messages": [{"id": "s-1", "role": "system", "type": "text", "text": "客服正在赶来的路上"}],
    });
    let (status, _) = desk.post("bridge", &line).await;
    assert_eq!(status, 202);
    desk.pass(5).await;
    assert_eq!(desk.tally("bridge").await["auto_content"], 1);
    desk.end().await;
}

#[tokio::test]
async fn who_answered_at_11_50_and_went_to_lunch_by_name_leaves_it_to_the_cover() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 11:49:30").await;
    desk.customer("ann", "在吗").await;
    desk.until("2026-11-20 11:50:00").await;
    desk.agent_as("小李", "ann", "在的亲").await;
    desk.until("2026-11-20 12:00:00").await;
    desk.lunch("小李", "2026-11-20 12:20:00").await;
    desk.until("2026-11-20 12:03:00").await;
    // 小王 is in: it is for her, and the bot only says why it is nobody's.
    desk.customer("ann", "这个包邮吗").await;
    let because = desk.view("ann").await["because"].clone();
    assert_eq!(
        (&because["verdict"], &because["left"]),
        (&json!("mode"), &json!("owner_away"))
    );
    desk.lunch("小王", "2026-11-20 12:20:00").await;
    desk.until("2026-11-20 12:05:00").await;
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    11:49:30 顾客：在吗
    11:50:00 小李：在的亲
    12:03:00 顾客：这个包邮吗
    12:05:00 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    desk.customer("ann", "几点发货").await;
    desk.pass(5).await;
    let because = desk.view("ann").await["because"].clone();
    assert_eq!(
        (&because["verdict"], &because["left"]),
        (&json!("answer"), &json!("owner_away"))
    );
    desk.end().await;
}
