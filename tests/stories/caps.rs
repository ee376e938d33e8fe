//! No more than so much is said alone, and whoever is held up by that is seen by a human.

use insta::assert_snapshot;

use super::desk::TestDesk;

#[tokio::test]
async fn the_fourth_reply_within_an_hour_waits_and_fetches_a_human() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 02:00:00").await;
    desk.leaves_loose_ends();
    for text in ["在吗", "这个包邮吗", "今天拍什么时候能发", "少发了一个杯子"]
    {
        desk.customer("ann", text).await;
        desk.pass(60).await;
    }
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：在吗
    02:00:04 接班：亲，您好，请问想咨询商品、物流还是售后？
    02:01:00 顾客：这个包邮吗
    02:01:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    02:02:00 顾客：今天拍什么时候能发
    02:02:04 接班：亲，付款后48小时内发出，节假日顺延。
    02:03:00 顾客：少发了一个杯子
    ");
    assert_snapshot!(desk.queue().await, @"ann capped 02:03:04 无人");
    // The third of an hour later nothing has left; it was only good for half an hour, and the customer is still seen.
    desk.until("2026-11-20 02:40:00").await;
    assert_eq!(desk.transcript("ann").matches("接班").count(), 3);
    assert!(desk.queue().await.contains("capped"));
    desk.end().await;
}

#[tokio::test]
async fn two_machines_stop_talking() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "您好，我是自动回复，请问这个包邮吗")
        .await;
    for _ in 0..5 {
        desk.pass(4).await;
        desk.customer("ann", "您好，我是自动回复，请问这个包邮吗")
            .await;
    }
    desk.pass(30).await;
    assert_eq!(desk.verdict("ann").await, "loop");
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：您好，我是自动回复，请问这个包邮吗
    02:00:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    02:00:04 顾客：您好，我是自动回复，请问这个包邮吗
    02:00:08 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    02:00:08 顾客：您好，我是自动回复，请问这个包邮吗
    02:00:12 顾客：您好，我是自动回复，请问这个包邮吗
    02:00:16 顾客：您好，我是自动回复，请问这个包邮吗
    02:00:20 顾客：您好，我是自动回复，请问这个包邮吗
    ");
    assert_snapshot!(desk.queue().await, @"ann loop 02:00:04 无人");
    desk.end().await;
}
