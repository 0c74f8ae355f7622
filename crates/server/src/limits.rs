//! How much is answered: rates by account and by peer, and bytes by kind of request.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method, header};
use domain::person::Actor;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http_body_util::Limited;

use crate::Problem;
use crate::problem::Aside;

/// Bytes of a body with files: a master or a leak, with what a form adds.
pub const UPLOAD_BYTES_MAX: usize = 40 << 20;
/// Bytes of any other body of somebody who is signed in: a form with a pasted text.
pub const FORM_BYTES_MAX: usize = 4 << 20;
/// Bytes of a body of somebody who is not: an answer of a passkey.
pub const STRANGER_BYTES_MAX: usize = 64 << 10;
/// Keys after which those that are at rest are forgotten.
const KEYS_MAX: usize = 20_000;

/// A rate: so many at once, and one more each so often.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// After how long one more.
    pub every: Duration,
}

/// How much is asked for at most.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// By anybody behind one address (IPv6: one /64).
    pub peer: Rate,
    /// By one account, with all its sessions and tokens.
    pub account: Rate,
    /// At the door, behind one address: signing in, invitations.
    pub door: Rate,
    /// Whether the last address in `X-Forwarded-For` is the peer's, because a proxy in front writes it.
    pub is_behind_proxy: bool,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            peer: Rate {
                burst: 1_000,
                every: Duration::from_millis(10),
            },
            account: Rate {
                burst: 400,
                every: Duration::from_millis(25),
            },
            door: Rate {
                burst: 30,
                every: Duration::from_secs(2),
            },
            is_behind_proxy: false,
        }
    }
}

/// The limits of one process.
pub struct Limits {
    peers: DefaultKeyedRateLimiter<IpAddr>,
    accounts: DefaultKeyedRateLimiter<String>,
    door: DefaultKeyedRateLimiter<IpAddr>,
    is_behind_proxy: bool,
    clock: DefaultClock,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(Rates::default())
    }
}

impl Limits {
    /// Limits of these rates.
    pub fn new(rates: Rates) -> Self {
        Self {
            peers: RateLimiter::keyed(quota(rates.peer)),
            accounts: RateLimiter::keyed(quota(rates.account)),
            door: RateLimiter::keyed(quota(rates.door)),
            is_behind_proxy: rates.is_behind_proxy,
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of a peer, before anything is done for it.
    ///
    /// # Errors
    /// `too-fast`, with the seconds to wait.
    pub(crate) fn peer(&self, request: &Request, is_door: bool) -> Result<(), Problem> {
        // Without a connection the router is called within this process.
        let Some(peer) = self.address(request) else {
            return Ok(());
        };
        self.check(&self.peers, &peer, "peer")?;
        if is_door {
            self.check(&self.door, &peer, "door")?;
        }
        Ok(())
    }

    /// Counts a request of an account.
    ///
    /// # Errors
    /// As [`Limits::peer`].
    pub(crate) fn account(&self, account: &Actor) -> Result<(), Problem> {
        let key = domain::account::key(account).unwrap_or_default();
        self.check(&self.accounts, &key, "account")
    }

    fn check<K: Clone + Eq + std::hash::Hash>(
        &self,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
        of: &'static str,
    ) -> Result<(), Problem> {
        if limiter.len() > KEYS_MAX {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|not_until| {
            metrics::counter!("headstart_refused_total", "for" => of).increment(1);
            let wait = not_until.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + 1;
            Problem::new(429, "too-fast", "too many requests")
                .hint(format!("try again in {seconds} s"))
                .aside(Aside::RetryAfter(seconds))
        })
    }

    /// The address that a request comes from.
    fn address(&self, request: &Request) -> Option<IpAddr> {
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let forwarded = self
            .is_behind_proxy
            .then(|| last_forwarded(request.headers()))
            .flatten();
        Some(network(forwarded.unwrap_or(peer.ip())))
    }
}

fn quota(rate: Rate) -> Quota {
    let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(rate.every)
        .unwrap_or(Quota::per_second(NonZeroU32::MIN))
        .allow_burst(burst)
}

/// What the nearest proxy wrote; what stands before it anybody can write.
fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// One customer's IPv6 addresses are a /64 at least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// Bounds a request's body by who sends it and what it is.
///
/// # Errors
/// `too-large` for one that says so itself; one that does not is cut off when it goes on for too long.
pub(crate) fn bound(request: Request, is_signed_in: bool) -> Result<Request, Problem> {
    let is_read_only = matches!(*request.method(), Method::GET | Method::HEAD);
    let kind = request.headers().get(header::CONTENT_TYPE);
    // Files come to the API within JSON.
    let is_api = request.uri().path().starts_with("/api/");
    let is_form = !is_api
        && kind.is_some_and(|kind| {
            let kind = kind.as_bytes();
            kind.starts_with(b"application/x-www-form-urlencoded")
                || kind.starts_with(b"application/json")
        });
    let limit = match (is_signed_in, is_form) {
        _ if is_read_only => 0,
        (false, _) => STRANGER_BYTES_MAX,
        (true, true) => FORM_BYTES_MAX,
        (true, false) => UPLOAD_BYTES_MAX,
    };
    let said = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > limit as u64) {
        return Err(too_large(limit));
    }
    Ok(request.map(|body| Body::new(Limited::new(body, limit))))
}

/// A body that is over its limit.
pub(crate) fn too_large(limit: usize) -> Problem {
    Problem::new(
        413,
        "too-large",
        format!("this takes at most {limit} bytes"),
    )
    .hint("send less at a time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_peer() {
        let one: IpAddr = "2001:db8:1:2:3::4".parse().unwrap();
        let two: IpAddr = "2001:db8:1:2::9".parse().unwrap();
        let other: IpAddr = "2001:db8:1:3::9".parse().unwrap();
        assert_eq!(network(one), network(two));
        assert_ne!(network(one), network(other));
        let mapped: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
        assert_eq!(network(mapped), "192.0.2.7".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn only_what_the_nearest_proxy_wrote_is_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "10.0.0.1, 192.0.2.7".parse().unwrap());
        assert_eq!(last_forwarded(&headers), "192.0.2.7".parse().ok());
        headers.append("x-forwarded-for", "198.51.100.3".parse().unwrap());
        assert_eq!(last_forwarded(&headers), "198.51.100.3".parse().ok());
    }
}
