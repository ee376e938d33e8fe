//! How much a door bears.

use std::{sync::Arc, time::Duration};

use jieban::config::Config;
use tokio::io::AsyncWriteExt;

use crate::house::{Gate, House, TOKEN, message, read, read_all};

#[tokio::test]
async fn a_source_has_a_rate_of_its_own() {
    let house = House::with(|config| {
        config.limits.source_rate = 1;
        config.limits.source_burst = 3;
    })
    .await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let response = house.deliver(&message("在吗")).await;
        if response.status() == 429 {
            assert_eq!(response.headers()["retry-after"], "1");
        }
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses[..4], [202, 202, 202, 429]);
    let other = house
        .post("/v1/bridge/pushed/messages", message("在吗").to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(other.status(), 202);
    house.close().await;
}

async fn fail(house: &House, forwarded: &str) -> u16 {
    house
        .http
        .get(house.url("/v1/bridge/desk/tally"))
        .bearer_auth("wrong-token-wrong-token")
        .header("x-forwarded-for", forwarded)
        .header("x-real-ip", forwarded)
        .header("forwarded", format!("for={forwarded}"))
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test]
async fn failing_to_sign_in_gets_slow_for_the_address_that_fails() {
    let few = |config: &mut Config| config.limits.failed_sign_ins = 3;
    // Nobody is trusted by default: whatever the headers say, it is the same peer.
    let house = House::with(few).await;
    for (forwarded, status) in [
        ("1.1.1.1", 401),
        ("2.2.2.2", 401),
        ("3.3.3.3", 401),
        ("4.4.4.4", 429),
    ] {
        assert_eq!(fail(&house, forwarded).await, status);
    }
    let response = house
        .http
        .get(house.url("/v1/bridge/nobody/tally"))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(
        response.status(),
        429,
        "unknown sources count like wrong keys"
    );
    assert_eq!(
        house
            .get("/v1/bridge/desk/tally")
            .send()
            .await
            .unwrap()
            .status(),
        200,
        "the right key opens"
    );
    house.close().await;

    let house = House::with(|config| {
        few(config);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    for (forwarded, status) in [
        ("1.1.1.1", 401),
        ("1.1.1.1", 401),
        ("9.9.9.9, 1.1.1.1", 401),
        ("8.8.8.8, 1.1.1.1", 429),
        ("2.2.2.2", 401),
    ] {
        assert_eq!(fail(&house, forwarded).await, status, "{forwarded}");
    }
    house.close().await;
}

#[tokio::test]
async fn slow_senders_are_not_waited_for() {
    let house = House::with(|config| {
        config.limits.header = Duration::from_millis(200);
        config.limits.request = Duration::from_millis(200);
    })
    .await;
    let mut slow = house.connect().await;
    slow.write_all(b"GET /live HTTP/1.1\r\nhost: x\r\nx-slow")
        .await
        .unwrap();
    assert_eq!(read_all(&mut slow).await, "", "closed without an answer");
    let silent = read_all(&mut house.connect().await).await;
    assert_eq!(silent, "");

    let head = format!(
        "POST /v1/bridge/desk/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 100\r\n\r\n{{"
    );
    let answer = house.raw(head.as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("urn:jieban:problem:too-slow"),
        "{answer}"
    );

    // Work that does not end is given up.
    let gate = Arc::new(Gate::default());
    *house.script.gate.lock().unwrap() = Some(gate);
    let (status, answer) = read(house.get("/v1/bridge/desk/outbox").send().await.unwrap()).await;
    assert_eq!(status, 503, "{answer}");
    house.close().await;
}

#[tokio::test]
async fn a_full_house_says_so() {
    let house = House::with(|config| config.limits.in_flight = 1).await;
    let gate = Arc::new(Gate::default());
    *house.script.gate.lock().unwrap() = Some(gate.clone());
    let poll = tokio::spawn(house.get("/v1/bridge/desk/outbox?wait=20").send());
    gate.reached().await;
    let response = house.deliver(&message("在吗")).await;
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(response.status(), 503);
    let live = house.http.get(house.url("/live")).send().await.unwrap();
    assert_eq!(live.status(), 200, "the machine room is always open");
    gate.open();
    assert_eq!(poll.await.unwrap().unwrap().status(), 200);
    assert_eq!(house.deliver(&message("在吗")).await.status(), 202);
    house.close().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_at_the_door() {
    let house = House::with(|config| {
        config.limits.connections = 2;
        config.limits.header = Duration::from_millis(300);
    })
    .await;
    let _first = house.connect().await;
    let _second = house.connect().await;
    // Served as soon as the silent ones have been sent away.
    assert_eq!(
        house
            .get("/v1/bridge/desk/tally")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    house.close().await;
}
