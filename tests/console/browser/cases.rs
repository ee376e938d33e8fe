//! Cases in the browser: money and its second person, and the keyboard's way to a case.

use std::sync::Arc;

use jieban::{clock::SystemClock, config::Role};
use serde_json::json;

use super::{Browser, CONTROL, ENTER, clean, sign_in};
use crate::{
    cases::{opened, paying, step},
    house::{House, PASSWORD},
};

async fn house() -> House {
    let house = paying(Arc::new(SystemClock)).await;
    house.person("小美", Role::Supervisor, None).await;
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn money_is_refused_to_its_author_and_approved_by_a_second_person() {
    let house = house().await;
    house.person("王主管", Role::Supervisor, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser
        .go(&house.url(&format!("/console/conversations/{id}")))
        .await;
    browser.write("[name=order]", "2871234567890123456").await;
    browser
        .run("document.querySelector('[data-case-new]').value = '补差'")
        .await;
    browser
        .click("form[action$='/case'] button:not([type=button])")
        .await;
    browser.says("工单已建好").await;
    let case = browser.address().await;
    let case = case.split('?').next().unwrap().to_owned();
    browser.write("[name='f.金额']", "12.5").await;
    browser
        .click("#do-edit button[formaction$='/submit']")
        .await;
    browser.says("已送审").await;
    browser
        .says("提出、送审或改过金额的人不能审核同一张工单")
        .await;
    assert_eq!(
        browser
            .eval("document.querySelectorAll('#do-approve').length")
            .await,
        json!(0)
    );
    // The second person: from his list by keys alone.
    browser.click("[data-sign-out]").await;
    browser.says("已退出").await;
    sign_in(&browser, &house, "王主管", PASSWORD).await;
    browser.keys("gr").await;
    browser.says("等您审核").await;
    browser.keys("j").await;
    browser.press(&[ENTER]).await;
    browser
        .until("document.querySelector('[data-approve]')")
        .await;
    assert_eq!(browser.address().await, case);
    browser.keys("a").await;
    browser
        .until("document.activeElement.hasAttribute('data-approve')")
        .await;
    browser.keys("金额核对过").await;
    browser.write("[name=signature]", "王主管").await;
    browser.click("[data-approve]").await;
    browser.press(&[CONTROL, ENTER]).await;
    browser.says("已同意").await;
    browser.go(&case).await;
    browser.says("金额核对过").await;
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn by_keyboard_from_the_inbox_over_the_reply_to_the_case() {
    let house = house().await;
    house
        .customer(
            "tea",
            "c-1",
            "收到的杯子少了一个，订单号 2871234567890123456",
        )
        .await;
    house.decided("c-1").await;
    let browser = Browser::open(true).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser.until("document.querySelector('[data-row]')").await;
    browser.keys("j").await;
    browser.press(&[ENTER]).await;
    browser
        .until("document.querySelector('#box') && document.querySelector('[data-case]')")
        .await;
    browser.press(&['r']).await;
    browser.until("document.activeElement.id === 'box'").await;
    browser.keys("ok").await;
    browser.press(&[CONTROL, ENTER]).await;
    browser.says("已发出").await;
    browser.press(&['c']).await;
    browser.until("document.querySelector('#live-case')").await;
    browser.says("收到的杯子少了一个").await;
    // What others do with it appears by itself.
    browser.until("document.documentElement.dataset.live").await;
    browser.run("document.body.dataset.kept = 'yes'").await;
    let path = browser.eval("location.pathname").await;
    let lead = house.person("王主管", Role::Supervisor, None).await;
    let note = step(
        &lead,
        path.as_str().unwrap(),
        "lines",
        &[("note", "仓库说明天补")],
    )
    .await;
    assert_eq!(note.status, 303);
    browser.says("仓库说明天补").await;
    assert_eq!(
        browser.eval("document.body.dataset.kept").await,
        json!("yes")
    );
    browser.press(&['c']).await;
    browser.until("document.querySelector('#live-chat')").await;
    browser.keys("gs").await;
    browser
        .until("location.pathname === '/console/cases' && document.querySelector('[data-row]')")
        .await;
    clean(&browser).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_scripts_a_case_is_confirmed_and_done() {
    let house = house().await;
    let lead = house.person("王主管", Role::Supervisor, None).await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let case = opened(&lead, id, "漏发", "").await;
    let browser = Browser::open(false).await;
    sign_in(&browser, &house, "小美", PASSWORD).await;
    browser.go(&house.url(&case)).await;
    browser
        .write("[name='f.订单号']", "2871234567890123456")
        .await;
    browser.click("button[formaction$='/confirm']").await;
    browser.arrives("done=case-confirmed").await;
    browser.click("#do-claim button").await;
    browser.arrives("done=case-claimed").await;
    browser.write("#do-done textarea", "补发了一个").await;
    browser.click("#do-done button").await;
    browser.arrives("done=case-done").await;
    browser.click("button[formaction$='/close']").await;
    browser.arrives("done=case-closed").await;
    house.close().await;
}
