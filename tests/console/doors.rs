//! Who comes in, from where, and who does not.

use std::sync::Arc;

use jieban::{
    clock::ManualClock,
    config::Role,
    web::{api::roles::OpensTo, console::pages::pages},
};
use reqwest::{Method, header};

use crate::house::{Answer, House, PASSWORD, Visitor, encoded, moment};

async fn post(house: &House, path: &str, fields: &[(&str, &str)]) -> Answer {
    Answer::of(
        house
            .http
            .post(house.url(path))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded(fields)),
    )
    .await
}

#[tokio::test]
async fn the_first_link_makes_an_administrator_once() {
    let house = House::open().await;
    let link = house.people.first_link().await.unwrap().unwrap();
    let path = format!("/console/invitation/{}", link.reveal());
    let page = Answer::of(house.http.get(house.url(&path))).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("第一位管理员"));
    for (fields, says) in [
        (
            &[("name", "老板"), ("password", PASSWORD), ("again", "other")][..],
            "两次输入的密码不一样",
        ),
        (
            &[("name", "老板"), ("password", "short"), ("again", "short")],
            "太短",
        ),
        (
            &[("name", " "), ("password", PASSWORD), ("again", PASSWORD)],
            "1 到 40 个字",
        ),
    ] {
        let refused = post(&house, &path, fields).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains(says), "{says}");
    }
    let fields = [
        ("name", "老板"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let taken = post(&house, &path, &fields).await;
    assert_eq!((taken.status, taken.location()), (303, "/console"));
    let set = taken.headers[header::SET_COOKIE].to_str().unwrap();
    for word in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(word), "{set}");
    }
    let boss = Visitor {
        house: &house,
        cookie: taken.cookie().to_owned(),
    };
    assert_eq!(boss.get("/console").await.location(), "/console/inbox");
    assert_eq!(boss.get("/console/people").await.status, 200);
    // Used, altered, guessed.
    for token in [
        link.reveal().to_owned(),
        format!("{}A", &link.reveal()[..42]),
        "x".repeat(43),
        "x".to_owned(),
    ] {
        let path = format!("/console/invitation/{token}");
        let gone = Answer::of(house.http.get(house.url(&path))).await;
        assert_eq!(gone.status, 404);
        assert!(gone.text.contains("链接已经失效"));
        assert_eq!(post(&house, &path, &fields).await.status, 404);
    }
    house.close().await;
}

#[tokio::test]
async fn a_password_lets_in_and_too_many_wrong_ones_do_not() {
    let clock = Arc::new(ManualClock::at(moment("10:15")));
    let house = House::at(clock.clone()).await;
    house.boss().await;
    let sign_in = async |name: &str, password: &str| {
        post(
            &house,
            "/console/sign-in",
            &[
                ("name", name),
                ("password", password),
                ("next", "/console/coverage"),
            ],
        )
        .await
    };
    let good = sign_in("老板", PASSWORD).await;
    assert_eq!((good.status, good.location()), (303, "/console/coverage"));
    let mut pages = Vec::new();
    for name in ["老板", "没有这个人"] {
        for n in 0..5 {
            let wrong = sign_in(name, &format!("wrong guess {n}")).await;
            assert_eq!(wrong.status, 401, "{name} {n}");
            assert!(!wrong.headers.contains_key(header::SET_COOKIE));
            if n == 0 {
                pages.push(wrong.text.replace(name, "NAME"));
            }
        }
        let locked = sign_in(name, PASSWORD).await;
        assert_eq!(locked.status, 429, "{name}");
        assert!(locked.text.contains("31 秒"));
    }
    assert_eq!(pages[0], pages[1], "nobody learns which names exist");
    clock.advance(chrono::Duration::seconds(31));
    assert_eq!(sign_in("老板", PASSWORD).await.status, 303);
    house.close().await;
}

#[tokio::test]
async fn nobody_is_sent_to_a_stranger_after_signing_in() {
    let house = House::open().await;
    house.boss().await;
    for next in [
        "//evil.example",
        "https://evil.example/",
        "/console/\\evil",
        "/v1/me",
    ] {
        let fields = [("name", "老板"), ("password", PASSWORD), ("next", next)];
        assert_eq!(
            post(&house, "/console/sign-in", &fields).await.location(),
            "/console",
            "{next}"
        );
    }
    house.close().await;
}

#[tokio::test]
async fn every_page_asks_who_comes_and_whether_it_is_for_him() {
    let house = House::open().await;
    house.boss().await;
    let mut visitors = Vec::new();
    for (n, role) in Role::ALL.iter().enumerate() {
        visitors.push((
            *role,
            house.person(&format!("person {n}"), *role, None).await,
        ));
    }
    for row in pages() {
        let path = format!("/console{}", row.path)
            .replace("{id}", "1")
            .replace("{token}", "x")
            .replace("{number}", "LF-2611-0001")
            .replace("{hash}", "0")
            .replace("{file}", "x.js")
            .replace("{*rest}", "nowhere");
        for method in row.methods {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let stranger = house
                .http
                .request(method.clone(), house.url(&path))
                .header("sec-fetch-site", "same-origin");
            let answer = Answer::of(stranger).await;
            if row.opens_to == OpensTo::Anybody {
                assert!(!answer.location().contains("sign-in"), "{method} {path}");
                continue;
            }
            assert_eq!(answer.status, 303, "{method} {path}");
            assert!(
                answer.location().starts_with("/console/sign-in"),
                "{method} {path}"
            );
            if row.path == "/live" {
                continue;
            }
            for (role, visitor) in &visitors {
                let opens = match row.opens_to {
                    OpensTo::Roles(of) => of.contains(role),
                    _ => true,
                };
                let answer = match method {
                    Method::GET => visitor.get(&path).await,
                    _ if row.path == "/sign-out" => continue,
                    _ => visitor.post(&path, &[]).await,
                };
                let refused = answer.text.contains("您的角色不能做这一步");
                assert_eq!(
                    refused, !opens,
                    "{method} {path} as {role}: {}",
                    answer.status
                );
                if refused {
                    assert_eq!(answer.status, 403);
                }
                assert_ne!(
                    answer.status, 500,
                    "{method} {path} as {role}: {}",
                    answer.text
                );
            }
        }
    }
    house.close().await;
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let house = House::open().await;
    let boss = house.boss().await;
    let key = boss.get("/console/account").await.key();
    let other = house.person("小丽", Role::Admin, None).await;
    let foreign = other.get("/console/account").await.key();
    let stop = |headers: &[(&'static str, &str)], body: String| {
        let mut request = boss
            .request(Method::POST, "/console/coverage/stop")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request)
    };
    let ours = house.url("");
    let good = encoded(&[("shop", "teahouse"), ("key", &key)]);
    for (headers, body, why) in [
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example"),
            ][..],
            good.clone(),
            "another site",
        ),
        (
            &[("sec-fetch-site", "same-site")],
            good.clone(),
            "a neighbour",
        ),
        (
            &[("origin", "https://evil.example")],
            good.clone(),
            "another origin",
        ),
        (&[("origin", "null")], good.clone(), "no origin to speak of"),
        (&[], good.clone(), "nothing said"),
        (
            &[("origin", &ours)],
            encoded(&[("shop", "teahouse")]),
            "no key",
        ),
        (
            &[("origin", &ours)],
            encoded(&[("shop", "teahouse"), ("key", &foreign)]),
            "another's key",
        ),
        (
            &[("origin", &ours)],
            encoded(&[("key", &key), ("shop", "teahouse"), ("key", &key)]),
            "two keys",
        ),
        (
            &[("origin", &ours)],
            format!("{{\"key\": \"{key}\"}}"),
            "no form",
        ),
    ] {
        assert_eq!(stop(headers, body).await.status, 403, "{why}");
    }
    let shown = boss.get("/console/coverage").await.text;
    assert!(!shown.contains("已紧急停止"), "nothing was stopped");
    assert_eq!(stop(&[("origin", &ours)], good).await.status, 303);
    assert!(
        boss.get("/console/coverage")
            .await
            .text
            .contains("已紧急停止")
    );
    house.close().await;
}

#[tokio::test]
async fn a_session_ends_when_it_is_ended() {
    let house = House::open().await;
    let boss = house.boss().await;
    let mei = house.person("小美", Role::Agent, None).await;
    assert_eq!(mei.get("/console/inbox").await.status, 200);
    // Kept out while she looks on.
    let mut stream = mei
        .request(Method::GET, "/console/live?see=inbox")
        .send()
        .await
        .unwrap();
    let disabled = boss
        .post(
            "/console/people/change",
            &[("name", "小美"), ("what", "disable")],
        )
        .await;
    assert_eq!(disabled.location(), "/console/people?done=person");
    assert_eq!(mei.get("/console/inbox").await.status, 303);
    let mut told = String::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        told.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(told.contains("event: out"), "{told}");
    // Signing out takes the cookie and the session.
    let copy = Visitor {
        house: &house,
        cookie: boss.cookie.clone(),
    };
    let out = boss.post("/console/sign-out", &[]).await;
    assert!(out.cookie().ends_with('='), "{}", out.cookie());
    assert_eq!(copy.get("/console/inbox").await.status, 303);
    house.close().await;
}

#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let house = House::open().await;
    house.boss().await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let mine = house.person("小美", Role::Agent, Some(&["teahouse"])).await;
    let other = house
        .person("小王", Role::Supervisor, Some(&["teahouse-auto"]))
        .await;
    let path = format!("/console/conversations/{id}");
    assert_eq!(mine.get(&path).await.status, 200);
    let (theirs, nobodys) = (
        other.get(&path).await,
        other.get("/console/conversations/999999").await,
    );
    assert_eq!((theirs.status, nobodys.status), (404, 404));
    assert_eq!(theirs.text, nobodys.text);
    for (path, fields) in [
        (
            format!("{path}/send"),
            &[("text", "您好"), ("seen", "99")][..],
        ),
        (format!("{path}/own"), &[("act", "take")]),
        (
            "/console/coverage/mode".to_owned(),
            &[("shop", "teahouse"), ("mode", "off")],
        ),
        ("/console/coverage/stop".to_owned(), &[("shop", "teahouse")]),
        (
            "/console/knowledge/try".to_owned(),
            &[("shop", "teahouse"), ("text", "包邮吗")],
        ),
    ] {
        assert_eq!(other.post(&path, fields).await.status, 404, "{path}");
    }
    // All shops at once are for who has them all.
    assert_eq!(
        other
            .post("/console/coverage/stop", &[("shop", "")])
            .await
            .status,
        403
    );
    assert!(!other.get("/console/inbox").await.text.contains("小周"));
    assert!(
        !other
            .get("/console/inbox?q=小周")
            .await
            .text
            .contains("row-")
    );
    assert_eq!(other.get("/console/inbox?shop=teahouse").await.status, 404);
    house.close().await;
}
