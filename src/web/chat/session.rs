//! Who a customer is to us: whoever holds a cookie that we signed. Nothing else is known of him, and nothing kept.

use axum::http::HeaderValue;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// How long a browser is known without coming back.
const KNOWN: Duration = Duration::days(30);
/// A cookie older than this is made anew when its browser comes.
const RENEWED: Duration = Duration::days(1);
/// So far ahead another node's clock may be.
const AHEAD: Duration = Duration::minutes(5);

/// A browser that holds a cookie of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    id: String,
    issued: i64,
}

impl Session {
    /// A new one; `None` without randomness.
    pub(super) fn new(now: DateTime<Utc>) -> Option<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).ok()?;
        Some(Self {
            id: hex(&id),
            issued: now.timestamp(),
        })
    }

    /// The one a cookie speaks of, if we signed it for this chat and it is not too old.
    pub(super) fn read(
        cookie: &str,
        keys: &[Vec<u8>],
        chat: &str,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let mut parts = cookie.split('.');
        let (Some(id), Some(issued), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let mac = unhex(mac)?;
        let session = Self {
            id: (id.len() == 32 && unhex(id).is_some()).then(|| id.to_owned())?,
            issued: issued.parse().ok()?,
        };
        let signed = keys.iter().any(|key| {
            session
                .mac(key, chat)
                .is_some_and(|ours| ours.verify_slice(&mac).is_ok())
        });
        let age = now - DateTime::from_timestamp(session.issued, 0)?;
        (signed && -AHEAD <= age && age < KNOWN).then_some(session)
    }

    /// The cookie's value, signed with the first key.
    pub(super) fn signed(&self, keys: &[Vec<u8>], chat: &str) -> Option<String> {
        let mac = self.mac(keys.first()?, chat)?.finalize().into_bytes();
        Some(format!("{}.{}.{}", self.id, self.issued, hex(&mac)))
    }

    /// The same browser, as of now, when its cookie is to be made anew.
    pub(super) fn renewed(&self, now: DateTime<Utc>) -> Option<Self> {
        let due = now.timestamp() - self.issued >= RENEWED.num_seconds();
        due.then(|| Self {
            id: self.id.clone(),
            issued: now.timestamp(),
        })
    }

    /// The id of its conversation, which agents, helpers and logs may see: the cookie cannot be made of it.
    pub(super) fn conversation(&self, chat: &str) -> String {
        let digest = Sha256::digest(format!("jieban web chat\0{chat}\0{}", self.id));
        hex(digest.get(..12).unwrap_or_default())
    }

    fn mac(&self, key: &[u8], chat: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(format!("chat\0{chat}\0{}\0{}", self.id, self.issued).as_bytes());
        Some(mac)
    }
}

/// The name of a chat's cookie.
pub(super) fn cookie_name(chat: &str, secure: bool) -> String {
    let prefix = if secure { "__Secure-" } else { "" };
    format!("{prefix}jieban-chat-{chat}")
}

/// The header that sets it. Over https it also works in a frame of another site, kept apart for each such site
/// (`Partitioned`); `framed` says whether the chat has any.
pub(super) fn set_cookie(
    chat: &str,
    value: &str,
    secure: bool,
    framed: bool,
) -> Option<HeaderValue> {
    let how = match (secure, framed) {
        (true, true) => "SameSite=None; Secure; Partitioned",
        (true, false) => "SameSite=Lax; Secure",
        (false, _) => "SameSite=Lax",
    };
    let name = cookie_name(chat, secure);
    let age = KNOWN.num_seconds();
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/chat/{chat}; Max-Age={age}; HttpOnly; {how}"
    ))
    .ok()
}

/// Random and fit to stand in a form or a cookie.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2)
        || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + day * 86_400, 0).unwrap()
    }

    #[test]
    fn only_what_we_signed_for_this_chat_and_lately_is_known() {
        let (old, new) = (vec![1; 32], vec![2; 32]);
        let session = Session::new(at(0)).unwrap();
        let cookie = session.signed(std::slice::from_ref(&old), "shop").unwrap();
        let both = [new.clone(), old.clone()];
        assert_eq!(
            Session::read(&cookie, &both, "shop", at(29)),
            Some(session.clone())
        );
        assert_eq!(session.renewed(at(0)), None);
        let renewed = session.renewed(at(2)).unwrap();
        assert_eq!(renewed.conversation("shop"), session.conversation("shop"));
        assert_ne!(session.conversation("shop"), session.conversation("other"));
        let (id, rest) = cookie.split_once('.').unwrap();
        let (_, mac) = rest.split_once('.').unwrap();
        let later = at(3).timestamp();
        for (cookie, chat, day) in [
            (cookie.clone(), "other", 0),
            (cookie.clone(), "shop", 30),
            (cookie.clone(), "shop", -1),
            (format!("{id}.{later}.{mac}"), "shop", 3),
            (
                cookie.replacen(&id[..1], if id.starts_with('0') { "1" } else { "0" }, 1),
                "shop",
                0,
            ),
            (cookie.to_uppercase(), "shop", 0),
            (format!("{cookie}.x"), "shop", 0),
            (format!("{id}.{rest}é"), "shop", 0),
            (cookie[..cookie.len() - 2].to_owned(), "shop", 0),
            (String::new(), "shop", 0),
            ("..".to_owned(), "shop", 0),
        ] {
            assert_eq!(
                Session::read(&cookie, &both, chat, at(day)),
                None,
                "{cookie} {chat} {day}"
            );
        }
        assert_eq!(Session::read(&cookie, &[new], "shop", at(0)), None);
    }

    #[test]
    fn a_cookie_is_for_frames_only_over_https() {
        let set = |secure, framed| {
            let header = set_cookie("shop", "v", secure, framed).unwrap();
            header.to_str().unwrap().to_owned()
        };
        assert_eq!(
            set(true, true),
            "__Secure-jieban-chat-shop=v; Path=/chat/shop; Max-Age=2592000; HttpOnly; SameSite=None; Secure; Partitioned"
        );
        assert!(set(true, false).ends_with("HttpOnly; SameSite=Lax; Secure"));
        assert!(set(false, true).ends_with("HttpOnly; SameSite=Lax"));
    }
}
