//! One's own password.

use axum::{
    extract::{Form, State as From},
    http::StatusCode,
    response::Response,
};
use minijinja::context;
use serde::Deserialize;

use super::{
    oops::Oops,
    page::{Page, done},
    sign_in::{Wrong, remember, wrong},
    visit::Visitor,
};
use crate::{service::people::LENGTH, web::State};

/// The old and the new.
#[derive(Deserialize)]
pub(super) struct Passwords {
    #[serde(default)]
    old: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

pub(super) async fn show(visitor: Visitor) -> Result<Response, Oops> {
    form(&visitor, None)
}

fn form(visitor: &Visitor, wrong: Option<Wrong>) -> Result<Response, Oops> {
    let roles: Vec<&str> = visitor
        .colleague
        .roles
        .iter()
        .map(|role| role.code())
        .collect();
    let shops = visitor
        .shops()
        .as_ref()
        .map(|of| of.iter().map(ToString::to_string).collect::<Vec<_>>());
    let status = match &wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let (key, wait) = wrong.map_or(("", 0), |wrong| (wrong.0, wrong.1));
    let context = context! { roles, shops, wrong => key, wait, least => LENGTH.start() };
    Page::of(visitor, "account.html", context)
        .status(status)
        .write()
}

pub(super) async fn change(
    From(state): From<State>,
    visitor: Visitor,
    Form(passwords): Form<Passwords>,
) -> Result<Response, Oops> {
    if passwords.password != passwords.again {
        return form(&visitor, Some(Wrong("differ", 0)));
    }
    let changed = state
        .people
        .change_password(&visitor.colleague, passwords.old, passwords.password)
        .await;
    match changed {
        Ok(signed_in) => {
            let mut response = done("/console/account", "done.password");
            remember(&mut response, &visitor.visit, &signed_in.token);
            Ok(response)
        }
        Err(refused) => form(&visitor, Some(wrong(refused)?)),
    }
}
