//! Who gets in.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::house::{House, NOW, OLD_SECRET, SECRET, TOKEN, message, read, signed};

const DOOR: &str = "/v1/bridge/desk/messages";

async fn knock(house: &House, path: &str, headers: &[(&str, String)], body: &str) -> (u16, Value) {
    let mut request = house.http.post(house.url(path)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn every_active_secret_and_token_opens() {
    let house = House::open().await;
    let body = message("在吗").to_string();
    let basic = STANDARD.encode(format!("jieban:{TOKEN}"));
    for headers in [
        signed(SECRET, NOW, body.as_bytes()).to_vec(),
        signed(OLD_SECRET, NOW, body.as_bytes()).to_vec(),
        signed(SECRET, NOW - 299, body.as_bytes()).to_vec(),
        signed(SECRET, NOW + 299, body.as_bytes()).to_vec(),
        vec![("authorization", format!("Bearer {TOKEN}"))],
        vec![("authorization", format!("bearer  {TOKEN}"))],
        vec![("authorization", format!("Basic {basic}"))],
    ] {
        let (status, answer) = knock(&house, DOOR, &headers, &body).await;
        assert_eq!(status, 202, "{answer}");
    }
    // A request without a body is signed over no bytes.
    let mut request = house.http.get(house.url("/v1/bridge/desk/tally"));
    for (name, value) in signed(SECRET, NOW, b"") {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 200);
    house.close().await;
}

#[tokio::test]
async fn everything_else_does_not() {
    let house = House::with(|config| config.limits.failed_sign_ins = 1_000).await;
    let body = message("在吗").to_string();
    let good = signed(SECRET, NOW, body.as_bytes());
    let with = |at: usize, value: String| {
        let mut headers = good.to_vec();
        headers[at].1 = value;
        headers
    };
    let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let noise = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ".repeat(500);
    for (name, headers) in [
        ("unsigned", vec![]),
        ("wrong secret", signed(other, NOW, body.as_bytes()).to_vec()),
        ("other body", signed(SECRET, NOW, b"{}").to_vec()),
        ("stale", signed(SECRET, NOW - 301, body.as_bytes()).to_vec()),
        (
            "future",
            signed(SECRET, NOW + 301, body.as_bytes()).to_vec(),
        ),
        ("no id", good[1..].to_vec()),
        ("no timestamp", vec![good[0].clone(), good[2].clone()]),
        ("another id", with(0, "msg_2".to_owned())),
        ("an id with a dot", with(0, "msg.1".to_owned())),
        ("another time", with(1, (NOW + 1).to_string())),
        ("empty", with(2, String::new())),
        ("cut short", with(2, good[2].1[..30].to_owned())),
        (
            "500 signatures first",
            with(2, format!("{noise}{}", good[2].1)),
        ),
        (
            "wrong token",
            vec![("authorization", "Bearer wrong-token-wrong-token".to_owned())],
        ),
        ("empty token", vec![("authorization", "Bearer ".to_owned())]),
        (
            "no colon",
            vec![("authorization", format!("Basic {}", STANDARD.encode(TOKEN)))],
        ),
        (
            "another scheme",
            vec![("authorization", format!("Digest {TOKEN}"))],
        ),
        (
            "a signature counts before a token",
            [
                with(2, "v1,x".to_owned()),
                vec![("authorization", format!("Bearer {TOKEN}"))],
            ]
            .concat(),
        ),
    ] {
        let (status, answer) = knock(&house, DOOR, &headers, &body).await;
        assert_eq!(status, 401, "{name}: {answer}");
        assert_eq!(answer["type"], "urn:jieban:problem:sign-in");
    }
    let pretty = serde_json::to_string_pretty(&message("在吗")).unwrap();
    let (status, _) = knock(&house, DOOR, &good, &pretty).await;
    assert_eq!(status, 401, "JSON written again is other bytes");
    assert!(house.script.given().is_empty());
    house.close().await;
}

#[tokio::test]
async fn a_source_that_is_not_there_looks_like_a_wrong_key() {
    let house = House::open().await;
    let body = message("在吗").to_string();
    let good = signed(SECRET, NOW, body.as_bytes());
    let bad = signed(
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        NOW,
        body.as_bytes(),
    );
    // What the decoy behind unknown names is made with opens nothing either.
    let decoy = signed(
        "whsec_ZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3k=",
        NOW,
        body.as_bytes(),
    );
    let mut answers = Vec::new();
    for (path, headers) in [
        (DOOR, &bad),
        ("/v1/bridge/nobody/messages", &good),
        ("/v1/bridge/nobody/messages", &decoy),
        ("/v1/bridge/pushed%2F..%2Fdesk/messages", &good),
    ] {
        let mut request = house.http.post(house.url(path)).body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        let mut headers = response.headers().clone();
        for name in ["x-request-id", "date", "content-length"] {
            headers.remove(name);
        }
        let (status, mut answer) = read(response).await;
        answer["request_id"] = json!("");
        answers.push((status, headers, answer));
    }
    assert_eq!(answers[0].0, 401);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    house.close().await;
}
