//! What every handler can reach.

use crate::{
    frontend_api::{cors, handshake::HandshakePayloads},
    health::Readiness,
    metrics::Metrics,
    rate_limit::RateLimit,
    turns::Turns,
    version::ApiVersion,
};
use actas_domain::world::World;
use ipnet::IpNet;
use std::{fmt, path::PathBuf, time::Duration};
use tokio::sync::Semaphore;

/// The HTTP side of the configuration. Every URL comes from here, never from a `Host` header.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where browsers and backends reach this instance, without a trailing slash.
    pub public_url: String,
    /// Where a ticket's link leads to; none while no app is configured.
    pub sign_in_url: Option<String>,
    /// Origins that may call the Frontend API from a browser, besides that of `sign_in_url`.
    pub allowed_origins: Vec<String>,
    /// Peers whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The `Domain` of the cookies that the app's server reads too; none where they stay with one host.
    pub cookie_domain: Option<String>,
    /// What is answered below `/npm`.
    pub clerk_packages: ClerkPackages,
    /// The publishable key: cookies carry a suffix made from it.
    pub publishable_key: String,
    /// What prebuilt components are told about several sessions in one browser.
    pub single_session_mode: bool,
    /// The Backend API's version for requests that name none.
    pub default_api_version: ApiVersion,
    pub body_max_bytes: usize,
    pub header_read_timeout: Duration,
    pub request_timeout: Duration,
    pub connections_max: usize,
    pub failed_authentications_per_minute: u32,
    /// Refusals of a password are answered at a multiple of this, counted from when its turn came.
    pub password_refusal_step: Duration,
}

impl HttpSettings {
    /// Longer than any usual digest takes: Argon2id with default costs takes a tenth of it, bcrypt of cost 12 a half.
    pub const PASSWORD_REFUSAL_STEP: Duration = Duration::from_millis(500);
}

/// Where the packages of Clerk's browser SDK are, whose scripts apps load from the Frontend API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClerkPackages {
    None,
    /// A folder in the layout of npm.
    Folder(PathBuf),
    /// An absolute URL without a slash at its end.
    Elsewhere(String),
}

/// Clients that one address may have made in a minute: each is a row and an entry in the record, and nobody is asked
/// who they are. Beginning to sign in is no failure, and may need one.
const NEW_CLIENTS_PER_MINUTE: u32 = 600;

/// Rows of all imports that are carried out at a time: enough to fill the store's transactions, and a small part of
/// what may wait for the store, so that everybody else is still served.
const IMPORT_ROWS_AT_ONCE: usize = 512;

/// Guesses at passwords whose turn it is, for each that the hasher looks at: so few that the last of them is through within
/// [`HttpSettings::PASSWORD_REFUSAL_STEP`], and so many that the hasher has work while those that were wrong wait for its
/// end.
const TURNS_FOR_EACH_VERIFIED: usize = 4;

/// The program behind the surfaces.
pub struct App {
    pub world: World,
    pub http: HttpSettings,
    pub metrics: Metrics,
    /// Whose scripts may call the Frontend API.
    pub(crate) allowed_origins: Vec<String>,
    /// Wrong secret keys, forged tickets, wrong passwords.
    pub(crate) failed_authentications: RateLimit,
    pub(crate) password_turns: Turns,
    /// Clients that were made for somebody who proved nothing.
    pub(crate) new_clients: RateLimit,
    pub(crate) readiness: Readiness,
    pub(crate) handshakes: HandshakePayloads,
    /// Rows of imports that are carried out at a time.
    pub(crate) import_rows: Semaphore,
    /// Those of them that the store had no room for.
    pub(crate) import_stragglers: Semaphore,
}

impl App {
    pub fn new(world: World, http: HttpSettings, metrics: Metrics) -> Self {
        let failed_authentications = RateLimit::new(http.failed_authentications_per_minute);
        let turns = world.passwords.verified_at_once().saturating_mul(TURNS_FOR_EACH_VERIFIED);
        Self {
            allowed_origins: cors::allowed_origins(&http),
            world,
            http,
            metrics,
            failed_authentications,
            password_turns: Turns::new(turns),
            new_clients: RateLimit::new(NEW_CLIENTS_PER_MINUTE),
            readiness: Readiness::default(),
            handshakes: HandshakePayloads::default(),
            import_rows: Semaphore::new(IMPORT_ROWS_AT_ONCE),
            import_stragglers: Semaphore::new(1),
        }
    }

    /// Whether browsers reach this instance by https, so that cookies are `Secure`.
    pub fn is_https(&self) -> bool {
        self.http.public_url.starts_with("https://")
    }
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("App").field("http", &self.http).finish_non_exhaustive()
    }
}
