//! A whole instance in process: everything is real but the clock, which stands still, and the entropy, which repeats
//! from run to run and costs next to nothing.

use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault};
use actas_domain::{
    caller::Context,
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey, bootstrap, ring::KeyRing},
    ports::{AnswerVault, Clock, Entropy, KeyVault, Store, VaultError},
    refusal_throttle::RefusalThrottle,
    secret_key,
    settings::Settings,
    time::UnixMillis,
    world::World,
};
use actas_server::{
    ApiVersion, App, ClerkPackages, Entry, HttpSettings, Surfaces,
    metrics::{Metrics, StoreNumbers},
    router,
};
use actas_store_memory::MemoryStore;
use actas_store_sqlite::{Options, SqliteStore};
use async_trait::async_trait;
use axum::{body::Body, response::Response};
use http::Request;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

/// Where the app is that browsers come from.
pub(crate) const APP: &str = "https://app.example.test";
/// Where requests come from (RFC 5737).
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

#[derive(Clone, Copy, Debug)]
pub(crate) enum StoreKind {
    Memory,
    Sqlite,
}

impl StoreKind {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "memory" => Ok(Self::Memory),
            "sqlite" => Ok(Self::Sqlite),
            _ => Err(format!("{text} is no store that instructions are counted with: memory, sqlite")),
        }
    }
}

pub(crate) struct Instance {
    pub(crate) secret_key: String,
    entry: Entry,
    /// Gone with the instance.
    _folder: Option<TempDir>,
}

impl Instance {
    pub(crate) async fn start(store: StoreKind) -> Result<Self, String> {
        let clock: Arc<dyn Clock> = Arc::new(StandingClock);
        let (store, folder) = open(store, Arc::clone(&clock))?;
        let vault = OneKeyVault::new().await.map_err(|error| error.to_string())?;
        let world = World {
            store,
            clock,
            entropy: Arc::new(RepeatedEntropy::default()),
            vault: Arc::new(vault),
            passwords: Arc::new(Argon2Passwords::default()),
            settings: Settings { issuer: "https://actas.example.test".to_owned(), ..Settings::default() },
            key_ring: KeyRing::default(),
            refusals: RefusalThrottle::default(),
        };
        bootstrap::instance(&world).await.map_err(|failure| failure.to_string())?;
        let made = secret_key::create::create(&world, &Context::operator(), "instructions", false).await;
        let (_, secret_key) = made.map_err(|failure| failure.to_string())?;
        let metrics = Metrics::new(world.now(), Box::new(StoreNumbers::default));
        let app = Arc::new(App::new(world, http_settings(), metrics));
        let surfaces = Surfaces { frontend_api: true, backend_api: true, metrics: true };
        let entry = Entry::new(Arc::clone(&app), router(&app, surfaces));
        Ok(Self { secret_key: secret_key.reveal().to_owned(), entry, _folder: folder })
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        self.entry.answer(request, PEER).await
    }
}

fn open(store: StoreKind, clock: Arc<dyn Clock>) -> Result<(Arc<dyn Store>, Option<TempDir>), String> {
    match store {
        StoreKind::Memory => Ok((Arc::new(MemoryStore::new(clock)), None)),
        StoreKind::Sqlite => {
            let folder =
                tempfile::tempdir().map_err(|error| format!("a folder for the database: {error}"))?;
            let options = Options::new(folder.path().join("actas.db"));
            let store = SqliteStore::open(&options, clock).map_err(|error| error.to_string())?;
            Ok((Arc::new(store), Some(folder)))
        }
    }
}

fn http_settings() -> HttpSettings {
    HttpSettings {
        public_url: "https://actas.example.test".to_owned(),
        sign_in_url: Some(format!("{APP}/sign-in")),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        cookie_domain: None,
        clerk_packages: ClerkPackages::None,
        // `actas.example.test$`
        publishable_key: "pk_live_YWN0YXMuZXhhbXBsZS50ZXN0JA".to_owned(),
        single_session_mode: true,
        default_api_version: ApiVersion::V2025_11_10,
        body_max_bytes: 256 * 1024,
        header_read_timeout: Duration::from_secs(10),
        request_timeout: Duration::from_secs(30),
        connections_max: 100,
        failed_authentications_per_minute: 60,
        password_refusal_step: HttpSettings::PASSWORD_REFUSAL_STEP,
    }
}

/// Some day in March 2026.
struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> UnixMillis {
        UnixMillis::from_seconds(1_773_489_600)
    }
}

/// SplitMix64 over a counter: the same bytes in every run, and few instructions beside those that are counted.
#[derive(Default)]
struct RepeatedEntropy(AtomicU64);

impl Entropy for RepeatedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for block in bytes.chunks_mut(8) {
            let mut word = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^= word >> 31;
            block.copy_from_slice(&word.to_be_bytes()[..block.len()]);
        }
    }
}

/// The real vault, but for the making of keys: that takes most of a run under callgrind, so there is one pair.
struct OneKeyVault {
    vault: MasterKeyVault,
    pair: (RsaPublicKey, SealedPrivateKey),
}

impl OneKeyVault {
    async fn new() -> Result<Self, VaultError> {
        let vault = MasterKeyVault::new(&MasterKey::from_bytes([7; 32]))?;
        let pair = vault.generate().await?;
        Ok(Self { vault, pair })
    }
}

#[async_trait]
impl KeyVault for OneKeyVault {
    async fn generate(&self) -> Result<(RsaPublicKey, SealedPrivateKey), VaultError> {
        Ok(self.pair.clone())
    }

    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.vault.sign(key, message).await
    }

    fn verify(&self, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
        self.vault.verify(key, message, signature)
    }

    fn check(&self, key: &SigningKey) -> Result<(), VaultError> {
        self.vault.check(key)
    }

    fn answers(&self) -> &dyn AnswerVault {
        self.vault.answers()
    }
}
