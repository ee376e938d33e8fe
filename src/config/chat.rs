//! A chat on a shop's own site: whose it is, and which pages may show it.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::{
    Config, Secret,
    file::{Reader, Secrets},
    source::{self, NAME_MEND, SECRETS_MEND},
};

/// What stands before a chat's name where it is a source: shops name it so in `shops.yaml`. No other source can be
/// called so.
pub const CHAT: &str = "chat:";

/// A chat that customers open in their browsers, at `/chat/{name}`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chat {
    /// The account it is of its source, as `shops.yaml` names it; the chat's name by default.
    pub account: Option<String>,
    /// What stands above it; the shop's name by default.
    pub title: Option<String>,
    /// The origins whose pages may show it in a frame, such as `https://shop.example`; none by default.
    pub origins: Vec<String>,
    /// What signs the cookies, the first; all are accepted. Without one, `serve` makes it. Nodes that serve the same
    /// chat need the same.
    pub secrets: Vec<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileChat {
    account: Option<Spanned<String>>,
    title: Option<String>,
    origins: Option<Spanned<Vec<String>>>,
    secrets: Option<Spanned<Secrets>>,
    secret_files: Option<Spanned<Vec<PathBuf>>>,
}

/// Characters of an account, at the most: as bridges may name them.
const LONGEST: usize = 200;

const ACCOUNT_MEND: &str = "write the account as shops.yaml names it, in at most 200 characters";
const ORIGINS_MEND: &str =
    "write scheme, host and port only, such as [\"https://shop.example\"], at most 20 of them";
/// So many fit into a header with room to spare.
const ORIGINS: usize = 20;

impl Chat {
    /// Takes the origins that may show it, or says what is wrong.
    fn take_origins(&mut self, origins: &[String]) -> Result<(), String> {
        if origins.len() > ORIGINS {
            return Err("there are too many".to_owned());
        }
        for text in origins {
            self.origins.push(origin(text)?);
        }
        Ok(())
    }

    fn take_secrets(&mut self, secrets: Vec<Secret>) -> Result<(), String> {
        for secret in &secrets {
            secret.signing_key().map_err(|bad| bad.to_string())?;
        }
        self.secrets.extend(secrets);
        Ok(())
    }
}

/// An origin as browsers write it.
fn origin(text: &str) -> Result<String, String> {
    source::address(text)?;
    let url = reqwest::Url::parse(text.trim()).map_err(|error| error.to_string())?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("an origin ends with its host or port".to_owned());
    }
    let origin = url.origin().ascii_serialization();
    // What would mean something in the header it stands in; no host has them.
    if origin.contains([';', ',', ' ', '*', '\'']) {
        return Err("this is no host".to_owned());
    }
    Ok(origin)
}

impl Reader<'_> {
    pub(super) fn chat(&mut self, name: Spanned<String>, file: FileChat, config: &mut Config) {
        if !source::name_fits(name.get_ref()) {
            self.say(name.span(), "this is no name for a chat", NAME_MEND);
            return;
        }
        let mut chat = Chat {
            title: file.title,
            ..Chat::default()
        };
        if let Some(account) = file.account {
            let text = account.get_ref().trim();
            if text.is_empty() || text.chars().count() > LONGEST {
                self.say(account.span(), "account: this is no account", ACCOUNT_MEND);
            }
            chat.account = Some(text.to_owned());
        }
        if let Some(origins) = file.origins {
            let taken = chat.take_origins(origins.get_ref());
            self.check(taken, origins.span(), "origins", ORIGINS_MEND);
        }
        if let Some(secrets) = file.secrets {
            let span = secrets.span();
            let taken = chat.take_secrets(secrets.into_inner().0);
            self.check(taken, span, "secrets", SECRETS_MEND);
        }
        if let Some(files) = file.secret_files {
            let span = files.span();
            let taken = self
                .files(&files.into_inner())
                .and_then(|found| chat.take_secrets(found));
            self.check(taken, span, "secret_files", SECRETS_MEND);
        }
        config.chats.insert(name.into_inner(), chat);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_origins_are_origins() {
        for (text, read) in [
            ("https://shop.example", Some("https://shop.example")),
            ("https://Shop.Example/", Some("https://shop.example")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("https://shop.example:443", Some("https://shop.example")),
            ("https://shop.example/cart", None),
            ("https://shop.example?x", None),
            ("https://user:pass@shop.example", None),
            ("https://*.shop.example", None),
            ("*", None),
            ("javascript:alert(1)", None),
            ("https://shop.example; script-src *", None),
        ] {
            assert_eq!(origin(text).ok().as_deref(), read, "{text}");
        }
    }

    #[test]
    fn a_chat_is_read_with_its_secret_and_shows_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jieban.toml");
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        std::fs::write(
            &path,
            format!("[chat.shop]\naccount = \"tea\"\norigins = [\"https://tea.example\"]\nsecrets = [\"{secret}\"]\n"),
        )
        .unwrap();
        let config = Config::load(Some(&path), |_| None).unwrap();
        let chat = &config.chats["shop"];
        assert_eq!(chat.account.as_deref(), Some("tea"));
        assert_eq!(chat.origins, ["https://tea.example"]);
        assert!(!config.needs_chat_secret() && !format!("{config:?}").contains("MfKQ"));
        std::fs::write(
            &path,
            "[chat.shop]\norigins = [\"tea.example\"]\n[chat.\"Große\"]\n",
        )
        .unwrap();
        let wrong = Config::load(Some(&path), |_| None).unwrap_err();
        assert_eq!(wrong.0.len(), 2, "{wrong}");
    }
}
