//! Reading what is asked for. A key nobody knows is an error: a switch that is silently not turned is the worst
//! answer.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::{
    knowledge::ShopId,
    web::{State, problem::Problem, sign_in},
};

/// A JSON body; none at all is an empty object.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<State> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let body = sign_in::read(request.into_body(), state).await?;
        let text: &[u8] = if body.trim_ascii().is_empty() {
            b"{}"
        } else {
            &body
        };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            let said = error.to_string();
            let field = said.split('`').nth(1).unwrap_or("body").to_owned();
            Problem::bad_query(
                &field,
                &said,
                "send a JSON object with the keys that /v1/openapi.json names for this door",
                "请求体应为 JSON 对象，字段名和取值见 /v1/openapi.json；不认识的字段会被拒绝",
            )
        })
    }
}

/// What stands after the `?` of an address.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<State> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|error| {
                Problem::bad_query(
                    "query",
                    &error.to_string(),
                    "use the parameters that /v1/openapi.json names for this door, percent-encoded in UTF-8",
                    "地址参数有误；可用的参数见 /v1/openapi.json",
                )
            })
    }
}

/// The number in an address.
pub(super) struct Id(pub(super) i64);

impl FromRequestParts<State> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        text.parse().map(Self).map_err(|_| {
            Problem::not_found(
                "the address names it by something that is no number",
                "use the id that this API gave",
                "地址里的编号应为数字，请使用接口返回的 id",
            )
        })
    }
}

/// The name in an address.
pub(super) struct Name(pub(super) String);

impl FromRequestParts<State> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(name)| Self(name))
            .map_err(|_| {
                Problem::bad_query(
                    "path",
                    "the address holds something that is no name",
                    "percent-encode names in UTF-8",
                    "地址中的编号须用 UTF-8 百分号编码",
                )
            })
    }
}

/// The shop in an address.
pub(super) struct InShop(pub(super) ShopId);

impl FromRequestParts<State> for InShop {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        Ok(Self(text.into()))
    }
}

/// A value that may be null, and must be said.
pub(super) fn said<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(from)
}
