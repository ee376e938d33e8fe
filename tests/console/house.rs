//! A whole house on a loopback port, and browsers that do what a test says.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use jieban::{
    app::App,
    clock::{Clock, ManualClock},
    config::{Config, Role, Secret, Source},
    service::people::{Colleague, People},
    store::{Store, people::Given},
};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::folder::copy;

pub(crate) const TOKEN: &str = "a-token-of-some-length";
pub(crate) const PASSWORD: &str = "eleven green bottles";

/// A house that works.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) people: People,
    pub(crate) store: Store,
    pub(crate) folder: PathBuf,
    pub(crate) http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
    _kept: TempDir,
}

impl House {
    /// With a clock that shows noon of a working day, moved by nobody.
    pub(crate) async fn open() -> Self {
        let noon = DateTime::parse_from_rfc3339("2026-11-20T10:15:00+08:00").unwrap();
        Self::at(Arc::new(ManualClock::at(noon.to_utc()))).await
    }

    pub(crate) async fn at(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, |_| {}).await
    }

    pub(crate) async fn with(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Config)) -> Self {
        let kept = tempfile::tempdir().unwrap();
        let folder = kept.path().join("knowledge");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/shop"),
            &folder,
        );
        let mut config = Config {
            knowledge: folder.clone(),
            ..Config::default()
        };
        let source = Source {
            tokens: vec![Secret::from(TOKEN)],
            ..Source::default()
        };
        config.sources = ["bridge", "poll"]
            .map(|name| (name.to_owned(), source.clone()))
            .into();
        change(&mut config);
        let store = Store::memory().unwrap();
        let app = App::with_store(&config, clock, store.clone())
            .await
            .unwrap();
        let people = app.people().clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(app.run(listener, async {
            let _ = stopped.await;
        }));
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            address,
            people,
            store,
            folder,
            http,
            stop: Some(stop),
            served,
            _kept: kept,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The administrator 老板, who came in by the first link.
    pub(crate) async fn boss(&self) -> Visitor<'_> {
        let link = self.people.first_link().await.unwrap().unwrap();
        let taken = self
            .people
            .accept(&link, "老板", PASSWORD.to_owned())
            .await
            .unwrap();
        Visitor::with(self, taken.token.reveal())
    }

    /// Somebody whom the administrator invites.
    pub(crate) async fn person(
        &self,
        name: &str,
        role: Role,
        shops: Option<&[&str]>,
    ) -> Visitor<'_> {
        let boss = Colleague {
            name: "老板".to_owned(),
            roles: vec![Role::Admin],
            shops: None,
        };
        let given = Given {
            roles: vec![role],
            shops: shops.map(|of| of.iter().map(|shop| (*shop).into()).collect()),
        };
        let link = self.people.invite(&boss, name, given).await.unwrap();
        let taken = self
            .people
            .accept(&link, "", PASSWORD.to_owned())
            .await
            .unwrap();
        Visitor::with(self, taken.token.reveal())
    }

    /// A customer writes in `conversation` of the tea shop (or its other shops, by account).
    pub(crate) async fn customer(&self, account: &str, conversation: &str, text: &str) {
        self.customer_called(account, conversation, "小周", text)
            .await;
    }

    pub(crate) async fn customer_called(
        &self,
        account: &str,
        conversation: &str,
        name: &str,
        text: &str,
    ) {
        let body = json!({
            "account_id": account, "conversation_id": conversation, "customer": {"name": name},
            "messages": [{"role": "customer", "id": format!("{conversation}-{}", text.len()), "text": text}],
        });
        let answer = self
            .http
            .post(self.url("/v1/bridge/bridge/messages"))
            .bearer_auth(TOKEN)
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let status = answer.status();
        assert_eq!(
            status,
            StatusCode::ACCEPTED,
            "{}",
            answer.text().await.unwrap()
        );
    }

    /// What a helper that polls is handed.
    pub(crate) async fn fetch(&self) -> Vec<Value> {
        let answer = self
            .http
            .get(self.url("/v1/bridge/bridge/outbox?wait=5"))
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap();
        answer.json().await.unwrap()
    }

    /// The number of the conversation, once everything in it is decided.
    pub(crate) async fn decided(&self, conversation: &str) -> i64 {
        let name = conversation.to_owned();
        for _ in 0..1_000 {
            let asked = name.clone();
            let found = self
                .store
                .read(move |tx| {
                    let sql =
                        "SELECT id FROM conversation WHERE external = ?1 AND decided >= facts";
                    tx.first(sql, &[asked.as_str().into()])?
                        .map(|row| row.int("id"))
                        .transpose()
                })
                .await
                .unwrap();
            if let Some(id) = found {
                return id;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{conversation} was not decided");
    }

    pub(crate) async fn close(mut self) {
        let _ = self.stop.take().unwrap().send(());
        drop(self.http);
        self.served.await.unwrap().unwrap();
    }
}

/// A browser without scripts, signed in.
pub(crate) struct Visitor<'h> {
    pub(crate) house: &'h House,
    pub(crate) cookie: String,
}

/// What a page answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            // The writer of pages escapes more than it must.
            text: response.text().await.unwrap().replace("&#x2f;", "/"),
        }
    }

    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |to| to.to_str().unwrap())
    }

    pub(crate) fn cookie(&self) -> &str {
        let set = self
            .headers
            .get(header::SET_COOKIE)
            .unwrap()
            .to_str()
            .unwrap();
        set.split(';').next().unwrap()
    }

    /// The form key on the page.
    pub(crate) fn key(&self) -> String {
        let (_, rest) = self
            .text
            .split_once("name=\"key\" value=\"")
            .expect("a form with a key");
        rest.split('"').next().unwrap().to_owned()
    }
}

impl<'h> Visitor<'h> {
    pub(crate) fn with(house: &'h House, token: &str) -> Self {
        Self {
            house,
            cookie: format!("jieban={token}"),
        }
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.house
            .http
            .request(method, self.house.url(path))
            .header(header::COOKIE, &self.cookie)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(reqwest::Method::GET, path)).await
    }

    /// Sends a form with its key, as a browser does.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let key = self.get("/console/account").await.key();
        let mut fields = fields.to_vec();
        fields.push(("key", &key));
        Answer::of(
            self.request(reqwest::Method::POST, path)
                .header(header::ORIGIN, self.house.url(""))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(encoded(&fields)),
        )
        .await
    }
}

/// As forms are sent.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    let percent = |text: &str| {
        let bytes = text.bytes().map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        });
        bytes.collect::<String>()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name), percent(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// 20 November 2026 in the shop's zone.
pub(crate) fn moment(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("2026-11-20T{text}:00+08:00"))
        .unwrap()
        .to_utc()
}
