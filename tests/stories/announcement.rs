//! What stands for everybody is said first, once, and instead of what it silences.

use insta::assert_snapshot;

use super::desk::TestDesk;

const FLOOD: &str = "亲，仓库今早进水，今天的单顺延到周三发出，给您添麻烦了。";

#[tokio::test]
async fn it_is_said_once_before_other_answers_and_instead_of_the_silenced() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.announce(FLOOD, &["pre.shiptime"], "2026-11-20 08:00:00")
        .await;
    desk.customer("ann", "今天拍什么时候能发").await;
    desk.customer("bob", "这个包邮吗").await;
    desk.pass(10).await;
    desk.customer("bob", "那今天拍什么时候能发").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：今天拍什么时候能发
    02:00:04 接班：亲，仓库今早进水，今天的单顺延到周三发出，给您添麻烦了。
    02:00:10 顾客：这个包邮吗
    02:00:14 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    assert_snapshot!(desk.transcript("bob"), @"
    02:00:00 顾客：这个包邮吗
    02:00:04 接班：亲，仓库今早进水，今天的单顺延到周三发出，给您添麻烦了。
    亲，全店满39元包邮，新疆、西藏补15元运费。
    02:00:10 顾客：那今天拍什么时候能发
    02:00:14 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    ");
    // It stops by itself.
    desk.until("2026-11-20 08:00:00").await;
    desk.customer("cid", "今天拍什么时候能发").await;
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("cid"), @"
    08:00:00 顾客：今天拍什么时候能发
    08:00:04 接班：亲，付款后48小时内发出，节假日顺延。
    ");
    desk.end().await;
}

#[tokio::test]
async fn by_day_the_agent_finds_it_first() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    desk.customer("ann", "今天拍什么时候能发").await;
    desk.announce(FLOOD, &["pre.shiptime"], "2026-11-20 18:00:00")
        .await;
    desk.pass(10).await;
    assert_snapshot!(desk.suggestions("ann").await, @"
    公告：亲，仓库今早进水，今天的单顺延到周三发出，给您添麻烦了。
    发货时间：亲，付款后48小时内发出，节假日顺延。
    ");
    assert_eq!(desk.transcript("ann").matches("接班").count(), 0);
    desk.kill(true).await;
    desk.until("2026-11-20 19:00:00").await;
    assert_eq!(desk.verdict("ann").await, "stopped");
    desk.end().await;
}

#[tokio::test]
async fn what_waits_when_it_is_made_does_not_leave_without_it() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "今天拍什么时候能发").await;
    desk.pass(2).await;
    desk.announce(FLOOD, &["pre.shiptime"], "2026-11-20 08:00:00")
        .await;
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：今天拍什么时候能发
    02:00:04 接班：亲，仓库今早进水，今天的单顺延到周三发出，给您添麻烦了。
    ");
    desk.end().await;
}
