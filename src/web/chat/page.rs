//! The page a customer sees. All of it is written here; its script only adds what comes later.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::{Path, Query, Request, State as From},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, value::Serde};
use serde::Deserialize;

use super::{
    Chat, assets,
    door::Caller,
    post::LONGEST,
    session::{Session, hex, set_cookie},
    stream::shown,
    words::words,
};
use crate::{
    service::web_chat::Look,
    web::{State, answer::Carried, problem::Problem},
};

static PAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    if let Err(error) = env.add_template("chat.html", include_str!("assets/chat.html")) {
        tracing::error!(%error, "the chat's template cannot be read");
    }
    env
});

/// What a form that could not be taken comes back with.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    wrong: String,
}

/// `GET /chat/{name}`
pub(super) async fn show(
    From(state): From<State>,
    Path(name): Path<String>,
    Query(back): Query<Back>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = Caller::of(&state, &name, &request)?;
    // What is loaded before anybody asked for it is read by nobody.
    let early = request.headers().get("sec-purpose");
    if early.is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch")) {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let _place = state.in_flight.try_acquire().map_err(|_| Problem::busy())?;
    let chat = caller.chat;
    let now = state.clock.now();
    let (session, fresh) = match caller.session {
        Some(session) => {
            let renewed = session.renewed(now);
            let fresh = renewed.is_some();
            (renewed.unwrap_or(session), fresh)
        }
        None => (Session::new(now).ok_or_else(Problem::busy)?, true),
    };
    let his = session.conversation(&chat.name);
    let found = state.chats.shown.find(&chat.source, &chat.account, &his);
    let id = found.await?;
    let Look { lines, .. } = match id {
        Some(id) => state.chats.shown.look(id, 0).await?,
        None => Look::default(),
    };
    let unconfirmed: Vec<String> = lines
        .iter()
        .filter_map(|line| line.unconfirmed.clone())
        .collect();
    let last = lines.iter().map(|line| line.id).max().unwrap_or(0);
    let lines = shown(&state, chat, &his, lines);
    let words = Value::from(Serde(words(caller.lang)));
    let wrong = words
        .get_attr("wrong")
        .and_then(|of| of.get_attr(&back.wrong))
        .unwrap_or_default();
    let context = context! {
        t => words,
        wrong => wrong.as_str().unwrap_or_default(),
        name => chat.name.clone(),
        title => title(&state, chat),
        assets => assets::folder(),
        longest => LONGEST,
        key => key().ok_or_else(Problem::busy)?,
        known => id.is_some(),
        last,
        lines => Value::from(Serde(&lines)),
    };
    let html = PAGE
        .get_template("chat.html")
        .and_then(|page| page.render(context))
        .map_err(|error| {
            tracing::error!(line = error.line(), kind = ?error.kind(), "a chat cannot be written");
            Problem::busy()
        })?;
    let after = state.clone();
    let mut response = Response::new(Body::new(Carried::new(Bytes::from(html), move || {
        let Some(id) = id.filter(|_| !unconfirmed.is_empty()) else {
            return;
        };
        tokio::spawn(async move {
            // Else the lease runs out, and the next claim decides.
            let _ = after.chats.shown.confirm(id, unconfirmed).await;
        });
    })));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy(chat)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if chat.origins.is_empty() {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    let cookie = fresh
        .then(|| session.signed(&chat.keys, &chat.name))
        .flatten()
        .and_then(|value| set_cookie(&chat.name, &value, caller.secure, !chat.origins.is_empty()));
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn title(state: &State, chat: &Chat) -> String {
    if let Some(title) = &chat.title {
        return title.clone();
    }
    let knowledge = state.switchboard.shelf.knowledge();
    let shop = knowledge.shop_of(&chat.source, &chat.account);
    knowledge.shop_or_default(&shop).name.clone()
}

/// Nothing but our own files, in the frames of those pages that may.
fn policy(chat: &Chat) -> String {
    let origins = match chat.origins.as_slice() {
        [] => "'none'".to_owned(),
        origins => origins.join(" "),
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors {origins}"
    )
}

/// The key of the next message, for a form that is sent without scripts.
fn key() -> Option<String> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).ok()?;
    Some(hex(&key))
}
