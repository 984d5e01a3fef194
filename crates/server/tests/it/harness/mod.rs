//! A whole instance in process: the real routes, the real rules, a real store, real cryptography. Only the clock,
//! which stands still until a test moves it, and the entropy, which repeats from run to run, are made for tests.

mod answer;
mod call;
mod shown;
mod turnstile;
mod vault;

pub(crate) use answer::Answer;
pub(crate) use call::Call;
pub(crate) use shown::shown;
pub(crate) use turnstile::Turnstile;

use actas_crypto::Argon2Passwords;
use actas_domain::{
    caller::Context,
    keys::{bootstrap, ring::KeyRing},
    ports::{Clock, PasswordHasher, Store},
    secret::SecretText,
    secret_key,
    settings::{DirectoryMode, InstanceKind, Settings},
    testing::{CountingEntropy, FixedClock, rows},
    world::World,
};
use actas_postgres_cluster::{Loan, Stock};
use actas_server::{
    ApiVersion, App, ClerkPackages, Entry, HttpSettings, Surfaces,
    metrics::{Metrics, StoreNumbers},
    router,
};
use actas_store_memory::MemoryStore;
use actas_store_postgres::PostgresStore;
use actas_store_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

/// What an instance of a test keeps its state in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Memory,
    Sqlite,
    Postgres,
}

impl StoreKind {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Sqlite, Self::Postgres];
}

/// How an instance is made. The default is a development instance with a managed directory, in memory.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) store: StoreKind,
    /// Of a store that is not in memory: how much may wait for it.
    pub(crate) queue_length: usize,
    pub(crate) passwords: Arc<dyn PasswordHasher>,
    pub(crate) settings: Settings,
    pub(crate) http: HttpSettings,
}

impl Default for Plan {
    fn default() -> Self {
        let settings = Settings {
            instance_kind: InstanceKind::Development,
            directory_mode: DirectoryMode::Managed,
            issuer: "https://actas.example.test".to_owned(),
            ..Settings::default()
        };
        let http = HttpSettings {
            public_url: "https://actas.example.test".to_owned(),
            sign_in_url: Some("https://app.example.test/sign-in".to_owned()),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            cookie_domain: None,
            clerk_packages: ClerkPackages::None,
            // `actas.clerk.accounts.dev$`
            publishable_key: "pk_test_YWN0YXMuY2xlcmsuYWNjb3VudHMuZGV2JA".to_owned(),
            single_session_mode: true,
            default_api_version: ApiVersion::V2025_11_10,
            body_max_bytes: 256 * 1024,
            header_read_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            connections_max: 100,
            failed_authentications_per_minute: 1_000_000,
            password_refusal_step: Duration::from_millis(1),
        };
        Self {
            store: StoreKind::Memory,
            queue_length: Options::DEFAULT_QUEUE_LENGTH,
            passwords: Arc::new(Argon2Passwords::default()),
            settings,
            http,
        }
    }
}

/// One instance, its clock and a secret key of it.
pub(crate) struct Instance {
    pub(crate) app: Arc<App>,
    pub(crate) clock: FixedClock,
    pub(crate) secret_key: SecretText,
    pub(crate) entry: Entry,
    /// Gone, or given back, with the instance.
    pub(crate) place: Place,
}

impl Instance {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_on(store: StoreKind) -> Self {
        Self::start_with(|plan| plan.store = store).await
    }

    pub(crate) async fn start_with(adjust: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = Plan::default();
        adjust(&mut plan);
        let clock = FixedClock::new(rows::START);
        let (store, place) = open(&plan, Arc::new(clock.clone())).await;
        let world = World {
            store,
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(CountingEntropy::default()),
            vault: vault::shared().await,
            passwords: plan.passwords,
            settings: plan.settings,
            key_ring: KeyRing::default(),
            refusals: actas_domain::refusal_throttle::RefusalThrottle::default(),
        };
        bootstrap::instance(&world).await.expect("the instance is made");
        let (_, secret_key) = secret_key::create::create(&world, &Context::operator(), "tests", false)
            .await
            .expect("a secret key is made");
        let metrics = Metrics::new(rows::START, Box::new(StoreNumbers::default));
        let app = Arc::new(App::new(world, plan.http, metrics));
        let surfaces = Surfaces { frontend_api: true, backend_api: true, metrics: true };
        let entry = Entry::new(Arc::clone(&app), router(&app, surfaces));
        Self { app, clock, secret_key, entry, place }
    }

    /// A request without a secret key.
    pub(crate) fn anonymous(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(&self.entry, method, path)
    }

    /// A request under the secret key.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        self.anonymous(method, path).header("authorization", &format!("Bearer {}", self.secret_key.reveal()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path).json(&body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path).json(&body).send().await
    }

    /// A user with this id and nothing else.
    pub(crate) async fn add_user(&self, id: &str) {
        self.post("/v1/users", json!({ "id": id })).await.ok();
    }

    /// A pending actor token for the subject by the actor `agent`, as it was answered.
    pub(crate) async fn add_actor_token(&self, subject: &str) -> Value {
        self.post("/v1/actor_tokens", json!({ "user_id": subject, "actor": { "sub": "agent" } })).await.ok()
    }

    /// An ordinary session of the user, as it was answered.
    pub(crate) async fn add_session(&self, user: &str) -> Value {
        self.post("/v1/sessions", json!({ "user_id": user })).await.ok()
    }

    /// The newest entry of the record.
    pub(crate) async fn last_audit_entry(&self) -> Value {
        self.get("/v1/audit_entries?limit=1").await.ok()["data"][0].clone()
    }
}

/// Where an instance's state is.
pub(crate) enum Place {
    Memory,
    /// The database's.
    Folder(TempDir),
    Database {
        _database: Loan,
    },
}

static DATABASES: Stock =
    Stock::new(actas_store_postgres::testing::prepare, actas_store_postgres::testing::EMPTY);

async fn open(plan: &Plan, clock: Arc<dyn Clock>) -> (Arc<dyn Store>, Place) {
    match plan.store {
        StoreKind::Memory => (Arc::new(MemoryStore::new(clock)), Place::Memory),
        StoreKind::Sqlite => {
            let folder = tempfile::tempdir().expect("a folder for the database");
            let mut options = Options::new(folder.path().join("actas.db"));
            options.queue_length = plan.queue_length;
            let store = SqliteStore::open(&options, clock).expect("the database opens");
            (Arc::new(store), Place::Folder(folder))
        }
        StoreKind::Postgres => {
            let database = DATABASES.take();
            let options = actas_store_postgres::Options {
                read_connections: 2,
                queue_length: plan.queue_length,
                ..actas_store_postgres::Options::new(SecretText::new(database.url()))
            };
            let store = PostgresStore::open_with_clock(&options, clock).await.expect("the database opens");
            (Arc::new(store), Place::Database { _database: database })
        }
    }
}
