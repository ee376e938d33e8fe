//! Standard Webhooks 1.0.0: who sent these bytes, and when.
//!
//! A signature is `v1,` and the base64 of an HMAC-SHA256 over `id.timestamp.body`. It is checked over the raw
//! bytes, before anybody parses them: JSON that was read and written again is other bytes.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::config::{BadSecret, Secret};

/// Header: the delivery's id, the same on every attempt.
pub const ID: &str = "webhook-id";
/// Header: the attempt's time in unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header: signatures, separated by blanks.
pub const SIGNATURE: &str = "webhook-signature";

/// Seconds a timestamp may be away from our clock, either way.
pub const TOLERANCE: i64 = 300;

/// Signatures read of one header; a sender in the middle of a rotation needs two.
pub const MOST_SIGNATURES: usize = 5;

const LONGEST_ID: usize = 200;

/// Several secrets, all of them active: during a rotation both ends know the old one and the new one.
#[derive(Clone, Default)]
pub struct Keys(Vec<Vec<u8>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

/// The three headers as they arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    /// [`ID`].
    pub id: &'a str,
    /// [`TIMESTAMP`].
    pub timestamp: &'a str,
    /// [`SIGNATURE`].
    pub signature: &'a str,
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The id is empty, too long, or holds a `.`, which would let one signature stand for two deliveries.
    #[error("webhook-id is missing, longer than 200 bytes or holds a dot")]
    Id,
    /// The timestamp is not in unix seconds.
    #[error("webhook-timestamp is not a number of unix seconds")]
    Timestamp,
    /// The timestamp is too far away from our clock.
    #[error(
        "webhook-timestamp is {skew} s away from this server's clock; at most 300 s are accepted"
    )]
    Stale {
        /// Seconds the sender's clock is ahead of ours (negative: behind).
        skew: i64,
    },
    /// No listed signature fits any active secret.
    #[error("no v1 signature fits")]
    Signature,
}

impl Keys {
    /// The keys behind `secrets`.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Result<Self, BadSecret> {
        secrets
            .into_iter()
            .map(Secret::signing_key)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there is any key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The signature header for `body`: one clean `v1` token for each key.
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
        let timestamp = at.timestamp().to_string();
        self.0
            .iter()
            .map(|key| format!("v1,{}", STANDARD.encode(digest(key, id, &timestamp, body))))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether one of the listed signatures was made over `body` with one of these keys, not long from `now`.
    pub fn verify(
        &self,
        headers: Headers<'_>,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        headers.check_time(now)?;
        let given = || {
            headers
                .signature
                .split_ascii_whitespace()
                .filter_map(|token| token.strip_prefix("v1,"))
                .take(MOST_SIGNATURES)
                .filter_map(|text| STANDARD.decode(text).ok())
        };
        // Every key is compared with every signature, so that the time taken says nothing about which fits.
        let mut fits = Choice::from(0);
        for key in &self.0 {
            let expected = digest(key, headers.id, headers.timestamp, body);
            for signature in given() {
                fits |= expected.as_slice().ct_eq(signature.as_slice());
            }
        }
        if fits.into() {
            Ok(())
        } else {
            Err(Refused::Signature)
        }
    }
}

impl Headers<'_> {
    /// Whether id and timestamp can be right at all; cheap, before the body is read.
    pub fn check_time(&self, now: DateTime<Utc>) -> Result<(), Refused> {
        if self.id.is_empty() || self.id.len() > LONGEST_ID || self.id.contains('.') {
            return Err(Refused::Id);
        }
        let plain =
            !self.timestamp.is_empty() && self.timestamp.bytes().all(|b| b.is_ascii_digit());
        let at: i64 = self
            .timestamp
            .parse()
            .ok()
            .filter(|_| plain)
            .ok_or(Refused::Timestamp)?;
        let skew = at.saturating_sub(now.timestamp());
        if skew.abs() > TOLERANCE {
            return Err(Refused::Stale { skew });
        }
        Ok(())
    }
}

fn digest(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length; there is no error to meet here.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    struct Vector {
        secrets: &'static [&'static str],
        id: &'static str,
        timestamp: i64,
        body: &'static str,
        header: &'static str,
    }

    const A: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const B: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const C: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// Vectors on which the reference libraries in Python, Node and Rust agree.
    const VECTORS: [Vector; 3] = [
        Vector {
            secrets: &[A],
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: r#"{"test": 2432232314}"#,
            header: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        Vector {
            secrets: &[B],
            id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            timestamp: 1_649_367_553,
            body: r#"{"email":"test@example.com","username":"test_user"}"#,
            header: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        },
        Vector {
            secrets: &[C, A],
            id: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
            timestamp: 1_767_323_045,
            body: r#"{"type":"message.created","timestamp":"2026-01-02T03:04:05Z","data":{"text":"您好，我的快递到哪了？🚚"}}"#,
            header: "v1,5cZeHuCMhqRXcLzYzchqG8T2J7qTnp5ZYuFQrhRb3f4= v1,VFvtIxdUcx0daB0UKWlsLZeoWUiSlxq74T5plGxVhHk=",
        },
    ];

    fn keys(secrets: &[&str]) -> Keys {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::from(*text)).collect();
        Keys::new(&secrets).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    impl Vector {
        fn check(
            &self,
            header: &str,
            body: &[u8],
            now: i64,
            secrets: &[&str],
        ) -> Result<(), Refused> {
            let timestamp = self.timestamp.to_string();
            let headers = Headers {
                id: self.id,
                timestamp: &timestamp,
                signature: header,
            };
            keys(secrets).verify(headers, body, at(now))
        }
    }

    #[test]
    fn the_vectors_sign_and_verify() {
        for v in &VECTORS {
            assert_eq!(
                keys(v.secrets).sign(v.id, at(v.timestamp), v.body.as_bytes()),
                v.header
            );
            assert_eq!(
                v.check(v.header, v.body.as_bytes(), v.timestamp, v.secrets),
                Ok(())
            );
            for secret in v.secrets {
                // Either end may be ahead with its rotation.
                assert_eq!(
                    v.check(v.header, v.body.as_bytes(), v.timestamp, &[secret]),
                    Ok(())
                );
            }
        }
    }

    #[test]
    fn what_was_changed_on_the_way_is_refused() {
        for v in &VECTORS {
            let body = v.body.as_bytes();
            for place in 0..body.len() {
                let mut flipped = body.to_vec();
                flipped[place] ^= 1;
                assert_eq!(
                    v.check(v.header, &flipped, v.timestamp, v.secrets),
                    Err(Refused::Signature)
                );
            }
            let reserialised = serde_json::to_vec_pretty(
                &serde_json::from_slice::<serde_json::Value>(body).unwrap(),
            )
            .unwrap();
            for other in [&b""[..], &body[..body.len() - 1], &reserialised] {
                assert_eq!(
                    v.check(v.header, other, v.timestamp, v.secrets),
                    Err(Refused::Signature)
                );
            }
            for secret in [A, B, C].iter().filter(|s| !v.secrets.contains(s)) {
                assert_eq!(
                    v.check(v.header, body, v.timestamp, &[secret]),
                    Err(Refused::Signature)
                );
            }
            assert_eq!(
                v.check(v.header, body, v.timestamp, &[]),
                Err(Refused::Signature)
            );
        }
    }

    #[test]
    fn the_clock_may_be_five_minutes_off() {
        let v = &VECTORS[0];
        for (now, result) in [
            (v.timestamp + 299, Ok(())),
            (v.timestamp + 300, Ok(())),
            (v.timestamp + 301, Err(Refused::Stale { skew: -301 })),
            (v.timestamp - 300, Ok(())),
            (v.timestamp - 301, Err(Refused::Stale { skew: 301 })),
        ] {
            assert_eq!(v.check(v.header, v.body.as_bytes(), now, v.secrets), result);
        }
    }

    #[test]
    fn the_signature_header_is_read_with_care() {
        let v = &VECTORS[0];
        let good = v.header;
        let bad = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for (header, fits) in [
            (format!("v1a,x {good}"), true),
            (format!("v2,x nonsense , v1 {good}"), true),
            (format!("{bad} {good}"), true),
            (format!("{} {good}", [bad; 4].join(" ")), true),
            (format!("{} {good}", [bad; 5].join(" ")), false),
            (format!("{} {good}", [bad; 1000].join(" ")), false),
            (String::new(), false),
            ("v1,".to_owned(), false),
            (good[..good.len() - 1].to_owned(), false),
            (good.replace("v1", "V1"), false),
            (good.replace("v1,", ""), false),
        ] {
            let result = v.check(&header, v.body.as_bytes(), v.timestamp, v.secrets);
            assert_eq!(result.is_ok(), fits, "{header:.80}");
        }
    }

    #[test]
    fn ids_and_timestamps_are_read_with_care() {
        let now = at(1_614_265_330);
        let check = |id: &str, timestamp: &str| {
            Headers {
                id,
                timestamp,
                signature: "",
            }
            .check_time(now)
        };
        assert_eq!(check("", "1614265330"), Err(Refused::Id));
        assert_eq!(check("a.b", "1614265330"), Err(Refused::Id));
        assert_eq!(check(&"x".repeat(201), "1614265330"), Err(Refused::Id));
        for timestamp in [
            "",
            "+1614265330",
            " 1614265330",
            "1614265330.0",
            "1e9",
            "９",
            "99999999999999999999",
        ] {
            assert_eq!(
                check("id", timestamp),
                Err(Refused::Timestamp),
                "{timestamp}"
            );
        }
        assert!(matches!(
            check("id", "9223372036854775807"),
            Err(Refused::Stale { .. })
        ));
        assert_eq!(check("id", "1614265330"), Ok(()));
    }

    #[test]
    fn the_reference_library_agrees() {
        let now = DateTime::from_timestamp(1_767_323_045, 0).unwrap();
        let body = r#"{"text":"您好🚚"}"#.as_bytes();
        let reference = standardwebhooks::Webhook::new(C).unwrap();
        let theirs = reference.sign("msg_1", now.timestamp(), body).unwrap();
        let ours = keys(&[A, C]).sign("msg_1", now, body);
        assert!(ours.split(' ').any(|signature| signature == theirs));

        let signature = reference.sign("msg_2", now.timestamp(), body).unwrap();
        let timestamp = now.timestamp().to_string();
        let theirs = Headers {
            id: "msg_2",
            timestamp: &timestamp,
            signature: &signature,
        };
        assert_eq!(keys(&[A, C]).verify(theirs, body, now), Ok(()));
    }
}
