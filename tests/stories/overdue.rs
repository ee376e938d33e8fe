//! What is past its time: somebody is told, once, until it is done.

use jieban::{
    config::{Notify, NotifyKind, Secret},
    knowledge::Urgency,
};
use serde_json::{Value, json};

use super::{
    desk::{TestDesk, local},
    handover_day::on_case,
    robot::Robot,
};

const WEEK: &str = "店铺,星期,开始,结束,类型,班次,人员\nteahouse,每天,00:00,24:00,在岗,全天,小李\n";

/// The tea shop with a robot that hears of nothing but what is past its time.
async fn house(moment: &str) -> (TestDesk, Robot) {
    let (robot, url) = Robot::start().await;
    let desk = TestDesk::with("tea", moment, |config| {
        let boss = Notify {
            kind: NotifyKind::WeCom,
            url: Secret::from(url.as_str()),
            secrets: Vec::new(),
            levels: Urgency::ALL.to_vec(),
            shops: Vec::new(),
            quiet: None,
            zone: chrono_tz::Asia::Shanghai,
            people: Vec::new(),
        };
        config.notify.insert("boss".into(), boss);
        // Nobody hands over.
        std::fs::write(config.knowledge.join("hours/weekly.csv"), WEEK).unwrap();
        config.alarms.wait_minutes = 100_000;
    })
    .await;
    robot.by(&desk.clock);
    desk.settle().await;
    (desk, robot)
}

async fn open(desk: &TestDesk, kind: &str, order: &str) -> Value {
    let new = json!({"shop": "teahouse", "kind": kind, "fields": {"订单号": order}});
    let (status, case) = desk.ask("小李", "POST", "/v1/cases", new).await;
    assert_eq!(status, 201, "{case}");
    case
}

#[tokio::test]
async fn cases_past_their_time_are_one_alarm_until_they_are_done() {
    let (desk, robot) = house("2026-11-20 10:00:00").await;
    let first = open(&desk, "漏发", "2871234567890123001").await;
    let second = open(&desk, "物流异常", "2871234567890123002").await;
    let due: chrono::DateTime<chrono::Utc> = first["finish_due"].as_str().unwrap().parse().unwrap();
    assert_eq!(first["finish_due"], second["finish_due"]);
    desk.clock.set(due - chrono::Duration::seconds(1));
    desk.settle().await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.clock.set(due + chrono::Duration::seconds(5));
    desk.settle().await;
    desk.pass(10).await;
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].contains("【接班·提醒】2 张工单超时了"),
        "{heard:?}"
    );
    // Nobody is told of them again, on whichever node.
    let other = desk.follower().await;
    for _ in 0..20 {
        desk.clock.advance(chrono::Duration::minutes(5));
        desk.settle().await;
        for worker in other.workers() {
            worker.step().await.unwrap();
        }
    }
    assert_eq!(robot.heard(), [""; 0]);
    // One is given another date, the other is done.
    let number = |case: &Value| case["number"].as_str().unwrap().to_owned();
    let until = due + chrono::Duration::days(1);
    let later = json!({"until": until, "informed": "旺旺上说了", "reason": "缺货"});
    on_case(&desk, "小李", &number(&first), "postpone", later).await;
    desk.pass(10).await;
    desk.pass(70).await;
    assert_eq!(robot.heard(), [""; 0], "one is still late");
    on_case(&desk, "小李", &number(&second), "claim", json!({})).await;
    on_case(
        &desk,
        "小李",
        &number(&second),
        "done",
        json!({"result": "已联系快递"}),
    )
    .await;
    desk.pass(80).await;
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].contains("已解除") && heard[0].contains("工单超时"),
        "{heard:?}"
    );
    // The new date passes too: that is another episode.
    desk.clock.set(until + chrono::Duration::seconds(5));
    desk.settle().await;
    desk.pass(10).await;
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains("1 张工单超时了"), "{heard:?}");
    desk.end().await;
}

#[tokio::test]
async fn a_pressing_kind_presses() {
    let (desk, robot) = house("2026-11-20 10:00:00").await;
    let case = open(&desk, "投诉", "2871234567890123003").await;
    let due: chrono::DateTime<chrono::Utc> = case["finish_due"].as_str().unwrap().parse().unwrap();
    desk.clock.set(due + chrono::Duration::seconds(5));
    desk.settle().await;
    desk.pass(10).await;
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].contains("【接班·紧急】1 张工单超时了"),
        "{heard:?}"
    );
    desk.end().await;
}

#[tokio::test]
async fn a_promise_past_its_time_is_an_alarm_until_somebody_says_how_it_ended() {
    let (desk, robot) = house("2026-11-20 10:00:00").await;
    desk.customer("ann", "杯子什么时候补").await;
    desk.agent_as("小李", "ann", "杯子今天18点前给您补发").await;
    desk.until("2026-11-20 17:59:55").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.until("2026-11-20 18:00:05").await;
    for _ in 0..10 {
        desk.pass(10).await;
    }
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].starts_with("18:00:05 @ 【接班·提醒】答应顾客的 1 件事到时间了"),
        "{heard:?}"
    );
    let (_, found) = desk
        .ask("小李", "GET", "/v1/promises?state=overdue", Value::Null)
        .await;
    let id = found[0]["id"].as_str().unwrap();
    let body = json!({"due": local("2026-11-21 12:00:00"), "reason": "仓库没货"});
    let path = format!("/v1/promises/{id}/move");
    assert_eq!(desk.ask("小李", "POST", &path, body).await.0, 200);
    desk.pass(80).await;
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].contains("已解除") && heard[0].contains("承诺到期"),
        "{heard:?}"
    );
    desk.end().await;
}
