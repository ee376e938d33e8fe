//! F21: the kill switch is turned at one node while another holds replies, or while both are claiming. Through
//! real doors; on Postgres with two nodes, on SQLite with the one there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use jieban::{
    app::App,
    clock::ManualClock,
    config::{Config, Person, Role, Secret, Source},
    service::Worker,
    store::Store,
    web,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use super::{
    chaos::{Act, Chaos},
    folder::copy,
    house::*,
};

stories!(
    f21_what_a_slow_courier_holds_is_listed_and_nothing_is_claimed_after,
    f21_nothing_is_claimed_after_the_answer_while_everybody_claims,
);

const TOKEN: &str = "a-token-for-these-faults";
const SECRET: &str = "whsec_ZmF1bHRzLW9mLWEtdGVhaG91c2UtMDEyMzQ1Njc4OTA=";
/// What a courier takes at once.
const BATCH: usize = 16;
/// The longest that the kill switch may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A node of the service, with its doors open.
struct Node {
    workers: Vec<Arc<dyn Worker>>,
    base: String,
}

impl Node {
    async fn open(config: &Config, clock: &Arc<ManualClock>, store: Store) -> Self {
        let app = App::with_store(config, clock.clone(), store).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let workers = app.workers().to_vec();
        tokio::spawn(web::serve(
            listener,
            app.router(),
            std::future::pending::<()>(),
        ));
        Self { workers, base }
    }

    fn courier(&self) -> Arc<dyn Worker> {
        let mut workers = self.workers.iter();
        workers.find(|w| w.name() == "bridge").unwrap().clone()
    }

    /// Everybody works until all are idle, but nobody goes out.
    async fn decide(&self) {
        let mut more = true;
        while more {
            more = false;
            for worker in self.workers.iter().filter(|w| w.name() != "bridge") {
                more |= worker.step().await.unwrap();
            }
        }
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(TOKEN);
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(status.is_success(), "{status} {body}");
        body
    }

    /// Turns the kill switch; the ids it lists.
    async fn kill(&self, path: &str) -> BTreeSet<String> {
        let began = Instant::now();
        let killed = self.ask(reqwest::Method::PUT, path, json!({})).await;
        let took = began.elapsed();
        assert!(took < ANSWERS_WITHIN, "the kill switch took {took:?}");
        eprintln!("the kill switch answered after {took:?}");
        let wire = killed["on_the_wire"].as_array().unwrap();
        wire.iter()
            .map(|row| row["reply_id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The nodes, at two at night in Shanghai, and questions that will be answered alone four seconds later.
async fn nodes(house: &House, receiver: &Chaos, questions: usize) -> (Vec<Node>, Arc<ManualClock>) {
    let knowledge = house.folder.join("knowledge");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/shop"),
        &knowledge,
    );
    let bridge = Source {
        secrets: vec![Secret::from(SECRET)],
        tokens: vec![Secret::from(TOKEN)],
        reply_url: Some(receiver.url.clone()),
        ..Source::default()
    };
    let boss = Person {
        name: "王主管".to_owned(),
        roles: vec![Role::Supervisor],
        shops: None,
        tokens: vec![Secret::from(TOKEN)],
    };
    let config = Config {
        data: house.folder.clone(),
        knowledge,
        sources: BTreeMap::from([("bridge".to_owned(), bridge)]),
        people: BTreeMap::from([("boss".to_owned(), boss)]),
        ..Config::default()
    };
    let night: DateTime<Utc> = "2026-11-19T18:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(night));
    let mut nodes = vec![Node::open(&config, &clock, house.store.clone()).await];
    if house.engine == Engine::Postgres {
        let follower = Config {
            publish: false,
            ..config
        };
        let store = Store::postgres(&house.url, 4).unwrap();
        nodes.push(Node::open(&follower, &clock, store).await);
    }
    for n in 0..questions {
        let delivery = json!({
            "account_id": "tea", "conversation_id": format!("c{n}"),
            "messages": [{"id": format!("m{n}"), "role": "customer", "type": "text", "text": "这个包邮吗"}],
        });
        let door = &nodes[n % nodes.len()];
        door.ask(
            reqwest::Method::POST,
            "/v1/bridge/bridge/messages",
            delivery,
        )
        .await;
    }
    for node in &nodes {
        node.decide().await;
    }
    // The suggestions leave at once, and are out of the way.
    while nodes[0].courier().step().await.unwrap() {}
    assert_eq!(receiver.seen().suggestions, questions);
    clock.advance(chrono::Duration::seconds(5));
    (nodes, clock)
}

/// The replies that were ever claimed, whatever came of them.
async fn left(house: &House) -> BTreeSet<String> {
    let ids = house
        .write(|tx| {
            tx.rows(
                "SELECT id FROM outbox WHERE kind = 'reply' AND claimed_at IS NOT NULL",
                &[],
            )?
            .iter()
            .map(|row| row.string("id"))
            .collect::<Result<Vec<_>, _>>()
        })
        .await;
    ids.into_iter().collect()
}

async fn f21_what_a_slow_courier_holds_is_listed_and_nothing_is_claimed_after(house: House) {
    let receiver = Chaos::start().await;
    let (nodes, clock) = nodes(&house, &receiver, 3 * BATCH).await;
    let told: Vec<Arc<Notify>> = (0..BATCH).map(|_| Arc::default()).collect();
    receiver.next(told.iter().cloned().map(Act::AnswerWhen));
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let slow = there.courier();
    let holding = tokio::spawn(async move { slow.step().await });
    let seen = receiver
        .until("a batch is held", |seen| seen.replies.len() == BATCH)
        .await;

    let listed = here.kill("/v1/shops/teahouse/kill").await;
    let held: BTreeSet<String> = seen.replies.iter().cloned().collect();
    assert_eq!(listed, held, "what the other node holds is listed here");
    let wire = here
        .ask(reqwest::Method::PUT, "/v1/shops/teahouse/kill", json!({}))
        .await;
    assert_eq!(wire["on_the_wire"][0]["way"], "courier");
    assert_eq!(wire["on_the_wire"][0]["source"], "bridge");

    // Everybody works on: nothing leaves any more, not even when leases end.
    for seconds in [0, 5, 60] {
        clock.advance(chrono::Duration::seconds(seconds));
        for node in &nodes {
            node.decide().await;
        }
        while here.courier().step().await.unwrap() {}
    }
    assert_eq!(receiver.seen().replies.len(), BATCH);
    assert_eq!(left(&house).await, held);
    // What was on the wire arrived, and is known to have.
    told.iter().for_each(|told| told.notify_one());
    holding.await.unwrap().unwrap();
    let shown = here.ask(reqwest::Method::GET, "/v1/kill", json!({})).await;
    assert_eq!(
        (&shown["on_the_wire"], &shown["stopped"]),
        (&json!([]), &json!(["teahouse"]))
    );
}

async fn f21_nothing_is_claimed_after_the_answer_while_everybody_claims(house: House) {
    let receiver = Chaos::start().await;
    let (nodes, _) = nodes(&house, &receiver, 8 * BATCH).await;
    let stop = Arc::new(tokio::sync::watch::channel(false).0);
    let mut couriers = Vec::new();
    for node in &nodes {
        let (courier, mut stopped) = (node.courier(), stop.subscribe());
        couriers.push(tokio::spawn(async move {
            while !*stopped.borrow_and_update() {
                courier.step().await.unwrap();
                tokio::task::yield_now().await;
            }
        }));
    }
    receiver
        .until("they are at it", |seen| seen.replies.len() > BATCH)
        .await;
    let listed = nodes[0].kill("/v1/kill").await;
    let before = left(&house).await;
    assert!(listed.is_subset(&before));
    for node in &nodes {
        node.decide().await;
    }
    // They have had every chance: whoever was on the way has settled, and has claimed again.
    for node in &nodes {
        node.courier().step().await.unwrap();
    }
    stop.send_replace(true);
    for courier in couriers {
        courier.await.unwrap();
    }
    assert_eq!(
        left(&house).await,
        before,
        "nothing is claimed after the answer"
    );
    let arrived: BTreeSet<String> = receiver.seen().replies.into_iter().collect();
    assert!(arrived.is_subset(&before));
    eprintln!(
        "{:?}: {} of {} had left, {} were on the wire",
        house.engine,
        before.len(),
        8 * BATCH,
        listed.len()
    );
}
