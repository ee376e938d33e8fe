//! The house a story happens in, on whichever engine, and short words to tell it with.

use std::{
    future::Future,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, Duration, Utc};
use jieban::{
    desk::{
        Because, Caps, CaseDraft, Decision, Facts, Inbound, InboundMessage, Reply, ReplyClass,
        Role, Seen, Suggestion, Verdict,
        case::{Form, ORDER},
    },
    knowledge::{
        ContentKind, Platform, Policy, ShopId, Speaker, Version, fields::Fields, hours::Cover,
        reading::Mood,
    },
    store::{
        Store, Tx,
        decisions::{self, Commit},
        facts,
        messages::{self, Recorded},
        outbox::{self, Claim, Claimed, Outcome},
        ownership, shops, view,
        work::{self, Work},
    },
};

/// Where a story happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    File,
    Memory,
    Postgres,
}

/// A store, and what keeps its place for the length of a story.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) folder: PathBuf,
    pub(crate) url: String,
}

/// Tells a story on an engine; on Postgres in a schema of its own that is dropped at the end.
pub(crate) fn tell<F: Future<Output = ()>>(engine: Engine, story: impl FnOnce(House) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_owned();
    let house = |store, url: &str| House {
        engine,
        store,
        folder: folder.clone(),
        url: url.to_owned(),
    };
    match engine {
        Engine::File => runtime.block_on(story(house(Store::sqlite(&folder).unwrap(), ""))),
        Engine::Memory => runtime.block_on(story(house(Store::memory().unwrap(), ""))),
        Engine::Postgres => {
            let Some(schema) = Schema::new() else { return };
            let store = Store::postgres(&schema.url, 4).unwrap();
            runtime.block_on(story(house(store, &schema.url)));
        }
    }
}

/// Runs a test that needs Postgres and nothing else, on the URL of a schema of its own.
pub(crate) fn tell_on_postgres(story: impl FnOnce(&str)) {
    if let Some(schema) = Schema::new() {
        story(&schema.url);
    }
}

struct Schema {
    server: String,
    name: String,
    url: String,
}

impl Schema {
    fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("JIEBAN_TEST_POSTGRES") else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "JIEBAN_TEST_POSTGRES is not set: in CI the store's contract must be proved on Postgres too"
            );
            eprintln!("skipped: JIEBAN_TEST_POSTGRES names no Postgres server");
            return None;
        };
        let name = format!(
            "jieban_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst)
        );
        let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
        client
            .batch_execute(&format!(
                "DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"
            ))
            .unwrap();
        let mark = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{mark}options=-csearch_path%3D{name}");
        Some(Self { server, name, url })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if let Ok(mut client) = postgres::Client::connect(&self.server, postgres::NoTls) {
            let _ = client.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
        }
    }
}

/// Makes a test of each story on each engine.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite_file {
            $(#[test] fn $story() { $crate::house::tell($crate::house::Engine::File, super::$story); })+
        }
        mod on_sqlite_memory {
            $(#[test] fn $story() { $crate::house::tell($crate::house::Engine::Memory, super::$story); })+
        }
        mod on_postgres {
            $(#[test] fn $story() { $crate::house::tell($crate::house::Engine::Postgres, super::$story); })+
        }
    };
}

/// So many seconds after noon of a day in November.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_176_000 + seconds, 0).unwrap()
}

pub(crate) fn line(role: Role, text: &str) -> InboundMessage {
    InboundMessage {
        external: None,
        role,
        sender: None,
        kind: ContentKind::Text,
        text: text.into(),
        url: None,
        sent_at: None,
    }
}

pub(crate) fn customer(id: &str, text: &str) -> InboundMessage {
    InboundMessage {
        external: Some(id.into()),
        ..line(Role::Customer, text)
    }
}

pub(crate) fn agent(id: &str, text: &str) -> InboundMessage {
    InboundMessage {
        external: Some(id.into()),
        ..line(Role::Agent, text)
    }
}

/// A window as a helper without ids shows it: `c:` the customer's lines, `a:` the shop's.
pub(crate) fn window(lines: &[&str]) -> Vec<InboundMessage> {
    lines
        .iter()
        .map(|text| match text.split_once(':').unwrap() {
            ("c", text) => line(Role::Customer, text),
            ("a", text) => line(Role::Agent, text),
            ("b", text) => line(Role::Bot, text),
            (_, text) => line(Role::System, text),
        })
        .collect()
}

pub(crate) fn delivery(conversation: &str, messages: Vec<InboundMessage>) -> Inbound {
    Inbound {
        source: "bridge".into(),
        account: "shop-account".into(),
        platform: Platform::Taobao,
        conversation: conversation.into(),
        customer: None,
        messages,
        mode: None,
        order: None,
    }
}

pub(crate) fn shop() -> ShopId {
    ShopId::from("flagship")
}

pub(crate) fn suggestion(text: &str) -> Suggestion {
    Suggestion {
        script: "track".into(),
        title: "查物流".into(),
        text: text.into(),
        missing: vec![],
        score: 0.9,
    }
}

/// A decision about a turn that says nothing yet.
pub(crate) fn decision(turn: Option<i64>) -> Decision {
    Decision {
        turn,
        suggestions: vec![],
        reply: None,
        cases: vec![],
        handoff: None,
        because: Because {
            knowledge: Version("v1".into()),
            intents: vec![],
            evidence: vec![],
            runner_up: None,
            margin: 1.0,
            mood: Mood::default(),
            cover: Cover::Night,
            cover_reason: "夜间".into(),
            rescue: false,
            left: None,
            policy: Policy::Answer,
            verdict: Verdict::Answer,
            intent: None,
        },
        reconsider_at: None,
    }
}

pub(crate) fn reply(class: ReplyClass, text: &str, from: i64, to: i64) -> Option<Reply> {
    Some(Reply {
        script: "track".into(),
        class,
        text: text.into(),
        not_before: at(from),
        not_after: at(to),
        caps: Caps {
            customer_hour: 20,
            shop_minute: 600,
        },
    })
}

pub(crate) fn content(text: &str) -> Option<Reply> {
    reply(ReplyClass::Content, text, 0, 3600)
}

pub(crate) fn case(order: Option<&str>, note: &str) -> CaseDraft {
    CaseDraft {
        kind: "物流".into(),
        prefix: "LF".into(),
        order: order.map(str::to_owned),
        fields: Fields::default(),
        handler: "售后".into(),
        reviewer: "主管".into(),
        open: true,
        first_due: at(3600),
        finish_due: at(86_400),
        note: note.into(),
        form: Form::of(order.map(|order| (ORDER, order))),
        money: false,
    }
}

impl House {
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        verb: impl Fn(&mut dyn Tx) -> Result<T, jieban::store::Error> + Send + 'static,
    ) -> T {
        self.store.write(verb).await.unwrap()
    }

    pub(crate) async fn record(&self, inbound: &Inbound, seconds: i64) -> Recorded {
        let inbound = inbound.clone();
        self.write(move |tx| messages::record(tx, &inbound, &shop(), at(seconds)))
            .await
    }

    /// A conversation with one customer message, ready to be decided about.
    pub(crate) async fn asked(&self, conversation: &str, text: &str) -> Recorded {
        self.record(
            &delivery(
                conversation,
                vec![customer(&format!("{conversation}-1"), text)],
            ),
            0,
        )
        .await
    }

    pub(crate) async fn take(&self, seconds: i64) -> Vec<Work> {
        self.write(move |tx| work::take(tx, at(seconds), 30_000, 20))
            .await
    }

    pub(crate) async fn take_outdated(&self, seconds: i64) -> Vec<Work> {
        self.write(move |tx| work::take_outdated(tx, at(seconds), 30_000, 20))
            .await
    }

    pub(crate) async fn facts(&self, conversation: i64, seconds: i64) -> Facts {
        self.store
            .read(move |tx| facts::facts(tx, conversation, &[], at(seconds)))
            .await
            .unwrap()
    }

    pub(crate) async fn seen(&self, conversation: i64) -> Seen {
        self.facts(conversation, 0).await.seen
    }

    pub(crate) async fn commit_on(&self, seen: Seen, decision: &Decision, seconds: i64) -> Commit {
        let decision = decision.clone();
        self.write(move |tx| decisions::commit(tx, &seen, &decision, true, "2611", at(seconds)))
            .await
    }

    pub(crate) async fn commit(
        &self,
        conversation: i64,
        decision: &Decision,
        seconds: i64,
    ) -> Commit {
        let seen = self.seen(conversation).await;
        self.commit_on(seen, decision, seconds).await
    }

    /// A conversation whose one question has a reply waiting from second 0 to 3600.
    pub(crate) async fn answered(&self, conversation: &str, text: &str) -> Recorded {
        let recorded = self.asked(conversation, "到哪了").await;
        let decision = Decision {
            reply: content(text),
            ..decision(recorded.last_customer)
        };
        self.commit(recorded.conversation, &decision, 0).await;
        recorded
    }

    pub(crate) async fn claim(&self, seconds: i64) -> Vec<Claimed> {
        self.write(move |tx| {
            let claim = Claim::Courier {
                sources: &["bridge".to_owned()],
            };
            outbox::claim(tx, claim, at(seconds), 30_000, 20)
        })
        .await
        .into_iter()
        .filter(|claimed| claimed.kind == outbox::Kind::Reply)
        .collect()
    }

    pub(crate) async fn settle(&self, id: &str, outcome: Outcome, seconds: i64) -> bool {
        let id = id.to_owned();
        self.write(move |tx| outbox::settle(tx, &id, &outcome, at(seconds)))
            .await
    }

    pub(crate) async fn view(&self, conversation: &str) -> view::ConversationView {
        let name = conversation.to_owned();
        self.store
            .read(move |tx| view::conversation(tx, "bridge", "shop-account", &name))
            .await
            .unwrap()
            .unwrap()
    }

    /// The conversation's number in the store.
    pub(crate) async fn view_number(&self, conversation: &str) -> i64 {
        let name = conversation.to_owned();
        self.store
            .read(move |tx| ownership::named(tx, "bridge", "shop-account", &name))
            .await
            .unwrap()
            .unwrap()
            .id
    }

    pub(crate) async fn tally(&self) -> view::Tally {
        self.store
            .read(|tx| view::tally(tx, "bridge", None))
            .await
            .unwrap()
    }

    /// Who said what, such as `customer:在吗`.
    pub(crate) async fn said(&self, conversation: &str) -> Vec<String> {
        let view = self.view(conversation).await;
        view.messages
            .iter()
            .map(|m| format!("{}:{}", m.speaker, m.text))
            .collect()
    }

    pub(crate) async fn states(&self, conversation: &str) -> Vec<String> {
        self.view(conversation)
            .await
            .replies
            .into_iter()
            .map(|reply| reply.state)
            .collect()
    }

    pub(crate) async fn stop(&self, stopped: bool) {
        self.write(move |tx| shops::switch_stopped(tx, &shop(), stopped))
            .await;
    }
}

pub(crate) fn minutes(n: i64) -> Duration {
    Duration::minutes(n)
}

pub(crate) fn is_human(said: &str) -> bool {
    said.starts_with(Speaker::Human.code())
}
