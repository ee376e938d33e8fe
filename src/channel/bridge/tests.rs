#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    desk::Role,
    knowledge::{ContentKind, Mode, Platform},
};

fn post(body: &[u8]) -> Post<'_> {
    Post {
        source: "desk",
        body,
        ..Post::default()
    }
}

fn read(body: &Value) -> Result<Delivery, Refusal> {
    parse(post(body.to_string().as_bytes()))
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    Some(text.parse().unwrap())
}

#[test]
fn the_bridges_own_shape() {
    let delivery = read(&json!({
        "account_id": "旗舰店", "platform": "taobao", "conversation_id": 2_218_165_087_899_i64,
        "messages": [
            {"id": 6_917_529_027_641_081_857_u64, "role": "customer", "sender": {"id": "u1", "name": "小李"},
             "type": "text", "text": "在吗\0", "sent_at": "2026-01-02T11:04:05+08:00", "raw": {"any": 1}},
            {"role": "agent", "text": "在的", "sent_at": 1_767_323_046, "foo": 1},
            {"role": "system", "type": "hologram", "url": "https://x/y", "sent_at": 1_767_323_047_123_i64},
        ],
        "context": {"order_id": "2871234567890123456", "item_title": "鞋"},
        "wait_ms": 3000, "mode": "assist", "helper": "x",
    }))
    .unwrap();
    assert_eq!(delivery.wait, Duration::from_secs(3));
    assert_eq!(
        delivery.ignored,
        ["context.item_title", "messages[1].foo", "helper"]
    );
    let inbound = delivery.inbound;
    assert_eq!(inbound.source, "desk");
    assert_eq!(inbound.account, "旗舰店");
    assert_eq!(inbound.platform, Platform::Taobao);
    assert_eq!(inbound.conversation, "2218165087899");
    assert_eq!(inbound.customer.as_deref(), Some("小李"));
    assert_eq!(inbound.order.as_deref(), Some("2871234567890123456"));
    assert_eq!(inbound.mode, Some(Mode::Assist));
    let [first, second, third] = &inbound.messages[..] else {
        panic!()
    };
    assert_eq!(first.external.as_deref(), Some("6917529027641081857"));
    assert_eq!(
        (first.role, first.kind, first.text.as_str()),
        (Role::Customer, ContentKind::Text, "在吗")
    );
    assert_eq!(first.sent_at, at("2026-01-02T03:04:05Z"));
    assert_eq!(
        (second.role, second.external.as_deref()),
        (Role::Agent, None)
    );
    assert_eq!(second.sent_at, at("2026-01-02T03:04:06Z"));
    assert_eq!(
        (third.kind, third.url.as_deref()),
        (ContentKind::Other, Some("https://x/y"))
    );
    assert_eq!(third.sent_at, at("2026-01-02T03:04:07.123Z"));
}

#[test]
fn one_message_at_a_time() {
    let delivery = read(&json!({
        "account_id": "acc", "message": "还在吗", "chat_id": "c1", "item_id": "", "send_user_id": "u1",
        "send_user_name": "小王", "msg_time": "2026-01-02 11:04:05",
    }))
    .unwrap();
    assert_eq!(delivery.wait, HELPER_WAIT);
    assert_eq!(delivery.ignored, ["item_id"]);
    let inbound = delivery.inbound;
    assert_eq!(
        (inbound.platform, inbound.conversation.as_str()),
        (Platform::Xianyu, "c1")
    );
    assert_eq!(inbound.customer.as_deref(), Some("小王"));
    let [message] = &inbound.messages[..] else {
        panic!()
    };
    assert_eq!(
        (message.role, message.text.as_str()),
        (Role::Customer, "还在吗")
    );
    assert_eq!(message.sent_at, at("2026-01-02T03:04:05Z"));

    let delivery =
        read(&json!({"account_id": "acc", "message": "hi", "send_user_id": 7, "msg_time": "刚刚"}))
            .unwrap();
    assert_eq!(delivery.inbound.conversation, "7");
    assert_eq!(delivery.inbound.messages[0].sent_at, None);
    assert_eq!(delivery.ignored, ["msg_time"]);
}

#[test]
fn the_window_of_a_desktop_helper() {
    let window = json!({
        "ctx": {"CTX_PLATFORM": "win_qianniu", "CTX_APP_ID": "app", "CTX_INSTANCE_ID": "inst-1",
                "CTX_USERNAME": "tb小李", "CTX_ORDER_ID": "2871234567890123456", "CTX_CURRENT_GOODS": "鞋"},
        "msgs": [
            {"sender": "tb小李", "content": "在吗", "role": "OTHER", "type": "TEXT"},
            {"sender": "tb小李", "content": "在吗", "role": "OTHER", "type": "TEXT"},
            {"sender": "客服小美", "content": "您好", "role": "SELF", "type": "TEXT"},
            {"sender": "", "content": "https://img/1.jpg", "role": "OTHER", "type": "IMAGE"},
            {"sender": "", "content": "订单已发货", "role": "SYSTEM", "type": "TEXT"},
            {"sender": "", "content": "", "role": "OTHER", "type": "TEXT"},
        ],
        "mode": "suggest", "wait_ms": "0",
    });
    let delivery = read(&window).unwrap();
    assert_eq!(delivery.wait, Duration::ZERO);
    assert_eq!(
        delivery.ignored,
        ["ctx.CTX_APP_ID", "ctx.CTX_CURRENT_GOODS", "msgs[5] (empty)"]
    );
    let inbound = delivery.inbound;
    assert_eq!(
        (inbound.account.as_str(), inbound.conversation.as_str()),
        ("inst-1", "tb小李")
    );
    assert_eq!(
        (inbound.platform, inbound.mode),
        (Platform::Taobao, Some(Mode::Off))
    );
    assert_eq!(inbound.order.as_deref(), Some("2871234567890123456"));
    let roles: Vec<_> = inbound.messages.iter().map(|m| m.role).collect();
    assert_eq!(
        roles,
        [
            Role::Customer,
            Role::Customer,
            Role::Agent,
            Role::Customer,
            Role::System
        ]
    );
    assert_eq!(inbound.messages[3].kind, ContentKind::Image);
    assert_eq!(
        inbound.messages[3].url.as_deref(),
        Some("https://img/1.jpg")
    );

    // Without the name in ctx, the customer's messages tell it; without either, nobody does.
    let mut nameless = window.clone();
    nameless["ctx"]
        .as_object_mut()
        .unwrap()
        .remove("CTX_USERNAME");
    assert_eq!(read(&nameless).unwrap().inbound.conversation, "tb小李");
    nameless["msgs"] = json!([{"content": "在吗", "role": "OTHER", "type": "TEXT"}]);
    assert_eq!(
        read(&nameless).unwrap_err().field.as_deref(),
        Some("ctx.CTX_USERNAME")
    );
}

#[test]
fn a_request_lowers_the_mode_and_never_raises_it() {
    for (word, mode) in [
        (json!("suggest"), Some(Mode::Off)),
        (json!("off"), Some(Mode::Off)),
        (json!("关闭"), Some(Mode::Off)),
        (json!("assist"), Some(Mode::Assist)),
        (json!("AUTO"), None),
        (json!(null), None),
    ] {
        let delivery =
            read(&json!({"account_id": "a", "conversation_id": "c", "messages": [], "mode": word}))
                .unwrap();
        assert_eq!(delivery.inbound.mode, mode, "{word}");
    }
    let body = br#"{"account_id":"a","conversation_id":"c","messages":[]}"#;
    let delivery = parse(Post {
        mode: Some("suggest"),
        wait_ms: Some("900000"),
        ..post(body)
    })
    .unwrap();
    assert_eq!(
        (delivery.inbound.mode, delivery.wait),
        (Some(Mode::Off), LONGEST_WAIT)
    );
}

#[test]
fn what_cannot_be_right_names_its_field_and_its_mend() {
    let with = |key: &str, value: Value| {
        let mut body = json!({"account_id": "a", "conversation_id": "c", "messages": [{"role": "customer", "text": "x"}]});
        body[key] = value;
        body
    };
    let message = |message: Value| {
        with(
            "messages",
            json!([{"role": "customer", "text": "ok"}, message]),
        )
    };
    let long = "9".repeat(300);
    for (body, fault, field) in [
        (json!([1]), Fault::Malformed, None),
        (
            json!({"account_id": "a", "conversation_id": "c"}),
            Fault::Malformed,
            Some("messages"),
        ),
        (
            with("messages", json!({})),
            Fault::Malformed,
            Some("messages"),
        ),
        (
            with("messages", json!(["x"])),
            Fault::Malformed,
            Some("messages[0]"),
        ),
        (
            with("account_id", json!(null)),
            Fault::Malformed,
            Some("account_id"),
        ),
        (
            with("account_id", json!(" ")),
            Fault::Malformed,
            Some("account_id"),
        ),
        (
            with("account_id", json!({})),
            Fault::Malformed,
            Some("account_id"),
        ),
        (
            with("conversation_id", json!(long)),
            Fault::Malformed,
            Some("conversation_id"),
        ),
        (
            with("conversation_id", json!(1.5)),
            Fault::Malformed,
            Some("conversation_id"),
        ),
        (
            with("conversation_id", json!(1e300)),
            Fault::Malformed,
            Some("conversation_id"),
        ),
        (
            with("context", json!("x")),
            Fault::Malformed,
            Some("context"),
        ),
        (
            with("context", json!({"order_id": long})),
            Fault::Malformed,
            Some("context.order_id"),
        ),
        (
            with("wait_ms", json!(-1)),
            Fault::Malformed,
            Some("wait_ms"),
        ),
        (
            with("wait_ms", json!("soon")),
            Fault::Malformed,
            Some("wait_ms"),
        ),
        (
            with("mode", json!("silent")),
            Fault::Malformed,
            Some("mode"),
        ),
        (
            message(json!({"text": "x"})),
            Fault::Malformed,
            Some("messages[1].role"),
        ),
        (
            message(json!({"role": "alien", "text": "x"})),
            Fault::Malformed,
            Some("messages[1].role"),
        ),
        (
            message(json!({"role": "agent", "text": ["x"]})),
            Fault::Malformed,
            Some("messages[1].text"),
        ),
        (
            message(json!({"role": "agent", "text": "x", "id": long})),
            Fault::Malformed,
            Some("messages[1].id"),
        ),
        (
            message(json!({"role": "agent", "text": "x", "sent_at": "soon"})),
            Fault::Malformed,
            Some("messages[1].sent_at"),
        ),
        (
            message(json!({"role": "agent", "text": "x", "sent_at": -5})),
            Fault::Malformed,
            Some("messages[1].sent_at"),
        ),
        (
            message(json!({"role": "agent", "text": "字".repeat(LONGEST_TEXT + 1)})),
            Fault::TooLarge,
            Some("messages[1].text"),
        ),
        (
            with(
                "messages",
                json!(vec![
                    json!({"role": "customer", "text": "x"});
                    MOST_MESSAGES + 1
                ]),
            ),
            Fault::TooLarge,
            Some("messages"),
        ),
        (
            json!({"account_id": "a", "message": "x"}),
            Fault::Malformed,
            Some("chat_id"),
        ),
        (
            json!({"ctx": {}, "msgs": []}),
            Fault::Malformed,
            Some("ctx.CTX_INSTANCE_ID"),
        ),
    ] {
        let refusal = read(&body).expect_err(&format!("{body:.120}"));
        assert_eq!(
            (refusal.fault, refusal.field.as_deref()),
            (fault, field),
            "{body:.120}"
        );
        assert!(!refusal.mend.is_empty() && !refusal.mend_zh.is_empty());
    }
}

#[test]
fn what_is_real_is_taken() {
    let take = |messages: Value| {
        read(&json!({"account_id": "a", "conversation_id": "c", "messages": messages})).unwrap()
    };
    let long =
        take(json!([{"role": "customer", "text": "字".repeat(10_000), "id": "x".repeat(200)}]));
    assert_eq!(long.inbound.messages[0].text.chars().count(), 10_000);
    let future =
        take(json!([{"role": "customer", "text": "x", "sent_at": "2099-01-01T00:00:00Z"}]));
    assert_eq!(
        future.inbound.messages[0].sent_at,
        at("2099-01-01T00:00:00Z")
    );
    let full = take(json!(vec![
        json!({"role": "buyer", "text": "x", "a": 1, "b": 2});
        MOST_MESSAGES
    ]));
    assert_eq!(full.inbound.messages.len(), MOST_MESSAGES);
    assert_eq!(
        (full.ignored.len(), full.ignored[50].as_str()),
        (51, "and 950 more")
    );
    let reversed = take(json!([
        {"role": "customer", "text": "2", "sent_at": 1_767_323_047},
        {"role": "customer", "text": "1", "sent_at": 1_767_323_046.5},
    ]));
    assert_eq!(reversed.inbound.messages[0].text, "1");
    let huge_url = take(
        json!([{"role": "customer", "type": "image", "url": format!("data:,{}", "x".repeat(9000))}]),
    );
    assert_eq!(
        (
            huge_url.inbound.messages[0].url.as_deref(),
            huge_url.ignored.as_slice()
        ),
        (None, &["messages[0].url".to_owned()][..])
    );
    assert!(take(json!([])).inbound.messages.is_empty());
}

#[test]
fn a_deep_body_does_not_break_the_house() {
    let deep = "[".repeat(100_000);
    assert_eq!(
        parse(post(deep.as_bytes())).unwrap_err().fault,
        Fault::Malformed
    );
    let ids = br#"{"account_id":18446744073709551616,"conversation_id":"c","messages":[]}"#;
    assert_eq!(
        parse(post(ids)).unwrap_err().field.as_deref(),
        Some("account_id")
    );
    let twice = br#"{"account_id":"a","account_id":"b","conversation_id":"c","messages":[]}"#;
    assert_eq!(parse(post(twice)).unwrap().inbound.account, "b");
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        proptest::sample::select(vec![
            "account_id",
            "conversation_id",
            "messages",
            "message",
            "ctx",
            "msgs",
            "role",
            "text",
            "content",
            "id",
            "sent_at",
            "msg_time",
            "type",
            "url",
            "sender",
            "customer",
            "context",
            "order_id",
            "wait_ms",
            "mode",
            "CTX_USERNAME",
            "CTX_INSTANCE_ID",
            "chat_id",
            "send_user_id",
            "name",
            "raw",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(vec![
            "customer",
            "SELF",
            "TEXT",
            "suggest",
            "2026-01-02 11:04:05"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map(key.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_break_the_parser(body in proptest::collection::vec(any::<u8>(), 0..300), content_type in ".{0,30}") {
        let _ = parse(Post { content_type: Some(&content_type), ..post(&body) });
    }

    #[test]
    fn no_json_breaks_the_parser(value in any_json()) {
        if let Ok(delivery) = read(&value) {
            prop_assert!(delivery.wait <= LONGEST_WAIT);
            prop_assert!(!delivery.inbound.account.is_empty() && !delivery.inbound.conversation.is_empty());
        }
    }
}
