//! The doors: HTTP in, work handed down to [`crate::service`].
//!
//! | door | what for |
//! |---|---|
//! | `POST /v1/bridge/{source}/messages` | a helper posts a chat's messages; may wait for an automatic reply |
//! | `GET  /v1/bridge/{source}/outbox` | long poll for replies to send |
//! | `POST /v1/bridge/{source}/outbox/{reply_id}/ack` | says what became of one |
//! | `GET  /v1/bridge/{source}/conversations/{conversation_id}` | suggestions, cases and the latest messages of a chat |
//! | `GET  /v1/bridge/{source}/tally` | counts |
//! | `GET  /v1/shops`, `PUT /v1/shops/{shop}/mode` | who answers now, why, since and until when; how far the bot may go |
//! | `PUT  /v1/kill`, `/v1/shops/{shop}/kill` | the kill switches; what was on the wire is listed |
//! | `POST /v1/lunch`, `/v1/arrangements`, `/v1/announcements` | lunch, absences, swaps, closures; emergency announcements |
//! | `POST /v1/conversations/{id}/take`, `…/pin`, `…/hand-back`, `…/end` | whose a conversation is |
//! | `GET  /v1/queue` | who waits for a human, and why |
//! | `GET  /v1/events` | what people did, before and after |
//! | `GET  /v1/handovers`, `POST …/{id}/accept`, `…/refuse`, `…/leave`, `…/force` | what one shift hands to the next |
//! | `GET  /v1/order-notes`, `POST …/{id}/seen` | notes on orders, and who has seen them |
//! | `GET  /v1/counters` | what is counted, with proofs |
//! | `GET  /v1/openapi.json`, `/v1/me` | all of it described; who I am |
//! | `GET  /console` | pages for people: [`console`] |
//! | `/chat/{name}` | the customer's own chat, on a shop's own site: [`chat`] |
//! | `GET  /v1/alarms/{id}/ack`, `POST` the same | the page behind an alarm's link, and its button |
//! | `GET  /live`, `/ready`, `/metrics` | for the machine room |
//!
//! Every bridge door asks for a Standard Webhooks signature over the raw body or a bearer token, and answers
//! mistakes with RFC 9457 problems that say what to mend. The doors for people ask for a person's own token and one
//! of the roles in [`api::roles::DOORS`]. Nothing of a request is believed before that, not
//! its `Host`, not its `X-Forwarded-For`.

pub mod api;
pub mod chat;
pub mod console;
pub mod metrics;
pub mod serve;
pub mod state;
pub mod work;

mod alarms;
mod answer;
mod bridge;
mod health;
mod observe;
mod peer;
mod problem;
mod sign_in;

use axum::{
    Router, middleware,
    response::Redirect,
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
        .merge(api::router(state.clone()))
        .merge(console::router(state.clone()))
        .merge(chat::router())
        .route("/", get(|| async { Redirect::to("/console") }))
        .route(
            "/v1/alarms/{id}/ack",
            get(alarms::show).post(alarms::acknowledge),
        )
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
