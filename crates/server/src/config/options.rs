//! Every option, once: its key, type, default, limits and help. Parsing, the command line's flags, what
//! `actas config print` shows and the generated documentation all come from this table.

use super::{
    choices::{LogFormat, LogLevel, StoreChoice},
    cookie_domain::CookieDomain,
    spec::{Group, OptionSpec},
    value::{OptionValue, Range},
    web::{Issuer, Origin, PageUrl, PublicUrl, PublishableKey},
};
use crate::version::ApiVersion;
use actas_domain::{
    secret::SecretText,
    settings::{DirectoryMode, InstanceKind},
};
use ipnet::IpNet;
use std::{net::SocketAddr, path::PathBuf};

/// Gives the value of an option, or notes what is wrong with it and gives none.
pub(super) trait Reader {
    fn option<T: OptionValue>(&mut self, key: &str) -> Option<T>;
}

macro_rules! options {
    ($($group:ident { $(
        $(#[doc = $help:literal])+
        $key:ident: $type:ty $(= $default:literal)? $(, $least:literal ..= $most:literal)?;
    )+ })+) => {
        /// The effective value of every option.
        #[derive(Clone, Debug)]
        pub struct Configuration { $($( $(#[doc = $help])+ pub $key: $type, )+)+ }

        /// All options, in the order of the documentation.
        pub static OPTIONS: &[OptionSpec] = &[$($(
            OptionSpec {
                key: stringify!($key),
                group: Group::$group,
                help: concat!($($help),+),
                shape: <$type as OptionValue>::SHAPE,
                default: [$(Some($default),)? None][0],
                secret: <$type as OptionValue>::SECRET,
                range: [$(Range::of($least, $most),)? Range::NONE][0],
                expected: <$type as OptionValue>::expected,
            },
        )+)+];

        impl Configuration {
            pub(super) fn read(reader: &mut impl Reader) -> Option<Self> {
                // All are read before any is missed, so that every problem is noted.
                $($( let $key = reader.option::<$type>(stringify!($key)); )+)+
                Some(Self { $($( $key: $key?, )+)+ })
            }

            /// The option's own value as it would stand in the file; none while it is not set.
            pub(super) fn show(&self, key: &str) -> Option<String> {
                match key {
                    $($( stringify!($key) => self.$key.show(), )+)+
                    _ => None,
                }
            }
        }
    };
}

options! {
    Addresses {
        /// Where browsers and backends reach this instance. Every URL, the default issuer and `Secure` on cookies
        /// come from it, never from a request's `Host`. Required by `actas serve`.
        public_url: Option<PublicUrl>;
        /// The address to listen on. Port 0 takes any free port.
        listen: SocketAddr = "127.0.0.1:4500";
        /// A listener of its own for the Backend API, which is then served only there.
        backend_listen: Option<SocketAddr>;
        /// A listener of its own for `/metrics`.
        metrics_listen: Option<SocketAddr>;
        /// Serve `/metrics` on the public listener too.
        metrics_on_public: bool = "false";
        /// The app's sign-in page, to which a ticket's link leads; without one it leads to a page of Actas. Its
        /// origin is an allowed one.
        sign_in_url: Option<PageUrl>;
        /// Origins of apps whose pages may call the Frontend API.
        allowed_origins: Vec<Origin>;
        /// The `Domain` of the cookies that the app's server reads too, for an app and a Frontend API on sibling hosts;
        /// `none` to have none. By default what the hosts of `public_url` and `sign_in_url` have in common, where
        /// that is two names or more.
        cookie_domain: Option<CookieDomain>;
        /// A folder with the packages of Clerk's browser SDK, as npm lays it out (`node_modules`): it is served below
        /// `/npm`, so that apps load their scripts from here.
        clerk_npm_dir: Option<PathBuf>;
        /// Where else these packages are, in place of a folder: what is asked for below `/npm` is redirected below
        /// this URL.
        clerk_npm_base_url: Option<PublicUrl>;
        /// Proxies whose `X-Forwarded-For` is believed. From any other peer that header is ignored, unless an app passes
        /// its browsers on under a secret key.
        trusted_proxies: Vec<IpNet>;
    }
    Data {
        /// Where the state is kept: in a file of `data_dir` (sqlite), for one server; or in a PostgreSQL database
        /// (postgres), which several servers may share.
        store: StoreChoice = "sqlite";
        /// The folder of the database, the lock and the control socket. On PostgreSQL only the last two are in it, and
        /// every server on the machine needs a folder of its own.
        data_dir: PathBuf = "/var/lib/actas";
        /// The PostgreSQL database, `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`; several hosts are separated by commas,
        /// and the one that takes writes is used. The server's certificate is checked unless the URL ends with
        /// `?sslmode=disable`.
        database_url: Option<SecretText>;
        /// A file with that URL in it, in place of the variable.
        database_url_file: Option<PathBuf>;
        /// Certificates, in PEM, of those who may sign the PostgreSQL server's. By default the system's.
        database_ca_file: Option<PathBuf>;
        /// Connections to PostgreSQL: one writes, the others read. One more makes certain of what was read.
        database_connections: usize = "9", 3..=1_000;
        /// Seconds within which a PostgreSQL host must be connected to.
        database_connect_timeout_seconds: u64 = "5", 1..=60;
        /// Seconds that one statement may take on PostgreSQL, waiting for others included. It never ends a commit.
        database_statement_timeout_seconds: u64 = "10", 1..=60;
        /// The file of the master key, 32 bytes in base64 or hexadecimal, readable by its owner alone. By default
        /// `master.key` in `data_dir`, made at the first start; on PostgreSQL it is never made, for all servers need the
        /// same.
        master_key_file: Option<PathBuf>;
        /// The master key itself, in place of a file: 32 bytes in base64 or hexadecimal.
        master_key: Option<SecretText>;
        /// Changes that may wait to be written; one more is answered 503 at once.
        store_queue_length: usize = "4096", 1..=1_000_000;
    }
    Instance {
        /// Whether this is a production or a development instance: the protocol that browsers speak, and whether
        /// sessions can be created directly, for testing.
        instance_kind: InstanceKind = "production";
        /// Where users live: in Actas (managed), or elsewhere, so that any well-formed user id is accepted (open).
        directory_mode: DirectoryMode = "managed";
        /// The issuer (`iss`) of session tokens. By default `public_url`, or the host that `publishable_key` names where
        /// that is another one.
        issuer: Option<Issuer>;
        /// The publishable key of the app's SDKs. By default it is made from `public_url` in production, and is
        /// the same for all development instances.
        publishable_key: Option<PublishableKey>;
        /// What prebuilt components are told: with true they lead somebody who is signed in away from the sign-in page,
        /// also when it is given a ticket. A client has one session in either case: a new one replaces the others.
        single_session_mode: bool = "true";
        /// The Backend API's version for requests that name none.
        default_api_version: ApiVersion = "2025-11-10";
    }
    Rules {
        /// Whether actor tokens can be created at all.
        impersonation_enabled: bool = "true";
        /// Actor tokens that may be created in one UTC month. By default without limit.
        impersonation_monthly_limit: Option<u64>, 0..=1_000_000_000;
        /// Whether an `actor` may itself carry an `act`.
        allow_actor_chains: bool = "false";
        /// The longest lifetime of a ticket, in seconds.
        ticket_max_seconds: i64 = "2592000", 1..=2_592_000;
        /// The longest lifetime of an impersonated session, in seconds.
        impersonated_session_max_seconds: i64 = "86400", 1..=86_400;
        /// Seconds without activity after which an impersonated session ends.
        impersonated_idle_seconds: i64 = "600", 1..=86_400;
        /// The lifetime of an ordinary session, in seconds.
        ordinary_session_seconds: i64 = "604800", 1..=31_536_000;
        /// Seconds without activity after which an ordinary session ends.
        ordinary_idle_seconds: i64 = "604800", 1..=31_536_000;
        /// The lifetime of a session token, in seconds.
        session_token_seconds: i64 = "60", 1..=3_600;
        /// Wrong passwords in a row after which a user is locked out of signing in by password.
        password_attempts_max: u32 = "10", 1..=1_000;
        /// How long such a lockout lasts, in seconds, and how long a wrong password is remembered.
        password_lockout_seconds: i64 = "3600", 1..=2_592_000;
    }
    Retention {
        /// Days for which tokens, sessions and clients are kept when they are over; 0 keeps them for ever. The record of them
        /// is kept apart.
        retention_days: u32 = "90", 0..=36_500;
        /// Days for which entries of the record are kept; 0 keeps them for ever. More than `retention_days` and the longest
        /// life of a session, or of a ticket and its session, together: 122 at least by the defaults.
        record_retention_days: u32 = "0", 0..=36_500;
    }
    Limits {
        /// The largest body of a request, in bytes.
        body_max_bytes: usize = "65536", 1_024..=16_777_216;
        /// Seconds within which the head of a request must arrive.
        header_read_timeout_seconds: u64 = "10", 1..=300;
        /// Seconds within which the body of a request must arrive; what it does is waited for.
        request_timeout_seconds: u64 = "30", 1..=300;
        /// Connections at a time on each listener; further ones wait.
        connections_max: usize = "4096", 1..=1_000_000;
        /// Failed authentications that one address may make in a minute: wrong secret keys, forged tickets and wrong
        /// passwords. All browsers that an app passes on under one secret key may make ten times as many together, and so
        /// may a /48 of IPv6.
        failed_authentications_per_minute: u32 = "60", 1..=1_000_000;
    }
    Operation {
        /// How log lines are written, to the standard error.
        log_format: LogFormat = "text";
        /// The least severe line that is logged.
        log_level: LogLevel = "info";
        /// Seconds that requests in flight have to finish after SIGTERM.
        shutdown_seconds: u64 = "10", 1..=600;
    }
}
