//! Every page of the console: its address, whom it opens to, and what answers. What is not here is not served.

use axum::routing::{MethodRouter, any, get, post};

use super::{
    account, assets, case, case_acts, cases, conversation, coverage, inbox, knowledge, live, look,
    oops, people, promises, sign_in,
};
use crate::{
    config::Role,
    web::{
        State,
        api::roles::{CASES, DESK, DOERS, LEAD, OpensTo, PROMISES, PROPOSE, STOP},
    },
};

/// One address.
pub struct Row {
    /// `GET`, `POST` or both.
    pub methods: &'static [&'static str],
    /// The address below `/console`, as the router writes it.
    pub path: &'static str,
    /// Who may open it.
    pub opens_to: OpensTo,
    /// How the menu calls it (`menu.…` in the words) and the key that opens it after `g`.
    pub menu: Option<(&'static str, char)>,
    pub(super) handler: MethodRouter<State>,
}

/// Who lets people in.
const ADMIN: OpensTo = OpensTo::Roles(&[Role::Admin]);
/// Whoever is signed in.
const ALL: OpensTo = OpensTo::Everybody;
/// Whoever comes.
const OPEN: OpensTo = OpensTo::Anybody;

/// The rows, in the order of the menu.
#[rustfmt::skip]
pub fn pages() -> Vec<Row> {
    vec![
        show("",                             ALL,  get(look::home)),
        menu("/inbox",                       DESK, ("inbox", 'i'), get(inbox::show)),
        menu("/cases",                       CASES, ("cases", 's'), get(cases::show)),
        menu("/review",                      CASES, ("review", 'r'), get(cases::review)),
        menu("/promises",                    PROMISES, ("promises", 'm'), get(promises::show)),
        menu("/coverage",                    ALL,  ("coverage", 'c'), get(coverage::show)),
        menu("/knowledge",                   ALL,  ("knowledge", 'k'), get(knowledge::show)),
        menu("/people",                      ADMIN, ("people", 'p'), get(people::show)),

        show("/conversations/{id}",          DESK, get(conversation::show)),
        act("/conversations/{id}/send",      DESK, post(conversation::send)),
        act("/conversations/{id}/own",       DESK, post(conversation::own)),
        act("/conversations/{id}/case",      DESK, post(case_acts::open)),

        show("/cases/{number}",              CASES, get(case::show)),
        act("/cases/{number}/edit",          CASES, post(case_acts::act)),
        act("/cases/{number}/confirm",       PROPOSE, post(case_acts::act)),
        act("/cases/{number}/submit",        PROPOSE, post(case_acts::act)),
        act("/cases/{number}/approve",       CASES, post(case_acts::act)),
        act("/cases/{number}/approve-orally", PROPOSE, post(case_acts::act)),
        act("/cases/{number}/reject",        CASES, post(case_acts::act)),
        act("/cases/{number}/claim",         CASES, post(case_acts::act)),
        act("/cases/{number}/release",       CASES, post(case_acts::act)),
        act("/cases/{number}/wait",          CASES, post(case_acts::act)),
        act("/cases/{number}/done",          CASES, post(case_acts::act)),
        act("/cases/{number}/close",         CASES, post(case_acts::act)),
        act("/cases/{number}/drop",          PROPOSE, post(case_acts::act)),
        act("/cases/{number}/reopen",        PROPOSE, post(case_acts::act)),
        act("/cases/{number}/postpone",      CASES, post(case_acts::act)),
        act("/cases/{number}/lines",         CASES, post(case_acts::act)),

        act("/promises/{id}/keep",           DOERS, post(promises::settle)),
        act("/promises/{id}/break",          DESK, post(promises::settle)),
        act("/promises/{id}/move",           DESK, post(promises::settle)),

        act("/coverage/lunch",               DESK, post(coverage::lunch)),
        act("/coverage/mode",                LEAD, post(coverage::mode)),
        act("/coverage/stop",                STOP, post(coverage::stop)),
        act("/coverage/go",                  LEAD, post(coverage::go)),
        act("/coverage/arrange",             LEAD, post(coverage::arrange)),
        act("/coverage/announce",            LEAD, post(coverage::announce)),
        act("/coverage/end",                 LEAD, post(coverage::end)),

        act("/knowledge/try",                ALL,  post(knowledge::try_sentence)),

        act("/people/invite",                ADMIN, post(people::invite)),
        act("/people/change",                ADMIN, post(people::change)),

        both("/account",                     ALL,  get(account::show).post(account::change)),
        act("/sign-out",                     ALL,  post(sign_in::sign_out)),
        both("/sign-in",                     OPEN, get(sign_in::show).post(sign_in::sign_in)),
        both("/invitation/{token}",          OPEN, get(sign_in::invited).post(sign_in::accept)),
        act("/look",                         OPEN, post(look::change)),
        show("/live",                        ALL,  get(live::stream)),
        show("/assets/{hash}/{file}",        OPEN, get(assets::serve)),
        both("/{*rest}",                     OPEN, any(oops::not_found)),
    ]
}

fn show(path: &'static str, opens_to: OpensTo, handler: MethodRouter<State>) -> Row {
    row(&["GET"], path, opens_to, handler)
}

fn act(path: &'static str, opens_to: OpensTo, handler: MethodRouter<State>) -> Row {
    row(&["POST"], path, opens_to, handler)
}

fn both(path: &'static str, opens_to: OpensTo, handler: MethodRouter<State>) -> Row {
    row(&["GET", "POST"], path, opens_to, handler)
}

fn menu(
    path: &'static str,
    opens_to: OpensTo,
    menu: (&'static str, char),
    handler: MethodRouter<State>,
) -> Row {
    Row {
        menu: Some(menu),
        ..show(path, opens_to, handler)
    }
}

fn row(
    methods: &'static [&'static str],
    path: &'static str,
    opens_to: OpensTo,
    handler: MethodRouter<State>,
) -> Row {
    Row {
        methods,
        path,
        opens_to,
        menu: None,
        handler,
    }
}
