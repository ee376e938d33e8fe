//! What the house has said it will do: found in its own lines, or written down by hand.

use axum::{Json, extract::State as From, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::{Asked, Id, Params},
    insider::Insider,
    shapes::Why,
};
use crate::{
    desk::promise::Said,
    knowledge::{ShopId, mask::mask},
    service::switchboard::{Given, Look, Promises},
    store::promises::{Asked as About, Outcome, Promise, State as Stands},
    web::{State, problem::Problem},
};

/// How many promises one page holds unless it is said.
const PAGE: usize = 50;

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateCode {
    /// Nobody has said how it ended.
    Open,
    /// Open, and its time has passed.
    Overdue,
    /// Open, and moved at least once.
    Moved,
    /// It was done.
    Kept,
    /// It was not, or too late.
    Broken,
}

/// How its moment was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SaidCode {
    /// Not at all; `due` is what the folder allows.
    Nothing,
    /// 马上, 稍后, 尽快; `due` is what the folder says that comes to.
    Soon,
    /// By a date, a time of day or a length of time.
    Moment,
}

/// The case a promise belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseShown {
    number: String,
    kind: String,
    state: String,
}

/// A promise.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PromiseShown {
    id: String,
    shop: String,
    /// The conversation's number here.
    conversation: Option<String>,
    customer: Option<String>,
    order_no: Option<String>,
    case: Option<CaseShown>,
    /// The message in which it was said; `null`: written down by hand.
    message: Option<String>,
    /// `human`, `bot_assist`, `bot_auto`, `notice`; `person`: written down by hand.
    speaker: String,
    /// The agent who said it, or wrote it down, when his name is known.
    agent: Option<String>,
    /// The words; numbers and addresses masked in lists.
    text: String,
    /// What is to be done: 补发, 退款, 回复 …
    kind: String,
    said: SaidCode,
    made_at: DateTime<Utc>,
    /// Until when it was said.
    first_due: DateTime<Utc>,
    /// Until when it holds now.
    due: DateTime<Utc>,
    /// How often it was moved.
    moves: i64,
    /// `open`, `overdue`, `kept` or `broken`.
    state: StateCode,
    /// Its case is done: say whether it was kept.
    looks_kept: bool,
    /// Who said how it ended.
    settled_by: Option<String>,
    settled_at: Option<DateTime<Utc>>,
    /// Why, in his words.
    reason: Option<String>,
}

impl PromiseShown {
    fn at(promise: Promise, now: DateTime<Utc>) -> Self {
        let state = match &promise.settled {
            None if promise.is_overdue(now) => StateCode::Overdue,
            None => StateCode::Open,
            Some(settled) => match settled.how {
                Outcome::Kept => StateCode::Kept,
                Outcome::Broken => StateCode::Broken,
            },
        };
        let looks_kept = promise.looks_kept();
        let (settled_by, settled_at, reason) = match promise.settled {
            Some(settled) => (Some(settled.by), Some(settled.at), Some(settled.reason)),
            None => (None, None, None),
        };
        Self {
            id: promise.id.to_string(),
            shop: promise.shop.to_string(),
            conversation: promise.conversation.map(|id| id.to_string()),
            customer: promise.customer,
            order_no: promise.order,
            case: promise.case.map(|case| CaseShown {
                number: case.number,
                kind: case.kind,
                state: case.state,
            }),
            message: promise.message.map(|id| id.to_string()),
            speaker: promise.speaker,
            agent: promise.agent,
            text: promise.text,
            kind: promise.kind,
            said: match promise.said {
                Said::Nothing => SaidCode::Nothing,
                Said::Soon => SaidCode::Soon,
                Said::Moment => SaidCode::Moment,
            },
            made_at: promise.made_at,
            first_due: promise.first_due,
            due: promise.due,
            moves: promise.moves,
            state,
            looks_kept,
            settled_by,
            settled_at,
            reason,
        }
    }

    /// As one stands in a list.
    fn listed(self) -> Self {
        Self {
            text: mask(&self.text),
            ..self
        }
    }
}

/// Which promises.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only of this shop.
    shop: Option<String>,
    /// That stand so; `open` unless it is said. `overdue` and `moved` are open too.
    #[param(inline)]
    state: Option<StateCode>,
    /// Only open ones that are due before this moment.
    due_before: Option<DateTime<Utc>>,
    /// Only what was said in this conversation.
    conversation: Option<i64>,
    /// Only about this order.
    order_no: Option<String>,
    /// Only of the case with this number, such as `BF-2611-0301`.
    case: Option<String>,
    /// After the promise with this id: the last one of the page before.
    after: Option<i64>,
    /// How many, 1 to 200; 50 unless it is said.
    limit: Option<usize>,
}

/// What the house has promised in my shops: the open ones by when they are due, those that ended the latest first.
#[utoipa::path(get, path = "/v1/promises", tag = "promises", params(Which), responses((status = 200, body = Vec<PromiseShown>)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
    Params(which): Params<Which>,
) -> Result<Json<Vec<PromiseShown>>, Problem> {
    let shop = which.shop.map(ShopId::from);
    if let Some(shop) = &shop {
        insider.has(shop)?;
    }
    let look = Look {
        shop,
        state: match which.state.unwrap_or(StateCode::Open) {
            StateCode::Open => Stands::Open,
            StateCode::Overdue => Stands::Overdue,
            StateCode::Moved => Stands::Moved,
            StateCode::Kept => Stands::Kept,
            StateCode::Broken => Stands::Broken,
        },
        asked: match (which.conversation, which.order_no, which.case) {
            (None, None, None) => About::All,
            (Some(conversation), None, None) => About::Conversation(conversation),
            (None, Some(order), None) => About::Order(order),
            (None, None, Some(case)) => About::Case(case),
            _ => {
                return Err(Problem::bad_query(
                    "query",
                    "one of conversation, order_no and case at a time",
                    "leave all but one of them out",
                    "conversation、order_no、case 一次只写一个",
                ));
            }
        },
        due_before: which.due_before,
        after: which.after,
        limit: which.limit.unwrap_or(PAGE),
    };
    let found = state.switchboard.promises(insider.shops, look).await?;
    let at = found.at;
    let shown = found.promises.into_iter();
    Ok(Json(
        shown
            .map(|promise| PromiseShown::at(promise, at).listed())
            .collect(),
    ))
}

/// A promise that was given by telephone, or by a line in which nobody heard it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PromiseAsked {
    /// The shop; may be left out with a conversation.
    shop: Option<String>,
    /// The conversation's number here.
    conversation: Option<i64>,
    order_no: Option<String>,
    /// What was promised, in words.
    text: String,
    /// One of the kinds of `rules/promises.yaml`.
    kind: String,
    /// Until when.
    due: DateTime<Utc>,
}

/// Writes down a promise.
#[utoipa::path(
    post, path = "/v1/promises", tag = "promises", request_body = PromiseAsked,
    responses((status = 201, body = PromiseShown))
)]
pub(super) async fn add(
    From(state): From<State>,
    insider: Insider,
    Asked(asked): Asked<PromiseAsked>,
) -> Result<(StatusCode, Json<PromiseShown>), Problem> {
    let given = Given {
        shop: asked.shop.map(ShopId::from),
        conversation: asked.conversation,
        order: asked.order_no,
        text: asked.text,
        kind: asked.kind,
        due: asked.due,
    };
    let who = insider.who();
    let added = state.switchboard.add_promise(who, insider.shops, given);
    Ok((StatusCode::CREATED, only(added.await?)?))
}

/// One promise, its words as they were said.
#[utoipa::path(
    get, path = "/v1/promises/{id}", tag = "promises", params(("id" = String, Path)),
    responses((status = 200, body = PromiseShown), (status = 404, description = "no such promise"))
)]
pub(super) async fn show(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
) -> Result<Json<PromiseShown>, Problem> {
    only(state.switchboard.promise(insider.shops, id).await?)
}

/// It was done. A promise that was called broken needs a reason.
#[utoipa::path(
    post, path = "/v1/promises/{id}/keep", tag = "promises", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = PromiseShown), (status = 404, description = "no such promise"))
)]
pub(super) async fn keep(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<PromiseShown>, Problem> {
    settle(&state, insider, id, Outcome::Kept, why.reason).await
}

/// It was not done, or too late; with a reason.
#[utoipa::path(
    post, path = "/v1/promises/{id}/break", tag = "promises", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = PromiseShown), (status = 404, description = "no such promise"))
)]
pub(super) async fn break_it(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(why): Asked<Why>,
) -> Result<Json<PromiseShown>, Problem> {
    settle(&state, insider, id, Outcome::Broken, why.reason).await
}

async fn settle(
    state: &State,
    insider: Insider,
    id: i64,
    how: Outcome,
    reason: String,
) -> Result<Json<PromiseShown>, Problem> {
    let who = insider.who();
    let settled = state
        .switchboard
        .settle_promise(who, insider.shops, id, how, reason);
    only(settled.await?)
}

/// Another moment, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveAsked {
    due: DateTime<Utc>,
    /// Why, and whether the customer was told.
    reason: String,
}

/// Gives an open promise another moment.
#[utoipa::path(
    post, path = "/v1/promises/{id}/move", tag = "promises", params(("id" = String, Path)), request_body = MoveAsked,
    responses(
        (status = 200, body = PromiseShown),
        (status = 404, description = "no such promise"),
        (status = 409, description = "it has ended")
    )
)]
pub(super) async fn postpone(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
    Asked(asked): Asked<MoveAsked>,
) -> Result<Json<PromiseShown>, Problem> {
    let who = insider.who();
    let moved = state
        .switchboard
        .move_promise(who, insider.shops, id, asked.due, asked.reason);
    only(moved.await?)
}

fn only(found: Promises) -> Result<Json<PromiseShown>, Problem> {
    let at = found.at;
    let promise = found.promises.into_iter().next();
    promise
        .map(|promise| Json(PromiseShown::at(promise, at)))
        .ok_or_else(|| crate::service::switchboard::Refused::NotThere.into())
}
