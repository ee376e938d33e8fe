//! What was said, as it comes (server-sent events) or once (for browsers whose streams are held up on the way).

use std::{collections::HashSet, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, Request, State as From},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    Chat,
    door::{Caller, foreign, stranger},
};
use crate::{
    knowledge::Speaker,
    service::feed::Topic,
    store::web_chat::Line,
    web::{
        State,
        console::live::{Events, closed},
        problem::Problem,
        serve::Closing,
    },
};

/// How often the browser hears that we live.
const ALIVE: Duration = Duration::from_secs(15);
/// A browser that takes nothing for so long is let go.
const SLOW: Duration = Duration::from_secs(10);
/// Events that wait for a browser; one that lets more wait is slow.
const WAITING: usize = 8;
/// After this the browser comes again, and is looked at again.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Between two looks at what time alone makes due.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Beyond which message.
#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: i64,
}

/// A message on its way to its customer's page.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: i64,
    /// `me`, `agent` or `bot`.
    from: &'static str,
    text: String,
    /// When, in the shop's zone.
    time: String,
    /// The key his page gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// To be confirmed under this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
}

/// Messages as the page shows them.
pub(super) fn shown(
    state: &State,
    chat: &Chat,
    conversation: &str,
    lines: Vec<Line>,
) -> Vec<Shown> {
    let knowledge = state.switchboard.shelf.knowledge();
    let shop = knowledge.shop_of(&chat.source, &chat.account);
    let zone = knowledge.shop_or_default(&shop).zone;
    lines
        .into_iter()
        .map(|line| Shown {
            id: line.id,
            from: match line.speaker {
                Speaker::Customer => "me",
                Speaker::Human | Speaker::BotAssist => "agent",
                _ => "bot",
            },
            text: line.text,
            time: line.at.with_timezone(&zone).format("%H:%M").to_string(),
            key: line.external.and_then(|external| {
                let key = external.strip_prefix(conversation)?.strip_prefix('-')?;
                Some(key.to_owned())
            }),
            reply: line.unconfirmed,
        })
        .collect()
}

/// `GET …/lines?after=`
pub(super) async fn lines(
    From(state): From<State>,
    Path(name): Path<String>,
    Query(After { after }): Query<After>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = Caller::of(&state, &name, &request)?;
    if foreign(request.headers()) {
        return Err(stranger());
    }
    let _place = state.in_flight.try_acquire().map_err(|_| Problem::busy())?;
    let his = caller.conversation()?;
    let chat = caller.chat;
    let found = state.chats.shown.find(&chat.source, &chat.account, &his);
    let lines = match found.await? {
        Some(id) => state.chats.shown.look(id, after).await?.lines,
        None => Vec::new(),
    };
    Ok(Json(shown(&state, chat, &his, lines)).into_response())
}

/// `GET …/stream?after=`; nothing (204) while there is no conversation.
pub(super) async fn stream(
    From(state): From<State>,
    Path(name): Path<String>,
    Query(After { after }): Query<After>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = Caller::of(&state, &name, &request)?;
    if foreign(request.headers()) {
        return Err(stranger());
    }
    let his = caller.conversation()?;
    let chat = caller.chat;
    let found = state.chats.shown.find(&chat.source, &chat.account, &his);
    let Some(id) = found.await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let open = state.chats.counts.open(caller.peer);
    let place = state.chats.streams.clone().try_acquire_owned().ok();
    let (Some(open), Some(place)) = (open, place) else {
        return Err(Problem::busy());
    };
    let after = after.max(last_seen(request.headers()));
    let closing = request.extensions().get::<Closing>().cloned();
    let (tell, events) = mpsc::channel(WAITING);
    let on = state.clone();
    tokio::spawn(async move {
        let _held = (open, place);
        run(&on, &name, &his, id, after, closing, tell).await;
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

fn last_seen(headers: &HeaderMap) -> i64 {
    headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}

async fn run(
    state: &State,
    name: &str,
    his: &str,
    id: i64,
    mut after: i64,
    mut closing: Option<Closing>,
    tell: mpsc::Sender<Bytes>,
) {
    let Some(chat) = state.chats.chats.get(name) else {
        return;
    };
    let begun = Instant::now();
    let send = |event: String| async {
        let sent = timeout(SLOW, tell.send(Bytes::from(event))).await;
        matches!(sent, Ok(Ok(())))
    };
    if !send("retry: 1500\nevent: hello\ndata: \n\n".to_owned()).await {
        return;
    }
    let mut changes = state.feed.listen(Topic::Conversation(id));
    // Unconfirmed ones are read again and again; this stream has told them.
    let mut told = HashSet::new();
    let mut alive = begun + ALIVE;
    while begun.elapsed() < LONGEST {
        changes.borrow_and_update();
        let mut next = Some(LOOKS.1);
        // The store does not answer: it is looked again.
        if let Ok(look) = state.chats.shown.look(id, after).await {
            next = look.next;
            told.retain(|id| look.lines.iter().any(|line| line.id == *id));
            let fresh = look.lines.into_iter().filter(|line| told.insert(line.id));
            for line in shown(state, chat, his, fresh.collect()) {
                after = after.max(line.id);
                let data = serde_json::to_string(&line).unwrap_or_default();
                if !send(format!("id: {after}\nevent: line\ndata: {data}\n\n")).await {
                    return;
                }
            }
        }
        let next = next.map_or(ALIVE, |next| next.clamp(LOOKS.0, LOOKS.1));
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = sleep(next) => {}
            () = closed(&mut closing) => return,
            () = tell.closed() => return,
        }
        if Instant::now() >= alive {
            alive = Instant::now() + ALIVE;
            if !send(": alive\n\n".to_owned()).await {
                return;
            }
        }
    }
}
