//! Who may come in: a Standard Webhooks signature over the raw body, or a token of the source.
//!
//! A source that does not exist and a key that does not fit get the same answer, after the same work.

use std::{net::IpAddr, pin::Pin, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use tokio::time::timeout;

use super::{
    metrics, peer,
    problem::Problem,
    state::{Door, State},
};
use crate::channel::standard_webhooks::{self, Headers, Refused};

/// A request that was let in.
pub(super) struct Guest<'s> {
    /// Where it came in.
    pub(super) door: &'s Door,
    /// All but its body.
    pub(super) parts: Parts,
    /// Its raw body, whole.
    pub(super) body: Bytes,
}

/// What a request offers to be let in.
pub(super) enum Credentials<'h> {
    Signed(Headers<'h>),
    Token(Vec<u8>),
    None,
}

/// Lets a request in at the door of `source`, or says why not.
pub(super) async fn let_in<'s>(
    state: &'s State,
    source: &str,
    request: Request,
) -> Result<Guest<'s>, Problem> {
    let peer = peer::peer(&request, &state.trusted);
    let (parts, body) = request.into_parts();
    let (door, exists) = state.door(source);
    let body = match credentials(&parts.headers) {
        Credentials::None => {
            drain(body, state.limits.body).await;
            return Err(refuse(
                state,
                peer,
                "the request carries no signature and no token",
            ));
        }
        Credentials::Token(token) => {
            if !(door.knows(&token) & exists) {
                drain(body, state.limits.body).await;
                return Err(refuse(state, peer, WRONG));
            }
            read(body, state).await?
        }
        Credentials::Signed(headers) => {
            let now = state.clock.now();
            if let Err(refused) = headers.check_time(now) {
                drain(body, state.limits.body).await;
                return Err(stale(state, peer, refused));
            }
            let body = read(body, state).await?;
            let fits = door.keys.verify(headers, &body, now).is_ok();
            if !(fits & exists) {
                return Err(refuse(state, peer, WRONG));
            }
            body
        }
    };
    door.count().map_err(|wait| {
        metrics::refused("rate");
        Problem::too_many(wait, "this source sends more requests than it may")
    })?;
    Ok(Guest { door, parts, body })
}

const WRONG: &str = "there is no such source, or the signature or token does not fit it";

fn refuse(state: &State, peer: IpAddr, detail: impl Into<String>) -> Problem {
    metrics::refused("sign_in");
    match state.guests.failed(peer) {
        Ok(()) => Problem::sign_in(detail),
        Err(wait) => Problem::too_many(wait, "too many failed sign-ins from this address"),
    }
}

fn stale(state: &State, peer: IpAddr, refused: Refused) -> Problem {
    if let Refused::Stale { skew } = refused {
        metrics::refused("stale");
        // A sender whose clock is off, or ours: the figures tell which.
        tracing::warn!(
            skew_seconds = skew,
            "a signed request's time is far from our clock"
        );
    }
    refuse(state, peer, refused.to_string())
}

pub(super) fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(signature) = text(standard_webhooks::SIGNATURE) {
        return Credentials::Signed(Headers {
            id: text(standard_webhooks::ID).unwrap_or_default(),
            timestamp: text(standard_webhooks::TIMESTAMP).unwrap_or_default(),
            signature,
        });
    }
    let Some((scheme, rest)) =
        text(header::AUTHORIZATION.as_str()).and_then(|text| text.split_once(' '))
    else {
        return Credentials::None;
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Credentials::Token(rest.trim().as_bytes().to_vec());
    }
    // Helpers that can only be given an address put the token into it (https://jieban:TOKEN@host/…); their HTTP
    // libraries make a Basic header of it.
    if scheme.eq_ignore_ascii_case("basic")
        && let Ok(pair) = STANDARD.decode(rest.trim())
        && let Some(colon) = pair.iter().position(|b| *b == b':')
    {
        return Credentials::Token(pair.get(colon + 1..).unwrap_or_default().to_vec());
    }
    Credentials::None
}

/// The whole body, within the limits of size and time.
pub(super) async fn read(body: Body, state: &State) -> Result<Bytes, Problem> {
    let most = state.limits.body;
    match timeout(state.limits.request, collect(body, most)).await {
        Err(_) => Err(Problem::body_too_slow()),
        Ok(result) => result,
    }
}

/// How many times the limit is read and thrown away, and for how long, so that the sender gets to read
/// the answer: a connection closed on a sender who is still writing looks to it like a crash.
const PATIENCE: usize = 16;
const PATIENCE_TIME: Duration = Duration::from_secs(5);

async fn collect(mut body: Body, most: usize) -> Result<Bytes, Problem> {
    let announced = body.size_hint().lower();
    if announced > most as u64 {
        drain(body, most.saturating_mul(PATIENCE)).await;
        return Err(Problem::body_too_large(most));
    }
    let mut all = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(frame) = frame(&mut body).await {
        let Ok(frame) = frame else {
            return Err(Problem::body_broken());
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if all.len() + data.len() > most {
            drain(body, most.saturating_mul(PATIENCE)).await;
            return Err(Problem::body_too_large(most));
        }
        all.extend_from_slice(&data);
    }
    Ok(all.freeze())
}

pub(super) async fn drain(mut body: Body, mut left: usize) {
    let _ = timeout(PATIENCE_TIME, async {
        while let Some(Ok(frame)) = frame(&mut body).await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            left = match left.checked_sub(read) {
                Some(left) => left,
                None => break,
            };
        }
    })
    .await;
}

async fn frame(body: &mut Body) -> Option<Result<http_body::Frame<Bytes>, axum::Error>> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}
