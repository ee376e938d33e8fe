//! The console in Debian's Chromium, in front of a house with its own clock.

mod cases;
mod driver;
mod screenshots;

use std::{sync::Arc, time::Duration};

use jieban::{
    clock::{Clock, ManualClock, SystemClock},
    config::Role,
};
use serde_json::json;

use self::driver::{ALT, Browser, CONTROL, ENTER, SHIFT, TAB};
use crate::house::{House, PASSWORD, moment};

async fn sign_in(browser: &Browser, house: &House, name: &str, password: &str) {
    browser.go(&house.url("/console/sign-in")).await;
    browser.write("input[name=name]", name).await;
    browser.write("input[name=password]", password).await;
    browser.click("button.main").await;
    // What comes next must not overtake it.
    browser.sees(".me, #wrong").await;
}

/// A house by the real clock, in which somebody is always on duty: the tests look at what happens, not when.
async fn desk() -> House {
    desk_by(Arc::new(SystemClock)).await
}

async fn desk_by(clock: Arc<dyn Clock>) -> House {
    let house = House::at(clock).await;
    house.boss().await;
    house.person("小美", Role::Agent, None).await;
    house
}

async fn clean(browser: &Browser) {
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn signing_in_and_being_refused() {
    let house = desk().await;
    let browser = Browser::open(true).await;
    browser.go(&house.url("/console/inbox?of=recent")).await;
    assert!(browser.address().await.contains("/console/sign-in?next="));
    sign_in(&browser, &house, "小美", "not the password").await;
    browser.says("姓名或密码不对").await;
    browser.write("input[name=password]", PASSWORD).await;
    browser.press(&[ENTER]).await;
    browser.says("没有人在等").await;
    browser.click("[data-sign-out]").await;
    browser.says("已退出").await;
    browser.go(&house.url("/console/inbox")).await;
    assert!(browser.address().await.contains("/console/sign-in"));
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_customer_writes_appears_by_itself_and_one_chord_answers() {
    let house = desk().await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser.says("没有人在等").await;
    let mark = "document.body.dataset.kept === 'yes'";
    browser.run("document.body.dataset.kept = 'yes'").await;
    house.customer("tea", "c-1", "你们发什么快递").await;
    browser.until("document.querySelector('[data-row]')").await;
    assert_eq!(
        browser.eval(mark).await,
        json!(true),
        "without loading the page"
    );
    browser.keys("j").await;
    browser.press(&[ENTER]).await;
    browser.until("document.querySelector('#live-chat')").await;
    browser.run("document.body.dataset.kept = 'yes'").await;
    // The page looks on before the customer writes.
    browser.until("document.documentElement.dataset.live").await;
    house.customer("tea", "c-1", "包邮吗，多少钱包邮").await;
    let took = browser.until("document.querySelector('[data-card=\"1\"] [data-card-send]') && document.querySelector('#live-side').innerText.includes('39元包邮')").await;
    // Measured beside everything else that is tested: printed, not judged.
    println!("a suggestion appeared after {took:?}");
    assert_eq!(
        browser.eval(mark).await,
        json!(true),
        "without loading the page"
    );
    browser.press(&[ALT, '1']).await;
    browser.says("已发出").await;
    browser
        .until("document.querySelector('.messages .ours .bubble').innerText.includes('39元包邮')")
        .await;
    let fetched = house.fetch().await;
    assert_eq!(fetched[0]["agent"], json!("小美"));
    browser
        .until("document.querySelector('.messages .state.claimed')")
        .await;
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chords_fill_the_box_and_an_input_method_is_left_alone() {
    let house = desk().await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser
        .go(&house.url(&format!("/console/conversations/{id}")))
        .await;
    browser
        .until("document.querySelector('[data-card-send]')")
        .await;
    browser.press(&[ALT, SHIFT, '1']).await;
    browser.until("document.querySelector('#box').value.includes('39元包邮') && document.activeElement.id === 'box'").await;
    // Single keys are letters in the box.
    browser.keys("u?j").await;
    browser
        .until("document.querySelector('#box').value.endsWith('u?j')")
        .await;
    // While an input method composes, no chord does anything: neither here nor with the box out of focus.
    browser.run("window.sent = 0; document.addEventListener('submit', e => { window.sent++; e.preventDefault(); }, true)").await;
    browser
        .devtools(
            "Input.imeSetComposition",
            json!({"text": "bao you", "selectionStart": 7, "selectionEnd": 7}),
        )
        .await;
    for event in [
        "new KeyboardEvent('keydown', {key: 'Enter', ctrlKey: true, isComposing: true, bubbles: true})",
        "new KeyboardEvent('keydown', {key: '1', code: 'Digit1', altKey: true, isComposing: true, bubbles: true})",
        "Object.defineProperty(new KeyboardEvent('keydown', {key: 'Process', code: 'Digit1', altKey: true, bubbles: true}), 'keyCode', {value: 229})",
    ] {
        browser
            .run(&format!(
                "document.querySelector('#box').dispatchEvent({event})"
            ))
            .await;
    }
    assert_eq!(browser.eval("window.sent").await, json!(0));
    browser
        .devtools("Input.insertText", json!({"text": "包邮"}))
        .await;
    browser.press(&[CONTROL, ENTER]).await;
    browser.until("window.sent === 1").await;
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn by_keyboard_alone_from_the_inbox_to_the_reply() {
    let house = desk().await;
    house.customer("tea", "c-1", "包邮吗").await;
    house.decided("c-1").await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser.until("document.querySelector('[data-row]')").await;
    // Tab alone gets there as well, and what has the focus can be seen.
    browser.press(&[TAB]).await;
    browser.until("document.activeElement.classList.contains('skip') && document.activeElement.getBoundingClientRect().top >= 0").await;
    for _ in 0..40 {
        browser.press(&[TAB]).await;
        if browser
            .eval("document.activeElement.hasAttribute('data-row')")
            .await
            == json!(true)
        {
            break;
        }
        let seen = "(() => { const e = document.activeElement, b = e.getBoundingClientRect(); \
            return e === document.body || (b.width > 0 && getComputedStyle(e).outlineStyle !== 'none' && b.height >= 17); })()";
        assert_eq!(
            browser.eval(seen).await,
            json!(true),
            "{}",
            browser.eval("document.activeElement.outerHTML").await
        );
    }
    browser.press(&[ENTER]).await;
    browser.until("document.querySelector('#box')").await;
    browser.press(&['r']).await;
    browser.until("document.activeElement.id === 'box'").await;
    browser.keys("ok").await;
    browser.press(&[CONTROL, ENTER]).await;
    browser.says("已发出").await;
    browser.press(&['u']).await;
    browser.says("没有人在等").await;
    browser.press(&['?']).await;
    browser.until("document.querySelector('dialog').open").await;
    browser.press(&['\u{e00c}']).await;
    browser
        .until("!document.querySelector('dialog').open")
        .await;
    browser.keys("gc").await;
    browser
        .until("location.pathname === '/console/coverage'")
        .await;
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_lunch_button_and_what_the_customer_gets() {
    let clock = Arc::new(ManualClock::at(moment("10:15")));
    let house = desk_by(clock.clone()).await;
    house
        .person("小赵", Role::Agent, Some(&["teahouse-busy"]))
        .await;
    let browser = Browser::open(true).await;
    // The late shift: he is alone.
    clock.set(moment("18:30"));
    sign_in(&browser, &house, "小赵", PASSWORD).await;
    browser.says("没有人在等").await;
    browser.keys("gc").await;
    browser.says("由客服回复").await;
    browser.click("[data-lunch=go]").await;
    browser.says("您在吃饭，到 18:50").await;
    browser.says("由接班自动回复").await;
    house.customer("tea-busy", "c-1", "包邮吗").await;
    house.decided("c-1").await;
    clock.advance(chrono::Duration::seconds(5));
    let fetched = house.fetch().await;
    assert!(
        fetched[0]["text"].as_str().unwrap().contains("39元包邮"),
        "{fetched:?}"
    );
    browser.click("[data-lunch=back]").await;
    browser.says("欢迎回来").await;
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_broken_script_appears_with_its_line() {
    let house = desk().await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser.go(&house.url("/console/knowledge")).await;
    browser.run("document.body.dataset.kept = 'yes'").await;
    let script = "---\n编号: freight\n意图: no.such.intent\n---\n您好\n";
    std::fs::write(house.folder.join("scripts/freight.md"), script).unwrap();
    browser.says("scripts/freight.md:3").await;
    assert_eq!(
        browser.eval("document.body.dataset.kept").await,
        json!("yes")
    );
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_language_and_the_light_are_switched() {
    let house = desk().await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser.says("会话").await;
    browser.click("[data-lang-switch]").await;
    browser.says("Nobody waits").await;
    assert_eq!(
        browser.eval("document.documentElement.lang").await,
        json!("en")
    );
    browser.click("[data-theme-switch]").await;
    browser
        .until("document.documentElement.dataset.theme === 'dark'")
        .await;
    browser.click("[data-lang-switch]").await;
    browser.says("没有人在等").await;
    assert_eq!(
        browser.eval("document.documentElement.dataset.theme").await,
        json!("dark")
    );
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_tabs_share_one_stream() {
    let house = desk().await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    let first = browser.window().await;
    let mut tabs = vec![first];
    for _ in 0..7 {
        tabs.push(browser.tab().await);
        browser.go(&house.url("/console/inbox")).await;
        browser.says("没有人在等").await;
    }
    house.customer("tea", "c-1", "包邮吗").await;
    let mut streams = 0;
    for tab in &tabs {
        browser.switch(tab).await;
        browser.until("document.querySelector('[data-row]')").await;
        let leads = browser
            .eval("document.documentElement.dataset.live === 'leads'")
            .await;
        streams += usize::from(leads == json!(true));
    }
    assert_eq!(streams, 1, "tabs with a stream of their own");
    // The tab that holds it goes; another takes over.
    browser.switch(&tabs[0]).await;
    browser.go("about:blank").await;
    browser.switch(&tabs[3]).await;
    tokio::time::timeout(Duration::from_secs(30), async {
        house.customer("tea", "c-2", "少发了一个杯子").await;
        browser
            .until("document.querySelectorAll('[data-row]').length === 2")
            .await;
    })
    .await
    .unwrap();
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_scripts_everything_can_be_done() {
    let house = desk().await;
    house.customer("tea", "c-1", "包邮吗").await;
    house.decided("c-1").await;
    let browser = Browser::open(false).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser.click("[data-row]").await;
    browser.click("[data-card-fill]").await;
    browser.write("#box", "，您放心").await;
    browser.click("[data-send]").await;
    browser.arrives("done=sent").await;
    browser.click(".owning button[value=end]").await;
    browser.arrives("/console/inbox?done=chat-ended").await;
    let fetched = house.fetch().await;
    let text = fetched[0]["text"].as_str().unwrap();
    assert!(
        text.contains("您放心") && text.contains("39元包邮"),
        "{text}"
    );
    house.close().await;
}
