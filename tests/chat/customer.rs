//! A shop with a chat, and a customer whose browser knows no scripts.

use std::sync::Arc;

use jieban::{clock::Clock, config::Chat};
use reqwest::{RequestBuilder, header};
use serde_json::Value;

use crate::house::{Answer, House, encoded};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const ORIGIN: &str = "https://tea.example";

/// The tea shop with a chat of its own, `shop`, and one of nobody's, `bare`, that no page may frame.
pub(crate) async fn shop(clock: Arc<dyn Clock>) -> House {
    shop_framed_by(clock, ORIGIN).await
}

/// The same, in the frames of another origin.
pub(crate) async fn shop_framed_by(clock: Arc<dyn Clock>, origin: &str) -> House {
    House::with(clock, |config| {
        let file = config.knowledge.join("shops.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let ours = "      - 来源: poll\n        账号: tea\n";
        let text = text.replacen(
            ours,
            &format!("{ours}      - 来源: chat:shop\n        账号: web\n"),
            1,
        );
        std::fs::write(&file, text).unwrap();
        let chat = Chat {
            account: Some("web".to_owned()),
            origins: vec![origin.to_owned()],
            secrets: vec![SECRET.into()],
            ..Chat::default()
        };
        config.chats.insert("shop".to_owned(), chat.clone());
        let bare = Chat {
            origins: Vec::new(),
            ..chat
        };
        config.chats.insert("bare".to_owned(), bare);
    })
    .await
}

/// A browser that opened the chat.
pub(crate) struct Customer<'h> {
    pub(crate) house: &'h House,
    pub(crate) cookie: String,
}

impl<'h> Customer<'h> {
    pub(crate) async fn at(house: &'h House) -> Self {
        let page = Answer::of(house.http.get(house.url("/chat/shop"))).await;
        assert_eq!(page.status, 200, "{}", page.text);
        Self {
            house,
            cookie: page.cookie().to_owned(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.house
            .http
            .get(self.house.url(&format!("/chat/shop{path}")))
            .header(header::COOKIE, &self.cookie)
    }

    pub(crate) async fn page(&self) -> String {
        let page = Answer::of(self.get("")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page.text
    }

    /// What his script is told was said beyond a message.
    pub(crate) async fn lines(&self, after: i64) -> Vec<Value> {
        let answer = self.get(&format!("/lines?after={after}")).send().await;
        answer.unwrap().json().await.unwrap()
    }

    /// A post of the page, before it is sent.
    pub(crate) fn posts(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        self.house
            .http
            .post(self.house.url(&format!("/chat/shop{path}")))
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, self.house.url(""))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded(fields))
    }

    /// His script sends a message.
    pub(crate) async fn says(&self, key: &str, text: &str) -> Answer {
        let post = self.posts("/messages", &[("key", key), ("text", text)]);
        Answer::of(post.header("x-chat", "1")).await
    }

    /// His page shows a reply.
    pub(crate) async fn has_seen(&self, replies: &str) -> Answer {
        Answer::of(self.posts("/seen", &[("replies", replies)])).await
    }

    /// The number of his conversation, once everything in it is decided.
    pub(crate) async fn decided(&self) -> i64 {
        let external = self.external().await;
        self.house.decided(&external).await
    }

    async fn external(&self) -> String {
        let lines = self
            .house
            .store
            .read(|tx| {
                tx.rows(
                    "SELECT c.external FROM conversation c JOIN account a ON a.id = c.account \
                     WHERE a.source = 'chat:shop' ORDER BY c.id DESC",
                    &[],
                )
            })
            .await
            .unwrap();
        lines[0].string("external").unwrap()
    }
}

/// How many rows there are of a table.
pub(crate) async fn count(house: &House, table: &'static str) -> i64 {
    house
        .store
        .read(move |tx| {
            let row = tx.first(&format!("SELECT COUNT(*) AS n FROM {table}"), &[])?;
            row.unwrap().int("n")
        })
        .await
        .unwrap()
}

/// The states of what was to be said, oldest first.
pub(crate) async fn states(house: &House) -> Vec<String> {
    house
        .store
        .read(|tx| {
            let rows = tx.rows(
                "SELECT state FROM outbox WHERE kind IN ('reply', 'human') ORDER BY n",
                &[],
            )?;
            rows.iter().map(|row| row.string("state")).collect()
        })
        .await
        .unwrap()
}

/// Waits until the states are these.
pub(crate) async fn until_states(house: &House, wanted: &[&str]) {
    for _ in 0..1_000 {
        if states(house).await == wanted {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{:?} and not {wanted:?}", states(house).await);
}
