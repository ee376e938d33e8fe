//! The bot steps in for agents who are busy, once, and tells them.

use insta::assert_snapshot;

use super::desk::TestDesk;

#[tokio::test]
async fn a_customer_whom_nobody_answers_gets_a_safe_answer_after_100_seconds() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 15:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.customer("bob", "少发了一个杯子").await;
    desk.customer("cid", "那个东西怎么弄呀").await;
    desk.pass(90).await;
    desk.agent_as("小李", "cid", "亲，您指哪一款").await;
    desk.pass(300).await;
    assert_snapshot!(desk.transcript("ann"), @"
    15:00:00 顾客：这个包邮吗
    15:01:40 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    assert_snapshot!(desk.transcript("bob"), @"
    15:00:00 顾客：少发了一个杯子
    15:01:40 接班：亲，让您久等了，已经提醒同事来看您的消息。
    ");
    assert_snapshot!(desk.transcript("cid"), @"
    15:00:00 顾客：那个东西怎么弄呀
    15:01:30 小李：亲，您指哪一款
    ");
    assert_snapshot!(desk.queue().await, @"
    ann rescued 15:00:00 无人
    bob rescued 15:00:00 无人
    ");
    desk.end().await;
}

#[tokio::test]
async fn an_owner_who_falls_silent_is_helped_once_in_a_turn() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 15:00:00").await;
    desk.customer("ann", "在吗").await;
    desk.agent_as("小李", "ann", "在的亲").await;
    desk.pass(10).await;
    desk.customer("ann", "这个怎么弄呀").await;
    desk.pass(110).await;
    desk.customer("ann", "还是不会弄呀").await;
    desk.pass(200).await;
    assert_snapshot!(desk.transcript("ann"), @"
    15:00:00 顾客：在吗
    15:00:00 小李：在的亲
    15:00:10 顾客：这个怎么弄呀
    15:01:50 接班：亲，让您久等了，已经提醒同事来看您的消息。
    15:02:00 顾客：还是不会弄呀
    ");
    assert_snapshot!(desk.queue().await, @"ann rescued 15:00:10 小李");
    desk.agent_as("小李", "ann", "我看一下说明书").await;
    assert_eq!(desk.queue().await, "");
    desk.end().await;
}

#[tokio::test]
async fn an_agent_who_speaks_in_time_needs_no_help() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 15:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(99).await;
    desk.agent_as("小王", "ann", "包邮的").await;
    desk.pass(60).await;
    assert_eq!(desk.transcript("ann").matches("接班").count(), 0);
    assert_eq!(desk.queue().await, "");
    desk.end().await;
}
