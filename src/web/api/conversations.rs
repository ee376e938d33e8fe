//! Whose a conversation is.

use axum::{Json, extract::State as From};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    asked::{Asked, Id, Params},
    insider::Insider,
    shapes::{ConversationShown, Why},
};
use crate::{
    desk::OwnerAct,
    web::{State, problem::Problem},
};

/// A conversation's name on its door.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Named {
    /// The bridge source.
    source: String,
    /// The shop's account there.
    account_id: String,
    /// The conversation's id there.
    conversation_id: String,
}

/// A conversation by the name its helper gives it.
#[utoipa::path(
    get, path = "/v1/conversations", tag = "conversations", params(Named),
    responses((status = 200, body = ConversationShown), (status = 404, description = "no such conversation"))
)]
pub(super) async fn find(
    From(state): From<State>,
    insider: Insider,
    Params(named): Params<Named>,
) -> Result<Json<ConversationShown>, Problem> {
    let found = state.switchboard.conversation_named(
        insider.shops,
        named.source,
        named.account_id,
        named.conversation_id,
    );
    Ok(Json(found.await?.into()))
}

/// A conversation, and whose it is.
#[utoipa::path(
    get, path = "/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = ConversationShown), (status = 404, description = "no such conversation"))
)]
pub(super) async fn show(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
) -> Result<Json<ConversationShown>, Problem> {
    let found = state.switchboard.conversation(insider.shops, id);
    Ok(Json(found.await?.into()))
}

async fn say(
    state: State,
    insider: Insider,
    id: i64,
    act: OwnerAct,
    why: Why,
) -> Result<Json<ConversationShown>, Problem> {
    let who = insider.who();
    let said = state
        .switchboard
        .own(who, insider.shops, id, act, why.reason);
    Ok(Json(said.await?.into()))
}

/// It is mine, as if I had spoken in it.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/take", tag = "conversations", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = ConversationShown))
)]
pub(super) async fn take(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<ConversationShown>, Problem> {
    say(state, insider, id, OwnerAct::Take, why).await
}

/// It is mine, also while I am off duty or silent.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/pin", tag = "conversations", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = ConversationShown))
)]
pub(super) async fn pin(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<ConversationShown>, Problem> {
    say(state, insider, id, OwnerAct::Pin, why).await
}

/// It is nobody's: the bot may answer again where it may.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/hand-back", tag = "conversations", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = ConversationShown))
)]
pub(super) async fn hand_back(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<ConversationShown>, Problem> {
    say(state, insider, id, OwnerAct::HandBack, why).await
}

/// It has ended: nobody waits for what was said before.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/end", tag = "conversations", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = ConversationShown))
)]
pub(super) async fn end(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<ConversationShown>, Problem> {
    say(state, insider, id, OwnerAct::End, why).await
}
