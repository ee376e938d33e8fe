//! What pages say, and what they never say.

use jieban::config::Role;
use reqwest::{Method, header};

use crate::{
    cases::opened,
    house::{Answer, House},
};

/// Pages that anybody of the desk sees, beside a conversation.
const PAGES: [&str; 15] = [
    "/console/inbox",
    "/console/inbox?of=recent",
    "/console/inbox?of=mine",
    "/console/inbox?q=100%25_",
    "/console/cases",
    "/console/cases?of=mine",
    "/console/cases?of=newest&state=open",
    "/console/cases?q=1234&after=x",
    "/console/review",
    "/console/promises",
    "/console/promises?of=kept",
    "/console/coverage",
    "/console/knowledge",
    "/console/people",
    "/console/account",
];

const HOSTILE: [&str; 5] = [
    "<img src=x onerror=__pwned=1>",
    "<svg/onload=__pwned=1>",
    "</textarea><script>__pwned=1</script>",
    "{{7*7}}{% for x in y %}",
    "a\u{202e}b\" onfocus=\"__pwned=1",
];

#[tokio::test]
async fn every_page_is_small_strict_and_complete_in_both_languages() {
    let house = House::open().await;
    let boss = house.boss().await;
    house.customer("tea", "c-1", "包邮吗").await;
    let id = house.decided("c-1").await;
    let mut paths: Vec<String> = PAGES.iter().map(|path| (*path).to_owned()).collect();
    let lead = house.person("王主管", Role::Supervisor, None).await;
    paths.extend([
        opened(&lead, id, "漏发", "").await,
        format!("/console/conversations/{id}"),
        format!("/console/conversations/{id}?fill=1"),
        "/console/nowhere".to_owned(),
        "/console/sign-in".to_owned(),
        "/console/conversations/nonsense".to_owned(),
    ]);
    for path in &paths {
        for lang in ["zh", "en"] {
            let request = boss.request(Method::GET, path).header(
                header::COOKIE,
                format!("{}; jieban-lang={lang}", boss.cookie),
            );
            let page = Answer::of(request).await;
            assert!(page.status < 500, "{path}: {}", page.text);
            let policy = page.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(
                policy.contains("default-src 'none'") && !policy.contains("unsafe"),
                "{path}"
            );
            assert_eq!(
                page.headers[header::X_CONTENT_TYPE_OPTIONS],
                "nosniff",
                "{path}"
            );
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{path}");
            assert!(
                page.text.len() < 100 * 1024,
                "{path}: {} bytes",
                page.text.len()
            );
            if lang == "en" && page.status == 200 && !page.text.is_empty() {
                assert!(page.text.contains("lang=\"en\""), "{path}");
            }
        }
    }
    // What never changes under its name is kept.
    let page = boss.get("/console/inbox").await.text;
    let (_, rest) = page.split_once("href=\"/console/assets/").unwrap();
    let folder = rest.split('/').next().unwrap();
    for (file, kind) in [
        ("console.css", "text/css"),
        ("console.js", "text/javascript"),
        ("live.js", "text/javascript"),
        ("icon.svg", "image/svg"),
    ] {
        let found = Answer::of(
            house
                .http
                .get(house.url(&format!("/console/assets/{folder}/{file}"))),
        )
        .await;
        assert_eq!(found.status, 200);
        assert!(
            found.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
        assert!(
            found.headers[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert!(found.text.len() < 40 * 1024, "{file}");
    }
    for gone in [
        "/console/assets/0/console.css",
        "/console/assets/0/..%2fpages.rs",
    ] {
        assert_eq!(
            Answer::of(house.http.get(house.url(gone))).await.status,
            404
        );
    }
    house.close().await;
}

#[tokio::test]
async fn what_strangers_write_stays_text() {
    let house = House::open().await;
    let boss = house.boss().await;
    for (n, words) in HOSTILE.iter().enumerate() {
        house
            .customer_called("tea", &format!("h-{n}"), words, words)
            .await;
    }
    let mut pages = vec![
        boss.get("/console/inbox").await.text,
        boss.get("/console/inbox?of=recent").await.text,
    ];
    for n in 0..HOSTILE.len() {
        let id = house.decided(&format!("h-{n}")).await;
        pages.push(boss.get(&format!("/console/conversations/{id}")).await.text);
    }
    for words in HOSTILE {
        pages.push(
            boss.post(
                "/console/knowledge/try",
                &[("shop", "teahouse"), ("text", words)],
            )
            .await
            .text,
        );
        pages.push(
            boss.get(&format!(
                "/console/inbox?q={}",
                words.replace('%', "%25").replace('#', "%23")
            ))
            .await
            .text,
        );
        pages.push(
            boss.post(
                "/console/people/invite",
                &[
                    ("name", &words[..words.len().min(36)]),
                    ("role", "agent"),
                    ("shops", "all"),
                ],
            )
            .await
            .text,
        );
    }
    pages.push(boss.get("/console/people").await.text);
    for page in &pages {
        for tag in ["<img", "<svg/", "<script>", "onfocus=\"__"] {
            assert!(!page.contains(tag), "{tag} in {page}");
        }
        assert!(!page.contains("49{"), "a template was run");
    }
    assert!(
        pages.iter().any(|page| page.contains("{{7*7}}")),
        "it is shown as it is"
    );
    house.close().await;
}

#[tokio::test]
async fn a_broken_script_is_shown_with_its_line() {
    let house = House::open().await;
    let boss = house.boss().await;
    let good = boss.get("/console/knowledge").await.text;
    assert!(good.contains("teahouse") || good.contains("没有问题") || good.contains("提醒"));
    std::fs::write(
        house.folder.join("scripts/freight.md"),
        "---\n编号: freight\n意图: no.such.intent\n---\n您好\n",
    )
    .unwrap();
    for _ in 0..500 {
        let page = boss.get("/console/knowledge").await.text;
        if page.contains("scripts/freight.md:3") {
            assert!(page.contains("仍在使用上一个好的版本"));
            house.close().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the error was not shown");
}

#[tokio::test]
async fn a_sentence_is_tried_with_its_evidence() {
    let house = House::open().await;
    house.boss().await;
    let editor = house.person("小编", Role::Editor, None).await;
    let page = editor
        .post(
            "/console/knowledge/try",
            &[("shop", "teahouse"), ("text", "包邮吗")],
        )
        .await;
    assert_eq!(page.status, 200);
    for words in ["包邮说明", "全店满39元包邮", "pre.freight"] {
        assert!(page.text.contains(words), "{words}");
    }
    assert!(page.text.contains("data-address=\"/console/knowledge\""));
    house.close().await;
}

/// Fills the store with conversations in which customers wait; the first of them with many long messages.
async fn fill(house: &House, count: i64) {
    house.customer("tea", "c-1", "包邮吗").await;
    house
        .store
        .write(move |tx| {
            // Doubled until there are enough: fast on any machine.
            let columns = "account, shop, platform, customer, order_no, facts, decided, epoch, waiting_since, last_at";
            loop {
                let row = tx.first("SELECT COUNT(*) AS n, MAX(id) AS last FROM conversation", &[])?.unwrap();
                let (n, last) = (row.int("n")?, row.int("last")?);
                if n >= count {
                    break;
                }
                tx.run(
                    &format!(
                        "INSERT INTO conversation (external, {columns}) SELECT 'c-1-' || (id + ?1), {columns} FROM conversation"
                    ),
                    &[last.into()],
                )?;
            }
            let long = "很长的名字".repeat(200);
            tx.run(
                "UPDATE conversation SET customer = CASE WHEN id < 300 THEN id || ?1 ELSE id || '小周' END, order_no = '2871234567890' || (100000 + id), \
                   waiting_since = CASE WHEN id % 100 = 0 OR id < 300 THEN last_at - id ELSE NULL END, \
                   last_at = last_at - id WHERE id > 1",
                &[long.as_str().into()],
            )?;
            for n in 0..120 {
                tx.run(
                    "INSERT INTO message (conversation, account, external, speaker, kind, text, digest, at, received_at, history) \
                     SELECT id, account, ?1, 'customer', 'text', ?2, '', last_at, last_at, 0 FROM conversation WHERE id = 1",
                    &[format!("long-{n}").as_str().into(), "退货".repeat(2_000).as_str().into()],
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

/// How many conversations there are, and how long pages take with so many: `JIEBAN_CONVERSATIONS=100000` in a release
/// build measures; by itself the test only weighs.
#[tokio::test]
async fn however_much_there_is_pages_stay_small() {
    let count = std::env::var("JIEBAN_CONVERSATIONS").map_or(2_000, |n| n.parse().unwrap());
    let house = House::open().await;
    let boss = house.boss().await;
    fill(&house, count).await;
    let wang = house.person("小王", Role::Agent, None).await;
    let case = opened(&wang, 1, "投诉", "2871234567890123456").await;
    house
        .store
        .write(|tx| {
            // In review: as many as a bad week leaves behind.
            let life = "{\"state\":\"review\",\"by\":\"小王\",\"at\":\"2026-11-20T02:15:00Z\"}";
            let columns = "shop, kind, conversation, fields, handler, reviewer, first_due, finish_due, opened_at, form, \
               customer, author, proposers";
            for n in 0..300 {
                tx.run(
                    &format!(
                        "INSERT INTO cases (number, case_key, state, life, note, {columns}) \
                         SELECT 'TS-2611-9' || ?1, 'x' || ?1, 'review', ?2, ?3, {columns} FROM cases WHERE kind = '投诉' AND state <> 'review' LIMIT 1"
                    ),
                    &[i64::from(n).into(), life.into(), "很长的话".repeat(200).as_str().into()],
                )?;
                tx.run(
                    "INSERT INTO promise (shop, speaker, agent, text, kind, said, made_at, first_due_at, due_at, moves, state, reason) \
                     SELECT shop, 'person', '小王', ?1, '补发', 'moment', opened_at, finish_due, finish_due, 0, 'open', '' FROM cases WHERE kind = '投诉' LIMIT 1",
                    &["很长的话".repeat(100).as_str().into()],
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
    for _ in 0..30 {
        let words = "补充的话".repeat(400);
        let line = [("note", words.as_str()), ("version", "1")];
        assert_eq!(wang.post(&format!("{case}/lines"), &line).await.status, 303);
    }
    for path in [
        case.as_str(),
        "/console/cases",
        "/console/cases?of=newest",
        "/console/review",
        "/console/promises",
        "/console/inbox",
        "/console/inbox?of=recent",
        "/console/inbox?q=%E5%BE%88%E9%95%BF",
        "/console/inbox?q=100777",
        "/console/conversations/1",
        "/console/coverage",
        "/console/knowledge",
    ] {
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..9 {
            let begun = std::time::Instant::now();
            let page = boss.get(path).await;
            times.push(begun.elapsed());
            assert_eq!(page.status, 200, "{path}");
            size = page.text.len();
        }
        times.sort();
        println!("{path}: {size} bytes, median {:?}", times[4]);
        assert!(size < 100 * 1024, "{path}: {size} bytes");
    }
    house.close().await;
}
