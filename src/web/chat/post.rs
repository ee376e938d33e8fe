//! What a customer's page posts: his words, and which replies it has shown.

use axum::{
    Json,
    body::Body,
    extract::{Form, FromRequest, Path, Request, State as From},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;
use tokio::time::timeout;

use super::door::{Caller, stranger, too_many};
use crate::{
    desk::{Inbound, InboundMessage, Role},
    knowledge::{ContentKind, Platform},
    web::{State, console::guard::same_origin, metrics, problem::Problem, sign_in},
};

/// Characters of a message, at the most.
pub(super) const LONGEST: usize = 2_000;
/// Bytes of a form: the longest message, percent-encoded, with room for its key.
const FORM: usize = 32 * 1024;
/// Replies confirmed at once, at the most.
const CONFIRMED: usize = 50;
/// How our script says that it asks, and not a form.
const SCRIPT: &str = "x-chat";

/// `POST …/messages`: a script is told what came of it, a form goes back to the page.
pub(super) async fn message(
    From(state): From<State>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let scripted = request.headers().contains_key(SCRIPT);
    let said = take(&state, &name, request).await;
    match (scripted, said) {
        (true, Ok(key)) => (StatusCode::ACCEPTED, Json(json!({ "key": key }))).into_response(),
        (true, Err((_, problem))) => problem.into_response(),
        (false, Ok(_)) => Redirect::to(&format!("/chat/{name}#end")).into_response(),
        (false, Err(("", problem))) => problem.into_response(),
        (false, Err((wrong, _))) => {
            Redirect::to(&format!("/chat/{name}?wrong={wrong}#end")).into_response()
        }
    }
}

/// Records a message: its key, or what the page says and the problem.
async fn take(
    state: &State,
    name: &str,
    request: Request,
) -> Result<String, (&'static str, Problem)> {
    let plain = |problem| ("", problem);
    let caller = Caller::of(state, name, &request).map_err(|problem| ("fast", problem))?;
    if !same_origin(request.headers()) {
        sign_in::drain(request.into_body(), FORM).await;
        return Err(plain(stranger()));
    }
    let conversation = match caller.conversation() {
        Ok(conversation) => conversation,
        Err(problem) => {
            sign_in::drain(request.into_body(), FORM).await;
            return Err(("session", problem));
        }
    };
    if !is_form(request.headers()) {
        sign_in::drain(request.into_body(), FORM * 16).await;
        return Err(("file", no_files()));
    }
    let fields = fields(request, state)
        .await
        .map_err(|problem| ("long", problem))?;
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let text = field("text").replace("\r\n", "\n").replace('\0', "");
    let text = text.trim();
    if text.is_empty() {
        return Err(("empty", wrong("text", "the message says nothing", EMPTY)));
    }
    if text.chars().count() > LONGEST {
        return Err(("long", wrong("text", "the message is too long", LONG)));
    }
    let key = field("key");
    if !key_fits(key) {
        return Err(plain(wrong(
            "key",
            "a key is 8 to 64 of a-z, A-Z, 0-9 and -",
            KEY,
        )));
    }
    state
        .chats
        .counts
        .message(&conversation)
        .map_err(|wait| ("fast", too_many(wait)))?;
    let _place = state
        .in_flight
        .try_acquire()
        .map_err(|_| ("busy", Problem::busy()))?;
    let inbound = Inbound {
        source: caller.chat.source.clone(),
        account: caller.chat.account.clone(),
        platform: Platform::Other,
        customer: Some(format!(
            "访客 {}",
            conversation.get(..4).unwrap_or_default()
        )),
        messages: vec![InboundMessage {
            // The ids of an account are one space: a customer's key speaks of his own messages only.
            external: Some(format!("{conversation}-{key}")),
            role: Role::Customer,
            sender: None,
            kind: ContentKind::Text,
            text: text.to_owned(),
            url: None,
            sent_at: None,
        }],
        conversation,
        mode: None,
        order: None,
    };
    let accepted = match timeout(state.limits.request, state.work.accept(inbound)).await {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(unavailable)) => return Err(("busy", unavailable.into())),
        Err(_) => return Err(("busy", Problem::slow())),
    };
    let source = &caller.chat.source;
    metrics::messages(source, "accepted", accepted.accepted.into());
    metrics::messages(source, "duplicate", accepted.duplicates.into());
    metrics::messages(source, "conflict", accepted.conflicts.len() as u64);
    if !accepted.conflicts.is_empty() {
        return Err(plain(
            wrong("key", "another message has this key", KEY)
                .with("conflicts", json!(accepted.conflicts.len())),
        ));
    }
    Ok(key.to_owned())
}

/// `POST …/seen`: `replies`, ids between commas, are on the customer's screen.
pub(super) async fn seen(
    From(state): From<State>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = Caller::of(&state, &name, &request)?;
    if !same_origin(request.headers()) {
        sign_in::drain(request.into_body(), FORM).await;
        return Err(stranger());
    }
    let conversation = caller.conversation()?;
    let fields = fields(request, &state).await?;
    let replies: Vec<String> = fields
        .iter()
        .filter(|(name, _)| name == "replies")
        .flat_map(|(_, value)| value.split(','))
        .filter(|id| !id.is_empty() && id.len() <= 200)
        .take(CONFIRMED)
        .map(str::to_owned)
        .collect();
    let shown = &state.chats.shown;
    let chat = caller.chat;
    let Some(conversation) = shown
        .find(&chat.source, &chat.account, &conversation)
        .await?
    else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let asked = replies.len();
    let confirmed = shown.confirm(conversation, replies).await?;
    tracing::debug!(
        source = chat.source,
        conversation,
        asked,
        confirmed,
        "shown"
    );
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The fields of a form of bounded size.
async fn fields(request: Request, state: &State) -> Result<Vec<(String, String)>, Problem> {
    let (parts, body) = request.into_parts();
    let read = timeout(state.limits.request, axum::body::to_bytes(body, FORM)).await;
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Problem::body_too_large(FORM)),
        Err(_) => return Err(Problem::body_too_slow()),
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    let Form(fields) = Form::from_request(request, state)
        .await
        .map_err(|_| wrong("body", "the form cannot be read", KEY))?;
    Ok(fields)
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

fn key_fits(key: &str) -> bool {
    (8..=64).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

const EMPTY: (&str, &str) = ("write something", "请先写点内容");
const LONG: (&str, &str) = (
    "send it in several messages of at most 2,000 characters",
    "一条最多 2000 字，请分几条发送",
);
const KEY: (&str, &str) = ("load the page anew", "请刷新页面后重试");

fn wrong(field: &str, detail: &str, (mend, mend_zh): (&'static str, &'static str)) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unfit",
        "The message cannot be taken",
        detail,
        mend,
        mend_zh,
    )
    .at(field)
}

fn no_files() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "no-files",
        "Words only",
        "this chat takes words, no pictures and no files",
        "describe in words what the picture shows",
        "这里暂时收不了图片和文件，请用文字描述一下",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_plain() {
        for (key, fits) in [
            ("0f8fad5b-d9cb-469f-a165-70867728950e", true),
            ("12345678", true),
            ("1234567", false),
            ("", false),
            ("a b c d e f", false),
            ("钥匙钥匙钥匙", false),
        ] {
            assert_eq!(key_fits(key), fits, "{key}");
        }
        assert!(!key_fits(&"a".repeat(65)));
    }
}
