//! Keys that were fetched, and when they are fetched again.
//!
//! A request waits for a fetch if its key is not at hand, or if the keys at hand are so old that one of them may have been
//! withdrawn since; otherwise keys are renewed meanwhile. Fetches never overlap, end after their time, and begin at least
//! the floor apart, whatever tokens come: a flood of forged key ids makes no flood of fetches.

use super::{
    super::{
        clock::Clock,
        error::{VerifyError, VerifyErrorKind},
    },
    KeySet, KeySource, KeySourceError,
};
use std::{
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};
use tokio::{runtime::Handle, sync::watch};

/// So many times `refresh_after` old, keys are used only after a try to fetch newer ones.
const OVERDUE_TIMES: i64 = 2;
/// So many tokens wait for a fetch while there are keys at hand; more than that are a flood.
const MAX_WAITING: usize = 1_024;
const MILLIS_PER_SECOND: i64 = 1_000;

/// Ages in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefreshPolicy {
    /// Older keys are used, and fetched anew meanwhile.
    pub(crate) refresh_after_millis: i64,
    /// Keys as old as this are used no more.
    pub(crate) stale_limit_millis: i64,
    /// The least time between the beginnings of two fetches.
    pub(crate) refetch_floor_millis: i64,
    /// After this a fetch without an answer has failed.
    pub(crate) fetch_timeout: Duration,
}

pub(crate) struct CachedKeys {
    source: Box<dyn KeySource>,
    clock: Arc<dyn Clock>,
    policy: RefreshPolicy,
    state: RwLock<State>,
    /// How many fetches have ended.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    loaded: Option<Loaded>,
    /// When the last fetch began.
    begun_millis: Option<i64>,
    is_fetching: bool,
    /// Why the last fetch failed; none if it did not.
    failure: Option<KeySourceError>,
}

struct Loaded {
    keys: Arc<KeySet>,
    at_millis: i64,
}

/// What to do about one token.
enum Step {
    Use { keys: Arc<KeySet>, is_old: bool },
    Fetch,
    Wait,
    Refuse(VerifyError),
}

impl State {
    fn step(&self, policy: RefreshPolicy, key_id: &str, now_millis: i64) -> Step {
        if let Some(loaded) = self.usable(policy, now_millis)
            && loaded.keys.find(key_id).is_some()
            && !self.is_overdue(policy, loaded, now_millis)
        {
            // A clock that went back tells no age.
            let age = now_millis.saturating_sub(loaded.at_millis);
            let is_old = !(0..policy.refresh_after_millis).contains(&age);
            return Step::Use { keys: Arc::clone(&loaded.keys), is_old };
        }
        if self.is_fetching {
            return Step::Wait;
        }
        if self.may_fetch(policy, now_millis) {
            return Step::Fetch;
        }
        match self.settle(policy, key_id, now_millis) {
            Ok(keys) => Step::Use { keys, is_old: false },
            Err(error) => Step::Refuse(error),
        }
    }

    /// What the keys at hand say, when no fetch can be waited for.
    fn settle(
        &self,
        policy: RefreshPolicy,
        key_id: &str,
        now_millis: i64,
    ) -> Result<Arc<KeySet>, VerifyError> {
        match (self.usable(policy, now_millis), &self.failure) {
            (Some(loaded), _) if loaded.keys.find(key_id).is_some() => Ok(Arc::clone(&loaded.keys)),
            (Some(_), None) => Err(unknown_key()),
            _ => Err(self.unavailable(policy, now_millis)),
        }
    }

    fn usable(&self, policy: RefreshPolicy, now_millis: i64) -> Option<&Loaded> {
        let age = |loaded: &&Loaded| now_millis.saturating_sub(loaded.at_millis);
        self.loaded.as_ref().filter(|loaded| age(loaded) < policy.stale_limit_millis)
    }

    /// Nobody has asked for long. If the server was found away lately, waiting would only make every request slow.
    fn is_overdue(&self, policy: RefreshPolicy, loaded: &Loaded, now_millis: i64) -> bool {
        let age = |then: i64| now_millis.saturating_sub(then);
        let failed_lately = self.failure.is_some()
            && self.begun_millis.is_some_and(|begun| age(begun) < policy.refresh_after_millis);
        let limit = policy.refresh_after_millis.saturating_mul(OVERDUE_TIMES);
        age(loaded.at_millis) >= limit && !failed_lately
    }

    fn unavailable(&self, policy: RefreshPolicy, now_millis: i64) -> VerifyError {
        let next = self.begun_millis.map_or(now_millis, |begun| begun + policy.refetch_floor_millis);
        let rest = next.saturating_sub(now_millis).clamp(0, policy.refetch_floor_millis);
        let seconds = u64::try_from(rest).unwrap_or_default().div_ceil(MILLIS_PER_SECOND.unsigned_abs());
        let error =
            VerifyError::new(VerifyErrorKind::KeysUnavailable, "there are no keys to check the token with")
                .retry_after(Duration::from_secs(seconds.max(1)));
        match &self.failure {
            Some(failure) => error.caused_by(failure.clone()),
            None => error,
        }
    }

    fn may_fetch(&self, policy: RefreshPolicy, now_millis: i64) -> bool {
        let since = |begun: i64| now_millis.saturating_sub(begun);
        let is_due = |begun| !(0..policy.refetch_floor_millis).contains(&since(begun));
        !self.is_fetching && self.begun_millis.is_none_or(is_due)
    }

    fn begin(&mut self, now_millis: i64) {
        self.is_fetching = true;
        self.begun_millis = Some(now_millis);
    }
}

impl CachedKeys {
    pub(crate) fn new(source: Box<dyn KeySource>, clock: Arc<dyn Clock>, policy: RefreshPolicy) -> Arc<Self> {
        let (state, ended) = (RwLock::default(), watch::Sender::new(0));
        Arc::new(Self { source, clock, policy, state, ended })
    }

    /// Keys of which one has the id.
    pub(crate) async fn with(self: &Arc<Self>, key_id: &str) -> Result<Arc<KeySet>, VerifyError> {
        match self.step(key_id) {
            Step::Use { keys, is_old } => Ok(self.refreshing(keys, is_old)),
            Step::Refuse(error) => Err(error),
            Step::Fetch | Step::Wait => self.with_fetched(key_id).await,
        }
    }

    /// The same without waiting. A fetch that is needed begins, where a runtime can carry it.
    pub(crate) fn with_now(self: &Arc<Self>, key_id: &str) -> Result<Arc<KeySet>, VerifyError> {
        match self.step(key_id) {
            Step::Use { keys, is_old } => Ok(self.refreshing(keys, is_old)),
            Step::Refuse(error) => Err(error),
            Step::Wait => Err(self.unavailable()),
            Step::Fetch => {
                self.fetch_in_background();
                Err(self.unavailable())
            }
        }
    }

    /// Fetches now, or waits for the fetch that is under way, and says how it went.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<(), VerifyError> {
        let mut ended = self.ended.subscribe();
        let begins = {
            let mut state = self.write();
            let begins = !state.is_fetching;
            if begins {
                state.begin(self.clock.monotonic_millis());
            }
            begins
        };
        self.await_fetch(begins, &mut ended).await;
        if self.read().failure.is_none() { Ok(()) } else { Err(self.unavailable()) }
    }

    fn step(&self, key_id: &str) -> Step {
        self.read().step(self.policy, key_id, self.clock.monotonic_millis())
    }

    fn settle(&self, key_id: &str) -> Result<Arc<KeySet>, VerifyError> {
        self.read().settle(self.policy, key_id, self.clock.monotonic_millis())
    }

    fn unavailable(&self) -> VerifyError {
        self.read().unavailable(self.policy, self.clock.monotonic_millis())
    }

    fn refreshing(self: &Arc<Self>, keys: Arc<KeySet>, is_old: bool) -> Arc<KeySet> {
        if is_old {
            self.fetch_in_background();
        }
        keys
    }

    fn fetch_in_background(self: &Arc<Self>) {
        // Without a runtime the keys grow older until somebody waits for them.
        if let Ok(runtime) = Handle::try_current()
            && self.begin()
        {
            runtime.spawn(Flight::new(Arc::clone(self)).run());
        }
    }

    async fn with_fetched(self: &Arc<Self>, key_id: &str) -> Result<Arc<KeySet>, VerifyError> {
        // Subscribed before the state is looked at again, so that an end between the two is not missed.
        let mut ended = self.ended.subscribe();
        if self.ended.receiver_count() > MAX_WAITING && self.read().loaded.is_some() {
            return self.settle(key_id).map_err(|_| self.unavailable());
        }
        let begins = match self.step(key_id) {
            Step::Use { keys, .. } => return Ok(keys),
            Step::Refuse(error) => return Err(error),
            Step::Fetch => self.begin(),
            Step::Wait => false,
        };
        self.await_fetch(begins, &mut ended).await;
        // Another fetch may be allowed already, or under way; one wait is enough for one token.
        self.settle(key_id)
    }

    /// The fetch is a task of its own where it can be: it goes on if the request that began it is dropped.
    async fn await_fetch(self: &Arc<Self>, begins: bool, ended: &mut watch::Receiver<u64>) {
        if begins {
            let flight = Flight::new(Arc::clone(self));
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(flight.run())),
                Err(_) => flight.run().await,
            }
        } else if !self.read().is_fetching {
            return;
        }
        // The sender is `self`'s, so it is there as long as this waits.
        let _ = ended.changed().await;
    }

    /// Is it this caller who fetches?
    fn begin(&self) -> bool {
        let now_millis = self.clock.monotonic_millis();
        // Asked together with others first: while the server is away, every token comes by here.
        if !self.read().may_fetch(self.policy, now_millis) {
            return false;
        }
        let mut state = self.write();
        let begins = state.may_fetch(self.policy, now_millis);
        if begins {
            state.begin(now_millis);
        }
        begins
    }

    /// Timed where there is a runtime to time it.
    async fn fetch(&self) -> Result<String, KeySourceError> {
        let fetch = self.source.fetch();
        if Handle::try_current().is_err() {
            return fetch.await;
        }
        let limit = self.policy.fetch_timeout;
        let too_late = |_| Err(KeySourceError::new(format!("there was no answer within {limit:?}")));
        tokio::time::timeout(limit, fetch).await.unwrap_or_else(too_late)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch under way. However it ends, also by a panic of the source or with its runtime, the next one may begin.
struct Flight {
    cache: Arc<CachedKeys>,
    outcome: Option<Result<KeySet, KeySourceError>>,
}

impl Flight {
    fn new(cache: Arc<CachedKeys>) -> Self {
        Self { cache, outcome: None }
    }

    async fn run(mut self) {
        let cache = Arc::clone(&self.cache);
        let text = cache.fetch().await;
        self.outcome = Some(text.and_then(|text| KeySet::parse(&text).map_err(KeySourceError::new)));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let at_millis = self.cache.clock.monotonic_millis();
        let outcome = self.outcome.take();
        let mut state = self.cache.write();
        state.is_fetching = false;
        match outcome {
            Some(Ok(keys)) => {
                state.loaded = Some(Loaded { keys: Arc::new(keys), at_millis });
                state.failure = None;
            }
            Some(Err(failure)) => state.failure = Some(failure),
            None if std::thread::panicking() => {
                state.failure = Some(KeySourceError::new("the source of keys panicked"));
            }
            None => {
                // The server was not found away, so nothing has to pass before it is asked again.
                state.failure = Some(KeySourceError::new("the fetch was dropped before its end"));
                state.begun_millis = None;
            }
        }
        drop(state);
        self.cache.ended.send_modify(|ended| *ended += 1);
    }
}

fn unknown_key() -> VerifyError {
    VerifyError::new(VerifyErrorKind::UnknownKey, "no key of the JWKS has the token's `kid`")
}
