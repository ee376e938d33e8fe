//! How much one customer, and one address, may ask of a chat.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use crate::web::{peer::household, state::at_least_one};

/// Messages of one customer: at once, and a minute in the long run.
const HIS: (u32, u32) = (15, 30);
/// Requests of one address, behind which a whole office may sit: at once, and a minute.
const ITS: (u32, u32) = (300, 1_200);
/// Streams that one address may hold open.
const STREAMS: u32 = 60;
/// Requests between two sweeps of who has long been quiet.
const SWEEP: u32 = 1_024;

/// Counts, at this node.
pub(super) struct Counts {
    customers: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
    since_swept: AtomicU32,
}

/// A stream that is counted while this is held.
pub(super) struct Open {
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
    address: IpAddr,
}

fn quota((burst, a_minute): (u32, u32)) -> Quota {
    Quota::per_minute(at_least_one(a_minute)).allow_burst(at_least_one(burst))
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            customers: RateLimiter::keyed(quota(HIS)),
            addresses: RateLimiter::keyed(quota(ITS)),
            open: Arc::default(),
            since_swept: AtomicU32::new(0),
        }
    }

    /// Counts a request of an address; the error is how long to wait when there have been too many.
    pub(super) fn request(&self, peer: IpAddr) -> Result<(), Duration> {
        if self.since_swept.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.addresses.retain_recent();
            self.customers.retain_recent();
        }
        self.addresses
            .check_key(&household(peer))
            .map_err(|not| not.wait_time_from(DefaultClock::default().now()))
    }

    /// Counts a message of a customer, likewise.
    pub(super) fn message(&self, conversation: &str) -> Result<(), Duration> {
        self.customers
            .check_key(&conversation.to_owned())
            .map_err(|not| not.wait_time_from(DefaultClock::default().now()))
    }

    /// A place for one more stream of an address, if there is one.
    pub(super) fn open(&self, peer: IpAddr) -> Option<Open> {
        let address = household(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let held = open.entry(address).or_insert(0);
        if *held >= STREAMS {
            return None;
        }
        *held += 1;
        Some(Open {
            open: self.open.clone(),
            address,
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = open.get_mut(&self.address) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn who_asks_too_much_is_told_when_to_come_back() {
        let counts = Counts::new();
        for _ in 0..HIS.0 {
            assert!(counts.message("a").is_ok());
        }
        assert!(counts.message("a").unwrap_err() > Duration::ZERO);
        assert!(counts.message("b").is_ok());
        let peer: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..ITS.0 {
            assert!(counts.request(peer).is_ok());
        }
        assert!(counts.request("2001:db8::2".parse().unwrap()).is_err());
        assert!(counts.request("192.0.2.1".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_stream_that_ends_makes_room() {
        let counts = Counts::new();
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        let mut held: Vec<Open> = (0..STREAMS).map(|_| counts.open(peer).unwrap()).collect();
        assert!(counts.open(peer).is_none());
        held.pop();
        assert!(counts.open(peer).is_some());
        drop(held);
        assert!(counts.open.lock().unwrap().is_empty());
    }
}
