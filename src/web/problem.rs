//! What a door says when it cannot help: RFC 9457 problems that say what to mend, in English and Chinese.

use std::{any::Any, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{
    channel::bridge::{Fault, Refusal},
    service::Unavailable,
};

/// A problem. [`super::observe`] writes it out, with the request's id.
#[derive(Debug, Clone)]
pub(super) struct Problem(Box<Words>);

#[derive(Debug, Clone)]
struct Words {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    mend: &'static str,
    mend_zh: &'static str,
    field: Option<String>,
    retry_after: Option<u64>,
    more: Map<String, Value>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
        mend: &'static str,
        mend_zh: &'static str,
    ) -> Self {
        Self(Box::new(Words {
            status,
            kind,
            title,
            detail: detail.into(),
            mend,
            mend_zh,
            field: None,
            retry_after: None,
            more: Map::new(),
        }))
    }

    pub(super) fn at(mut self, field: &str) -> Self {
        self.0.field = Some(field.to_owned());
        self
    }

    /// Adds a member of its own.
    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        self.0.more.insert(key.to_owned(), value);
        self
    }

    /// When to come back, in whole seconds.
    fn after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        self
    }

    pub(super) fn bad_query(
        field: &str,
        detail: &str,
        mend: &'static str,
        mend_zh: &'static str,
    ) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request cannot be read",
            detail,
            mend,
            mend_zh,
        )
        .at(field)
    }

    /// The same for a source that does not exist and a key that does not fit.
    pub(super) fn sign_in(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "sign-in",
            "Not signed in",
            detail,
            "sign the raw body by Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature), or send Authorization: Bearer and a token of this source",
            "请按 Standard Webhooks 对原始请求体签名，或发送 Authorization: Bearer <该来源的令牌>，并检查来源名与密钥",
        )
    }

    pub(super) fn too_many(wait: Duration, detail: &'static str) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many",
            "Too many requests",
            detail,
            "wait as long as Retry-After says, then try again",
            "请求过于频繁，请按 Retry-After 指示的秒数等待后重试",
        )
        .after(wait)
    }

    pub(super) fn busy() -> Self {
        Self::unavailable("there are too many requests at work")
    }

    pub(super) fn slow() -> Self {
        Self::unavailable("the work was not finished in time; it may have been done all the same")
    }

    fn unavailable(detail: &'static str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not possible right now",
            detail,
            "send the same request again later: nothing is recorded twice",
            "暂时无法处理，请稍后原样重发，不会重复记录",
        )
        .after(Duration::from_secs(2))
    }

    pub(super) fn body_too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "too-slow",
            "The body did not arrive in time",
            "the body did not arrive in time",
            "send the same request again, in smaller parts if it is large",
            "请求体未能及时传完，请重发；内容较大时请分批发送",
        )
    }

    pub(super) fn body_too_large(most: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("a body has at most {most} bytes"),
            "post the messages in parts, oldest first",
            "请求体过大，请按时间先后分批发送",
        )
    }

    pub(super) fn body_broken() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The body broke off",
            "the body broke off before its end",
            "send the whole body, as long as Content-Length says",
            "请求体不完整，请完整重发",
        )
    }

    pub(super) fn not_found(what: &'static str, mend: &'static str, mend_zh: &'static str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            what,
            mend,
            mend_zh,
        )
    }

    /// Some ids were posted before with other words.
    pub(super) fn conflict(ids: &[String], accepted: u32, duplicates: u32) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "conflict",
            "Known ids with other content",
            format!(
                "{} of the ids are known with other content; those messages stay as they were first posted. \
                 All others are recorded.",
                ids.len()
            ),
            "give every message an id of its own; do not send this again",
            "部分消息编号已存在且内容不同，已保留首次内容，其余消息均已记录；请勿重发，并为每条消息使用唯一编号",
        )
        .with("conflicts", json!(ids))
        .with("accepted", json!(accepted))
        .with("duplicates", json!(duplicates))
    }

    /// The answer's status, headers and body.
    pub(super) fn render(self, request: &str) -> Response {
        let words = *self.0;
        let mut body = Map::new();
        body.insert(
            "type".to_owned(),
            json!(format!("urn:jieban:problem:{}", words.kind)),
        );
        body.insert("title".to_owned(), json!(words.title));
        body.insert("status".to_owned(), json!(words.status.as_u16()));
        body.insert("detail".to_owned(), json!(words.detail));
        if let Some(field) = words.field {
            body.insert("field".to_owned(), json!(field));
        }
        body.insert("mend".to_owned(), json!(words.mend));
        body.insert("mend_zh".to_owned(), json!(words.mend_zh));
        body.extend(words.more);
        body.insert("request_id".to_owned(), json!(request));
        let mut response = (words.status, Value::Object(body).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = words.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if words.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, kind, title) = match refusal.fault {
            Fault::Malformed => (
                StatusCode::BAD_REQUEST,
                "bad-request",
                "The request cannot be read",
            ),
            Fault::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "More than is accepted at once",
            ),
            Fault::Unsupported => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "This type is not read here",
            ),
        };
        let mut problem = Self::new(
            status,
            kind,
            title,
            refusal.detail,
            refusal.mend,
            refusal.mend_zh,
        );
        problem.0.field = refusal.field;
        problem
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        tracing::warn!(why = unavailable.0, "the store is not there");
        Self::unavailable("the store is not there")
    }
}

pub(super) async fn unknown_path() -> Problem {
    Problem::not_found(
        "there is no door of this name",
        "the doors are /v1/bridge/{source}/messages and its neighbours, those of /v1/openapi.json, /live, /ready and /metrics",
        "没有这个地址；请检查路径，例如 /v1/bridge/default/messages",
    )
}

pub(super) async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong-method",
        "Wrong method",
        "this door is not opened with this method",
        "use the method that the Allow header names",
        "请求方法不对，请使用 Allow 头中列出的方法",
    )
}

/// For a panic. What it said may hold a customer's words and is not repeated.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "broken",
        "Something is broken here",
        "the request met a mistake of this service",
        "send it again later; if it stays, report the request_id",
        "服务内部出错，请稍后重试；若仍出现，请把 request_id 告知管理员",
    )
    .into_response()
}
