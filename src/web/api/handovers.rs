//! What one shift hands to the next: sheets, accepted item by item or whole.

use axum::{
    Json,
    extract::State as From,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::{Asked, Id, Params},
    handover_shapes::{HandoverHead, HandoverShown, HandoverWord},
    insider::{Insider, forbidden},
};
use crate::{
    desk::handover::text::Style,
    knowledge::ShopId,
    service::switchboard::{Act, ByHand, Shown},
    store::handover::{Wanted, accepting::Which as Items},
    web::{State, problem::Problem},
};

/// How many sheets one page holds unless it is said.
const PAGE: usize = 20;

/// Which sheets.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only of this shop.
    shop: Option<String>,
    /// Only those on which something waits.
    #[serde(default)]
    open: bool,
    /// Only of the shift that is called so.
    shift: Option<String>,
    /// Older than the sheet with this id.
    before: Option<i64>,
    /// How many, 1 to 100; 20 unless it is said.
    limit: Option<usize>,
}

/// The sheets of my shops, newest first.
#[utoipa::path(get, path = "/v1/handovers", tag = "handover", params(Which), responses((status = 200, body = Vec<HandoverHead>)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
    Params(which): Params<Which>,
) -> Result<Json<Vec<HandoverHead>>, Problem> {
    let shops = insider.narrowed(which.shop)?;
    let wanted = Wanted {
        shops,
        open: which.open,
        shift: which.shift,
        before: which.before,
    };
    let sheets = state
        .switchboard
        .sheets(wanted, which.limit.unwrap_or(PAGE));
    Ok(Json(sheets.await?.into_iter().map(Into::into).collect()))
}

/// How a sheet is written.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatCode {
    /// As data.
    #[default]
    Json,
    /// To be read.
    Text,
    /// To be printed or pasted.
    Markdown,
}

/// How it is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    #[serde(default)]
    format: FormatCode,
}

/// Which moment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct When {
    /// The shop.
    shop: String,
    /// A moment that has passed: RFC 3339, or `2026-11-20 17:40` in the shop's zone; now, when left out.
    at: Option<String>,
    #[serde(default)]
    format: FormatCode,
}

fn answer(state: &State, shown: Shown, format: FormatCode) -> Response {
    let style = match format {
        FormatCode::Json => return Json(HandoverShown::from(shown)).into_response(),
        FormatCode::Text => (Style::Text, "text/plain; charset=utf-8"),
        FormatCode::Markdown => (Style::Markdown, "text/markdown; charset=utf-8"),
    };
    let text = state.switchboard.sheet_text(&shown, style.0);
    ([(header::CONTENT_TYPE, style.1)], text).into_response()
}

/// A sheet: everything that stood open when the shift ended, and what became of it.
#[utoipa::path(
    get, path = "/v1/handovers/{id}", tag = "handover", params(("id" = String, Path), How),
    responses((status = 200, body = HandoverShown), (status = 404, description = "no such sheet"))
)]
pub(super) async fn show(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Params(how): Params<How>,
) -> Result<Response, Problem> {
    let shown = state.switchboard.sheet(insider.shops, id).await?;
    Ok(answer(&state, shown, how.format))
}

/// The sheet of the shift that holds, as it would be if the shift ended now, or at a moment. Nothing is written.
#[utoipa::path(
    get, path = "/v1/handovers/now", tag = "handover", params(When), responses((status = 200, body = HandoverShown))
)]
pub(super) async fn now(
    From(state): From<State>,
    insider: Insider,
    Params(when): Params<When>,
) -> Result<Response, Problem> {
    let shop = ShopId::from(when.shop);
    insider.has(&shop)?;
    let shown = state.switchboard.sheet_at(shop, when.at).await?;
    Ok(answer(&state, shown, when.format))
}

/// A handover by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HandoverAsked {
    shop: String,
    /// Who hands over: I, when left out. A supervisor may name somebody else.
    from: Option<String>,
    /// Who takes over: whoever is on duty, when left out.
    to: Option<String>,
    #[serde(default)]
    reason: String,
}

/// I hand over now, whatever the shift table says. A supervisor who names somebody else to hand over, and somebody to
/// take over, gives him everything at once.
#[utoipa::path(
    post, path = "/v1/handovers", tag = "handover", request_body = HandoverAsked,
    responses((status = 201, body = HandoverShown))
)]
pub(super) async fn hand_over(
    From(state): From<State>,
    insider: Insider,
    Asked(asked): Asked<HandoverAsked>,
) -> Result<(StatusCode, Json<HandoverShown>), Problem> {
    let shop = ShopId::from(asked.shop);
    insider.has(&shop)?;
    let other = asked.from.filter(|from| *from != insider.name);
    if other.is_some() && !insider.leads() {
        return Err(only_leads());
    }
    let by_hand = ByHand {
        shop,
        forced: other.is_some() && asked.to.is_some(),
        from: other.unwrap_or_else(|| insider.name.clone()),
        to: asked.to,
        reason: asked.reason,
    };
    let shown = state.switchboard.hand_over(insider.who(), by_hand).await?;
    Ok((StatusCode::CREATED, Json(shown.into())))
}

fn only_leads() -> Problem {
    forbidden(
        "only a supervisor speaks for somebody else",
        "leave the name out to speak for yourself",
        "只有主管能替别人交接；自己交接不用写名字",
    )
}

/// Words about the next sheet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NextWordsAsked {
    shop: String,
    /// The key of an item; left out: the whole sheet.
    item: Option<String>,
    text: String,
}

/// Words about a sheet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsAsked {
    /// The key of an item; left out: the whole sheet.
    item: Option<String>,
    text: String,
}

/// Says something about the sheet that is written next: it stands on it. All that was said about it.
#[utoipa::path(
    post, path = "/v1/handovers/words", tag = "handover", request_body = NextWordsAsked,
    responses((status = 200, body = Vec<HandoverWord>))
)]
pub(super) async fn say_next(
    From(state): From<State>,
    insider: Insider,
    Asked(asked): Asked<NextWordsAsked>,
) -> Result<Json<Vec<HandoverWord>>, Problem> {
    let about = (Some(ShopId::from(asked.shop)), None);
    let who = insider.who();
    let said = state
        .switchboard
        .sheet_words(who, insider.shops, about, asked.item, asked.text);
    Ok(Json(said.await?.iter().map(Into::into).collect()))
}

/// Says something about a sheet or one of its items. All that was said about it.
#[utoipa::path(
    post, path = "/v1/handovers/{id}/words", tag = "handover", params(("id" = String, Path)), request_body = WordsAsked,
    responses((status = 200, body = Vec<HandoverWord>))
)]
pub(super) async fn say(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(asked): Asked<WordsAsked>,
) -> Result<Json<Vec<HandoverWord>>, Problem> {
    let who = insider.who();
    let about = (None, Some(id));
    let said = state
        .switchboard
        .sheet_words(who, insider.shops, about, asked.item, asked.text);
    Ok(Json(said.await?.iter().map(Into::into).collect()))
}

/// Which items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemsAsked {
    /// Their keys.
    items: Vec<String>,
}

/// I take these items. So the conversations among them in which a customer waits are mine.
#[utoipa::path(
    post, path = "/v1/handovers/{id}/accept", tag = "handover", params(("id" = String, Path)), request_body = ItemsAsked,
    responses((status = 200, body = HandoverShown))
)]
pub(super) async fn accept(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(asked): Asked<ItemsAsked>,
) -> Result<Json<HandoverShown>, Problem> {
    act(
        state,
        insider,
        id,
        Items::These(asked.items),
        Act::Accept,
        String::new(),
    )
    .await
}

/// I take everything that nobody has.
#[utoipa::path(
    post, path = "/v1/handovers/{id}/accept-all", tag = "handover", params(("id" = String, Path)),
    responses((status = 200, body = HandoverShown))
)]
pub(super) async fn accept_all(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
) -> Result<Json<HandoverShown>, Problem> {
    act(state, insider, id, Items::All, Act::Accept, String::new()).await
}

/// What is refused, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusalAsked {
    /// Their keys; left out: everything that nobody has.
    items: Option<Vec<String>>,
    reason: String,
}

/// I do not take these items, and say why. They wait until somebody does.
#[utoipa::path(
    post, path = "/v1/handovers/{id}/refuse", tag = "handover", params(("id" = String, Path)), request_body = RefusalAsked,
    responses((status = 200, body = HandoverShown))
)]
pub(super) async fn refuse(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(asked): Asked<RefusalAsked>,
) -> Result<Json<HandoverShown>, Problem> {
    let items = asked.items.map_or(Items::All, Items::These);
    act(state, insider, id, items, Act::Refuse, asked.reason).await
}

/// What is given to whom, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForceAsked {
    /// Who gets it.
    to: String,
    /// Also what he had accepted.
    from: Option<String>,
    /// Their keys; left out: everything that waits.
    items: Option<Vec<String>>,
    reason: String,
}

/// Gives what waits to somebody, asked or not: 强制交接. It is written down as such and counted for nobody by itself.
#[utoipa::path(
    post, path = "/v1/handovers/{id}/force", tag = "handover", params(("id" = String, Path)), request_body = ForceAsked,
    responses((status = 200, body = HandoverShown))
)]
pub(super) async fn force(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(asked): Asked<ForceAsked>,
) -> Result<Json<HandoverShown>, Problem> {
    let items = asked.items.map_or(Items::All, Items::These);
    let force = Act::Force {
        from: asked.from,
        to: asked.to,
    };
    act(state, insider, id, items, force, asked.reason).await
}

async fn act(
    state: State,
    insider: Insider,
    id: i64,
    items: Items,
    act: Act,
    reason: String,
) -> Result<Json<HandoverShown>, Problem> {
    let who = insider.who();
    let shown = state
        .switchboard
        .sheet_act(who, insider.shops, id, items, act, reason);
    Ok(Json(shown.await?.into()))
}

/// Who leaves.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaveAsked {
    /// Somebody else, whom a supervisor speaks for; left out: me.
    agent: Option<String>,
}

/// What somebody leaves behind.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeftShown {
    /// The keys of what nobody has accepted; it was written down that he left nevertheless.
    unaccepted: Vec<String>,
}

/// I leave. What nobody has accepted by then is written down with my name.
#[utoipa::path(
    post, path = "/v1/handovers/{id}/leave", tag = "handover", params(("id" = String, Path)), request_body = LeaveAsked,
    responses((status = 200, body = LeftShown))
)]
pub(super) async fn leave(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(asked): Asked<LeaveAsked>,
) -> Result<Json<LeftShown>, Problem> {
    let agent = match asked.agent.filter(|agent| *agent != insider.name) {
        Some(_) if !insider.leads() => return Err(only_leads()),
        Some(agent) => agent,
        None => insider.name.clone(),
    };
    let who = insider.who();
    let left = state.switchboard.leave(who, insider.shops, id, agent);
    Ok(Json(LeftShown {
        unaccepted: left.await?,
    }))
}
