//! Who is told when customers wait: groups with a robot, webhooks.

use std::{collections::BTreeMap, path::PathBuf};

use chrono::NaiveTime;
use chrono_tz::{Asia::Shanghai, Tz};
use serde::Deserialize;
use toml::Spanned;

use super::{
    Config, Secret,
    file::{Reader, Secrets},
    source::{self, SECRETS_MEND, URL_MEND},
};
use crate::knowledge::Urgency;

/// What about alarms can be set, beside who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarms {
    /// Where people reach this service; opens the links by which alarms are acknowledged. Without it there are
    /// none. `JIEBAN_PUBLIC_URL`.
    pub public_url: Option<String>,
    /// How long a customer may wait, in minutes of staffed time.
    pub wait_minutes: u32,
    /// The same for single shops, by their ids.
    pub shops: BTreeMap<String, u32>,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            public_url: None,
            wait_minutes: 3,
            shops: BTreeMap::new(),
        }
    }
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notify {
    /// What kind of receiver.
    pub kind: NotifyKind,
    /// Its whole address; with robots the key or token is in it. `JIEBAN_NOTIFY_{NAME}_URL`.
    pub url: Secret,
    /// Signs what it gets. `JIEBAN_NOTIFY_{NAME}_SECRET`.
    pub secrets: Vec<Secret>,
    /// What it hears of; everything by default.
    pub levels: Vec<Urgency>,
    /// The ids of the shops it hears of; all by default.
    pub shops: Vec<String>,
    /// When it hears only of harm: from, until, half-open, also across midnight.
    pub quiet: Option<(NaiveTime, NaiveTime)>,
    /// The zone of its times.
    pub zone: Tz,
    /// Who is asked by name, one after the other while nobody acknowledges: ids or mobile numbers.
    pub people: Vec<String>,
}

/// Kinds of receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotifyKind {
    /// Takes events signed by Standard Webhooks.
    Webhook,
    /// A group robot of WeCom (企业微信).
    WeCom,
    /// A group robot of DingTalk (钉钉).
    DingTalk,
    /// A group robot of Feishu (飞书) or Lark.
    Feishu,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileAlarms {
    public_url: Option<Spanned<String>>,
    wait_minutes: Option<Spanned<u32>>,
    #[serde(default)]
    shops: BTreeMap<String, Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileNotify {
    kind: Spanned<NotifyKind>,
    url: Option<Spanned<Secrets>>,
    url_file: Option<Spanned<PathBuf>>,
    secret: Option<Spanned<Secrets>>,
    secret_file: Option<Spanned<PathBuf>>,
    levels: Option<Spanned<Vec<String>>>,
    shops: Option<Vec<String>>,
    quiet: Option<Spanned<String>>,
    zone: Option<Spanned<String>>,
    people: Option<Vec<String>>,
}

const LEVELS_MEND: &str = "write some of \"notice\", \"warning\", \"urgent\", \"safety\"";
const QUIET_MEND: &str = "write two times of day, such as \"22:00-08:00\"";
pub(super) const PUBLIC_URL_MEND: &str =
    "write the address people open this service with, such as \"https://jieban.example\"";

/// The public address without a slash at its end, or what is wrong.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    Ok(source::address(text)?.trim_end_matches('/').to_owned())
}

impl Notify {
    /// Takes another address, or says what is wrong.
    pub(super) fn take_url(&mut self, text: &str) -> Result<(), String> {
        self.url = Secret::from(source::address(text)?);
        Ok(())
    }

    /// Takes other secrets, or says what is wrong.
    pub(super) fn take_secrets(&mut self, secrets: Vec<Secret>) -> Result<(), String> {
        self.secrets = fitting(self.kind, secrets)?;
        Ok(())
    }
}

fn fitting(kind: NotifyKind, secrets: Vec<Secret>) -> Result<Vec<Secret>, String> {
    match (kind, secrets.len()) {
        (NotifyKind::Webhook, _) => {
            for secret in &secrets {
                secret.signing_key().map_err(|bad| bad.to_string())?;
            }
        }
        (NotifyKind::WeCom, 1..) => {
            return Err("this robot has no secret; the key in its address is one".to_owned());
        }
        (_, 2..) => return Err("a robot has one secret".to_owned()),
        _ => {}
    }
    Ok(secrets)
}

fn quiet(text: &str) -> Option<(NaiveTime, NaiveTime)> {
    let (from, until) = text.split_once(['-', '–'])?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let (from, until) = (time(from)?, time(until)?);
    (from != until).then_some((from, until))
}

impl Reader<'_> {
    pub(super) fn alarms(&mut self, file: FileAlarms, config: &mut Config) {
        let alarms = &mut config.alarms;
        if let Some(url) = file.public_url {
            match public_url(url.get_ref()) {
                Ok(url) => alarms.public_url = Some(url),
                Err(what) => self.say(url.span(), &format!("public_url: {what}"), PUBLIC_URL_MEND),
            }
        }
        self.count(file.wait_minutes, "wait_minutes", |n| {
            alarms.wait_minutes = n;
        });
        for (shop, minutes) in file.shops {
            self.count(Some(minutes), &format!("shops.{shop}"), |n| {
                alarms.shops.insert(shop.clone(), n);
            });
        }
    }

    pub(super) fn notify(&mut self, name: Spanned<String>, file: FileNotify, config: &mut Config) {
        if !source::name_fits(name.get_ref()) {
            self.say(
                name.span(),
                "this is no name for somebody who is told",
                "it has at most 40 of a-z, 0-9, - and _",
            );
            return;
        }
        let kind = *file.kind.get_ref();
        let mut notify = Notify {
            kind,
            url: Secret::from(""),
            secrets: Vec::new(),
            levels: Urgency::ALL.to_vec(),
            shops: file.shops.unwrap_or_default(),
            quiet: None,
            zone: Shanghai,
            people: file.people.unwrap_or_default(),
        };
        let url = match (file.url, file.url_file) {
            (Some(url), _) => Some((url.span(), Ok(url.into_inner().0))),
            (None, Some(path)) => Some((path.span(), self.files(&[path.into_inner()]))),
            (None, None) => None,
        };
        if let Some((span, found)) = url {
            let taken = found.and_then(|found| match found.as_slice() {
                [url] => notify.take_url(url.reveal()),
                _ => Err("there is one address".to_owned()),
            });
            self.check(taken, span, "url", URL_MEND);
        }
        let secret = match (file.secret, file.secret_file) {
            (Some(secret), _) => Some((secret.span(), Ok(secret.into_inner().0))),
            (None, Some(path)) => Some((path.span(), self.files(&[path.into_inner()]))),
            (None, None) => None,
        };
        if let Some((span, found)) = secret {
            let taken = found.and_then(|found| notify.take_secrets(found));
            self.check(taken, span, "secret", SECRETS_MEND);
        }
        if let Some(levels) = file.levels {
            match levels.get_ref().iter().map(|l| Urgency::parse(l)).collect() {
                Some(known) => notify.levels = known,
                None => self.say(levels.span(), "levels: not all are levels", LEVELS_MEND),
            }
        }
        if let Some(text) = file.quiet {
            notify.quiet = quiet(text.get_ref());
            if notify.quiet.is_none() {
                self.say(text.span(), "quiet: these are no hours", QUIET_MEND);
            }
        }
        if let Some(text) = file.zone {
            match text.get_ref().parse() {
                Ok(zone) => notify.zone = zone,
                Err(_) => self.say(
                    text.span(),
                    "zone: this zone is not known",
                    "write \"Asia/Shanghai\", or leave it out",
                ),
            }
        }
        config.notify.insert(name.into_inner(), notify);
    }
}
