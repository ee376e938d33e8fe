//! In by password or by a link that works once, and out again.

use axum::{
    extract::{Form, Path, Query, Request, State as From},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use minijinja::context;
use serde::Deserialize;

use super::{
    guard::session_cookie,
    look::ours,
    oops::Oops,
    page::{Page, done, set_cookie},
    visit::{Visit, Visitor},
};
use crate::{
    service::people::{LENGTH, LIFETIME, Refused, SignedIn, Token},
    web::{State, peer},
};

/// Where he wants to go then.
#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// A name and its password.
#[derive(Deserialize)]
pub(super) struct Offered {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

/// What somebody who was invited chooses.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

pub(super) async fn show(visit: Visit, Query(next): Query<Next>) -> Result<Response, Oops> {
    if visit.who.is_some() {
        return Ok(Redirect::to(&ours(next.next.as_deref())).into_response());
    }
    form(&visit, next.next.as_deref(), "", None, StatusCode::OK)
}

fn form(
    visit: &Visit,
    next: Option<&str>,
    name: &str,
    wrong: Option<Wrong>,
    status: StatusCode,
) -> Result<Response, Oops> {
    let next = ours(next);
    Page::open(
        visit,
        "sign-in.html",
        context! { next, name, wrong => key(&wrong), wait => wait(&wrong) },
    )
    .status(status)
    .write()
}

/// Why he is not in: a key of `sign-in.…`, and how many seconds to wait.
pub(super) struct Wrong(pub(super) &'static str, pub(super) i64);

fn key(wrong: &Option<Wrong>) -> &'static str {
    wrong.as_ref().map_or("", |wrong| wrong.0)
}

fn wait(wrong: &Option<Wrong>) -> i64 {
    wrong.as_ref().map_or(0, |wrong| wrong.1)
}

/// What a page says of it, when it can say something useful.
pub(super) fn wrong(refused: Refused) -> Result<Wrong, Oops> {
    Ok(match refused {
        Refused::Wrong => Wrong("wrong", 0),
        Refused::Locked(wait) => Wrong("locked", wait.num_seconds() + 1),
        Refused::BadName => Wrong("bad-name", 0),
        Refused::BadPassword => Wrong("bad-password", 0),
        Refused::NameTaken => Wrong("name-taken", 0),
        other => return Err(other.into()),
    })
}

pub(super) async fn sign_in(
    From(state): From<State>,
    visit: Visit,
    connection: Option<axum::Extension<Peer>>,
    Form(offered): Form<Offered>,
) -> Result<Response, Oops> {
    let address = connection.map_or_else(String::new, |peer| peer.0.0.clone());
    let asked = state
        .people
        .sign_in(&offered.name, offered.password, &address)
        .await;
    match asked {
        Ok(signed_in) => Ok(welcome(&visit, &signed_in, &ours(offered.next.as_deref()))),
        Err(refused) => {
            let wrong = wrong(refused)?;
            let status = match wrong.0 {
                "locked" => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNAUTHORIZED,
            };
            form(
                &visit,
                offered.next.as_deref(),
                &offered.name,
                Some(wrong),
                status,
            )
        }
    }
}

/// The address that failed sign-ins count by; put there by the guard.
#[derive(Debug, Clone)]
pub(super) struct Peer(String);

impl Peer {
    pub(super) fn of(request: &Request, state: &State) -> Self {
        Self(peer::household(peer::peer(request, &state.trusted)).to_string())
    }
}

/// Sends the browser on with its new session.
pub(super) fn welcome(visit: &Visit, signed_in: &SignedIn, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    remember(&mut response, visit, &signed_in.token);
    response
}

/// Gives the browser its session.
pub(super) fn remember(response: &mut Response, visit: &Visit, token: &Token) {
    let more = format!("; HttpOnly; Max-Age={}", LIFETIME.whole.num_seconds());
    set_cookie(
        response,
        session_cookie(visit.secure),
        token.reveal(),
        visit.secure,
        &more,
    );
}

pub(super) async fn sign_out(From(state): From<State>, visitor: Visitor) -> Result<Response, Oops> {
    state
        .people
        .sign_out(&visitor.colleague, &visitor.token)
        .await?;
    let mut response = done("/console/sign-in", "done.signed-out");
    let secure = visitor.visit.secure;
    set_cookie(
        &mut response,
        session_cookie(secure),
        "",
        secure,
        "; HttpOnly",
    );
    Ok(response)
}

pub(super) async fn invited(
    From(state): From<State>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Oops> {
    let invited = whom(&state, &token).await?;
    choose(&visit, invited.as_deref(), "", None, StatusCode::OK)
}

/// Whom the link is for; `None`: the first administrator.
async fn whom(state: &State, token: &str) -> Result<Option<String>, Oops> {
    let token = Token::given(token).ok_or(Oops::LINK)?;
    state.people.invited(&token).await?.ok_or(Oops::LINK)
}

fn choose(
    visit: &Visit,
    person: Option<&str>,
    name: &str,
    wrong: Option<Wrong>,
    status: StatusCode,
) -> Result<Response, Oops> {
    let context = context! {
        person => person.unwrap_or_default(), first => person.is_none(), name,
        wrong => key(&wrong), wait => wait(&wrong), least => LENGTH.start(),
    };
    Page::open(visit, "invitation.html", context)
        .status(status)
        .write()
}

pub(super) async fn accept(
    From(state): From<State>,
    visit: Visit,
    Path(token): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Oops> {
    let person = whom(&state, &token).await?;
    let again = |wrong| {
        choose(
            &visit,
            person.as_deref(),
            &chosen.name,
            Some(wrong),
            StatusCode::UNPROCESSABLE_ENTITY,
        )
    };
    if chosen.password != chosen.again {
        return again(Wrong("differ", 0));
    }
    let token = Token::given(&token).ok_or(Oops::LINK)?;
    match state
        .people
        .accept(&token, &chosen.name, chosen.password.clone())
        .await
    {
        Ok(signed_in) => Ok(welcome(&visit, &signed_in, "/console")),
        Err(Refused::NoLink) => Err(Oops::LINK),
        Err(refused) => again(wrong(refused)?),
    }
}
