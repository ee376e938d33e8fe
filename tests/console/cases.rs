//! Cases and promises, from a browser without scripts.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use jieban::{
    clock::{Clock, ManualClock},
    config::Role,
    store::{
        promises::{self, ByHand},
        staff_event::Who,
    },
};
use reqwest::{Method, header};

use crate::house::{Answer, House, Visitor, moment};

/// A kind that pays, beside those of the shop.
const MONEY: &str = "名称: 补差\n前缀: BC\n需要: [订单号]\n送审: [金额]\n结案: [处理结果]\n字段: [处理结果, 原因]\n证据: [商品照片]\n\
步骤: [核对金额, 付款]\n对接: 财务\n审核: 主管\n审批: 钱款\n首响: 1小时\n完成: 24小时\n";

/// A house that knows the kind.
pub(crate) async fn paying(clock: Arc<dyn Clock>) -> House {
    let house = House::with(clock, |config| {
        std::fs::write(config.knowledge.join("cases/补差.yaml"), MONEY).unwrap();
    })
    .await;
    house.boss().await;
    house
}

fn noon() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(moment("10:15")))
}

/// The value of a hidden field on a page.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("{name} is not on the page"));
    rest.split('"').next().unwrap().to_owned()
}

/// Opens a case from a conversation; its address.
pub(crate) async fn opened(
    who: &Visitor<'_>,
    conversation: i64,
    kind: &str,
    order: &str,
) -> String {
    let path = format!("/console/conversations/{conversation}/case");
    let answer = who
        .post(
            &path,
            &[("kind", kind), ("order", order), ("note", "<b>看</b>")],
        )
        .await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.location().split('?').next().unwrap().to_owned()
}

/// Does something with a case as its page stands now.
pub(crate) async fn step(
    who: &Visitor<'_>,
    case: &str,
    act: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let page = who.get(case).await.text;
    let (version, event) = (hidden(&page, "version"), hidden(&page, "event"));
    let mut fields = fields.to_vec();
    fields.extend([("version", version.as_str()), ("event", event.as_str())]);
    who.post(&format!("{case}/{act}"), &fields).await
}

#[tokio::test]
async fn money_is_approved_by_a_second_person_and_never_by_its_author() {
    let house = paying(noon()).await;
    let mei = house.person("小美", Role::Supervisor, None).await;
    let wang = house.person("王主管", Role::Supervisor, None).await;
    let cash = house.person("小钱", Role::Finance, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let case = opened(&mei, id, "补差", "2871234567890123456").await;
    let page = mei.get(&case).await.text;
    for words in [
        "包邮吗",
        "送审前要填",
        "核对金额",
        "商品照片",
        &format!("conversations/{id}#m"),
    ] {
        assert!(page.contains(words), "{words}");
    }
    // Without an amount it is not sent, and what was typed stays.
    let early = step(
        &mei,
        &case,
        "submit",
        &[("f.金额", ""), ("f.处理结果", "先看看")],
    )
    .await;
    assert_eq!(early.status, 409);
    assert!(early.text.contains("还没有填：金额") && early.text.contains("先看看"));
    let sent = step(
        &mei,
        &case,
        "submit",
        &[("f.金额", "12.5"), ("steps", "1"), ("step", "0")],
    )
    .await;
    assert_eq!(
        sent.location(),
        format!("{case}?done=case-submitted"),
        "{}",
        sent.text
    );
    // Her own: no form for it, and none that would help.
    let page = mei.get(&case).await.text;
    assert!(
        page.contains("提出、送审或改过金额的人不能审核同一张工单") && !page.contains("/approve\"")
    );
    let yes = [("comment", "同意"), ("signature", "小美")];
    let refused = step(&mei, &case, "approve", &yes).await;
    assert!(refused.status == 409 && refused.text.contains("不能审核同一张工单"));
    assert!(mei.get("/console/review").await.text.contains("等别人审核"));
    // Another: with a comment and his own name.
    let inbox = wang.get("/console/review").await.text;
    assert!(inbox.contains("等您审核") && inbox.contains(&format!("href=\"{case}\"")));
    for (fields, says) in [
        (
            [("comment", " "), ("signature", "王主管")],
            "要写上审核意见",
        ),
        (
            [("comment", "金额对"), ("signature", "小美")],
            "签名要写本人的名字",
        ),
    ] {
        let refused = step(&wang, &case, "approve", &fields).await;
        assert!(
            refused.status == 409 && refused.text.contains(says),
            "{says}"
        );
    }
    let approved = step(
        &wang,
        &case,
        "approve",
        &[("comment", "金额对"), ("signature", "王主管")],
    )
    .await;
    assert_eq!(approved.location(), "/console/review?done=case-approved");
    assert!(!wang.get("/console/review").await.text.contains(&case));
    // Who proposed it does not pay it.
    assert_eq!(step(&cash, &case, "claim", &[]).await.status, 303);
    assert_eq!(
        step(&cash, &case, "done", &[("result", "已转账")])
            .await
            .status,
        303
    );
    let early = step(&cash, &case, "close", &[("f.处理结果", "")]).await;
    assert!(early.status == 409 && early.text.contains("还没有填：处理结果"));
    let closed = step(&cash, &case, "close", &[("f.处理结果", "付 12.50")]).await;
    assert_eq!(
        closed.location(),
        format!("{case}?done=case-closed"),
        "{}",
        closed.text
    );
    let page = mei.get(&case).await.text;
    for words in [
        "已完结",
        "王主管",
        "金额对",
        "已转账",
        "付 12.50",
        "12.50 元",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // Words are for those who answer customers.
    let page = cash.get(&case).await.text;
    assert!(!page.contains("包邮吗") && page.contains("2871234567890123456"));
    house.close().await;
}

#[tokio::test]
async fn who_comes_late_sees_what_changed_and_doubles_are_looked_at() {
    let house = paying(noon()).await;
    let mei = house.person("小美", Role::Agent, None).await;
    let li = house.person("小李", Role::Agent, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let case = opened(&mei, id, "补差", "2871234567890123456").await;
    let old = li.get(&case).await.text;
    assert_eq!(
        step(&mei, &case, "edit", &[("f.金额", "30")]).await.status,
        303
    );
    let (version, event) = (hidden(&old, "version"), hidden(&old, "event"));
    let late = [("f.金额", "99"), ("version", &*version), ("event", &*event)];
    let late = li.post(&format!("{case}/edit"), &late).await;
    assert_eq!(late.status, 409);
    for words in ["被别人改过", "小美", "<ins>30</ins>", "value=\"99\""] {
        assert!(late.text.contains(words), "{words}: {}", late.text);
    }
    // In the other language the sentence is in it too.
    let page = Answer::of(
        li.request(Method::GET, &case)
            .header(header::COOKIE, format!("{}; jieban-lang=en", li.cookie)),
    )
    .await
    .text;
    assert!(page.contains("Send to review") && page.contains("In their own words"));
    assert_eq!(step(&li, &case, "claim", &[]).await.status, 303);
    assert!(mei.get(&case).await.text.contains("小李 正在办"));
    let held = step(&mei, &case, "submit", &[]).await;
    assert!(held.status == 409 && held.text.contains("小李正在办"));
    assert_eq!(step(&li, &case, "release", &[]).await.status, 303);
    assert_eq!(
        step(&li, &case, "lines", &[("note", "顾客又问了一次")])
            .await
            .status,
        303
    );
    assert!(li.get(&case).await.text.contains("顾客又问了一次"));
    let past = [
        ("until", "2026-11-19T10:00"),
        ("informed", "电话"),
        ("reason", "缺货"),
    ];
    let refused = step(&li, &case, "postpone", &past).await;
    assert!(refused.status == 409 && refused.text.contains("时间要在现在之后"));
    let ahead = [
        ("until", "2026-11-24T10:00"),
        ("informed", "电话"),
        ("reason", "缺货"),
    ];
    assert_eq!(step(&li, &case, "postpone", &ahead).await.status, 303);
    assert!(li.get(&case).await.text.contains("11-24 10:00"));
    for bad in [
        &[("version", "x")][..],
        &[("version", "1"), ("until", "tomorrow"), ("party", "nobody")],
    ] {
        assert!(li.post(&format!("{case}/wait"), bad).await.status == 400);
    }
    house.close().await;
}

#[tokio::test]
async fn cases_are_found_by_what_is_known_of_them() {
    let clock = noon();
    let house = paying(clock.clone()).await;
    let mei = house.person("小美", Role::Agent, None).await;
    let far = house
        .person("小王", Role::Agent, Some(&["teahouse-auto"]))
        .await;
    house
        .customer_called("tea", "c-1", "<i>小周</i>", "包邮吗")
        .await;
    let id = house.decided("c-1").await;
    let case = opened(&mei, id, "补差", "2871234567890123456").await;
    let number = case.rsplit('/').next().unwrap();
    // What is not complete is a draft first.
    let draft = mei
        .post(
            &format!("/console/conversations/{id}/case"),
            &[("kind", "漏发"), ("order", "")],
        )
        .await;
    assert!(
        draft.location().ends_with("?done=case-drafted"),
        "{}",
        draft.location()
    );
    let drafted = draft.location().split('?').next().unwrap().to_owned();
    let refused = step(&mei, &drafted, "confirm", &[("f.订单号", "")]).await;
    assert!(refused.status == 409 && refused.text.contains("还没有填：订单号"));
    assert_eq!(
        step(&mei, &drafted, "confirm", &[("f.订单号", "287999")])
            .await
            .status,
        303
    );
    for path in [
        "/console/cases".to_owned(),
        "/console/cases?of=mine".to_owned(),
        "/console/cases?of=newest".to_owned(),
        "/console/cases?kind=%E8%A1%A5%E5%B7%AE&state=open".to_owned(),
        "/console/cases?q=2871234567890123456".to_owned(),
        format!("/console/cases?q={}", number.to_lowercase()),
        "/console/cases?q=%3Ci%3E%E5%B0%8F%E5%91%A8%3C%2Fi%3E".to_owned(),
        format!("/console/conversations/{id}"),
    ] {
        let page = mei.get(&path).await.text;
        assert!(page.contains(&format!("href=\"{case}\"")), "{path}");
        assert!(
            !page.contains("<b>看") && !page.contains("<i>小周"),
            "{path}"
        );
        if path.contains("cases") {
            assert!(!far.get(&path).await.text.contains(&case), "{path}");
        }
    }
    let page = mei.get(&case).await.text;
    assert!(!page.contains("<b>看") && page.contains("&lt;b&gt;看"));
    assert!(!mei.get("/console/cases").await.text.contains("已超时"));
    clock.advance(Duration::days(9));
    let late = house.person("小丽", Role::Agent, None).await;
    let page = late.get("/console/cases").await.text;
    assert!(page.contains("已超时") && page.contains("level-3"));
    // Another shop's is not there, in the same words as one that never was.
    let (theirs, nobodys) = (
        house
            .person("小赵", Role::Agent, Some(&["teahouse-auto"]))
            .await
            .get(&case)
            .await,
        late.get("/console/cases/BC-0000-0000").await,
    );
    assert_eq!((theirs.status, nobodys.status), (404, 404));
    assert_eq!(late.get("/console/cases?shop=nowhere").await.status, 200);
    house.close().await;
}

#[tokio::test]
async fn promises_are_kept_moved_and_broken_with_a_reason() {
    let clock = noon();
    let house = paying(clock.clone()).await;
    let mei = house.person("小美", Role::Agent, None).await;
    let cash = house.person("小钱", Role::Finance, None).await;
    let due = clock.now() + Duration::hours(1);
    for (shop, text) in [
        ("teahouse", "补发一个杯子"),
        ("teahouse", "<b>退运费</b>"),
        ("teahouse-auto", "回电话"),
    ] {
        promised(&house, shop, text, clock.now(), due).await;
    }
    let page = mei.get("/console/promises").await.text;
    assert!(
        page.contains("补发一个杯子")
            && page.contains("&lt;b&gt;退运费")
            && !page.contains("已超时</span>")
    );
    let far = house
        .person("小王", Role::Agent, Some(&["teahouse-auto"]))
        .await;
    assert!(
        !far.get("/console/promises")
            .await
            .text
            .contains("补发一个杯子")
    );
    assert_eq!(far.post("/console/promises/1/keep", &[]).await.status, 404);
    let moved = mei
        .post(
            "/console/promises/1/move",
            &[("due", "2026-11-21T18:00"), ("reason", " ")],
        )
        .await;
    assert!(moved.status == 409 && moved.text.contains("为什么改期"));
    let moved = mei
        .post(
            "/console/promises/1/move",
            &[("due", "2026-11-21T18:00"), ("reason", "缺货，已告知")],
        )
        .await;
    assert_eq!(moved.location(), "/console/promises?done=promise-moved");
    let page = mei.get("/console/promises").await.text;
    assert!(page.contains("改期 1 次") && page.contains("11-21 18:00"));
    let silent = mei
        .post("/console/promises/2/break", &[("reason", "")])
        .await;
    assert!(silent.status == 409 && silent.text.contains("写上原因"));
    assert_eq!(
        mei.post("/console/promises/2/break", &[("reason", "忘了")])
            .await
            .status,
        303
    );
    assert_eq!(cash.post("/console/promises/3/keep", &[]).await.status, 303);
    assert_eq!(
        cash.post("/console/promises/1/break", &[("reason", "x")])
            .await
            .status,
        403
    );
    let ended = mei
        .post(
            "/console/promises/2/move",
            &[("due", "2026-11-21T18:00"), ("reason", "还想")],
        )
        .await;
    assert!(ended.status == 409 && ended.text.contains("已经有结果"));
    assert!(
        mei.get("/console/promises?of=broken")
            .await
            .text
            .contains("忘了")
    );
    assert!(
        mei.get("/console/promises?of=kept")
            .await
            .text
            .contains("回电话")
    );
    house.close().await;
}

/// Somebody promises something by telephone.
pub(crate) async fn promised(
    house: &House,
    shop: &str,
    text: &str,
    now: DateTime<Utc>,
    due: DateTime<Utc>,
) {
    let new = ByHand {
        shop: shop.into(),
        conversation: None,
        customer: Some("小周".to_owned()),
        order: Some("2871234567890123456".to_owned()),
        text: text.to_owned(),
        kind: "补发".to_owned(),
        cases: Vec::new(),
        due,
    };
    let who = Who {
        name: "小美".to_owned(),
        role: "agent".to_owned(),
    };
    house
        .store
        .write(move |tx| promises::add(tx, &who, &new, now).map(|_| ()))
        .await
        .unwrap();
}
