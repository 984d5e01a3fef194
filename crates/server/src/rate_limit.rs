//! Failed authentications per address: wrong secret keys, forged tickets, wrong passwords.
//!
//! Only failures count, so a valid key passes even from an address that is over its limit. A right password does not:
//! there are few enough bad ones to try them all.

use crate::error::ApiError;
use governor::{
    Quota, RateLimiter, clock::Clock as _, clock::DefaultClock, state::keyed::DefaultKeyedStateStore,
};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

type Instant = <DefaultClock as governor::clock::Clock>::Instant;

/// After so many failures the addresses that are quiet again are forgotten, so that memory stays bounded.
const FORGET_EVERY: u32 = 4_096;

pub(crate) struct FailedAuthentications {
    limiter: RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock>,
    counted: AtomicU32,
    /// Until when addresses have had too many; short-lived.
    blocked: Mutex<HashMap<IpAddr, Instant>>,
}

impl std::fmt::Debug for FailedAuthentications {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FailedAuthentications").finish_non_exhaustive()
    }
}

impl FailedAuthentications {
    pub(crate) fn new(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self { limiter: RateLimiter::keyed(quota), counted: AtomicU32::new(0), blocked: Mutex::default() }
    }

    /// Counts one failure; gives the error back, or 429 in its place when the address has had too many.
    pub(crate) fn count(&self, address: IpAddr, error: ApiError) -> ApiError {
        self.take(address).err().unwrap_or(error)
    }

    /// Whether the address has had too many: somebody who tries passwords is then not told of a right one either.
    ///
    /// # Errors
    /// 429, until the address may fail again.
    pub(crate) fn refuse_blocked(&self, address: IpAddr) -> Result<(), ApiError> {
        let now = DefaultClock::default().now();
        let until = self.blocked().get(&network(address)).copied().filter(|until| now < *until);
        until.map_or(Ok(()), |until| Err(retry_after(until.duration_since(now))))
    }

    /// Takes one of what the address may do in a minute.
    ///
    /// # Errors
    /// 429 when it has had too many.
    pub(crate) fn take(&self, address: IpAddr) -> Result<(), ApiError> {
        let now = DefaultClock::default().now();
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            self.blocked().retain(|_, until| now < *until);
        }
        match self.limiter.check_key(&network(address)) {
            Ok(()) => Ok(()),
            Err(until) => {
                self.blocked().insert(network(address), until.earliest_possible());
                Err(retry_after(until.wait_time_from(now)))
            }
        }
    }

    fn blocked(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        // Nothing that is done under the lock can break off half-way.
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn retry_after(wait: Duration) -> ApiError {
    ApiError::too_many_requests(u32::try_from(wait.as_secs()).unwrap_or(60).saturating_add(1))
}

/// What is counted as one: an IPv4 address, or the /64 that a holder of IPv6 addresses moves in.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
            IpAddr::V4,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_limited_and_another_is_not() {
        let failures = FailedAuthentications::new(2);
        let address = |text: &str| text.parse().unwrap();
        let code = |text| failures.count(address(text), ApiError::secret_key_invalid()).code;
        assert_eq!(code("2001:db8::1"), "clerk_key_invalid");
        assert_eq!(code("2001:db8::2"), "clerk_key_invalid");
        assert_eq!(code("2001:db8::3"), "too_many_requests");
        assert_eq!(code("192.0.2.1"), "clerk_key_invalid");
    }
}
