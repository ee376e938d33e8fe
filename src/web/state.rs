//! What every door knows: who may come in, what it bears, and whom to hand work to.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::Semaphore;

use super::{chat::Chats, peer::Guests, work::Work};
use crate::{
    channel::standard_webhooks::Keys,
    clock::Clock,
    config::{BadSecret, CHAT, Config, Limits, Person, Role, Secret, Source},
    knowledge::Mode,
    service::{Switchboard, feed::Feed, people::People, switchboard::Allowed, talk::Talk},
};

/// So many browsers may look on at once, at one node.
const STREAMS: usize = 2_000;

/// Shared by all requests. Cheap to clone.
#[derive(Clone)]
pub struct State(Arc<Shared>);

/// Behind [`State`]; for this room only.
pub struct Shared {
    pub(super) work: Arc<dyn Work>,
    pub(super) switchboard: Switchboard,
    pub(super) talk: Talk,
    pub(super) people: People,
    pub(super) feed: Feed,
    pub(super) chats: Chats,
    pub(super) pollers: Pollers,
    pub(super) streams: Arc<Semaphore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: Limits,
    pub(super) trusted: Vec<IpNet>,
    pub(super) guests: Guests,
    pub(super) in_flight: Semaphore,
    doors: BTreeMap<String, Door>,
    decoy: Door,
    tokens: Vec<Known>,
    request_seed: u64,
    requests: AtomicU64,
}

impl std::ops::Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// When sources last asked for replies, at this node. Bounded by the configured sources.
#[derive(Default)]
pub(super) struct Pollers(Mutex<BTreeMap<String, DateTime<Utc>>>);

impl Pollers {
    /// A source that was let in asks for replies.
    pub(super) fn note(&self, source: &str, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(source) {
            Some(at) => *at = now,
            None => {
                known.insert(source.to_owned(), now);
            }
        }
    }

    fn last(&self, source: &str) -> Option<DateTime<Utc>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(source).copied()
    }
}

/// One source, ready to be checked against.
pub(super) struct Door {
    /// Its name.
    pub(super) name: String,
    /// Its signing keys.
    pub(super) keys: Keys,
    /// Its replies are pushed.
    pub(super) pushes: bool,
    /// The most the bot may do for it.
    pub(super) cap: Option<Mode>,
    tokens: Vec<[u8; 32]>,
    rate: DefaultDirectRateLimiter,
}

/// One person, ready to be checked against.
pub(super) struct Known {
    /// His name.
    pub(super) name: String,
    /// What he does.
    pub(super) roles: Vec<Role>,
    /// His shops.
    pub(super) shops: Allowed,
    tokens: Vec<[u8; 32]>,
    rate: DefaultDirectRateLimiter,
}

impl Known {
    fn new(person: &Person, limits: &Limits) -> Self {
        Self {
            name: person.name.clone(),
            roles: person.roles.clone(),
            shops: person.shops.clone(),
            tokens: fingerprints(&person.tokens),
            rate: rate(limits),
        }
    }

    /// Counts a request; the error is how long to wait when there have been too many.
    pub(super) fn count(&self) -> Result<(), Duration> {
        counted(&self.rate)
    }
}

impl State {
    /// Doors for the sources and people of `config`. The first secret of the default source must be in it already,
    /// and the first person's token.
    pub fn new(
        config: &Config,
        work: Arc<dyn Work>,
        clock: Arc<dyn Clock>,
        switchboard: Switchboard,
    ) -> Result<Self, BadSecret> {
        let doors = config
            .sources
            .iter()
            .map(|(name, source)| Ok((name.clone(), Door::new(name, source, &config.limits)?)))
            .collect::<Result<_, BadSecret>>()?;
        let mut seed = [0; 8];
        // Only tells two runs apart in logs; without randomness the process number does.
        if getrandom::fill(&mut seed).is_err() {
            seed = u64::from(std::process::id()).to_be_bytes();
        }
        let (store, shelf) = (switchboard.store.clone(), switchboard.shelf.clone());
        Ok(Self(Arc::new(Shared {
            work,
            talk: Talk {
                store: store.clone(),
                clock: clock.clone(),
                shelf: shelf.clone(),
            },
            people: People::new(store.clone(), clock.clone(), config.people.values()),
            chats: Chats::new(config, store.clone(), clock.clone())?,
            feed: Feed::new(store, clock.clone(), shelf),
            pollers: Pollers::default(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            switchboard,
            clock,
            limits: config.limits,
            trusted: config.trusted_proxies.clone(),
            guests: Guests::new(config.limits.failed_sign_ins),
            in_flight: Semaphore::new(config.limits.in_flight.min(Semaphore::MAX_PERMITS)),
            doors,
            decoy: Door::decoy(&config.limits)?,
            tokens: config
                .people
                .values()
                .map(|person| Known::new(person, &config.limits))
                .collect(),
            request_seed: u64::from_be_bytes(seed),
            requests: AtomicU64::new(0),
        })))
    }

    /// The door of `source`, or one that opens to nobody but takes as long to check.
    pub(super) fn door(&self, source: &str) -> (&Door, bool) {
        match self.doors.get(source) {
            Some(door) => (door, true),
            None => (&self.decoy, false),
        }
    }

    /// Whose token this is. Takes as long whoever's it is, and whatever its length.
    pub(super) fn person(&self, token: &[u8]) -> Option<&Known> {
        let given = fingerprint(token);
        self.tokens.iter().fold(None, |found, person| {
            if fits(&person.tokens, &given) {
                Some(person)
            } else {
                found
            }
        })
    }

    /// Tells who looks at the console what has changed.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Who works here.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Whether a source's replies are pushed, and when it last asked for them itself.
    pub(super) fn reach(&self, source: &str) -> (bool, Option<DateTime<Utc>>) {
        // A customer's own page is told by us.
        let pushes =
            source.starts_with(CHAT) || self.doors.get(source).is_some_and(|door| door.pushes);
        (pushes, self.pollers.last(source))
    }

    /// A name for a request, for logs and problems.
    pub(super) fn next_request(&self) -> String {
        let n = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{n:x}", self.request_seed >> 32)
    }
}

impl Door {
    fn new(name: &str, source: &Source, limits: &Limits) -> Result<Self, BadSecret> {
        Ok(Self {
            name: name.to_owned(),
            keys: Keys::new(&source.secrets)?,
            pushes: source.reply_url.is_some(),
            cap: source.mode,
            tokens: fingerprints(&source.tokens),
            rate: rate(limits),
        })
    }

    /// Checks like a real door; whoever fits is refused all the same.
    fn decoy(limits: &Limits) -> Result<Self, BadSecret> {
        let decoy = "whsec_ZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3k=";
        let source = Source {
            secrets: vec![decoy.into()],
            tokens: vec![decoy.into()],
            ..Source::default()
        };
        Self::new("", &source, limits)
    }

    /// Whether `token` is one of its tokens. Takes as long whichever fits, and whatever its length.
    pub(super) fn knows(&self, token: &[u8]) -> bool {
        fits(&self.tokens, &fingerprint(token))
    }

    /// Counts a request; the error is how long to wait when there have been too many.
    pub(super) fn count(&self) -> Result<(), Duration> {
        counted(&self.rate)
    }
}

fn counted(rate: &DefaultDirectRateLimiter) -> Result<(), Duration> {
    rate.check()
        .map_err(|not| not.wait_time_from(DefaultClock::default().now()))
}

fn rate(limits: &Limits) -> DefaultDirectRateLimiter {
    let quota = Quota::per_second(at_least_one(limits.source_rate))
        .allow_burst(at_least_one(limits.source_burst));
    RateLimiter::direct(quota)
}

/// Whether a token is one of these. Looks at all of them.
fn fits(tokens: &[[u8; 32]], given: &[u8; 32]) -> bool {
    let mut fits = Choice::from(0);
    for known in tokens {
        fits |= known.ct_eq(given);
    }
    fits.into()
}

fn fingerprints(tokens: &[Secret]) -> Vec<[u8; 32]> {
    tokens
        .iter()
        .map(|token| fingerprint(token.reveal().as_bytes()))
        .collect()
}

pub(super) fn at_least_one(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

fn fingerprint(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}
