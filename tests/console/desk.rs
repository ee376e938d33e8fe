//! Agents at work: writing, owning, switching, lunch. Without scripts in the browser.

use std::sync::Arc;

use jieban::{clock::ManualClock, config::Role};

use crate::house::{House, moment};

#[tokio::test]
async fn a_suggestion_is_sent_and_reaches_the_helper() {
    let house = House::open().await;
    house.boss().await;
    let mei = house.person("小美", Role::Agent, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let inbox = mei.get("/console/inbox").await.text;
    assert!(inbox.contains("小周") && inbox.contains("包邮吗"));
    let path = format!("/console/conversations/{id}");
    let page = mei.get(&path).await.text;
    for words in [
        "包邮说明",
        "全店满39元包邮",
        "data-card=\"1\"",
        "为什么",
        "最近没有来取回复",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let seen = page
        .split("data-seen=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let text = "亲，全店满39元包邮，新疆、西藏补15元运费。";
    let sent = mei
        .post(&format!("{path}/send"), &[("text", text), ("seen", &seen)])
        .await;
    assert_eq!(sent.location(), format!("{path}?done=sent"));
    // Pressed twice is sent once.
    mei.post(&format!("{path}/send"), &[("text", text), ("seen", &seen)])
        .await;
    let page = mei.get(&path).await.text;
    assert!(page.contains("等待发送") && page.contains("小美 · 推荐话术"));
    assert!(
        !mei.get("/console/inbox").await.text.contains("row-"),
        "nobody waits"
    );
    let fetched = house.fetch().await;
    assert_eq!(fetched.len(), 1);
    assert_eq!(
        (&fetched[0]["text"], &fetched[0]["agent"]),
        (&text.into(), &"小美".into())
    );
    assert!(mei.get(&path).await.text.contains("正在发送"));
    let reply = fetched[0]["reply_id"].as_str().unwrap();
    let ack = house
        .http
        .post(house.url(&format!("/v1/bridge/bridge/outbox/{reply}/ack")))
        .bearer_auth(crate::house::TOKEN)
        .body("{\"status\": \"sent\"}")
        .send()
        .await
        .unwrap();
    assert!(ack.status().is_success(), "{}", ack.text().await.unwrap());
    let page = mei.get(&path).await.text;
    assert!(!page.contains("正在发送") && page.contains("全店满39元包邮"));
    house.close().await;
}

#[tokio::test]
async fn who_writes_is_warned_and_asked_before() {
    let house = House::open().await;
    house.boss().await;
    let mei = house.person("小美", Role::Agent, None).await;
    let wang = house.person("小王", Role::Agent, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let send = format!("/console/conversations/{id}/send");
    let blocked = mei
        .post(&send, &[("text", "加我微信聊"), ("seen", "99")])
        .await;
    assert_eq!(blocked.status, 409);
    assert!(blocked.text.contains("请在平台内沟通") && blocked.text.contains("加我微信聊"));
    let anyway = mei
        .post(
            &send,
            &[("text", "加我微信聊"), ("seen", "99"), ("confirmed", "1")],
        )
        .await;
    assert_eq!(anyway.status, 409, "what is forbidden nobody may send");
    let risky = mei
        .post(&send, &[("text", "保证明天到"), ("seen", "99")])
        .await;
    assert!(risky.text.contains("说了就要做到") && risky.text.contains("name=\"confirmed\""));
    let confirmed = mei
        .post(
            &send,
            &[("text", "保证明天到"), ("seen", "99"), ("confirmed", "1")],
        )
        .await;
    assert_eq!(confirmed.status, 303);
    // Somebody who has not seen it is told.
    let second = wang.post(&send, &[("text", "包邮的"), ("seen", "1")]).await;
    assert_eq!(second.status, 409);
    assert!(
        second.text.contains("小美 刚刚已经回复了") && second.text.contains(">\n包邮的</textarea>")
    );
    let anyway = wang
        .post(&send, &[("text", "包邮的"), ("seen", "1"), ("anyway", "1")])
        .await;
    assert_eq!(anyway.status, 303);
    for bad in ["", "   ", "a\u{7}b"] {
        assert_eq!(
            mei.post(&send, &[("text", bad), ("seen", "99")])
                .await
                .status,
            409,
            "{bad:?}"
        );
    }
    house.close().await;
}

#[tokio::test]
async fn what_nobody_fetches_comes_back_to_the_desk() {
    let clock = Arc::new(ManualClock::at(moment("10:15")));
    let house = House::at(clock.clone()).await;
    house.boss().await;
    let mei = house.person("小美", Role::Agent, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let path = format!("/console/conversations/{id}");
    mei.post(
        &format!("{path}/send"),
        &[("text", "包邮的"), ("seen", "99")],
    )
    .await;
    clock.advance(chrono::Duration::minutes(11));
    for _ in 0..500 {
        let page = mei.get(&path).await.text;
        if page.contains("过时没有发出") {
            assert!(mei.get("/console/inbox").await.text.contains("没送达"));
            house.close().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it was lost");
}

#[tokio::test]
async fn a_conversation_is_taken_pinned_handed_back_and_ended() {
    let house = House::open().await;
    house.boss().await;
    let mei = house.person("小美", Role::Agent, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let path = format!("/console/conversations/{id}");
    for (act, says) in [
        ("take", "小美 在接"),
        ("pin", "小美 固定"),
        ("hand_back", "没有人接"),
    ] {
        assert_eq!(
            mei.post(&format!("{path}/own"), &[("act", act)])
                .await
                .status,
            303
        );
        assert!(mei.get(&path).await.text.contains(says), "{says}");
    }
    assert!(mei.get("/console/inbox").await.text.contains("row-"));
    let ended = mei.post(&format!("{path}/own"), &[("act", "end")]).await;
    assert_eq!(ended.location(), "/console/inbox?done=chat-ended");
    assert!(!mei.get("/console/inbox").await.text.contains("row-"));
    house.close().await;
}

#[tokio::test]
async fn lunch_switches_and_news_stand_on_the_page() {
    let house = House::open().await;
    house.boss().await;
    let li = house
        .person("小李", Role::Agent, Some(&["teahouse-busy"]))
        .await;
    let wang = house
        .person("小王", Role::Agent, Some(&["teahouse-busy"]))
        .await;
    let lead = house.person("王主管", Role::Supervisor, None).await;
    let gone = li
        .post(
            "/console/coverage/lunch",
            &[("what", "go"), ("minutes", "20")],
        )
        .await;
    assert_eq!(gone.location(), "/console/coverage?done=lunch");
    let page = li.get("/console/coverage").await.text;
    assert!(page.contains("您在吃饭，到 10:35") && page.contains("我回来了"));
    let back = li
        .post("/console/coverage/lunch", &[("what", "back")])
        .await;
    assert_eq!(back.location(), "/console/coverage?done=back");
    assert!(wang.get("/console/coverage").await.text.contains("去吃饭"));
    let stranger = house
        .person("小新", Role::Agent, Some(&["teahouse-busy"]))
        .await;
    let refused = stranger
        .post("/console/coverage/lunch", &[("what", "go")])
        .await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("排班表里现在不是您的上班时间"));

    lead.post(
        "/console/coverage/mode",
        &[("shop", "teahouse"), ("mode", "auto"), ("reason", "大促")],
    )
    .await;
    lead.post(
        "/console/coverage/stop",
        &[("shop", "teahouse-auto"), ("reason", "答错了")],
    )
    .await;
    let until = "2026-11-20T18:00";
    let arranged = [
        ("shop", "teahouse"),
        ("what", "closed"),
        ("until", until),
        ("reason", "盘点"),
    ];
    assert_eq!(
        lead.post("/console/coverage/arrange", &arranged)
            .await
            .location(),
        "/console/coverage?done=arranged"
    );
    let news = [
        ("shop", ""),
        ("text", "今天仓库盘点，明天发货"),
        ("hours", "3"),
    ];
    assert_eq!(
        lead.post("/console/coverage/announce", &news)
            .await
            .location(),
        "/console/coverage?done=announced"
    );
    let forbidden = [("shop", ""), ("text", "请加微信"), ("hours", "3")];
    let refused = lead.post("/console/coverage/announce", &forbidden).await;
    assert!(refused.status == 409 && refused.text.contains("请在平台内沟通"));
    let page = lead.get("/console/coverage").await.text;
    for words in [
        "这家店已紧急停止自动回复",
        "王主管",
        "答错了",
        "停止营业",
        "盘点",
        "明天发货",
    ] {
        assert!(page.contains(words) || words == "{words}");
    }
    house.close().await;
}
