//! A day that is handed over: what customers and agents say, made by a rule so that it is always the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use jieban::{
    config::{Config, Notify, NotifyKind, Secret},
    knowledge::Urgency,
    store::handover,
};
use serde_json::{Value, json};

use super::{desk::TestDesk, robot::Robot};

const WEEK: &str = "店铺,星期,开始,结束,类型,班次,人员\n\
    teahouse,每天,09:00,18:00,在岗,早班,小李、小王\n\
    teahouse,每天,12:00,13:00,午休,午休,\n\
    teahouse,每天,18:00,24:00,在岗,晚班,小赵\n";
const COUNTERS: &str = "编号,名称,事件,比较,次数,提醒,说明\n\
    missed_handover,交接不当,离岗未交接,大于,5,4,\n\
    missed_note,漏备注,漏备注,至少,1,,写了备注要盯到审单看到\n\
    refused,接待推卸,拒绝接收,至少,2,1,\n\
    broken,承诺未兑现,承诺未兑现,至少,1,,\n\
    forced,强制交接,强制交接,至少,99,,\n\
    overdue,工单超时,工单超时,大于,1,,\n";
const ADDRESS: &str =
    "名称: 改地址\n前缀: DZ\n需要: [订单号]\n对接: 审单\n审核: 主管\n首响: 15分钟\n完成: 4小时\n";
const MISSED: &str =
    "名称: 漏备注\n前缀: LB\n需要: [订单号]\n对接: 售后\n审核: 主管\n首响: 1小时\n完成: 24小时\n";

/// The tea shop with two shifts of three agents, and a robot that hears what nobody accepts.
pub async fn house(moment: &str) -> (TestDesk, Robot) {
    let (robot, url) = Robot::start().await;
    let desk = TestDesk::with("tea", moment, |config: &mut Config| {
        let room = |name: &str| config.knowledge.join(name);
        fs::write(room("hours/weekly.csv"), WEEK).unwrap();
        fs::write(room("rules/counters.csv"), COUNTERS).unwrap();
        fs::write(room("cases/改地址.yaml"), ADDRESS).unwrap();
        fs::write(room("cases/漏备注.yaml"), MISSED).unwrap();
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
        // This is about sheets; who waits too long is another story.
        config.alarms.wait_minutes = 100_000;
    })
    .await;
    robot.by(&desk.clock);
    desk.settle().await;
    (desk, robot)
}

/// What customers ask, in turn. None of it opens a case.
const QUESTIONS: [&str; 5] = [
    "这个包邮吗",
    "今天拍几时发货",
    "杯子是几个一套的",
    "茶盘有大一点的吗",
    "能开发票不",
];
/// What agents answer, in turn.
const ANSWERS: [&str; 4] = [
    "您好，满39元包邮的",
    "仓库下午四点截单",
    "一套六个，装在礼盒里",
    "有的，大号在第二个选项",
];

/// The hours of talk between two moments: every customer asks twice and is answered twice; every fifth is left
/// without his second answer. Returns who waits in the end.
pub async fn talk(
    desk: &TestDesk,
    name: &str,
    hours: std::ops::Range<u32>,
    agents: &[&str],
) -> Vec<String> {
    let mut waits = Vec::new();
    for (n, hour) in hours.enumerate() {
        for turn in 0..8 {
            let of = n * 8 + turn;
            let who = format!("{name}-{of}");
            let agent = agents[of % agents.len()];
            let at = |minute: usize| format!("2026-11-20 {hour:02}:{minute:02}:00");
            let minute = turn * 7;
            desk.until(&at(minute)).await;
            desk.customer(&who, QUESTIONS[of % 5]).await;
            desk.until(&at(minute + 1)).await;
            desk.agent_as(agent, &who, ANSWERS[of % 4]).await;
            desk.until(&at(minute + 3)).await;
            desk.customer(&who, QUESTIONS[(of + 2) % 5]).await;
            if of % 5 == 4 {
                waits.push(who);
                continue;
            }
            desk.until(&at(minute + 4)).await;
            desk.agent_as(agent, &who, ANSWERS[(of + 1) % 4]).await;
        }
    }
    waits
}

/// The number of a conversation.
pub async fn number(desk: &TestDesk, who: &str) -> i64 {
    let path = format!("/v1/conversations?source=bridge&account_id=tea&conversation_id={who}");
    let (status, found) = desk.ask("小李", "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{who}: {found}");
    found["id"].as_str().unwrap().parse().unwrap()
}

/// The keys of conversations.
pub async fn keys(desk: &TestDesk, names: &[String]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for name in names {
        keys.insert(format!("conversation:{}", number(desk, name).await));
    }
    keys
}

/// A column of what the store answers.
pub async fn column(desk: &TestDesk, sql: &'static str) -> BTreeSet<String> {
    let rows = desk.front.store.read(move |tx| {
        let rows = tx.rows(sql, &[])?;
        rows.iter().map(|row| row.string("key")).collect()
    });
    rows.await.unwrap()
}

/// Somebody does something with a case.
pub async fn on_case(desk: &TestDesk, who: &str, number: &str, act: &str, body: Value) -> Value {
    let path = format!("/v1/cases/{number}/{act}");
    let (status, case) = desk.ask(who, "POST", &path, body).await;
    assert_eq!(status, 200, "{act}: {case}");
    case
}

/// A draft is opened, done and closed, as people do it.
pub async fn close_case(desk: &TestDesk, who: &str, number: &str) {
    for (act, body) in [
        ("confirm", json!({})),
        ("claim", json!({})),
        ("done", json!({"result": "核对过，已补发"})),
        ("close", json!({})),
    ] {
        on_case(desk, who, number, act, body).await;
    }
}

/// Somebody writes down what he promised on the telephone. The promise's number.
pub async fn promise(desk: &TestDesk, who: &str, text: &str, kind: &str, due: &str) -> i64 {
    let due = super::desk::local(due);
    let body = json!({"shop": "teahouse", "text": text, "kind": kind, "due": due});
    let (status, written) = desk.ask(who, "POST", "/v1/promises", body).await;
    assert_eq!(status, 201, "{written}");
    written["id"].as_str().unwrap().parse().unwrap()
}

/// Somebody says what became of a promise.
pub async fn settle(desk: &TestDesk, who: &str, promise: i64, act: &str, body: Value) {
    let path = format!("/v1/promises/{promise}/{act}");
    let (status, answer) = desk.ask(who, "POST", &path, body).await;
    assert_eq!(status, 200, "{answer}");
}

/// The newest sheet.
pub async fn newest(desk: &TestDesk) -> Value {
    let (status, sheets) = desk
        .ask(
            "小赵",
            "GET",
            "/v1/handovers?shop=teahouse&limit=1",
            Value::Null,
        )
        .await;
    assert_eq!(status, 200, "{sheets}");
    let id = sheets[0]["id"].as_str().unwrap();
    let (status, sheet) = desk
        .ask("小赵", "GET", &format!("/v1/handovers/{id}"), Value::Null)
        .await;
    assert_eq!(status, 200, "{sheet}");
    sheet
}

/// The keys of a sheet's items by section; none stands there twice.
pub fn sections(sheet: &Value) -> BTreeMap<String, Vec<String>> {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for item in sheet["items"].as_array().unwrap() {
        let key = item["key"].as_str().unwrap().to_owned();
        assert!(seen.insert(key.clone()), "{key} stands there twice");
        let section = item["section"].as_str().unwrap().to_owned();
        sections.entry(section).or_default().push(key);
    }
    sections
}

/// Every sheet that was ever written is what the log gives again.
pub async fn all_are_as_the_log_tells(desk: &TestDesk) -> usize {
    let checked = desk.front.store.read(|tx| {
        let wanted = handover::Wanted::default();
        let mut checked = 0;
        for kept in handover::list(tx, &wanted, 1_000)? {
            let written = handover::book(tx, kept.id)?.unwrap();
            let again = handover::regenerate(tx, kept.id)?.unwrap();
            assert_eq!(written, again, "sheet {}", kept.id);
            let items = kept.span.items(&again).0;
            let shown = handover::sheet(tx, kept.id)?.unwrap().1.items;
            let lines =
                |of: Vec<(_, _)>| -> Vec<_> { of.into_iter().map(|(item, _)| item).collect() };
            assert_eq!(lines(items), lines(shown), "sheet {}", kept.id);
            checked += 1;
        }
        Ok(checked)
    });
    checked.await.unwrap()
}
