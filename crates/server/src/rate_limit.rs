//! What whoever proves nothing may do in a minute: fail with secret keys, tickets and passwords, and have clients made.
//!
//! Only failures count, so a valid key passes even from an address that is over its limit. A right password does not:
//! there are few enough bad ones to try them all. So a guess at one is paid for before it is looked at, and gets its
//! price back when it was right; however many are on their way at once, no more are looked at than the limit allows.

use crate::{entry::RequestInfo, error::ApiError};
use actas_domain::ids::SecretKeyId;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const MINUTE: Duration = Duration::from_secs(60);
/// What an app that passes browsers on pays for all of them, in limits of one address. It names their addresses, and
/// may have been told them by the browsers themselves.
const APP_LIMITS: u32 = 10;
/// Guesses at passwords of one address that are looked at or wait for the hasher at a time: a quarter of those that
/// may wait there. Its others wait here.
const GUESSES_AT_ONCE_MAX: usize = 16;
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

    /// Takes one for a guess at a password, to be given back if it was right, and waits for its turn.
    ///
    /// # Errors
    /// 429 when there is none left.
    pub(crate) async fn guess(&self, info: &RequestInfo) -> Result<Guess<'_>, ApiError> {
        let prices = self.prices(info);
        let turns = {
            let mut ledger = self.ledger();
            ledger.pay(&prices, Instant::now()).map_err(retry_after)?;
            ledger.turns(&prices.address.payer)
        };
        let turn = turns.acquire_owned().await.map_err(|_| ApiError::internal())?;
        Ok(Guess { limit: self, prices, _turn: turn })
    }

    fn prices(&self, info: &RequestInfo) -> Prices {
        let per_minute_of_app = self.per_minute.saturating_mul(APP_LIMITS);
        Prices {
            address: Price {
                payer: Payer::Network(network(info.address)),
                interval: MINUTE / self.per_minute,
            },
            app: info
                .passed_on_by
                .clone()
                .map(|key| Price { payer: Payer::App(key), interval: MINUTE / per_minute_of_app }),
        }
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
    prices: Prices,
    _turn: OwnedSemaphorePermit,
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
    App(SecretKeyId),
}

/// What one act costs each who pays for it: its address, and the app that passed it on.
#[derive(Debug)]
struct Prices {
    address: Price,
    app: Option<Price>,
}

impl Prices {
    fn iter(&self) -> impl Iterator<Item = &Price> {
        std::iter::once(&self.address).chain(&self.app)
    }
}

/// The time after which it is as if it had not been.
#[derive(Debug)]
struct Price {
    payer: Payer,
    interval: Duration,
}

#[derive(Debug, Default)]
struct Ledger {
    accounts: HashMap<Payer, Account>,
    payments: u32,
}

#[derive(Debug)]
struct Account {
    /// When everything is as if it had not been; at most [`MINUTE`] away.
    settled_at: Instant,
    /// Of an address that guesses.
    turns: Option<Arc<Semaphore>>,
}

impl Account {
    /// Whether anybody has or waits for a turn.
    fn is_guessing(&self) -> bool {
        self.turns.as_ref().is_some_and(|turns| Arc::strong_count(turns) > 1)
    }
}

impl Ledger {
    /// All pay, or, where one of them cannot, nobody does: how long that one has to wait.
    fn pay(&mut self, prices: &Prices, now: Instant) -> Result<(), Duration> {
        let settled_at = |ledger: &Self, price: &Price| {
            let settled_at = ledger.accounts.get(&price.payer).map_or(now, |account| account.settled_at);
            settled_at.max(now) + price.interval
        };
        for price in prices.iter() {
            let too_late_by = settled_at(self, price).saturating_duration_since(now + MINUTE);
            if !too_late_by.is_zero() {
                return Err(too_late_by);
            }
        }
        for price in prices.iter() {
            let settled_at = settled_at(self, price);
            let account = self.accounts.entry(price.payer.clone());
            account.or_insert(Account { settled_at, turns: None }).settled_at = settled_at;
        }
        self.payments = self.payments.wrapping_add(1);
        if self.payments.is_multiple_of(FORGET_EVERY) {
            self.accounts.retain(|_, account| now < account.settled_at || account.is_guessing());
            self.accounts.shrink_to_fit();
        }
        Ok(())
    }

    fn turns(&mut self, payer: &Payer) -> Arc<Semaphore> {
        let new = || Arc::new(Semaphore::new(GUESSES_AT_ONCE_MAX));
        let account = self.accounts.get_mut(payer);
        account.map_or_else(new, |account| Arc::clone(account.turns.get_or_insert_with(new)))
    }

    fn give_back(&mut self, prices: &Prices) {
        for price in prices.iter() {
            if let Some(account) = self.accounts.get_mut(&price.payer)
                && let Some(settled_at) = account.settled_at.checked_sub(price.interval)
            {
                account.settled_at = settled_at;
            }
        }
    }
}

/// In whole seconds, one more than it takes.
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
    use actas_domain::{testing::CountingEntropy, time::UnixMillis};
    use futures::FutureExt as _;

    fn from(address: &str) -> RequestInfo {
        RequestInfo { trace_id: "".into(), address: address.parse().unwrap(), passed_on_by: None }
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

    #[tokio::test]
    async fn a_guess_is_paid_for_ahead_and_given_back_when_it_was_right() {
        let limit = RateLimit::new(2);
        let info = from("192.0.2.1");
        let on_their_way = (limit.guess(&info).await.unwrap(), limit.guess(&info).await.unwrap());
        assert_eq!(limit.guess(&info).await.unwrap_err().code, "too_many_requests");
        on_their_way.0.give_back();
        let third = limit.guess(&info).await.unwrap();
        drop(third);
        drop(on_their_way.1);
        assert_eq!(limit.guess(&info).await.unwrap_err().code, "too_many_requests");
    }

    #[tokio::test]
    async fn an_address_has_so_many_turns_and_another_has_its_own() {
        let limit = RateLimit::new(1_000);
        let info = from("192.0.2.1");
        let mut guesses = Vec::new();
        for _ in 0..GUESSES_AT_ONCE_MAX {
            guesses.push(limit.guess(&info).await.unwrap());
        }
        let mut next = Box::pin(limit.guess(&info));
        assert!(next.as_mut().now_or_never().is_none(), "one too many is looked at");
        assert!(limit.guess(&from("192.0.2.2")).now_or_never().unwrap().is_ok());
        guesses.pop();
        assert!(next.now_or_never().unwrap().is_ok());
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
        assert_eq!(first_refused, Some(2 * APP_LIMITS));
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
        assert_eq!(ledger.accounts.len(), 1);
    }
}
