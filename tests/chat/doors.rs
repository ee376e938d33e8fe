//! Who may come in at the chat's doors, with what, and how much of it.

use std::sync::Arc;

use jieban::clock::ManualClock;
use reqwest::header;
use serde_json::json;

use crate::{
    customer::{Customer, ORIGIN, count, shop},
    house::{Answer, House, encoded, moment},
};

async fn noon() -> House {
    shop(Arc::new(ManualClock::at(moment("10:15")))).await
}

#[tokio::test]
async fn the_page_says_who_may_frame_it_and_whose_it_is() {
    let house = noon().await;
    let page = Answer::of(house.http.get(house.url("/chat/shop"))).await;
    let header_of = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    let policy = header_of("content-security-policy");
    assert!(
        policy.contains(&format!("frame-ancestors {ORIGIN}")),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && policy.contains("default-src 'none'"));
    assert!(!page.headers.contains_key("x-frame-options"));
    let cookie = header_of("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/chat/shop"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(page.text.contains("<h1>一盏茶具</h1>") && page.text.contains("lang=\"zh-Hans\""));
    // Known again, it keeps its cookie.
    let again = Answer::of(
        house
            .http
            .get(house.url("/chat/shop"))
            .header(header::COOKIE, page.cookie()),
    )
    .await;
    assert!(!again.headers.contains_key("set-cookie"));
    let bare = Answer::of(
        house
            .http
            .get(house.url("/chat/bare"))
            .header(header::ACCEPT_LANGUAGE, "en-GB,zh;q=0.5"),
    )
    .await;
    let policy = bare.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(bare.headers["x-frame-options"], "DENY");
    assert!(bare.text.contains("lang=\"en\"") && bare.text.contains("Send</button>"));
    let widget = Answer::of(house.http.get(house.url("/chat/shop/widget.js"))).await;
    assert_eq!(widget.status, 200);
    assert_eq!(
        widget.headers["cross-origin-resource-policy"],
        "cross-origin"
    );
    for path in [
        "/chat/other",
        "/chat/other/widget.js",
        "/chat/other/lines",
        "/chat/assets/0/chat.js",
    ] {
        let none = Answer::of(house.http.get(house.url(path))).await;
        assert_eq!(none.status, 404, "{path}");
        let policy = none.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"));
    }
    house.close().await;
}

#[tokio::test]
async fn only_a_browser_with_our_own_cookie_is_heard() {
    let clock = Arc::new(ManualClock::at(moment("10:15")));
    let house = shop(clock.clone()).await;
    let known = Customer::at(&house).await;
    let (name, value) = known.cookie.split_once('=').unwrap();
    let other = if value.starts_with('0') { "1" } else { "0" };
    for cookie in [
        String::new(),
        format!("{name}="),
        format!("{name}={other}{}", &value[1..]),
        format!("{name}=00000000000000000000000000000000.1800000000.00"),
        known.cookie.replace("jieban-chat-shop", "jieban-chat-bare"),
        known
            .cookie
            .replace("jieban-chat-shop", "__Secure-jieban-chat-shop"),
    ] {
        let forger = Customer {
            house: &house,
            cookie: cookie.clone(),
        };
        assert_eq!(
            forger.says("12345678", "包邮吗").await.status,
            403,
            "{cookie}"
        );
        assert_eq!(forger.has_seen("x").await.status, 403);
        for path in ["/lines", "/stream"] {
            let answer = Answer::of(forger.get(path)).await;
            assert_eq!(answer.status, 403, "{cookie} {path}");
        }
    }
    assert_eq!(count(&house, "message").await, 0);
    assert_eq!(known.says("12345678", "包邮吗").await.status, 202);
    // It grows too old.
    clock.advance(chrono::Duration::days(31));
    assert_eq!(known.says("12345679", "还在吗").await.status, 403);
    assert!(
        !known.page().await.contains("包邮吗"),
        "another browser now"
    );
    assert_eq!(count(&house, "message").await, 1);
    house.close().await;
}

#[tokio::test]
async fn only_our_own_page_posts() {
    let house = noon().await;
    let known = Customer::at(&house).await;
    let fields = [("key", "12345678"), ("text", "包邮吗")];
    let bare = || {
        house
            .http
            .post(house.url("/chat/shop/messages"))
            .header(header::COOKIE, &known.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded(&fields))
    };
    for post in [
        bare(),
        bare().header(header::ORIGIN, "null"),
        bare().header(header::ORIGIN, ORIGIN),
        bare()
            .header(header::ORIGIN, house.url(""))
            .header("sec-fetch-site", "cross-site"),
        bare().header("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(Answer::of(post).await.status, 403);
    }
    for path in ["/lines", "/stream"] {
        let foreign = known.get(path).header("sec-fetch-site", "cross-site");
        assert_eq!(Answer::of(foreign).await.status, 403);
    }
    assert_eq!(Answer::of(known.get("/messages")).await.status, 405);
    assert_eq!(count(&house, "message").await, 0);
    house.close().await;
}

#[tokio::test]
async fn what_is_too_large_or_no_text_is_refused_in_words() {
    let house = noon().await;
    let known = Customer::at(&house).await;
    let long = "茶".repeat(2_001);
    for (key, text, status) in [
        ("12345678", long.as_str(), 422),
        ("12345678", " \r\n\0 ", 422),
        ("short", "包邮吗", 422),
        ("钥匙钥匙", "包邮吗", 422),
    ] {
        assert_eq!(known.says(key, text).await.status, status);
    }
    let huge = "x".repeat(40_000);
    assert_eq!(known.says("12345678", &huge).await.status, 413);
    let picture = house
        .http
        .post(house.url("/chat/shop/messages"))
        .header(header::COOKIE, &known.cookie)
        .header(header::ORIGIN, house.url(""))
        .header("x-chat", "1")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.svg\"\r\n\r\n<svg/>\r\n--x--\r\n");
    let refused = Answer::of(picture).await;
    assert_eq!(refused.status, 415);
    assert!(refused.text.contains("请用文字描述"), "{}", refused.text);
    assert_eq!(count(&house, "message").await, 0);
    assert_eq!(
        known.says("12345678", &"茶".repeat(2_000)).await.status,
        202
    );
    // Without scripts he comes back to the page, and it says why.
    let form =
        Answer::of(known.posts("/messages", &[("key", "12345678"), ("text", long.as_str())])).await;
    assert_eq!(form.location(), "/chat/shop?wrong=long#end");
    let page = Answer::of(known.get("?wrong=long")).await.text;
    assert!(page.contains("一条最多 2000 字"));
    let odd = Answer::of(known.get("?wrong=%3Cscript%3E")).await;
    assert!(odd.status == 200 && !odd.text.contains("<script>"));
    house.close().await;
}

#[tokio::test]
async fn who_writes_too_much_waits_and_nobody_else_does() {
    let house = noon().await;
    let known = Customer::at(&house).await;
    let mut refused = None;
    // More than fit at once; on a slow machine some come back meanwhile.
    for n in 0..500 {
        let answer = known.says(&format!("message-{n}"), "在吗").await;
        if answer.status != 202 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains_key("retry-after"));
    let form = Answer::of(known.posts("/messages", &[("key", "message-x"), ("text", "在吗")]));
    assert!(matches!(
        form.await.location(),
        "/chat/shop?wrong=fast#end" | "/chat/shop#end"
    ));
    let other = Customer::at(&house).await;
    assert_eq!(other.says("message-0", "在吗").await.status, 202);
    house.close().await;
}

#[tokio::test]
async fn what_anybody_writes_is_text() {
    let house = noon().await;
    house.boss().await;
    let mei = house
        .person("小美", jieban::config::Role::Agent, None)
        .await;
    let known = Customer::at(&house).await;
    let texts = [
        "<img src=x onerror=__pwned=1>",
        "</p><svg/onload=__pwned=1>",
        "</textarea><script>__pwned=1</script>",
        "{{7*7}}{% raw %}",
        "javascript:__pwned=1 //evil.example",
        "\u{202e}gnp.exe\n\ndata: x\n\nevent: line",
    ];
    for (n, text) in texts.iter().enumerate() {
        assert_eq!(known.says(&format!("message-{n}"), text).await.status, 202);
    }
    let lines = known.lines(0).await;
    let said: Vec<&str> = lines
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(said, texts);
    let page = known.page().await;
    let id = known.decided().await;
    let console = mei.get(&format!("/console/conversations/{id}")).await.text;
    for html in [&page, &console] {
        for odd in [
            "<img",
            "<svg",
            "__pwned=1</script>",
            "href=\"javascript",
            ">49<",
        ] {
            assert!(!html.contains(odd), "{odd}");
        }
        assert!(html.contains("&lt;img src"));
    }
    house.close().await;
}

#[tokio::test]
async fn the_same_key_is_the_same_message() {
    let house = noon().await;
    let known = Customer::at(&house).await;
    for _ in 0..3 {
        assert_eq!(known.says("message-1", "包邮吗").await.status, 202);
    }
    assert_eq!(known.says("message-1", "别的话").await.status, 422);
    // The key of one customer says nothing to another.
    let other = Customer::at(&house).await;
    assert_eq!(other.says("message-1", "别的话").await.status, 202);
    assert_eq!(count(&house, "message").await, 2);
    let lines = known.lines(0).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["from"], &lines[0]["key"], &lines[0]["text"]),
        (&json!("me"), &json!("message-1"), &json!("包邮吗"))
    );
    // The form of a page that is sent twice.
    let page = known.page().await;
    let (_, rest) = page.split_once("name=\"key\" value=\"").unwrap();
    let key = rest.split('"').next().unwrap();
    for _ in 0..2 {
        let sent = known.posts("/messages", &[("key", key), ("text", "用什么快递")]);
        assert_eq!(Answer::of(sent).await.location(), "/chat/shop#end");
    }
    assert_eq!(count(&house, "message").await, 3);
    assert!(known.page().await.contains("用什么快递"));
    house.close().await;
}
