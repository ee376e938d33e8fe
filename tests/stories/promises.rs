//! What agents and the bot say that binds the house, until somebody says how it ended.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::desk::{TestDesk, local};

/// The promises that stand so, a line each.
async fn promises(desk: &TestDesk, query: &str) -> String {
    let path = format!("/v1/promises{query}");
    let (status, found) = desk.ask("小李", "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{found}");
    let time = |value: &Value| {
        let at: chrono::DateTime<chrono::Utc> = value.as_str().unwrap().parse().unwrap();
        at.with_timezone(&chrono_tz::Asia::Shanghai)
            .format("%m-%d %H:%M")
            .to_string()
    };
    let lines: Vec<String> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            format!(
                "{} {} {} {} {}「{}」{}",
                p["kind"].as_str().unwrap(),
                time(&p["due"]),
                p["state"].as_str().unwrap(),
                p["speaker"].as_str().unwrap(),
                p["agent"].as_str().unwrap_or("-"),
                p["text"].as_str().unwrap(),
                p["case"]["number"].as_str().unwrap_or("")
            )
        })
        .collect();
    lines.join("\n")
}

async fn first(desk: &TestDesk) -> String {
    let (_, found) = desk.ask("小李", "GET", "/v1/promises", Value::Null).await;
    found[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_an_agent_said_is_due_until_somebody_says_how_it_ended() {
    let desk = TestDesk::at("2026-11-20 10:00:00").await;
    desk.customer("ann", "少发了一个杯子，订单号 2871234567890123456")
        .await;
    desk.agent_as(
        "小李",
        "ann",
        "非常抱歉，杯子今天18点前给您补寄，电话13800138000对吧",
    )
    .await;
    desk.agent_as("小李", "ann", "稍等，我看一下").await;
    assert_snapshot!(promises(&desk, "").await, @"补发 11-20 18:00 open human 小李「非常抱歉，杯子今天18点前给您补寄，电话138******00对吧」LF-2611-0001");
    // The customer's thanks clear nothing.
    desk.customer("ann", "好的").await;
    desk.until("2026-11-20 18:00:00").await;
    assert_snapshot!(promises(&desk, "?state=overdue").await, @"补发 11-20 18:00 overdue human 小李「非常抱歉，杯子今天18点前给您补寄，电话138******00对吧」LF-2611-0001");
    let id = first(&desk).await;
    let path = |act: &str| format!("/v1/promises/{id}/{act}");
    // A new moment needs a reason, and is to come.
    let later = local("2026-11-21 12:00:00").to_rfc3339();
    for (body, status) in [
        (json!({"due": later}), 400),
        (json!({"due": later, "reason": " "}), 422),
        (
            json!({"due": "2026-11-20T09:00:00+08:00", "reason": "缺货"}),
            422,
        ),
        (json!({"due": later, "reason": "缺货，已告诉顾客"}), 200),
        (json!({"due": later, "reason": "缺货，已告诉顾客"}), 200),
    ] {
        let (got, answer) = desk.ask("小李", "POST", &path("move"), body).await;
        assert_eq!(got, status, "{answer}");
    }
    assert_snapshot!(promises(&desk, "?state=overdue").await, @"");
    assert_snapshot!(promises(&desk, "?state=moved").await, @"补发 11-21 12:00 open human 小李「非常抱歉，杯子今天18点前给您补寄，电话138******00对吧」LF-2611-0001");
    let (status, _) = desk.ask("小李", "POST", &path("break"), json!({})).await;
    assert_eq!(status, 422);
    let (status, kept) = desk.ask("小李", "POST", &path("keep"), json!({})).await;
    assert_eq!(
        (status, &kept["state"], &kept["moves"]),
        (200, &json!("kept"), &json!(1))
    );
    assert_eq!(
        kept["text"],
        "非常抱歉，杯子今天18点前给您补寄，电话13800138000对吧"
    );
    // What has ended is not moved; what was said of it can be put right, with a reason.
    let body = json!({"due": local("2026-11-22 12:00:00").to_rfc3339(), "reason": "再等等"});
    assert_eq!(desk.ask("小李", "POST", &path("move"), body).await.0, 409);
    let body = json!({"reason": "其实没寄"});
    assert_eq!(desk.ask("小李", "POST", &path("break"), body).await.0, 200);
    assert_snapshot!(promises(&desk, "").await, @"");
    assert_snapshot!(promises(&desk, "?state=broken").await, @"补发 11-21 12:00 broken human 小李「非常抱歉，杯子今天18点前给您补寄，电话138******00对吧」LF-2611-0001");
    // All of it is in the journal, once.
    let (_, events) = desk.ask("王主管", "GET", "/v1/events", Value::Null).await;
    let told: Vec<String> = events
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .filter(|event| event["what"] == "promise")
        .map(|event| {
            let state = |side: &str| event[side]["state"].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {}→{} {}",
                event["who"].as_str().unwrap(),
                state("before"),
                state("after"),
                event["reason"].as_str().unwrap()
            )
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    bot -→open 
    bot open→overdue 
    小李 open→open 缺货，已告诉顾客
    小李 open→kept 
    小李 kept→broken 其实没寄
    ");
    desk.end().await;
}

#[tokio::test]
async fn history_redelivery_and_questions_promise_nothing_new() {
    let desk = TestDesk::at("2026-11-20 10:00:00").await;
    let line = |id: &str, role: &str, text: &str, at: &str| json!({"id": id, "role": role, "type": "text", "text": text, "sent_at": at, "sender": "小王"});
    let delivery = json!({"account_id": "tea", "conversation_id": "ann", "messages": [
        line("m-1", "agent", "明天给您退款", "2026-11-19T10:00:00+08:00"),
        line("m-2", "customer", "在吗", "2026-11-20T10:00:00+08:00"),
    ]});
    let said = json!({"account_id": "tea", "conversation_id": "ann", "messages": [
        line("m-3", "agent", "今晚给您退差价", "2026-11-20T10:00:00+08:00"),
        line("m-4", "agent", "要不要我帮您催一下", "2026-11-20T10:00:00+08:00"),
    ]});
    for body in [&delivery, &said, &said] {
        assert_eq!(desk.post("bridge", body).await.0, 202);
        desk.settle().await;
    }
    assert_snapshot!(promises(&desk, "").await, @"补差 11-21 00:00 open human 小王「今晚给您退差价」");
    let desk = desk.restart().await;
    desk.settle().await;
    assert_snapshot!(promises(&desk, "").await, @"补差 11-21 00:00 open human 小王「今晚给您退差价」");
    desk.end().await;
}

#[tokio::test]
async fn what_the_bot_says_at_night_binds_once_it_has_left() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "你们少发了一个杯子").await;
    desk.pass(2).await;
    assert_snapshot!(promises(&desk, "").await, @"");
    desk.pass(10).await;
    assert_snapshot!(promises(&desk, "").await, @"回复 11-20 09:00 open bot_auto -「亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号 ②收到的全部商品照片 ③外箱面单照片。同事今天9:00回复您结果。」LF-2611-0001");
    desk.end().await;
}

#[tokio::test]
async fn what_was_promised_by_telephone_is_written_down() {
    let desk = TestDesk::at("2026-11-20 10:00:00").await;
    let due = local("2026-11-20 15:00:00").to_rfc3339();
    for (body, status) in [
        (
            json!({"shop": "teahouse", "text": "电话里答应补一个盖子", "kind": "补发", "due": due}),
            201,
        ),
        (
            json!({"shop": "teahouse", "text": "送个礼物", "kind": "送礼", "due": due}),
            422,
        ),
        (
            json!({"shop": "nowhere", "text": "补一个", "kind": "补发", "due": due}),
            404,
        ),
        (json!({"text": "补一个", "kind": "补发", "due": due}), 422),
        (
            json!({"conversation": 77, "text": "补一个", "kind": "补发", "due": due}),
            404,
        ),
        (
            json!({"shop": "teahouse", "text": " ", "kind": "补发", "due": due}),
            422,
        ),
    ] {
        let (got, answer) = desk.ask("小李", "POST", "/v1/promises", body).await;
        assert_eq!(got, status, "{answer}");
    }
    assert_snapshot!(promises(&desk, "?shop=teahouse").await, @"补发 11-20 15:00 open person 小李「电话里答应补一个盖子」");
    assert_snapshot!(promises(&desk, "?due_before=2026-11-20T14:00:00%2B08:00").await, @"");
    desk.end().await;
}
