//! The session token of a request, wherever it is.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};

const COOKIE: &str = "__session";
const SUFFIX_CHARACTERS: usize = 8;
/// So many values of one cookie are looked at. Each costs a check of a signature.
const MAX_CANDIDATES: usize = 4;

/// What a request shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    None,
    Bearer(&'a str),
    /// The values of the cookie, each once. There are several where hosts under one domain each set one.
    Cookies(Vec<&'a str>),
    /// Two bearers, more cookies than anybody sets, or a value that is no text.
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

/// RFC 6265 §4.2.1, and HTTP/2's cookies in several headers. A signed-out clerk-js may leave an empty one. Other cookies may hold
/// any bytes; only the wanted value must be text.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Credential<'a> {
    let lines = headers.get_all(header::COOKIE).iter().map(|line| line.as_bytes());
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).filter_map(|pair| {
        let pair = pair.trim_ascii();
        let end = pair.iter().position(|byte| *byte == b'=')?;
        Some((&pair[..end], &pair[end + 1..]))
    });
    let mut values = Vec::new();
    for (_, value) in pairs.filter(|(key, value)| *key == name.as_bytes() && !value.is_empty()) {
        match std::str::from_utf8(value) {
            Ok(value) if values.contains(&value) => {}
            Ok(value) if values.len() < MAX_CANDIDATES => values.push(value),
            _ => return Credential::Ambiguous,
        }
    }
    if values.is_empty() { Credential::None } else { Credential::Cookies(values) }
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
            assert_eq!(found(&lines), r#"Cookies(["c"])"#, "{value}");
        }
    }

    #[test]
    fn two_bearers_are_ambiguous_and_two_cookies_are_candidates() {
        let bearer = |value| (header::AUTHORIZATION, value);
        assert_eq!(found(&[bearer("Bearer a"), bearer("Bearer a")]), "Ambiguous");
        assert_eq!(found(&[bearer("Bearer \u{e9}")]), "Ambiguous");
        assert_eq!(found(&[(header::COOKIE, "__session=\u{e9}")]), r#"Cookies(["é"])"#);
        assert_eq!(found(&[(header::COOKIE, "__session=a; __session=b")]), r#"Cookies(["a", "b"])"#);
        assert_eq!(
            found(&[(header::COOKIE, "__session=a"), (header::COOKIE, "__session=b")]),
            r#"Cookies(["a", "b"])"#
        );
        let many = |count: usize| (0..count).map(|n| format!("__session={n}; ")).collect::<String>();
        assert!(found(&[(header::COOKIE, &many(4))]).starts_with("Cookies"));
        assert_eq!(found(&[(header::COOKIE, &many(5))]), "Ambiguous");
        assert_eq!(found(&[(header::COOKIE, "__session=a; x=y; __session=a")]), r#"Cookies(["a"])"#);
    }

    #[test]
    fn the_suffixed_cookie_goes_before_the_other() {
        assert_eq!(found(&[(header::COOKIE, "__session=a; __session_AbC-d_12=b")]), r#"Cookies(["b"])"#);
        assert_eq!(found(&[(header::COOKIE, "__session=a; __session_AbC-d_12=")]), r#"Cookies(["a"])"#);
        assert_eq!(found(&[(header::COOKIE, "__session=a;__session_other=b")]), r#"Cookies(["a"])"#);
        assert_eq!(found(&[(header::COOKIE, "x__session=a; __Session=b; __session")]), "None");
        assert_eq!(found(&[]), "None");
    }

    #[test]
    fn bytes_that_are_no_text_matter_in_the_wanted_cookie_alone() {
        let found = |line: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
            format!("{:?}", find(&headers, None))
        };
        assert_eq!(found(b"name=Ren\xe9; __session=a"), r#"Cookies(["a"])"#);
        assert_eq!(found(b"name=\xc3\xa9;__session=a; \xff=1"), r#"Cookies(["a"])"#);
        assert_eq!(found(b"__session=\xff"), "Ambiguous");
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
