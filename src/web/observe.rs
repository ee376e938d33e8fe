//! Around every request: an id, a log line, the figures, and problems written out.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State as From},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use super::{metrics, problem::Problem, state::State};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The route a request took, as the router wrote it: never the address itself, which holds ids.
#[derive(Debug, Clone)]
struct Route(String);

/// Hands the route's name up to [`observe`], which is outside of the routes.
pub(super) async fn name_route(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// Logs and counts a request. Says its id, route, status and time, and nothing that the sender wrote.
pub(super) async fn observe(From(state): From<State>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = state.next_request();
    let span = tracing::info_span!("request", request = id);
    async move {
        let mut response = next.run(request).await;
        let route = response.extensions_mut().remove::<Route>();
        let route = route.as_ref().map_or("other", |route| route.0.as_str());
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            let plain = std::mem::replace(&mut response, problem.render(&id));
            // Nothing to run, and nobody's frame.
            response.headers_mut().insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
            );
            if let Some(allow) = plain.headers().get(header::ALLOW) {
                response.headers_mut().insert(header::ALLOW, allow.clone());
            }
        }
        let status = response.status().as_u16();
        metrics::request(route, status, started.elapsed());
        let ms = started.elapsed().as_millis();
        // The good ones are counted; at a thousand a second nobody reads them.
        if status < 400 {
            tracing::debug!(route, status, ms, "answered");
        } else {
            tracing::info!(route, status, ms, "answered");
        }
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, id);
        }
        // Only what never changes under its name says otherwise.
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        response
    }
    .instrument(span)
    .await
}
