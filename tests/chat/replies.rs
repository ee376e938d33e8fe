//! What reaches a customer's page, when, and when it counts as sent.

use std::{sync::Arc, time::Duration};

use jieban::{clock::ManualClock, config::Role};
use serde_json::Value;

use crate::{
    customer::{Customer, shop, states, until_states},
    house::{Answer, House, Visitor, moment},
};

/// An open stream, read as a browser does.
struct Stream {
    response: reqwest::Response,
    read: String,
}

impl Stream {
    async fn open(customer: &Customer<'_>, last: Option<i64>) -> Self {
        let mut request = customer.get("/stream?after=0");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut stream = Self {
            response,
            read: String::new(),
        };
        stream.until("event: hello").await;
        stream
    }

    /// Reads on until words have come.
    async fn until(&mut self, words: &str) {
        let reading = async {
            while !self.read.contains(words) {
                let bytes = self.response.chunk().await.unwrap().expect("it goes on");
                self.read.push_str(&String::from_utf8_lossy(&bytes));
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(30), reading).await;
        assert!(came.is_ok(), "{words} never came: {}", self.read);
    }

    /// The messages so far.
    fn lines(&self) -> Vec<Value> {
        self.read
            .lines()
            .filter_map(|line| line.strip_prefix("data: {"))
            .map(|rest| serde_json::from_str(&format!("{{{rest}")).unwrap())
            .collect()
    }
}

async fn agent(house: &House) -> Visitor<'_> {
    house.boss().await;
    house.person("小美", Role::Agent, None).await
}

async fn answers(mei: &Visitor<'_>, id: i64, text: &str) {
    let path = format!("/console/conversations/{id}");
    let page = mei.get(&path).await.text;
    let seen = page.split("data-seen=\"").nth(1).unwrap();
    let seen = seen.split('"').next().unwrap();
    let sent = mei
        .post(&format!("{path}/send"), &[("text", text), ("seen", seen)])
        .await;
    assert_eq!(sent.location(), format!("{path}?done=sent"));
}

#[tokio::test]
async fn a_stream_that_broke_goes_on_where_it_was() {
    let house = shop(Arc::new(ManualClock::at(moment("10:15")))).await;
    let mei = agent(&house).await;
    let customer = Customer::at(&house).await;
    let early = Answer::of(customer.get("/stream")).await;
    assert_eq!(early.status, 204, "nothing was said yet");
    customer.says("message-1", "可以开发票吗").await;
    let id = customer.decided().await;
    let mut stream = Stream::open(&customer, None).await;
    stream.until("可以开发票吗").await;
    answers(&mei, id, "可以的，电子发票三天内开好。").await;
    stream.until("三天内开好").await;
    let first = stream.lines().pop().unwrap();
    assert_eq!(first["from"], "agent");
    assert_eq!(
        states(&house).await,
        ["claimed"],
        "shown, and not confirmed"
    );
    let reply = first["reply"].as_str().unwrap().to_owned();
    let stranger = Customer::at(&house).await;
    stranger.says("message-1", "在吗").await;
    assert_eq!(stranger.has_seen(&reply).await.status, 204);
    assert_eq!(states(&house).await, ["claimed"], "only he confirms it");
    drop(stream);
    // Said while nobody listens, and to a browser that did not confirm what it had.
    answers(&mei, id, "抬头和税号发我就行。").await;
    let last = first["id"].as_i64().unwrap();
    let mut stream = Stream::open(&customer, Some(last)).await;
    stream.until("抬头和税号").await;
    let again = stream.lines();
    let ids: Vec<&Value> = again.iter().map(|line| &line["id"]).collect();
    assert_eq!(ids.len(), 2, "{again:?}");
    assert_eq!(ids[0], &first["id"], "under the same id: his page knows it");
    assert_eq!(again[0]["reply"], first["reply"]);
    let both = format!("{reply},{}", again[1]["reply"].as_str().unwrap());
    assert_eq!(customer.has_seen(&both).await.status, 204);
    assert_eq!(states(&house).await, ["sent", "sent"]);
    assert_eq!(customer.has_seen(&both).await.status, 204, "twice is once");
    // By polling he sees the same, once.
    let all = customer.lines(0).await;
    let texts: Vec<&str> = all
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "可以开发票吗",
            "可以的，电子发票三天内开好。",
            "抬头和税号发我就行。"
        ]
    );
    let newest = all[2]["id"].as_i64().unwrap();
    assert!(customer.lines(newest).await.is_empty());
    drop(stream);
    house.close().await;
}

#[tokio::test]
async fn a_page_without_scripts_that_was_written_whole_is_confirmed() {
    let house = shop(Arc::new(ManualClock::at(moment("10:15")))).await;
    let mei = agent(&house).await;
    let customer = Customer::at(&house).await;
    customer.says("message-1", "可以开发票吗").await;
    let id = customer.decided().await;
    answers(&mei, id, "可以的。").await;
    assert_eq!(states(&house).await, ["waiting"], "nobody looks");
    let early = customer.get("").header("sec-purpose", "prefetch");
    assert_eq!(Answer::of(early).await.status, 503);
    assert_eq!(states(&house).await, ["waiting"], "nor does a prefetch");
    assert!(customer.page().await.contains("可以的。"));
    until_states(&house, &["sent"]).await;
    house.close().await;
}

#[tokio::test]
async fn an_automatic_reply_that_nobody_looked_at_in_time_is_never_shown() {
    let clock = Arc::new(ManualClock::at(moment("02:00")));
    let house = shop(clock.clone()).await;
    let watching = Customer::at(&house).await;
    watching.says("message-1", "包邮吗").await;
    watching.decided().await;
    clock.advance(chrono::Duration::seconds(6));
    let mut stream = Stream::open(&watching, None).await;
    stream.until("\"from\":\"bot\"").await;
    drop(stream);
    let away = Customer::at(&house).await;
    away.says("message-1", "包邮吗").await;
    away.decided().await;
    for _ in 0..1_000 {
        if states(&house).await.last().unwrap() == "waiting" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    clock.advance(chrono::Duration::hours(7));
    let lines = away.lines(0).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let last = states(&house).await.pop().unwrap();
    assert!(last == "expired" || last == "withdrawn", "{last}");
    house.close().await;
}
