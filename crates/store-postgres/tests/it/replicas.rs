//! Two stores on one database, as two replicas have them: whatever one of them is asked, the other may be asked next.

use crate::workplace::Workplace;
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault, SystemClock, SystemEntropy};
use actas_domain::{
    actor_token::{ActorToken, find::ActorTokenQuery},
    audit::{AuditEntry, find::AuditQuery},
    change::Change,
    client::{Client, returning::KeptReturn},
    idempotency::KeptAnswer,
    ids::{ActorTokenId, ClientId, SecretKeyId, SessionId, SignInTokenId, UserId},
    keys::{SigningKey, SigningKeyStatus, bootstrap, ring::KeyRing},
    lease::{Lease, LeaseHolder},
    page::{Listed, Page},
    ports::{CommitError, Committed, Instance, Store, StoreError},
    refusal_throttle::RefusalThrottle,
    retention::{Purge, Stepped},
    secret::SecretHash,
    secret_key::SecretKey,
    session::{Session, find::SessionQuery},
    settings::Settings,
    sign_in::{
        PendingSignIn,
        failures::{Guessed, PasswordFailures},
    },
    sign_in_token::SignInToken,
    testing::{
        FixedClock, rows,
        store_contract::{self, Harness, Task},
    },
    time::{Month, UnixMillis},
    user::{Identifier, Standing, User, find::UserQuery},
    world::World,
};
use actas_postgres_cluster::Cluster;
use actas_store_postgres::PostgresStore;
use async_trait::async_trait;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// Asks one store after the other.
struct Alternating {
    stores: [Arc<PostgresStore>; 2],
    calls: AtomicUsize,
}

impl Alternating {
    fn next(&self) -> &PostgresStore {
        &self.stores[self.calls.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

macro_rules! delegate {
    ($($call:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+) => {
        #[async_trait]
        impl Store for Alternating {
            $(async fn $call(&self, $($name: $kind),*) -> $answer {
                self.next().$call($($name),*).await
            })+
        }
    };
}

delegate! {
    instance() -> Result<Option<Instance>, StoreError>;
    actor_token(id: &ActorTokenId) -> Result<Option<ActorToken>, StoreError>;
    actor_tokens(query: &ActorTokenQuery) -> Result<Vec<ActorToken>, StoreError>;
    actor_tokens_created_in(month: Month) -> Result<u64, StoreError>;
    sign_in_token(id: &SignInTokenId) -> Result<Option<SignInToken>, StoreError>;
    user(id: &UserId) -> Result<Option<User>, StoreError>;
    standing(id: &UserId) -> Result<Standing, StoreError>;
    identifier_owner(identifier: &Identifier) -> Result<Option<UserId>, StoreError>;
    users(query: &UserQuery) -> Result<Vec<User>, StoreError>;
    count_users(query: &UserQuery) -> Result<u64, StoreError>;
    session(id: &SessionId) -> Result<Option<Session>, StoreError>;
    sessions(query: &SessionQuery) -> Result<Listed<Session>, StoreError>;
    overdue_sessions(now: UnixMillis, limit: u32) -> Result<Vec<Session>, StoreError>;
    count_live_sessions(now: UnixMillis) -> Result<u64, StoreError>;
    record_activity(id: &SessionId, at: UnixMillis) -> Result<(), StoreError>;
    client(id: &ClientId) -> Result<Option<Client>, StoreError>;
    clients(page: Page) -> Result<Listed<Client>, StoreError>;
    secret_key(id: &SecretKeyId) -> Result<Option<SecretKey>, StoreError>;
    secret_keys() -> Result<Vec<SecretKey>, StoreError>;
    signing_keys() -> Result<Vec<SigningKey>, StoreError>;
    audit_entries(query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError>;
    pending_sign_in(client: &ClientId) -> Result<Option<PendingSignIn>, StoreError>;
    begin_sign_in(pending: &PendingSignIn) -> Result<(), StoreError>;
    password_failures(guessed: &Guessed) -> Result<Option<PasswordFailures>, StoreError>;
    set_guesses(
        identifier: SecretHash,
        seen: Option<PasswordFailures>,
        failures: PasswordFailures
    ) -> Result<bool, StoreError>;
    forget_sign_ins(now: UnixMillis, forgotten: UnixMillis, limit: u32) -> Result<u32, StoreError>;
    kept_return(client: &ClientId) -> Result<Option<KeptReturn>, StoreError>;
    kept_answer(key_hash: &SecretHash) -> Result<Option<KeptAnswer>, StoreError>;
    keep_answer(answer: &KeptAnswer) -> Result<bool, StoreError>;
    forget_answers(now: UnixMillis, limit: u32) -> Result<u32, StoreError>;
    count_kept_answers() -> Result<u64, StoreError>;
    purge(purge: &Purge, now: UnixMillis, limit: u32) -> Result<Stepped, StoreError>;
    time() -> Result<UnixMillis, StoreError>;
    take_lease(lease: Lease, holder: &LeaseHolder, seconds: u32) -> Result<bool, StoreError>;
    give_up_leases(holder: &LeaseHolder) -> Result<(), StoreError>;
    commit(change: Change) -> Result<Committed, CommitError>;
    check() -> Result<(), StoreError>;
}

struct Replicas {
    clock: FixedClock,
    workplaces: Mutex<Vec<Workplace>>,
}

impl Replicas {
    fn new() -> Self {
        Self { clock: FixedClock::new(rows::START), workplaces: Mutex::default() }
    }
}

#[async_trait]
impl Harness for Replicas {
    fn clock(&self) -> FixedClock {
        self.clock.clone()
    }

    async fn open(&self) -> Arc<dyn Store> {
        let workplace = Workplace::new();
        let options = workplace.options();
        let open = || PostgresStore::open_with_clock(&options, Arc::new(self.clock.clone()));
        let stores = [Arc::new(open().await.unwrap()), Arc::new(open().await.unwrap())];
        self.workplaces.lock().unwrap().push(workplace);
        Arc::new(Alternating { stores, calls: AtomicUsize::new(0) })
    }

    async fn reopen(&self, _: Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        None
    }

    async fn at_once(&self, tasks: Vec<Task>) {
        let running: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
        for task in running {
            if let Err(error) = task.await {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

macro_rules! across_replicas {
    ($($topic:ident { $($promise:ident)+ })+) => {
        $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $promise() {
            store_contract::$topic::$promise(&Replicas::new()).await;
        })+)+
    };
}

across_replicas! {
    races {
        a_ticket_makes_one_session
        a_ticket_is_accepted_or_revoked
        a_quota_is_never_passed
        an_identifier_has_one_winner
        a_revision_has_one_successor
        a_client_begins_one_impersonation
        a_first_start_happens_once
        a_downfall_leaves_nobody_behind
        an_expiry_and_an_activity_exclude_each_other
        an_answered_commit_is_seen
    }
    record {
        positions_are_dense_under_load
        a_follower_misses_nothing
    }
    atomicity {
        a_failed_change_fails_alone
        a_reader_sees_whole_changes
    }
    guards {
        secret_key_valid
        no_impersonation_as_time_passes
    }
    sign_ins {
        every_wrong_password_is_counted
        guesses_at_nobody_are_counted
    }
    kept_answers {
        the_first_answer_stays
        of_several_at_once_one_is_kept
        what_is_over_is_forgotten_step_by_step
    }
    standing {
        a_downfall_ends_all_of_a_party
    }
    retention {
        the_record_is_cut_from_the_oldest_on
    }
    purge_races {
        a_sign_in_and_a_purge_exclude_each_other
        a_revocation_and_a_purge_exclude_each_other
    }
    leases {
        a_lease_is_its_holders
    }
}

/// On a database with nothing in it, not even the schema.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_first_starts_make_one_instance_and_its_keys_once() {
    let database = Cluster::shared().create_database();
    let vault = Arc::new(MasterKeyVault::new(&MasterKey::from_bytes([7; 32])).unwrap());
    let starts = (0..8).map(|_| {
        let (options, vault) = (crate::workplace::options(&database.url()), Arc::clone(&vault));
        tokio::spawn(async move {
            let world = World {
                store: Arc::new(PostgresStore::open(&options).await.unwrap()),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
                vault,
                passwords: Arc::new(Argon2Passwords::default()),
                settings: Settings::default(),
                key_ring: KeyRing::default(),
                refusals: RefusalThrottle::default(),
            };
            let instance = bootstrap::instance(&world).await.unwrap();
            (instance, world.store.signing_keys().await.unwrap())
        })
    });
    let mut started = Vec::new();
    for start in futures::future::join_all(starts).await {
        started.push(start.unwrap());
    }
    let (instance, keys) = started[0].clone();
    for (other, _) in &started {
        assert_eq!(*other, instance);
    }
    let statuses: Vec<_> = keys.iter().map(|key| key.status).collect();
    assert_eq!(statuses.len(), 2, "{statuses:?}");
    for status in [SigningKeyStatus::Current, SigningKeyStatus::Next] {
        assert!(statuses.contains(&status), "{statuses:?}");
    }
}
