//! The session token of a request, wherever it is.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};

const COOKIE: &str = "__session";
const SUFFIX_CHARACTERS: usize = 8;

/// What a request shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    None,
    Bearer(&'a str),
    Cookie(&'a str),
    /// Two of a kind that differ, or one that is no text.
    Ambiguous,
}

/// `__session_<suffix>` for a publishable key: the suffix is the beginning of the key's SHA-1 in base64url. It only tells
/// the cookies of several instances on one host apart.
pub(super) fn suffixed_cookie(publishable_key: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, publishable_key.as_bytes());
    let suffix: String = URL_SAFE_NO_PAD.encode(hash).chars().take(SUFFIX_CHARACTERS).collect();
    format!("{COOKIE}_{suffix}")
}

pub(super) fn find<'a>(headers: &'a HeaderMap, suffixed: Option<&str>) -> Credential<'a> {
    let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
    match (authorizations.next(), authorizations.next()) {
        (None, _) => {}
        (Some(_), Some(_)) => return Credential::Ambiguous,
        (Some(value), None) => match value.to_str().map(bearer) {
            Ok(Some(token)) => return Credential::Bearer(token),
            // Another scheme is not ours to judge.
            Ok(None) => {}
            Err(_) => return Credential::Ambiguous,
        },
    }
    let named = suffixed.map(|name| cookie(headers, name)).filter(|found| *found != Credential::None);
    named.unwrap_or_else(|| cookie(headers, COOKIE))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_ascii())
}

/// RFC 6265 §4.2.1, and HTTP/2's cookies in several headers. A signed-out clerk-js may leave an empty one.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Credential<'a> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim_ascii().split_once('='));
    let mut values = pairs.filter(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value);
    match values.next() {
        None => Credential::None,
        Some(first) if values.all(|other| other == first) => Credential::Cookie(first),
        Some(_) => Credential::Ambiguous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    const SUFFIXED: &str = "__session_AbC-d_12";

    fn found(lines: &[(HeaderName, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        format!("{:?}", find(&headers, Some(SUFFIXED)))
    }

    #[test]
    fn a_bearer_goes_before_every_cookie() {
        let cookie = (header::COOKIE, "__session=c");
        for value in ["Bearer b", "bearer b", "BEARER  b "] {
            assert_eq!(found(&[(header::AUTHORIZATION, value), cookie.clone()]), r#"Bearer("b")"#);
        }
        for value in ["Bearer", "Bearer "] {
            assert_eq!(found(&[(header::AUTHORIZATION, value), cookie.clone()]), r#"Bearer("")"#);
        }
    }

    #[test]
    fn another_scheme_leaves_the_cookie() {
        for value in ["Basic YTpi", "Bearerb", "", "DPoP x"] {
            let lines = [(header::AUTHORIZATION, value), (header::COOKIE, "__session=c")];
            assert_eq!(found(&lines), r#"Cookie("c")"#, "{value}");
        }
    }

    #[test]
    fn two_that_differ_are_ambiguous() {
        let bearer = |value| (header::AUTHORIZATION, value);
        assert_eq!(found(&[bearer("Bearer a"), bearer("Bearer a")]), "Ambiguous");
        assert_eq!(found(&[bearer("Bearer \u{e9}")]), "Ambiguous");
        assert_eq!(found(&[(header::COOKIE, "__session=a; __session=b")]), "Ambiguous");
        assert_eq!(found(&[(header::COOKIE, "__session=a"), (header::COOKIE, "__session=b")]), "Ambiguous");
        assert_eq!(found(&[(header::COOKIE, "__session=a; x=y; __session=a")]), r#"Cookie("a")"#);
    }

    #[test]
    fn the_suffixed_cookie_goes_before_the_other() {
        assert_eq!(found(&[(header::COOKIE, "__session=a; __session_AbC-d_12=b")]), r#"Cookie("b")"#);
        assert_eq!(found(&[(header::COOKIE, "__session=a; __session_AbC-d_12=")]), r#"Cookie("a")"#);
        assert_eq!(found(&[(header::COOKIE, "__session=a;__session_other=b")]), r#"Cookie("a")"#);
        assert_eq!(found(&[(header::COOKIE, "x__session=a; __Session=b; __session")]), "None");
        assert_eq!(found(&[]), "None");
    }

    #[test]
    fn the_suffix_is_that_of_the_browser_sdk() {
        // printf %s KEY | openssl sha1 -binary | base64 | cut -c1-8 | tr +/ -_
        let cookies = [
            ("pk_test_YWN0YXMuY2xlcmsuYWNjb3VudHMuZGV2JA", "wO6xBncp"),
            ("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "naoXFJnI"),
        ];
        for (key, suffix) in cookies {
            assert_eq!(suffixed_cookie(key), format!("__session_{suffix}"));
        }
    }
}
