//! The doors: HTTP in, work handed down to [`crate::service`].
//!
//! | door | what for |
//! |---|---|
//! | `POST /v1/bridge/{source}/messages` | a helper posts a chat's messages; may wait for an automatic reply |
//! | `GET  /v1/bridge/{source}/outbox` | long poll for replies to send |
//! | `POST /v1/bridge/{source}/outbox/{reply_id}/ack` | says what became of one |
//! | `GET  /v1/bridge/{source}/conversations/{conversation_id}` | suggestions, cases and the latest messages of a chat |
//! | `GET  /v1/bridge/{source}/tally` | counts |
//! | `GET  /live`, `/ready`, `/metrics` | for the machine room |
//!
//! Every bridge door asks for a Standard Webhooks signature over the raw body or a bearer token, and answers
//! mistakes with RFC 9457 problems that say what to mend. Nothing of a request is believed before that, not
//! its `Host`, not its `X-Forwarded-For`.

pub mod metrics;
pub mod serve;
pub mod state;
pub mod work;

mod answer;
mod bridge;
mod health;
mod observe;
mod peer;
mod problem;
mod sign_in;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

pub use serve::serve;
pub use state::State;

/// Every door, on a router that any `axum` server can serve. Without connect info, all peers are one.
pub fn router(state: State) -> Router {
    metrics::metrics_handle();
    Router::new()
        .route("/v1/bridge/{source}/messages", post(bridge::post_messages))
        .route("/v1/bridge/{source}/outbox", get(bridge::pull_outbox))
        .route(
            "/v1/bridge/{source}/outbox/{reply_id}/ack",
            post(bridge::acknowledge),
        )
        .route(
            "/v1/bridge/{source}/conversations/{conversation_id}",
            get(bridge::show_conversation),
        )
        .route("/v1/bridge/{source}/tally", get(bridge::show_tally))
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/metrics", get(metrics::show))
        .method_not_allowed_fallback(problem::wrong_method)
        .fallback(problem::unknown_path)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .route_layer(middleware::from_fn(observe::name_route))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            observe::observe,
        ))
        .with_state(state)
}
