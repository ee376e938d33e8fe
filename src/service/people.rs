//! Who works here: people of the settings and people who were invited, one mechanism for both.
//!
//! Somebody named in the settings has there his roles, shops and tokens for the API; whoever was invited has roles
//! and shops in the store. A password belongs to the store for both, and so do sessions.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub use super::password::LENGTH;
use super::{
    Unavailable,
    password::{Crowded, Hasher},
    switchboard::Allowed,
};
use crate::{
    clock::Clock,
    config::{Person, Role},
    knowledge::ShopId,
    store::{
        self, Store,
        people::{self as kept, Given, Kept, Lifetime, Spent, Subject},
        staff_event::Who,
    },
};

/// How long a session lives unused, and at the most: a long shift with its breaks, and not the next day's.
pub const LIFETIME: Lifetime = Lifetime {
    idle: Duration::hours(4),
    whole: Duration::hours(16),
};
/// How long a link works.
pub const LINK: Duration = Duration::hours(24);
/// A session's last use is written down once in this time.
const TOUCH: Duration = Duration::minutes(1);
/// So many wrong passwords cost nothing: for a name, for an address.
const FREE: (i64, i64) = (5, 20);
/// Characters of a name, at the most.
const LONGEST_NAME: usize = 40;

/// Somebody who works here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// His name, as the shift table and events write it.
    pub name: String,
    /// What he does.
    pub roles: Vec<Role>,
    /// His shops.
    pub shops: Allowed,
}

/// Somebody, with what only administrators see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub colleague: Colleague,
    /// The settings say what he may do; it cannot be changed here.
    pub by_settings: bool,
    /// He has chosen a password.
    pub has_password: bool,
    /// He may not sign in.
    pub disabled: bool,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub colleague: Colleague,
    /// What his browser holds. It goes nowhere else.
    pub token: Token,
}

/// A random token of 256 bits. Kept only as its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    fn new() -> Result<Self, Refused> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            Refused::Unavailable(Unavailable(format!("no randomness: {error}")))
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// As a browser or a link gives it back.
    pub fn given(text: &str) -> Option<Self> {
        let fits = text.len() == 43
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Self(text.to_owned()))
    }

    /// The token itself, for the cookie or the link.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What its forms must carry: known to the page, derived from what only the cookie holds.
    pub fn form_key(&self) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return String::new();
        };
        mac.update(b"form");
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    fn hash(&self) -> String {
        hashed(self.0.as_bytes())
    }
}

/// Why somebody was not let in, or something was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Name and password do not belong together: which of the two is wrong is not said.
    Wrong,
    /// There were too many failures; nothing is tried for so long.
    Locked(Duration),
    /// Too many try at once.
    Crowded,
    /// The link was used, has run out, or never was.
    NoLink,
    /// Somebody has this name.
    NameTaken,
    /// This is no name: 1 to 40 characters on one line.
    BadName,
    /// This password is too short, too long, or too easy to guess.
    BadPassword,
    /// There is nobody of this name.
    Nobody,
    /// What he may do stands in the settings.
    BySettings,
    /// Nobody would be left who may do this.
    LastAdministrator,
    /// The store does not answer.
    Unavailable(Unavailable),
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<Crowded> for Refused {
    fn from(_: Crowded) -> Self {
        Self::Crowded
    }
}

/// Lets people in.
#[derive(Clone)]
pub struct People {
    store: Store,
    clock: Arc<dyn Clock>,
    settings: Arc<[Colleague]>,
    hasher: Hasher,
}

impl People {
    /// With those whom the settings name.
    pub fn new<'a>(
        store: Store,
        clock: Arc<dyn Clock>,
        settings: impl IntoIterator<Item = &'a Person>,
    ) -> Self {
        Self {
            store,
            clock,
            settings: settings
                .into_iter()
                .map(|person| Colleague {
                    name: person.name.clone(),
                    roles: person.roles.clone(),
                    shops: person.shops.clone(),
                })
                .collect(),
            hasher: Hasher::default(),
        }
    }

    /// Somebody by his name, who may sign in.
    pub async fn find(&self, name: &str) -> Result<Option<Colleague>, Refused> {
        if let Some(found) = self.by_settings(name) {
            return Ok(Some(found.clone()));
        }
        let name = name.to_owned();
        let found = self
            .store
            .read(move |tx| kept::person(tx, &name))
            .await?
            .filter(|known| !known.disabled);
        Ok(found.and_then(|known| self.colleague(&known)))
    }

    fn by_settings(&self, name: &str) -> Option<&Colleague> {
        self.settings.iter().find(|person| person.name == name)
    }

    /// What a kept person may do now. Somebody whose rights came from the settings and who is no longer in them may
    /// do nothing.
    fn colleague(&self, known: &Kept) -> Option<Colleague> {
        if let Some(named) = self.by_settings(&known.name) {
            return Some(named.clone());
        }
        let Given { roles, shops } = known.given.clone()?;
        Some(Colleague {
            name: known.name.clone(),
            roles,
            shops,
        })
    }

    /// Lets somebody in by his password, from this address.
    pub async fn sign_in(
        &self,
        name: &str,
        password: String,
        address: &str,
    ) -> Result<SignedIn, Refused> {
        let name = name.trim().to_owned();
        let subjects = [
            subject("name", &name, FREE.0),
            subject("address", address, FREE.1),
        ];
        let (known, paused) = self.attempt(&name, &subjects).await?;
        let known = known.filter(|known| !known.disabled);
        let may = known.as_ref().and_then(|known| self.colleague(known));
        let hash = known
            .as_ref()
            .filter(|_| may.is_some())
            .and_then(|known| known.password.clone());
        let fits = self.hasher.fits(password, hash).await?;
        let (Some(known), Some(colleague), true) = (known, may, fits) else {
            return self.wrong(name, paused).await;
        };
        self.open(colleague, known.epoch, &subjects).await
    }

    /// The person of this name, if it may be tried whether somebody is he; counted as failed until it succeeds.
    async fn attempt(
        &self,
        name: &str,
        subjects: &[Subject],
    ) -> Result<(Option<Kept>, Option<i64>), Refused> {
        let now = self.clock.now();
        let (asked, counted) = (name.to_owned(), subjects.to_vec());
        let tried = self
            .store
            .write(move |tx| {
                if let Some(until) = kept::locked_until(tx, &counted, now)? {
                    return Ok(Err(until));
                }
                let paused = kept::charge(tx, &counted, now)?;
                Ok(Ok((kept::person(tx, &asked)?, paused)))
            })
            .await?;
        tried.map_err(|until| Refused::Locked(until - now))
    }

    /// It was not he. Written down for a name that exists, once for every pause.
    async fn wrong<T>(&self, name: String, paused: Option<i64>) -> Result<T, Refused> {
        let now = self.clock.now();
        if let Some(failures) = paused {
            self.store
                .write(move |tx| match kept::person(tx, &name)? {
                    Some(_) => kept::suspect(tx, &name, failures, now),
                    None => Ok(()),
                })
                .await?;
        }
        Err(Refused::Wrong)
    }

    async fn open(
        &self,
        colleague: Colleague,
        epoch: i64,
        forgiven: &[Subject],
    ) -> Result<SignedIn, Refused> {
        let now = self.clock.now();
        let token = Token::new()?;
        let (hash, who, forgiven) = (token.hash(), who(&colleague), forgiven.to_vec());
        let opened = self
            .store
            .write(move |tx| {
                if let [name, rest @ ..] = forgiven.as_slice() {
                    kept::forgive(tx, std::slice::from_ref(name))?;
                    for subject in rest {
                        kept::uncharge(tx, subject)?;
                    }
                }
                kept::open_session(tx, &who, epoch, &hash, LIFETIME, now)
            })
            .await?;
        if opened {
            Ok(SignedIn { colleague, token })
        } else {
            Err(Refused::Wrong)
        }
    }

    /// Whose session this is, while it lives.
    pub async fn session(&self, token: &Token) -> Result<Option<Colleague>, Refused> {
        let now = self.clock.now();
        let hash = token.hash();
        let asked = hash.clone();
        let found = self
            .store
            .read(move |tx| kept::session(tx, &asked, LIFETIME, now))
            .await?;
        let Some(session) = found else {
            return Ok(None);
        };
        if now - session.seen_at >= TOUCH {
            self.store
                .write(move |tx| kept::touch(tx, &hash, now))
                .await?;
        }
        Ok(self.colleague(&session.person))
    }

    /// Whether a session lives; looking does not count as using it.
    pub async fn is_alive(&self, token: &Token) -> Result<bool, Refused> {
        let now = self.clock.now();
        let hash = token.hash();
        let found = self
            .store
            .read(move |tx| kept::session(tx, &hash, LIFETIME, now))
            .await?;
        Ok(found.is_some())
    }

    /// Ends a session.
    pub async fn sign_out(&self, colleague: &Colleague, token: &Token) -> Result<(), Refused> {
        let now = self.clock.now();
        let (who, hash) = (who(colleague), token.hash());
        Ok(self
            .store
            .write(move |tx| kept::close_session(tx, &who, &hash, now))
            .await?)
    }

    /// Somebody changes his own password; every session of his ends, and a new one is opened here.
    pub async fn change_password(
        &self,
        colleague: &Colleague,
        old: String,
        new: String,
    ) -> Result<SignedIn, Refused> {
        check_password(&new, &colleague.name)?;
        let name = colleague.name.clone();
        let now = self.clock.now();
        let subjects = [subject("name", &name, FREE.0)];
        let (known, paused) = self.attempt(&name, &subjects).await?;
        let known = known.ok_or(Refused::Nobody)?;
        if !self.hasher.fits(old, known.password).await? {
            return self.wrong(name, paused).await;
        }
        let hash = self.hash(new).await?;
        let who = who(colleague);
        let name = colleague.name.clone();
        let kept = self
            .store
            .write(move |tx| {
                kept::set_password(tx, &who, &name, &hash, now)?;
                kept::person(tx, &name)
            })
            .await?
            .ok_or(Refused::Nobody)?;
        self.open(colleague.clone(), kept.epoch, &subjects).await
    }

    async fn hash(&self, password: String) -> Result<String, Refused> {
        let hash = self.hasher.hash(password).await?;
        hash.ok_or_else(|| {
            Refused::Unavailable(Unavailable("a password could not be hashed".into()))
        })
    }

    /// Whom a link is for, while it works: `Some(None)` is whoever becomes the first administrator.
    pub async fn invited(&self, token: &Token) -> Result<Option<Option<String>>, Refused> {
        let now = self.clock.now();
        let hash = token.hash();
        let found = self
            .store
            .read(move |tx| kept::invitation(tx, &hash, now))
            .await?;
        Ok(found.map(|invitation| invitation.person))
    }

    /// Takes a link: sets a password, and is signed in. `name` counts for the first administrator only.
    pub async fn accept(
        &self,
        token: &Token,
        name: &str,
        password: String,
    ) -> Result<SignedIn, Refused> {
        let invited = self.invited(token).await?.ok_or(Refused::NoLink)?;
        let name = match invited {
            Some(name) => name,
            None => {
                let name = checked_name(name)?;
                // What the settings say of somebody is not taken over by a link.
                if self
                    .by_settings(&name)
                    .is_some_and(|person| !person.roles.contains(&Role::Admin))
                {
                    return Err(Refused::NameTaken);
                }
                name
            }
        };
        check_password(&password, &name)?;
        let password = self.hash(password).await?;
        let now = self.clock.now();
        let hash = token.hash();
        let accepted = self
            .store
            .write(move |tx| kept::accept(tx, &hash, &name, &password, now))
            .await?;
        let known = accepted.map_err(|spent| match spent {
            Spent::Gone => Refused::NoLink,
            Spent::NameTaken => Refused::NameTaken,
        })?;
        let colleague = self.colleague(&known).ok_or(Refused::NoLink)?;
        self.open(colleague, known.epoch, &[]).await
    }

    /// A link for the first administrator, when nobody can sign in who may invite others.
    pub async fn first_link(&self) -> Result<Option<Token>, Refused> {
        let now = self.clock.now();
        let everybody = self.store.read(kept::everybody).await?;
        if everybody.iter().any(|known| self.is_administrator(known)) {
            return Ok(None);
        }
        let token = Token::new()?;
        let hash = token.hash();
        self.store
            .write(move |tx| kept::invite_first(tx, &hash, now + LINK, now))
            .await?;
        Ok(Some(token))
    }

    fn is_administrator(&self, known: &Kept) -> bool {
        let admin = |colleague: Colleague| colleague.roles.contains(&Role::Admin);
        !known.disabled && known.password.is_some() && self.colleague(known).is_some_and(admin)
    }

    /// Everybody: those of the settings and those who were invited, by name.
    pub async fn everybody(&self) -> Result<Vec<Entry>, Refused> {
        let everybody = self.store.read(kept::everybody).await?;
        let mut entries: Vec<Entry> = self
            .settings
            .iter()
            .filter(|person| everybody.iter().all(|known| known.name != person.name))
            .map(|person| Entry {
                colleague: person.clone(),
                by_settings: true,
                has_password: false,
                disabled: false,
            })
            .collect();
        entries.extend(everybody.iter().map(|known| Entry {
            colleague: self.colleague(known).unwrap_or_else(|| Colleague {
                name: known.name.clone(),
                roles: Vec::new(),
                shops: Some(Vec::new()),
            }),
            by_settings: self.by_settings(&known.name).is_some(),
            has_password: known.password.is_some(),
            disabled: known.disabled,
        }));
        entries.sort_by(|a, b| a.colleague.name.cmp(&b.colleague.name));
        Ok(entries)
    }

    /// Invites somebody new, with roles and shops; the link's token.
    pub async fn invite(&self, by: &Colleague, name: &str, given: Given) -> Result<Token, Refused> {
        let name = checked_name(name)?;
        let asked = name.clone();
        let known = self.store.read(move |tx| kept::person(tx, &asked)).await?;
        if known.is_some() || self.by_settings(&name).is_some() {
            return Err(Refused::NameTaken);
        }
        self.link(by, name, Some(given)).await
    }

    /// A link by which somebody who is known chooses a (new) password.
    pub async fn invite_again(&self, by: &Colleague, name: &str) -> Result<Token, Refused> {
        let asked = name.to_owned();
        let known = self.store.read(move |tx| kept::person(tx, &asked)).await?;
        match (known, self.by_settings(name)) {
            (None, None) => Err(Refused::Nobody),
            (Some(known), _) if known.disabled => Err(Refused::Nobody),
            _ => self.link(by, name.to_owned(), None).await,
        }
    }

    async fn link(
        &self,
        by: &Colleague,
        name: String,
        given: Option<Given>,
    ) -> Result<Token, Refused> {
        let now = self.clock.now();
        let token = Token::new()?;
        let (hash, who) = (token.hash(), who(by));
        self.store
            .write(move |tx| kept::invite(tx, &who, &name, given.as_ref(), &hash, now + LINK, now))
            .await?;
        Ok(token)
    }

    /// Gives somebody other roles and shops. Whoever is signed in so is signed out.
    pub async fn set_given(&self, by: &Colleague, name: &str, given: Given) -> Result<(), Refused> {
        self.changeable(name, given.roles.contains(&Role::Admin))
            .await?;
        let (now, who, name) = (self.clock.now(), who(by), name.to_owned());
        self.store
            .write(move |tx| kept::set_given(tx, &who, &name, &given, now))
            .await?;
        Ok(())
    }

    /// Keeps somebody out, or lets him in again.
    pub async fn set_disabled(
        &self,
        by: &Colleague,
        name: &str,
        disabled: bool,
    ) -> Result<(), Refused> {
        if disabled {
            self.stays_administered(name).await?;
        }
        let (now, who, name) = (self.clock.now(), who(by), name.to_owned());
        let known = self
            .store
            .write(move |tx| {
                kept::set_disabled(tx, &who, &name, disabled, now)?;
                kept::person(tx, &name)
            })
            .await?;
        known.map(|_| ()).ok_or(Refused::Nobody)
    }

    async fn changeable(&self, name: &str, stays_admin: bool) -> Result<(), Refused> {
        if self.by_settings(name).is_some() {
            return Err(Refused::BySettings);
        }
        if stays_admin {
            return Ok(());
        }
        self.stays_administered(name).await
    }

    /// That somebody else may invite and mend, too.
    async fn stays_administered(&self, name: &str) -> Result<(), Refused> {
        let everybody = self.store.read(kept::everybody).await?;
        let (mine, others): (Vec<&Kept>, Vec<&Kept>) =
            everybody.iter().partition(|known| known.name == name);
        let is_admin = |known: &&Kept| self.is_administrator(known);
        if mine.iter().any(is_admin) && !others.iter().any(is_admin) {
            return Err(Refused::LastAdministrator);
        }
        Ok(())
    }
}

fn who(colleague: &Colleague) -> Who {
    Who {
        name: colleague.name.clone(),
        role: colleague
            .roles
            .first()
            .map_or("", |role| role.code())
            .to_owned(),
    }
}

fn subject(kind: &str, text: &str, free: i64) -> Subject {
    Subject {
        key: hashed(format!("{kind}:{text}").as_bytes()),
        free,
    }
}

fn hashed(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

fn checked_name(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) {
        return Err(Refused::BadName);
    }
    Ok(name.to_owned())
}

/// A password must be long, hold more than a few different characters, and not be mostly the name. No other rules:
/// they make passwords worse.
fn check_password(password: &str, name: &str) -> Result<(), Refused> {
    let mut different: Vec<char> = password.chars().collect();
    let length = different.len();
    different.sort_unstable();
    different.dedup();
    let plain = password.to_lowercase();
    let named = name.chars().count() >= 3 && plain.contains(&name.to_lowercase());
    let counted = [
        "1234567890",
        "0123456789",
        "qwertyuiop",
        "password12",
        "1qaz2wsx3e",
    ]
    .iter()
    .any(|easy| plain.starts_with(easy));
    if LENGTH.contains(&length) && different.len() >= 5 && !named && !counted {
        Ok(())
    } else {
        Err(Refused::BadPassword)
    }
}

/// The shops that both may act on.
pub fn both(one: &Allowed, other: &Allowed) -> Allowed {
    match (one, other) {
        (one, None) => one.clone(),
        (None, other) => other.clone(),
        (Some(one), Some(other)) => {
            let both: Vec<ShopId> = one
                .iter()
                .filter(|shop| other.contains(shop))
                .cloned()
                .collect();
            Some(both)
        }
    }
}

/// When a link made now stops working.
pub fn link_ends(now: DateTime<Utc>) -> DateTime<Utc> {
    now + LINK
}

#[cfg(test)]
mod tests;
