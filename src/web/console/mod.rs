//! The console: pages for people, rendered here, live over one stream, working without scripts.
//!
//! To add a page: a row in [`pages`] (its address, whom it opens to, its handler, whether the menu shows it), a
//! handler in a file of its own, a template in `templates/`, and its words in `words/zh.toml` and `words/en.toml`. A test
//! fails while a word or a language is missing.
//!
//! - A handler takes `visit::Visitor`, asks a service, and answers with `page::Page`. A form posts, the handler
//!   acts and sends the browser back with `page::done`.
//! - What of a page is live stands in its template's block `live` or `aside`, in elements with `data-live`, and the page says which topics
//!   of the feed it shows. The same template then renders the page and its live part alone.
//! - `guard` lets in: session, role, origin, form key. No handler can forget it.

pub mod pages;

mod account;
mod assets;
mod case;
mod case_acts;
mod cases;
mod conversation;
mod coverage;
pub(super) mod guard;
mod inbox;
mod knowledge;
pub(super) mod live;
mod look;
mod oops;
mod page;
mod people;
mod promises;
mod refusing;
mod shown;
mod sign_in;
pub(super) mod visit;
mod week;
pub(super) mod words;

use axum::{Router, middleware};

use super::State;

/// Every page, guarded.
pub(super) fn router(state: State) -> Router<State> {
    let mut router = Router::new();
    for page in pages::pages() {
        router = router.route(&format!("/console{}", page.path), page.handler);
    }
    router
        .method_not_allowed_fallback(oops::wrong_method)
        .route_layer(middleware::from_fn_with_state(state.clone(), guard::let_in))
        .layer(middleware::from_fn_with_state(state, guard::dress))
}
