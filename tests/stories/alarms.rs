//! Customers nobody answers: who is told, when, and when it stops.

use std::fs;

use jieban::{
    config::{Config, Notify, NotifyKind, Person, Role, Secret},
    desk::OwnerAct,
    knowledge::Urgency,
};
use serde_json::json;

use super::{
    desk::{SECRET, TestDesk, token},
    robot::Robot,
};

fn robot_at(url: &str, people: &[&str]) -> Notify {
    Notify {
        kind: NotifyKind::WeCom,
        url: Secret::from(url),
        secrets: Vec::new(),
        levels: Urgency::ALL.to_vec(),
        shops: Vec::new(),
        quiet: None,
        zone: chrono_tz::Asia::Shanghai,
        people: people.iter().map(|p| (*p).to_owned()).collect(),
    }
}

/// The tea shop with a robot in its group, and two people who are asked.
async fn with_robot(moment: &str, change: impl FnOnce(&mut Config)) -> (TestDesk, Robot) {
    let (robot, url) = Robot::start().await;
    let desk = TestDesk::with("tea", moment, |config| {
        config.alarms.public_url = Some("https://jieban.example".into());
        config
            .notify
            .insert("desk".into(), robot_at(&url, &["lin", "wu"]));
        change(config);
    })
    .await;
    robot.by(&desk.clock);
    (desk, robot)
}

#[tokio::test]
async fn a_customer_who_waits_three_minutes_is_one_alarm() {
    let (desk, robot) = with_robot("2026-11-20 15:00:00", |_| ()).await;
    desk.customer("anna", "这个包邮吗").await;
    desk.until("2026-11-20 15:02:59").await;
    desk.pass(5).await;
    assert_eq!(
        robot.heard(),
        ["15:03:04 @lin 【接班·提醒】1 位顾客在等，最久 3 分钟"]
    );
    // Another customer is merged into it; nobody is called for him alone.
    desk.customer("berta", "几时发货").await;
    desk.until("2026-11-20 15:07:50").await;
    assert_eq!(robot.heard(), [""; 0]);
    // Nobody said that he cares: the next is asked, and told of both.
    desk.until("2026-11-20 15:08:10").await;
    assert_eq!(
        robot.heard(),
        ["15:08:10 @wu 【接班·提醒】2 位顾客在等，最久 8 分钟"]
    );
    desk.agent("anna", "包邮的").await;
    desk.agent("berta", "今天发").await;
    desk.until("2026-11-20 15:08:20").await;
    desk.until("2026-11-20 15:09:20").await;
    desk.until("2026-11-20 15:09:30").await;
    assert_eq!(
        robot.heard(),
        ["15:09:20 @ 【接班·已解除】已解除：15:03 的顾客等待"]
    );
    desk.until("2026-11-20 16:00:00").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.end().await;
}

#[tokio::test]
async fn the_link_stops_it_and_opening_it_does_not() {
    let (desk, robot) = with_robot("2026-11-20 15:00:00", |_| ()).await;
    desk.customer("anna", "这个包邮吗").await;
    desk.until("2026-11-20 15:03:00").await;
    assert_eq!(robot.heard().len(), 1);
    let link = robot.last_link();
    let (status, page) = desk.link(&link, false).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("我来处理") && page.contains("顾客等待") && !page.contains("anna"),
        "{page}"
    );
    desk.until("2026-11-20 15:08:05").await;
    assert_eq!(robot.heard().len(), 1, "looking is not caring");
    // A link that is not whole opens nothing.
    let mut broken = link.clone();
    let last = broken.pop().unwrap();
    broken.push(if last == 'A' { 'Q' } else { 'A' });
    let other = link.replace("to=desk", "to=boss");
    for bad in [
        broken,
        other,
        link.replace("/v1/alarms/1-", "/v1/alarms/2-"),
        link.split('?').next().unwrap().to_owned(),
    ] {
        assert_eq!(desk.link(&bad, true).await.0, 404, "{bad}");
    }
    let (status, page) = desk.link(&link, true).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("已有人处理") && !page.contains("<form"),
        "{page}"
    );
    assert_eq!(desk.link(&link, true).await.0, 200, "twice is once");
    desk.until("2026-11-20 15:30:00").await;
    assert_eq!(robot.heard(), [""; 0]);
    // He has forgotten her.
    desk.until("2026-11-20 15:38:10").await;
    assert_eq!(robot.heard().len(), 1);
    let figures = desk.metrics().await;
    assert!(
        figures.contains("jieban_alarms_acknowledged_total"),
        "{figures}"
    );
    assert!(
        figures.contains("jieban_customers_waiting{reason=\"nobody\"}"),
        "{figures}"
    );
    desk.end().await;
}

#[tokio::test]
async fn at_night_what_is_risky_waits_for_the_morning_and_harm_does_not() {
    let (desk, robot) = with_robot("2026-11-20 02:00:00", |config| {
        let quiet = ("22:00:00".parse().unwrap(), "08:00:00".parse().unwrap());
        config.notify.get_mut("desk").unwrap().quiet = Some(quiet);
        let mood = config.knowledge.join("rules/mood.csv");
        let words = fs::read_to_string(&mood).unwrap();
        fs::write(&mood, format!("{words}皮肤过敏,4,安全,\n")).unwrap();
    })
    .await;
    desk.customer("answered", "这个包邮吗").await;
    desk.customer("risky", "我要投诉你们").await;
    desk.pass(20).await;
    desk.until("2026-11-20 02:10:00").await;
    assert_eq!(robot.heard(), [""; 0], "it is quiet");
    desk.customer("harmed", "孩子用了皮肤过敏").await;
    desk.until("2026-11-20 02:10:05").await;
    assert_eq!(
        robot.heard(),
        ["02:10:05 @lin 【接班·安全】涉及人身安全：1 位顾客在等，最久 0 分钟"]
    );
    desk.link(&robot.last_link(), true).await;
    desk.pass(20).await;
    desk.until("2026-11-20 02:20:00").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.agent("harmed", "请马上停用并就医，我们来处理").await;
    desk.until("2026-11-20 07:59:50").await;
    desk.until("2026-11-20 07:59:55").await;
    robot.heard();
    desk.until("2026-11-20 08:00:00").await;
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].starts_with("08:00:00 @lin 【接班·紧急】1 位顾客在等"),
        "{heard:?}"
    );
    desk.leaves_loose_ends();
    desk.end().await;
}

#[tokio::test]
async fn a_robot_that_has_had_enough_is_told_later() {
    let (desk, robot) = with_robot("2026-11-20 15:00:00", |_| ()).await;
    robot.answer_next(&[(
        200,
        json!({"errcode": 45009, "errmsg": "api freq out of limit"}),
    )]);
    desk.customer("anna", "这个包邮吗").await;
    desk.until("2026-11-20 15:03:00").await;
    desk.customer("berta", "几时发货").await;
    desk.until("2026-11-20 15:04:04").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.until("2026-11-20 15:04:05").await;
    assert_eq!(robot.heard().len(), 1);
    desk.until("2026-11-20 15:09:00").await;
    assert_eq!(robot.heard().len(), 0);
    desk.until("2026-11-20 15:09:10").await;
    assert_eq!(
        robot.heard().len(),
        1,
        "five minutes after it was told, not after it was tried"
    );
    desk.end().await;
}

#[tokio::test]
async fn a_dead_robot_is_told_of_elsewhere() {
    let (desk, robot) = with_robot("2026-11-20 15:00:00", |config| {
        let url = config.sources["bridge"].reply_url.clone().unwrap();
        let boss = Notify {
            kind: NotifyKind::Webhook,
            secrets: vec![Secret::from(SECRET)],
            levels: vec![Urgency::Urgent, Urgency::Safety],
            ..robot_at(&url, &[])
        };
        config.notify.insert("boss".into(), boss);
    })
    .await;
    robot.answer_next(&vec![(502, json!({})); 20]);
    desk.customer("anna", "这个包邮吗").await;
    desk.until("2026-11-20 15:03:00").await;
    desk.pass(12).await;
    assert_eq!(desk.receiver.events("alarm.raised").len(), 0);
    desk.pass(45).await;
    let told = desk.receiver.events("alarm.raised");
    assert_eq!(told.len(), 1, "{told:#?}");
    let data = &told[0]["data"];
    assert_eq!(data["urgency"], "urgent");
    let kinds: Vec<_> = data["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["kind"])
        .collect();
    assert_eq!(kinds, ["deaf", "waiting"], "{data}");
    let text = data["text"].as_str().unwrap();
    assert!(text.contains("通知目标“desk”"), "{text}");
    assert!(!text.contains("anna"), "{text}");
    let link = data["alarms"][1]["acknowledge"].as_str().unwrap();
    assert_eq!(desk.link(link, true).await.0, 200);
    assert_eq!(robot.heard(), [""; 0]);
    desk.end().await;
}

#[tokio::test]
async fn a_dead_bridge_is_told_of_with_who_waits_for_it() {
    let (desk, robot) = with_robot("2026-11-20 02:00:00", |_| ()).await;
    desk.receiver.answer_next(&[500; 10]);
    desk.customer("anna", "这个包邮吗").await;
    desk.pass(60).await;
    // The pauses between tries are a little different every time.
    let heard = robot.heard();
    let told = " @lin 【接班·紧急】来源“bridge”的接收端自 02:00 起一直不通，回复送不出去";
    assert!(
        matches!(&heard[..], [one] if one.starts_with("02:00:") && one.ends_with(told)),
        "{heard:?}"
    );
    desk.until("2026-11-20 02:03:00").await;
    assert_eq!(
        robot.heard(),
        ["02:03:00 @lin 【接班·提醒】1 位顾客在等，最久 3 分钟"]
    );
    let waiting = desk.unanswered().await;
    assert_eq!(waiting, ["teahouse dead_receiver warning"]);
    desk.leaves_loose_ends();
    desk.end().await;
}

#[tokio::test]
async fn an_alarm_is_forgotten_a_quarter_of_a_year_after_it_is_over() {
    let (desk, robot) = with_robot("2026-11-20 15:00:00", |_| ()).await;
    desk.customer("anna", "这个包邮吗").await;
    desk.until("2026-11-20 15:03:00").await;
    assert_eq!(robot.heard().len(), 1);
    let link = robot.last_link();
    desk.agent("anna", "包邮的").await;
    desk.until("2026-11-20 15:04:00").await;
    desk.until("2026-11-20 15:05:30").await;
    for (moment, status) in [("2027-02-18 15:05:00", 200), ("2027-02-18 16:05:31", 404)] {
        desk.until(moment).await;
        assert_eq!(desk.link(&link, false).await.0, status, "{moment}");
    }
    desk.end().await;
}

#[tokio::test]
async fn two_nodes_tell_once() {
    let (desk, robot) = with_robot("2026-11-20 15:00:00", |_| ()).await;
    let other = desk.follower().await;
    desk.customer("anna", "这个包邮吗").await;
    desk.clock.advance(chrono::Duration::minutes(4));
    for _ in 0..5 {
        for worker in other.workers() {
            worker.step().await.unwrap();
        }
        desk.settle().await;
    }
    assert_eq!(robot.heard().len(), 1);
    desk.end().await;
}

#[tokio::test]
async fn a_restart_tells_nobody_again_and_the_link_still_opens() {
    let (desk, robot) = with_robot("2026-11-20 15:00:00", |_| ()).await;
    desk.customer("anna", "这个包邮吗").await;
    desk.until("2026-11-20 15:03:00").await;
    assert_eq!(robot.heard().len(), 1);
    let desk = desk.restart().await;
    desk.until("2026-11-20 15:07:00").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.until("2026-11-20 15:08:00").await;
    assert_eq!(robot.heard().len(), 1, "the next person");
    assert_eq!(desk.link(&robot.last_link(), true).await.0, 200);
    desk.until("2026-11-20 15:14:00").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.end().await;
}

#[tokio::test]
async fn a_source_that_falls_silent_is_reported_and_forgiven() {
    let (desk, robot) = with_robot("2026-11-16 15:00:00", |_| ()).await;
    for day in 16..=19 {
        for minute in 0..6 {
            let anna = format!("anna-{day}");
            desk.until(&format!("2026-11-{day} 15:{:02}:00", minute * 2))
                .await;
            desk.customer(&anna, "这个包邮吗").await;
            desk.agent(&anna, "包邮的").await;
        }
    }
    desk.until("2026-11-20 03:00:00").await;
    assert_eq!(robot.heard(), [""; 0], "nobody writes at night");
    desk.until("2026-11-20 15:12:00").await;
    assert_eq!(
        robot.heard(),
        ["15:12:00 @lin 【接班·提醒】一盏茶具（bridge t***）自 15:10 起没有顾客消息，往常这时有"]
    );
    desk.customer("berta", "谢谢").await;
    desk.agent("berta", "不客气").await;
    desk.until("2026-11-20 15:13:00").await;
    desk.until("2026-11-20 15:14:00").await;
    let heard = robot.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains("已解除"), "{heard:?}");
    desk.end().await;
}

#[tokio::test]
async fn everybody_who_waits_too_long_is_listed_with_the_reason() {
    let desk = TestDesk::with("tea-busy", "2026-11-20 17:50:00", |config| {
        let other = Person {
            name: "小美".into(),
            roles: vec![Role::Agent],
            shops: Some(vec!["teahouse".into()]),
            tokens: vec![Secret::from(token("小美"))],
        };
        config.people.insert("mei".into(), other);
        // Nobody steps in.
        let shops = config.knowledge.join("shops.yaml");
        let text = fs::read_to_string(&shops).unwrap();
        fs::write(&shops, text.replace("救场: 开", "救场: 关")).unwrap();
    })
    .await;
    for name in ["anna", "berta", "carl", "dora"] {
        desk.customer(name, "在吗").await;
        desk.agent_as("小李", name, "在的亲").await;
    }
    desk.say("小李", "berta", OwnerAct::Pin).await;
    desk.say("小李", "carl", OwnerAct::HandBack).await;
    desk.until("2026-11-20 18:01:00").await;
    for name in ["anna", "berta", "carl"] {
        desk.customer(name, "这个包邮吗").await;
    }
    desk.customer("dora", "我要投诉你们").await;
    desk.until("2026-11-20 18:03:59").await;
    assert_eq!(desk.unanswered().await, [""; 0]);
    desk.until("2026-11-20 18:04:00").await;
    let (_, waiting) = desk.ask("小李", "GET", "/v1/waiting", json!({})).await;
    let lines: Vec<String> = waiting
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap();
            let (who, why) = (text("conversation_id"), text("reason"));
            let (level, since, waited) = (text("level"), text("since"), &one["waited"]);
            format!("{who} {level} {why} {since} {waited}")
        })
        .collect();
    assert_eq!(
        lines,
        [
            "dora urgent risky 2026-11-20T10:01:00Z 180",
            "anna warning owner_away 2026-11-20T10:01:00Z 180",
            "berta warning owner_silent 2026-11-20T10:01:00Z 180",
            "carl warning nobody 2026-11-20T10:01:00Z 180",
        ]
    );
    // Who waits for the next shift as it is meant is listed too, and presses nobody.
    desk.until("2026-11-21 00:01:00").await;
    assert_eq!(
        desk.unanswered().await,
        [
            "teahouse-busy risky urgent",
            "teahouse-busy owner_away -",
            "teahouse-busy owner_silent -",
            "teahouse-busy bot_cannot -",
        ]
    );
    // Of other shops' customers nobody is told.
    let (status, others) = desk.ask("小美", "GET", "/v1/waiting", json!({})).await;
    assert_eq!((status, others), (200, json!([])));
    desk.leaves_loose_ends();
    desk.end().await;
}

#[tokio::test]
async fn who_is_at_lunch_is_told_once_before_it_ends() {
    let (robot, url) = Robot::start().await;
    let desk = TestDesk::with("tea-busy", "2026-11-20 12:00:00", |config| {
        let people = ["lin", "小王"];
        config.notify.insert("desk".into(), robot_at(&url, &people));
    })
    .await;
    robot.by(&desk.clock);
    let lunch = async |who: &str, method, minutes: i64| {
        let asked = json!({ "minutes": minutes });
        let (status, body) = desk.ask(who, method, "/v1/lunch", asked).await;
        assert!(status < 300, "{body}");
    };
    lunch("小李", "POST", 20).await;
    desk.until("2026-11-20 12:01:00").await;
    // Two lunches that end at about the same time are two messages, each to whom it is for.
    lunch("小王", "POST", 20).await;
    desk.until("2026-11-20 12:16:59").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.pass(70).await;
    assert_eq!(
        robot.heard(),
        [
            "12:17:04 @ 【接班·提示】小李的午休 12:20 结束，还有 3 分钟；要多歇一会儿请现在延长",
            "12:18:04 @小王 【接班·提示】小王的午休 12:21 结束，还有 3 分钟；要多歇一会儿请现在延长",
        ]
    );
    // Nobody acknowledges it, nobody else is asked, and its end is no news; also after a restart.
    let desk = desk.restart().await;
    for minute in 19..40 {
        desk.until(&format!("2026-11-20 12:{minute}:00")).await;
    }
    assert_eq!(robot.heard(), [""; 0]);
    desk.end().await;
}

#[tokio::test]
async fn a_lunch_that_is_prolonged_is_told_of_again_and_one_that_has_ended_is_not() {
    let (robot, url) = Robot::start().await;
    let desk = TestDesk::with("tea-busy", "2026-11-20 12:00:00", |config| {
        config.notify.insert("desk".into(), robot_at(&url, &[]));
    })
    .await;
    robot.by(&desk.clock);
    desk.ask("小李", "POST", "/v1/lunch", json!({})).await;
    desk.until("2026-11-20 12:17:00").await;
    assert_eq!(robot.heard().len(), 1);
    desk.ask("小李", "PATCH", "/v1/lunch", json!({"minutes": 13}))
        .await;
    desk.until("2026-11-20 12:20:00").await;
    desk.until("2026-11-20 12:26:00").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.until("2026-11-20 12:27:00").await;
    assert_eq!(
        robot.heard(),
        ["12:27:00 @ 【接班·提示】小李的午休 12:30 结束，还有 3 分钟；要多歇一会儿请现在延长"]
    );
    desk.ask("小李", "DELETE", "/v1/lunch", json!({})).await;
    desk.until("2026-11-20 13:00:00").await;
    // Back before the warning: there is none.
    desk.ask("小李", "POST", "/v1/lunch", json!({})).await;
    desk.until("2026-11-20 13:15:00").await;
    desk.ask("小李", "DELETE", "/v1/lunch", json!({})).await;
    desk.until("2026-11-20 13:30:00").await;
    assert_eq!(robot.heard(), [""; 0]);
    desk.end().await;
}
