//! One sender of messages: how it signs in, and where its replies go.

use std::{fs, path::Path};

use super::Secret;
use crate::knowledge::Mode;

/// The source that is served when none is named.
pub const DEFAULT_SOURCE: &str = "default";

/// Characters of a token, at the least: tokens are not slowed down when they are right, so guessing must be hopeless.
const SHORTEST_TOKEN: usize = 16;

/// A bridge that may post messages under its name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Standard Webhooks secrets that are accepted; the replies it gets are signed with all of them.
    pub secrets: Vec<Secret>,
    /// Bearer tokens that are accepted.
    pub tokens: Vec<Secret>,
    /// Where replies are posted; without it they wait in the outbox or go out with the response.
    pub reply_url: Option<String>,
    /// The most the bot may do for this source, whatever its shops' mode.
    pub mode: Option<Mode>,
}

impl Source {
    /// Takes signing secrets, or says what is wrong.
    pub(super) fn take_secrets(&mut self, secrets: Vec<Secret>) -> Result<(), String> {
        for secret in &secrets {
            secret.signing_key().map_err(|bad| bad.to_string())?;
        }
        self.secrets.extend(secrets);
        Ok(())
    }

    /// Takes bearer tokens, or says what is wrong.
    pub(super) fn take_tokens(&mut self, tokens: Vec<Secret>) -> Result<(), String> {
        check_tokens(&tokens)?;
        self.tokens.extend(tokens);
        Ok(())
    }

    /// Takes the address replies go to, or says what is wrong.
    pub(super) fn take_reply_url(&mut self, text: &str) -> Result<(), String> {
        self.reply_url = Some(address(text)?);
        Ok(())
    }

    /// Takes the cap on what the bot may do, or says what is wrong.
    pub(super) fn take_mode(&mut self, text: &str) -> Result<(), String> {
        self.mode = Some(Mode::parse(text).ok_or("this is no mode")?);
        Ok(())
    }
}

/// Whether these may be tokens.
pub(super) fn check_tokens(tokens: &[Secret]) -> Result<(), String> {
    let fits = |text: &str| {
        text.chars().count() >= SHORTEST_TOKEN && text.bytes().all(|b| b.is_ascii_graphic())
    };
    if tokens.iter().all(|token| fits(token.reveal())) {
        return Ok(());
    }
    Err(format!(
        "a token has at least {SHORTEST_TOKEN} ASCII characters and no blanks"
    ))
}

/// An address something may be posted to, or what is wrong with it.
pub(super) fn address(text: &str) -> Result<String, String> {
    let url = reqwest::Url::parse(text.trim()).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("this is no http:// or https:// address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "an address carries no user or password; what is sent is signed instead".to_owned(),
        );
    }
    Ok(text.trim().to_owned())
}

pub(super) const MODE_MEND: &str = "write \"off\", \"assist\" or \"auto\"";
pub(super) const SECRETS_MEND: &str = "make one with: echo \"whsec_$(openssl rand -base64 32)\"";
pub(super) const TOKENS_MEND: &str = "make one with: openssl rand -hex 24";
pub(super) const URL_MEND: &str =
    "write the whole address, such as \"https://bridge.example/jieban\"";
pub(super) const NAME_MEND: &str =
    "a source's name has at most 40 of a-z, 0-9, - and _; it stands in the address it posts to";

/// Whether a source may be called so.
pub(super) fn name_fits(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// The secrets in a file, one a line; `#` opens a comment.
pub(super) fn secrets_in(path: &Path) -> Result<Vec<Secret>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let secrets: Vec<Secret> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(Secret::from)
        .collect();
    if secrets.is_empty() {
        return Err(format!("{} holds nothing", path.display()));
    }
    Ok(secrets)
}
