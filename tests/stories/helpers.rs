//! The shapes of helpers that exist. One that knows nothing of suggestions stays silent in assist mode.

use serde_json::{Value, json};

use super::desk::TestDesk;

fn shapes() -> [(&'static str, Value); 3] {
    [
        (
            "the canonical shape",
            json!({"account_id": "tea", "conversation_id": "ann", "wait_ms": 1000,
                   "messages": [{"id": "1", "role": "customer", "type": "text", "text": "这个包邮吗"}]}),
        ),
        (
            "an API-reply helper",
            json!({"account_id": "tea", "chat_id": "bob", "message": "这个包邮吗", "send_user_id": "u1",
                   "send_user_name": "bob", "item_id": "i1", "msg_time": "2026-11-20 15:00:00", "wait_ms": 1000}),
        ),
        (
            "a window helper",
            json!({"ctx": {"CTX_PLATFORM": "taobao", "CTX_APP_ID": "qianniu", "CTX_INSTANCE_ID": "tea", "CTX_USERNAME": "carl"},
                   "msgs": [{"sender": "carl", "content": "这个包邮吗", "role": "OTHER", "type": "TEXT"}], "wait_ms": 1000}),
        ),
    ]
}

#[tokio::test]
async fn nothing_sendable_while_somebody_is_on_duty() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    for (name, shape) in shapes() {
        let asked = desk.post("poll", &shape);
        let working = async {
            for _ in 0..100 {
                desk.settle().await;
                tokio::task::yield_now().await;
            }
        };
        let ((status, body), ()) = tokio::join!(asked, working);
        assert_eq!(status, 200, "{name}: {body}");
        assert_eq!(body["reply"], Value::Null, "{name}: {body}");
        assert_eq!(
            body["content"].as_str().unwrap_or_default(),
            "",
            "{name}: {body}"
        );
        assert_eq!(body["type"], "NO_REPLY", "{name}: {body}");
        for alias in ["data", "message"] {
            assert!(
                body.get(alias).is_none_or(Value::is_null),
                "{name}: {alias} in {body}"
            );
        }
    }
    desk.end().await;
}

#[tokio::test]
async fn a_window_that_is_posted_again_and_again_adds_only_what_is_new() {
    let desk = TestDesk::at("2026-11-20 15:00:00").await;
    let line = |role: &str, content: &str| json!({"sender": "ann", "content": content, "role": role, "type": "TEXT"});
    let mut window = vec![line("OTHER", "在吗")];
    let mut total = 0;
    for next in [
        None,
        Some(line("OTHER", "在吗")),
        None,
        Some(line("SELF", "在的亲")),
        Some(line("OTHER", "这个包邮吗")),
        None,
    ] {
        window.extend(next);
        let shape = json!({"ctx": {"CTX_PLATFORM": "taobao", "CTX_INSTANCE_ID": "tea", "CTX_USERNAME": "ann"}, "msgs": window, "wait_ms": 0});
        let (status, body) = desk.post("poll", &shape).await;
        assert_eq!(status, 202, "{body}");
        total += body["accepted"].as_u64().unwrap();
        desk.settle().await;
    }
    assert_eq!(total, window.len() as u64);
    desk.end().await;
}

#[tokio::test]
async fn three_hundred_messages_of_last_night_in_one_post_are_history() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let messages: Vec<Value> = (0..300)
        .map(|n| {
            let role = if n % 10 == 9 { "agent" } else { "customer" };
            json!({"id": format!("h{n}"), "role": role, "type": "text", "text": format!("这个包邮吗 {n}"),
                   "sent_at": 1_763_481_600 + n})
        })
        .collect();
    let delivery = json!({"account_id": "tea", "conversation_id": "ann", "messages": messages});
    let (status, body) = desk.post("bridge", &delivery).await;
    assert_eq!((status, &body["accepted"]), (202, &json!(300)), "{body}");
    desk.settle().await;
    desk.pass(60).await;
    assert_eq!(desk.receiver.events("reply.created").len(), 0);
    desk.end().await;
}

#[tokio::test]
async fn the_request_may_lower_the_mode_but_not_raise_it() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let says = |conversation: &str, mode: &str| {
        json!({"account_id": "tea", "conversation_id": conversation, "mode": mode,
               "messages": [{"id": conversation, "role": "customer", "type": "text", "text": "这个包邮吗"}]})
    };
    desk.post("bridge", &says("lowered", "suggest")).await;
    desk.settle().await;
    desk.pass(10).await;
    assert_eq!(desk.verdict("lowered").await, "mode");
    desk.until("2026-11-20 15:00:00").await;
    desk.post("bridge", &says("raised", "auto")).await;
    desk.settle().await;
    desk.pass(10).await;
    assert_eq!(desk.verdict("raised").await, "mode");
    assert_eq!(desk.receiver.events("reply.created").len(), 0);
    desk.end().await;
}

#[tokio::test]
async fn an_account_nobody_claimed_is_assisted_and_shown() {
    let desk = TestDesk::of_account("nobody", "2026-11-20 15:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    let view = desk.view("ann").await;
    assert_eq!(view["shop"], "unassigned");
    assert_eq!(view["suggestions"][0]["title"], "包邮说明");
    assert_eq!(desk.receiver.events("reply.created").len(), 0);
    desk.end().await;
}
