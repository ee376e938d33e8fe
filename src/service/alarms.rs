//! Who may be told, how he says that he cares, and what is then shown to him.
//!
//! The link in a message opens without signing in: whoever has it may acknowledge this one alarm, and nothing
//! else. Its token is an HMAC over the alarm and the target, under a key that every node shares.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::front::Unavailable;
use crate::{
    clock::Clock,
    config::Config,
    desk::alarm::{Patience, Quiet, Target},
    knowledge::ShopId,
    store::{
        self, Store,
        alarms::{self, AlarmView},
    },
};

/// The part of the alarms that doors and the watchdog share. Cheap to clone.
#[derive(Clone)]
pub struct Alarms(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    /// `None` while nobody is told of anything.
    key: Option<Vec<u8>>,
    base: Option<String>,
    targets: Vec<Target>,
    wait: u32,
    shops: Vec<(ShopId, u32)>,
}

impl Alarms {
    /// Reads who is told; makes the key of the links when there is none.
    pub async fn open(
        config: &Config,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, store::Error> {
        let key = match config.notify.is_empty() {
            true => None,
            false => Some(key(&store).await?),
        };
        let targets = config
            .notify
            .iter()
            .map(|(name, notify)| Target {
                name: name.clone(),
                levels: notify.levels.clone(),
                shops: notify.shops.iter().map(|id| id.as_str().into()).collect(),
                quiet: notify.quiet.map(|(from, until)| Quiet { from, until }),
                zone: notify.zone,
                people: notify.people.clone(),
            })
            .collect();
        Ok(Self(Arc::new(Inner {
            store,
            clock,
            key,
            base: config.alarms.public_url.clone(),
            targets,
            wait: config.alarms.wait_minutes,
            shops: config
                .alarms
                .shops
                .iter()
                .map(|(id, minutes)| (id.as_str().into(), *minutes))
                .collect(),
        })))
    }

    /// Who can be told.
    pub fn targets(&self) -> &[Target] {
        &self.0.targets
    }

    /// How long a shop's customers may wait.
    pub fn patience(&self, shop: &ShopId) -> Patience {
        let own = self.0.shops.iter().find(|(id, _)| id == shop);
        Patience(own.map_or(self.0.wait, |(_, minutes)| *minutes))
    }

    /// Where a target acknowledges an alarm; `None` when nobody knows this service's address.
    pub fn link(&self, alarm: &str, target: &str) -> Option<String> {
        let base = self.0.base.as_ref()?;
        let token = URL_SAFE_NO_PAD.encode(self.mac(alarm, target)?);
        Some(format!(
            "{base}/v1/alarms/{alarm}/ack?to={target}&token={token}"
        ))
    }

    fn mac(&self, alarm: &str, target: &str) -> Option<Vec<u8>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.key.as_ref()?).ok()?;
        // No alarm's name holds a slash.
        mac.update(format!("acknowledge/{alarm}/{target}").as_bytes());
        Some(mac.finalize().into_bytes().to_vec())
    }

    /// Whether a token was made for this alarm and target.
    pub fn fits(&self, alarm: &str, target: &str, token: &str) -> bool {
        let Some(expected) = self.mac(alarm, target) else {
            return false;
        };
        let given = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        expected.as_slice().ct_eq(&given).into()
    }

    /// An alarm, to be shown; `None` when it is not known any more.
    pub async fn show(&self, alarm: &str) -> Result<Option<AlarmView>, Unavailable> {
        let id = alarm.to_owned();
        let seen = self.0.store.read(move |tx| alarms::alarm(tx, &id)).await?;
        Ok(seen)
    }

    /// Somebody of a target cares. Saying it twice is the same as once.
    pub async fn acknowledge(
        &self,
        alarm: &str,
        target: &str,
    ) -> Result<Option<AlarmView>, Unavailable> {
        let now = self.0.clock.now();
        let (id, by) = (alarm.to_owned(), target.to_owned());
        let (first, seen) = self
            .0
            .store
            .write(move |tx| {
                let first = alarms::acknowledge(tx, &id, &by, now)?;
                Ok((first, alarms::alarm(tx, &id)?))
            })
            .await?;
        if first {
            metrics::counter!("jieban_alarms_acknowledged_total").increment(1);
            tracing::info!(alarm, target, "an alarm was acknowledged");
        }
        Ok(seen)
    }
}

/// The key of the links, made when there is none.
async fn key(store: &Store) -> Result<Vec<u8>, store::Error> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh)
        .map_err(|error| store::Error::Unavailable(format!("no randomness: {error}")))?;
    let fresh = URL_SAFE_NO_PAD.encode(fresh);
    let key = store.write(move |tx| alarms::link_key(tx, &fresh)).await?;
    Ok(key.into_bytes())
}
