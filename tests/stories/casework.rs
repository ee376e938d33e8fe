//! From the customer's words to a closed case, through the doors.

use insta::assert_snapshot;
use jieban::config::{Person, Role, Secret};
use serde_json::{Value, json};

use super::desk::{TestDesk, token};

/// A tea shop that also pays differences.
async fn shop(moment: &str) -> TestDesk {
    TestDesk::with("tea", moment, |config| {
        for (name, role) in [("钱姐", Role::Finance), ("老周", Role::Warehouse), ("小运", Role::Operations), ("小编", Role::Editor)] {
            let person = Person {
                name: name.to_owned(),
                roles: vec![role],
                shops: None,
                tokens: vec![Secret::from(token(name))],
            };
            config.people.insert(name.to_owned(), person);
        }
        let put = |path: &str, text: &str| {
            std::fs::write(config.knowledge.join(path), text).unwrap();
        };
        put(
            "cases/补差.yaml",
            "名称: 补差\n前缀: BC\n需要: [订单号, 金额]\n结案: [付款方式]\n字段: [付款方式]\n对接: 售后\n审核: 主管\n审批: 钱款\n限额: {主管: 200}\n首响: 4小时\n完成: 2个工作日\n",
        );
        put(
            "cases/漏发.yaml",
            "名称: 漏发\n前缀: LF\n需要: [订单号]\n结案: [处理结果]\n字段: [物品, 数量, 处理结果]\n证据: [收到的全部商品照片]\n步骤: [核对出库重量, 安排补发]\n对接: 仓库\n审核: 主管\n首响: 30分钟\n完成: 24小时\n",
        );
        put(
            "intents/ref.price_diff.yaml",
            "编号: ref.price_diff\n名称: 补差\n夜间: 登记\n工单: 补差\n关键词: [差价, 退差, 补差]\n问法: [差价退我一下, 差价退给我, 把差价退我, 退一下差价]\n",
        );
        put(
            "scripts/price-diff.md",
            "---\n编号: price-diff\n标题: 补差登记\n意图: ref.price_diff\n自动: 登记\n---\n亲，差价的事我登记好了，同事核对后在这里回复您。\n",
        );
    })
    .await
}

async fn case(desk: &TestDesk, number: &str, who: &str) -> Value {
    let (status, body) = desk
        .ask(who, "GET", &format!("/v1/cases/{number}"), json!({}))
        .await;
    assert_eq!(status, 200, "{body}");
    body
}

/// What a refusal says.
fn refusal(answer: &(u16, Value)) -> String {
    format!(
        "{} {} {}",
        answer.0,
        answer.1["type"].as_str().unwrap_or_default(),
        answer.1["detail_zh"].as_str().unwrap_or_default()
    )
}

#[tokio::test]
async fn two_demands_become_two_drafts_and_are_worked_off() {
    let desk = shop("2026-11-20 15:00:00").await;
    desk.customer("ann", "漏发一个杯子，另外差价30退我").await;
    let (_, page) = desk
        .ask("小李", "GET", "/v1/cases?open=true", json!({}))
        .await;
    let cards: Vec<String> = page["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            format!(
                "{} {} {}",
                c["number"].as_str().unwrap(),
                c["state"].as_str().unwrap(),
                c["fields"]
            )
        })
        .collect();
    assert_snapshot!(cards.join("\n"), @r#"
    LF-2611-0001 draft {"原话":"漏发一个杯子","数量":"一个","物品":"杯子"}
    BC-2611-0001 draft {"原话":"另外差价30退我","金额":"30"}
    "#);
    // One key opens it; what is missing comes with it.
    let post = |number: &str, act: &str| format!("/v1/cases/{number}/{act}");
    let lf = "LF-2611-0001";
    let refused = desk
        .ask("小李", "POST", &post(lf, "confirm"), json!({}))
        .await;
    assert_snapshot!(refusal(&refused), @"409 urn:jieban:problem:case-fields-missing 还没有填：订单号");
    let order = json!({"fields": {"订单号": "2871234567890123456"}});
    let (status, opened) = desk
        .ask("小李", "POST", &post(lf, "confirm"), order.clone())
        .await;
    assert_eq!(
        (status, &opened["state"]),
        (200, &json!("open")),
        "{opened}"
    );
    for (act, body) in [
        ("claim", json!({})),
        (
            "wait",
            json!({"for": "warehouse", "until": "2026-11-20T09:00:00Z", "note": "查称重"}),
        ),
        ("done", json!({"result": "核实漏发，已安排补发"})),
    ] {
        let (status, body) = desk.ask("小李", "POST", &post(lf, act), body).await;
        assert_eq!(status, 200, "{act}: {body}");
    }
    let refused = desk
        .ask("小李", "POST", &post(lf, "close"), json!({}))
        .await;
    assert_snapshot!(refusal(&refused), @"409 urn:jieban:problem:case-fields-missing 还没有填：处理结果");
    assert_eq!(refused.1["missing"], json!(["处理结果"]));
    let close = json!({"fields": {"处理结果": "补发单号已告知"}});
    let (status, closed) = desk.ask("小李", "POST", &post(lf, "close"), close).await;
    assert_eq!((status, &closed["state"]), (200, &json!("closed")));
    // Money needs a second pair of eyes, and a third hand.
    let bc = "BC-2611-0001";
    desk.ask("小李", "POST", &post(bc, "confirm"), order).await;
    let (_, sent) = desk
        .ask("小李", "POST", &post(bc, "submit"), json!({}))
        .await;
    let approve = |name: &str| json!({"version": sent["version"], "comment": "核对过页面", "signature": name});
    let own = desk
        .ask("小李", "POST", &post(bc, "approve"), approve("小李"))
        .await;
    assert_snapshot!(refusal(&own), @"409 urn:jieban:problem:case-own 提出、送审或改过金额的人不能审核同一张工单");
    let (status, body) = desk
        .ask("王主管", "POST", &post(bc, "approve"), approve("王主管"))
        .await;
    assert_eq!(status, 200, "{body}");
    let own = desk
        .ask("小李", "POST", &post(bc, "claim"), json!({}))
        .await;
    assert_eq!(own.0, 200);
    let own = desk
        .ask("小李", "POST", &post(bc, "done"), json!({"result": "付了"}))
        .await;
    assert_snapshot!(refusal(&own), @"409 urn:jieban:problem:case-own-payment 提出的人不能自己付款");
    let file = case(&desk, bc, "王主管").await;
    assert_eq!(file["words"][0]["text"], "漏发一个杯子，另外差价30退我");
    let acts: Vec<&str> = file["events"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|event| event["after"]["act"].as_str().unwrap())
        .collect();
    assert_eq!(acts, ["open", "confirm", "submit", "approve", "claim"]);
    desk.end().await;
}

#[tokio::test]
async fn the_same_two_demands_five_times_at_once_are_two_cases() {
    let desk = shop("2026-11-20 15:00:00").await;
    let delivery = json!({
        "account_id": "tea",
        "conversation_id": "ann",
        "messages": [{"id": "m-1", "role": "customer", "type": "text", "text": "漏发一个杯子，另外差价30退我"}],
    });
    let posts = (0..5).map(|_| desk.post_as("bridge", "msg_same", &delivery));
    futures_util::future::join_all(posts).await;
    desk.settle().await;
    let (_, page) = desk.ask("小李", "GET", "/v1/cases", json!({})).await;
    let kinds: Vec<&str> = page["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 2, "{page}");
    let file = case(&desk, "BC-2611-0001", "小李").await;
    assert_eq!(file["events"].as_array().unwrap().len(), 1, "{file}");
    desk.end().await;
}

#[tokio::test]
async fn an_overdue_case_is_told_once() {
    let desk = shop("2026-11-20 15:00:00").await;
    let asked = json!({"shop": "teahouse", "kind": "漏发", "fields": {"订单号": "88", "物品": "杯子"}, "note": "电话13800138000"});
    let (status, opened) = desk.ask("小李", "POST", "/v1/cases", asked).await;
    assert_eq!(status, 201, "{opened}");
    assert!(
        !opened["note"].as_str().unwrap().contains("13800138000"),
        "{opened}"
    );
    desk.until("2026-11-29 15:00:00").await;
    desk.pass(6).await;
    desk.pass(6).await;
    let file = case(&desk, "LF-2611-0001", "小李").await;
    assert_eq!(file["overdue"], true);
    let overdue = file["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["reason"] == "overdue");
    assert_eq!(overdue.count(), 1);
    desk.end().await;
}

#[tokio::test]
async fn everybody_sees_what_his_work_needs() {
    let desk = shop("2026-11-20 15:00:00").await;
    desk.customer(
        "ann",
        "漏发一个杯子，订单号2871234567890123456，电话13800138000",
    )
    .await;
    let mut seen = String::new();
    for who in ["小李", "老周", "钱姐", "小运"] {
        let (status, file) = desk
            .ask(who, "GET", "/v1/cases/LF-2611-0001", json!({}))
            .await;
        assert_eq!(status, 200, "{file}");
        seen += &format!(
            "{who} {} {}\n{}\n",
            file["order"].as_str().unwrap(),
            file["fields"],
            file["words"]
        );
    }
    assert_snapshot!(seen, @r#"
    小李 2871234567890123456 {"原话":"漏发一个杯子，订单号***************3456，电话138******00","数量":"一个","物品":"杯子","订单号":"2871234567890123456"}
    [{"at":"2026-11-20T07:00:00Z","conversation":"1","message":"1","text":"漏发一个杯子，订单号2871234567890123456，电话13800138000"}]
    老周 2871234567890123456 {"原话":"漏发一个杯子，订单号***************3456，电话138******00","数量":"一个","物品":"杯子","订单号":"2871234567890123456"}
    null
    钱姐 2871234567890123456 {"原话":"漏发一个杯子，订单号***************3456，电话138******00","数量":"一个","物品":"杯子","订单号":"2871234567890123456"}
    null
    小运 ***************3456 {"原话":"漏发一个杯子，订单号***************3456，电话138******00","数量":"一个","物品":"杯子","订单号":"***************3456"}
    null
    "#);
    // Who writes scripts works on no cases; who packs opens none of the reviewer's doors.
    let (status, _) = desk.ask("小编", "GET", "/v1/cases", json!({})).await;
    assert_eq!(status, 403);
    for (path, found) in [
        ("phone_tail=8000", 1),
        ("phone_tail=0000", 0),
        ("order=2871234567890123456", 1),
        ("number=lf-2611-0001", 1),
        ("kind=%E6%BC%8F%E5%8F%91&state=draft", 1),
        ("mine=true", 0),
    ] {
        let (status, page) = desk
            .ask("小李", "GET", &format!("/v1/cases?{path}"), json!({}))
            .await;
        assert_eq!(
            (status, page["cases"].as_array().unwrap().len()),
            (200, found),
            "{path}"
        );
    }
    let (status, _) = desk
        .ask("小李", "GET", "/v1/cases?mine=true&order=1", json!({}))
        .await;
    assert_eq!(status, 400);
    let (status, log) = desk.ask("王主管", "GET", "/v1/events", json!({})).await;
    assert_eq!(status, 200);
    assert!(!log.to_string().contains("13800138000"), "{log}");
    desk.end().await;
}

#[tokio::test]
async fn the_kinds_say_what_they_ask_for() {
    let desk = shop("2026-11-20 15:00:00").await;
    let (status, kinds) = desk.ask("小李", "GET", "/v1/case-kinds", json!({})).await;
    assert_eq!(status, 200, "{kinds}");
    let names: Vec<&str> = kinds
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["name"].as_str().unwrap())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);
    let kind = |name: &str| {
        let of = kinds.as_array().unwrap();
        of.iter().find(|kind| kind["name"] == name).unwrap().clone()
    };
    assert_eq!(
        kind("补差"),
        json!({
            "name": "补差", "prefix": "BC", "approval": "money", "level": "normal",
            "fields": [
                {"name": "订单号", "needed_to": "open"},
                {"name": "金额", "needed_to": "open"},
                {"name": "付款方式", "needed_to": "close"},
            ],
            "steps": [], "evidence": [], "handler": "售后", "reviewer": "主管",
            "free": {}, "limits": {"supervisor": "200"}, "seen_by": [],
            "first": "4小时", "finish": "2个工作日", "platform_minutes": null, "any_hour": false,
            "needs_note_in": [],
        })
    );
    assert_eq!(kind("漏发")["steps"], json!(["核对出库重量", "安排补发"]));
    assert_eq!(kind("漏发")["evidence"], json!(["收到的全部商品照片"]));
    let refused = desk.ask("小编", "GET", "/v1/case-kinds", json!({})).await;
    assert_eq!(refused.0, 403);
    desk.end().await;
}
