//! What people did.

use axum::{Json, extract::State as From};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{asked::Params, insider::Insider, shapes::EventShown};
use crate::{
    store::staff_event::Wanted,
    web::{State, problem::Problem},
};

/// How many events one page holds unless it is said.
const PAGE: usize = 50;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only of this shop, and of all shops together.
    shop: Option<String>,
    /// Only of this conversation.
    conversation: Option<i64>,
    /// Older than the event with this id: the last one of the page before.
    before: Option<i64>,
    /// How many, 1 to 200; 50 unless it is said.
    limit: Option<usize>,
}

/// What people did in my shops, newest first: who, when, what, why, before and after.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(Which), responses((status = 200, body = Vec<EventShown>)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
    Params(which): Params<Which>,
) -> Result<Json<Vec<EventShown>>, Problem> {
    let shops = insider.narrowed(which.shop)?;
    let wanted = Wanted {
        shops,
        conversation: which.conversation,
        before: which.before,
    };
    let events = state
        .switchboard
        .events(wanted, which.limit.unwrap_or(PAGE))
        .await?;
    Ok(Json(events.into_iter().map(Into::into).collect()))
}
