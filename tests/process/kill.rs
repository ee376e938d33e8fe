//! `kill -9` at random moments: what was answered 2xx is decided, every reply arrives once.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use serde_json::Value;

use super::program::{Bridge, House, PATIENCE, says};

/// How often the program is killed, on each store.
const KILLS: usize = 20;
/// Customers who write at the same time.
const CUSTOMERS: usize = 8;
const SENTENCES: [&str; 6] = [
    "这个包邮吗",
    "少发了一个杯子",
    "我的快递到哪了，订单号 2871234567890123456",
    "再不发货我就投诉",
    "你好",
    "嗯嗯那个怎么弄呀",
];

#[derive(Clone, Default)]
struct Received(Arc<Mutex<HashMap<String, (String, usize)>>>);

async fn take(State(received): State<Received>, headers: HeaderMap, body: axum::body::Bytes) {
    let event: Value = serde_json::from_slice(&body).unwrap();
    if event["type"] == "reply.created" {
        let id = headers["webhook-id"].to_str().unwrap().to_owned();
        let text = event["data"]["text"].as_str().unwrap().to_owned();
        let mut received = received.0.lock().unwrap();
        let entry = received.entry(id).or_insert((text.clone(), 0));
        assert_eq!(entry.0, text, "one key, one text");
        entry.1 += 1;
    }
}

async fn receiver() -> (Received, String) {
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/", post(take))
        .with_state(received.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (received, url)
}

/// A small generator, so that a failing run can be repeated with its seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

async fn killed_again_and_again(mut house: House) {
    let (received, url) = receiver().await;
    house.reply_url = Some(url);
    let mut program = house.start();
    let bridge = Bridge::new(house.keys());
    let base = Arc::new(Mutex::new(program.base.clone()));
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut customers = tokio::task::JoinSet::new();
    for customer in 0..CUSTOMERS {
        let (bridge, base, stop, acknowledged) = (
            bridge.clone(),
            base.clone(),
            stop.clone(),
            acknowledged.clone(),
        );
        customers.spawn(async move {
            let mut written = Vec::new();
            for n in 0.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let conversation = format!("c{customer}-{}", n / 3);
                let id = format!("m{customer}-{n}");
                let delivery = says(&conversation, &id, SENTENCES[n % SENTENCES.len()]);
                // A bridge repeats a delivery until it is acknowledged.
                loop {
                    let here = base.lock().unwrap().clone();
                    match bridge.post(&here, &format!("msg_{id}"), &delivery).await {
                        Some((202, _)) => break,
                        Some((429 | 503, _)) | None => tokio::task::yield_now().await,
                        Some(other) => panic!("{other:?}"),
                    }
                }
                acknowledged.fetch_add(1, Ordering::SeqCst);
                written.push((conversation, id));
            }
            written
        });
    }
    let seed = 0x5eed_0001;
    let mut chance = Chance(seed);
    for _ in 0..KILLS {
        let goal = acknowledged.load(Ordering::SeqCst) + 1 + chance.below(40) as usize;
        let began = Instant::now();
        while acknowledged.load(Ordering::SeqCst) < goal {
            assert!(
                began.elapsed() < PATIENCE,
                "nobody is heard any more; seed {seed}"
            );
            tokio::time::sleep(Duration::from_micros(100 + chance.below(900))).await;
        }
        program.kill();
        program = house.start();
        base.lock().unwrap().clone_from(&program.base);
    }
    stop.store(true, Ordering::SeqCst);
    let mut written: HashMap<String, usize> = HashMap::new();
    while let Some(customer) = customers.join_next().await {
        for (conversation, _) in customer.unwrap() {
            *written.entry(conversation).or_default() += 1;
        }
    }
    let tally = bridge.settled(&program.base).await;
    let total: usize = written.values().sum();
    assert_eq!(tally["customer_messages"], total, "seed {seed}: {tally}");
    assert_eq!(tally["failed"], 0, "seed {seed}: {tally}");

    let received = received.0.lock().unwrap().clone();
    let mut sent = HashSet::new();
    for (conversation, messages) in &written {
        let path = format!("/conversations/{conversation}?account_id=tea");
        let (_, view) = bridge.get(&program.base, &path).await.unwrap();
        assert_eq!(view["decided"], true);
        let said = view["messages"].as_array().unwrap();
        let of_customer = said.iter().filter(|m| m["speaker"] == "customer").count();
        assert_eq!(of_customer, *messages, "seed {seed}: {conversation}");
        for reply in view["replies"].as_array().unwrap() {
            let id = reply["id"].as_str().unwrap().to_owned();
            if reply["state"] == "sent" {
                assert!(
                    received.contains_key(&id),
                    "seed {seed}: {id} is sent but never arrived"
                );
                assert!(sent.insert(id));
            } else {
                let known = ["withdrawn", "expired", "uncertain"];
                assert!(
                    known.iter().any(|state| reply["state"] == *state),
                    "{reply}"
                );
            }
        }
    }
    assert!(!sent.is_empty(), "the bot answered somebody");
    assert!(!received.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_on_sqlite() {
    killed_again_and_again(House::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_on_postgres() {
    let Some(server) = super::program::postgres() else {
        return;
    };
    let database = super::program::Database::create(&server);
    let mut house = House::new();
    house.database = database.url();
    killed_again_and_again(house).await;
    drop(database);
}
