//! One shift hands over to the next: the sheet that writes itself, who takes it, and who does not.

use std::{collections::BTreeSet, fs};

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{
    desk::TestDesk,
    handover_day::{
        all_are_as_the_log_tells, close_case, column, house, keys, newest, number, on_case,
        promise, sections, settle, talk,
    },
};

const WAITING: &str = "SELECT 'conversation:' || CAST(id AS TEXT) AS key FROM conversation WHERE waiting_since IS NOT NULL AND shop = 'teahouse'";
const OPEN_CASES: &str =
    "SELECT 'case:' || number AS key FROM cases WHERE state <> 'closed' AND shop = 'teahouse'";

const OPEN_PROMISES: &str = "SELECT 'promise:' || CAST(id AS TEXT) AS key FROM promise WHERE state = 'open' AND shop = 'teahouse'";

/// What the robot was told of sheets.
fn of_sheets(heard: Vec<String>) -> Vec<String> {
    let about = |line: &String| line.contains("交的班") || line.contains("交接没有接收");
    heard.into_iter().filter(about).collect()
}

fn set(keys: &[String]) -> BTreeSet<String> {
    keys.iter().cloned().collect()
}

async fn act(desk: &TestDesk, who: &str, sheet: &Value, act: &str, body: Value) -> (u16, Value) {
    let id = sheet["handover"]["id"].as_str().unwrap();
    desk.ask(who, "POST", &format!("/v1/handovers/{id}/{act}"), body)
        .await
}

fn states(sheet: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut told: Vec<String> = sheet["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["section"] != "said" && item["section"] != "script")
        .map(|item| {
            let section = text(&item["section"]);
            format!(
                "{section} {} {} {}",
                text(&item["state"]),
                text(&item["by"]),
                text(&item["reason"])
            )
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

#[tokio::test]
async fn a_day_is_handed_over() {
    let (desk, robot) = house("2026-11-20 07:55:00").await;
    // The night is a shift too: what the bot said in it is read in the morning.
    desk.customer("early", "这个包邮吗").await;
    desk.customer("loss", "少发了一个杯子，订单号 2871234567890123456")
        .await;
    desk.customer("angry", "再不发货我就投诉").await;
    desk.pass(10).await;
    desk.until("2026-11-20 09:00:10").await;
    let morning = newest(&desk).await;
    let head = &morning["handover"];
    assert_eq!(
        (&head["shift"], &head["next"], &head["takers"]),
        (&json!("夜间值守"), &json!("早班"), &json!(["小李", "小王"]))
    );
    let told = sections(&morning);
    assert_eq!(told["said"].len(), 3);
    assert_eq!(
        morning["items"].as_array().unwrap().len(),
        3 + told["case"].len() + told["promise"].len() + 1
    );
    let riskiest = morning["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["section"] == "said");
    assert!(
        riskiest.unwrap()["detail"]
            .as_str()
            .unwrap()
            .contains("情绪 3"),
        "{morning}"
    );
    assert_eq!(
        told["nobody"],
        [format!("conversation:{}", number(&desk, "angry").await)]
    );
    let (status, taken) = act(&desk, "小李", &morning, "accept-all", json!({})).await;
    assert_eq!(
        (status, &taken["handover"]["waiting"]),
        (200, &json!(0)),
        "{taken}"
    );
    // Who takes a customer over has the conversation.
    let angry = format!("/v1/conversations/{}", number(&desk, "angry").await);
    let (_, found) = desk.ask("小李", "GET", &angry, Value::Null).await;
    assert_eq!(found["ownership"]["agent"], "小李");

    // The day.
    desk.agent_as("小李", "loss", "早上好，已经让仓库去查了")
        .await;
    desk.agent_as("小李", "angry", "实在抱歉，今天一定给您发出")
        .await;
    let mut waits = talk(&desk, "a", 10..12, &["小李", "小王"]).await;
    let missed = json!({"shop": "teahouse", "order": "2871234567890123001", "channel": "seller", "flag": "red",
        "text": "收货改到文三路478号3幢，电话13800138034", "kind": "改地址"});
    let (status, note) = desk.ask("小李", "POST", "/v1/order-notes", missed).await;
    assert_eq!(
        (status, &note["cutoff"]),
        (201, &json!("2026-11-20T08:00:00Z")),
        "{note}"
    );
    // Lunch: the bot answers, and nothing is handed over.
    for who in ["noon-0", "noon-1", "noon-2"] {
        desk.until("2026-11-20 12:20:00").await;
        desk.customer(who, "这个包邮吗").await;
        desk.pass(6).await;
    }
    waits.extend(talk(&desk, "b", 13..16, &["小王", "小李"]).await);
    for n in 0..4 {
        let text = format!("收到少了一个茶杯，订单号 287123456789012{:04}", 3500 + n);
        desk.customer(&format!("short-{n}"), &text).await;
        desk.agent_as(
            "小王",
            &format!("short-{n}"),
            "给您登记了，仓库核对后马上答复",
        )
        .await;
    }
    let cases: Vec<String> = column(&desk, OPEN_CASES).await.into_iter().collect();
    assert!(cases.len() >= 5, "{cases:?}");
    let drafts: Vec<&str> = cases
        .iter()
        .filter_map(|key| key.strip_prefix("case:"))
        .filter(|number| number.starts_with("LF"))
        .collect();
    let case = |n: usize| drafts[drafts.len() - n];
    let (closed, dropped, mine) = (case(1), case(2), case(3));
    close_case(&desk, "小李", closed).await;
    on_case(
        &desk,
        "小王",
        dropped,
        "drop",
        json!({"reason": "顾客找到了"}),
    )
    .await;
    on_case(&desk, "小王", mine, "confirm", json!({})).await;
    on_case(&desk, "小王", mine, "claim", json!({})).await;
    // What is said in a conversation is found by itself; what was said on the telephone is written down.
    desk.agent_as(
        "小王",
        "short-0",
        "杯子明天18点前给您补发，电话13800138034对吧",
    )
    .await;
    let cash = promise(
        &desk,
        "小李",
        "电话里答应今天返现5元",
        "返现",
        "2026-11-20 18:00:00",
    )
    .await;
    let kept = promise(&desk, "小李", "下午回电话", "回复", "2026-11-20 17:00:00").await;
    let broken = promise(&desk, "小李", "四点前发单号", "回复", "2026-11-20 16:00:00").await;
    let moved = promise(&desk, "小王", "今天给结果", "回复", "2026-11-20 17:30:00").await;
    settle(&desk, "小李", kept, "keep", json!({})).await;
    settle(
        &desk,
        "小李",
        broken,
        "break",
        json!({"reason": "仓库没有回"}),
    )
    .await;
    let later = super::desk::local("2026-11-21 10:00:00");
    settle(
        &desk,
        "小王",
        moved,
        "move",
        json!({"due": later, "reason": "仓库明天才查"}),
    )
    .await;
    let script = desk.knowledge_folder().join("scripts/freight.md");
    let text = fs::read_to_string(&script).unwrap();
    fs::write(&script, text.replace("亲，", "您好，")).unwrap();
    desk.shelf.reload().await.unwrap();
    waits.extend(talk(&desk, "c", 16..18, &["小李", "小王"]).await);
    desk.customer("stranger", "有人吗").await;
    waits.push("stranger".to_owned());
    let late = json!({"shop": "teahouse", "order": "2871234567890123002", "channel": "internal", "text": "客户要求周末送货"});
    desk.ask("小王", "POST", "/v1/order-notes", late).await;
    // Before he goes, the leaver says what no sheet can know; it is read as it will be written.
    let words = json!({"shop": "teahouse", "text": "stranger 像是上周投诉过的那位，请先回他"});
    let (status, said) = desk.ask("小李", "POST", "/v1/handovers/words", words).await;
    assert_eq!(
        (status, said[0]["who"].as_str()),
        (200, Some("小李")),
        "{said}"
    );
    let (status, preview) = desk
        .ask(
            "小李",
            "GET",
            "/v1/handovers/now?shop=teahouse",
            Value::Null,
        )
        .await;
    assert_eq!((status, &preview["handover"]["id"]), (200, &Value::Null));
    let tally = desk.tally("bridge").await;
    assert!(tally["messages"].as_i64().unwrap() >= 200, "{tally}");

    // Six o'clock. Ten seconds later everything that came before it has been kept, and the sheet is written.
    desk.until("2026-11-20 18:00:09").await;
    assert_eq!(newest(&desk).await["handover"]["shift"], "夜间值守");
    desk.until("2026-11-20 18:00:15").await;
    let sheet = newest(&desk).await;
    let head = &sheet["handover"];
    assert_eq!(
        (
            &head["shift"],
            &head["leavers"],
            &head["next"],
            &head["takers"],
            &head["until"]
        ),
        (
            &json!("早班"),
            &json!(["小李", "小王"]),
            &json!("晚班"),
            &json!(["小赵"]),
            &json!("2026-11-20T10:00:00Z")
        )
    );
    let told = sections(&sheet);
    // Every open case once, none closed.
    assert_eq!(set(&told["case"]), column(&desk, OPEN_CASES).await);
    for ended in [closed, dropped] {
        assert!(!told["case"].contains(&format!("case:{ended}")));
    }
    let of = |key: String| {
        let mut items = sheet["items"].as_array().unwrap().iter();
        items.find(|item| item["key"] == key).unwrap()
    };
    let hers = of(format!("case:{mine}"));
    assert_eq!(hers["who"], "小王");
    assert!(
        hers["detail"].as_str().unwrap().starts_with("办理中，订单"),
        "{hers}"
    );
    let due: Vec<&str> = sheet["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["section"] == "case")
        .map(|item| item["at"].as_str().unwrap())
        .collect();
    assert!(due.is_sorted(), "{due:?}");
    // Every unanswered customer, and whose he is.
    let waiting: BTreeSet<String> = told["unanswered"]
        .iter()
        .chain(&told["nobody"])
        .cloned()
        .collect();
    assert_eq!(waiting, keys(&desk, &waits).await);
    assert_eq!(waiting, column(&desk, WAITING).await);
    assert_eq!(
        told["nobody"],
        [format!("conversation:{}", number(&desk, "stranger").await)]
    );
    // Every promise that is due, none that was kept.
    assert_eq!(set(&told["promise"]), column(&desk, OPEN_PROMISES).await);
    let promises: Vec<String> = told["promise"]
        .iter()
        .map(|key| {
            let item = of(key.clone());
            let text = |name: &str| item[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("at"), text("who"), text("what"))
        })
        .collect();
    assert_snapshot!(promises.join("\n"), @"
    2026-11-20T01:00:00Z - 「亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号 ②收到的全部商品照片 ③外箱面单照片。同事今天9:00…」
    2026-11-20T01:00:00Z - 「亲，您的消息已收到，同事今天9:00第一时间回复您。」
    2026-11-20T08:23:00Z 小王 「给您登记了，仓库核对后马上答复」
    2026-11-20T08:23:00Z 小王 「给您登记了，仓库核对后马上答复」
    2026-11-20T08:23:00Z 小王 「给您登记了，仓库核对后马上答复」
    2026-11-20T08:23:00Z 小王 「给您登记了，仓库核对后马上答复」
    2026-11-20T10:00:00Z 小李 「电话里答应今天返现5元」
    2026-11-20T16:00:00Z 小李 「实在抱歉，今天一定给您发出」
    2026-11-21T02:00:00Z 小王 「今天给结果」
    2026-11-21T10:00:00Z 小王 「杯子明天18点前给您补发，电话138******34对吧」
    ");
    assert!(told["promise"].contains(&format!("promise:{cash}")));
    assert_eq!(told["note"].len(), 2);
    assert_eq!(told["said"].len(), 3, "what it said at lunch");
    assert_eq!(told["script"], ["script:scripts/freight.md"]);
    assert_eq!(
        sheet["words"][0]["text"],
        "stranger 像是上周投诉过的那位，请先回他"
    );
    // Nothing on it says who somebody is.
    let whole = sheet.to_string();
    for personal in ["13800138034", "2871234567890123001", "stranger\"", "478"] {
        assert!(!whole.contains(personal), "{personal}");
    }

    // Accepted, one by one; nobody takes what he hands over himself.
    let (status, refused) = act(&desk, "小李", &sheet, "accept-all", json!({})).await;
    assert_eq!(status, 422, "{refused}");
    let one = json!({"items": [told["nobody"][0]]});
    let (status, taken) = act(&desk, "小赵", &sheet, "accept", one.clone()).await;
    assert_eq!(status, 200, "{taken}");
    let (_, again) = act(&desk, "小赵", &sheet, "accept", one).await;
    assert_eq!(again, taken, "twice is once");
    // Refused, with a reason.
    let (status, problem) = act(
        &desk,
        "小赵",
        &sheet,
        "refuse",
        json!({"items": [told["case"][0]], "reason": ""}),
    )
    .await;
    assert_eq!(
        (status, &problem["field"]),
        (422, &json!("reason")),
        "{problem}"
    );
    let no = json!({"items": [told["case"][0]], "reason": "这单我没有权限"});
    assert_eq!(act(&desk, "小赵", &sheet, "refuse", no).await.0, 200);
    let (status, problem) = act(
        &desk,
        "小赵",
        &sheet,
        "accept",
        json!({"items": ["case:XX-1"]}),
    )
    .await;
    assert_eq!(status, 422, "{problem}");
    // Somebody answers without pressing anything: that customer need not be accepted any more.
    let answered = waits[0].clone();
    desk.agent_as("小赵", &answered, "您好，刚才在忙，马上看")
        .await;
    desk.pass(6).await;
    // Leaving while something waits is written down; it can be done.
    let (status, left) = act(&desk, "小李", &sheet, "leave", json!({})).await;
    assert_eq!(status, 200);
    assert!(left["unaccepted"].as_array().unwrap().len() > 5, "{left}");
    act(&desk, "小李", &sheet, "leave", json!({})).await;

    // Half an hour into the shift: one alarm for the sheet, however often anybody looks.
    robot.heard();
    desk.until("2026-11-20 18:29:55").await;
    assert_eq!(of_sheets(robot.heard()), [""; 0]);
    desk.until("2026-11-20 18:30:00").await;
    for _ in 0..4 {
        desk.pass(10).await;
    }
    let heard = of_sheets(robot.heard());
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].starts_with("18:30:00 @ 【接班·提醒】一盏茶具：早班 18:00 交的班还有"),
        "{heard:?}"
    );
    // A supervisor gives what waits to somebody, in one act. An agent may not.
    let give = json!({"to": "小赵", "reason": "早班已经下班"});
    assert_eq!(
        act(&desk, "小赵", &sheet, "force", give.clone()).await.0,
        403
    );
    let (status, forced) = act(&desk, "王主管", &sheet, "force", give).await;
    assert_eq!(
        (status, &forced["handover"]["waiting"]),
        (200, &json!(0)),
        "{forced}"
    );
    assert_snapshot!(states(&forced).join("\n"), @"
    case forced 小赵 早班已经下班
    nobody accepted 小赵 
    note forced 小赵 早班已经下班
    promise forced 小赵 早班已经下班
    unanswered done bot 
    unanswered forced 小赵 早班已经下班
    ");
    desk.until("2026-11-20 19:40:00").await;
    let heard = of_sheets(robot.heard());
    assert!(
        heard.iter().all(|line| line.contains("已解除")),
        "{heard:?}"
    );
    let alarms = column(
        &desk,
        "SELECT id AS key FROM alarm WHERE topic LIKE 'handover%'",
    )
    .await;
    assert_eq!(alarms.len(), 1);

    // What a sheet tells is what was so at six, whatever becomes of it since.
    on_case(
        &desk,
        "小赵",
        mine,
        "postpone",
        json!({"until": super::desk::local("2026-11-22 18:00:00"),
        "informed": "电话里说了", "reason": "缺货"}),
    )
    .await;
    let result = json!({"result": "当面给了"});
    on_case(&desk, "小赵", mine, "release", json!({})).await;
    on_case(&desk, "小赵", mine, "claim", json!({})).await;
    on_case(&desk, "小赵", mine, "done", result).await;
    settle(&desk, "小赵", cash, "keep", json!({})).await;
    assert_eq!(all_are_as_the_log_tells(&desk).await, 2);

    // The evening, midnight, the night: what the bot takes at midnight comes back in the morning.
    for who in ["eve-0", "eve-1"] {
        desk.customer(who, "这个包邮吗").await;
        desk.agent_as("小赵", who, "满39元包邮").await;
    }
    desk.customer("eve-2", "颜色能选吗").await;
    desk.until("2026-11-21 00:00:30").await;
    let midnight = newest(&desk).await;
    let head = &midnight["handover"];
    assert_eq!(
        (&head["to_bot"], &head["waiting"], &head["next"]),
        (&json!(true), &json!(0), &json!("夜间值守"))
    );
    desk.until("2026-11-21 03:00:00").await;
    desk.customer("night", "这个包邮吗").await;
    desk.pass(10).await;
    desk.until("2026-11-21 09:00:15").await;
    let morning = newest(&desk).await;
    let told = sections(&morning);
    assert_eq!(set(&told["case"]), column(&desk, OPEN_CASES).await);
    assert_eq!(set(&told["promise"]), column(&desk, OPEN_PROMISES).await);
    let waiting: BTreeSet<String> = told["nobody"].iter().cloned().collect();
    assert_eq!(waiting, column(&desk, WAITING).await);
    assert!(
        !told.contains_key("unanswered"),
        "nobody on duty has one: {told:?}"
    );
    assert_eq!(told["said"].len(), 1, "what it said since people took over");

    // Counters open onto their events.
    let (status, counted) = desk
        .ask("运营阿宁", "GET", "/v1/counters?month=2026-11", Value::Null)
        .await;
    assert_eq!(status, 200, "{counted}");
    let numbers: Vec<String> = counted["agents"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|agent| {
            let name = agent["agent"].as_str().unwrap().to_owned();
            agent["counters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|counter| counter["count"] != 0)
                .map(move |counter| {
                    let count = counter["count"].as_u64().unwrap() as usize;
                    assert_eq!(counter["proofs"].as_array().unwrap().len(), count);
                    format!(
                        "{name} {} {count} {}{} {}",
                        counter["name"].as_str().unwrap(),
                        counter["comparator_zh"].as_str().unwrap(),
                        counter["number"],
                        counter["standing"].as_str().unwrap()
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect();
    assert_snapshot!(numbers.join("\n"), @"
    小李 交接不当 1 大于5 fine
    小李 漏备注 1 至少1 reached
    小李 承诺未兑现 1 至少1 reached
    小李 强制交接 1 至少99 fine
    小王 交接不当 1 大于5 fine
    小王 强制交接 1 至少99 fine
    小赵 接待推卸 1 至少2 near
    ");
    let (_, own) = desk
        .ask("小赵", "GET", "/v1/counters?month=2026-11", Value::Null)
        .await;
    assert_eq!(own["agents"].as_array().unwrap().len(), 1);
    let path = "/v1/counters?agent=%E5%B0%8F%E6%9D%8E";
    assert_eq!(desk.ask("小赵", "GET", path, Value::Null).await.0, 403);

    // All of it comes out of the log again, also after a restart.
    assert_eq!(all_are_as_the_log_tells(&desk).await, 4);
    let desk = desk.restart().await;
    desk.until("2026-11-21 09:00:30").await;
    assert_eq!(all_are_as_the_log_tells(&desk).await, 4);
    desk.end().await;
}

#[tokio::test]
async fn a_note_nobody_has_seen_in_time_is_a_case_once() {
    let (desk, _robot) = house("2026-11-20 10:00:00").await;
    let note = |order: &str| {
        json!({"shop": "teahouse", "order": order, "channel": "seller", "flag": "yellow",
            "text": "改地址：寄到文三路478号，电话13800138034", "kind": "改地址"})
    };
    let (_, seen) = desk
        .ask(
            "小李",
            "POST",
            "/v1/order-notes",
            note("2871234567890123001"),
        )
        .await;
    let (_, missed) = desk
        .ask(
            "小李",
            "POST",
            "/v1/order-notes",
            note("2871234567890123002"),
        )
        .await;
    let (_, again) = desk
        .ask(
            "小李",
            "POST",
            "/v1/order-notes",
            note("2871234567890123002"),
        )
        .await;
    assert_eq!(
        missed["id"], again["id"],
        "the same asked for again is the same"
    );
    // Who checks orders reads them whole; who runs shops need not.
    let (_, list) = desk
        .ask("老陈", "GET", "/v1/order-notes", Value::Null)
        .await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert!(list.to_string().contains("13800138034"));
    assert_eq!(list[0]["left"], 6 * 3600);
    let (_, list) = desk
        .ask("运营阿宁", "GET", "/v1/order-notes", Value::Null)
        .await;
    for personal in ["13800138034", "2871234567890123001", "478"] {
        assert!(!list.to_string().contains(personal), "{list}");
    }
    let path = format!("/v1/order-notes/{}/seen", seen["id"].as_str().unwrap());
    assert_eq!(
        desk.ask("小李", "POST", &path, json!({})).await.0,
        403,
        "not who wrote it"
    );
    let (status, seen) = desk.ask("老陈", "POST", &path, json!({})).await;
    assert_eq!((status, &seen["seen_by"]), (200, &json!("老陈")));
    desk.until("2026-11-20 15:59:59").await;
    assert_eq!(
        column(&desk, "SELECT number AS key FROM cases").await.len(),
        0
    );
    let other = desk.follower().await;
    desk.until("2026-11-20 16:00:05").await;
    for _ in 0..3 {
        for worker in other.workers() {
            worker.step().await.unwrap();
        }
        desk.pass(10).await;
    }
    let cases = column(
        &desk,
        "SELECT number || ' ' || kind || ' ' || note AS key FROM cases",
    )
    .await;
    assert_snapshot!(cases.into_iter().collect::<Vec<_>>().join("\n"), @"
    LB-2611-0001 漏备注 【漏备注】订单 ***************3002：卖家备注「改地址，内容见订单备注」到 11-20 16:00 审单还没有看到
    责任人：小李（先记写备注的人，可以改）
    ");
    let (_, all) = desk
        .ask("老陈", "GET", "/v1/order-notes?all=true", Value::Null)
        .await;
    assert_eq!(all[0]["missed_case"], "LB-2611-0001", "{all}");
    // It is a case like others: nobody has it yet, and it says whom to ask.
    let (status, case) = desk
        .ask("王主管", "GET", "/v1/cases/LB-2611-0001", Value::Null)
        .await;
    assert_eq!(status, 200, "{case}");
    assert_eq!(
        (
            &case["state"],
            &case["person"],
            &case["fields"]["责任人"],
            &case["conversation"]
        ),
        (&json!("open"), &Value::Null, &json!("小李"), &Value::Null),
        "{case}"
    );
    let told: Vec<String> = case["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            format!(
                "{} {}",
                event["who"].as_str().unwrap(),
                event["after"]["act"]
            )
        })
        .collect();
    assert_eq!(told, ["bot \"open\""]);
    // Seen late is seen, and missed all the same.
    let path = format!("/v1/order-notes/{}/seen", missed["id"].as_str().unwrap());
    let (_, late) = desk.ask("老陈", "POST", &path, json!({})).await;
    assert_eq!(
        (&late["seen_by"], &late["missed_case"]),
        (&json!("老陈"), &json!("LB-2611-0001"))
    );
    desk.end().await;
}

#[tokio::test]
async fn a_sick_agent_is_handed_over_by_his_supervisor() {
    let (desk, _robot) = house("2026-11-20 13:30:00").await;
    desk.customer("mine", "杯子是几个一套的").await;
    desk.agent_as("小李", "mine", "一套六个").await;
    desk.customer("mine", "颜色能选吗").await;
    desk.customer("his", "茶盘有大一点的吗").await;
    desk.agent_as("小王", "his", "有大号").await;
    desk.customer("his", "多少钱").await;
    desk.pass(5).await;
    let ask = json!({"shop": "teahouse", "from": "小李", "to": "小王", "reason": "突然生病"});
    assert_eq!(
        desk.ask("小赵", "POST", "/v1/handovers", ask.clone())
            .await
            .0,
        403
    );
    let (status, sheet) = desk.ask("王主管", "POST", "/v1/handovers", ask).await;
    assert_eq!(status, 201, "{sheet}");
    let told = sections(&sheet);
    let mine = number(&desk, "mine").await;
    assert_eq!(
        told["unanswered"],
        [format!("conversation:{mine}")],
        "what is his colleague's stays there"
    );
    assert_eq!(
        (&sheet["items"][0]["state"], &sheet["items"][0]["by"]),
        (&json!("forced"), &json!("小王"))
    );
    let (_, found) = desk
        .ask(
            "小李",
            "GET",
            &format!("/v1/conversations/{mine}"),
            Value::Null,
        )
        .await;
    assert_eq!(found["ownership"]["agent"], "小王");
    // The shift's own sheet tells the rest.
    desk.until("2026-11-20 18:00:15").await;
    let evening = newest(&desk).await;
    assert_eq!(sections(&evening)["unanswered"].len(), 2);
    assert_eq!(all_are_as_the_log_tells(&desk).await, 2);
    // It reads well on paper.
    let id = evening["handover"]["id"].as_str().unwrap();
    let path = format!("/v1/handovers/{id}?format=markdown");
    let (status, _) = desk.ask("小赵", "GET", &path, Value::Null).await;
    assert_eq!(status, 200);
    let store = &desk.front.store;
    let number: i64 = id.parse().unwrap();
    let shown = store
        .read(move |tx| jieban::store::handover::sheet(tx, number))
        .await
        .unwrap()
        .unwrap()
        .1;
    let style = jieban::desk::handover::text::Style::Markdown;
    let zone = chrono_tz::Asia::Shanghai;
    let at = super::desk::local("2026-11-20 18:05:00");
    let text = jieban::desk::handover::text::text(&shown, "一盏茶具", zone, style, at);
    assert_snapshot!(text, @"
    # 交接单 5 · 一盏茶具

    早班 11-20 13:30 到 11-20 18:00，小李、小王 交给 晚班 小赵
    共 2 项，0 项有人接了，2 项还没有

    ## 未回复的会话：2

    - [ ] `conversation:1` m\\*\\*\\*e，等了 275 分钟（11-20 13:30 起），「颜色能选吗」，小王
    - [ ] `conversation:2` h\\*\\*\\*，等了 275 分钟（11-20 13:30 起），「多少钱」，小王
    ");
    desk.end().await;
}

#[tokio::test]
async fn an_address_is_not_changed_before_the_order_has_a_note() {
    let (desk, _robot) = house("2026-11-20 10:00:00").await;
    let order = "2871234567890123009";
    let new = json!({"shop": "teahouse", "kind": "改地址", "fields": {"订单号": order}});
    let (status, case) = desk.ask("小李", "POST", "/v1/cases", new).await;
    assert_eq!(status, 201, "{case}");
    let number = case["number"].as_str().unwrap();
    on_case(&desk, "小李", number, "claim", json!({})).await;
    let done = json!({"result": "已改到新地址"});
    let path = format!("/v1/cases/{number}/done");
    let (status, problem) = desk.ask("小李", "POST", &path, done.clone()).await;
    assert_eq!(
        (
            status,
            &problem["type"],
            &problem["detail_zh"],
            &problem["detail"]
        ),
        (
            409,
            &json!("urn:jieban:problem:case-needs-note"),
            &json!("“改地址”办完之前要先写订单备注，审单才看得到"),
            &json!("write a note on the order first: the order-checker reads nothing else"),
        ),
        "{problem}"
    );
    // A note on another order does not help; one on this order does.
    for (order, status) in [("2871234567890123001", 409), (order, 200)] {
        let note = json!({"shop": "teahouse", "order": order, "channel": "seller", "text": "改地址", "kind": "改地址"});
        assert_eq!(
            desk.ask("小李", "POST", "/v1/order-notes", note).await.0,
            201
        );
        let (got, answer) = desk.ask("小李", "POST", &path, done.clone()).await;
        assert_eq!(got, status, "{answer}");
    }
    on_case(&desk, "小李", number, "close", json!({})).await;
    // What needs none is done without.
    let new =
        json!({"shop": "teahouse", "kind": "漏发", "fields": {"订单号": "2871234567890123077"}});
    let (_, case) = desk.ask("小李", "POST", "/v1/cases", new).await;
    let number = case["number"].as_str().unwrap();
    on_case(&desk, "小李", number, "claim", json!({})).await;
    on_case(&desk, "小李", number, "done", done).await;
    desk.end().await;
}
