//! "I go to lunch": one button that starts the cover, and ends by itself.

use axum::{Json, extract::State as From, http::StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    arrangements::ArrangementsShown,
    asked::{Asked, Params},
    insider::{Insider, forbidden},
    shapes::Why,
};
use crate::{
    service::{
        people::both,
        switchboard::{Allowed, LUNCH},
    },
    web::{State, problem::Problem},
};

/// Whose lunch it is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// Somebody else, whom a supervisor speaks for; left out: me.
    agent: Option<String>,
}

/// A lunch that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LunchAsked {
    /// How long from now; 20 unless it is said.
    minutes: Option<i64>,
    #[serde(default)]
    reason: String,
}

/// How much longer a lunch takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoreAsked {
    /// It ends so many minutes from now.
    minutes: i64,
    #[serde(default)]
    reason: String,
}

/// Whose lunch, and in which shops: one's own, or a colleague's whom one leads.
async fn whose(
    state: &State,
    insider: &Insider,
    asked: Whose,
) -> Result<(String, Allowed), Problem> {
    let Some(agent) = asked.agent.filter(|agent| *agent != insider.name) else {
        return Ok((insider.name.clone(), insider.shops.clone()));
    };
    if !insider.leads() {
        return Err(forbidden(
            "only a supervisor speaks for somebody else",
            "leave agent out to speak for yourself",
            "只有主管能替别人登记；替自己登记不用写 agent",
        ));
    }
    let his = state.people.find(&agent).await?.ok_or_else(|| {
        Problem::not_found(
            "nobody of this name may sign in here",
            "use a name of [people] in jieban.toml or of somebody invited, or arrange his lunch by POST /v1/arrangements",
            "没有叫这个名字的同事；请核对名字，或用 POST /v1/arrangements 登记",
        )
    })?;
    // Of his shops those the supervisor has too.
    Ok((agent, both(&his.shops, &insider.shops)))
}

/// The lunch I am at, in each of my shops, and when it ends.
#[utoipa::path(get, path = "/v1/lunch", tag = "lunch", params(Whose), responses((status = 200, body = ArrangementsShown)))]
pub(super) async fn show(
    From(state): From<State>,
    insider: Insider,
    Params(asked): Params<Whose>,
) -> Result<Json<ArrangementsShown>, Problem> {
    let (agent, _) = whose(&state, &insider, asked).await?;
    Ok(Json(state.switchboard.at_lunch(agent).await?.into()))
}

/// I go to lunch: the bot covers for me where nobody else is in. Refused where somebody must stay.
#[utoipa::path(
    post, path = "/v1/lunch", tag = "lunch", params(Whose), request_body = LunchAsked,
    responses(
        (status = 201, body = ArrangementsShown),
        (status = 409, description = "somebody must stay, with the reason for each shop; or he is not on duty")
    )
)]
pub(super) async fn go(
    From(state): From<State>,
    insider: Insider,
    Params(whom): Params<Whose>,
    Asked(asked): Asked<LunchAsked>,
) -> Result<(StatusCode, Json<ArrangementsShown>), Problem> {
    let (agent, shops) = whose(&state, &insider, whom).await?;
    let minutes = asked.minutes.unwrap_or(LUNCH);
    let gone = state
        .switchboard
        .lunch(insider.who(), agent, shops, minutes, asked.reason);
    Ok((StatusCode::CREATED, Json(gone.await?.into())))
}

/// My lunch ends so many minutes from now.
#[utoipa::path(
    patch, path = "/v1/lunch", tag = "lunch", params(Whose), request_body = MoreAsked,
    responses((status = 200, body = ArrangementsShown), (status = 409, description = "somebody must stay, or he is not at lunch"))
)]
pub(super) async fn prolong(
    From(state): From<State>,
    insider: Insider,
    Params(whom): Params<Whose>,
    Asked(asked): Asked<MoreAsked>,
) -> Result<Json<ArrangementsShown>, Problem> {
    let (agent, _) = whose(&state, &insider, whom).await?;
    let moved = state
        .switchboard
        .prolong_lunch(insider.who(), agent, asked.minutes, asked.reason);
    Ok(Json(moved.await?.into()))
}

/// I am back.
#[utoipa::path(
    delete, path = "/v1/lunch", tag = "lunch", params(Whose), request_body = Why,
    responses((status = 200, body = ArrangementsShown))
)]
pub(super) async fn back(
    From(state): From<State>,
    insider: Insider,
    Params(whom): Params<Whose>,
    Asked(why): Asked<Why>,
) -> Result<Json<ArrangementsShown>, Problem> {
    let (agent, _) = whose(&state, &insider, whom).await?;
    let ended = state
        .switchboard
        .end_lunch(insider.who(), agent, why.reason);
    Ok(Json(ended.await?.into()))
}
