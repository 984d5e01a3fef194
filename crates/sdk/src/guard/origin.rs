//! Whether a request with a cookie comes from the app's own pages.

use http::{HeaderMap, Method, Uri, header};

/// May the session of a cookie be used for this? See [the module](super) for the rule.
pub(super) fn is_own(method: &Method, uri: &Uri, headers: &HeaderMap, allowed: &[String]) -> bool {
    if only_looks(method, headers) {
        return true;
    }
    let origin = headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())) {
        return true;
    }
    // Browsers set it themselves; no page can.
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = origin else {
        // Every browser of today names an origin with such a request.
        return true;
    };
    if !allowed.is_empty() {
        // Whoever names the app's origins has named them all. The host would also fit its pages without encryption.
        return false;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let asked = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    let origin_host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    matches!((origin_host, asked), (Some(origin), Some(asked)) if origin.eq_ignore_ascii_case(asked))
}

/// A method that only looks (RFC 9110 §9.2.1, without TRACE), and no WebSocket, over which anything can be sent.
pub(super) fn only_looks(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) && !opens_a_web_socket(headers)
}

/// It begins as a GET.
fn opens_a_web_socket(headers: &HeaderMap) -> bool {
    headers.get_all(header::UPGRADE).iter().any(|protocols| {
        protocols.as_bytes().to_ascii_lowercase().windows(9).any(|part| part == b"websocket")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn own(method: Method, lines: &[(&str, &str)]) -> bool {
        own_of(method, lines, &["https://app.example.com", "https://other.example.com"])
    }

    fn own_of(method: Method, lines: &[(&str, &str)], allowed: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("app.example.com"));
        for (name, value) in lines {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let allowed: Vec<String> = allowed.iter().map(|origin| (*origin).to_owned()).collect();
        is_own(&method, &Uri::from_static("/"), &headers, &allowed)
    }

    #[test]
    fn what_only_looks_may_come_from_anywhere() {
        let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(own(method, &foreign));
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            assert!(!own(method, &foreign));
        }
    }

    #[test]
    fn a_web_socket_must_be_the_apps_own() {
        let upgrade = ("upgrade", "WebSocket");
        assert!(!own(Method::GET, &[upgrade, ("origin", "https://evil.example")]));
        assert!(!own(Method::GET, &[("upgrade", "h2c"), upgrade, ("origin", "https://evil.example")]));
        assert!(own(Method::GET, &[upgrade, ("origin", "https://app.example.com")]));
    }

    #[test]
    fn the_browser_says_where_a_request_comes_from() {
        let post = |lines: &[(&str, &str)]| own(Method::POST, lines);
        assert!(post(&[]));
        assert!(post(&[("sec-fetch-site", "same-origin"), ("origin", "https://proxied.example")]));
        assert!(post(&[("sec-fetch-site", "none")]));
        assert!(!post(&[("sec-fetch-site", "same-site")]));
        assert!(!post(&[("sec-fetch-site", "same-site"), ("origin", "https://app.example.com:8443")]));
        assert!(post(&[("sec-fetch-site", "same-site"), ("origin", "https://other.example.com")]));
        assert!(post(&[("origin", "https://app.example.com")]));
        for origin in [
            "null",
            "http://app.example.com",
            "https://APP.example.com",
            "https://app.example.com.evil.example",
            "https://evil.example",
            "app.example.com",
            "",
        ] {
            assert!(!post(&[("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn where_no_origin_is_named_the_host_is() {
        let post = |origin| own_of(Method::POST, &[("origin", origin)], &[]);
        assert!(post("https://app.example.com") && post("https://APP.example.com"));
        for origin in
            ["null", "https://app.example.com.evil.example", "https://evil.example", "app.example.com", ""]
        {
            assert!(!post(origin), "{origin}");
        }
    }
}
