//! Who answers at lunch, at night, in staffed hours and after a human.

use insta::assert_snapshot;

use super::desk::TestDesk;

#[tokio::test]
async fn at_12_31_lunch_is_covered_although_an_agent_spoke_at_11_50() {
    let desk = TestDesk::at("2026-11-20 11:48:00").await;
    desk.customer("ann", "在吗").await;
    desk.until("2026-11-20 11:50:00").await;
    desk.agent("ann", "在的亲，您说").await;
    desk.until("2026-11-20 12:31:00").await;
    desk.customer("ann", "寄到新疆邮费多少").await;
    assert_eq!(desk.verdict("ann").await, "answer");
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    11:48:00 顾客：在吗
    11:50:00 客服：在的亲，您说
    12:31:00 顾客：寄到新疆邮费多少
    12:31:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    desk.end().await;
}

#[tokio::test]
async fn two_seconds_before_lunch_the_answer_waits_for_lunch() {
    let desk = TestDesk::at("2026-11-20 11:59:58").await;
    desk.customer("ann", "这个包邮吗").await;
    assert_eq!(desk.verdict("ann").await, "mode");
    assert_snapshot!(desk.suggestions("ann").await, @"包邮说明：亲，全店满39元包邮，新疆、西藏补15元运费。");
    desk.pass(8).await;
    assert_snapshot!(desk.transcript("ann"), @"
    11:59:58 顾客：这个包邮吗
    12:00:02 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    desk.end().await;
}

#[tokio::test]
async fn at_night_a_missing_item_is_registered_and_handed_over() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "你们少发了一个杯子").await;
    desk.pass(2).await;
    desk.customer("ann", "订单号 2871234567890123456，电话13800138000")
        .await;
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：你们少发了一个杯子
    02:00:02 顾客：订单号 2871234567890123456，电话13800138000
    02:00:06 接班：亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号 ②收到的全部商品照片 ③外箱面单照片。同事今天9:00回复您结果。
    ");
    assert_snapshot!(desk.cases("ann").await, @"
    LF-2611-0001 漏发 open 首响11-20 09:30 完成11-21 21:00
    【漏发】订单号 ***************3456（淘宝）
    自 11月20日 02:00 起等待
    客户原话：「你们少发了一个杯子 / 订单号 ***************3456，电话138******00」
    已知：电话 138******00
    还缺：收到的全部商品照片、外箱面单照片
    已告知客户：自动回复「亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号 ②收到的全部商品照片 ③外箱面单照片。同事今天9:00回…」
    对接：仓库；审核：主管
    ");
    desk.end().await;
}

#[tokio::test]
async fn in_staffed_hours_the_agent_gets_suggestions_and_a_draft_and_the_bot_is_silent() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    desk.customer("ann", "我的快递到哪了，订单号 2871234567890123456")
        .await;
    desk.customer("bob", "少发了一个杯子").await;
    desk.pass(60).await;
    assert_snapshot!(desk.transcript("ann"), @"15:00:00 顾客：我的快递到哪了，订单号 2871234567890123456");
    assert!(
        desk.suggestions("ann")
            .await
            .contains("订单2871234567890123456")
    );
    assert!(desk.cases("bob").await.contains("LF-2611-0001 漏发 draft"));
    desk.end().await;
}

#[tokio::test]
async fn an_automatic_shop_answers_also_while_staffed_until_a_human_speaks() {
    let desk = TestDesk::of_account("tea-auto", "2026-11-20 15:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    desk.agent("ann", "亲，还有什么可以帮您").await;
    desk.customer("ann", "今天拍什么时候能发").await;
    desk.pass(30).await;
    assert_eq!(desk.verdict("ann").await, "owned");
    // A registration is for humans while they are there.
    desk.customer("bob", "少发了一个杯子").await;
    desk.pass(30).await;
    assert_eq!(desk.verdict("bob").await, "mode");
    assert_snapshot!(desk.transcript("ann"), @"
    15:00:00 顾客：这个包邮吗
    15:00:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    15:00:05 客服：亲，还有什么可以帮您
    15:00:05 顾客：今天拍什么时候能发
    ");
    desk.end().await;
}

#[tokio::test]
async fn a_human_who_answers_in_between_silences_the_waiting_reply() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(2).await;
    desk.agent("ann", "包邮的亲").await;
    desk.pass(30).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:02 客服：包邮的亲
    ");
    assert_eq!(desk.tally("bridge").await["withdrawn"], 1);
    // He is there at night: the conversation is his.
    desk.customer("ann", "那几点发货").await;
    desk.pass(30).await;
    assert_eq!(desk.verdict("ann").await, "owned");
    desk.end().await;
}

#[tokio::test]
async fn a_burst_is_answered_once_and_as_a_whole() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    for text in ["你好", "想问下", "寄到西藏", "邮费多少"] {
        desk.customer("ann", text).await;
        desk.pass(2).await;
    }
    desk.pass(10).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：你好
    02:00:02 顾客：想问下
    02:00:04 顾客：寄到西藏
    02:00:06 顾客：邮费多少
    02:00:10 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    desk.end().await;
}

#[tokio::test]
async fn risk_words_get_a_neutral_receipt_once_and_an_urgent_case() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "再不发货我就投诉").await;
    desk.pass(5).await;
    desk.customer("ann", "听到没有，我要打12315").await;
    desk.pass(30).await;
    assert_eq!(desk.verdict("ann").await, "receipt_capped");
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：再不发货我就投诉
    02:00:04 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    02:00:05 顾客：听到没有，我要打12315
    ");
    assert!(
        desk.cases("ann")
            .await
            .starts_with("TS-2611-0001 投诉 open 首响11-20 02:15")
    );
    desk.end().await;
}

#[tokio::test]
async fn what_was_answered_once_is_not_answered_again_tonight() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    desk.customer("ann", "到底包邮吗").await;
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    02:00:05 顾客：到底包邮吗
    02:00:09 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    ");
    desk.end().await;
}
