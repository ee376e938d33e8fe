//! Who waits for a human.

use axum::{Json, extract::State as From};

use super::{insider::Insider, shapes::WaitingShown};
use crate::web::{State, problem::Problem};

/// Conversations of my shops in which a human is needed: the most urgent reason first, then the longest wait.
#[utoipa::path(get, path = "/v1/queue", tag = "conversations", responses((status = 200, body = Vec<WaitingShown>)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
) -> Result<Json<Vec<WaitingShown>>, Problem> {
    let waiting = state.switchboard.queue(insider.shops).await?;
    Ok(Json(waiting.into_iter().map(Into::into).collect()))
}
