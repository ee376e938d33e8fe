//! The API for people and their tools: how things stand, and the switches.
//!
//! Everybody signs in with a bearer token of his own. Whom a door opens to stands in [`roles::DOORS`]; a route that
//! has no row there opens to nobody. The description at `/v1/openapi.json` is made of the doors themselves.

pub mod roles;

mod announcements;
mod arrangements;
mod asked;
mod case_acts;
mod case_kinds;
pub(in crate::web) mod case_shown;
mod cases;
mod conversations;
mod counters;
mod events;
mod handover_shapes;
mod handovers;
mod insider;
mod kill;
mod lunch;
mod me;
mod order_notes;
mod promises;
mod queue;
mod refused;
mod shapes;
mod shop_shown;
mod shops;

use std::sync::LazyLock;

use axum::{Json, Router, middleware};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::State;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Jieban (接班)",
        description = "Who answers customers now, and the switches. Times are RFC 3339; mistakes are RFC 9457 problems that say what to mend, in English and Chinese. Asking for the same again changes nothing."
    ),
    modifiers(&Token),
    security(("token" = []))
)]
struct Document;

/// Everybody has a token of his own.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("a person's own token, [people.NAME] in jieban.toml"))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

fn doors() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(document))
        .routes(routes!(me::who_am_i))
        .routes(routes!(shops::list))
        .routes(routes!(shops::show))
        .routes(routes!(shops::set_mode))
        .routes(routes!(kill::stop_shop, kill::release_shop))
        .routes(routes!(kill::show, kill::stop_all, kill::release_all))
        .routes(routes!(lunch::show, lunch::go, lunch::prolong, lunch::back))
        .routes(routes!(arrangements::list, arrangements::arrange))
        .routes(routes!(arrangements::end))
        .routes(routes!(announcements::list, announcements::announce))
        .routes(routes!(announcements::end))
        .routes(routes!(conversations::find))
        .routes(routes!(conversations::show))
        .routes(routes!(conversations::take))
        .routes(routes!(conversations::pin))
        .routes(routes!(conversations::hand_back))
        .routes(routes!(conversations::end))
        .routes(routes!(queue::list))
        .routes(routes!(queue::overdue))
        .routes(routes!(events::list))
        .routes(routes!(case_kinds::list))
        .routes(routes!(cases::list, cases::open))
        .routes(routes!(cases::show, case_acts::edit))
        .routes(routes!(case_acts::confirm))
        .routes(routes!(case_acts::submit))
        .routes(routes!(case_acts::approve))
        .routes(routes!(case_acts::approve_orally))
        .routes(routes!(case_acts::reject))
        .routes(routes!(case_acts::claim))
        .routes(routes!(case_acts::release))
        .routes(routes!(case_acts::wait))
        .routes(routes!(case_acts::done))
        .routes(routes!(case_acts::close))
        .routes(routes!(case_acts::drop_it))
        .routes(routes!(case_acts::reopen))
        .routes(routes!(case_acts::postpone))
        .routes(routes!(case_acts::split))
        .routes(routes!(case_acts::merge))
        .routes(routes!(case_acts::append))
        .routes(routes!(promises::list, promises::add))
        .routes(routes!(promises::show))
        .routes(routes!(promises::keep))
        .routes(routes!(promises::break_it))
        .routes(routes!(promises::postpone))
        .routes(routes!(handovers::list, handovers::hand_over))
        .routes(routes!(handovers::now))
        .routes(routes!(handovers::say_next))
        .routes(routes!(handovers::show))
        .routes(routes!(handovers::say))
        .routes(routes!(handovers::accept))
        .routes(routes!(handovers::accept_all))
        .routes(routes!(handovers::refuse))
        .routes(routes!(handovers::leave))
        .routes(routes!(handovers::force))
        .routes(routes!(order_notes::list, order_notes::write))
        .routes(routes!(order_notes::seen))
        .routes(routes!(counters::list))
}

/// Every door of the API, guarded.
pub(super) fn router(state: State) -> Router<State> {
    let (router, _) = doors().split_for_parts();
    router.route_layer(middleware::from_fn_with_state(state, insider::let_in))
}

/// What is served at `/v1/openapi.json`.
static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(|| doors().into_openapi());

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "API", security(()), responses((status = 200, description = "OpenAPI 3.1")))]
async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(DOCUMENT.clone())
}
