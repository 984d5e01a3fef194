//! What whoever proves nothing may do in a minute: fail with secret keys, tickets and passwords, and have clients made.
//!
//! Only failures count, so a valid key passes even from an address that is over its limit. A right password does not:
//! there are few enough bad ones to try them all. So a guess at one is paid for before it is looked at, and gets its
//! price back when it was right; however many are on their way at once, no more are looked at than the limit allows.

use crate::{entry::RequestInfo, error::ApiError, network};
use actas_domain::ids::SecretKeyId;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const MINUTE: Duration = Duration::from_secs(60);
/// What many pay for together, in limits of one address: an app that passes browsers on for all of them, because it names
/// their addresses, and may have been told them by the browsers themselves; and a site of IPv6 ([`network::of_site`])
/// for all its networks.
const LIMITS_OF_MANY: u32 = 10;
/// After so many payments those who owe nothing are forgotten, so that memory stays bounded.
const FORGET_EVERY: u32 = 4_096;

#[derive(Debug)]
pub(crate) struct RateLimit {
    per_minute: u32,
    ledger: Mutex<Ledger>,
}

impl RateLimit {
    /// `per_minute` is what one address may do, 1 at least.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute: per_minute.max(1), ledger: Mutex::default() }
    }

    /// Counts one failure; gives the error back, or 429 in its place when there were too many.
    pub(crate) fn count(&self, info: &RequestInfo, error: ApiError) -> ApiError {
        self.take(info).err().unwrap_or(error)
    }

    /// Takes one of what may be done in a minute.
    ///
    /// # Errors
    /// 429 when there is none left.
    pub(crate) fn take(&self, info: &RequestInfo) -> Result<(), ApiError> {
        self.ledger().pay(&self.prices(info), Instant::now()).map_err(retry_after)
    }

    /// Takes one for a guess at a password, to be given back if it was right.
    ///
    /// # Errors
    /// 429 when there is none left.
    pub(crate) fn guess(&self, info: &RequestInfo) -> Result<Guess<'_>, ApiError> {
        let prices = self.prices(info);
        self.ledger().pay(&prices, Instant::now()).map_err(retry_after)?;
        Ok(Guess { limit: self, prices })
    }

    fn prices(&self, info: &RequestInfo) -> Vec<Price> {
        let of_one = MINUTE / self.per_minute;
        let of_many = MINUTE / self.per_minute.saturating_mul(LIMITS_OF_MANY);
        let (network, site) = (network::of_one(info.address), network::of_site(info.address));
        let mut prices = vec![Price { payer: Payer::Network(network), interval: of_one }];
        if site.is_ipv6() {
            prices.push(Price { payer: Payer::Site(site), interval: of_many });
        }
        prices
            .extend(info.passed_on_by.clone().map(|key| Price { payer: Payer::App(key), interval: of_many }));
        prices
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Nothing that is done under the lock can break off half-way.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guess at a password that is looked at. One that is dropped, because it was wrong or its caller went away, stays
/// paid.
#[derive(Debug)]
pub(crate) struct Guess<'a> {
    limit: &'a RateLimit,
    prices: Vec<Price>,
}

impl Guess<'_> {
    /// It was right, or nobody looked whether it was.
    pub(crate) fn give_back(self) {
        self.limit.ledger().give_back(&self.prices);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Payer {
    Network(IpAddr),
    /// Beside its networks: its own address may be that of one of them.
    Site(IpAddr),
    App(SecretKeyId),
}

/// What one act costs one of those who pay for it: the time after which it is as if it had not been.
#[derive(Debug)]
struct Price {
    payer: Payer,
    interval: Duration,
}

#[derive(Debug, Default)]
struct Ledger {
    /// When everything is as if it had not been; at most [`MINUTE`] away.
    settled_at: HashMap<Payer, Instant>,
    payments: u32,
}

impl Ledger {
    /// All pay, or, where one of them cannot, nobody does: how long that one has to wait.
    fn pay(&mut self, prices: &[Price], now: Instant) -> Result<(), Duration> {
        let settled_at = |ledger: &Self, price: &Price| {
            ledger.settled_at.get(&price.payer).copied().unwrap_or(now).max(now) + price.interval
        };
        for price in prices {
            let too_late_by = settled_at(self, price).saturating_duration_since(now + MINUTE);
            if !too_late_by.is_zero() {
                return Err(too_late_by);
            }
        }
        for price in prices {
            let settled_at = settled_at(self, price);
            self.settled_at.insert(price.payer.clone(), settled_at);
        }
        self.payments = self.payments.wrapping_add(1);
        if self.payments.is_multiple_of(FORGET_EVERY) {
            self.settled_at.retain(|_, settled_at| now < *settled_at);
            self.settled_at.shrink_to_fit();
        }
        Ok(())
    }

    fn give_back(&mut self, prices: &[Price]) {
        for price in prices {
            if let Some(settled_at) = self.settled_at.get_mut(&price.payer)
                && let Some(earlier) = settled_at.checked_sub(price.interval)
            {
                *settled_at = earlier;
            }
        }
    }
}

/// In whole seconds, one more than it takes.
fn retry_after(wait: Duration) -> ApiError {
    ApiError::too_many_requests(u32::try_from(wait.as_secs()).unwrap_or(60).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::{testing::CountingEntropy, time::UnixMillis};

    fn from(address: &str) -> RequestInfo {
        RequestInfo::new("".into(), address.parse().unwrap())
    }

    fn through(app: &SecretKeyId, address: &str) -> RequestInfo {
        RequestInfo { passed_on_by: Some(app.clone()), ..from(address) }
    }

    #[test]
    fn an_address_is_limited_and_another_is_not() {
        let limit = RateLimit::new(2);
        let code = |text| limit.count(&from(text), ApiError::secret_key_invalid()).code;
        assert_eq!(code("2001:db8::1"), "clerk_key_invalid");
        assert_eq!(code("2001:db8::2"), "clerk_key_invalid");
        assert_eq!(code("2001:db8::3"), "too_many_requests");
        assert_eq!(code("192.0.2.1"), "clerk_key_invalid");
        assert_eq!(code("::ffff:192.0.2.1"), "clerk_key_invalid");
        assert_eq!(code("192.0.2.1"), "too_many_requests");
    }

    #[test]
    fn a_minute_restores_everything_and_a_part_of_it_a_part() {
        let mut ledger = Ledger::default();
        let limit = RateLimit::new(3);
        let prices = limit.prices(&from("192.0.2.1"));
        let start = Instant::now();
        let mut pay = |seconds| ledger.pay(&prices, start + Duration::from_secs(seconds));
        assert!((0..3).all(|_| pay(0).is_ok()));
        assert_eq!(pay(0), Err(Duration::from_secs(20)));
        assert_eq!(pay(19), Err(Duration::from_secs(1)));
        assert_eq!(pay(20), Ok(()));
        assert_eq!(pay(20), Err(Duration::from_secs(20)));
        assert!((0..3).all(|_| pay(80).is_ok()));
        assert!(pay(80).is_err());
    }

    #[test]
    fn a_guess_is_paid_for_ahead_and_given_back_when_it_was_right() {
        let limit = RateLimit::new(2);
        let info = from("192.0.2.1");
        let on_their_way = (limit.guess(&info).unwrap(), limit.guess(&info).unwrap());
        assert_eq!(limit.guess(&info).unwrap_err().code, "too_many_requests");
        on_their_way.0.give_back();
        let third = limit.guess(&info).unwrap();
        drop(third);
        drop(on_their_way.1);
        assert_eq!(limit.guess(&info).unwrap_err().code, "too_many_requests");
    }

    /// One who moves through the networks of a site.
    #[test]
    fn a_site_of_ipv6_is_limited_over_all_its_networks() {
        let limit = RateLimit::new(2);
        let fails = |site: u32, network: u32| {
            limit.take(&from(&format!("2001:db8:{site:x}:{network:x}::1"))).is_err()
        };
        let first_refused = (0..200).find(|network| fails(1, *network));
        assert_eq!(first_refused, Some(2 * LIMITS_OF_MANY));
        assert!(!fails(2, 0), "another site pays for this one");
    }

    /// A browser that is another address each time, by headers that a careless front passes on.
    #[test]
    fn an_app_is_limited_over_all_its_addresses() {
        let limit = RateLimit::new(2);
        let entropy = CountingEntropy::default();
        let key = || SecretKeyId::mint(UnixMillis::from_seconds(0), &entropy);
        let (one, other) = (key(), key());
        let fails = |app, number: u32| limit.take(&through(app, &format!("192.0.2.{number}"))).is_err();
        let first_refused = (0..200).find(|number| fails(&one, *number));
        assert_eq!(first_refused, Some(2 * LIMITS_OF_MANY));
        assert!(!fails(&other, 250), "another app's browsers pay for this one's");
        assert!(limit.take(&from("192.0.2.251")).is_ok());
        assert!(limit.take(&from("192.0.2.20")).is_ok(), "what is refused is not paid");
        assert!(limit.take(&from("192.0.2.20")).is_ok(), "what is refused is not paid");
    }

    #[test]
    fn who_owes_nothing_is_forgotten() {
        let mut ledger = Ledger::default();
        let limit = RateLimit::new(1_000_000);
        let start = Instant::now();
        for number in 0..FORGET_EVERY {
            let info = RequestInfo { address: std::net::Ipv4Addr::from_bits(number).into(), ..from("::1") };
            let now = start + Duration::from_secs(u64::from(number / (FORGET_EVERY - 1)));
            ledger.pay(&limit.prices(&info), now).unwrap();
        }
        assert_eq!(ledger.settled_at.len(), 1);
    }
}
