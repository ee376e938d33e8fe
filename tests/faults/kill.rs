//! F1 to F5: the program is killed where it hurts most, and started again.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::sync::Notify;

use super::{
    chaos::{Act, Chaos},
    program::{Bridge, House, PATIENCE, Program, says},
    tracer::{SYNC, injecting, is_here, stored},
};

/// From the start of the process to the first answer of `/ready`.
const READY: Duration = Duration::from_secs(2);

/// Waits until the program is dead.
async fn dead(program: &mut Program) {
    let began = Instant::now();
    while program.is_running() {
        assert!(
            began.elapsed() < PATIENCE,
            "it was never killed:\n{}",
            program.log()
        );
        tokio::task::yield_now().await;
    }
}

/// Starts the program; how long it took until it was ready.
async fn ready(house: &House) -> (Program, Duration) {
    let began = Instant::now();
    let program = house.start();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    while !matches!(http.get(format!("{}/ready", program.base)).send().await, Ok(r) if r.status() == 200)
    {
        assert!(began.elapsed() < PATIENCE, "{}", program.log());
    }
    (program, began.elapsed())
}

/// A house whose data folder is made already.
async fn lived_in() -> House {
    let house = House::new();
    assert!(house.start().stop().0);
    house
}

/// The counts, once everything is decided; nobody fetches the replies here.
async fn decided(bridge: &Bridge, program: &Program) -> Value {
    bridge.settled_quietly(&program.base).await;
    bridge.get(&program.base, "/tally").await.unwrap().1
}

/// A customer who writes one message after the other, and what was answered 2xx.
struct Customer {
    name: usize,
    next: usize,
    acknowledged: HashSet<String>,
}

impl Customer {
    /// Writes until nobody answers. What was not acknowledged is sent again the next time.
    async fn writes(mut self, bridge: Bridge, base: String) -> Self {
        loop {
            let id = format!("m{}-{}", self.name, self.next);
            let conversation = format!("c{}-{}", self.name, self.next / 3);
            let delivery = says(&conversation, &id, "少发了一个杯子");
            match bridge.post(&base, &format!("msg_{id}"), &delivery).await {
                Some((202, _)) => {
                    self.acknowledged.insert(id);
                    self.next += 1;
                }
                Some((503, _)) => tokio::task::yield_now().await,
                None => return self,
                Some(other) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_killed_at_any_write_or_sync_nothing_acknowledged_is_lost() {
    if !is_here() {
        return;
    }
    let all = std::env::var("JIEBAN_FAULTS").is_ok_and(|faults| faults == "all");
    let (writes, syncs): (Vec<usize>, Vec<usize>) = if all {
        ((1..=250).collect(), (1..=40).collect())
    } else {
        ((0..22).map(|n| 1 + n * 7).collect(), (1..=8).collect())
    };
    let points = writes
        .iter()
        .map(|k| ("pwrite64", k))
        .chain(syncs.iter().map(|k| (SYNC, k)));
    let mut house = lived_in().await;
    let bridge = Bridge::new(house.keys());
    let mut customers: Vec<Customer> = (0..3)
        .map(|name| Customer {
            name,
            next: 0,
            acknowledged: HashSet::new(),
        })
        .collect();
    let (mut slowest, mut at_start, mut points_seen) = (Duration::ZERO, 0, 0);
    for (calls, k) in points {
        let point = format!("killed at {calls} {k}");
        points_seen += 1;
        house.through = injecting(calls, &format!("signal=SIGKILL:when={k}"));
        match house.try_start() {
            // The point lies in the start itself.
            Err(_) => at_start += 1,
            Ok(mut program) => {
                let mut writing = tokio::task::JoinSet::new();
                for customer in customers.drain(..) {
                    writing.spawn(customer.writes(bridge.clone(), program.base.clone()));
                }
                let begun = Instant::now();
                while let Some(customer) = writing.join_next().await {
                    customers.push(customer.unwrap());
                }
                assert!(begun.elapsed() < PATIENCE, "{point}");
                dead(&mut program).await;
            }
        }
        let kept = stored(&house.path("data"));
        for customer in &customers {
            for id in &customer.acknowledged {
                assert!(
                    kept.contains(id),
                    "{point}: {id} was acknowledged and is lost"
                );
            }
        }
        house.through.clear();
        let (program, took) = ready(&house).await;
        slowest = slowest.max(took);
        program.kill();
    }
    let (program, took) = ready(&house).await;
    let tally = decided(&bridge, &program).await;
    let acknowledged: usize = customers.iter().map(|c| c.acknowledged.len()).sum();
    let heard = tally["customer_messages"].as_u64().unwrap() as usize;
    assert!(
        heard >= acknowledged && heard <= acknowledged + customers.len(),
        "{tally}"
    );
    assert!(
        acknowledged > 0 && at_start < points_seen / 2,
        "{acknowledged}, {at_start}"
    );
    assert!(
        took <= READY && slowest <= READY,
        "ready after {took:?}, {slowest:?}"
    );
    println!(
        "{points_seen} points, {at_start} during the start, {acknowledged} acknowledged, slowest start {slowest:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f2_killed_after_the_commit_and_before_the_2xx_the_retry_has_one_effect() {
    if !is_here() {
        return;
    }
    let mut house = lived_in().await;
    let bridge = Bridge::new(house.keys());
    let delivery = says("ann", "m-1", "少发了一个杯子");
    // Only answers are written so: the first is the one that is lost.
    house.through = injecting("writev", "signal=SIGKILL:when=1");
    let mut program = house.start();
    assert_eq!(
        bridge.post(&program.base, "msg_1", &delivery).await,
        None,
        "no answer"
    );
    dead(&mut program).await;
    assert_eq!(
        stored(&house.path("data")),
        HashSet::from(["m-1".to_owned()]),
        "but it is kept"
    );
    house.through.clear();
    let program = house.start();
    let (status, body) = bridge
        .post(&program.base, "msg_1", &delivery)
        .await
        .unwrap();
    assert_eq!(
        (status, &body["accepted"], &body["duplicates"]),
        (202, &0.into(), &1.into()),
        "{body}"
    );
    let tally = decided(&bridge, &program).await;
    assert_eq!(
        (&tally["customer_messages"], &tally["cases"]),
        (&1.into(), &1.into()),
        "{tally}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f2_killed_with_the_reply_in_the_response_the_retry_gets_the_same_reply() {
    if !is_here() {
        return;
    }
    let mut house = lived_in().await;
    let bridge = Bridge::new(house.keys());
    let mut delivery = says("ann", "m-1", "这个包邮吗");
    delivery["wait_ms"] = 20_000.into();
    house.through = injecting("writev", "signal=SIGKILL:when=1");
    let mut program = house.start();
    assert_eq!(
        bridge.post(&program.base, "msg_1", &delivery).await,
        None,
        "no answer"
    );
    dead(&mut program).await;
    house.through.clear();
    let program = house.start();
    let (status, body) = bridge
        .post(&program.base, "msg_1", &delivery)
        .await
        .unwrap();
    assert_eq!((status, &body["type"]), (200, &"TEXT".into()), "{body}");
    let (_, view) = bridge
        .get(&program.base, "/conversations/ann?account_id=tea")
        .await
        .unwrap();
    let replies = view["replies"].as_array().unwrap();
    assert_eq!(
        (replies.len(), &replies[0]["id"]),
        (1, &body["reply_id"]),
        "{view}"
    );
    assert_eq!(view["messages"].as_array().unwrap().len(), 2, "{view}");
}

/// A question whose reply waits, with its suggestions delivered: only the reply is still to be sent.
async fn a_reply_waits(receiver: &Chaos) -> (House, Bridge) {
    let mut house = lived_in().await;
    house.reply_url = Some(receiver.url.clone());
    let bridge = Bridge::new(house.keys());
    let program = house.start();
    let delivery = says("ann", "m-1", "这个包邮吗");
    assert_eq!(
        bridge
            .post(&program.base, "msg_1", &delivery)
            .await
            .unwrap()
            .0,
        202
    );
    receiver
        .until("suggestions", |seen| seen.suggestions > 0)
        .await;
    bridge.settled_quietly(&program.base).await;
    program.kill();
    assert!(
        receiver.seen().replies.is_empty(),
        "the burst is not closed yet"
    );
    (house, bridge)
}

/// After a start nothing is left to do, and the customer has read the reply once.
async fn sent_once(house: &House, bridge: &Bridge, receiver: &Chaos, attempts: usize) -> Duration {
    let began = Instant::now();
    let program = house.start();
    let seen = receiver
        .until("the reply", |seen| seen.replies.len() >= attempts)
        .await;
    let took = began.elapsed();
    let tally = bridge.settled(&program.base).await;
    assert_eq!(
        (&tally["auto_content"], &tally["failed"]),
        (&1.into(), &0.into()),
        "{tally}"
    );
    let (_, view) = bridge
        .get(&program.base, "/conversations/ann?account_id=tea")
        .await
        .unwrap();
    assert_eq!(view["replies"][0]["state"], Value::from("sent"), "{view}");
    let keys: HashSet<&String> = seen.replies.iter().collect();
    assert_eq!(
        (keys.len(), seen.visible.len()),
        (1, 1),
        "one key, read once: {seen:?}"
    );
    assert_eq!(
        receiver.seen().replies.len(),
        attempts,
        "and not tried again"
    );
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f3_killed_with_the_reply_claimed_it_is_sent_once_after_the_start() {
    if !is_here() {
        return;
    }
    let receiver = Chaos::start().await;
    let (mut house, bridge) = a_reply_waits(&receiver).await;
    house.through = injecting("connect", "signal=SIGKILL:when=1");
    let mut program = house.start();
    dead(&mut program).await;
    assert!(receiver.seen().replies.is_empty());
    house.through.clear();
    let took = sent_once(&house, &bridge, &receiver, 1).await;
    // On SQLite the folder's lock says that whoever held the lease is gone: 30 s are not waited for.
    assert!(took < Duration::from_secs(15), "{took:?}");
    println!("sent {took:?} after the start");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f4_killed_while_the_receiver_has_the_reply_the_same_key_comes_again() {
    let receiver = Chaos::start().await;
    let (house, bridge) = a_reply_waits(&receiver).await;
    receiver.next([Act::Silent]);
    let program = house.start();
    receiver
        .until("the reply", |seen| seen.replies.len() == 1)
        .await;
    program.kill();
    sent_once(&house, &bridge, &receiver, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f5_killed_after_the_200_before_it_is_kept_the_same_key_comes_again() {
    let receiver = Chaos::start().await;
    let (house, bridge) = a_reply_waits(&receiver).await;
    let answer = Arc::new(Notify::new());
    receiver.next([Act::AnswerWhen(answer.clone())]);
    let program = house.start();
    receiver
        .until("the reply", |seen| seen.replies.len() == 1)
        .await;
    // Somebody else holds the file: what became of the reply cannot be kept.
    let other = rusqlite::Connection::open(house.path("data/jieban.db")).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    answer.notify_one();
    receiver
        .until("the 200 to be read", |seen| seen.heard == 1)
        .await;
    program.kill();
    drop(other);
    sent_once(&house, &bridge, &receiver, 2).await;
}
