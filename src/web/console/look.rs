//! How the console looks to this browser, and where it begins.

use axum::{
    extract::Form,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    page::set_cookie,
    pages::pages,
    visit::{LANG, THEME, Visit, Visitor, theme},
    words::Lang,
};

/// A year.
const LONG: &str = "; Max-Age=31536000";

/// What he wants otherwise, and where he was.
#[derive(Deserialize)]
pub(super) struct Wanted {
    lang: Option<String>,
    theme: Option<String>,
    back: Option<String>,
}

pub(super) async fn change(visit: Visit, Form(wanted): Form<Wanted>) -> Response {
    let mut response = Redirect::to(&ours(wanted.back.as_deref())).into_response();
    if let Some(lang) = wanted.lang.as_deref().and_then(Lang::parse) {
        set_cookie(&mut response, LANG, lang.code(), visit.secure, LONG);
    }
    if let Some(chosen) = wanted.theme.as_deref() {
        let chosen = theme(chosen).unwrap_or_default();
        let age = if chosen.is_empty() { "" } else { LONG };
        set_cookie(&mut response, THEME, chosen, visit.secure, age);
    }
    response
}

/// An address of ours, whatever was given.
pub(super) fn ours(given: Option<&str>) -> String {
    let ours = |path: &str| {
        (path == "/console" || path.starts_with("/console/") || path.starts_with("/console?"))
            && path.chars().all(|c| c.is_ascii_graphic() && c != '\\')
    };
    given
        .filter(|path| ours(path))
        .unwrap_or("/console")
        .to_owned()
}

/// The first page of the menu that is his.
pub(super) async fn home(visitor: Visitor) -> Redirect {
    let first = pages()
        .into_iter()
        .filter(|row| row.menu.is_some())
        .find(|row| visitor.may(row.opens_to));
    Redirect::to(&format!(
        "/console{}",
        first.map_or("/account", |row| row.path)
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::ours;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (given, goes) in [
            ("/console/inbox?of=recent", "/console/inbox?of=recent"),
            ("/console", "/console"),
            ("//evil.example/console/", "/console"),
            ("https://evil.example", "/console"),
            ("/console/\r\nset-cookie: x", "/console"),
            ("/consolex", "/console"),
            ("", "/console"),
        ] {
            assert_eq!(ours(Some(given)), goes, "{given}");
        }
    }
}
