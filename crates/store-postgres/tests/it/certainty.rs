//! Success that rests on reads alone, minting above all, waits until what was read is certain: that the server which
//! answered is still the primary, and that its standby has what was seen.

use crate::{
    durability::await_waiting,
    workplace::{Workplace, options},
};
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault, SystemClock, SystemEntropy};
use actas_domain::{
    caller::{Caller, Context},
    change::Write,
    client::{Client, sign_out},
    idempotency::{Answer, IdempotencyKey, Repeatable, RequestDigest, ScopedKey, Unkept},
    keys::{bootstrap, ring::KeyRing},
    refusal::{Failure, Refusal},
    refusal_throttle::RefusalThrottle,
    secret_key,
    session::{
        self, Session, SessionStatus,
        claims::ClaimsVersion,
        issue_token::{self, TokenRequest},
    },
    settings::Settings,
    testing::{changes, rows},
    user::{
        self,
        create::CreateUser,
        import,
        metadata::UpdateMetadata,
        update::{Patch, UpdateUser},
    },
    world::World,
};
use actas_postgres_cluster::{Cluster, USER};
use actas_store_postgres::{Options, PostgresStore};
use futures::future::BoxFuture;
use std::{sync::Arc, time::Duration};

async fn world(options: &Options) -> Arc<World> {
    let world = World {
        store: Arc::new(PostgresStore::open(options).await.unwrap()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        vault: Arc::new(MasterKeyVault::new(&MasterKey::from_bytes([7; 32])).unwrap()),
        passwords: Arc::new(Argon2Passwords::default()),
        settings: Settings::default(),
        key_ring: KeyRing::default(),
        refusals: RefusalThrottle::default(),
    };
    bootstrap::instance(&world).await.unwrap();
    Arc::new(world)
}

/// A session that is live for an hour.
async fn begin_session(world: &World, number: u64) -> Session {
    let now = world.clock.now();
    let session = Session {
        created_at: now,
        updated_at: now,
        last_active_at: now,
        expire_at: now.plus_seconds(3_600),
        idle_seconds: 3_600,
        ..rows::session(number)
    };
    let writes = vec![Write::AddSession(session.clone())];
    world.store.commit(changes::change(Vec::new(), writes)).await.unwrap();
    session
}

async fn mint(world: &World, session: &Session) -> Result<(), Failure> {
    mint_as(world, &Context::operator(), session).await
}

async fn mint_as(world: &World, context: &Context, session: &Session) -> Result<(), Failure> {
    let request = TokenRequest { authorized_party: None, lifetime_seconds: None, version: ClaimsVersion::V2 };
    issue_token::for_backend(world, context, session.id.as_str(), &request).await.map(drop)
}

type Act = fn(Arc<World>, Held) -> BoxFuture<'static, Result<(), Failure>>;

/// What the acts are about: all of it is as they want it to be.
#[derive(Clone)]
struct Held {
    live: Session,
    ended: Session,
    /// Set aside; its client keeps no return.
    replaced: Session,
    banned: String,
    /// Who has a client and no session.
    client: Client,
    revoked_key: String,
    caller: actas_domain::ids::SecretKeyId,
}

impl Held {
    async fn make(world: &World) -> Self {
        let operator = Context::operator();
        let (live, ended) = (begin_session(world, 1).await, begin_session(world, 2).await);
        session::end::revoke(world, &operator, ended.id.as_str(), &Unkept).await.unwrap();
        let replaced = Session { status: SessionStatus::Replaced, ..begin_session(world, 3).await };
        let write = Write::MoveSession { to: replaced.clone(), from: SessionStatus::Active };
        world.store.commit(changes::change(Vec::new(), vec![write])).await.unwrap();
        let banned = rows::user("banned");
        world.store.commit(changes::change(Vec::new(), vec![Write::AddUser(banned.clone())])).await.unwrap();
        user::standing::ban(world, &operator, banned.id.as_str(), &Unkept).await.unwrap();
        let client = rows::client(9);
        world
            .store
            .commit(changes::change(Vec::new(), vec![Write::AddClient(client.clone())]))
            .await
            .unwrap();
        let (valid, revoked) = (rows::secret_key(1), rows::secret_key(2));
        let keys = [&valid, &revoked].map(|key| Write::AddSecretKey(key.clone()));
        world.store.commit(changes::change(Vec::new(), keys.to_vec())).await.unwrap();
        secret_key::revoke::revoke(world, &operator, revoked.id.as_str(), false).await.unwrap();
        let held = Self {
            live,
            ended,
            replaced,
            banned: banned.id.to_string(),
            client,
            revoked_key: revoked.id.to_string(),
            caller: valid.id,
        };
        held.request(world).keep(world, Answer::new(200, "", b"{}".to_vec())).await.unwrap();
        held
    }

    fn request(&self, world: &World) -> Repeatable {
        let key = ScopedKey {
            method: "POST".into(),
            route: "/v1/actor_tokens".into(),
            parameters: Vec::new(),
            key: IdempotencyKey::parse(b"once").unwrap(),
        };
        let digest = RequestDigest::of("2025-11-10", "application/json", b"{}");
        Repeatable::new(world, key, digest, self.caller.clone()).unwrap()
    }
}

/// Each of them succeeds without a change.
const ACTS: [(&str, Act); 10] = [
    ("minting", |world, held| Box::pin(async move { mint(&world, &held.live).await })),
    ("ending what has ended", |world, held| {
        Box::pin(async move {
            let id = held.ended.id.as_str();
            session::end::revoke(&world, &Context::operator(), id, &Unkept).await.map(drop)
        })
    }),
    ("banning who is banned", |world, held| {
        Box::pin(async move {
            user::standing::ban(&world, &Context::operator(), &held.banned, &Unkept).await.map(drop)
        })
    }),
    ("revoking a revoked key", |world, held| {
        Box::pin(async move {
            let (operator, id) = (Context::operator(), &held.revoked_key);
            secret_key::revoke::revoke(&world, &operator, id, false).await.map(drop)
        })
    }),
    ("importing who is there", |world, held| {
        Box::pin(async move {
            let row = CreateUser { id: Some(held.banned), ..CreateUser::default() };
            import::import(&world, &Context::operator(), row).await.map(drop)
        })
    }),
    ("changing a user to what they are", |world, held| {
        Box::pin(async move {
            let request = UpdateUser { first_name: Patch::Clear, ..UpdateUser::default() };
            user::update::update(&world, &Context::operator(), &held.banned, request).await.map(drop)
        })
    }),
    ("setting the metadata that is set", |world, held| {
        Box::pin(async move {
            let request = UpdateMetadata::default();
            user::metadata::merge(&world, &Context::operator(), &held.banned, request).await.map(drop)
        })
    }),
    ("signing out of nothing", |world, held| {
        Box::pin(async move {
            sign_out::sign_out(&world, &Context::operator(), &held.client)
                .await
                .map(|live| assert_eq!(live, 0))
        })
    }),
    ("dropping a return that is not kept", |world, held| {
        Box::pin(async move {
            let id = held.replaced.id.as_str();
            session::end::revoke(&world, &Context::operator(), id, &Unkept).await.map(drop)
        })
    }),
    ("repeating an answer", |world, held| {
        Box::pin(async move { held.request(&world).look(&world).await.map(|found| assert!(found.is_some())) })
    }),
];

/// The server is told to wait for a standby that is not there; whenever something waits, somebody cuts the wait short.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_rests_on_a_read_is_not_told_before_a_standby_has_it() {
    let cluster = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
    let database = cluster.create_database();
    let world = world(&options(&database.url())).await;
    let held = Held::make(&world).await;
    cluster.set("synchronous_standby_names", "missing");
    // The server takes a moment until commits wait.
    let mut last = "0".to_owned();
    let mut cut = |doing: tokio::task::JoinHandle<Result<(), Failure>>| {
        let cluster = &cluster;
        tokio::task::block_in_place(|| {
            let mut waits = 0;
            while let Some(waiting) = await_waiting(cluster, &last, || doing.is_finished()) {
                cluster.sql("postgres", &format!("SELECT pg_cancel_backend({waiting})"));
                last = waiting;
                waits += 1;
            }
            (waits, doing)
        })
    };
    for attempt in 1.. {
        assert!(attempt < 300, "minting does not wait for a commit");
        let (world, session) = (Arc::clone(&world), held.live.clone());
        let (waits, _) = cut(tokio::spawn(async move { mint(&world, &session).await }));
        if waits > 0 {
            break;
        }
    }
    for (name, act) in ACTS {
        let (waits, doing) = cut(tokio::spawn(act(Arc::clone(&world), held.clone())));
        let outcome = doing.await.unwrap();
        assert!(waits > 0 && matches!(outcome, Err(Failure::Store(_))), "{name}: {waits}, {outcome:?}");
    }
    cluster.set("synchronous_standby_names", "");
    for (name, act) in ACTS {
        while let Err(failure) = act(Arc::clone(&world), held.clone()).await {
            assert!(matches!(failure, Failure::Store(_)), "{name}: {failure:?}");
        }
    }
}

/// The standby has taken over, and the old primary, cut off from it, still answers whoever is connected to it, as does
/// another standby. Another server ends a session on the new one: from then on the first one mints no token of it, and
/// what ended on the old one alone is not told as ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_primary_that_was_replaced_makes_nothing_certain() {
    let primary = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
    let database = primary.create_database();
    let (standby, other) = (primary.start_standby("second"), primary.start_standby("third"));
    let folder = |cluster: &Cluster| cluster.socket_folder().display().to_string().replace('/', "%2F");
    let url = |hosts: &str| format!("postgresql://{USER}@{hosts}/{}", database.name());
    let all = [&primary, &other, &standby].map(folder).join(",");
    let all = options(&url(&all));
    let short = Options {
        connect_timeout: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(1),
        retry_for: Duration::from_secs(1),
        ..all
    };
    let left_behind = world(&short).await;
    primary.set("synchronous_standby_names", "second");
    let (session, lost) = (begin_session(&left_behind, 1).await, begin_session(&left_behind, 2).await);
    mint(&left_behind, &session).await.unwrap();
    standby.promote();
    let moved = world(&options(&url(&folder(&standby)))).await;
    session::end::revoke(&moved, &Context::operator(), session.id.as_str(), &Unkept).await.unwrap();
    // It still reads on the old primary, where the session is as it was.
    let seen = left_behind.store.session(&session.id).await.unwrap().unwrap();
    assert_eq!(seen.status, SessionStatus::Active, "nothing is tested");
    let end = format!("UPDATE sessions SET status = 'revoked' WHERE id = '{}'", lost.id.as_str());
    primary.sql(database.name(), &format!("SET synchronous_commit = local; {end}"));
    let seen = left_behind.store.session(&lost.id).await.unwrap().unwrap();
    assert_eq!(seen.status, SessionStatus::Revoked, "nothing is tested");
    let operator = Context::operator();
    while let Err(failure) = session::end::revoke(&left_behind, &operator, lost.id.as_str(), &Unkept).await {
        assert!(matches!(failure, Failure::Store(_)), "{failure:?}");
    }
    let ended = moved.store.session(&lost.id).await.unwrap().unwrap();
    assert_eq!(ended.status, SessionStatus::Revoked, "it was told as ended");
    // Until it has found the new one, it cannot be certain; then it knows.
    loop {
        match mint(&left_behind, &session).await {
            Err(Failure::Store(_)) => {}
            Err(Failure::Refused(Refusal::SessionNotLive)) => break,
            other => panic!("{other:?}"),
        }
    }
}

/// Nobody mints, nobody writes, and nobody asks whether the server works. The standby takes over when the old primary has
/// been without it for a while; a store that only reads finds it all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_only_reads_notices_that_its_primary_was_replaced() {
    let primary = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
    let database = primary.create_database();
    let standby = primary.start_standby("second");
    let folder = |cluster: &Cluster| cluster.socket_folder().display().to_string().replace('/', "%2F");
    let url = |hosts: &str| format!("postgresql://{USER}@{hosts}/{}", database.name());
    let short = Options {
        connect_timeout: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(1),
        beat_interval: Duration::from_millis(200),
        ..options(&url(&[&primary, &standby].map(folder).join(",")))
    };
    primary.set("synchronous_standby_names", "second");
    let reader = world(&short).await;
    let session = begin_session(&reader, 1).await;
    primary.set("synchronous_standby_names", "missing");
    // A beat hangs for the standby, and the next one for the row of the one before.
    let begun = std::time::Instant::now();
    for wait in ["wait_event = 'SyncRep'", "wait_event_type = 'Lock'"] {
        let waits = format!("SELECT count(*) FROM pg_stat_activity WHERE {wait}");
        while primary.sql("postgres", &waits) == "0" {
            assert!(begun.elapsed() < Duration::from_secs(45), "nothing beats by itself");
            tokio::task::yield_now().await;
        }
    }
    standby.promote();
    let moved = world(&options(&url(&folder(&standby)))).await;
    session::end::revoke(&moved, &Context::operator(), session.id.as_str(), &Unkept).await.unwrap();
    let begun = std::time::Instant::now();
    loop {
        match reader.store.session(&session.id).await {
            Ok(Some(seen)) if seen.status == SessionStatus::Revoked => break,
            Ok(_) | Err(_) => {}
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "it reads on the old primary");
        tokio::task::yield_now().await;
    }
}

/// A key that was known a moment ago, in an earlier reading, and is revoked in the one that the token rests on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_revoked_behind_its_authentication_mints_nothing() {
    let workplace = Workplace::new();
    let world = world(&workplace.options()).await;
    let held = Held::make(&world).await;
    let context = Context { caller: Caller::SecretKey(held.caller.clone()), ..Context::operator() };
    mint_as(&world, &context, &held.live).await.unwrap();
    secret_key::revoke::revoke(&world, &Context::operator(), held.caller.as_str(), true).await.unwrap();
    let minted = mint_as(&world, &context, &held.live).await;
    assert!(matches!(minted, Err(Failure::Refused(Refusal::SecretKeyRevoked))), "{minted:?}");
}
