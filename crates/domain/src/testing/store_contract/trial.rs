//! One test's store, and short words for what tests do with it.

use super::Harness;
use crate::{
    actor_token::{ActorToken, find::ActorTokenQuery},
    audit::{
        AuditEntry,
        find::{AuditQuery, AuditRange},
    },
    change::{Change, Guard, Write},
    client::{Client, returning::KeptReturn},
    idempotency::KeptAnswer,
    keys::SigningKey,
    page::Page,
    ports::{CommitError, Committed, Instance, Store},
    secret_key::SecretKey,
    session::{Session, find::SessionQuery},
    sign_in::{PendingSignIn, failures::PasswordFailures},
    sign_in_token::SignInToken,
    testing::{FixedClock, changes, rows},
    time::Month,
    user::{Standing, User, find::UserQuery},
};
use std::sync::Arc;

/// The largest page, from the beginning.
pub(super) const ALL: Page = Page { limit: Page::MAX_LIMIT, offset: 0 };

pub(super) struct Trial {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: FixedClock,
}

/// All that a store shows of the rows that tests make.
#[derive(Debug, PartialEq)]
pub(super) struct Everything {
    instance: Option<Instance>,
    actor_tokens: Vec<ActorToken>,
    counted: u64,
    sign_in_tokens: Vec<SignInToken>,
    users: Vec<User>,
    standings: Vec<Standing>,
    sessions: Vec<Session>,
    clients: Vec<Client>,
    secret_keys: Vec<SecretKey>,
    signing_keys: Vec<SigningKey>,
    pending_sign_ins: Vec<PendingSignIn>,
    kept_returns: Vec<KeptReturn>,
    kept_answers: Vec<KeptAnswer>,
    entries: Vec<AuditEntry>,
}

impl Trial {
    pub(super) async fn begin(harness: &dyn Harness) -> Self {
        Self { store: harness.open().await, clock: harness.clock() }
    }

    /// Commits what must land.
    pub(super) async fn lands(&self, change: Change) -> Committed {
        self.store.commit(change.clone()).await.unwrap_or_else(|error| panic!("{error}: {change:?}"))
    }

    pub(super) async fn write(&self, writes: Vec<Write>) -> Committed {
        self.lands(changes::change(Vec::new(), writes)).await
    }

    /// Commits a write that must land if the guard holds.
    pub(super) async fn holds(&self, guard: Guard) {
        self.lands(changes::change(vec![guard], Vec::new())).await;
    }

    /// Commits what must fail a guard, and sees that nothing of it is left behind.
    pub(super) async fn refused(&self, change: Change) {
        let before = self.everything().await;
        let refused = self.store.commit(change.clone()).await;
        assert!(matches!(refused, Err(CommitError::GuardFailed)), "{refused:?}: {change:?}");
        assert_eq!(self.everything().await, before, "a refused change left something behind: {change:?}");
    }

    /// The guard must fail, and with it writes of every kind that would land without it.
    pub(super) async fn fails(&self, guard: Guard) {
        self.refused(changes::change(vec![guard], innocent_writes())).await;
    }

    /// The guard must fail, where the innocent writes are stored already.
    pub(super) async fn fails_alone(&self, guard: Guard) {
        self.refused(changes::change(vec![guard], Vec::new())).await;
    }

    /// The write must fail, and with it the writes before and behind it.
    pub(super) async fn write_fails(&self, write: Write) {
        let mut writes = innocent_writes();
        writes.insert(writes.len() / 2, write.clone());
        self.refused(changes::change(Vec::new(), writes)).await;
        self.refused(changes::change(Vec::new(), vec![write])).await;
    }

    /// The whole record, oldest first.
    pub(super) async fn entries(&self) -> Vec<AuditEntry> {
        self.entries_behind(0).await
    }

    pub(super) async fn entries_behind(&self, after: u64) -> Vec<AuditEntry> {
        let query =
            AuditQuery { range: AuditRange::Forward { after }, limit: u32::MAX, ..AuditQuery::default() };
        self.store.audit_entries(&query).await.unwrap()
    }

    pub(super) async fn session(&self, number: u64) -> Session {
        self.store.session(&rows::session_id(number)).await.unwrap().expect("the session is stored")
    }

    pub(super) async fn actor_token(&self, number: u64) -> ActorToken {
        self.store.actor_token(&rows::actor_token_id(number)).await.unwrap().expect("the token is stored")
    }

    pub(super) async fn sign_in_token(&self, number: u64) -> SignInToken {
        self.store.sign_in_token(&rows::sign_in_token_id(number)).await.unwrap().expect("the token is stored")
    }

    pub(super) async fn client(&self, number: u64) -> Client {
        self.store.client(&rows::client_id(number)).await.unwrap().expect("the client is stored")
    }

    pub(super) async fn user(&self, id: &str) -> User {
        self.store.user(&rows::user_id(id)).await.unwrap().expect("the user is stored")
    }

    pub(super) async fn standing(&self, id: &str) -> Standing {
        self.store.standing(&rows::user_id(id)).await.unwrap()
    }

    pub(super) async fn everything(&self) -> Everything {
        let store = &self.store;
        let mut sign_in_tokens = Vec::new();
        for number in (1..10).chain([99]) {
            sign_in_tokens.extend(store.sign_in_token(&rows::sign_in_token_id(number)).await.unwrap());
        }
        let mut standings = Vec::new();
        for id in ["subject", "actor", "other", "stranger", "innocent"] {
            standings.push(self.standing(id).await);
        }
        let (mut pending_sign_ins, mut kept_returns, mut kept_answers) = (Vec::new(), Vec::new(), Vec::new());
        for number in (1..10).chain([99]) {
            pending_sign_ins.extend(store.pending_sign_in(&rows::client_id(number)).await.unwrap());
            kept_returns.extend(store.kept_return(&rows::client_id(number)).await.unwrap());
            kept_answers.extend(store.kept_answer(&rows::idempotency_key_hash(number)).await.unwrap());
        }
        let sessions = SessionQuery { client: None, user: None, status: None, now: rows::START, page: ALL };
        Everything {
            instance: store.instance().await.unwrap(),
            actor_tokens: store
                .actor_tokens(&ActorTokenQuery { limit: Page::MAX_LIMIT, ..ActorTokenQuery::default() })
                .await
                .unwrap(),
            counted: store.actor_tokens_created_in(Month::of(rows::START)).await.unwrap(),
            sign_in_tokens,
            users: store.users(&UserQuery { page: ALL, ..UserQuery::default() }).await.unwrap(),
            standings,
            sessions: store.sessions(&sessions).await.unwrap().rows,
            clients: store.clients(ALL).await.unwrap().rows,
            secret_keys: store.secret_keys().await.unwrap(),
            signing_keys: store.signing_keys().await.unwrap(),
            pending_sign_ins,
            kept_returns,
            kept_answers,
            entries: self.entries().await,
        }
    }
}

/// Wrong passwords of the user `innocent`.
pub(super) const INNOCENT_FAILURES: PasswordFailures = PasswordFailures { count: 1, last_at: rows::START };

/// Writes that land on any store of these tests: they touch only rows with the number 99 and the user `innocent`.
pub(super) fn innocent_writes() -> Vec<Write> {
    let month = Month::of(rows::START);
    vec![
        Write::AddActorToken(rows::actor_token(99)),
        Write::CountActorToken(month),
        Write::AddSignInToken(rows::sign_in_token(99)),
        Write::AddClient(rows::client(99)),
        Write::AddSession(rows::session(99)),
        Write::AddUser(rows::full_user("innocent", 99)),
        Write::SetStanding {
            user: rows::user_id("stranger"),
            standing: Standing { present: false, banned: true, locked: false },
        },
        Write::AddSecretKey(rows::secret_key(99)),
        Write::AddSigningKey(rows::signing_key(99, crate::keys::SigningKeyStatus::Next)),
        Write::SetPasswordFailures { user: rows::user_id("innocent"), failures: Some(INNOCENT_FAILURES) },
        Write::KeepReturn(rows::kept_return(99, "innocent")),
        Write::KeepAnswer(rows::kept_answer(99)),
        Write::SetInstance(rows::instance(99)),
    ]
}

/// What one of several does at the same time.
pub(super) type Work<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// Does all at the same time; the results are in the order of the work.
pub(super) async fn concurrently<T, F>(harness: &dyn Harness, work: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (sender, results) = std::sync::mpsc::channel();
    let tasks = work.into_iter().enumerate().map(|(place, future)| -> super::Task {
        let sender = sender.clone();
        Box::pin(async move {
            let result = future.await;
            sender.send((place, result)).expect("the results are still awaited");
        })
    });
    harness.at_once(tasks.collect()).await;
    drop(sender);
    let mut results: Vec<_> = results.into_iter().collect();
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
