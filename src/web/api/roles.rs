//! Who may open which door: one row for each, and what is not here opens to nobody.

use crate::config::Role::{
    self, Admin, Agent, Editor, Finance, Operations, Reviewer, Supervisor, Warehouse,
};

/// One door of the API.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// The route, as the router writes it.
    pub path: &'static str,
    /// Who may open it.
    pub opens_to: OpensTo,
}

/// Whom a door opens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpensTo {
    /// Anybody, signed in or not.
    Anybody,
    /// Everybody who is signed in.
    Everybody,
    /// Who has one of these roles.
    Roles(&'static [Role]),
}

/// Who answers customers, and who leads them.
pub(in crate::web) const DESK: OpensTo = OpensTo::Roles(&[Agent, Supervisor, Admin]);
/// Who leads.
pub(in crate::web) const LEAD: OpensTo = OpensTo::Roles(&[Supervisor, Operations, Admin]);
/// Who may stop the bot: everybody who sees it go wrong.
pub(in crate::web) const STOP: OpensTo =
    OpensTo::Roles(&[Agent, Supervisor, Operations, Editor, Admin]);
/// Who reads what people did.
const LOG: OpensTo = OpensTo::Roles(&[Supervisor, Reviewer, Operations, Admin]);

/// Who works on cases. Which of them he sees, and what he may do with them, their kinds say.
pub(in crate::web) const CASES: OpensTo = OpensTo::Roles(&[
    Agent, Supervisor, Reviewer, Warehouse, Finance, Operations, Admin,
]);
/// Who proposes what others must do.
pub(in crate::web) const PROPOSE: OpensTo =
    OpensTo::Roles(&[Agent, Supervisor, Warehouse, Operations, Admin]);
/// Who sees what the house has promised.
pub(in crate::web) const PROMISES: OpensTo = OpensTo::Roles(&[
    Agent, Supervisor, Reviewer, Warehouse, Finance, Operations, Admin,
]);
/// Who does what was promised.
pub(in crate::web) const DOERS: OpensTo =
    OpensTo::Roles(&[Agent, Supervisor, Warehouse, Finance, Admin]);
/// Who reads what one shift hands to the next.
const SHEETS: OpensTo = OpensTo::Roles(&[Agent, Supervisor, Reviewer, Operations, Admin]);
/// Who speaks for others.
const BOSS: OpensTo = OpensTo::Roles(&[Supervisor, Admin]);
/// Who writes notes on orders.
const NOTES: OpensTo = OpensTo::Roles(&[Agent, Supervisor, Reviewer, Warehouse, Operations, Admin]);
/// Who checks orders.
const CHECK: OpensTo = OpensTo::Roles(&[Warehouse, Reviewer, Admin]);

const fn door(method: &'static str, path: &'static str, opens_to: OpensTo) -> Door {
    Door {
        method,
        path,
        opens_to,
    }
}

/// Every door of the API.
#[rustfmt::skip]
pub const DOORS: &[Door] = &[
    door("GET",    "/v1/openapi.json", OpensTo::Anybody),
    door("GET",    "/v1/me", OpensTo::Everybody),
    door("GET",    "/v1/shops", OpensTo::Everybody),
    door("GET",    "/v1/shops/{shop}", OpensTo::Everybody),
    door("PUT",    "/v1/shops/{shop}/mode", LEAD),
    door("PUT",    "/v1/shops/{shop}/kill", STOP),
    door("DELETE", "/v1/shops/{shop}/kill", LEAD),
    door("GET",    "/v1/kill", OpensTo::Everybody),
    door("PUT",    "/v1/kill", STOP),
    door("DELETE", "/v1/kill", LEAD),
    door("GET",    "/v1/lunch", DESK),
    door("POST",   "/v1/lunch", DESK),
    door("PATCH",  "/v1/lunch", DESK),
    door("DELETE", "/v1/lunch", DESK),
    door("GET",    "/v1/arrangements", OpensTo::Everybody),
    door("POST",   "/v1/arrangements", LEAD),
    door("DELETE", "/v1/arrangements/{id}", LEAD),
    door("GET",    "/v1/announcements", OpensTo::Everybody),
    door("POST",   "/v1/announcements", LEAD),
    door("DELETE", "/v1/announcements/{id}", LEAD),
    door("GET",    "/v1/conversations", DESK),
    door("GET",    "/v1/conversations/{id}", DESK),
    door("POST",   "/v1/conversations/{id}/take", DESK),
    door("POST",   "/v1/conversations/{id}/pin", DESK),
    door("POST",   "/v1/conversations/{id}/hand-back", DESK),
    door("POST",   "/v1/conversations/{id}/end", DESK),
    door("GET",    "/v1/queue", DESK),
    door("GET",    "/v1/waiting", DESK),
    door("GET",    "/v1/events", LOG),
    door("GET",    "/v1/case-kinds", CASES),
    door("GET",    "/v1/cases", CASES),
    door("POST",   "/v1/cases", PROPOSE),
    door("GET",    "/v1/cases/{number}", CASES),
    door("PATCH",  "/v1/cases/{number}", CASES),
    door("POST",   "/v1/cases/{number}/confirm", PROPOSE),
    door("POST",   "/v1/cases/{number}/submit", PROPOSE),
    door("POST",   "/v1/cases/{number}/approve", CASES),
    door("POST",   "/v1/cases/{number}/approve-orally", PROPOSE),
    door("POST",   "/v1/cases/{number}/reject", CASES),
    door("POST",   "/v1/cases/{number}/claim", CASES),
    door("POST",   "/v1/cases/{number}/release", CASES),
    door("POST",   "/v1/cases/{number}/wait", CASES),
    door("POST",   "/v1/cases/{number}/done", CASES),
    door("POST",   "/v1/cases/{number}/close", CASES),
    door("POST",   "/v1/cases/{number}/drop", PROPOSE),
    door("POST",   "/v1/cases/{number}/reopen", PROPOSE),
    door("POST",   "/v1/cases/{number}/postpone", CASES),
    door("POST",   "/v1/cases/{number}/split", PROPOSE),
    door("POST",   "/v1/cases/{number}/merge", PROPOSE),
    door("POST",   "/v1/cases/{number}/lines", CASES),
    door("GET",    "/v1/promises", PROMISES),
    door("POST",   "/v1/promises", DESK),
    door("GET",    "/v1/promises/{id}", PROMISES),
    door("POST",   "/v1/promises/{id}/keep", DOERS),
    door("POST",   "/v1/promises/{id}/break", DESK),
    door("POST",   "/v1/promises/{id}/move", DESK),
    door("GET",    "/v1/handovers", SHEETS),
    door("POST",   "/v1/handovers", DESK),
    door("GET",    "/v1/handovers/now", SHEETS),
    door("POST",   "/v1/handovers/words", DESK),
    door("GET",    "/v1/handovers/{id}", SHEETS),
    door("POST",   "/v1/handovers/{id}/words", DESK),
    door("POST",   "/v1/handovers/{id}/accept", DESK),
    door("POST",   "/v1/handovers/{id}/accept-all", DESK),
    door("POST",   "/v1/handovers/{id}/refuse", DESK),
    door("POST",   "/v1/handovers/{id}/leave", DESK),
    door("POST",   "/v1/handovers/{id}/force", BOSS),
    door("GET",    "/v1/order-notes", OpensTo::Everybody),
    door("POST",   "/v1/order-notes", NOTES),
    door("POST",   "/v1/order-notes/{id}/seen", CHECK),
    door("GET",    "/v1/counters", SHEETS),
];

/// The door of a route; `HEAD` goes through that of `GET`.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Door> {
    let method = if method == "HEAD" { "GET" } else { method };
    DOORS
        .iter()
        .find(|door| door.method == method && door.path == path)
}

impl OpensTo {
    /// The role that opens the door, of those somebody has; `Some(None)`: it needs none.
    pub(in crate::web) fn opened_by(self, roles: &[Role]) -> Option<Option<Role>> {
        match self {
            Self::Anybody | Self::Everybody => Some(roles.first().copied()),
            Self::Roles(of) => roles
                .iter()
                .copied()
                .find(|role| of.contains(role))
                .map(Some),
        }
    }
}
