//! Configuration: every option by flag, environment (`ACTAS_…`) or file, from one table ([`options`]).

mod choices;
mod cookie_domain;
mod effective;
mod file;
mod load;
mod markdown;
mod options;
mod spec;
#[cfg(test)]
mod tests;
mod value;
mod web;

pub use choices::{LogFormat, LogLevel, StoreChoice};
pub use cookie_domain::CookieDomain;
pub use effective::EffectiveOption;
pub use file::ConfigFile;
pub use load::{Loaded, Source, Sources, load};
pub use markdown::markdown;
pub use options::{Configuration, OPTIONS};
pub use spec::{Group, OptionSpec, Shape, VARIABLE_PREFIX};
pub use web::{Issuer, Origin, PageUrl, PublicUrl, PublishableKey};

use crate::app::{ClerkPackages, HttpSettings};
use actas_domain::{
    retention::longest_life_seconds,
    settings::{InstanceKind, Settings},
};
use std::{fmt, path::PathBuf, time::Duration};

const SECONDS_OF_A_DAY: i64 = 86_400;

/// What is wrong with a configuration: at least one line, each with its source and the next step.
#[derive(Clone, Debug)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    fn unless_empty(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.first().map_or("the configuration is wrong", String::as_str))?;
        match self.0.len() {
            0 | 1 => Ok(()),
            all => write!(formatter, " (and {} more: actas config check lists all)", all - 1),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Configuration {
    /// `iss` of session tokens; none while there is no public URL either.
    ///
    /// App servers' SDKs compare its host with the one that the publishable key names, and trust less where they
    /// differ; so it is that host's URL where `public_url` is at another host or below a path.
    pub fn issuer(&self) -> Option<String> {
        if let Some(issuer) = &self.issuer {
            return Some(issuer.as_str().to_owned());
        }
        let (url, key) = (self.public_url.as_ref()?, self.publishable_key()?);
        let host = key.host();
        Some(if url.is_root_of(&host) { url.as_str().to_owned() } else { format!("https://{host}") })
    }

    /// The `Domain` of the cookies that an app's server reads too.
    pub fn cookie_domain(&self) -> Option<String> {
        match (&self.cookie_domain, &self.public_url, &self.sign_in_url) {
            (Some(given), ..) => given.domain().map(str::to_owned),
            (None, Some(own), Some(app)) => CookieDomain::shared_by(own.as_str(), app.as_str()),
            (None, ..) => None,
        }
    }

    fn clerk_packages(&self) -> ClerkPackages {
        match (&self.clerk_npm_dir, &self.clerk_npm_base_url) {
            (Some(folder), _) => ClerkPackages::Folder(folder.clone()),
            (None, Some(base)) => ClerkPackages::Elsewhere(base.as_str().to_owned()),
            (None, None) => ClerkPackages::None,
        }
    }

    /// The publishable key that was given, or the one that is made; none for a production instance without a public
    /// URL.
    pub fn publishable_key(&self) -> Option<PublishableKey> {
        match (&self.publishable_key, self.instance_kind) {
            (Some(given), _) => Some(given.clone()),
            (None, InstanceKind::Development) => Some(PublishableKey::development()),
            (None, InstanceKind::Production) => self.public_url.as_ref().map(PublishableKey::production),
        }
    }

    pub fn master_key_file(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data_dir.join("master.key"))
    }

    /// What the rules depend on.
    pub fn settings(&self) -> Settings {
        Settings {
            instance_kind: self.instance_kind,
            directory_mode: self.directory_mode,
            issuer: self.issuer().unwrap_or_default(),
            impersonation_enabled: self.impersonation_enabled,
            impersonation_monthly_limit: self.impersonation_monthly_limit,
            allow_actor_chains: self.allow_actor_chains,
            ticket_max_seconds: self.ticket_max_seconds,
            impersonated_session_max_seconds: self.impersonated_session_max_seconds,
            impersonated_idle_seconds: self.impersonated_idle_seconds,
            ordinary_session_seconds: self.ordinary_session_seconds,
            ordinary_idle_seconds: self.ordinary_idle_seconds,
            session_token_seconds: self.session_token_seconds,
            password_attempts_max: self.password_attempts_max,
            password_lockout_seconds: self.password_lockout_seconds,
            retention_seconds: seconds_of_days(self.retention_days),
            record_retention_seconds: seconds_of_days(self.record_retention_days),
        }
    }

    /// What the HTTP surfaces depend on.
    ///
    /// # Errors
    /// When there is no `public_url`.
    pub fn http_settings(&self) -> Result<HttpSettings, ConfigError> {
        let (Some(public_url), Some(publishable_key)) = (&self.public_url, self.publishable_key()) else {
            let problem = "public_url is not set; set it in the file, as ACTAS_PUBLIC_URL or by --public-url";
            return Err(ConfigError(vec![problem.to_owned()]));
        };
        Ok(HttpSettings {
            public_url: public_url.as_str().to_owned(),
            sign_in_url: self.sign_in_url.as_ref().map(|url| url.as_str().to_owned()),
            allowed_origins: self.allowed_origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            trusted_proxies: self.trusted_proxies.clone(),
            cookie_domain: self.cookie_domain(),
            clerk_packages: self.clerk_packages(),
            publishable_key: publishable_key.as_str().to_owned(),
            single_session_mode: self.single_session_mode,
            default_api_version: self.default_api_version,
            body_max_bytes: self.body_max_bytes,
            header_read_timeout: Duration::from_secs(self.header_read_timeout_seconds),
            request_timeout: Duration::from_secs(self.request_timeout_seconds),
            connections_max: self.connections_max,
            failed_authentications_per_minute: self.failed_authentications_per_minute,
            password_refusal_step: HttpSettings::PASSWORD_REFUSAL_STEP,
        })
    }

    /// Values that are each right but not together.
    fn contradictions(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let listeners = [
            ("listen", Some(self.listen)),
            ("backend_listen", self.backend_listen),
            ("metrics_listen", self.metrics_listen),
        ];
        for (index, (key, address)) in listeners.iter().enumerate() {
            let same = |other: &&(&str, Option<_>)| address.is_some() && other.1 == *address;
            if let (Some(address), Some((other, _))) = (address, listeners[..index].iter().find(same))
                && address.port() != 0
            {
                problems
                    .push(format!("{key} and {other} are both {address}; each needs an address of its own"));
            }
        }
        if self.master_key.is_some() && self.master_key_file.is_some() {
            problems.push("master_key and master_key_file are both set; give one of them".to_owned());
        }
        if self.database_url.is_some() && self.database_url_file.is_some() {
            problems.push("database_url and database_url_file are both set; give one of them".to_owned());
        }
        if self.store == StoreChoice::Postgres {
            if self.database_url.is_none() && self.database_url_file.is_none() {
                problems.push(
                    "store is postgres, but there is no database: set ACTAS_DATABASE_URL or database_url_file"
                        .to_owned(),
                );
            }
            if self.master_key.is_none() && self.master_key_file.is_none() {
                problems.push(
                    "store is postgres, so the master key must be given, the same to every server: set \
                     ACTAS_MASTER_KEY or master_key_file"
                        .to_owned(),
                );
            }
        }
        if self.clerk_npm_dir.is_some() && self.clerk_npm_base_url.is_some() {
            problems.push("clerk_npm_dir and clerk_npm_base_url are both set; give one of them".to_owned());
        }
        if let (Some(domain), Some(url)) = (&self.cookie_domain, &self.public_url)
            && !domain.covers(url.as_str())
        {
            problems.push(format!(
                "cookie_domain is not a domain of public_url, {url}: browsers would keep no such cookie"
            ));
        }
        problems.extend(self.retention_contradiction());
        let production = self.instance_kind == InstanceKind::Production;
        if let Some(key) = &self.publishable_key
            && key.is_live() != production
        {
            let (kind, prefix) = if production {
                ("production", PublishableKey::LIVE_PREFIX)
            } else {
                ("development", PublishableKey::TEST_PREFIX)
            };
            problems.push(format!(
                "publishable_key must begin with {prefix} because instance_kind is {kind}: browsers choose their \
                 protocol by it"
            ));
        }
        problems
    }

    /// What lives or is kept has its whole history on record, so the record is kept for longer.
    fn retention_contradiction(&self) -> Option<String> {
        let (rows, record) = (self.retention_days, self.record_retention_days);
        let life_seconds = longest_life_seconds(&self.settings());
        let life =
            u32::try_from((life_seconds + SECONDS_OF_A_DAY - 1) / SECONDS_OF_A_DAY).unwrap_or(u32::MAX);
        let needed = rows.saturating_add(life).saturating_add(1);
        match (rows, record) {
            (_, 0) => None,
            (0, _) => Some(format!(
                "record_retention_days is {record}, and retention_days is 0, for ever: the record must be kept for longer; \
                 set retention_days, or record_retention_days to 0"
            )),
            _ if record < needed => Some(format!(
                "record_retention_days is {record}, and what it tells of may be there for {} days: for {life} by \
                 ordinary_session_seconds, ticket_max_seconds and impersonated_session_max_seconds, and for {rows} more \
                 by retention_days; set record_retention_days to {needed} or more, or to 0, for ever",
                needed - 1
            )),
            _ => None,
        }
    }

    /// What works, but hardly as it was meant.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let production = self.instance_kind == InstanceKind::Production;
        if let Some(url) = self.public_url.as_ref().filter(|_| production) {
            if !url.is_https() {
                warnings.push(format!(
                    "public_url is {url}, not https: cookies and tickets travel in clear text"
                ));
            }
            if self.publishable_key.is_none() && !url.authority().contains('.') {
                warnings.push(format!(
                    "public_url is {url}: Clerk's SDKs take no publishable key for a host without a dot; use a full \
                     name or 127.0.0.1, or set publishable_key"
                ));
            }
        }
        if let (Some(own), Some(app), true) = (&self.public_url, &self.sign_in_url, production)
            && self.cookie_domain().is_none()
            && !CookieDomain::is_one_host(own.as_str(), app.as_str())
        {
            warnings.push(format!(
                "sign_in_url is at another site than public_url, {own}: browsers keep and send no cookies there; use \
                 hosts under one domain, or pass the Frontend API on below the app"
            ));
        }
        if self.store == StoreChoice::Sqlite
            && (self.database_url.is_some() || self.database_url_file.is_some())
        {
            warnings.push(
                "a database is named, but store is sqlite and does not use it: set store to postgres"
                    .to_owned(),
            );
        }
        if self.sign_in_url.is_none() {
            warnings.push(
                "sign_in_url is not set: a ticket's link leads to a page of Actas, not to an app".to_owned(),
            );
        }
        if self.impersonated_idle_seconds > self.impersonated_session_max_seconds {
            warnings.push(
                "impersonated_idle_seconds is more than impersonated_session_max_seconds: sessions never end by \
                 inactivity"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// 0 is for ever: what was left empty by mistake must not remove anything.
fn seconds_of_days(days: u32) -> Option<i64> {
    (days > 0).then(|| i64::from(days) * SECONDS_OF_A_DAY)
}
