//! Who works here: inviting, roles and shops, keeping out.

use axum::{
    extract::{Form, State as From},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use minijinja::{Value, context};

use super::{
    oops::Oops,
    page::{Page, done},
    visit::Visitor,
};
use crate::{
    config::Role,
    knowledge::ShopId,
    service::people::{Entry, Refused, Token},
    store::people::Given,
    web::State,
};

pub(super) async fn show(From(state): From<State>, visitor: Visitor) -> Result<Response, Oops> {
    page(
        &state,
        &visitor,
        context! { link => "", wrong => "", name => "" },
        StatusCode::OK,
    )
    .await
}

async fn page(
    state: &State,
    visitor: &Visitor,
    context: Value,
    status: StatusCode,
) -> Result<Response, Oops> {
    let people: Vec<Value> = state.people.everybody().await?.iter().map(entry).collect();
    let shops: Vec<Value> = state
        .switchboard
        .shelf
        .knowledge()
        .shops()
        .iter()
        .map(|shop| context! { id => shop.id.to_string(), name => shop.name.clone() })
        .collect();
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
    let context = context! { people, shops, roles, ..context };
    Page::of(visitor, "people.html", context)
        .status(status)
        .write()
}

fn entry(entry: &Entry) -> Value {
    let roles: Vec<&str> = entry
        .colleague
        .roles
        .iter()
        .map(|role| role.code())
        .collect();
    let shops = entry
        .colleague
        .shops
        .as_ref()
        .map(|of| of.iter().map(ToString::to_string).collect::<Vec<_>>());
    context! {
        name => entry.colleague.name.clone(), roles, all => shops.is_none(), shops => shops.unwrap_or_default(),
        by_settings => entry.by_settings, has_password => entry.has_password, disabled => entry.disabled,
    }
}

/// The fields of a form whose boxes may be ticked several times.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn one(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of = self.0.iter().filter(move |(known, _)| known == name);
        of.map(|(_, value)| value.as_str())
    }

    fn given(&self) -> Given {
        Given {
            roles: self.all("role").filter_map(Role::parse).collect(),
            shops: match self.one("shops") {
                "all" => None,
                _ => Some(self.all("shop").map(ShopId::from).collect()),
            },
        }
    }
}

pub(super) async fn invite(
    From(state): From<State>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Oops> {
    let fields = Fields(fields);
    let (name, given) = (fields.one("name").to_owned(), fields.given());
    let refuse = |wrong| {
        let context = context! { link => "", wrong, name => name.as_str() };
        page(&state, &visitor, context, StatusCode::UNPROCESSABLE_ENTITY)
    };
    if given.roles.is_empty() {
        return refuse("no-role").await;
    }
    match state.people.invite(&visitor.colleague, &name, given).await {
        Ok(token) => linked(&state, &visitor, &headers, &name, &token).await,
        Err(Refused::NameTaken) => refuse("name-taken").await,
        Err(Refused::BadName) => refuse("bad-name").await,
        Err(refused) => Err(refused.into()),
    }
}

/// The page with the link on it: shown once, kept nowhere.
async fn linked(
    state: &State,
    visitor: &Visitor,
    headers: &HeaderMap,
    name: &str,
    token: &Token,
) -> Result<Response, Oops> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let scheme = if visitor.visit.secure {
        "https"
    } else {
        "http"
    };
    let path = format!("/console/invitation/{}", token.reveal());
    let link = host.map_or(path.clone(), |host| format!("{scheme}://{host}{path}"));
    page(
        state,
        visitor,
        context! { link, wrong => "", name },
        StatusCode::OK,
    )
    .await
}

pub(super) async fn change(
    From(state): From<State>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Oops> {
    let fields = Fields(fields);
    let name = fields.one("name");
    let by = &visitor.colleague;
    let changed = match fields.one("what") {
        "given" => {
            let given = fields.given();
            if given.roles.is_empty() {
                let context = context! { link => "", wrong => "no-role", name };
                return page(&state, &visitor, context, StatusCode::UNPROCESSABLE_ENTITY).await;
            }
            state.people.set_given(by, name, given).await
        }
        "disable" => state.people.set_disabled(by, name, true).await,
        "enable" => state.people.set_disabled(by, name, false).await,
        "link" => match state.people.invite_again(by, name).await {
            Ok(token) => return linked(&state, &visitor, &headers, name, &token).await,
            Err(refused) => Err(refused),
        },
        _ => return Err(Oops::UNREADABLE),
    };
    let wrong = match changed {
        Ok(()) => return Ok(done("/console/people", "done.person")),
        Err(Refused::LastAdministrator) => "last-administrator",
        Err(Refused::BySettings) => "by-settings",
        Err(refused) => return Err(refused.into()),
    };
    let context = context! { link => "", wrong, name };
    page(&state, &visitor, context, StatusCode::CONFLICT).await
}
