//! The other doors.

use std::{sync::Arc, time::Duration};

use jieban::service::Ack;
use serde_json::json;

use crate::house::{Gate, House, message, read};

#[tokio::test]
async fn the_outbox_is_polled_and_acknowledged() {
    let mut house = House::open().await;
    let (status, answer) = read(
        house
            .get("/v1/bridge/desk/outbox?account_id=acc&wait=90&cursor=x")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(answer[0]["reply_id"], "r-1");
    assert_eq!(answer[0]["not_after"], "2026-01-02T03:04:15Z");
    assert_eq!(
        *house.script.pulls.lock().unwrap(),
        [(
            "desk".to_owned(),
            Some("acc".to_owned()),
            Duration::from_secs(25)
        )]
    );

    for (path, body, status) in [
        (
            "r-1",
            json!({"status": "sent", "platform_message_id": 6_917_529_027_641_081_857_u64}),
            200,
        ),
        (
            "r-1",
            json!({"status": "failed", "error": "window closed"}),
            200,
        ),
        ("unknown", json!({"status": "sent"}), 404),
        ("r-1", json!({"status": "maybe"}), 400),
        (
            "r-1",
            json!({"status": "sent", "platform_message_id": {}}),
            400,
        ),
        ("r-1", json!([]), 400),
    ] {
        let path = format!("/v1/bridge/desk/outbox/{path}/ack");
        let (got, answer) = read(house.post(&path, body.to_string()).send().await.unwrap()).await;
        assert_eq!(got, status, "{body}: {answer}");
    }
    let acks = house.script.acks.lock().unwrap().clone();
    assert_eq!(acks.len(), 3);
    assert_eq!(
        acks[0],
        (
            "desk".to_owned(),
            "r-1".to_owned(),
            Ack {
                sent: true,
                platform_message_id: Some("6917529027641081857".to_owned()),
                error: None
            }
        )
    );
    assert_eq!(acks[1].2.error.as_deref(), Some("window closed"));

    // A poll that is under way when the doors close is answered.
    let gate = Arc::new(Gate::default());
    *house.script.gate.lock().unwrap() = Some(gate.clone());
    let poll = tokio::spawn(house.get("/v1/bridge/desk/outbox?wait=20").send());
    gate.reached().await;
    house.stop();
    gate.open();
    assert_eq!(poll.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_conversation_and_the_counts_are_shown() {
    let house = House::open().await;
    *house.script.conversation.lock().unwrap() = Some(json!({"suggestions": []}));
    let path = "/v1/bridge/desk/conversations/a%2Fb%20%E4%BC%9A%E8%AF%9D?account_id=%E5%BA%97&wait_ms=1500";
    let (status, answer) = read(house.get(path).send().await.unwrap()).await;
    assert_eq!((status, answer), (200, json!({"suggestions": []})));
    assert_eq!(
        *house.script.shown.lock().unwrap(),
        [(
            "desk".to_owned(),
            "店".to_owned(),
            "a/b 会话".to_owned(),
            Duration::from_millis(1500)
        )]
    );
    let (status, answer) = read(house.get("/v1/bridge/desk/tally").send().await.unwrap()).await;
    assert_eq!(
        (status, answer),
        (200, json!({"source": "desk", "account": null}))
    );
    house.close().await;
}

#[tokio::test]
async fn the_machine_room_has_its_doors() {
    let house = House::open().await;
    let text = async |path: &str| {
        let response = house.http.get(house.url(path)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert!(
        text("/metrics").await.1.contains("jieban_build_info"),
        "never empty"
    );
    assert_eq!(text("/live").await, (200, "ok\n".to_owned()));
    let (status, body) = text("/ready").await;
    assert!(
        status == 200 && body.contains(r#""knowledge":"v1""#),
        "{body}"
    );
    *house.script.gone.lock().unwrap() = true;
    assert_eq!(text("/ready").await.0, 503);
    assert_eq!(text("/live").await.0, 200);
    *house.script.gone.lock().unwrap() = false;

    assert_eq!(house.deliver(&message("在吗")).await.status(), 202);
    let _ = text("/secret-path-0001").await;
    let (_, figures) = text("/metrics").await;
    for line in [
        r#"jieban_messages_total{source="desk",outcome="accepted"}"#,
        r#"jieban_http_requests_total{route="/v1/bridge/{source}/messages",status="202"}"#,
        r#"jieban_http_requests_total{route="other",status="404"}"#,
        "jieban_http_request_seconds_bucket",
    ] {
        assert!(figures.contains(line), "{line}: {figures}");
    }
    assert!(!figures.contains("secret-path"));
    house.close().await;
}
