//! The console's own words, in Chinese and English: one file a language, embedded.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::http::{HeaderMap, header};

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::web) enum Lang {
    /// 中文.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// As the cookie and the `lang` of our forms say it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// As the page's `lang` says it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    pub(super) fn parse(code: &str) -> Option<Self> {
        match code {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// What a browser asks for: the first of its languages that is one of ours, by weight. Chinese when it asks for
    /// none of them.
    pub(in crate::web) fn wanted(headers: &HeaderMap) -> Self {
        let asked = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut best = (0.0, Self::Zh);
        for part in asked.split(',').take(16) {
            let mut pieces = part.trim().split(';');
            let tag = pieces.next().unwrap_or_default().trim().to_lowercase();
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            let lang = match tag.split('-').next() {
                Some("zh") => Self::Zh,
                Some("en") => Self::En,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, lang);
            }
        }
        best.1
    }

    /// The words of a key.
    pub(super) fn say(self, key: &str) -> Option<&'static str> {
        let words = match self {
            Self::Zh => &*CHINESE,
            Self::En => &*ENGLISH,
        };
        words.get(key).map(String::as_str)
    }
}

/// The words of a language, by key: tables of the file are joined by dots.
pub(super) type Words = BTreeMap<String, String>;

static CHINESE: LazyLock<Words> = LazyLock::new(|| read(include_str!("words/zh.toml")));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| read(include_str!("words/en.toml")));

/// A file that is no TOML has no words; the tests would say so.
fn read(text: &str) -> Words {
    let mut words = Words::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        flatten("", &table, &mut words);
    }
    words
}

fn flatten(prefix: &str, table: &toml::Table, words: &mut Words) {
    for (key, value) in table {
        let key = match prefix {
            "" => key.clone(),
            _ => format!("{prefix}.{key}"),
        };
        match value {
            toml::Value::String(text) => {
                words.insert(key, text.clone());
            }
            toml::Value::Table(table) => flatten(&key, table, words),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::{desk::HandoffReason, web::console::pages::pages};

    fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/web/console")
            .join(folder);
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == ending) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
        files
    }

    /// Keys that templates say: whole ones, and the beginnings of those that are put together.
    fn said() -> (BTreeSet<String>, BTreeSet<String>) {
        let key = regex::Regex::new(r#"\bt\(\s*"([^"]+)"\s*(~?)"#).unwrap();
        let (mut whole, mut begun) = (BTreeSet::new(), BTreeSet::new());
        for (_, text) in files("templates", "html") {
            for found in key.captures_iter(&text) {
                let set = if &found[2] == "~" {
                    &mut begun
                } else {
                    &mut whole
                };
                set.insert(found[1].to_owned());
            }
        }
        (whole, begun)
    }

    #[test]
    fn both_languages_have_the_same_keys_and_blanks() {
        assert!(CHINESE.len() > 100, "the file was read");
        let keys = |words: &Words| words.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&CHINESE), keys(&ENGLISH));
        let blank = regex::Regex::new(r"\{[a-z]+\}").unwrap();
        for (key, chinese) in CHINESE.iter() {
            let blanks = |text: &str| {
                let found = blank.find_iter(text).map(|m| m.as_str().to_owned());
                found.collect::<BTreeSet<_>>()
            };
            assert_eq!(blanks(chinese), blanks(&ENGLISH[key]), "{key}");
            assert!(
                !chinese.trim().is_empty() && !ENGLISH[key].trim().is_empty(),
                "{key}"
            );
        }
    }

    #[test]
    fn every_key_that_is_said_is_known_and_every_known_key_is_said() {
        let (mut whole, begun) = said();
        for beginning in &begun {
            assert!(
                CHINESE.keys().any(|key| key.starts_with(beginning)),
                "{beginning}"
            );
        }
        // Handlers name keys as plain text.
        let named = regex::Regex::new(r#""([a-z_-]+(?:\.[a-z_-]+)+)""#).unwrap();
        for (_, text) in files("", "rs") {
            let named = named.captures_iter(&text).map(|found| found[1].to_owned());
            whole.extend(named.filter(|key| CHINESE.contains_key(key)));
        }
        for key in &whole {
            assert!(CHINESE.contains_key(key), "nobody translated {key}");
        }
        for key in CHINESE.keys() {
            let said =
                whole.contains(key) || begun.iter().any(|beginning| key.starts_with(beginning));
            assert!(said, "nobody says {key}");
        }
    }

    #[test]
    fn what_is_put_together_is_known() {
        let rows = pages();
        let menu = rows
            .iter()
            .filter_map(|row| row.menu)
            .map(|(name, _)| format!("menu.{name}"));
        let reasons = HandoffReason::ALL
            .iter()
            .map(|reason| format!("reason.{}", reason.code()));
        let roles = crate::config::Role::ALL
            .iter()
            .map(|role| format!("role.{}", role.code()));
        let verdicts = [
            "nobody_waits",
            "only_history",
            "stale",
            "stopped",
            "mode",
            "owned",
            "loop",
            "handed_off",
            "silent",
            "receipt",
            "receipt_capped",
            "handoff",
            "announcement",
            "register",
            "answer",
        ]
        .map(|code| format!("verdict.{code}"));
        let states = crate::desk::case::State::CODES
            .iter()
            .map(|code| format!("case.{code}"));
        let acts = crate::web::console::case::ACTS
            .iter()
            .map(|code| format!("act.{code}"));
        let parties = crate::desk::case::Party::ALL
            .iter()
            .map(|party| format!("party.{}", party.code()));
        let menu = menu.chain(states).chain(acts).chain(parties);
        for key in menu.chain(reasons).chain(roles).chain(verdicts) {
            assert!(CHINESE.contains_key(&key), "nobody translated {key}");
        }
    }

    #[test]
    fn a_browser_gets_the_language_it_asks_for() {
        for (asked, lang) in [
            ("", Lang::Zh),
            ("de", Lang::Zh),
            ("en-GB,en;q=0.9", Lang::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("de,en;q=0.5,zh;q=0.3", Lang::En),
            ("en;q=nonsense,zh-TW;q=0.1", Lang::Zh),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, asked.parse().unwrap());
            assert_eq!(Lang::wanted(&headers), lang, "{asked}");
        }
    }
}
