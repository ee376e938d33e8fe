//! Who knocks at a chat: which chat, from where, and whether we know his browser.

use std::{net::IpAddr, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode},
};

use super::{
    Chat,
    session::{Session, cookie_name},
};
use crate::web::{
    State,
    console::{
        guard::{FETCH_SITE, is_secure},
        visit::cookie,
        words::Lang,
    },
    metrics, peer,
    problem::Problem,
};

/// A request to a chat that exists, within what its address may ask.
pub(super) struct Caller<'s> {
    pub(super) chat: &'s Chat,
    pub(super) peer: IpAddr,
    pub(super) secure: bool,
    pub(super) lang: Lang,
    pub(super) session: Option<Session>,
}

impl<'s> Caller<'s> {
    pub(super) fn of(state: &'s State, name: &str, request: &Request) -> Result<Self, Problem> {
        let chat = state.chats.chats.get(name).ok_or_else(no_chat)?;
        let peer = peer::peer(request, &state.trusted);
        state.chats.counts.request(peer).map_err(too_many)?;
        let secure = is_secure(state, request);
        let headers = request.headers();
        let session = cookie(headers, &cookie_name(name, secure))
            .and_then(|cookie| Session::read(cookie, &chat.keys, name, state.clock.now()));
        Ok(Self {
            chat,
            peer,
            secure,
            lang: Lang::wanted(headers),
            session,
        })
    }

    /// The id of his conversation; a browser without our cookie has none.
    pub(super) fn conversation(&self) -> Result<String, Problem> {
        match &self.session {
            Some(session) => Ok(session.conversation(&self.chat.name)),
            None => {
                metrics::refused("session");
                Err(no_session())
            }
        }
    }
}

/// Whether a page that is not ours asks, as its browser says.
pub(super) fn foreign(headers: &HeaderMap) -> bool {
    headers
        .get(FETCH_SITE)
        .is_some_and(|site| site != "same-origin")
}

pub(super) fn no_chat() -> Problem {
    Problem::not_found(
        "there is no such chat",
        "check the address; chats stand in jieban.toml as [chat.NAME]",
        "没有这个聊天窗口，请检查网址",
    )
}

pub(super) fn too_many(wait: Duration) -> Problem {
    metrics::refused("rate");
    Problem::too_many(wait, "more was asked of this chat than it bears")
}

pub(super) fn stranger() -> Problem {
    metrics::refused("origin");
    Problem::new(
        StatusCode::FORBIDDEN,
        "stranger",
        "Not from our page",
        "this is taken from the chat's own page only",
        "open the chat and write there",
        "请在聊天窗口里发送",
    )
}

fn no_session() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "session",
        "The browser is not known",
        "the chat's cookie is missing or too old",
        "let the browser keep cookies for this page, or open the chat in a window of its own",
        "浏览器没有保存这个聊天窗口的凭证，请允许 Cookie，或在新窗口中打开",
    )
}
