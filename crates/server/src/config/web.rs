//! URLs, origins and networks in the configuration.

use super::{
    spec::Shape,
    value::{Given, Item, OptionValue, Range, quoted},
};
use actas_domain::settings::Settings;
use ipnet::IpNet;
use std::{fmt, net::IpAddr};
use url::Url;

/// The base of every URL that Actas hands out: absolute, http or https, perhaps with a path, without a slash at
/// the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    authority: String,
}

impl PublicUrl {
    /// `None` for anything that cannot be a base: another scheme, credentials, a query, a fragment, or more than
    /// 255 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let url = web_url(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let host = url.host_str()?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let text = url.as_str().trim_end_matches('/').to_owned();
        (text.len() <= Settings::ISSUER_MAX_BYTES).then_some(Self { text, authority })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, and the port where it is not the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether it is the root of this host (with its port), without a path.
    pub(super) fn is_root_of(&self, authority: &str) -> bool {
        self.authority == authority && self.text.ends_with(&format!("://{authority}"))
    }

    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl OptionValue for PublicUrl {
    fn expected(_range: Range) -> String {
        "an absolute http or https URL without query, fragment and credentials, of at most 255 bytes"
            .to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        text_of(given).and_then(Self::parse)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.text))
    }
}

/// The address of a page of the app: absolute, http or https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageUrl(String);

impl PageUrl {
    const MAX_BYTES: usize = 2_048;

    pub fn parse(text: &str) -> Option<Self> {
        web_url(text).map(|url| Self(url.into())).filter(|url| url.0.len() <= Self::MAX_BYTES)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OptionValue for PageUrl {
    fn expected(_range: Range) -> String {
        "an absolute http or https URL without credentials, of at most 2048 bytes".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        text_of(given).and_then(Self::parse)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

/// A browser's origin, as it stands in the `Origin` header: `https://app.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin of a web page.
    pub fn of(page: &PageUrl) -> Option<Self> {
        web_url(&page.0).map(|url| Self(url.origin().ascii_serialization()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Item for Origin {
    const EXPECTED: &'static str = "a list of origins, each scheme://host or scheme://host:port and no more, such as https://app.example.com";

    fn parse(text: &str) -> Option<Self> {
        let url = web_url(text)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let origin = url.origin().ascii_serialization();
        (bare && origin.len() <= Settings::ORIGIN_MAX_BYTES).then_some(Self(origin))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

impl Item for IpNet {
    const EXPECTED: &'static str =
        "a list of IP addresses and networks in CIDR notation, such as 10.0.0.0/8 or 192.0.2.7";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(Self::from))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// What an app's SDKs are told, besides the secret key (contract: Frontend API §1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishableKey(String);

impl PublishableKey {
    pub const LIVE_PREFIX: &'static str = "pk_live_";
    pub const TEST_PREFIX: &'static str = "pk_test_";
    /// Browsers' SDKs speak the development protocol when the key names a host under `accounts.dev`.
    const DEVELOPMENT_HOST: &'static str = "actas.clerk.accounts.dev";

    pub fn development() -> Self {
        Self::made(Self::TEST_PREFIX, Self::DEVELOPMENT_HOST)
    }

    pub fn production(url: &PublicUrl) -> Self {
        Self::made(Self::LIVE_PREFIX, url.authority())
    }

    fn made(prefix: &str, host: &str) -> Self {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        Self(format!("{prefix}{}", STANDARD.encode(format!("{host}$"))))
    }

    /// `None` unless SDKs would take it: a known prefix, then base64 of a host with a dot in it and one `$` behind.
    pub fn parse(text: &str) -> Option<Self> {
        decoded_host(text).filter(|host| host.contains('.')).map(|_| Self(text.to_owned()))
    }

    /// The host that it names, with its port where it has one.
    pub fn host(&self) -> String {
        decoded_host(&self.0).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_live(&self) -> bool {
        self.0.starts_with(Self::LIVE_PREFIX)
    }
}

fn decoded_host(key: &str) -> Option<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let encoded = key
        .strip_prefix(PublishableKey::LIVE_PREFIX)
        .or_else(|| key.strip_prefix(PublishableKey::TEST_PREFIX))?;
    let decoded = STANDARD_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?;
    let host = std::str::from_utf8(&decoded).ok()?.strip_suffix('$')?;
    (!host.contains('$')).then(|| host.to_owned())
}

impl OptionValue for PublishableKey {
    const SHAPE: Shape = Shape::One;

    fn expected(_range: Range) -> String {
        "pk_live_ or pk_test_ and the base64 of a host name followed by $".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        text_of(given).and_then(Self::parse)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

/// What `iss` says: anything a verifier can compare, up to 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OptionValue for Issuer {
    fn expected(_range: Range) -> String {
        "a text of 1 to 255 bytes without control characters".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        let text = text_of(given)?;
        let fits = (1..=Settings::ISSUER_MAX_BYTES).contains(&text.len()) && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

fn text_of(given: &Given) -> Option<&str> {
    match given {
        Given::Text(text) | Given::String(text) => Some(text.trim()),
        _ => None,
    }
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_absolute_and_may_have_a_path() {
        for (given, text, authority) in [
            ("https://clerk.example.com", "https://clerk.example.com", "clerk.example.com"),
            ("https://clerk.example.com:443/", "https://clerk.example.com", "clerk.example.com"),
            ("http://127.0.0.1:4500/__clerk/", "http://127.0.0.1:4500/__clerk", "127.0.0.1:4500"),
            ("http://[::1]:4500", "http://[::1]:4500", "[::1]:4500"),
        ] {
            let url = PublicUrl::parse(given).unwrap();
            assert_eq!((url.as_str(), url.authority()), (text, authority));
        }
        let long = format!("https://example.com/{}", "a".repeat(300));
        for bad in [
            "",
            "example.com",
            "/path",
            "ftp://a.b",
            "https://u:p@a.b",
            "https://a.b?x",
            "https://a.b#x",
            &long,
        ] {
            assert!(PublicUrl::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_no_more_than_an_origin() {
        assert_eq!(
            Origin::parse("HTTPS://App.Example.com:443/").unwrap().as_str(),
            "https://app.example.com"
        );
        for bad in ["https://app.example.com/a", "https://a.b?c", "app.example.com", "null", "*"] {
            assert!(Origin::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_single_address_is_a_network_too() {
        assert_eq!(IpNet::parse("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
        assert_eq!(IpNet::parse("2001:db8::/32").unwrap().to_string(), "2001:db8::/32");
        assert!(IpNet::parse("10.0.0.0/33").is_none());
    }

    #[test]
    fn publishable_keys_are_as_the_contract_has_them() {
        assert_eq!(PublishableKey::development().as_str(), "pk_test_YWN0YXMuY2xlcmsuYWNjb3VudHMuZGV2JA==");
        let live = PublishableKey::production(&PublicUrl::parse("http://127.0.0.1:4500").unwrap());
        assert_eq!(live.as_str(), "pk_live_MTI3LjAuMC4xOjQ1MDAk");
        assert!(PublishableKey::parse(live.as_str()).unwrap().is_live());
        for bad in
            ["", "pk_live_", "pk_other_MTI3LjAuMC4xOjQ1MDAk", "pk_live_bG9jYWxob3N0JA==", "pk_live_!!!!"]
        {
            assert!(PublishableKey::parse(bad).is_none(), "{bad}");
        }
    }
}
