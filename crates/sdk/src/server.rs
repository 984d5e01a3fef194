//! Which server is called.

use crate::{error::Error, retry::Promise};
use std::net::IpAddr;
use url::{Host, Url};

const CLERK: &str = "https://api.clerk.com/v1";
const CLERK_HOST: &str = "api.clerk.com";

/// The server that a client calls, and what it promises.
///
/// The promise is that it honours the `Idempotency-Key` header: then a POST of which nobody knows whether it
/// arrived can be repeated. Actas does; nothing else is taken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    base: Url,
    is_actas: bool,
    http_allowed: bool,
}

impl Server {
    /// Clerk's own service: `https://api.clerk.com/v1`. This is the default.
    ///
    /// # Panics
    /// Never: the address is a constant.
    #[must_use]
    pub fn clerk() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, and a test reads it")]
        let base = Url::parse(CLERK).expect("the address of Clerk's service is a URL");
        Self { base, is_actas: false, http_allowed: false }
    }

    /// An Actas, by its URL with or without `/v1` at the end: `https://actas.example.com`. Clerk's own service is
    /// none, also if it is named here: [`is_actas`](Self::is_actas) is false, and nothing is relied on.
    ///
    /// # Errors
    /// [`ErrorKind::Builder`](crate::ErrorKind::Builder) when the text is no URL of http or https, or has a user
    /// name, a query or a fragment.
    pub fn actas(url: &str) -> Result<Self, Error> {
        let server = Self::other(url)?;
        Ok(Self { is_actas: !server.is_clerk(), ..server })
    }

    /// Any other server that answers as Clerk's does, by its URL with or without `/v1` at the end.
    ///
    /// # Errors
    /// As [`Server::actas`].
    pub fn other(url: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Error::builder(format!("the server's URL {why}; give one like https://actas.example.com"))
        };
        let mut base = Url::parse(url).map_err(|error| refuse(&format!("is none ({error})")))?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(refuse("is neither http nor https"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(refuse("has a user name or a password in it"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(refuse("has a query or a fragment"));
        }
        let path = base.path().trim_end_matches('/');
        let path = if path.ends_with("/v1") { path.to_owned() } else { format!("{path}/v1") };
        base.set_path(&path);
        Ok(Self { base, is_actas: false, http_allowed: false })
    }

    /// Allows plain http to a server that is not on this machine. Whoever is on the way can then read the key and
    /// every ticket.
    #[must_use]
    pub fn allow_http(mut self) -> Self {
        self.http_allowed = true;
        self
    }

    /// Whether this is Clerk's own service, by its host, however that is written.
    #[must_use]
    pub fn is_clerk(&self) -> bool {
        self.base.host_str().is_some_and(|host| host.trim_end_matches('.') == CLERK_HOST)
    }

    /// Whether this is declared to be an Actas, and is not Clerk's.
    #[must_use]
    pub fn is_actas(&self) -> bool {
        self.is_actas
    }

    /// The URL that every path is added to; it ends in `/v1`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.base.as_str()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    pub(crate) fn promise(&self) -> Promise {
        if self.is_actas { Promise::ActsOnce } else { Promise::Nothing }
    }

    /// # Errors
    /// When the key would leave this machine unencrypted.
    pub(crate) fn check_encryption(&self) -> Result<(), Error> {
        if self.is_encrypted() || self.http_allowed || self.is_loopback() {
            return Ok(());
        }
        Err(Error::builder(format!(
            "{} is not https, and not on this machine: the key would be readable on the way. Use https, or say \
             Server::allow_http",
            self.url()
        )))
    }

    fn is_loopback(&self) -> bool {
        match self.base.host() {
            // What is below it may be looked up elsewhere.
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_ends_in_v1_once() {
        assert_eq!(Server::clerk().url(), "https://api.clerk.com/v1");
        for url in
            ["https://a.example", "https://a.example/", "https://a.example/v1", "https://a.example/v1//"]
        {
            assert_eq!(Server::actas(url).unwrap().url(), "https://a.example/v1", "{url}");
        }
        assert_eq!(Server::other("http://[::1]:45/under").unwrap().url(), "http://[::1]:45/under/v1");
    }

    #[test]
    fn clerks_own_service_is_no_actas() {
        for url in [
            "https://api.clerk.com/v1",
            "https://api.clerk.com",
            "https://API.Clerk.com:443/v1/",
            "https://api.clerk.com./v1",
            "https://api%2Eclerk.com/",
        ] {
            let server = Server::actas(url).unwrap();
            assert!(server.is_clerk() && !server.is_actas(), "{url}");
            assert_eq!(server.promise(), Promise::Nothing, "{url}");
        }
        assert!(Server::clerk().is_clerk());
        let actas = Server::actas("https://api.clerk.com.example").unwrap();
        assert!(actas.is_actas() && !actas.is_clerk());
    }

    #[test]
    fn what_is_no_servers_url_is_refused() {
        for url in [
            "",
            "a.example",
            "ftp://a.example",
            "https://u:p@a.example",
            "https://a.example?x=1",
            "https://a.example/#x",
            "data:x",
        ] {
            assert!(Server::other(url).unwrap_err().is_builder(), "{url}");
        }
    }

    #[test]
    fn a_refused_url_is_not_repeated() {
        let error = Server::other("https://user:hunter2@a.example").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn plain_http_stays_on_this_machine_or_is_allowed() {
        for url in [
            "https://a.example",
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]",
            "http://localhost:4500",
            "http://LOCALHOST",
        ] {
            assert!(Server::actas(url).unwrap().check_encryption().is_ok(), "{url}");
        }
        for url in [
            "http://a.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://app.localhost",
            "http://localhost.",
            "http://[2001:db8::1]",
            "http://0.0.0.0",
        ] {
            let server = Server::actas(url).unwrap();
            assert!(server.check_encryption().unwrap_err().is_builder(), "{url}");
            assert!(server.allow_http().check_encryption().is_ok(), "{url}");
        }
    }
}
