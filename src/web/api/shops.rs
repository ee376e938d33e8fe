//! How shops stand, and their mode.

use axum::{Json, extract::State as From};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    asked::{Asked, InShop, said},
    insider::Insider,
    shapes::ModeCode,
    shop_shown::ShopShown,
};
use crate::web::{State, problem::Problem};

/// My shops: who answers now, why, since and until when, and every switch.
#[utoipa::path(get, path = "/v1/shops", tag = "shops", responses((status = 200, body = Vec<ShopShown>)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
) -> Result<Json<Vec<ShopShown>>, Problem> {
    let shops = state.switchboard.shops(insider.shops).await?;
    Ok(Json(shops.iter().map(ShopShown::from).collect()))
}

/// One of my shops.
#[utoipa::path(
    get, path = "/v1/shops/{shop}", tag = "shops", params(("shop" = String, Path)),
    responses((status = 200, body = ShopShown), (status = 404, description = "no such shop"))
)]
pub(super) async fn show(
    From(state): From<State>,
    insider: Insider,
    InShop(shop): InShop,
) -> Result<Json<ShopShown>, Problem> {
    insider.has(&shop)?;
    Ok(Json((&state.switchboard.shop(&shop).await?).into()))
}

/// A mode that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModeAsked {
    /// `null` leaves it to `shops.yaml` again.
    #[serde(deserialize_with = "said")]
    mode: Option<ModeCode>,
    #[serde(default)]
    reason: String,
}

/// Switches how far the bot may go in a shop.
#[utoipa::path(
    put, path = "/v1/shops/{shop}/mode", tag = "shops", params(("shop" = String, Path)), request_body = ModeAsked,
    responses((status = 200, body = ShopShown))
)]
pub(super) async fn set_mode(
    From(state): From<State>,
    insider: Insider,
    InShop(shop): InShop,
    Asked(asked): Asked<ModeAsked>,
) -> Result<Json<ShopShown>, Problem> {
    insider.has(&shop)?;
    let mode = asked.mode.map(Into::into);
    let switched = state
        .switchboard
        .set_mode(insider.who(), shop, mode, asked.reason);
    Ok(Json((&switched.await?).into()))
}
