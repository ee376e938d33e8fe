//! The console's door: who may come in, from where, with which form; and what every answer carries.

use axum::{
    body::Body,
    extract::{Form, FromRequest, MatchedPath, Request, State as From},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    oops::Oops,
    pages::{Row, pages},
    sign_in::Peer,
    visit::{SignedIn, Visit, cookie},
};
use crate::{
    service::people::Token,
    web::{State, api::roles::OpensTo, metrics, peer, sign_in},
};

/// Bytes of a form.
const FORM: usize = 64 * 1024;
/// The field of a form that carries its session's key.
pub(super) const KEY: &str = "key";

const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(in crate::web) const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Nothing but our own files, no frames, no inline scripts or styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The name of the session's cookie.
pub(super) fn session_cookie(secure: bool) -> &'static str {
    if secure { "__Host-jieban" } else { "jieban" }
}

/// Gives every answer its headers, and every visit its language.
pub(super) async fn dress(From(state): From<State>, mut request: Request, next: Next) -> Response {
    let secure = is_secure(&state, &request);
    let address = request
        .uri()
        .path_and_query()
        .map_or("/console", |of| of.as_str());
    let visit = Visit::read(request.headers(), address, secure, state.clock.now());
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    if let Some(oops) = response.extensions_mut().remove::<Oops>() {
        let visit = response.extensions_mut().remove::<Visit>().unwrap_or(visit);
        response = oops.render(&visit);
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
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
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    response
}

/// Only a trusted proxy says that its caller came by https.
pub(in crate::web) fn is_secure(state: &State, request: &Request) -> bool {
    peer::by_proxy(request, &state.trusted)
        && request
            .headers()
            .get(PROTO)
            .is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Lets a visitor in, or says why not. What is not on the list is refused.
pub(super) async fn let_in(From(state): From<State>, request: Request, next: Next) -> Response {
    let Some(mut visit) = request.extensions().get::<Visit>().cloned() else {
        return Oops::CLOSED.into_response();
    };
    let row = request
        .extensions()
        .get::<MatchedPath>()
        .and_then(|path| find(path.as_str()));
    let Some(row) = row else {
        return Oops::CLOSED.into_response();
    };
    let posts = !matches!(*request.method(), Method::GET | Method::HEAD);
    if posts && !same_origin(request.headers()) {
        metrics::refused("origin");
        sign_in::drain(request.into_body(), FORM).await;
        return Oops::STRANGER.into_response();
    }
    if row.path != "/assets/{hash}/{file}" {
        let token = cookie(request.headers(), session_cookie(visit.secure)).and_then(Token::given);
        if let Some(token) = token {
            match state.people.session(&token).await {
                Ok(Some(colleague)) => visit.who = Some(SignedIn { colleague, token }),
                Ok(None) => {}
                Err(refused) => return Oops::from(refused).into_response(),
            }
        }
    }
    let opens = match (&visit.who, row.opens_to) {
        (_, OpensTo::Anybody) => true,
        (None, _) => {
            if posts {
                sign_in::drain(request.into_body(), FORM).await;
            }
            return Redirect::to(&sign_in_first(&visit.address, posts)).into_response();
        }
        (Some(who), opens_to) => opens_to.opened_by(&who.colleague.roles).is_some(),
    };
    if !opens {
        metrics::refused("role");
        return with(visit, Oops::ROLE.into_response());
    }
    let mut request = match (posts, &visit.who) {
        (true, Some(who)) => match keyed(request, &state, &who.token.form_key()).await {
            Ok(request) => request,
            Err(oops) => return with(visit, oops.into_response()),
        },
        (true, None) => match bounded(request).await {
            Ok(request) => request,
            Err(oops) => return oops.into_response(),
        },
        (false, _) => request,
    };
    let peer = Peer::of(&request, &state);
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(visit.clone());
    with(visit, next.run(request).await)
}

/// So that a refusal is shown to him as to somebody who is signed in.
fn with(visit: Visit, mut response: Response) -> Response {
    response.extensions_mut().insert(visit);
    response
}

fn find(path: &str) -> Option<Row> {
    let path = path.strip_prefix("/console").unwrap_or(path);
    pages().into_iter().find(|row| row.path == path)
}

/// Where he signs in, and where he goes then.
fn sign_in_first(address: &str, posts: bool) -> String {
    if posts || address == "/console" {
        return "/console/sign-in".to_owned();
    }
    format!("/console/sign-in?next={}", percent(address))
}

/// For a value of a query.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                out.push(byte.into())
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Whether a form comes from one of our own pages, as its browser says. Whoever says nothing is no browser.
pub(in crate::web) fn same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin";
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    origin
        .split_once("://")
        .is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
}

async fn bounded(request: Request) -> Result<Request, Oops> {
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, FORM).await {
        Ok(bytes) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Err(_) => Err(Oops::TOO_LARGE),
    }
}

/// The request again, when its form carries the key of the session.
async fn keyed(request: Request, state: &State, key: &str) -> Result<Request, Oops> {
    let (parts, body) = bounded(request).await?.into_parts();
    let bytes = axum::body::to_bytes(body, FORM)
        .await
        .map_err(|_| Oops::TOO_LARGE)?;
    let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(copy, state)
        .await
        .map_err(|_| Oops::UNREADABLE)?;
    let mut given = fields.iter().filter(|(name, _)| name == KEY);
    let fits = match (given.next(), given.next()) {
        (Some((_, given)), None) => {
            use subtle::ConstantTimeEq;
            bool::from(given.as_bytes().ct_eq(key.as_bytes()))
        }
        _ => false,
    };
    if !fits {
        metrics::refused("form_key");
        return Err(Oops::STALE_FORM);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_our_own_pages_post() {
        for (headers, ours) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://desk.example"),
                ],
                false,
            ),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "http://desk.example")], true),
            (&[("origin", "https://desk.example")], true),
            (&[("origin", "https://desk.example.evil.example")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[], false),
        ] {
            let mut map = HeaderMap::new();
            map.insert(header::HOST, "desk.example".parse().unwrap());
            for (name, value) in headers {
                map.insert(HeaderName::from_static(name), value.parse().unwrap());
            }
            assert_eq!(same_origin(&map), ours, "{headers:?}");
        }
    }
}
