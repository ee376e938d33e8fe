//! Who is at the door, as far as addresses go, and how often he has failed to sign in.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName},
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use ipnet::IpNet;

use super::state::at_least_one;

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address limits count by: the socket's, unless that is a trusted proxy; then the last address in
/// `X-Forwarded-For` that is none. No other header says who somebody is.
pub(super) fn peer(request: &Request, trusted: &[IpNet]) -> IpAddr {
    let socket = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |info| {
            info.0.ip().to_canonical()
        });
    client(socket, request.headers(), trusted)
}

/// Whether a trusted proxy brought the request.
pub(super) fn by_proxy(request: &Request, trusted: &[IpNet]) -> bool {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .is_some_and(|info| {
            let socket = info.0.ip().to_canonical();
            trusted.iter().any(|net| net.contains(&socket))
        })
}

fn client(socket: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if !is_proxy(&socket) {
        return socket;
    }
    let mut last = socket;
    let listed: Vec<&str> = headers
        .get_all(FORWARDED)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for text in listed.into_iter().rev() {
        // What stands left of nonsense was written by nobody we trust. Some proxies add the port.
        let text = text.trim();
        let address = text.parse::<SocketAddr>().map(|address| address.ip());
        let Ok(ip) = address.or_else(|_| text.parse()) else {
            break;
        };
        last = ip.to_canonical();
        if !is_proxy(&last) {
            break;
        }
    }
    last
}

/// Counts failed sign-ins by address. The right key always opens: only failing becomes slower to try.
pub(super) struct Guests {
    failed: DefaultKeyedRateLimiter<IpAddr>,
    since_swept: AtomicU32,
}

/// Failures between two sweeps of addresses that have long been quiet.
const SWEEP: u32 = 1_024;

impl Guests {
    pub(super) fn new(a_minute: u32) -> Self {
        Self {
            failed: RateLimiter::keyed(Quota::per_minute(at_least_one(a_minute))),
            since_swept: AtomicU32::new(0),
        }
    }

    /// Counts a failure of `peer`; the error is how long to wait when there have been too many.
    pub(super) fn failed(&self, peer: IpAddr) -> Result<(), Duration> {
        if self.since_swept.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.failed.retain_recent();
        }
        self.failed
            .check_key(&household(peer))
            .map_err(|not| not.wait_time_from(DefaultClock::default().now()))
    }
}

/// One customer line has a whole /64 of IPv6 addresses; together they count as one.
pub(super) fn household(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_trusted_proxies_say_who_the_client_is() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for (socket, header, trusted, expected) in [
            ("10.0.0.1", &["1.2.3.4"][..], &[][..], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4"], &trusted, "1.2.3.4"),
            ("9.9.9.9", &["1.2.3.4"], &trusted, "9.9.9.9"),
            (
                "10.0.0.1",
                &["6.6.6.6, 1.2.3.4, 10.0.0.2"],
                &trusted,
                "1.2.3.4",
            ),
            ("10.0.0.1", &["6.6.6.6", "1.2.3.4"], &trusted, "1.2.3.4"),
            (
                "10.0.0.1",
                &["6.6.6.6, unknown, 10.0.0.2"],
                &trusted,
                "10.0.0.2",
            ),
            ("10.0.0.1", &["1.2.3.4:5678"], &trusted, "1.2.3.4"),
            ("10.0.0.1", &["nonsense"], &trusted, "10.0.0.1"),
            ("10.0.0.1", &[], &trusted, "10.0.0.1"),
            ("fd00::1", &["::ffff:1.2.3.4"], &trusted, "1.2.3.4"),
        ] {
            let mut headers = HeaderMap::new();
            for value in header {
                headers.append(FORWARDED, value.parse().unwrap());
            }
            let client = client(socket.parse().unwrap(), &headers, trusted);
            assert_eq!(
                client,
                expected.parse::<IpAddr>().unwrap(),
                "{socket} {header:?}"
            );
        }
    }

    #[test]
    fn a_household_counts_as_one() {
        let guests = Guests::new(2);
        assert!(guests.failed("2001:db8::1".parse().unwrap()).is_ok());
        assert!(guests.failed("2001:db8::2".parse().unwrap()).is_ok());
        assert!(guests.failed("2001:db8::3".parse().unwrap()).is_err());
        assert!(guests.failed("2001:db8:0:1::3".parse().unwrap()).is_ok());
        assert!(guests.failed("1.2.3.4".parse().unwrap()).is_ok());
    }
}
