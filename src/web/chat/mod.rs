//! The chat of a shop's own site: a page for customers, and a script that puts it on any page.
//!
//! | address | what it is |
//! |---|---|
//! | `GET  /chat/{name}` | the page; works without scripts |
//! | `GET  /chat/{name}/widget.js` | one script tag: a button, and the page in a frame |
//! | `POST /chat/{name}/messages` | a form with `text` and `key`; the same key again is the same message |
//! | `GET  /chat/{name}/stream`, `…/lines` | what was said beyond `after` (or `Last-Event-ID`): as it comes, or once |
//! | `POST /chat/{name}/seen` | the browser confirms `replies` |
//!
//! A customer is who holds a cookie that we signed; he sees his own conversation and can name no other. Messages go
//! through the same front door as any channel's, as source `chat:{name}`. Replies are claimed when they are handed to
//! an open page; they count as sent when the browser confirms them, or when a page was written whole
//! ([`crate::service::web_chat`]). Posts are taken from our own page only. What anybody wrote is shown as text.

mod assets;
mod door;
mod limits;
mod page;
mod post;
mod session;
mod stream;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post as on_post},
};
use tokio::sync::Semaphore;

use super::State;
use crate::{
    clock::Clock,
    config::{BadSecret, CHAT, Config},
    service::web_chat::WebChat,
    store::Store,
};

/// So many customers may look on at once, at one node: beside the console's own, so that agents always get in.
const STREAMS: usize = 3_000;

/// The chats of this house.
pub(super) struct Chats {
    chats: BTreeMap<String, Chat>,
    counts: limits::Counts,
    streams: Arc<Semaphore>,
    shown: WebChat,
}

/// One of them.
struct Chat {
    name: String,
    source: String,
    account: String,
    title: Option<String>,
    origins: Vec<String>,
    keys: Vec<Vec<u8>>,
}

impl Chats {
    /// Those of `config`, whose secrets must be in it already.
    pub(super) fn new(
        config: &Config,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BadSecret> {
        let chats = config.chats.iter().map(|(name, chat)| {
            let keys = chat.secrets.iter().map(|secret| secret.signing_key());
            let chat = Chat {
                name: name.clone(),
                source: format!("{CHAT}{name}"),
                account: chat.account.clone().unwrap_or_else(|| name.clone()),
                title: chat.title.clone(),
                origins: chat.origins.clone(),
                keys: keys.collect::<Result<_, _>>()?,
            };
            Ok((name.clone(), chat))
        });
        Ok(Self {
            chats: chats.collect::<Result<_, _>>()?,
            counts: limits::Counts::new(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            shown: WebChat { store, clock },
        })
    }
}

/// Every address of every chat.
pub(super) fn router() -> Router<State> {
    Router::new()
        .route("/chat/{name}", get(page::show))
        .route("/chat/{name}/widget.js", get(assets::widget))
        .route("/chat/{name}/messages", on_post(post::message))
        .route("/chat/{name}/seen", on_post(post::seen))
        .route("/chat/{name}/lines", get(stream::lines))
        .route("/chat/{name}/stream", get(stream::stream))
        .route("/chat/assets/{hash}/{file}", get(assets::serve))
        .layer(middleware::from_fn(dress))
}

/// Nothing but our own files, and nobody's frame, unless the page itself says whose.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// What every answer carries.
async fn dress(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
