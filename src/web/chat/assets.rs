//! The page's style sheet and script, embedded, under a name that changes with their content; and the script for
//! other sites, under a name that does not.

use std::sync::LazyLock;

use axum::{
    extract::{Path, State as From},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::{door::no_chat, session::hex};
use crate::web::{State, problem::Problem};

const CSS: &str = include_str!("assets/chat.css");
const SCRIPT: &str = include_str!("assets/chat.js");
const WIDGET: &str = include_str!("assets/widget.js");

static HASH: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(format!("{CSS}\0{SCRIPT}"));
    hex(digest.get(..8).unwrap_or_default())
});

/// Where they are.
pub(super) fn folder() -> String {
    format!("/chat/assets/{}", *HASH)
}

pub(super) async fn serve(Path((hash, file)): Path<(String, String)>) -> Result<Response, Problem> {
    let (text, kind) = match file.as_str() {
        "chat.css" if hash == *HASH => (CSS, "text/css; charset=utf-8"),
        "chat.js" if hash == *HASH => (SCRIPT, "text/javascript; charset=utf-8"),
        _ => return Err(no_chat()),
    };
    Ok(file_of(text, kind, "public, max-age=31536000, immutable"))
}

/// `GET …/widget.js`: other sites load it, so it may be old for a while.
pub(super) async fn widget(
    From(state): From<State>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    if !state.chats.chats.contains_key(&name) {
        return Err(no_chat());
    }
    let mut response = file_of(
        WIDGET,
        "text/javascript; charset=utf-8",
        "public, max-age=600",
    );
    response.headers_mut().insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    Ok(response)
}

fn file_of(text: &'static str, kind: &'static str, cache: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
