//! Letting people in: a token of their own, and a role that opens the door.

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State as From},
    http::{StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::roles::{DOORS, OpensTo, find};
use crate::{
    config::Role,
    knowledge::ShopId,
    service::switchboard::Allowed,
    store::staff_event::Who,
    web::{
        State, metrics, peer,
        problem::{Problem, wrong_method},
        sign_in::{self, Credentials},
    },
};

/// Somebody who was let in, and the role that let him.
#[derive(Debug, Clone)]
pub(super) struct Insider {
    /// His name.
    pub(super) name: String,
    /// All he does.
    pub(super) roles: Vec<Role>,
    /// The role that opened this door.
    pub(super) role: Role,
    /// His shops.
    pub(super) shops: Allowed,
}

impl Insider {
    /// As events name him.
    pub(super) fn who(&self) -> Who {
        Who {
            name: self.name.clone(),
            role: self.role.code().to_owned(),
        }
    }

    /// That a shop is one of his.
    pub(super) fn has(&self, shop: &ShopId) -> Result<(), Problem> {
        match &self.shops {
            Some(of) if !of.contains(shop) => Err(not_his_shop()),
            _ => Ok(()),
        }
    }

    /// Of the shops that are his, the one that is asked for; all of them when none is.
    pub(super) fn narrowed(&self, shop: Option<String>) -> Result<Option<Vec<ShopId>>, Problem> {
        let Some(shop) = shop.map(ShopId::from) else {
            return Ok(self.shops.clone());
        };
        self.has(&shop)?;
        Ok(Some(vec![shop]))
    }

    /// That all shops are his.
    pub(super) fn has_all(&self) -> Result<(), Problem> {
        match self.shops {
            None => Ok(()),
            Some(_) => Err(forbidden(
                "this concerns all shops, and not all of them are yours",
                "name your shops one by one, or ask somebody who has all of them",
                "这会影响所有店铺，而您只负责其中几家；请逐家操作，或请负责全部店铺的人来做",
            )),
        }
    }

    /// Whether he leads others.
    pub(super) fn leads(&self) -> bool {
        self.roles
            .iter()
            .any(|role| matches!(role, Role::Supervisor | Role::Admin))
    }
}

impl FromRequestParts<State> for Insider {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Problem> {
        // Only a door that was not guarded can lack it.
        parts.extensions.get().cloned().ok_or_else(closed)
    }
}

pub(super) fn forbidden(
    detail: impl Into<String>,
    mend: &'static str,
    mend_zh: &'static str,
) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "Not for you",
        detail,
        mend,
        mend_zh,
    )
}

pub(super) fn not_his_shop() -> Problem {
    forbidden(
        "this is not one of your shops",
        "ask somebody who works in that shop, or have it added to your entry in jieban.toml",
        "这不是您负责的店铺；请找负责的同事，或请管理员在 jieban.toml 里给您加上",
    )
}

fn closed() -> Problem {
    forbidden(
        "this door is on no list and opens to nobody",
        "report it: it is a mistake of this service",
        "这个接口没有登记权限，不对任何人开放；请告知管理员",
    )
}

/// Lets a request in, or says why not. What is not on the list is refused.
pub(super) async fn let_in(From(state): From<State>, mut request: Request, next: Next) -> Response {
    let _place = match state.in_flight.try_acquire() {
        Ok(place) => place,
        Err(_) => {
            metrics::refused("busy");
            return Problem::busy().into_response();
        }
    };
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let Some(door) = find(request.method().as_str(), path) else {
        let methods: Vec<&str> = DOORS
            .iter()
            .filter(|door| door.path == path)
            .map(|door| door.method)
            .collect();
        if methods.is_empty() {
            return closed().into_response();
        }
        let allow = [(header::ALLOW, methods.join(","))];
        return (allow, wrong_method().await).into_response();
    };
    if door.opens_to == OpensTo::Anybody {
        return next.run(request).await;
    }
    match sign_in(&state, &request, door.opens_to) {
        Ok(insider) => {
            request.extensions_mut().insert(insider);
            next.run(request).await
        }
        Err(problem) => {
            sign_in::drain(request.into_body(), state.limits.body).await;
            problem.into_response()
        }
    }
}

fn sign_in(state: &State, request: &Request, opens_to: OpensTo) -> Result<Insider, Problem> {
    let person = match sign_in::credentials(request.headers()) {
        Credentials::Token(token) => state.person(&token),
        Credentials::Signed(_) | Credentials::None => None,
    };
    let Some(person) = person else {
        metrics::refused("sign_in");
        return Err(
            match state.guests.failed(peer::peer(request, &state.trusted)) {
                Ok(()) => not_signed_in(),
                Err(wait) => Problem::too_many(wait, "too many failed sign-ins from this address"),
            },
        );
    };
    person.count().map_err(|wait| {
        metrics::refused("rate");
        Problem::too_many(wait, "you send more requests than you may")
    })?;
    let role = opens_to.opened_by(&person.roles).flatten();
    let Some(role) = role else {
        metrics::refused("role");
        let OpensTo::Roles(of) = opens_to else {
            return Err(closed());
        };
        let names: Vec<&str> = of.iter().map(|role| role.name()).collect();
        let codes: Vec<&str> = of.iter().map(|role| role.code()).collect();
        return Err(forbidden(
            format!("this is for {}", codes.join(", ")),
            "ask somebody who has one of these roles",
            "您的角色不能做这一步，请找有权限的同事（见 roles）",
        )
        .with("roles", json!(codes))
        .with("roles_zh", json!(names)));
    };
    Ok(Insider {
        name: person.name.clone(),
        roles: person.roles.clone(),
        role,
        shops: person.shops.clone(),
    })
}

fn not_signed_in() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "sign-in",
        "Not signed in",
        "the request carries no token that is known here",
        "send Authorization: Bearer and your own token; the first one is in the file admin of the secrets folder",
        "请带上 Authorization: Bearer <您自己的令牌>；管理员的第一个令牌在 data/secrets/admin 文件里",
    )
}
