//! The doors for helpers. Each lets the request in, reads it, hands it down, and says what came of it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Path, Query, Request, State as From, rejection::PathRejection},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::{sync::SemaphorePermit, time::timeout};

use super::{
    answer::Claim,
    metrics,
    problem::Problem,
    sign_in::{Guest, let_in},
    state::State,
};
use crate::{
    channel::bridge::{self, Delivery, LONGEST_ID, LONGEST_WAIT, Post},
    desk::Inbound,
    knowledge::Mode,
    service::{Accepted, Ack, AckOutcome, Unavailable},
};

type Names = Result<Path<HashMap<String, String>>, PathRejection>;

/// `POST …/messages`
pub(super) async fn post_messages(
    From(state): From<State>,
    names: Names,
    request: Request,
) -> Result<Response, Problem> {
    let names = Named::read(names)?;
    let _place = place(&state)?;
    let guest = let_in(&state, names.get("source")?, request).await?;
    let query = query(&guest.parts.uri)?;
    let content_type = guest
        .parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let delivery = bridge::parse(Post {
        source: &guest.door.name,
        content_type,
        body: &guest.body,
        wait_ms: query.get("wait_ms").map(String::as_str),
        mode: query.get("mode").map(String::as_str),
    })
    .inspect_err(|_| metrics::refused("unreadable"))?;
    record(&state, &guest, delivery).await
}

async fn record(state: &State, guest: &Guest<'_>, delivery: Delivery) -> Result<Response, Problem> {
    let Delivery {
        mut inbound,
        wait,
        ignored,
    } = delivery;
    inbound.mode = match (inbound.mode, guest.door.cap) {
        (Some(asked), Some(cap)) => Some(asked.min(cap)),
        (asked, cap) => asked.or(cap),
    };
    let asked = Asked {
        account: inbound.account.clone(),
        silent: inbound.mode == Some(Mode::Off),
        pushes: guest.door.pushes,
        empty: inbound.messages.is_empty(),
        wait,
    };
    let accepted = if asked.empty {
        nothing(inbound)
    } else {
        bounded(state, Duration::ZERO, state.work.accept(inbound)).await?
    };
    let source = &guest.door.name;
    let conflicts = accepted.conflicts.len();
    metrics::messages(source, "accepted", accepted.accepted.into());
    metrics::messages(source, "duplicate", accepted.duplicates.into());
    metrics::messages(source, "conflict", conflicts as u64);
    tracing::debug!(
        source,
        conversation = accepted.conversation,
        accepted = accepted.accepted,
        duplicates = accepted.duplicates,
        conflicts,
        "recorded"
    );
    if conflicts > 0 {
        tracing::warn!(
            source,
            conversation = accepted.conversation,
            conflicts,
            "known ids with other content"
        );
        return Err(Problem::conflict(
            &accepted.conflicts,
            accepted.accepted,
            accepted.duplicates,
        ));
    }
    let mut body = Map::new();
    body.insert("accepted".to_owned(), accepted.accepted.into());
    body.insert("duplicates".to_owned(), accepted.duplicates.into());
    body.insert("conversation".to_owned(), accepted.external.clone().into());
    if !ignored.is_empty() {
        body.insert("ignored".to_owned(), ignored.into());
    }
    if asked.wait.is_zero() {
        return Ok((StatusCode::ACCEPTED, Json(Value::Object(body))).into_response());
    }
    wait_for_reply(state, source, &accepted, &asked, body).await
}

/// How much longer an answer is held up for its suggestions: the reply beside them goes stale.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a sender asked for, beyond recording.
struct Asked {
    account: String,
    silent: bool,
    pushes: bool,
    empty: bool,
    wait: Duration,
}

/// A window with nothing in it: there is nothing to record and nobody waits.
fn nothing(inbound: Inbound) -> Accepted {
    Accepted {
        conversation: 0,
        external: inbound.conversation,
        accepted: 0,
        duplicates: 0,
        conflicts: Vec::new(),
        last_customer: None,
        retried: false,
    }
}

/// Answers with an automatic reply if there is one in time. Suggestions stand beside it and never in its place: what
/// a helper may send is `reply`, and `content` for helpers that look there.
async fn wait_for_reply(
    state: &State,
    source: &str,
    accepted: &Accepted,
    asked: &Asked,
    mut body: Map<String, Value>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let show = async |wait: Duration| {
        let shown = state
            .work
            .conversation(source, &asked.account, &accepted.external, wait);
        match timeout(wait + PATIENCE, shown).await {
            Ok(Ok(Some(Value::Object(mut shown)))) => shown.remove("suggestions"),
            _ => None,
        }
        .filter(Value::is_array)
        .unwrap_or_else(|| json!([]))
    };
    let mut claim = None;
    let (reason, suggestions) = if asked.empty {
        ("nothing was posted", json!([]))
    } else if asked.silent {
        // Asked here too, so that no mistake further down can put words into a silent helper's mouth.
        ("the mode allows suggestions only", show(asked.wait).await)
    } else if asked.pushes {
        ("replies go to your reply_url", show(asked.wait).await)
    } else {
        let held = bounded(state, asked.wait, state.work.answer(accepted, asked.wait)).await?;
        claim = held.map(|held| Claim::new(state.work.clone(), held));
        let waited = began.elapsed() >= asked.wait;
        (
            if waited {
                "pending"
            } else {
                "no automatic reply"
            },
            show(Duration::ZERO).await,
        )
    };
    body.insert("suggestions".to_owned(), suggestions);
    let Some((claim, held)) =
        claim.and_then(|claim| claim.held().cloned().map(|held| (claim, held)))
    else {
        body.insert("reply".to_owned(), Value::Null);
        body.insert("content".to_owned(), "".into());
        body.insert("type".to_owned(), "NO_REPLY".into());
        body.insert("action".to_owned(), "suggest".into());
        body.insert("reason".to_owned(), reason.into());
        return Ok(Json(Value::Object(body)).into_response());
    };
    tracing::info!(
        source,
        conversation = accepted.conversation,
        again = held.again,
        "reply goes out with the response"
    );
    body.insert("content".to_owned(), held.text.clone().into());
    body.insert("reply".to_owned(), held.text.into());
    body.insert("type".to_owned(), "TEXT".into());
    body.insert("action".to_owned(), "send".into());
    body.insert("reply_id".to_owned(), held.reply_id.into());
    let bytes = Bytes::from(Value::Object(body).to_string());
    let mut response = Response::new(axum::body::Body::new(claim.carried_in(bytes)));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(response)
}

/// `GET …/outbox?account_id=&wait=`
pub(super) async fn pull_outbox(
    From(state): From<State>,
    names: Names,
    request: Request,
) -> Result<Response, Problem> {
    let names = Named::read(names)?;
    let _place = place(&state)?;
    let guest = let_in(&state, names.get("source")?, request).await?;
    let query = query(&guest.parts.uri)?;
    let wait = wait(&query, "wait", 1_000)?;
    let account = query.get("account_id").map(String::as_str);
    state.pollers.note(&guest.door.name, state.clock.now());
    let pulled = bounded(
        &state,
        wait,
        state.work.pull(&guest.door.name, account, wait),
    )
    .await?;
    tracing::info!(source = guest.door.name, replies = pulled.len(), "fetched");
    Ok(Json(pulled).into_response())
}

/// `POST …/outbox/{reply_id}/ack`
pub(super) async fn acknowledge(
    From(state): From<State>,
    names: Names,
    request: Request,
) -> Result<Response, Problem> {
    let names = Named::read(names)?;
    let _place = place(&state)?;
    let guest = let_in(&state, names.get("source")?, request).await?;
    let reply_id = names.get("reply_id")?;
    let ack = read_ack(&guest.body)?;
    let sent = ack.sent;
    let done = state.work.acknowledge(&guest.door.name, reply_id, ack);
    match bounded(&state, Duration::ZERO, done).await? {
        AckOutcome::Done => {
            tracing::info!(source = guest.door.name, sent, "acknowledged");
            let status = if sent { "sent" } else { "failed" };
            Ok(Json(json!({"reply_id": reply_id, "status": status})).into_response())
        }
        AckOutcome::Unknown => Err(Problem::not_found(
            "this source has no such reply",
            "acknowledge a reply_id that the outbox of the same source handed out",
            "该来源没有这条回复，请使用同一来源 outbox 返回的 reply_id",
        )),
    }
}

fn read_ack(body: &[u8]) -> Result<Ack, Problem> {
    let wrong = |field: &str| {
        Problem::bad_query(
            field,
            "an acknowledgement is an object with status \"sent\" or \"failed\"",
            "send {\"status\":\"sent\",\"platform_message_id\":\"…\"} or {\"status\":\"failed\",\"error\":\"…\"}",
            "请发送 {\"status\":\"sent\"} 或 {\"status\":\"failed\",\"error\":\"原因\"}",
        )
    };
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return Err(wrong("status"));
    };
    let sent = match fields.get("status").and_then(Value::as_str) {
        Some("sent") => true,
        Some("failed") => false,
        _ => return Err(wrong("status")),
    };
    let mut text = |name: &str| match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.replace('\0', ""))),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        Some(_) => Err(wrong(name)),
    };
    let platform_message_id = text("platform_message_id")?;
    if platform_message_id
        .as_ref()
        .is_some_and(|id| id.chars().count() > LONGEST_ID)
    {
        return Err(wrong("platform_message_id"));
    }
    let error = text("error")?.map(|error| error.chars().take(500).collect());
    Ok(Ack {
        sent,
        platform_message_id,
        error,
    })
}

/// `GET …/conversations/{conversation_id}?account_id=&wait_ms=`
pub(super) async fn show_conversation(
    From(state): From<State>,
    names: Names,
    request: Request,
) -> Result<Response, Problem> {
    let names = Named::read(names)?;
    let _place = place(&state)?;
    let guest = let_in(&state, names.get("source")?, request).await?;
    let query = query(&guest.parts.uri)?;
    let wait = wait(&query, "wait_ms", 1)?;
    let account = query.get("account_id").ok_or_else(|| {
        Problem::bad_query(
            "account_id",
            "account_id is missing",
            "add ?account_id= with the account the messages were posted under",
            "请在地址中加上 ?account_id=店铺账号",
        )
    })?;
    let external = names.get("conversation_id")?;
    let shown = state
        .work
        .conversation(&guest.door.name, account, external, wait);
    match bounded(&state, wait, shown).await? {
        Some(conversation) => Ok(Json(conversation).into_response()),
        None => Err(Problem::not_found(
            "this account has no such conversation",
            "use the account_id and conversation_id the messages were posted with",
            "没有这个会话，请核对 account_id 与 conversation_id",
        )),
    }
}

/// `GET …/tally?account_id=`
pub(super) async fn show_tally(
    From(state): From<State>,
    names: Names,
    request: Request,
) -> Result<Response, Problem> {
    let names = Named::read(names)?;
    let _place = place(&state)?;
    let guest = let_in(&state, names.get("source")?, request).await?;
    let query = query(&guest.parts.uri)?;
    let account = query.get("account_id").map(String::as_str);
    let tally = state.work.tally(&guest.door.name, account);
    Ok(Json(bounded(&state, Duration::ZERO, tally).await?).into_response())
}

/// The names in the address.
struct Named(HashMap<String, String>);

impl Named {
    fn read(names: Names) -> Result<Self, Problem> {
        match names {
            Ok(Path(names))
                if names
                    .values()
                    .all(|name| name.chars().count() <= LONGEST_ID) =>
            {
                Ok(Self(names))
            }
            _ => Err(Problem::bad_query(
                "path",
                "the address holds something that is no name, or one longer than 200 characters",
                "percent-encode ids in UTF-8",
                "地址中的编号须用 UTF-8 百分号编码，且不超过 200 个字符",
            )),
        }
    }

    fn get(&self, name: &str) -> Result<&str, Problem> {
        self.0.get(name).map(String::as_str).ok_or_else(|| {
            Problem::not_found(
                "there is no door of this name",
                "see README.md",
                "没有这个地址",
            )
        })
    }
}

/// A place among the requests at work.
fn place(state: &State) -> Result<SemaphorePermit<'_>, Problem> {
    state.in_flight.try_acquire().map_err(|_| {
        metrics::refused("busy");
        Problem::busy()
    })
}

/// Waits for the house no longer than the sender asked, and a while.
async fn bounded<T>(
    state: &State,
    wait: Duration,
    work: impl Future<Output = Result<T, Unavailable>>,
) -> Result<T, Problem> {
    match timeout(wait + state.limits.request, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Problem::slow()),
    }
}

fn query(uri: &Uri) -> Result<HashMap<String, String>, Problem> {
    let Query(query) = Query::try_from_uri(uri).map_err(|_| {
        Problem::bad_query(
            "query",
            "the part of the address after ? cannot be read",
            "percent-encode values in UTF-8",
            "地址中 ? 之后的参数须用 UTF-8 百分号编码",
        )
    })?;
    Ok(query)
}

/// How long to wait: a whole number of units of `unit` milliseconds, capped.
fn wait(query: &HashMap<String, String>, name: &str, unit: u64) -> Result<Duration, Problem> {
    let Some(text) = query.get(name).filter(|text| !text.is_empty()) else {
        return Ok(Duration::ZERO);
    };
    let Ok(number) = text.parse::<u64>() else {
        return Err(Problem::bad_query(
            name,
            &format!("{name} is no whole number"),
            "send wait in seconds (0 to 25), wait_ms in milliseconds (0 to 25000)",
            "wait 单位为秒（0 到 25），wait_ms 单位为毫秒（0 到 25000）",
        ));
    };
    Ok(Duration::from_millis(number.saturating_mul(unit)).min(LONGEST_WAIT))
}
