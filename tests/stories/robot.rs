//! A group's robot on this machine: takes what it is told, and answers as it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use chrono::DateTime;
use chrono_tz::Asia::Shanghai;
use jieban::clock::{Clock, ManualClock};
use serde_json::{Value, json};

/// What arrived, and how to answer next.
#[derive(Clone)]
pub struct Robot(Arc<Inner>);

struct Inner {
    clock: Mutex<Option<Arc<ManualClock>>>,
    answers: Mutex<VecDeque<(u16, Value)>>,
    heard: Mutex<Vec<String>>,
    links: Mutex<Vec<String>>,
}

impl Robot {
    /// Listens on a free port of this machine; returns its address.
    pub async fn start() -> (Self, String) {
        let robot = Self(Arc::new(Inner {
            clock: Mutex::default(),
            answers: Mutex::default(),
            heard: Mutex::default(),
            links: Mutex::default(),
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send?key=k", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/send", post(take))
            .with_state(robot.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (robot, url)
    }

    /// Tells the time by this clock.
    pub fn by(&self, clock: &Arc<ManualClock>) {
        *self.0.clock.lock().unwrap() = Some(clock.clone());
    }

    /// Answers the next messages so, then well.
    pub fn answer_next(&self, answers: &[(u16, Value)]) {
        self.0.answers.lock().unwrap().extend(answers.to_vec());
    }

    /// `15:03:05 @who first line` of what it took since it was last asked.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.0.heard.lock().unwrap())
    }

    /// The newest link by which somebody says that he cares.
    pub fn last_link(&self) -> String {
        self.0.links.lock().unwrap().last().unwrap().clone()
    }
}

async fn take(State(robot): State<Robot>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let inner = &robot.0;
    if let Some((status, answer)) = inner.answers.lock().unwrap().pop_front() {
        return (StatusCode::from_u16(status).unwrap(), Json(answer));
    }
    let text = body["text"]["content"].as_str().unwrap();
    assert!(text.len() <= 2048, "longer than a robot takes");
    let people: Vec<String> = ["mentioned_list", "mentioned_mobile_list"]
        .iter()
        .filter_map(|list| body["text"][list].as_array())
        .flatten()
        .map(|person| person.as_str().unwrap().to_owned())
        .collect();
    let now = inner
        .clock
        .lock()
        .unwrap()
        .as_ref()
        .map_or(DateTime::UNIX_EPOCH, |clock| clock.now());
    let now = now.with_timezone(&Shanghai).format("%H:%M:%S");
    let first = text.lines().next().unwrap();
    let line = format!("{now} @{} {first}", people.join("@"));
    inner.heard.lock().unwrap().push(line);
    let link = text.lines().filter_map(|line| line.split_once("https://"));
    for (_, rest) in link {
        inner.links.lock().unwrap().push(format!("https://{rest}"));
    }
    (StatusCode::OK, Json(json!({"errcode": 0, "errmsg": "ok"})))
}
