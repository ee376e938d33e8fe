//! Pictures of every page, for people to look at: `scripts/screenshots FOLDER`.

use std::{path::PathBuf, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use jieban::{
    clock::{Clock, ManualClock},
    config::Role,
};
use serde_json::json;

use super::{Browser, sign_in};
use crate::{
    cases::{opened, paying, promised, step},
    house::{House, PASSWORD, moment},
};

/// Wide as a desk's, narrow as a hand's.
const SIZES: [(u32, u32); 2] = [(1280, 800), (390, 844)];

/// A house on a busy morning.
async fn busy(clock: &Arc<ManualClock>) -> House {
    let house = paying(clock.clone()).await;
    let mei = house.person("小美", Role::Supervisor, None).await;
    house
        .person("小李", Role::Agent, Some(&["teahouse-busy"]))
        .await;
    clock.set(moment("08:20"));
    house
        .customer_called("tea", "n-1", "夜猫子", "昨晚下的单什么时候发货呀")
        .await;
    house.decided("n-1").await;
    clock.set(moment("10:12"));
    house
        .customer_called("tea", "c-1", "小周", "你们发什么快递")
        .await;
    house
        .customer_called(
            "tea-auto",
            "c-2",
            "京东用户 1380",
            "收到的杯子少了一个，订单号 2871234567890123456",
        )
        .await;
    clock.advance(chrono::Duration::seconds(75));
    house
        .customer_called(
            "tea-busy",
            "c-3",
            "爱喝茶的老陈",
            "我要投诉你们，客服半天不回，再不处理我就打12315",
        )
        .await;
    clock.advance(chrono::Duration::seconds(45));
    house
        .customer_called("tea", "c-4", "一位名字特别特别特别特别长的顾客朋友", "人工")
        .await;
    house
        .customer_called("tea", "c-1", "小周", "包邮吗，多少钱包邮")
        .await;
    clock.advance(chrono::Duration::seconds(20));
    for name in ["n-1", "c-1", "c-2", "c-3", "c-4"] {
        house.decided(name).await;
    }
    let id = house.decided("c-4").await;
    mei.post(
        &format!("/console/conversations/{id}/own"),
        &[("act", "take")],
    )
    .await;
    mei.post(
        "/console/coverage/stop",
        &[("shop", "teahouse-auto"), ("reason", "答错了价格")],
    )
    .await;
    mei.post(
        "/console/coverage/announce",
        &[
            ("shop", ""),
            ("text", "今天仓库盘点，明天上午统一发货"),
            ("hours", "3"),
            ("reason", "盘点"),
        ],
    )
    .await;
    mei.post(
        "/console/coverage/arrange",
        &[
            ("shop", "teahouse-busy"),
            ("what", "absent"),
            ("agent", "小王"),
            ("until", "2026-11-20T18:00"),
            ("reason", "病假"),
        ],
    )
    .await;
    house
}

/// The whole page, at least as high as the window.
async fn whole(browser: &Browser, width: u32, height: u32) -> Vec<u8> {
    let content = browser.eval("document.documentElement.scrollHeight").await;
    let high = content.as_u64().unwrap_or(0).clamp(height.into(), 4_000);
    let clip = json!({"x": 0, "y": 0, "width": width, "height": high, "scale": 1});
    let shot = json!({"captureBeyondViewport": true, "clip": clip});
    let answer = browser.devtools("Page.captureScreenshot", shot).await;
    STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "makes pictures for people: scripts/screenshots"]
async fn pictures_of_every_page() {
    let folder = PathBuf::from(
        std::env::var("JIEBAN_SCREENSHOTS").expect("JIEBAN_SCREENSHOTS names a folder"),
    );
    std::fs::create_dir_all(&folder).unwrap();
    let clock = Arc::new(ManualClock::at(moment("08:00")));
    let house = busy(&clock).await;
    let freight = house.decided("c-1").await;
    let wang = house.person("王主管", Role::Supervisor, None).await;
    let pays = opened(&wang, freight, "补差", "2871234567890123999").await;
    let amount = [
        ("f.金额", "12.5"),
        ("f.原因", "买贵了，客户发来了降价后的截图"),
    ];
    step(&wang, &pays, "submit", &amount).await;
    let draft = opened(&wang, freight, "漏发", "").await;
    let now = clock.now();
    for (text, hours) in [("今天给您补发一个杯子", -2), ("明天上午给您回电话", 20)]
    {
        let due = now + chrono::Duration::hours(hours);
        promised(
            &house,
            "teahouse",
            text,
            now - chrono::Duration::hours(5),
            due,
        )
        .await;
    }
    let missing = house.decided("c-2").await;
    let script = "---\n编号: freight\n意图: no.such.intent\n---\n您好\n";
    std::fs::write(house.folder.join("scripts/freight.md"), script).unwrap();
    let link = house.people.first_link().await.unwrap();
    assert!(link.is_none());
    let browser = Browser::open(true).await;
    let mut pages = vec![("sign-in", "/console/sign-in".to_owned())];
    pages.extend([
        ("inbox", "/console/inbox".to_owned()),
        ("recent", "/console/inbox?of=recent".to_owned()),
        ("conversation", format!("/console/conversations/{freight}")),
        (
            "conversation-blanks",
            format!("/console/conversations/{missing}?fill=1"),
        ),
        ("cases", "/console/cases".to_owned()),
        ("case", pays),
        ("case-draft", draft),
        ("review", "/console/review".to_owned()),
        ("promises", "/console/promises".to_owned()),
        ("coverage", "/console/coverage".to_owned()),
        ("knowledge", "/console/knowledge".to_owned()),
        ("account", "/console/account".to_owned()),
        ("not-found", "/console/nowhere".to_owned()),
    ]);
    // Names between commas: only these.
    let only = std::env::var("JIEBAN_PAGES").unwrap_or_default();
    let mut odd = Vec::new();
    for who in ["小美", "老板", ""] {
        browser
            .devtools("Network.clearBrowserCookies", json!({}))
            .await;
        if !who.is_empty() {
            sign_in(&browser, &house, who, PASSWORD).await;
            browser.until("document.querySelector('.me')").await;
        }
        let shown: Vec<(&str, String)> = match who {
            "老板" => vec![("people", "/console/people".to_owned())],
            "" => pages
                .iter()
                .filter(|(name, _)| *name == "sign-in")
                .cloned()
                .collect(),
            _ => pages
                .iter()
                .filter(|(name, _)| *name != "sign-in")
                .cloned()
                .collect(),
        };
        for (name, path) in &shown {
            if !only.is_empty() && !only.split(',').any(|one| one == *name) {
                continue;
            }
            for (width, height) in SIZES {
                let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
                browser
                    .devtools("Emulation.setDeviceMetricsOverride", metrics)
                    .await;
                for lang in ["zh", "en"] {
                    let cookie =
                        json!({"name": "jieban-lang", "value": lang, "url": house.url("/")});
                    browser.devtools("Network.setCookie", cookie).await;
                    for light in ["light", "dark"] {
                        let media =
                            json!({"features": [{"name": "prefers-color-scheme", "value": light}]});
                        browser.devtools("Emulation.setEmulatedMedia", media).await;
                        browser.go(&house.url(path)).await;
                        if *name == "knowledge" && lang == "zh" {
                            browser
                                .write(
                                    "[name=text]",
                                    "收到的杯子少了一个，订单号 2871234567890123456",
                                )
                                .await;
                            browser.click(".try button.main").await;
                            browser.until("document.querySelector('#trial')").await;
                        }
                        let wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
                        if browser.eval(wide).await == json!(true) {
                            odd.push(format!("{name} {width} {lang}: wider than the window"));
                        }
                        if lang == "en" {
                            // Chinese that is not somebody's own words.
                            let left = "[...document.querySelectorAll('h1,h2,h3,label,button,th,dt,legend,summary')]\
                                .filter(e => !e.closest('[lang^=zh]') && !e.querySelector('select,[lang^=zh]') && !e.closest('.messages,.rows,.people') \
                                  && !e.closest('.shop-head,.chat-head,.checks') && /\\p{Script=Han}/u.test(e.innerText || '')).map(e => e.innerText)";
                            let left = browser.eval(left).await;
                            if left != json!([]) && left != json!(["小美"]) {
                                odd.push(format!("{name} {width}: not translated: {left}"));
                            }
                        }
                        let file = folder.join(format!("{name}-{width}-{lang}-{light}.png"));
                        std::fs::write(file, whole(&browser, width, height).await).unwrap();
                    }
                }
            }
        }
    }
    odd.sort();
    odd.dedup();
    println!("{}", odd.join("\n"));
    assert!(odd.is_empty(), "{odd:#?}");
    house.close().await;
}
