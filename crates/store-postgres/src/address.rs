//! Where the database is: the URL, taken apart. Nothing here shows a password.

use crate::{open_error::OpenError, options::Options, tls};
use percent_encoding::percent_decode_str;
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};
use tokio_postgres::config::{Config, Host, SslMode, TargetSessionAttrs};

/// A peer that is silent for so long, and then for three more, is gone.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(3);
const KEEPALIVE_RETRIES: u32 = 3;
/// How long what was sent may stay unacknowledged by the peer's machine.
const USER_TIMEOUT: Duration = Duration::from_secs(15);

/// Every host that may be the primary, in the order in which they are tried.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) hosts: Vec<OneHost>,
    pub(crate) database: String,
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
}

#[derive(Clone)]
pub(crate) struct OneHost {
    pub(crate) name: String,
    pub(crate) config: Config,
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_string())
    }
}

/// Hosts and database, without user and password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(|host| host.name.as_str()).collect();
        write!(formatter, "{} at {}", self.database, hosts.join(", "))
    }
}

/// What protects a connection, as `sslmode` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    None,
    /// The certificate must be signed by somebody trusted.
    Chain,
    /// And it must be the host's own.
    Full,
}

impl Address {
    pub(crate) fn parse(options: &Options) -> Result<Self, OpenError> {
        let parts = Parts::of(options.url.reveal())?;
        let base: Config = parts.url.parse().map_err(|_| {
            wrong("it must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE, other characters as %XX")
        })?;
        let is_missing = |part: Option<&str>| part.is_none_or(str::is_empty);
        if base.get_hosts().is_empty() || is_missing(base.get_dbname()) || is_missing(base.get_user()) {
            return Err(wrong("it must name a user, a host and a database"));
        }
        let ports = base.get_ports();
        if ports.len() > 1 && ports.len() != base.get_hosts().len() {
            return Err(wrong("it must give one port, or one for each host"));
        }
        let port = |index: usize| ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
        let mut hosts = Vec::new();
        for (index, host) in base.get_hosts().iter().enumerate() {
            hosts.push(one_host(&base, host, port(index), parts.protection));
        }
        let needs_tls = hosts.iter().any(|host| host.config.get_ssl_mode() == SslMode::Require);
        let authorities = options.ca_file.clone().or(parts.authorities);
        if needs_tls && parts.protection == Protection::Chain && authorities.is_none() {
            // Anybody has a certificate that one of the system's authorities signed.
            return Err(wrong(
                "sslmode=verify-ca needs authorities of your own: database_ca_file or sslrootcert",
            ));
        }
        let tls = if needs_tls { Some(tls::client(parts.protection, authorities.as_deref())?) } else { None };
        Ok(Self { hosts, database: base.get_dbname().unwrap_or_default().to_owned(), tls })
    }

    /// Where readers go: to the last host that answers, where that mistake is chosen.
    #[cfg(feature = "mutations")]
    pub(crate) fn of_readers(&self) -> Option<Self> {
        use actas_domain::mutation::{self, Mutation};
        if !mutation::is(Mutation::ReadsFromStandby) {
            return None;
        }
        let mut address = self.clone();
        address.hosts.reverse();
        for host in &mut address.hosts {
            host.config.target_session_attrs(TargetSessionAttrs::Any);
        }
        Some(address)
    }
}

fn one_host(base: &Config, host: &Host, port: u16, protection: Protection) -> OneHost {
    let mut config = Config::new();
    config.user(base.get_user().unwrap_or_default()).dbname(base.get_dbname().unwrap_or_default());
    if let Some(password) = base.get_password() {
        config.password(password);
    }
    if let Some(options) = base.get_options() {
        config.options(options);
    }
    config.application_name(base.get_application_name().unwrap_or("actas"));
    config.port(port).target_session_attrs(TargetSessionAttrs::ReadWrite);
    config.keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL);
    config.keepalives_retries(KEEPALIVE_RETRIES).tcp_user_timeout(USER_TIMEOUT);
    let name = match host {
        Host::Tcp(host) => {
            let mode = if protection == Protection::None { SslMode::Disable } else { SslMode::Require };
            config.host(host).ssl_mode(mode);
            format!("{host}:{port}")
        }
        // It does not leave the machine.
        Host::Unix(folder) => {
            config.host_path(folder).ssl_mode(SslMode::Disable);
            folder.display().to_string()
        }
    };
    OneHost { name, config }
}

/// The URL without what the driver does not know. It has the password, so it has no `Debug`.
struct Parts {
    url: String,
    protection: Protection,
    authorities: Option<PathBuf>,
}

impl Parts {
    fn of(url: &str) -> Result<Self, OpenError> {
        if !url.starts_with("postgresql://") && !url.starts_with("postgres://") {
            return Err(wrong("it must begin with postgresql://"));
        }
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let mut parts = Self { url: place.to_owned(), protection: Protection::Full, authorities: None };
        // Such a mark may belong to a password that is not written as it must be; then nothing of it may be shown.
        let unwritten = |character: &str| {
            wrong(&format!("a {character} in its password must be written percent-encoded"))
        };
        if place.matches('@').count() > 1 {
            return Err(unwritten("@ (%40)"));
        }
        if parameters.contains('@') {
            return Err(unwritten("? (%3F)"));
        }
        let mut kept = Vec::new();
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            match key {
                "sslmode" => parts.protection = protection(&value)?,
                "sslrootcert" if value == "system" => parts.authorities = None,
                "sslrootcert" => parts.authorities = Some(PathBuf::from(value.as_ref())),
                "target_session_attrs" if matches!(value.as_ref(), "any" | "primary" | "read-write") => {}
                "target_session_attrs" => {
                    return Err(wrong(
                        "target_session_attrs must be read-write: Actas uses the primary alone",
                    ));
                }
                "application_name" | "options" | "host" | "port" | "user" | "dbname" => kept.push(parameter),
                "password" => {
                    return Err(wrong("the password belongs before the host, not among the parameters"));
                }
                _ => {
                    return Err(wrong(&format!(
                        "{key} is none of its parameters: sslmode, sslrootcert, target_session_attrs, \
                         application_name, options, host, port, user, dbname"
                    )));
                }
            }
        }
        if !kept.is_empty() {
            parts.url = format!("{place}?{}", kept.join("&"));
        }
        Ok(parts)
    }
}

fn protection(mode: &str) -> Result<Protection, OpenError> {
    match mode {
        "disable" => Ok(Protection::None),
        // Encrypting to whoever answers protects from nobody who can answer.
        "require" | "verify-full" => Ok(Protection::Full),
        "verify-ca" => Ok(Protection::Chain),
        _ => Err(wrong(
            "sslmode must be verify-full (the default), require (the same), verify-ca or disable; prefer and allow \
             would let anybody in between choose clear text",
        )),
    }
}

/// The URL itself is never part of it.
fn wrong(why: &str) -> OpenError {
    OpenError::Url(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::secret::SecretText;

    fn parsed(url: &str) -> Result<Address, OpenError> {
        Address::parse(&Options::new(SecretText::new(url.to_owned())))
    }

    #[test]
    fn several_hosts_are_tried_in_their_order() {
        let address = parsed("postgresql://me:pass@one:5433,two:5434/actas?sslmode=disable").unwrap();
        assert_eq!(address.to_string(), "actas at one:5433, two:5434");
        let config = &address.hosts[1].config;
        assert_eq!((config.get_ports(), config.get_user()), (&[5434][..], Some("me")));
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }

    #[test]
    fn a_network_is_crossed_under_tls_unless_somebody_says_otherwise() {
        let protection = |url: &str| Parts::of(url).unwrap().protection;
        assert_eq!(protection("postgres://u@h/d"), Protection::Full);
        assert_eq!(protection("postgres://u@h/d?sslmode=require"), Protection::Full);
        assert_eq!(protection("postgres://u@h/d?sslmode=verify-ca&application_name=x"), Protection::Chain);
        assert_eq!(protection("postgres://u@h/d?sslmode=disable"), Protection::None);
        assert!(parsed("postgres://u@h/d?sslmode=prefer").unwrap_err().to_string().contains("clear text"));
        let unix = parsed("postgresql://u@%2Ftmp%2Fx/d").unwrap();
        assert!(unix.tls.is_none());
        assert_eq!(unix.to_string(), "d at /tmp/x");
    }

    #[test]
    fn no_error_and_no_debug_shows_the_password() {
        for url in [
            "mysql://u:hidden@h/d",
            "postgresql://u:hidden@h:port/d?sslmode=disable",
            "postgresql://u:hidden@h/d?sslmode=allow",
            "postgresql://u:hidden@h/d?pool=3",
            "postgresql://u@h/d?password=hidden",
            "postgresql://u:hidden@h/d?target_session_attrs=read-only",
            "postgresql://u:hidden@/d?host=h1,h2&port=1,2,3&sslmode=disable",
            "postgresql://:hidden@h/d",
            "postgresql://u:pa?hidden@h/d",
            "postgresql://u:pa?hidden@h/d?sslmode=disable",
            "postgresql://u:p@hidden@h/d",
            "hidden",
        ] {
            let error = parsed(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hidden"), "{error}");
        }
        let address = parsed("postgresql://u:hidden@h/d?sslmode=disable").unwrap();
        assert!(!format!("{address} {address:?} {:?}", address.hosts[0].config).contains("hidden"));
    }
}
