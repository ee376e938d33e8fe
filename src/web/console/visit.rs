//! Who looks at a page, and how he wants it.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use chrono::{DateTime, Utc};

use super::{oops::Oops, words::Lang};
use crate::{
    config::Role,
    desk::case::Actor,
    knowledge::Post,
    service::{
        people::{Colleague, Token},
        switchboard::Allowed,
    },
    store::{casework::Hand, staff_event::Who},
    web::{
        State,
        api::{
            case_shown::Sight,
            roles::{CASES, OpensTo},
        },
    },
};

/// Cookies of the browser's taste.
pub(super) const LANG: &str = "jieban-lang";
pub(super) const THEME: &str = "jieban-theme";

/// A request, as every page sees it.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) lang: Lang,
    /// `light` or `dark`; `None` leaves it to the browser.
    pub(super) theme: Option<&'static str>,
    /// The address asked for, with its query.
    pub(super) address: String,
    /// When, in milliseconds: what grows on the page grows by the house's clock.
    pub(super) now: i64,
    /// Only the live part of the page is wanted.
    pub(super) part: bool,
    /// The browser came by https, as far as we can know.
    pub(super) secure: bool,
    /// Who it is.
    pub(super) who: Option<SignedIn>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    pub(super) colleague: Colleague,
    pub(super) token: Token,
}

/// A visit of somebody who was let in.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) visit: Visit,
    pub(super) colleague: Colleague,
    pub(super) token: Token,
}

impl Visit {
    /// What the headers say.
    pub(super) fn read(
        headers: &HeaderMap,
        address: &str,
        secure: bool,
        now: DateTime<Utc>,
    ) -> Self {
        let lang = cookie(headers, LANG)
            .and_then(Lang::parse)
            .unwrap_or_else(|| Lang::wanted(headers));
        Self {
            lang,
            theme: cookie(headers, THEME).and_then(theme),
            address: address.to_owned(),
            now: now.timestamp_millis(),
            part: headers.contains_key("x-part"),
            secure,
            who: None,
        }
    }
}

/// A theme that somebody may choose.
pub(super) fn theme(code: &str) -> Option<&'static str> {
    match code {
        "light" => Some("light"),
        "dark" => Some("dark"),
        _ => None,
    }
}

/// The value of a cookie.
pub(in crate::web) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

impl Visitor {
    /// As events name him, by the role that lets him do it.
    pub(super) fn who(&self, opens_to: OpensTo) -> Who {
        let role = opens_to.opened_by(&self.colleague.roles).flatten();
        Who {
            name: self.colleague.name.clone(),
            role: role.map_or("", Role::code).to_owned(),
        }
    }

    /// As cases know him.
    pub(super) fn hand(&self) -> Hand {
        let roles = &self.colleague.roles;
        Hand {
            who: self.who(CASES),
            actor: Actor {
                name: self.colleague.name.clone(),
                posts: roles
                    .iter()
                    .filter_map(|role| Post::parse(role.code()))
                    .collect(),
            },
            shops: self.shops().clone(),
        }
    }

    /// How much of a case he sees.
    pub(super) fn sight(&self) -> Sight {
        Sight::of(&self.colleague.roles)
    }

    /// His shops.
    pub(super) fn shops(&self) -> &Allowed {
        &self.colleague.shops
    }

    /// Whether something is for him.
    pub(super) fn may(&self, opens_to: OpensTo) -> bool {
        opens_to.opened_by(&self.colleague.roles).is_some()
    }
}

impl FromRequestParts<State> for Visit {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Oops> {
        // Only an address that was not guarded can lack it.
        parts.extensions.get().cloned().ok_or(Oops::CLOSED)
    }
}

impl FromRequestParts<State> for Visitor {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Oops> {
        let visit = Visit::from_request_parts(parts, state).await?;
        match visit.who.clone() {
            Some(SignedIn { colleague, token }) => Ok(Self {
                visit,
                colleague,
                token,
            }),
            None => Err(Oops::CLOSED),
        }
    }
}
