//! Which hosts share the cookies that an app's server reads too.

use super::value::{Given, OptionValue, Range, quoted};
use std::net::IpAddr;
use url::{Host, Url};

/// The `Domain` of those cookies, or that they have none and stay with one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieDomain(Option<String>);

impl CookieDomain {
    const MAX_BYTES: usize = 253;
    /// Says in the configuration that cookies stay with one host, also where a domain would follow.
    const NONE: &'static str = "none";

    /// `None` for what is neither `none` nor a host's name of two labels or more.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('.').to_ascii_lowercase();
        if text == Self::NONE {
            return Some(Self(None));
        }
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_name = text.len() <= Self::MAX_BYTES
            && text.contains('.')
            && text.split('.').all(is_label)
            && text.parse::<IpAddr>().is_err();
        is_name.then_some(Self(Some(text)))
    }

    pub fn domain(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// What two hosts have in common from their ends, where that is two labels or more. None for one host, and for
    /// addresses. That a domain is open to everybody (`co.uk`) browsers know, and keep no cookie for it.
    pub(super) fn shared_by(first: &str, second: &str) -> Option<String> {
        let (first, second) = (name_of(first)?, name_of(second)?);
        if first == second {
            return None;
        }
        let pairs = first.rsplit('.').zip(second.rsplit('.'));
        let mut labels: Vec<_> = pairs.take_while(|(one, other)| one == other).map(|(one, _)| one).collect();
        labels.reverse();
        (labels.len() >= 2).then(|| labels.join("."))
    }

    /// Whether both URLs are at one host, so that they share cookies without a domain.
    pub(super) fn is_one_host(first: &str, second: &str) -> bool {
        let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        host(first) == host(second)
    }

    /// Whether a browser takes cookies of this domain from the URL's host.
    pub(super) fn covers(&self, url: &str) -> bool {
        let Some(domain) = &self.0 else { return true };
        name_of(url).is_some_and(|host| {
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

fn name_of(url: &str) -> Option<String> {
    match Url::parse(url).ok()?.host()? {
        Host::Domain(name) => Some(name.to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

impl OptionValue for CookieDomain {
    fn expected(_range: Range) -> String {
        "a domain of two names or more, such as example.com, or none".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        match given {
            Given::Text(text) | Given::String(text) => Self::parse(text.trim()),
            _ => None,
        }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self.0.as_deref().unwrap_or(Self::NONE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_share_what_they_have_in_common() {
        for (first, second, shared) in [
            ("https://clerk.example.com", "https://app.example.com/sign-in", Some("example.com")),
            ("https://clerk.example.com", "https://example.com", Some("example.com")),
            ("http://clerk.a.localhost:4010", "http://app.a.localhost:3123", Some("a.localhost")),
            ("https://x.clerk.example.com", "https://y.app.example.com", Some("example.com")),
            ("https://example.com", "https://example.com:8443", None),
            ("https://a.example.com", "https://a.example.org", None),
            ("http://a.localhost", "http://b.localhost", None),
            ("http://10.0.0.1", "http://10.1.0.1", None),
        ] {
            assert_eq!(CookieDomain::shared_by(first, second).as_deref(), shared, "{first} {second}");
        }
    }

    #[test]
    fn a_domain_is_a_name_and_covers_its_hosts() {
        let domain = CookieDomain::parse(".Example.com").unwrap();
        assert_eq!(domain.domain(), Some("example.com"));
        assert!(domain.covers("https://clerk.example.com") && domain.covers("https://example.com/x"));
        assert!(!domain.covers("https://badexample.com") && !domain.covers("https://example.org"));
        assert_eq!(CookieDomain::parse("none").unwrap().domain(), None);
        for bad in ["", "com", "127.0.0.1", "a..b", "a.b;x", "https://a.b", "ä.example"] {
            assert!(CookieDomain::parse(bad).is_none(), "{bad}");
        }
    }
}
