//! Each bad input has a clear answer and changes nothing; what is only unusual is taken.

use serde_json::{Value, json};

use crate::house::{House, NOW, SECRET, message, read, signed};

fn problem(status: u16, answer: &Value) {
    assert_eq!(answer["status"], status, "{answer}");
    for key in ["type", "title", "detail", "mend", "mend_zh", "request_id"] {
        assert!(
            answer[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}: {answer}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_taken_is_said_and_not_recorded() {
    let house = House::open().await;
    let id = "9".repeat(300);
    let whole = message("在吗").to_string();
    let long_id = json!({"account_id": "a", "conversation_id": "c", "messages": [{"role": "customer", "id": id, "text": "x"}]});
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (name, body, content_type, status, field) in [
        (
            "truncated",
            whole.as_bytes()[..whole.len() - 3].to_vec(),
            "application/json",
            400,
            None,
        ),
        ("not JSON", b"hello".to_vec(), "application/json", 400, None),
        ("empty", Vec::new(), "application/json", 400, None),
        (
            "neither UTF-8 nor GBK",
            b"{\"a\":\"\xff\xff\"}".to_vec(),
            "application/json",
            400,
            None,
        ),
        (
            "an id of 300 characters",
            long_id.to_string().into(),
            "application/json",
            400,
            Some("messages[0].id"),
        ),
        (
            "no account",
            b"{\"conversation_id\":\"c\",\"messages\":[]}".to_vec(),
            "application/json",
            400,
            Some("account_id"),
        ),
        (
            "a huge text",
            message(&"字".repeat(20_001)).to_string().into(),
            "application/json",
            413,
            Some("messages[0].text"),
        ),
        (
            "a huge body",
            message(&"x".repeat(1 << 21)).to_string().into(),
            "application/json",
            413,
            None,
        ),
        ("very deep", deep.into(), "application/json", 400, None),
        (
            "a form",
            b"message=hi".to_vec(),
            "application/x-www-form-urlencoded",
            415,
            None,
        ),
    ] {
        let response = house
            .post("/v1/bridge/desk/messages", body)
            .header("content-type", content_type)
            .send()
            .await
            .unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{name}"
        );
        let header = response.headers()["x-request-id"].clone();
        let (got, answer) = read(response).await;
        assert_eq!(
            (got, answer["field"].as_str()),
            (status, field),
            "{name}: {answer}"
        );
        problem(status, &answer);
        assert_eq!(answer["request_id"], header.to_str().unwrap());
    }
    assert!(house.script.given().is_empty());
    house.close().await;
}

#[tokio::test]
async fn what_is_only_unusual_is_taken() {
    let house = House::open().await;
    let (gbk, _, _) = encoding_rs::GBK.encode(r#"{"account_id":"店","conversation_id":"c","messages":[{"role":"customer","text":"我的快递到哪了"}]}"#);
    let plain = |body: Value| body.to_string().into_bytes();
    for (name, body, text) in [
        ("GBK", gbk.to_vec(), "我的快递到哪了".to_owned()),
        (
            "10,000 characters",
            plain(message(&"字".repeat(10_000))),
            "字".repeat(10_000),
        ),
        ("a NUL", plain(message("a\0b")), "ab".to_owned()),
        ("SQL", plain(message("' OR 1=1--")), "' OR 1=1--".to_owned()),
        (
            "the future",
            plain(
                json!({"account_id": "a", "conversation_id": "c", "messages": [{"role": "customer", "text": "x", "sent_at": NOW + 86_400}]}),
            ),
            "x".to_owned(),
        ),
    ] {
        let response = house
            .post("/v1/bridge/desk/messages", body)
            .send()
            .await
            .unwrap();
        let (status, answer) = read(response).await;
        assert_eq!(
            (status, answer["accepted"].as_u64()),
            (202, Some(1)),
            "{name}: {answer}"
        );
        let given = house.script.given();
        assert_eq!(given.last().unwrap().messages[0].text, text, "{name}");
    }
    house.close().await;
}

#[tokio::test]
async fn unknown_keys_are_named_and_harmless() {
    let house = House::open().await;
    let mut body = message("在吗");
    body["helper_version"] = json!("3.1");
    body["messages"][0]["avatar"] = json!("x");
    let (status, answer) = read(house.deliver(&body).await).await;
    assert_eq!(status, 202);
    assert_eq!(
        answer,
        json!({"accepted": 1, "duplicates": 0, "conversation": "c", "ignored": ["messages[0].avatar", "helper_version"]})
    );
    house.close().await;
}

#[tokio::test]
async fn a_known_id_with_other_words_is_a_conflict() {
    let house = House::open().await;
    *house.script.conflicts.lock().unwrap() = vec!["m1".to_owned()];
    let (status, answer) = read(house.deliver(&message("other words")).await).await;
    assert_eq!((status, &answer["conflicts"]), (409, &json!(["m1"])));
    assert!(
        answer["detail"]
            .as_str()
            .unwrap()
            .contains("All others are recorded")
    );
    problem(409, &answer);
    house.close().await;
}

#[tokio::test]
async fn a_house_without_its_store_says_try_again() {
    let house = House::open().await;
    *house.script.gone.lock().unwrap() = true;
    for response in [
        house.deliver(&message("在吗")).await,
        house.get("/v1/bridge/desk/outbox").send().await.unwrap(),
        house.get("/v1/bridge/desk/tally").send().await.unwrap(),
        house
            .get("/v1/bridge/desk/conversations/c?account_id=a")
            .send()
            .await
            .unwrap(),
        house
            .post("/v1/bridge/desk/outbox/r/ack", r#"{"status":"sent"}"#)
            .send()
            .await
            .unwrap(),
    ] {
        assert_eq!(response.headers()["retry-after"], "2");
        let (status, answer) = read(response).await;
        assert_eq!(status, 503);
        assert!(!answer.to_string().contains("no disk"), "{answer}");
        problem(503, &answer);
    }
    house.close().await;
}

#[tokio::test]
async fn a_panic_is_a_problem_without_words() {
    let house = House::open().await;
    *house.script.panics.lock().unwrap() = true;
    let (status, answer) = read(house.deliver(&message("在吗")).await).await;
    assert_eq!(status, 500);
    problem(500, &answer);
    assert!(!answer.to_string().contains("13800138000"));
    *house.script.panics.lock().unwrap() = false;
    assert_eq!(house.deliver(&message("在吗")).await.status(), 202);
    house.close().await;
}

#[tokio::test]
async fn paths_methods_and_queries_are_answered_too() {
    let house = House::open().await;
    for (method, path, status) in [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/bridge/desk/nothing", 404),
        ("GET", "/v1/bridge/desk/messages", 405),
        ("DELETE", "/v1/bridge/desk/outbox", 405),
        ("GET", "/v1/bridge/desk/outbox?wait=soon", 400),
        ("GET", "/v1/bridge/desk/outbox?wait=%ff", 400),
        ("GET", "/v1/bridge/desk/conversations/c", 400),
        ("GET", "/v1/bridge/%ff/outbox", 400),
        ("GET", "/v1/bridge/desk/conversations/c?account_id=a", 404),
    ] {
        let response = house
            .http
            .request(method.parse().unwrap(), house.url(path))
            .bearer_auth(crate::house::TOKEN)
            .send()
            .await
            .unwrap();
        let allow = response.headers().get("allow").cloned();
        let (got, answer) = read(response).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        problem(status, &answer);
        assert_eq!(allow.is_some(), status == 405, "{allow:?}");
    }
    house.close().await;
}

#[tokio::test]
async fn the_wire_itself_is_read_with_care() {
    let house = House::open().await;
    let many: String = (0..1_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let wide = format!("x: {}\r\n", "y".repeat(200_000));
    for (name, head, status) in [
        ("1,000 headers", many.as_str(), "431"),
        ("a header of 200 kB", &wide, "431"),
        (
            "two lengths",
            "content-length: 1\r\ncontent-length: 2\r\n",
            "400",
        ),
        ("a length that is none", "content-length: -1\r\n", "400"),
    ] {
        let answer = house
            .raw(
                format!("POST /v1/bridge/desk/messages HTTP/1.1\r\nhost: x\r\n{head}\r\n")
                    .as_bytes(),
            )
            .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{name}: {answer:.80}"
        );
    }
    // Neither the absolute form nor Host moves a request to another door.
    let body = message("在吗").to_string();
    let headers: String = signed(SECRET, NOW, body.as_bytes())
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    let answer = house
        .raw(
            format!(
                "POST http://evil.example/v1/bridge/desk/messages HTTP/1.1\r\nhost: evil.example\r\n\
                 x-remote-user: admin\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
                body.len()
            )
            .as_bytes(),
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    // A length and chunks together are an old way to smuggle: one of them is refused or ignored, none is a second request.
    let answer = house
        .raw(b"POST /v1/bridge/desk/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 40"), "{answer:.80}");
    assert_eq!(house.script.given().len(), 1);
    house.close().await;
}
