//! What comes back in a response, and what never may.

use std::{sync::Arc, time::Duration};

use jieban::knowledge::Mode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::house::{Gate, House, NOW, SECRET, held, message, read, signed};

/// The shapes helpers post, none of which knows of suggestions.
fn shapes() -> [(&'static str, Value); 3] {
    [
        ("own", message("在吗")),
        (
            "xianyu",
            json!({"account_id": "acc", "message": "在吗", "chat_id": "c", "send_user_name": "小王", "msg_time": "2026-01-02 11:04:05"}),
        ),
        (
            "desktop",
            json!({"ctx": {"CTX_INSTANCE_ID": "acc", "CTX_USERNAME": "c", "CTX_PLATFORM": "win_qianniu"},
                   "msgs": [{"sender": "c", "content": "在吗", "role": "OTHER", "type": "TEXT"}]}),
        ),
    ]
}

/// What a helper would send to the customer, wherever it looks: these fields, when they hold words.
fn sendable(answer: &Value) -> Option<&str> {
    ["reply", "data", "content", "message", "text"]
        .iter()
        .filter_map(|key| answer[key].as_str())
        .find(|text| !text.trim().is_empty())
}

fn suggestions() -> Value {
    json!({"suggestions": [{"script": "s1", "title": "在的", "text": "亲，在的", "missing": [], "score": 0.9}]})
}

#[tokio::test]
async fn in_suggest_mode_no_shape_gets_anything_to_send() {
    let house = House::open().await;
    // Even a house that made a mistake: it would hand out a reply.
    *house.script.held.lock().unwrap() = Some(held("您好，这里是值班同事"));
    *house.script.conversation.lock().unwrap() = Some(suggestions());
    for (name, mut body) in shapes() {
        body["mode"] = json!("suggest");
        body["wait_ms"] = json!(2_000);
        let (status, answer) = read(house.deliver(&body).await).await;
        assert_eq!((status, sendable(&answer)), (200, None), "{name}: {answer}");
        assert_eq!(
            (&answer["reply"], &answer["type"], &answer["action"]),
            (&Value::Null, &json!("NO_REPLY"), &json!("suggest"))
        );
        assert_eq!(
            answer["suggestions"],
            suggestions()["suggestions"],
            "{name}"
        );
        assert_eq!(house.script.given().last().unwrap().mode, Some(Mode::Off));
    }
    assert!(
        house.script.answers.lock().unwrap().is_empty(),
        "nobody even asked for a reply"
    );
    assert!(
        house
            .script
            .shown
            .lock()
            .unwrap()
            .iter()
            .all(|(_, _, _, wait)| *wait == Duration::from_secs(2))
    );
    house.close().await;
}

#[tokio::test]
async fn the_mode_of_the_source_is_a_cap() {
    let house =
        House::with(|config| config.sources.get_mut("desk").unwrap().mode = Some(Mode::Assist))
            .await;
    for (asked, mode) in [
        (json!("auto"), Mode::Assist),
        (json!(null), Mode::Assist),
        (json!("suggest"), Mode::Off),
    ] {
        let mut body = message("在吗");
        body["mode"] = asked;
        assert_eq!(house.deliver(&body).await.status(), 202);
        assert_eq!(house.script.given().last().unwrap().mode, Some(mode));
    }
    house.close().await;
}

#[tokio::test]
async fn a_reply_in_time_travels_in_the_response() {
    let house = House::open().await;
    *house.script.held.lock().unwrap() = Some(held("您好，这里是值班同事"));
    *house.script.conversation.lock().unwrap() = Some(suggestions());
    for (name, mut body) in shapes() {
        if name == "own" {
            body["wait_ms"] = json!(15_000);
        }
        let response = house.deliver(&body).await;
        assert_eq!(response.headers()["content-type"], "application/json");
        let (status, answer) = read(response).await;
        assert_eq!(status, 200, "{name}");
        assert_eq!(
            answer,
            json!({"accepted": 1, "duplicates": 0, "conversation": "c", "reply": "您好，这里是值班同事",
                   "content": "您好，这里是值班同事", "type": "TEXT", "reply_id": "r-1", "action": "send",
                   "suggestions": suggestions()["suggestions"]}),
            "{name}"
        );
    }
    assert_eq!(
        *house.script.answers.lock().unwrap(),
        [Duration::from_secs(15); 3]
    );
    let written = house.script.written().await;
    assert!(written.iter().all(|(_, whole)| *whole), "{written:?}");
    house.close().await;
}

#[tokio::test]
async fn no_reply_is_said_as_helpers_understand_it() {
    let house = House::open().await;
    let mut body = message("在吗");
    body["wait_ms"] = json!(60_000);
    let (status, answer) = read(house.deliver(&body).await).await;
    assert_eq!((status, sendable(&answer)), (200, None));
    assert_eq!(
        (&answer["type"], &answer["reason"], &answer["suggestions"]),
        (&json!("NO_REPLY"), &json!("no automatic reply"), &json!([]))
    );
    assert_eq!(
        *house.script.answers.lock().unwrap(),
        [Duration::from_secs(25)],
        "the wait is capped"
    );

    // The address may say it for helpers whose body is fixed.
    let (_, xianyu) = shapes()[1].clone();
    let response = house
        .post(
            "/v1/bridge/desk/messages?wait_ms=0&mode=suggest",
            xianyu.to_string(),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 202);

    // An empty window is nothing to record.
    let (status, answer) = read(
        house
            .deliver(&json!({"ctx": {"CTX_INSTANCE_ID": "a", "CTX_USERNAME": "c"}, "msgs": []}))
            .await,
    )
    .await;
    assert_eq!(
        (status, sendable(&answer), &answer["accepted"]),
        (200, None, &json!(0))
    );
    assert_eq!(house.script.given().len(), 2);
    house.close().await;
}

#[tokio::test]
async fn a_source_with_a_reply_url_never_gets_it_here() {
    let house = House::open().await;
    *house.script.held.lock().unwrap() = Some(held("您好"));
    let mut body = message("在吗");
    body["wait_ms"] = json!(1_000);
    let response = house
        .post("/v1/bridge/pushed/messages", body.to_string())
        .send()
        .await
        .unwrap();
    let (status, answer) = read(response).await;
    assert_eq!((status, sendable(&answer)), (200, None));
    assert_eq!(answer["reason"], "replies go to your reply_url");
    assert!(house.script.answers.lock().unwrap().is_empty());
    house.close().await;
}

#[tokio::test]
async fn a_reply_nobody_is_there_to_read_was_not_written() {
    let house = House::open().await;
    *house.script.held.lock().unwrap() = Some(held("您好"));
    let gate = Arc::new(Gate::default());
    *house.script.gate.lock().unwrap() = Some(gate.clone());
    let mut body = message("在吗");
    body["wait_ms"] = json!(1_000);
    let body = body.to_string();
    let headers: String = signed(SECRET, NOW, body.as_bytes())
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    let mut stream = house.connect().await;
    stream
        .write_all(format!("POST /v1/bridge/desk/messages HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).as_bytes())
        .await
        .unwrap();
    // The reply is claimed; the response is not yet made.
    gate.reached().await;
    drop(stream);
    assert_eq!(house.script.written().await, [(held("您好"), false)]);
    gate.open();
    house.close().await;
}
