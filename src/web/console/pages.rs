//! Every page of the console: its address, whom it opens to, and what answers. What is not here is not served.

use axum::routing::{MethodRouter, any, get, post};

use super::{
    account, assets, conversation, coverage, inbox, knowledge, live, look, oops, people, sign_in,
};
use crate::{
    config::Role::{self, Admin, Agent, Supervisor},
    web::{
        State,
        api::roles::{LEAD, OpensTo, STOP},
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

/// Who answers customers, and who leads them.
const DESK: OpensTo = OpensTo::Roles(&[Agent, Supervisor, Admin]);
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
        menu("/coverage",                    ALL,  ("coverage", 'c'), get(coverage::show)),
        menu("/knowledge",                   ALL,  ("knowledge", 'k'), get(knowledge::show)),
        menu("/people",                      ADMIN, ("people", 'p'), get(people::show)),

        show("/conversations/{id}",          DESK, get(conversation::show)),
        act("/conversations/{id}/send",      DESK, post(conversation::send)),
        act("/conversations/{id}/own",       DESK, post(conversation::own)),

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
