//! Who waits for a human, and who waits longer than he should.

use axum::{Json, extract::State as From};

use super::{
    insider::Insider,
    shapes::{OverdueShown, WaitingShown},
};
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

/// Customers of my shops who have waited for an answer longer than they should, and why nobody answers them: the most
/// pressing first, then the longest wait; at most 2,000. Who wrote longer than a day ago is not among them.
#[utoipa::path(get, path = "/v1/waiting", tag = "conversations", responses((status = 200, body = Vec<OverdueShown>)))]
pub(super) async fn overdue(
    From(state): From<State>,
    insider: Insider,
) -> Result<Json<Vec<OverdueShown>>, Problem> {
    let now = state.switchboard.now();
    let found = state.work.overdue(&insider.shops).await?;
    let shown = found.iter().map(|one| OverdueShown::at(one, now)).collect();
    Ok(Json(shown))
}
