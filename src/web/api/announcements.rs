//! Emergency announcements: what customers read before anything else, for a while.

use axum::{Json, extract::State as From, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asked::{Asked, Id},
    insider::Insider,
    shapes::{AnnouncementShown, Why},
};
use crate::{
    knowledge::{IntentId, ShopId},
    service::switchboard::Refused,
    store::announcements::Wanted,
    web::{State, problem::Problem},
};

/// What is announced in my shops and has not ended.
#[utoipa::path(
    get, path = "/v1/announcements", tag = "announcements", responses((status = 200, body = Vec<AnnouncementShown>))
)]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
) -> Result<Json<Vec<AnnouncementShown>>, Problem> {
    let now = state.switchboard.now();
    let announced = state.switchboard.announcements(insider.shops).await?;
    Ok(Json(
        announced
            .iter()
            .map(|kept| AnnouncementShown::at(kept, now))
            .collect(),
    ))
}

/// An announcement that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnnouncementAsked {
    /// For all shops, those that come later too.
    #[serde(default)]
    everywhere: bool,
    /// For these shops, when not everywhere.
    #[serde(default)]
    shops: Vec<String>,
    /// What customers read, at most 500 characters. It goes through the guard of forbidden words.
    text: String,
    /// From now on, when left out.
    from: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
    /// Intents it answers instead of their scripts.
    #[serde(default)]
    silences: Vec<String>,
    #[serde(default)]
    reason: String,
}

/// What was announced.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Announced {
    announcement: AnnouncementShown,
    /// Words that may be said, and might be said better.
    hints: Vec<HintShown>,
}

/// A word that might be said better.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HintShown {
    word: String,
    reason: String,
    instead: String,
}

/// Announces something. The same asked for again is the same.
#[utoipa::path(
    post, path = "/v1/announcements", tag = "announcements", request_body = AnnouncementAsked,
    responses((status = 201, body = Announced), (status = 422, description = "words that must not be sent, each with a safe wording"))
)]
pub(super) async fn announce(
    From(state): From<State>,
    insider: Insider,
    Asked(asked): Asked<AnnouncementAsked>,
) -> Result<(StatusCode, Json<Announced>), Problem> {
    let shops: Vec<ShopId> = asked.shops.into_iter().map(ShopId::from).collect();
    if asked.everywhere {
        if !shops.is_empty() {
            return Err(Refused::Wrong {
                field: "shops",
                what: "everywhere 是所有店铺，不再写 shops".to_owned(),
            }
            .into());
        }
        insider.has_all()?;
    }
    for shop in &shops {
        insider.has(shop)?;
    }
    let wanted = Wanted {
        shops: (!asked.everywhere).then_some(shops),
        text: asked.text.trim().to_owned(),
        from: asked.from,
        until: asked.until,
        silences: asked.silences.into_iter().map(IntentId::from).collect(),
        reason: asked.reason,
    };
    let now = state.switchboard.now();
    let (kept, hints) = state.switchboard.announce(insider.who(), wanted).await?;
    let announced = Announced {
        announcement: AnnouncementShown::at(&kept, now),
        hints: hints
            .into_iter()
            .map(|finding| HintShown {
                word: finding.written,
                reason: finding.reason,
                instead: finding.instead,
            })
            .collect(),
    };
    Ok((StatusCode::CREATED, Json(announced)))
}

/// Ends an announcement now, or takes it back before it begins.
#[utoipa::path(
    delete, path = "/v1/announcements/{id}", tag = "announcements", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = AnnouncementShown), (status = 404, description = "no such announcement"))
)]
pub(super) async fn end(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<AnnouncementShown>, Problem> {
    let (now, who) = (state.switchboard.now(), insider.who());
    let ended = state
        .switchboard
        .end_announcement(who, insider.shops, id, why.reason);
    Ok(Json(AnnouncementShown::at(&ended.await?, now)))
}
