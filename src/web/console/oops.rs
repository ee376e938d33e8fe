//! What a page says when it cannot help.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use minijinja::context;

use super::{page, visit::Visit};
use crate::service::{Unavailable, people, switchboard};

/// A refusal; [`super::guard`] writes it out as a page. Its words are `oops.KEY` and `oops.KEY-mend`.
#[derive(Debug, Clone)]
pub(super) struct Oops {
    status: StatusCode,
    key: &'static str,
    /// More about it, in the words of the house (Chinese).
    detail: String,
}

impl Oops {
    pub(super) const CLOSED: Self = Self::plain(StatusCode::FORBIDDEN, "closed");
    pub(super) const ROLE: Self = Self::plain(StatusCode::FORBIDDEN, "role");
    pub(super) const STRANGER: Self = Self::plain(StatusCode::FORBIDDEN, "stranger");
    pub(super) const STALE_FORM: Self = Self::plain(StatusCode::FORBIDDEN, "stale-form");
    pub(super) const TOO_LARGE: Self = Self::plain(StatusCode::PAYLOAD_TOO_LARGE, "too-large");
    pub(super) const UNREADABLE: Self = Self::plain(StatusCode::BAD_REQUEST, "unreadable");
    pub(super) const NOT_FOUND: Self = Self::plain(StatusCode::NOT_FOUND, "not-found");
    pub(super) const CROWDED: Self = Self::plain(StatusCode::SERVICE_UNAVAILABLE, "crowded");
    pub(super) const LINK: Self = Self::plain(StatusCode::NOT_FOUND, "link");
    const METHOD: Self = Self::plain(StatusCode::METHOD_NOT_ALLOWED, "not-found");
    const UNAVAILABLE: Self = Self::plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    const REFUSED: Self = Self::plain(StatusCode::CONFLICT, "refused");

    const fn plain(status: StatusCode, key: &'static str) -> Self {
        Self {
            status,
            key,
            detail: String::new(),
        }
    }

    /// A page that cannot be written: a mistake of ours.
    pub(super) fn broken(error: &minijinja::Error) -> Self {
        tracing::error!(template = error.name(), line = error.line(), kind = ?error.kind(), "a page cannot be written");
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "broken")
    }

    /// Written out.
    pub(super) fn render(self, visit: &Visit) -> Response {
        let context = context! { oops => self.key, detail => self.detail, topics => "", address => "/console" };
        match page::html(visit, "oops.html", context) {
            Ok(html) => (self.status, html).into_response(),
            // The page for mistakes is itself one.
            Err(_) => (self.status, "Jieban (接班): 500\n").into_response(),
        }
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Unavailable> for Oops {
    fn from(_: Unavailable) -> Self {
        Self::UNAVAILABLE
    }
}

impl From<people::Refused> for Oops {
    fn from(refused: people::Refused) -> Self {
        match refused {
            people::Refused::Crowded => Self::CROWDED,
            people::Refused::Nobody | people::Refused::NoLink => Self::NOT_FOUND,
            people::Refused::Unavailable(unavailable) => unavailable.into(),
            other => {
                tracing::warn!(?other, "a refusal without words of its own");
                Self::REFUSED
            }
        }
    }
}

impl From<switchboard::Refused> for Oops {
    fn from(refused: switchboard::Refused) -> Self {
        match refused {
            switchboard::Refused::Unavailable(unavailable) => unavailable.into(),
            // What is not his is not there, in the same words.
            switchboard::Refused::NotHisShop
            | switchboard::Refused::NoShop(_)
            | switchboard::Refused::NotThere => Self::NOT_FOUND,
            other => Self {
                detail: said(&other),
                ..Self::REFUSED
            },
        }
    }
}

/// Why something was not done, in the words of the house.
pub(super) fn said(refused: &switchboard::Refused) -> String {
    use switchboard::Refused;
    match refused {
        Refused::MustStay(stays) => stays
            .iter()
            .map(|(shop, stay)| format!("{shop}：{stay}"))
            .collect::<Vec<_>>()
            .join("；"),
        Refused::Forbidden(findings) => findings
            .iter()
            .map(|finding| match finding.instead.as_str() {
                "" => format!("“{}”：{}", finding.written, finding.reason),
                instead => format!(
                    "“{}”：{}，可以说“{instead}”",
                    finding.written, finding.reason
                ),
            })
            .collect::<Vec<_>>()
            .join("；"),
        Refused::Wrong { what, .. } => what.clone(),
        _ => String::new(),
    }
}

pub(super) async fn not_found() -> Oops {
    Oops::NOT_FOUND
}

pub(super) async fn wrong_method() -> Oops {
    Oops::METHOD
}
