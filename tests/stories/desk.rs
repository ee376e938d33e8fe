//! The harness: a house with its doors open on this machine, its workers stepped by the story.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use chrono_tz::{Asia::Shanghai, Tz};
use jieban::{
    app::App,
    channel::standard_webhooks::{self, Keys},
    clock::{Clock, ManualClock},
    config::{Config, Person, Role, Secret, Source},
    service::Worker,
    store::Store,
    web,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::receiver::Receiver;
use crate::folder::copy;

/// Signs in both directions.
pub const SECRET: &str = "whsec_c3Rvcmllcy1vZi1hLXRlYWhvdXNlLTAxMjM0NTY3ODk=";

/// What was said, in the order in which it happened.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(String, String)>>>);

impl Log {
    /// Notes a line of a conversation.
    pub fn add(&self, at: DateTime<Utc>, conversation: &str, who: &str, text: &str) {
        let at = at.with_timezone(&Shanghai).format("%H:%M:%S");
        let line = format!("{at} {who}：{text}");
        self.0.lock().unwrap().push((conversation.to_owned(), line));
    }

    fn of(&self, conversation: &str) -> String {
        let lines = self.0.lock().unwrap();
        let lines: Vec<&str> = lines
            .iter()
            .filter(|(c, _)| c == conversation)
            .map(|(_, line)| line.as_str())
            .collect();
        lines.join("\n")
    }
}

/// A tea shop with one agent, at a moment.
pub struct TestDesk {
    pub clock: Arc<ManualClock>,
    pub receiver: Receiver,
    pub front: jieban::service::Front,
    pub shelf: Arc<jieban::service::Shelf>,
    workers: Vec<Arc<dyn Worker>>,
    base: String,
    http: reqwest::Client,
    keys: Keys,
    log: Log,
    config: Config,
    folder: TempDir,
    counter: Mutex<u64>,
    account: &'static str,
    loose_ends: Mutex<bool>,
    doors: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// 20 November 2026 and friends, as the shop's clocks show it.
pub fn local(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
    Shanghai.from_local_datetime(&local).unwrap().to_utc()
}

/// Who may sign in, each with [`token`].
fn people() -> BTreeMap<String, Person> {
    let person = |name: &str, role| {
        let person = Person {
            name: name.to_owned(),
            roles: vec![role],
            shops: None,
            tokens: vec![Secret::from(token(name))],
        };
        (name.to_owned(), person)
    };
    BTreeMap::from([
        person("小李", Role::Agent),
        person("小王", Role::Agent),
        person("小赵", Role::Agent),
        person("老陈", Role::Warehouse),
        person("运营阿宁", Role::Operations),
        person("王主管", Role::Supervisor),
    ])
}

/// The token of a person of the stories.
pub fn token(name: &str) -> String {
    let letters: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("token-{letters}-token")
}

impl TestDesk {
    /// The tea shop at a moment such as `2026-11-20 12:31:00`, in Shanghai.
    pub async fn at(moment: &str) -> Self {
        Self::of_account("tea", moment).await
    }

    /// The account's shop at a moment.
    pub async fn of_account(account: &'static str, moment: &str) -> Self {
        Self::with(account, moment, |_| ()).await
    }

    /// The same with other settings; also the moment to edit the knowledge folder.
    pub async fn with(
        account: &'static str,
        moment: &str,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let knowledge = folder.path().join("knowledge");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/shop"),
            &knowledge,
        );
        let clock = Arc::new(ManualClock::at(local(moment)));
        let log = Log::default();
        let (receiver, url) = Receiver::start(clock.clone(), log.clone()).await;
        let secrets = vec![Secret::from(SECRET)];
        let bridge = Source {
            secrets: secrets.clone(),
            reply_url: Some(url),
            ..Source::default()
        };
        let poll = Source {
            secrets: secrets.clone(),
            ..Source::default()
        };
        let mut config = Config {
            data: folder.path().join("data"),
            knowledge,
            sources: BTreeMap::from([("bridge".to_owned(), bridge), ("poll".to_owned(), poll)]),
            people: people(),
            ..Config::default()
        };
        change(&mut config);
        fs::create_dir_all(&config.data).unwrap();
        Self::open(folder, config, clock, receiver, log, account).await
    }

    async fn open(
        folder: TempDir,
        config: Config,
        clock: Arc<ManualClock>,
        receiver: Receiver,
        log: Log,
        account: &'static str,
    ) -> Self {
        let store = Store::sqlite(&config.data).unwrap();
        let app = App::with_store(&config, clock.clone(), store)
            .await
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let workers = app.workers().to_vec();
        let (front, shelf) = (app.front.clone(), app.shelf.clone());
        let router = app.router();
        let doors = tokio::spawn(web::serve(listener, router, std::future::pending::<()>()));
        Self {
            clock,
            receiver,
            front,
            shelf,
            workers,
            base,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            keys: Keys::new(&[Secret::from(SECRET)]).unwrap(),
            log,
            config,
            folder,
            counter: Mutex::new(0),
            account,
            loose_ends: Mutex::new(false),
            doors,
        }
    }

    /// A node beside this one, on the same store and without the folder.
    pub async fn follower(&self) -> App {
        let config = Config {
            publish: false,
            ..self.config.clone()
        };
        let store = self.front.store.clone();
        App::with_store(&config, self.clock.clone(), store)
            .await
            .unwrap()
    }

    /// The knowledge folder, for stories that edit it.
    pub fn knowledge_folder(&self) -> PathBuf {
        self.folder.path().join("knowledge")
    }

    /// This story may leave undelivered rows behind.
    pub fn leaves_loose_ends(&self) {
        *self.loose_ends.lock().unwrap() = true;
    }

    fn next(&self) -> u64 {
        let mut counter = self.counter.lock().unwrap();
        *counter += 1;
        *counter
    }

    /// A signed POST.
    pub async fn post(&self, source: &str, body: &Value) -> (u16, Value) {
        let id = format!("msg_{}", self.next());
        self.post_as(source, &id, body).await
    }

    /// A signed POST under a delivery id.
    pub async fn post_as(&self, source: &str, id: &str, body: &Value) -> (u16, Value) {
        let body = serde_json::to_vec(body).unwrap();
        let request = self
            .http
            .post(format!("{}/v1/bridge/{source}/messages", self.base));
        self.sent(self.signed(request, id, &body).body(body)).await
    }

    /// A signed GET.
    pub async fn get(&self, source: &str, path: &str) -> (u16, Value) {
        let request = self
            .http
            .get(format!("{}/v1/bridge/{source}{path}", self.base));
        self.sent(self.signed(request, "get", b"")).await
    }

    fn signed(
        &self,
        request: reqwest::RequestBuilder,
        id: &str,
        body: &[u8],
    ) -> reqwest::RequestBuilder {
        let now = self.clock.now();
        request
            .header("content-type", "application/json")
            .header(standard_webhooks::ID, id)
            .header(standard_webhooks::TIMESTAMP, now.timestamp())
            .header(standard_webhooks::SIGNATURE, self.keys.sign(id, now, body))
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
    }

    /// The customer of a conversation says something, through the bridge that takes replies at its URL.
    pub async fn customer(&self, conversation: &str, text: &str) {
        self.speak(conversation, "customer", "顾客", text).await;
    }

    /// An agent says something, in the platform's own window.
    pub async fn agent(&self, conversation: &str, text: &str) {
        self.speak(conversation, "agent", "客服", text).await;
    }

    /// An agent with a name says something.
    pub async fn agent_as(&self, name: &str, conversation: &str, text: &str) {
        self.speak(conversation, "agent", name, text).await;
    }

    /// The account of the story.
    pub fn account(&self) -> &'static str {
        self.account
    }

    async fn speak(&self, conversation: &str, role: &str, who: &str, text: &str) {
        self.log.add(self.clock.now(), conversation, who, text);
        let delivery = json!({
            "account_id": self.account,
            "conversation_id": conversation,
            "messages": [{"id": format!("m{}", self.next()), "role": role, "type": "text", "text": text, "sender": who}],
        });
        let (status, body) = self.post("bridge", &delivery).await;
        assert_eq!(status, 202, "{body}");
        self.settle().await;
    }

    /// Somebody asks the API for something, and everybody works.
    pub async fn ask(&self, who: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(token(who))
            .body(body.to_string());
        let answer = self.sent(request).await;
        self.settle().await;
        answer
    }

    /// Steps every worker until all are idle.
    pub async fn settle(&self) {
        for _ in 0..1_000 {
            let mut more = false;
            for worker in &self.workers {
                more |= worker.step().await.unwrap();
            }
            if !more {
                return;
            }
        }
        panic!("the workers never come to rest");
    }

    /// Time passes, a second at a time, and everybody works.
    pub async fn pass(&self, seconds: i64) {
        for _ in 0..seconds {
            self.clock.advance(Duration::seconds(1));
            self.settle().await;
        }
    }

    /// The clocks are moved to a moment, and everybody works.
    pub async fn until(&self, moment: &str) {
        self.clock.set(local(moment));
        self.settle().await;
    }

    /// What the customer of a conversation has read and written.
    pub fn transcript(&self, conversation: &str) -> String {
        self.log.of(conversation)
    }

    /// What the customers of some conversations have read and written, one after the other.
    pub fn chronicle(&self, conversations: &[&str]) -> String {
        let chapters: Vec<String> = conversations
            .iter()
            .map(|name| format!("— {name}\n{}", self.transcript(name)))
            .collect();
        chapters.join("\n")
    }

    /// The conversation as its source may see it.
    pub async fn view(&self, conversation: &str) -> Value {
        let path = format!("/conversations/{conversation}?account_id={}", self.account);
        let (status, body) = self.get("bridge", &path).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// A conversation of a source.
    pub async fn view_of(&self, source: &str, conversation: &str) -> Value {
        self.get(
            source,
            &format!("/conversations/{conversation}?account_id={}", self.account),
        )
        .await
        .1
    }

    /// The titles and texts of what the agent is offered.
    pub async fn suggestions(&self, conversation: &str) -> String {
        let view = self.view(conversation).await;
        let lines: Vec<String> = view["suggestions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| {
                format!(
                    "{}：{}",
                    s["title"].as_str().unwrap(),
                    s["text"].as_str().unwrap()
                )
            })
            .collect();
        lines.join("\n")
    }

    /// The cases of a conversation, with their notes.
    pub async fn cases(&self, conversation: &str) -> String {
        let view = self.view(conversation).await;
        let time = |value: &Value| {
            let at: DateTime<Utc> = value.as_str().unwrap().parse().unwrap();
            at.with_timezone::<Tz>(&Shanghai)
                .format("%m-%d %H:%M")
                .to_string()
        };
        let lines: Vec<String> = view["cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| {
                format!(
                    "{} {} {} 首响{} 完成{}\n{}",
                    c["number"].as_str().unwrap(),
                    c["kind"].as_str().unwrap(),
                    c["state"].as_str().unwrap(),
                    time(&c["first_due"]),
                    time(&c["finish_due"]),
                    c["note"].as_str().unwrap(),
                )
            })
            .collect();
        lines.join("\n\n")
    }

    /// The rule that let the bot answer, or stopped it.
    pub async fn verdict(&self, conversation: &str) -> String {
        let view = self.view(conversation).await;
        view["because"]["verdict"].as_str().unwrap().to_owned()
    }

    /// The counts of a source.
    pub async fn tally(&self, source: &str) -> Value {
        self.get(source, "/tally").await.1
    }

    /// Opens the link of an alarm, or presses the button behind it.
    pub async fn link(&self, link: &str, press: bool) -> (u16, String) {
        let url = link.replace("https://jieban.example", &self.base);
        let request = if press {
            self.http.post(url)
        } else {
            self.http.get(url)
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Who waits too long, why, and how much it presses: `shop reason level`.
    pub async fn unanswered(&self) -> Vec<String> {
        let (status, waiting) = self.ask("王主管", "GET", "/v1/waiting", json!({})).await;
        assert_eq!(status, 200, "{waiting}");
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("-").to_owned();
        waiting
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                ["shop", "reason", "level"]
                    .map(|key| text(one, key))
                    .join(" ")
            })
            .collect()
    }

    /// The doors' figures.
    pub async fn metrics(&self) -> String {
        let url = format!("{}/metrics", self.base);
        let response = self.http.get(url).send().await.unwrap();
        response.text().await.unwrap()
    }

    /// A helper's acknowledgement of a reply.
    pub async fn acknowledge(&self, source: &str, reply: &str, ack: &Value) -> (u16, Value) {
        let body = serde_json::to_vec(ack).unwrap();
        let url = format!("{}/v1/bridge/{source}/outbox/{reply}/ack", self.base);
        let id = format!("ack_{}", self.next());
        self.sent(self.signed(self.http.post(url), &id, &body).body(body))
            .await
    }

    /// Waits until a count of a source is reached by what goes on beside the story.
    pub async fn until_tally(&self, source: &str, name: &str, count: i64) {
        for _ in 0..10_000 {
            if self.tally(source).await[name] == count {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{name} never becomes {count}");
    }

    /// Ends the story: nothing undecided, nothing left on the way.
    pub async fn end(self) {
        for source in ["bridge", "poll"] {
            let tally = self.tally(source).await;
            assert_eq!(tally["undecided"], 0, "{tally}");
            assert_eq!(tally["uncovered"], 0, "{tally}");
            if !*self.loose_ends.lock().unwrap() {
                assert_eq!(tally["failed"], 0, "{tally}");
                assert_eq!(tally["waiting"], 0, "{tally}");
            }
        }
    }

    /// The process is gone and started again on the same folders.
    pub async fn restart(self) -> Self {
        let Self {
            clock,
            receiver,
            log,
            config,
            folder,
            account,
            front,
            shelf,
            workers,
            doors,
            counter,
            ..
        } = self;
        drop((front, shelf, workers));
        doors.abort();
        let _ = doors.await;
        // The store's threads let go of the folder a moment later.
        let began = std::time::Instant::now();
        while Store::sqlite(&config.data).is_err() {
            assert!(began.elapsed().as_secs() < 10, "the folder stays locked");
            tokio::task::yield_now().await;
        }
        let desk = Self::open(folder, config, clock, receiver, log, account).await;
        *desk.counter.lock().unwrap() = counter.into_inner().unwrap();
        desk
    }
}
