//! The doors for people: whom they open to, and what stands behind them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use jieban::web::api::roles::{DOORS, OpensTo};
use serde_json::{Value, json};

use crate::house::{ADMIN, BOSS, House, MEI, TOKEN};

const METHODS: [&str; 6] = ["GET", "PUT", "POST", "PATCH", "DELETE", "TRACE"];
/// Doors with a guard of their own, for the machine room, and what answers where there is no door.
const OTHERS: [&str; 8] = [
    "/console",
    // Customers, each with his own cookie: tests/chat.
    "/chat/",
    "/v1/bridge/",
    "/v1/alarms/",
    "/live",
    "/ready",
    "/metrics",
    "/{*__private__axum_fallback}",
];

/// Every path the router knows, as the router itself tells it.
fn paths(house: &House) -> BTreeSet<String> {
    let told = format!("{:?}", house.router);
    told.split('"')
        .filter(|text| text.starts_with('/') && *text != "/")
        .filter(|text| !OTHERS.iter().any(|other| text.starts_with(other)))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_route_is_on_the_list_guarded_and_described() {
    let house = House::with(|config| config.limits.failed_sign_ins = 1_000).await;
    let routed = paths(&house);
    assert!(routed.contains("/v1/shops/{shop}/mode"), "{routed:?}");
    let mut listed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for door in DOORS {
        assert!(
            listed.entry(door.path).or_default().insert(door.method),
            "{} {} stands there twice",
            door.method,
            door.path
        );
    }
    let on_list: BTreeSet<String> = listed.keys().map(|path| (*path).to_owned()).collect();
    assert_eq!(routed, on_list, "the routes and the list of roles");

    let document: Value = house
        .http
        .get(house.url("/v1/openapi.json"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let described = document["paths"].as_object().unwrap();
    assert_eq!(described.len(), listed.len());
    for (path, methods) in &listed {
        let said: BTreeSet<String> = described[*path]
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect();
        assert_eq!(
            said,
            methods.iter().map(|method| (*method).to_owned()).collect(),
            "{path}"
        );
        let address = path.replace("{id}", "1").replace("{shop}", "teahouse");
        for method in METHODS {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let knock = house.http.request(method.clone(), house.url(&address));
            let answer = knock.send().await.unwrap();
            let door = DOORS
                .iter()
                .find(|door| door.path == *path && door.method == method.as_str());
            let expected = match door.map(|door| door.opens_to) {
                None => 405,
                Some(OpensTo::Anybody) => 200,
                Some(_) => 401,
            };
            assert_eq!(answer.status(), expected, "{method} {path}");
            if expected == 405 {
                assert!(answer.headers().contains_key("allow"), "{method} {path}");
            }
        }
    }
    // What a door takes and gives is described too.
    for schema in ["ShopShown", "KilledShown", "LunchAsked", "EventShown"] {
        assert!(
            document["components"]["schemas"][schema].is_object(),
            "{schema}"
        );
    }
    house.close().await;
}

#[tokio::test]
async fn only_a_token_of_ones_own_opens_and_only_with_the_role() {
    let house = House::open().await;
    let (status, me) = house.ask(MEI, "GET", "/v1/me", None).await;
    assert_eq!(
        (status, me),
        (
            200,
            json!({"name": "小美", "roles": ["agent"], "shops": ["teahouse"]})
        )
    );
    // A bridge's token opens no door for people, and the other way round.
    let (status, problem) = house.ask(TOKEN, "GET", "/v1/me", None).await;
    assert_eq!(
        (status, &problem["type"]),
        (401, &json!("urn:jieban:problem:sign-in"))
    );
    assert!(!problem.to_string().contains(TOKEN));
    assert_eq!(
        house.ask(MEI, "GET", "/v1/bridge/desk/tally", None).await.0,
        401
    );
    for (token, method, path, body, status) in [
        (
            MEI,
            "PUT",
            "/v1/shops/teahouse/mode",
            json!({"mode": "auto"}),
            403,
        ),
        (MEI, "DELETE", "/v1/shops/teahouse/kill", json!({}), 403),
        (MEI, "GET", "/v1/events", json!({}), 403),
        (MEI, "PUT", "/v1/shops/teahouse-auto/kill", json!({}), 403),
        (MEI, "GET", "/v1/shops/nowhere", json!({}), 403),
        (ADMIN, "GET", "/v1/shops/nowhere", json!({}), 404),
        (BOSS, "PUT", "/v1/kill", json!({}), 403),
        (
            BOSS,
            "PUT",
            "/v1/shops/teahouse/mode",
            json!({"mode": "loud"}),
            400,
        ),
        (
            BOSS,
            "PUT",
            "/v1/shops/teahouse/mode",
            json!({"reason": "大促"}),
            400,
        ),
        (
            BOSS,
            "PUT",
            "/v1/shops/teahouse/mode",
            json!({"mode": "off", "mod": 1}),
            400,
        ),
        (BOSS, "PUT", "/v1/shops/teahouse/mode", json!([]), 400),
        (BOSS, "GET", "/v1/events?sop=teahouse", json!({}), 400),
        (BOSS, "POST", "/v1/conversations/1/take", json!({}), 404),
        (BOSS, "POST", "/v1/conversations/x/take", json!({}), 404),
        (BOSS, "DELETE", "/v1/arrangements/77", json!({}), 404),
        (BOSS, "DELETE", "/v1/announcements/77", json!({}), 404),
        (MEI, "POST", "/v1/lunch?agent=admin", json!({}), 403),
        (BOSS, "POST", "/v1/lunch?agent=nobody", json!({}), 404),
        (MEI, "POST", "/v1/lunch", json!({"minutes": 121}), 422),
        (MEI, "PATCH", "/v1/lunch", json!({"minutes": 5}), 409),
    ] {
        let (got, answer) = house.ask(token, method, path, Some(body)).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        assert_eq!(answer["status"], status, "{answer}");
        assert!(answer["mend_zh"].is_string() && answer["request_id"].is_string());
    }
    let (_, problem) = house
        .ask(
            MEI,
            "PUT",
            "/v1/shops/teahouse/mode",
            Some(json!({"mode": "auto"})),
        )
        .await;
    assert_eq!(
        problem["roles"],
        json!(["supervisor", "operations", "admin"])
    );
    // Nothing of it was done.
    assert_eq!(
        house.ask(BOSS, "GET", "/v1/events", None).await.1,
        json!([])
    );
    house.close().await;
}

#[tokio::test]
async fn guessing_tokens_becomes_slow_and_the_right_one_opens_all_the_same() {
    let house = House::with(|config| config.limits.failed_sign_ins = 3).await;
    let mut last = 0;
    for _ in 0..4 {
        last = house
            .ask("a-guess-a-guess-a-guess", "GET", "/v1/me", None)
            .await
            .0;
    }
    assert_eq!(last, 429);
    assert_eq!(house.ask(MEI, "GET", "/v1/me", None).await.0, 200);
    let (status, problem) = house
        .ask(
            BOSS,
            "POST",
            "/v1/lunch",
            Some(json!({"reason": "饭".repeat(1024 * 1024)})),
        )
        .await;
    assert_eq!(status, 413, "{problem}");
    house.close().await;
}

#[tokio::test]
async fn mode_hours_and_kill_switch_are_three_facts() {
    let house = House::open().await;
    let (_, shops) = house.ask(MEI, "GET", "/v1/shops", None).await;
    assert_eq!(shops.as_array().unwrap().len(), 1, "{shops}");
    let shop = &shops[0];
    assert_eq!(
        (&shop["id"], &shop["answers"], &shop["because"]),
        (
            &json!("teahouse"),
            &json!("staff"),
            &json!("辅助模式；早班，到 01-02 12:00；由客服回复")
        )
    );
    assert_eq!(
        shop["mode"],
        json!({"now": "assist", "switched": null, "by_knowledge": "assist", "last": null})
    );

    let switched = json!({"mode": "auto", "reason": "双11"});
    let path = "/v1/shops/teahouse/mode";
    let (status, shop) = house.ask(BOSS, "PUT", path, Some(switched.clone())).await;
    assert_eq!((status, &shop["answers"]), (200, &json!("both")));
    assert_eq!(shop["mode"]["last"]["who"], "王主管");
    assert_eq!(shop["mode"]["last"]["reason"], "双11");
    house.ask(BOSS, "PUT", path, Some(switched)).await;

    let kill = "/v1/shops/teahouse/kill";
    let (status, killed) = house.ask(MEI, "PUT", kill, None).await;
    assert_eq!(
        (status, &killed["changed"], &killed["on_the_wire"]),
        (200, &json!(true), &json!([]))
    );
    let (_, killed) = house
        .ask(MEI, "PUT", kill, Some(json!({"reason": "说错话"})))
        .await;
    assert_eq!(killed["changed"], false, "once is enough");
    let (_, killed) = house.ask(ADMIN, "PUT", "/v1/kill", None).await;
    assert_eq!(killed["stopped"], true);
    let (_, shop) = house.ask(MEI, "GET", "/v1/shops/teahouse", None).await;
    assert_eq!(
        (&shop["answers"], &shop["kill"]["everywhere"]),
        (&json!("staff"), &json!(true))
    );
    assert_eq!(
        shop["because"],
        "admin已紧急停止自动回复；自动模式；早班，到 01-02 12:00；由客服回复"
    );
    let (_, stopped) = house.ask(BOSS, "GET", "/v1/kill", None).await;
    assert_eq!(stopped["stopped"], json!(["teahouse", "teahouse-auto"]));
    house.ask(ADMIN, "DELETE", "/v1/kill", None).await;
    let (_, stopped) = house.ask(BOSS, "GET", "/v1/kill", None).await;
    assert_eq!(
        stopped["stopped"],
        json!(["teahouse"]),
        "its own switch is still on"
    );
    assert_eq!(house.ask(BOSS, "DELETE", kill, None).await.0, 200);

    let (_, events) = house.ask(BOSS, "GET", "/v1/events", None).await;
    let told: Vec<String> = events
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap_or("*").to_owned();
            format!(
                "{} {} {} {} → {}",
                text("who"),
                text("what"),
                text("shop"),
                event["before"],
                event["after"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "王主管 mode teahouse {\"mode\":null} → {\"mode\":\"auto\"}",
            "小美 kill teahouse {\"stopped\":false} → {\"stopped\":true}",
            "admin kill * {\"stopped\":false} → {\"stopped\":true}",
            "admin kill * {\"stopped\":true} → {\"stopped\":false}",
            "王主管 kill teahouse {\"stopped\":true} → {\"stopped\":false}",
        ]
    );
    let (_, page) = house
        .ask(BOSS, "GET", "/v1/events?limit=2&shop=teahouse", None)
        .await;
    let before = page[1]["id"].as_str().unwrap();
    let (_, next) = house
        .ask(
            BOSS,
            "GET",
            &format!("/v1/events?limit=1&before={before}"),
            None,
        )
        .await;
    assert_eq!(next[0], events[2]);
    house.close().await;
}

#[tokio::test]
async fn lunch_takes_twenty_minutes_warns_and_ends_by_itself() {
    let house = House::open().await;
    let (status, gone) = house.ask(MEI, "POST", "/v1/lunch", None).await;
    assert_eq!(status, 201, "{gone}");
    let lunch = &gone["arrangements"][0];
    assert_eq!(
        (
            &lunch["shop"],
            &lunch["agent"],
            &lunch["ends_in"],
            &lunch["ends_soon"]
        ),
        (
            &json!("teahouse"),
            &json!("小美"),
            &json!(1200),
            &json!(false)
        )
    );
    let shop = || async { house.ask(MEI, "GET", "/v1/shops/teahouse", None).await.1 };
    let seen = shop().await;
    assert_eq!(
        (&seen["answers"], &seen["coverage"]["cover"]),
        (&json!("bot"), &json!("lunch"))
    );
    assert_eq!(
        seen["because"],
        "辅助模式；午饭，到 01-02 11:24；由接班自动回复"
    );
    // Asked twice, gone once.
    house.clock.advance(Duration::seconds(30));
    let (_, again) = house
        .ask(MEI, "POST", "/v1/lunch", Some(json!({"minutes": 60})))
        .await;
    assert_eq!(again["arrangements"][0]["id"], lunch["id"]);
    assert_eq!(again["arrangements"][0]["ends_in"], 1170);
    // It warns before it ends; it is prolonged; it ends.
    house.clock.advance(Duration::minutes(17));
    let (_, at) = house.ask(MEI, "GET", "/v1/lunch", None).await;
    assert_eq!(
        (
            &at["arrangements"][0]["ends_in"],
            &at["arrangements"][0]["ends_soon"]
        ),
        (&json!(150), &json!(true))
    );
    let (status, more) = house
        .ask(
            BOSS,
            "PATCH",
            "/v1/lunch?agent=%E5%B0%8F%E7%BE%8E",
            Some(json!({"minutes": 10})),
        )
        .await;
    assert_eq!(
        (status, &more["arrangements"][0]["ends_in"]),
        (200, &json!(600))
    );
    house.clock.advance(Duration::minutes(10));
    assert_eq!(shop().await["answers"], "staff");
    assert_eq!(
        house.ask(MEI, "GET", "/v1/lunch", None).await.1["arrangements"],
        json!([])
    );
    // Back early; coming back twice is coming back.
    house
        .ask(MEI, "POST", "/v1/lunch", Some(json!({"minutes": 15})))
        .await;
    for left in [1, 0] {
        let (status, back) = house.ask(MEI, "DELETE", "/v1/lunch", None).await;
        assert_eq!(
            (status, back["arrangements"].as_array().unwrap().len()),
            (200, left)
        );
    }
    assert_eq!(shop().await["answers"], "staff");
    let (_, events) = house.ask(BOSS, "GET", "/v1/events", None).await;
    let who: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["who"].as_str().unwrap())
        .collect();
    assert_eq!(who, ["小美", "小美", "王主管", "小美"]);
    house.close().await;
}

#[tokio::test]
async fn absences_closures_and_announcements_have_an_end() {
    let house = House::open().await;
    let until = "2026-01-02T06:00:00Z";
    let closed = json!({"shops": ["teahouse-auto", "teahouse"], "what": "closed", "until": until, "reason": "盘点"});
    let (status, made) = house
        .ask(BOSS, "POST", "/v1/arrangements", Some(closed.clone()))
        .await;
    assert_eq!(
        (status, made["arrangements"].as_array().unwrap().len()),
        (201, 2),
        "{made}"
    );
    assert_eq!(
        house
            .ask(BOSS, "POST", "/v1/arrangements", Some(closed))
            .await
            .1,
        made,
        "asked twice, made once"
    );
    let (_, shop) = house.ask(MEI, "GET", "/v1/shops/teahouse", None).await;
    assert_eq!(
        (&shop["answers"], &shop["coverage"]["reason"]),
        (&json!("bot"), &json!("盘点"))
    );
    let id = made["arrangements"][0]["id"].as_str().unwrap();
    let (_, ended) = house
        .ask(
            BOSS,
            "DELETE",
            &format!("/v1/arrangements/{id}"),
            Some(json!({"reason": "盘完了"})),
        )
        .await;
    assert_eq!(ended["arrangements"][0]["holds"], false);
    let (_, left) = house
        .ask(BOSS, "GET", "/v1/arrangements?shop=teahouse", None)
        .await;
    assert_eq!(left["arrangements"], json!([]));
    // A name no table knows is arranged, and said.
    let sick = json!({"shops": ["teahouse"], "what": "absent", "agent": "小丽", "until": until, "reason": "病假"});
    let (status, made) = house
        .ask(BOSS, "POST", "/v1/arrangements", Some(sick))
        .await;
    assert_eq!(status, 201);
    assert!(made["warnings"].is_array(), "{made}");

    for (wrong, field) in [
        (
            json!({"shops": [], "what": "closed", "until": until}),
            "shops",
        ),
        (
            json!({"shops": ["teahouse"], "what": "absent", "until": until}),
            "agent",
        ),
        (
            json!({"shops": ["teahouse"], "what": "closed", "agent": "小丽", "until": until}),
            "agent",
        ),
        (
            json!({"shops": ["teahouse"], "what": "closed", "until": "2026-01-02T00:00:00Z"}),
            "until",
        ),
        (
            json!({"shops": ["teahouse"], "what": "closed", "from": "2026-01-03T00:00:00Z", "until": until}),
            "until",
        ),
    ] {
        let (status, problem) = house
            .ask(BOSS, "POST", "/v1/arrangements", Some(wrong.clone()))
            .await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &json!(field)),
            "{wrong}: {problem}"
        );
    }

    let news = |text: &str| json!({"shops": ["teahouse"], "text": text, "until": until, "silences": ["log.track"]});
    let (status, problem) = house
        .ask(
            BOSS,
            "POST",
            "/v1/announcements",
            Some(news("仓库进水，加微信退款")),
        )
        .await;
    assert_eq!((status, &problem["field"]), (422, &json!("text")));
    assert_eq!(problem["findings"][0]["instead"], "请在平台内沟通");
    // What an agent would have to confirm, the bot must not say either.
    let (status, _) = house
        .ask(BOSS, "POST", "/v1/announcements", Some(news("保证明天发")))
        .await;
    assert_eq!(status, 422);
    let (status, said) = house
        .ask(
            BOSS,
            "POST",
            "/v1/announcements",
            Some(news("仓库进水，今天的包裹晚一天发出")),
        )
        .await;
    assert_eq!(status, 201, "{said}");
    for (wrong, field) in [
        (
            json!({"shops": ["teahouse"], "text": " ", "until": until}),
            "text",
        ),
        (
            json!({"shops": ["teahouse"], "text": "晚到{{天数}}天", "until": until}),
            "text",
        ),
        (json!({"text": "晚到", "until": until}), "shops"),
        (
            json!({"shops": ["teahouse"], "text": "晚到", "until": until, "silences": ["no.such"]}),
            "silences",
        ),
    ] {
        let (status, problem) = house
            .ask(BOSS, "POST", "/v1/announcements", Some(wrong.clone()))
            .await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &json!(field)),
            "{wrong}: {problem}"
        );
    }
    let (status, _) = house
        .ask(
            BOSS,
            "POST",
            "/v1/announcements",
            Some(json!({"everywhere": true, "text": "停运", "until": until})),
        )
        .await;
    assert_eq!(status, 403, "not all shops are his");
    house
        .ask(
            ADMIN,
            "POST",
            "/v1/announcements",
            Some(json!({"everywhere": true, "text": "停运", "until": until})),
        )
        .await;
    let (_, standing) = house.ask(MEI, "GET", "/v1/announcements", None).await;
    assert_eq!(standing.as_array().unwrap().len(), 2);
    let (_, shop) = house
        .ask(BOSS, "GET", "/v1/shops/teahouse-auto", None)
        .await;
    assert_eq!(shop["announcements"][0]["text"], "停运");
    let id = standing[1]["id"].as_str().unwrap();
    assert_eq!(
        house
            .ask(BOSS, "DELETE", &format!("/v1/announcements/{id}"), None)
            .await
            .0,
        403
    );
    let (status, ended) = house
        .ask(ADMIN, "DELETE", &format!("/v1/announcements/{id}"), None)
        .await;
    assert_eq!((status, &ended["ends_in"]), (200, &json!(0)));
    house.close().await;
}
