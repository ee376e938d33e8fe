//! What is arranged by hand for a while: absences, swaps, overtime, closures, lunches at a set time.

use axum::{Json, extract::State as From, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::{Asked, Id, Params},
    insider::Insider,
    shapes::{ArrangedCode, ArrangementShown, Why},
};
use crate::{
    knowledge::{ShopId, arrangement::Arranged},
    service::switchboard::{Arrangements, Refused},
    store::arrangements::Wanted,
    web::{State, problem::Problem},
};

/// What holds now, one for each shop.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArrangementsShown {
    arrangements: Vec<ArrangementShown>,
    /// What somebody should look at: too few stay, an agent no table names.
    warnings: Vec<String>,
}

impl std::convert::From<Arrangements> for ArrangementsShown {
    fn from(arranged: Arrangements) -> Self {
        Self {
            arrangements: arranged
                .kept
                .iter()
                .map(|kept| ArrangementShown::at(kept, arranged.at))
                .collect(),
            warnings: arranged.warnings,
        }
    }
}

/// Which shops.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only of this shop.
    shop: Option<String>,
}

/// What is arranged in my shops and has not ended.
#[utoipa::path(
    get, path = "/v1/arrangements", tag = "arrangements", params(Which), responses((status = 200, body = ArrangementsShown))
)]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
    Params(which): Params<Which>,
) -> Result<Json<ArrangementsShown>, Problem> {
    let states = match which.shop.map(ShopId::from) {
        Some(shop) => {
            insider.has(&shop)?;
            vec![state.switchboard.shop(&shop).await?]
        }
        None => state.switchboard.shops(insider.shops).await?,
    };
    Ok(Json(ArrangementsShown {
        arrangements: states
            .iter()
            .flat_map(|shop| {
                shop.arrangements
                    .iter()
                    .map(|kept| ArrangementShown::at(kept, shop.at))
            })
            .collect(),
        warnings: Vec::new(),
    }))
}

/// An arrangement that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArrangementAsked {
    /// In these shops: in every one, or in none.
    shops: Vec<String>,
    what: ArrangedCode,
    /// Who, as the shift table names him: for `lunch`, `absent` and `on_duty`.
    agent: Option<String>,
    /// From now on, when left out.
    from: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
    #[serde(default)]
    reason: String,
}

/// Arranges something. The same asked for again is the same.
#[utoipa::path(
    post, path = "/v1/arrangements", tag = "arrangements", request_body = ArrangementAsked,
    responses((status = 201, body = ArrangementsShown), (status = 409, description = "a lunch where somebody must stay"))
)]
pub(super) async fn arrange(
    From(state): From<State>,
    insider: Insider,
    Asked(asked): Asked<ArrangementAsked>,
) -> Result<(StatusCode, Json<ArrangementsShown>), Problem> {
    let shops: Vec<ShopId> = asked.shops.into_iter().map(ShopId::from).collect();
    for shop in &shops {
        insider.has(shop)?;
    }
    let whole_shop = matches!(asked.what, ArrangedCode::Closed | ArrangedCode::Staffed);
    let agent = match (asked.agent, whole_shop) {
        (Some(_), true) => {
            return Err(Refused::Wrong {
                field: "agent",
                what: "closed 和 staffed 是整家店的事，不写 agent".to_owned(),
            }
            .into());
        }
        (agent, _) => agent.unwrap_or_default().trim().to_owned(),
    };
    let wanted = Wanted {
        what: match asked.what {
            ArrangedCode::Lunch => Arranged::Lunch { agent },
            ArrangedCode::Absent => Arranged::Absent { agent },
            ArrangedCode::OnDuty => Arranged::OnDuty { agent },
            ArrangedCode::Closed => Arranged::Closed,
            ArrangedCode::Staffed => Arranged::Staffed,
        },
        from: asked.from,
        until: asked.until,
        reason: asked.reason,
    };
    let arranged = state.switchboard.arrange(insider.who(), shops, wanted);
    Ok((StatusCode::CREATED, Json(arranged.await?.into())))
}

/// Ends an arrangement now, or takes it back before it begins.
#[utoipa::path(
    delete, path = "/v1/arrangements/{id}", tag = "arrangements", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = ArrangementsShown), (status = 404, description = "no such arrangement"))
)]
pub(super) async fn end(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<ArrangementsShown>, Problem> {
    let who = insider.who();
    let ended = state
        .switchboard
        .end_arrangement(who, insider.shops, id, why.reason);
    Ok(Json(ended.await?.into()))
}
