//! People turn the switches through their doors, and customers notice.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::desk::TestDesk;

/// The shift table of the busy shop, in which one must stay.
async fn one_must_stay(desk: &TestDesk) {
    let table = desk.knowledge_folder().join("hours/weekly.csv");
    let rows = "店铺,星期,开始,结束,类型,班次,人员,最少在岗\n\
                teahouse-busy,每天,09:00,18:00,在岗,早班,小李、小王,1\n\
                teahouse,每天,09:00,18:00,在岗,早班,小李,\n\
                teahouse-auto,每天,09:00,18:00,在岗,早班,小王,\n";
    fs::write(table, rows).unwrap();
    desk.shelf.reload().await.unwrap();
    desk.settle().await;
}

#[tokio::test]
async fn who_goes_to_lunch_is_covered_until_she_is_back() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    one_must_stay(&desk).await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(30).await;
    assert_eq!(desk.verdict("ann").await, "mode");
    let (status, gone) = desk.ask("小李", "POST", "/v1/lunch", json!({})).await;
    assert_eq!(status, 201, "{gone}");
    let shops: Vec<&str> = gone["arrangements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lunch| lunch["shop"].as_str().unwrap())
        .collect();
    assert_eq!(
        shops,
        ["teahouse", "teahouse-busy"],
        "the shops she is on duty in"
    );
    desk.pass(5).await;
    let (_, shop) = desk
        .ask("小李", "GET", "/v1/shops/teahouse", json!({}))
        .await;
    assert_snapshot!(shop["because"].as_str().unwrap(), @"辅助模式；午饭，到 11-20 15:20；由接班自动回复");
    // After twenty minutes she is back, though she has told nobody.
    desk.until("2026-11-20 15:20:31").await;
    desk.customer("bob", "这个包邮吗").await;
    desk.pass(30).await;
    assert_eq!(desk.verdict("bob").await, "mode");
    assert_snapshot!(desk.chronicle(&["ann", "bob"]), @"
    — ann
    15:00:00 顾客：这个包邮吗
    15:00:30 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    — bob
    15:20:31 顾客：这个包邮吗
    ");
    desk.end().await;
}

#[tokio::test]
async fn the_last_one_must_stay_and_is_told_why() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 15:00:00").await;
    one_must_stay(&desk).await;
    let (status, _) = desk.ask("小王", "POST", "/v1/lunch", json!({})).await;
    assert_eq!(status, 201);
    let (status, refused) = desk.ask("小李", "POST", "/v1/lunch", json!({})).await;
    assert_eq!(
        (status, &refused["type"]),
        (409, &json!("urn:jieban:problem:must-stay"))
    );
    assert_snapshot!(refused["detail"].as_str().unwrap(), @"teahouse-busy：“早班”至少要留 1 人在岗，走开就没有人了（小王现在不在）；见 hours/weekly.csv 第 2 行");
    assert_eq!(refused["refused"][0]["least"], 1);
    // Nor may a lunch be prolonged into a colleague's; who is back lets the other go.
    let later = json!({"shops": ["teahouse-busy"], "what": "lunch", "agent": "小李",
        "from": "2026-11-20T07:20:00Z", "until": "2026-11-20T07:40:00Z"});
    let (status, _) = desk.ask("王主管", "POST", "/v1/arrangements", later).await;
    assert_eq!(status, 201);
    let (status, _) = desk
        .ask("小王", "PATCH", "/v1/lunch", json!({"minutes": 30}))
        .await;
    assert_eq!(status, 409);
    let (status, _) = desk.ask("小王", "DELETE", "/v1/lunch", json!({})).await;
    assert_eq!(status, 200);
    let (status, gone) = desk
        .ask("小李", "POST", "/v1/lunch", json!({"minutes": 15}))
        .await;
    assert_eq!(status, 201, "{gone}");
    desk.end().await;
}

#[tokio::test]
async fn a_sick_agent_is_not_in_and_it_is_warned_of() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 14:00:00").await;
    one_must_stay(&desk).await;
    let sick = |agent: &str| {
        json!({"shops": ["teahouse-busy"], "what": "absent", "agent": agent,
            "until": "2026-11-20T10:00:00Z", "reason": "病假"})
    };
    let (_, first) = desk
        .ask("王主管", "POST", "/v1/arrangements", sick("小李"))
        .await;
    assert_eq!(first["warnings"], json!([]), "{first}");
    let (status, second) = desk
        .ask("王主管", "POST", "/v1/arrangements", sick("小王"))
        .await;
    assert_eq!(status, 201);
    assert!(
        second["warnings"][0].as_str().unwrap().contains("没有人了"),
        "{second}"
    );
    let (_, shop) = desk
        .ask("王主管", "GET", "/v1/shops/teahouse-busy", json!({}))
        .await;
    assert_eq!(
        (&shop["answers"], &shop["coverage"]["reason"]),
        (&json!("bot"), &json!("病假"))
    );
    desk.end().await;
}

#[tokio::test]
async fn the_kill_switch_holds_a_waiting_reply_until_it_is_turned_back() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(2).await;
    let kill = "/v1/shops/teahouse/kill";
    let (status, killed) = desk
        .ask("小李", "PUT", kill, json!({"reason": "说错了"}))
        .await;
    assert_eq!((status, &killed["on_the_wire"]), (200, &json!([])));
    desk.pass(30).await;
    assert_eq!(desk.verdict("ann").await, "stopped");
    let (status, _) = desk.ask("小李", "DELETE", kill, json!({})).await;
    assert_eq!(status, 403, "who may stop it may not let it go on");
    desk.ask("王主管", "DELETE", kill, json!({})).await;
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:32 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    let (_, events) = desk.ask("王主管", "GET", "/v1/events", json!({})).await;
    let told: Vec<String> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap_or_default();
            format!(
                "{} {} {} {}{}",
                text("who"),
                text("role"),
                text("what"),
                event["after"]["stopped"],
                text("reason")
            )
        })
        .collect();
    assert_snapshot!(told.join("\n"), @"
    王主管 supervisor kill false
    小李 agent kill true说错了
    ");
    desk.end().await;
}

#[tokio::test]
async fn a_conversation_is_taken_and_handed_back_through_the_doors() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    let path = "/v1/conversations?source=bridge&account_id=tea&conversation_id=ann";
    let (status, found) = desk.ask("小李", "GET", path, Value::Null).await;
    assert_eq!(
        (status, &found["ownership"]),
        (200, &Value::Null),
        "{found}"
    );
    let id = found["id"].as_str().unwrap().to_owned();
    let say = |act: &str| format!("/v1/conversations/{id}/{act}");
    let (_, taken) = desk.ask("小李", "POST", &say("take"), json!({})).await;
    assert_eq!(taken["ownership"]["agent"], "小李");
    desk.pass(30).await;
    assert_eq!(desk.transcript("ann"), "02:00:00 顾客：这个包邮吗");
    assert_eq!(desk.tally("bridge").await["withdrawn"], 1);
    desk.ask("小李", "POST", &say("hand-back"), json!({"reason": "走了"}))
        .await;
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:30 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    // Who asks for a human waits for one, until somebody takes the conversation.
    desk.customer("ann", "转人工").await;
    desk.pass(5).await;
    let (_, waiting) = desk.ask("小李", "GET", "/v1/queue", Value::Null).await;
    assert_eq!(
        (&waiting[0]["conversation"], &waiting[0]["reason"]),
        (&json!(id), &json!("asked")),
        "{waiting}"
    );
    desk.ask("小李", "POST", &say("take"), json!({})).await;
    let (_, waiting) = desk.ask("小李", "GET", "/v1/queue", Value::Null).await;
    assert_eq!(waiting, json!([]));
    let (_, ended) = desk.ask("小李", "POST", &say("end"), json!({})).await;
    assert_eq!(
        (&ended["ownership"]["act"], &ended["waiting_since"]),
        (&json!("end"), &Value::Null)
    );
    let (_, events) = desk
        .ask(
            "王主管",
            "GET",
            &format!("/v1/events?conversation={id}"),
            json!({}),
        )
        .await;
    let whats: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["what"].as_str().unwrap())
        .collect();
    // What the bot told the customer (a colleague comes) is a promise, and stands in the same journal.
    assert_eq!(
        whats,
        [
            "ownership",
            "ownership",
            "promise",
            "ownership",
            "ownership"
        ]
    );
    desk.end().await;
}

#[tokio::test]
async fn what_is_announced_through_the_door_is_what_customers_read() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let say = |text: &str| {
        json!({"shops": ["teahouse"], "text": text, "until": "2026-11-20T10:00:00Z",
            "silences": ["pre.freight"], "reason": "仓库进水"})
    };
    let (status, refused) = desk
        .ask(
            "王主管",
            "POST",
            "/v1/announcements",
            say("仓库进水，请加微信"),
        )
        .await;
    assert_eq!(status, 422);
    assert_snapshot!(refused["detail"].as_str().unwrap(), @"“微信”：平台禁止站外联系，可以说“请在平台内沟通”");
    let (status, _) = desk
        .ask(
            "王主管",
            "POST",
            "/v1/announcements",
            say("亲，仓库临时停发一天，运费问题明天统一回复您。"),
        )
        .await;
    assert_eq!(status, 201);
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:04 接班：亲，仓库临时停发一天，运费问题明天统一回复您。
    ");
    desk.end().await;
}
