//! Whether the process lives, and whether it can work.

use axum::{
    Json,
    extract::State as From,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::state::State;

pub(super) async fn live() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(From(state): From<State>) -> Response {
    let limit = state.limits.request;
    let Ok(readiness) = tokio::time::timeout(limit, state.work.readiness()).await else {
        let body = json!({"ready": false, "problem": "the house does not answer"});
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    };
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "ready": readiness.ready,
        "knowledge": readiness.knowledge,
        "problem": readiness.problem,
    });
    (status, Json(body)).into_response()
}
