//! The stream: which of the topics a browser looks at have changed. What is shown is then fetched by the page itself,
//! from the same address, as its live part.
//!
//! One stream serves all tabs of a browser. It ends with its session, with the process, and when the browser does not
//! read; the browser comes back by itself and looks at everything anew.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Query, Request, State as From},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body::Frame;
use serde::Deserialize;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, interval_at, timeout},
};

use super::{oops::Oops, visit::Visitor};
use crate::{
    service::feed::{Mark, Topic},
    web::{State, serve::Closing},
};

/// So many topics one stream may name.
const TOPICS: usize = 24;
/// How often it is looked whether the session still lives, and the browser hears that we do.
const ALIVE: Duration = Duration::from_secs(4);
/// A browser that takes nothing for so long is let go.
const SLOW: Duration = Duration::from_secs(10);
/// Events that wait for a browser; one that lets more wait is slow.
const WAITING: usize = 8;

/// What a browser looks at, as `see`, between spaces: `inbox`, `coverage`, `knowledge`, `work`, `c12` (a conversation),
/// `nLF-2611-0301` (a case).
#[derive(Deserialize)]
pub(super) struct Looks {
    #[serde(default)]
    see: String,
}

/// The name of a conversation's topic.
pub(super) fn of_conversation(id: i64) -> String {
    format!("c{id}")
}

/// The name of a case's topic.
pub(super) fn of_case(number: &str) -> String {
    format!("n{number}")
}

/// Lists of cases and promises.
pub(super) const WORK: &str = "work";

async fn topic(state: &State, visitor: &Visitor, name: &str) -> Option<Topic> {
    match name {
        "inbox" => Some(Topic::Inbox(visitor.shops().clone())),
        "coverage" => Some(Topic::Coverage),
        "knowledge" => Some(Topic::Knowledge),
        WORK => Some(Topic::Work),
        _ if name.starts_with('n') => {
            let number = name.strip_prefix('n')?.to_owned();
            let file = state.switchboard.case(visitor.hand(), number).await;
            Some(Topic::Case(file.ok()?.shown.kept.id))
        }
        _ => {
            let id = name.strip_prefix('c')?.parse().ok()?;
            let his = state
                .switchboard
                .conversation(visitor.shops().clone(), id)
                .await;
            his.is_ok().then_some(Topic::Conversation(id))
        }
    }
}

pub(super) async fn stream(
    From(state): From<State>,
    visitor: Visitor,
    Query(looks): Query<Looks>,
    request: Request,
) -> Result<Response, Oops> {
    let place = state
        .streams
        .clone()
        .try_acquire_owned()
        .map_err(|_| Oops::CROWDED)?;
    let mut seen = Vec::new();
    for name in looks.see.split_whitespace().take(TOPICS) {
        if let Some(topic) = topic(&state, &visitor, name).await {
            seen.push((name.to_owned(), state.feed.listen(topic)));
        }
    }
    let closing = request.extensions().get::<Closing>().cloned();
    let (tell, events) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let _place = place;
        run(&state, &visitor, seen, closing, tell).await;
    });
    let mut response = Body::new(Events(events)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    // Some proxies gather answers unless they are told not to.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

async fn run(
    state: &State,
    visitor: &Visitor,
    mut seen: Vec<(String, watch::Receiver<Mark>)>,
    mut closing: Option<Closing>,
    tell: mpsc::Sender<Bytes>,
) {
    let send = |event: String| async {
        let sent = timeout(SLOW, tell.send(Bytes::from(event))).await;
        matches!(sent, Ok(Ok(())))
    };
    if !send("retry: 1000\nevent: hello\ndata: \n\n".to_owned()).await {
        return;
    }
    let mut rounds = state.feed.rounds();
    let mut alive = interval_at(Instant::now() + ALIVE, ALIVE);
    loop {
        let changed = tokio::select! {
            round = rounds.changed() => match round {
                Ok(()) => changed(&mut seen),
                Err(_) => return,
            },
            () = closed(&mut closing) => return,
            () = tell.closed() => return,
            _ = alive.tick() => {
                let event = match state.people.is_alive(&visitor.token).await {
                    Ok(true) => ": alive\n\n",
                    Ok(false) => "event: out\ndata: \n\n",
                    // The store does not answer; that is not his fault.
                    Err(_) => ": alive\n\n",
                };
                if !send(event.to_owned()).await || event.starts_with("event") {
                    return;
                }
                continue;
            }
        };
        if changed.is_empty() {
            continue;
        }
        if !send(format!("event: changed\ndata: {}\n\n", changed.join(" "))).await {
            return;
        }
    }
}

/// The names of what has changed since they were last told.
fn changed(seen: &mut [(String, watch::Receiver<Mark>)]) -> Vec<String> {
    seen.iter_mut()
        .filter(|(_, mark)| mark.has_changed().unwrap_or(false))
        .map(|(name, mark)| {
            mark.borrow_and_update();
            name.clone()
        })
        .collect()
}

pub(in crate::web) async fn closed(closing: &mut Option<Closing>) {
    match closing {
        Some(closing) => closing.closed().await,
        None => std::future::pending().await,
    }
}

/// Events as they come.
pub(in crate::web) struct Events(pub(in crate::web) mpsc::Receiver<Bytes>);

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}
