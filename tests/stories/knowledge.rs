//! Editors save while the service works.

use std::fs;

use insta::assert_snapshot;

use super::desk::TestDesk;

#[tokio::test]
async fn a_saved_script_changes_the_reply_that_is_waiting() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    desk.customer("ann", "这个包邮吗").await;
    let script = desk.knowledge_folder().join("scripts/freight.md");
    let text = fs::read_to_string(&script).unwrap().replace("39元", "49元");
    fs::write(&script, text).unwrap();
    desk.shelf.reload().await.unwrap();
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:04 接班：亲，全店满49元包邮，新疆、西藏补15元运费。
    ");
    desk.end().await;
}

#[tokio::test]
async fn a_broken_file_changes_nothing_not_even_over_a_restart() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let script = desk.knowledge_folder().join("scripts/freight.md");
    fs::write(
        &script,
        "---\n编号: freight\n标题: 包邮说明\n意图: pre.frieght\n---\n改了一半",
    )
    .unwrap();
    desk.shelf.reload().await.unwrap();
    let problems = desk.shelf.current().problems.clone();
    assert!(
        problems
            .iter()
            .any(|p| p.file == "scripts/freight.md" && p.line == 4),
        "{problems:?}"
    );
    let desk = desk.restart().await;
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    assert_snapshot!(desk.transcript("ann"), @"
    02:00:00 顾客：这个包邮吗
    02:00:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    desk.end().await;
}

#[tokio::test]
async fn a_node_without_the_folder_follows_and_never_decides_with_what_is_outdated() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let follower = desk.follower().await;
    let script = desk.knowledge_folder().join("scripts/freight.md");
    let text = fs::read_to_string(&script).unwrap().replace("39元", "49元");
    fs::write(&script, text).unwrap();
    desk.shelf.reload().await.unwrap();
    let ask = serde_json::json!({
        "account_id": "tea",
        "conversation_id": "ann",
        "messages": [{"id": "m-1", "role": "customer", "type": "text", "text": "这个包邮吗"}],
    });
    let (status, _) = desk.post("bridge", &ask).await;
    assert_eq!(status, 202);
    // Only the follower works. Its deciders come before its shelf here, which is the worst order.
    for _ in 0..3 {
        for worker in follower.workers().iter().rev() {
            worker.step().await.unwrap();
        }
    }
    assert_eq!(
        follower.shelf.knowledge().version(),
        desk.shelf.knowledge().version()
    );
    let view = desk.view("ann").await;
    assert_eq!(view["decided"], true);
    assert!(
        view["suggestions"][0]["text"]
            .as_str()
            .unwrap()
            .contains("49元"),
        "{view}"
    );
    desk.pass(5).await;
    desk.end().await;
}

#[tokio::test]
async fn a_script_that_says_too_much_is_not_sent_alone() {
    let desk = TestDesk::at("2026-11-20 02:00:00").await;
    let script = desk.knowledge_folder().join("scripts/freight.md");
    let text = fs::read_to_string(&script)
        .unwrap()
        .replace("亲，全店", "亲，保证全店");
    fs::write(&script, text).unwrap();
    desk.shelf.reload().await.unwrap();
    desk.customer("ann", "这个包邮吗").await;
    desk.pass(5).await;
    assert_eq!(desk.verdict("ann").await, "receipt");
    desk.end().await;
}
