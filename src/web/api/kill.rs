//! The kill switches. When one answers, nothing automatic is claimed any more; what was on the wire is listed.

use axum::{Json, extract::State as From};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asked::{Asked, InShop},
    insider::Insider,
    shapes::{Why, WireShown},
};
use crate::{
    service::switchboard::Killed,
    web::{State, problem::Problem},
};

/// What turning a kill switch came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KilledShown {
    /// How it is turned now.
    stopped: bool,
    /// It was not so before.
    changed: bool,
    /// When it was turned.
    at: DateTime<Utc>,
    /// What was on the wire then, by whichever node: it may still reach the customer.
    on_the_wire: Vec<WireShown>,
}

impl KilledShown {
    fn of(killed: Killed, stopped: bool) -> Json<Self> {
        Json(Self {
            stopped,
            changed: killed.changed,
            at: killed.at,
            on_the_wire: killed.on_the_wire.into_iter().map(Into::into).collect(),
        })
    }
}

/// Stops everything automatic in a shop.
#[utoipa::path(
    put, path = "/v1/shops/{shop}/kill", tag = "kill switch", params(("shop" = String, Path)), request_body = Why,
    responses((status = 200, body = KilledShown))
)]
pub(super) async fn stop_shop(
    From(state): From<State>,
    insider: Insider,
    InShop(shop): InShop,
    Asked(why): Asked<Why>,
) -> Result<Json<KilledShown>, Problem> {
    insider.has(&shop)?;
    let killed = state
        .switchboard
        .kill(insider.who(), shop, true, why.reason);
    Ok(KilledShown::of(killed.await?, true))
}

/// Lets a shop go on. It stays stopped while all shops are.
#[utoipa::path(
    delete, path = "/v1/shops/{shop}/kill", tag = "kill switch", params(("shop" = String, Path)), request_body = Why,
    responses((status = 200, body = KilledShown))
)]
pub(super) async fn release_shop(
    From(state): From<State>,
    insider: Insider,
    InShop(shop): InShop,
    Asked(why): Asked<Why>,
) -> Result<Json<KilledShown>, Problem> {
    insider.has(&shop)?;
    let killed = state
        .switchboard
        .kill(insider.who(), shop, false, why.reason);
    Ok(KilledShown::of(killed.await?, false))
}

/// What is stopped, and what is on the wire.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KillShown {
    /// My shops in which nothing automatic is claimed.
    stopped: Vec<String>,
    /// Automatic replies of my shops that are on the wire now.
    on_the_wire: Vec<WireShown>,
}

/// Which of my shops are stopped, and what is on the wire now.
#[utoipa::path(get, path = "/v1/kill", tag = "kill switch", responses((status = 200, body = KillShown)))]
pub(super) async fn show(
    From(state): From<State>,
    insider: Insider,
) -> Result<Json<KillShown>, Problem> {
    let shops = state.switchboard.shops(insider.shops.clone()).await?;
    let wire = state.switchboard.on_the_wire(insider.shops).await?;
    Ok(Json(KillShown {
        stopped: shops
            .iter()
            .filter(|shop| shop.stopped())
            .map(|shop| shop.shop.id.to_string())
            .collect(),
        on_the_wire: wire.into_iter().map(Into::into).collect(),
    }))
}

/// Stops everything automatic in all shops, those that come later too.
#[utoipa::path(
    put, path = "/v1/kill", tag = "kill switch", request_body = Why, responses((status = 200, body = KilledShown))
)]
pub(super) async fn stop_all(
    From(state): From<State>,
    insider: Insider,
    Asked(why): Asked<Why>,
) -> Result<Json<KilledShown>, Problem> {
    insider.has_all()?;
    let killed = state
        .switchboard
        .kill_everywhere(insider.who(), true, why.reason);
    Ok(KilledShown::of(killed.await?, true))
}

/// Lets all shops go on, but for those that are stopped themselves.
#[utoipa::path(
    delete, path = "/v1/kill", tag = "kill switch", request_body = Why, responses((status = 200, body = KilledShown))
)]
pub(super) async fn release_all(
    From(state): From<State>,
    insider: Insider,
    Asked(why): Asked<Why>,
) -> Result<Json<KilledShown>, Problem> {
    insider.has_all()?;
    let killed = state
        .switchboard
        .kill_everywhere(insider.who(), false, why.reason);
    Ok(KilledShown::of(killed.await?, false))
}
