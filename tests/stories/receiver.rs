//! A source's other end: takes signed replies, as a bridge's server would, and can be told to fail.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use jieban::clock::{Clock, ManualClock};
use serde_json::Value;

use super::desk::{Log, SECRET};

/// What arrived, and how to answer next.
#[derive(Clone)]
pub struct Receiver(Arc<Inner>);

struct Inner {
    clock: Arc<ManualClock>,
    log: Log,
    answers: Mutex<VecDeque<u16>>,
    seen: Mutex<HashSet<String>>,
    events: Mutex<Vec<Value>>,
    attempts: Mutex<Vec<String>>,
}

impl Receiver {
    /// Listens on a free port of this machine; returns its address.
    pub async fn start(clock: Arc<ManualClock>, log: Log) -> (Self, String) {
        let receiver = Self(Arc::new(Inner {
            clock,
            log,
            answers: Mutex::default(),
            seen: Mutex::default(),
            events: Mutex::default(),
            attempts: Mutex::default(),
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/replies", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/replies", post(take))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, url)
    }

    /// Answers the next deliveries so, then 200.
    pub fn answer_next(&self, statuses: &[u16]) {
        self.0.answers.lock().unwrap().extend(statuses);
    }

    /// Every event that was taken, each once, with this `type`.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let events = self.0.events.lock().unwrap();
        events
            .iter()
            .filter(|e| e["type"] == kind)
            .cloned()
            .collect()
    }

    /// The idempotency key of every attempt at a reply, in order.
    pub fn attempts(&self) -> Vec<String> {
        self.0.attempts.lock().unwrap().clone()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let inner = &receiver.0;
    // Signatures are checked by another implementation than the one that signs. It asks the machine for
    // the time, so the freshness of the stamp is checked here, against the story's clock.
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let id = header("webhook-id");
    let stamp: i64 = header("webhook-timestamp").parse().unwrap();
    assert!((inner.clock.now().timestamp() - stamp).abs() < 300);
    let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
    let expected = verifier.sign(&id, stamp, &body).unwrap();
    assert!(
        header("webhook-signature")
            .split(' ')
            .any(|s| s == expected)
    );

    let event: Value = serde_json::from_slice(&body).unwrap();
    let is_reply = event["type"] == "reply.created";
    if is_reply {
        inner.attempts.lock().unwrap().push(id.clone());
        if let Some(status) = inner.answers.lock().unwrap().pop_front()
            && status != 200
        {
            return StatusCode::from_u16(status).unwrap();
        }
    }
    if inner.seen.lock().unwrap().insert(id) {
        if is_reply {
            let data = &event["data"];
            let conversation = data["conversation_id"].as_str().unwrap();
            let text = data["text"].as_str().unwrap();
            inner.log.add(inner.clock.now(), conversation, "接班", text);
        }
        inner.events.lock().unwrap().push(event);
    }
    StatusCode::OK
}
