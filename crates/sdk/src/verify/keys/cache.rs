//! Keys that were fetched, and when they are fetched again.
//!
//! A request waits for a fetch only if there is no other way to tell whether its token is good. Fetches never overlap, and
//! they begin at least the floor apart, whatever tokens come: a flood of forged key ids makes no flood of fetches.

use super::{
    super::{
        clock::Clock,
        error::{VerifyError, VerifyErrorKind},
    },
    KeySet, KeySource, KeySourceError,
};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::{runtime::Handle, sync::watch};

/// Ages in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefreshPolicy {
    /// Older keys are used, and fetched anew meanwhile.
    pub(crate) refresh_after_millis: i64,
    /// Keys as old as this are used no more.
    pub(crate) stale_limit_millis: i64,
    /// The least time between the beginnings of two fetches.
    pub(crate) refetch_floor_millis: i64,
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
        let age = |then: i64| now_millis.saturating_sub(then);
        let young = |loaded: &&Loaded| age(loaded.at_millis) < policy.stale_limit_millis;
        if let Some(loaded) = self.loaded.as_ref().filter(young)
            && loaded.keys.find(key_id).is_some()
        {
            // A clock that went back tells no age.
            let is_old = !(0..policy.refresh_after_millis).contains(&age(loaded.at_millis));
            return Step::Use { keys: Arc::clone(&loaded.keys), is_old };
        }
        if self.is_fetching {
            return Step::Wait;
        }
        if self.may_fetch(policy, now_millis) {
            return Step::Fetch;
        }
        match (&self.failure, self.loaded.as_ref().filter(young)) {
            (None, Some(_)) => Step::Refuse(unknown_key()),
            (failure, _) => Step::Refuse(unavailable(failure.clone())),
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
            Step::Wait => Err(unavailable(None)),
            Step::Fetch => {
                self.fetch_in_background();
                Err(unavailable(None))
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
                state.begin(self.clock.unix_millis());
            }
            begins
        };
        self.await_fetch(begins, &mut ended).await;
        match &self.read().failure {
            None => Ok(()),
            Some(failure) => Err(unavailable(Some(failure.clone()))),
        }
    }

    fn step(&self, key_id: &str) -> Step {
        self.read().step(self.policy, key_id, self.clock.unix_millis())
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
        let begins = match self.step(key_id) {
            Step::Use { keys, .. } => return Ok(keys),
            Step::Refuse(error) => return Err(error),
            Step::Fetch => self.begin(),
            Step::Wait => false,
        };
        self.await_fetch(begins, &mut ended).await;
        match self.step(key_id) {
            Step::Use { keys, .. } => Ok(keys),
            Step::Refuse(error) => Err(error),
            // Another fetch is allowed already, or under way; one wait is enough for one token.
            Step::Fetch | Step::Wait => {
                let failure = self.read().failure.clone();
                Err(failure.map_or_else(unknown_key, |failure| unavailable(Some(failure))))
            }
        }
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
        let now_millis = self.clock.unix_millis();
        let mut state = self.write();
        let begins = state.may_fetch(self.policy, now_millis);
        if begins {
            state.begin(now_millis);
        }
        begins
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch under way. However it ends, also by a panic of the source, the next one may begin.
struct Flight {
    cache: Arc<CachedKeys>,
    outcome: Option<Result<KeySet, KeySourceError>>,
}

impl Flight {
    fn new(cache: Arc<CachedKeys>) -> Self {
        Self { cache, outcome: None }
    }

    async fn run(mut self) {
        let text = self.cache.source.fetch().await;
        self.outcome = Some(text.and_then(|text| KeySet::parse(&text).map_err(KeySourceError::new)));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let at_millis = self.cache.clock.unix_millis();
        let outcome = self.outcome.take();
        let mut state = self.cache.write();
        state.is_fetching = false;
        match outcome.unwrap_or_else(|| Err(KeySourceError::new("the fetch was dropped before its end"))) {
            Ok(keys) => {
                state.loaded = Some(Loaded { keys: Arc::new(keys), at_millis });
                state.failure = None;
            }
            Err(failure) => state.failure = Some(failure),
        }
        drop(state);
        self.cache.ended.send_modify(|ended| *ended += 1);
    }
}

fn unknown_key() -> VerifyError {
    VerifyError::new(VerifyErrorKind::UnknownKey, "no key of the JWKS has the token's `kid`")
}

fn unavailable(failure: Option<KeySourceError>) -> VerifyError {
    let error =
        VerifyError::new(VerifyErrorKind::KeysUnavailable, "there are no keys to check the token with");
    match failure {
        Some(failure) => error.caused_by(failure),
        None => error,
    }
}
