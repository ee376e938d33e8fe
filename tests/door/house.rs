//! A house that records what it is given and answers from a script, behind real doors on a loopback port.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use jieban::{
    channel::standard_webhooks::{ID, Keys, SIGNATURE, TIMESTAMP},
    clock::ManualClock,
    config::{Config, Person, Role, Secret, Source},
    desk::{Inbound, ReplyClass},
    service::{
        Accepted, Ack, AckOutcome, Held, Pulled, Readiness, Shelf, Switchboard, Unavailable,
    },
    store::Store,
    web::{
        self, State,
        serve::serve_within,
        work::{Soon, Work},
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot, watch},
    task::JoinHandle,
};

pub(crate) const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const OLD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const TOKEN: &str = "a-token-of-some-length";
/// The tokens of an agent of the tea shop, its supervisor, and the administrator of all shops.
pub(crate) const MEI: &str = "mei-has-a-token-of-her-own";
pub(crate) const BOSS: &str = "boss-has-a-token-of-his-own";
pub(crate) const ADMIN: &str = "admin-has-a-token-of-their-own";
pub(crate) const NOW: i64 = 1_767_323_045;

/// What the house does, and what it was given.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) given: Mutex<Vec<Inbound>>,
    pub(crate) answers: Mutex<Vec<Duration>>,
    pub(crate) pulls: Mutex<Vec<(String, Option<String>, Duration)>>,
    pub(crate) acks: Mutex<Vec<(String, String, Ack)>>,
    pub(crate) shown: Mutex<Vec<(String, String, String, Duration)>>,
    pub(crate) held: Mutex<Option<Held>>,
    pub(crate) conflicts: Mutex<Vec<String>>,
    pub(crate) conversation: Mutex<Option<Value>>,
    pub(crate) gone: Mutex<bool>,
    pub(crate) panics: Mutex<bool>,
    /// When set, `conversation` and `pull` say that they were reached, then wait to be let go.
    pub(crate) gate: Mutex<Option<Arc<Gate>>>,
    written: watch::Sender<Vec<(Held, bool)>>,
}

#[derive(Default)]
pub(crate) struct Gate {
    reached: Notify,
    open: Notify,
}

impl Gate {
    /// Waits until somebody stands before it.
    pub(crate) async fn reached(&self) {
        soon(self.reached.notified()).await;
    }

    pub(crate) fn open(&self) {
        self.open.notify_one();
    }
}

/// What should happen at once and is waited for no longer than a slow machine needs.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("this did not happen")
}

impl Script {
    /// Waits until the house was told what became of a claimed reply.
    pub(crate) async fn written(&self) -> Vec<(Held, bool)> {
        let mut told = self.written.subscribe();
        soon(told.wait_for(|told| !told.is_empty()))
            .await
            .unwrap()
            .clone()
    }

    pub(crate) fn given(&self) -> Vec<Inbound> {
        self.given.lock().unwrap().clone()
    }

    fn here(&self) -> Result<(), Unavailable> {
        assert!(
            !*self.panics.lock().unwrap(),
            "the house burns, 13800138000 and all"
        );
        if *self.gone.lock().unwrap() {
            return Err(Unavailable("no disk".to_owned()));
        }
        Ok(())
    }

    async fn gate(&self) {
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.reached.notify_one();
            gate.open.notified().await;
        }
    }
}

pub(crate) fn held(text: &str) -> Held {
    Held {
        reply_id: "r-1".to_owned(),
        text: text.to_owned(),
        class: ReplyClass::Content,
        again: false,
    }
}

impl Work for Script {
    fn accept(&self, inbound: Inbound) -> Soon<'_, Result<Accepted, Unavailable>> {
        Box::pin(async move {
            self.here()?;
            let accepted = Accepted {
                conversation: 7,
                external: inbound.conversation.clone(),
                accepted: u32::try_from(inbound.messages.len()).unwrap(),
                duplicates: 0,
                conflicts: self.conflicts.lock().unwrap().clone(),
                last_customer: Some(1),
                retried: false,
            };
            self.given.lock().unwrap().push(inbound);
            Ok(accepted)
        })
    }

    fn answer<'a>(
        &'a self,
        _: &'a Accepted,
        wait: Duration,
    ) -> Soon<'a, Result<Option<Held>, Unavailable>> {
        Box::pin(async move {
            self.here()?;
            self.answers.lock().unwrap().push(wait);
            Ok(self.held.lock().unwrap().clone())
        })
    }

    fn written(&self, held: Held, whole: bool) {
        self.written.send_modify(|told| told.push((held, whole)));
    }

    fn pull<'a>(
        &'a self,
        source: &'a str,
        account: Option<&'a str>,
        wait: Duration,
    ) -> Soon<'a, Result<Vec<Pulled>, Unavailable>> {
        Box::pin(async move {
            self.here()?;
            self.pulls
                .lock()
                .unwrap()
                .push((source.to_owned(), account.map(str::to_owned), wait));
            self.gate().await;
            Ok(vec![Pulled {
                reply_id: "r-1".to_owned(),
                account_id: "acc".to_owned(),
                conversation_id: "c".to_owned(),
                text: "您好".to_owned(),
                class: ReplyClass::Receipt,
                script: Some("night".to_owned()),
                not_after: chrono::DateTime::from_timestamp(NOW + 10, 0).unwrap(),
                agent: None,
            }])
        })
    }

    fn acknowledge<'a>(
        &'a self,
        source: &'a str,
        reply_id: &'a str,
        ack: Ack,
    ) -> Soon<'a, Result<AckOutcome, Unavailable>> {
        Box::pin(async move {
            self.here()?;
            self.acks
                .lock()
                .unwrap()
                .push((source.to_owned(), reply_id.to_owned(), ack));
            Ok(if reply_id == "unknown" {
                AckOutcome::Unknown
            } else {
                AckOutcome::Done
            })
        })
    }

    fn conversation<'a>(
        &'a self,
        source: &'a str,
        account: &'a str,
        external: &'a str,
        wait: Duration,
    ) -> Soon<'a, Result<Option<Value>, Unavailable>> {
        Box::pin(async move {
            self.here()?;
            self.shown.lock().unwrap().push((
                source.to_owned(),
                account.to_owned(),
                external.to_owned(),
                wait,
            ));
            self.gate().await;
            Ok(self.conversation.lock().unwrap().clone())
        })
    }

    fn tally<'a>(
        &'a self,
        source: &'a str,
        account: Option<&'a str>,
    ) -> Soon<'a, Result<Value, Unavailable>> {
        Box::pin(async move {
            self.here()?;
            Ok(json!({"source": source, "account": account}))
        })
    }

    fn readiness(&self) -> Soon<'_, Readiness> {
        Box::pin(async move {
            Readiness {
                since: chrono::DateTime::default(),
                knowledge_errors: 0,
                knowledge_warnings: 0,
                ready: self.here().is_ok(),
                knowledge: "v1".to_owned(),
                problem: None,
            }
        })
    }
}

fn people() -> BTreeMap<String, Person> {
    let person = |name: &str, role, shops: Option<&[&str]>, token| Person {
        name: name.to_owned(),
        roles: vec![role],
        shops: shops.map(|of| of.iter().map(|shop| (*shop).into()).collect()),
        tokens: vec![Secret::from(token)],
    };
    [
        ("mei", person("小美", Role::Agent, Some(&["teahouse"]), MEI)),
        (
            "boss",
            person(
                "王主管",
                Role::Supervisor,
                Some(&["teahouse", "teahouse-auto"]),
                BOSS,
            ),
        ),
        ("admin", person("admin", Role::Admin, None, ADMIN)),
    ]
    .map(|(entry, person)| (entry.to_owned(), person))
    .into()
}

/// Doors on a loopback port.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) script: Arc<Script>,
    pub(crate) http: reqwest::Client,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: axum::Router,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        crate::logs::listen();
        let mut config = Config::default();
        let source = Source {
            secrets: vec![Secret::from(SECRET), Secret::from(OLD_SECRET)],
            tokens: vec![Secret::from(TOKEN)],
            ..Source::default()
        };
        let pushed = Source {
            reply_url: Some("http://127.0.0.1:9/".to_owned()),
            ..source.clone()
        };
        config.sources = [("desk".to_owned(), source), ("pushed".to_owned(), pushed)].into();
        config.people = people();
        change(&mut config);
        let script = Arc::new(Script::default());
        let clock = Arc::new(ManualClock::at(
            chrono::DateTime::from_timestamp(NOW, 0).unwrap(),
        ));
        let store = Store::memory().unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/shop");
        let shelf = Shelf::open(store.clone(), clock.clone(), Some(folder))
            .await
            .unwrap();
        let switchboard = Switchboard {
            store,
            clock: clock.clone(),
            shelf,
        };
        let state = State::new(&config, script.clone(), clock.clone(), switchboard).unwrap();
        let router = web::router(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let doors = router.clone();
        let served = tokio::spawn(async move {
            serve_within(listener, doors, &config.limits, async {
                let _ = stopped.await;
            })
            .await
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            address,
            script,
            http,
            clock,
            router,
            stop: Some(stop),
            served,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request with a token.
    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(self.url(path)).bearer_auth(TOKEN)
    }

    /// Somebody asks the API for something; status and JSON.
    pub(crate) async fn ask(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, self.url(path)).bearer_auth(token);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        read(request.send().await.unwrap()).await
    }

    /// A signed request.
    pub(crate) fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> reqwest::RequestBuilder {
        let body = body.into();
        let mut request = self.http.post(self.url(path));
        for (name, value) in signed(SECRET, NOW, &body) {
            request = request.header(name, value);
        }
        request.body(body)
    }

    /// A signed delivery to `desk`.
    pub(crate) async fn deliver(&self, body: &Value) -> reqwest::Response {
        self.post("/v1/bridge/desk/messages", body.to_string())
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends raw bytes and reads until the other side closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The door may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        read_all(&mut stream).await
    }

    /// Closes the doors and waits until they are.
    pub(crate) async fn close(mut self) {
        let _ = self.stop.take().unwrap().send(());
        drop(self.http);
        self.served.await.unwrap().unwrap();
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }
}

pub(crate) async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// The three headers.
pub(crate) fn signed(secret: &str, at: i64, body: &[u8]) -> [(&'static str, String); 3] {
    let keys = Keys::new(&[Secret::from(secret)]).unwrap();
    let moment = chrono::DateTime::from_timestamp(at, 0).unwrap();
    [
        (ID, "msg_1".to_owned()),
        (TIMESTAMP, at.to_string()),
        (SIGNATURE, keys.sign("msg_1", moment, body)),
    ]
}

/// One customer message in the bridge's own shape.
pub(crate) fn message(text: &str) -> Value {
    json!({"account_id": "acc", "conversation_id": "c", "messages": [{"role": "customer", "id": "m1", "text": text}]})
}

/// Status and JSON.
pub(crate) async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}
