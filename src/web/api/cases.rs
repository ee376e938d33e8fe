//! Cases: found, shown and opened. What is done with them stands in [`super::case_acts`].

use std::collections::BTreeMap;

use axum::{Json, extract::State as From, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::{Asked, Name, Params},
    case_shown::{CaseFileShown, CaseShown},
    insider::Insider,
};
use crate::{
    desk::case::{Actor, Form},
    knowledge::{CaseKindId, Post, ShopId},
    service::switchboard::casework::Wanted,
    store::{
        case_list::{After, By},
        casework::Hand,
    },
    web::{State, problem::Problem},
};

/// How many cases one page holds unless it is said.
const PAGE: usize = 50;

impl Insider {
    /// As cases know him.
    pub(super) fn hand(&self) -> Hand {
        let posts = self
            .roles
            .iter()
            .filter_map(|role| Post::parse(role.code()));
        Hand {
            who: self.who(),
            actor: Actor {
                name: self.name.clone(),
                posts: posts.collect(),
            },
            shops: self.shops.clone(),
        }
    }
}

/// Which cases. At most one of mine, open, order, customer, number, phone_tail; or kind and state.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only of this shop.
    shop: Option<String>,
    /// Those I have that have not ended, the next due first.
    mine: Option<bool>,
    /// Those that have not ended, the next due first.
    open: Option<bool>,
    /// Of this kind, the newest first.
    kind: Option<String>,
    /// In this state, the newest first: draft, open, review, approved, rejected, in_hand, waiting, done, closed.
    state: Option<String>,
    /// Of this order.
    order: Option<String>,
    /// Of this customer.
    customer: Option<String>,
    /// By its number.
    number: Option<String>,
    /// With a phone that ends in these four digits.
    phone_tail: Option<String>,
    /// What follows a page: its `next`.
    after: Option<String>,
    /// How many, 1 to 200; 50 unless it is said.
    limit: Option<usize>,
}

/// One page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CasesShown {
    cases: Vec<CaseShown>,
    /// For `after`, when there may be more.
    next: Option<String>,
}

impl Which {
    fn by(&self, me: &str) -> Result<By, Problem> {
        let mut asked: Vec<By> = Vec::new();
        if self.mine == Some(true) {
            asked.push(By::Person(me.to_owned()));
        }
        if self.open == Some(true) {
            asked.push(By::Due);
        }
        let text = |value: &Option<String>| {
            value
                .as_deref()
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        asked.extend(text(&self.order).map(By::Order));
        asked.extend(text(&self.customer).map(By::Customer));
        asked.extend(text(&self.number).map(|number| By::Number(number.to_uppercase())));
        asked.extend(text(&self.phone_tail).map(By::PhoneTail));
        let (kind, state) = (text(&self.kind), text(&self.state));
        if kind.is_some() || state.is_some() {
            asked.push(By::Newest {
                kind: kind.map(|kind| CaseKindId::from(kind.as_str())),
                state,
            });
        }
        if asked.len() > 1 {
            return Err(Problem::bad_query(
                "query",
                "more than one way to look",
                "use one of mine, open, order, customer, number, phone_tail, or kind with state",
                "一次只能按一种方式查：mine、open、order、customer、number、phone_tail，或 kind 和 state",
            ));
        }
        Ok(asked.pop().unwrap_or(By::Newest {
            kind: None,
            state: None,
        }))
    }
}

/// `due.id` in milliseconds, or `id`.
fn cursor(text: &str) -> Option<After> {
    Some(match text.split_once('.') {
        Some((due, id)) => After {
            due: Some(DateTime::<Utc>::from_timestamp_millis(due.parse().ok()?)?),
            id: id.parse().ok()?,
        },
        None => After {
            due: None,
            id: text.parse().ok()?,
        },
    })
}

/// Cases of my shops that I may see.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", params(Which), responses((status = 200, body = CasesShown)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
    Params(which): Params<Which>,
) -> Result<Json<CasesShown>, Problem> {
    let by = which.by(&insider.name)?;
    let by_due = by.is_by_due();
    let after = match which.after.as_deref() {
        None => None,
        Some(text) => Some(
            cursor(text)
                .filter(|after| after.due.is_some() == by_due)
                .ok_or_else(|| {
                    Problem::bad_query(
                        "after",
                        "this is no next of such a page",
                        "use the next of the page before",
                        "after 要用上一页返回的 next",
                    )
                })?,
        ),
    };
    let limit = which.limit.unwrap_or(PAGE);
    let shop = which.shop.map(ShopId::from);
    let page = state
        .switchboard
        .cases(insider.hand(), shop, by, after, limit)
        .await?;
    let full = page.len() >= limit.clamp(1, crate::service::switchboard::casework::PAGE);
    let next = page.last().filter(|_| full).map(|last| match by_due {
        true => format!(
            "{}.{}",
            last.kept.case.finish_due.timestamp_millis(),
            last.kept.id
        ),
        false => last.kept.id.to_string(),
    });
    let now = state.switchboard.now();
    let sight = insider.sight();
    Ok(Json(CasesShown {
        cases: page
            .iter()
            .map(|shown| CaseShown::of(shown, sight, now))
            .collect(),
        next,
    }))
}

/// A case: its form, steps, words of the customer for those who may read them, and all that happened to it.
#[utoipa::path(
    get, path = "/v1/cases/{number}", tag = "cases", params(("number" = String, Path)),
    responses((status = 200, body = CaseFileShown), (status = 404, description = "no such case, or not for you"))
)]
pub(super) async fn show(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
) -> Result<Json<CaseFileShown>, Problem> {
    let now = state.switchboard.now();
    let file = state.switchboard.case(insider.hand(), number).await?;
    Ok(Json(CaseFileShown::of(file, insider.sight(), now)))
}

/// A case that is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseAsked {
    /// In this shop; may be left out with a conversation.
    #[serde(default)]
    shop: Option<String>,
    /// Its kind, such as 漏发.
    kind: String,
    /// The number of the conversation it comes from.
    #[serde(default)]
    conversation: Option<String>,
    /// Numbers of that conversation's messages that caused it.
    #[serde(default)]
    messages: Vec<String>,
    /// Values by the names of its kind's fields; amounts in yuan.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// For the colleague who takes over.
    #[serde(default)]
    note: String,
    /// Only as a proposal: nothing must be filled in yet.
    #[serde(default)]
    draft: bool,
}

impl CaseAsked {
    pub(super) fn wanted(self) -> Result<Wanted, Problem> {
        let number = |text: &String| {
            text.parse::<i64>().map_err(|_| {
                Problem::bad_query(
                    "conversation",
                    "this is no number",
                    "use an id that this API gave",
                    "请使用接口返回的编号",
                )
            })
        };
        Ok(Wanted {
            shop: self.shop.map(ShopId::from),
            kind: self.kind,
            conversation: self.conversation.as_ref().map(number).transpose()?,
            messages: self.messages.iter().map(number).collect::<Result<_, _>>()?,
            form: Form::of(self.fields),
            note: self.note,
            draft: self.draft,
        })
    }
}

/// Opens a case by hand. Where one is open for the same kind and order, this is appended to it and that one answered.
#[utoipa::path(
    post, path = "/v1/cases", tag = "cases", request_body = CaseAsked,
    responses(
        (status = 201, body = CaseShown), (status = 200, body = CaseShown, description = "appended to the open one"),
        (status = 409, description = "fields are missing; names them")
    )
)]
pub(super) async fn open(
    From(state): From<State>,
    insider: Insider,
    Asked(asked): Asked<CaseAsked>,
) -> Result<(StatusCode, Json<CaseShown>), Problem> {
    let wanted = asked.wanted()?;
    let now = state.switchboard.now();
    let (shown, fresh) = state.switchboard.open_case(insider.hand(), wanted).await?;
    let status = if fresh {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(CaseShown::of(&shown, insider.sight(), now))))
}
