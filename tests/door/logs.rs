//! Logs tell of requests, not of people.

use std::{
    io,
    sync::{LazyLock, Mutex, Once},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::house::{House, NOW, SECRET, TOKEN, held, message};

static LINES: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(Mutex::default);

struct Paper;

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Paper;
    fn make_writer(&'a self) -> Paper {
        Paper
    }
}

/// Takes down every line of this process, of our own code at every level.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let level = tracing_subscriber::EnvFilter::new("info,jieban=trace");
        tracing_subscriber::fmt()
            .json()
            .with_env_filter(level)
            .with_writer(|| Paper)
            .init();
        let _ = Paper.make_writer();
    });
}

#[tokio::test]
async fn no_line_holds_what_a_customer_or_a_key_said() {
    let house = House::open().await;
    *house.script.held.lock().unwrap() = Some(held("canary-reply"));
    *house.script.conflicts.lock().unwrap() = vec!["canary-conflict".to_owned()];
    let body = json!({
        "account_id": "canary-account", "conversation_id": "canary-conversation", "wait_ms": 10,
        "messages": [{"role": "customer", "id": "canary-id", "sender": {"name": "canary-name"},
                      "text": "canary-text 13912345678\n{\"level\":\"error\"}"}],
        "canary-key": 1,
    });
    house.deliver(&body).await;
    house.script.conflicts.lock().unwrap().clear();
    house.deliver(&body).await;
    house
        .deliver(&json!({"account_id": "canary-account", "message": {"text": "canary-text"}}))
        .await;
    house
        .post("/v1/bridge/desk/messages", "{\"canary-broken")
        .send()
        .await
        .unwrap();
    house
        .get("/v1/bridge/canary-source/outbox?account_id=canary-account")
        .send()
        .await
        .unwrap();
    house
        .get("/v1/bridge/desk/conversations/canary-conversation?account_id=canary-account")
        .send()
        .await
        .unwrap();
    house
        .get("/canary-path?canary-query=1")
        .send()
        .await
        .unwrap();
    let ack =
        r#"{"status":"failed","platform_message_id":"canary-platform","error":"canary-error"}"#;
    house
        .post("/v1/bridge/desk/outbox/canary-reply-id/ack", ack)
        .send()
        .await
        .unwrap();
    house
        .http
        .get(house.url("/v1/bridge/desk/tally"))
        .bearer_auth("canary-token-canary-token")
        .send()
        .await
        .unwrap();
    let stale = crate::house::signed(SECRET, NOW - 4_000, b"");
    let mut request = house.http.get(house.url("/v1/bridge/desk/tally"));
    for (name, value) in stale {
        request = request.header(name, value);
    }
    request.send().await.unwrap();
    *house.script.panics.lock().unwrap() = true;
    house.deliver(&message("canary-panic")).await;
    house.close().await;

    let lines = String::from_utf8(LINES.lock().unwrap().clone()).unwrap();
    assert!(lines.lines().count() > 20, "{lines}");
    for line in lines.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(entry["timestamp"].is_string());
        for canary in ["canary", "13912345678", TOKEN, &SECRET[6..20]] {
            assert!(!line.contains(canary), "{line}");
        }
    }
    assert!(lines.contains("\"skew_seconds\":-4000") && lines.contains("a request panicked"));
}
