//! Writing pages: templates that are embedded, strict about what they name, and escape everything.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use include_dir::{Dir, include_dir};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, State as Rendering, UndefinedBehavior, Value,
    context, syntax::SyntaxConfig, value::Kwargs,
};

use super::{
    assets,
    oops::Oops,
    pages::pages,
    visit::{Visit, Visitor},
    words::Lang,
};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/web/console/templates");

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // Everything, whatever a template is called.
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    if let Ok(syntax) = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
    {
        env.set_syntax(syntax);
    }
    env.add_function("t", say);
    for file in TEMPLATES.files() {
        let name = file.path().to_str().unwrap_or_default();
        let text = file.contents_utf8().unwrap_or_default();
        // A template that cannot be read is not there; the tests write every one.
        if let Err(error) = env.add_template(name, text) {
            tracing::error!(%error, "a template cannot be read");
        }
    }
    env
});

/// `t("key", name=value)`: the words of a key in the page's language, with its blanks filled.
fn say(rendering: &Rendering<'_, '_>, key: &str, blanks: Kwargs) -> Result<String, Error> {
    let lang = rendering
        .lookup("lang")
        .and_then(|lang| Lang::parse(lang.as_str()?))
        .ok_or_else(|| Error::new(ErrorKind::UndefinedError, "the page has no language"))?;
    let words = lang.say(key).ok_or_else(|| {
        Error::new(
            ErrorKind::UndefinedError,
            format!("nobody translated {key}"),
        )
    })?;
    let mut text = words.to_owned();
    for name in blanks.args() {
        let value: Value = blanks.get(name)?;
        text = text.replace(&format!("{{{name}}}"), &value.to_string());
    }
    blanks.assert_all_used()?;
    Ok(text)
}

/// A page on its way.
pub(super) struct Page<'v> {
    visit: &'v Visit,
    template: &'static str,
    topics: Vec<String>,
    address: Option<String>,
    context: Value,
    status: axum::http::StatusCode,
}

impl<'v> Page<'v> {
    /// A page of somebody who is signed in.
    pub(super) fn of(visitor: &'v Visitor, template: &'static str, context: Value) -> Self {
        Self::open(&visitor.visit, template, context)
    }

    /// A page for anybody.
    pub(super) fn open(visit: &'v Visit, template: &'static str, context: Value) -> Self {
        Self {
            visit,
            template,
            topics: Vec::new(),
            address: None,
            context,
            status: axum::http::StatusCode::OK,
        }
    }

    /// It shows these topics, as [`super::live`] names them, and is written anew when one changes.
    pub(super) fn live(mut self, topics: impl IntoIterator<Item = String>) -> Self {
        self.topics.extend(topics);
        self
    }

    /// It can be loaded from here, also when it answers a form.
    pub(super) fn at(mut self, address: impl Into<String>) -> Self {
        let address = address.into();
        // The address asked for may say more: which list, which shop.
        let same = self.visit.address.split('?').next() == Some(address.as_str());
        self.address = (!same).then_some(address);
        self
    }

    /// With another status than 200.
    pub(super) fn status(mut self, status: axum::http::StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Written out.
    pub(super) fn write(self) -> Result<Response, Oops> {
        let address = self.address.as_deref().unwrap_or(&self.visit.address);
        let frame = context! { topics => self.topics.join(" "), address };
        let html = html(
            self.visit,
            self.template,
            context! { ..frame, ..self.context },
        )?;
        Ok((self.status, html).into_response())
    }
}

/// A template with what every page knows.
pub(super) fn html(visit: &Visit, template: &str, context: Value) -> Result<Html<String>, Oops> {
    let who = visit.who.as_ref();
    let menu: Vec<Value> = pages()
        .iter()
        .filter_map(|row| {
            let (name, key) = row.menu?;
            let roles = &who?.colleague.roles;
            row.opens_to.opened_by(roles)?;
            let path = format!("/console{}", row.path);
            Some(context! { name, key => key.to_string(), here => is_here(&visit.address, &path), path })
        })
        .collect();
    let context = context! {
        lang => visit.lang.code(),
        tag => visit.lang.tag(),
        theme => visit.theme.unwrap_or_default(),
        base => if visit.part { "bare.html" } else { "layout.html" },
        assets => assets::folder(),
        me => who.map(|who| who.colleague.name.clone()).unwrap_or_default(),
        form_key => who.map(|who| who.token.form_key()).unwrap_or_default(),
        done => done_of(&visit.address, visit.lang),
        menu,
        now => visit.now,
        ..context
    };
    let written = ENVIRONMENT
        .get_template(template)
        .and_then(|template| template.render(context));
    match written {
        Ok(text) => Ok(Html(text)),
        Err(error) => Err(Oops::broken(&error)),
    }
}

/// Whether an address belongs to an entry of the menu; a conversation belongs to the inbox.
fn is_here(address: &str, path: &str) -> bool {
    let address = address.replace("/console/conversations/", "/console/inbox/");
    address
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// The word of what was just done, that [`done`] put into the address.
fn done_of(address: &str, lang: Lang) -> &'static str {
    let code = address
        .split_once('?')
        .and_then(|(_, query)| query.split('&').find_map(|pair| pair.strip_prefix("done=")));
    code.and_then(|code| lang.say(&format!("done.{code}")))
        .unwrap_or_default()
}

/// Sends the browser on after something was done, so that loading anew does not do it again. `what` is a key of
/// `done.…` in the words.
pub(super) fn done(path: &str, what: &str) -> Response {
    let what = what.strip_prefix("done.").unwrap_or(what);
    let joint = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{joint}done={what}")).into_response()
}

/// A cookie; without a value it is taken back.
pub(super) fn set_cookie(
    response: &mut Response,
    name: &str,
    value: &str,
    secure: bool,
    more: &str,
) {
    let secure = if secure { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{name}={value}; Path=/; SameSite=Lax{secure}{age}{more}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        for file in TEMPLATES.files() {
            let name = file.path().to_str().unwrap();
            let mut env = Environment::new();
            env.add_template(name, file.contents_utf8().unwrap())
                .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }

    #[test]
    fn no_template_holds_words_styles_or_scripts_of_its_own() {
        let comment = regex::Regex::new(r"(?s)\{#.*?#\}").unwrap();
        let chinese = regex::Regex::new(r"\p{Han}").unwrap();
        for file in TEMPLATES.files() {
            let name = file.path().to_str().unwrap();
            let text = file.contents_utf8().unwrap();
            let bare = comment.replace_all(text, "");
            for odd in [
                "style=",
                "onclick",
                "javascript:",
                "|safe",
                "http://",
                "https://",
            ] {
                assert!(!bare.contains(odd), "{name} holds {odd}");
            }
            let known = bare.replace("接班", "").replace("中文", "");
            assert!(
                !chinese.is_match(&known),
                "{name} says something in Chinese only"
            );
        }
    }
}
