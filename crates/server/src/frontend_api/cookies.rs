//! The cookies that the Frontend API writes (contract: Frontend API §9).

use crate::{
    app::App,
    authn::client_cookie::{Visitor, cookie},
    error::ApiError,
};
use actas_domain::{secret::SecretText, time::UnixMillis};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header};
use sha1::{Digest as _, Sha1};
use std::fmt;

/// A year, in seconds.
pub(super) const MAX_AGE_SECONDS: u32 = 31_536_000;

/// A cookie of every path, which other sites' requests do not carry.
#[derive(Clone, Copy)]
pub(super) struct Cookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// 0 removes the cookie.
    pub(super) max_age_seconds: u32,
    /// None for one that stays with its host.
    pub(super) domain: Option<&'a str>,
    pub(super) http_only: bool,
    pub(super) secure: bool,
}

impl fmt::Display for Cookie<'_> {
    /// The value of a `Set-Cookie`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}; Path=/", self.name, self.value)?;
        if let Some(domain) = self.domain {
            write!(formatter, "; Domain={domain}")?;
        }
        write!(formatter, "; Max-Age={}", self.max_age_seconds)?;
        formatter.write_str(if self.http_only { "; HttpOnly; SameSite=Lax" } else { "; SameSite=Lax" })?;
        formatter.write_str(if self.secure { "; Secure" } else { "" })
    }
}

/// When the set of a client's live sessions last changed, as the cookies `__client_uat` tell it to the app's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientUat {
    SignedOut,
    /// Unix seconds, at least 1.
    At(i64),
}

impl ClientUat {
    /// Never later than now: a session token counts as stale while its `iat` lies before this.
    pub(crate) fn of(has_live_session: bool, updated_at: UnixMillis, now: UnixMillis) -> Self {
        if has_live_session { Self::At(updated_at.min(now).seconds().max(1)) } else { Self::SignedOut }
    }

    pub(super) const fn seconds(self) -> i64 {
        match self {
            Self::SignedOut => 0,
            Self::At(seconds) => seconds,
        }
    }
}

/// Gives a client's secret to whoever holds it: a browser in a cookie, a native app in a header. A dev browser's stays
/// as its scripts hold it.
pub(crate) fn give_secret(
    app: &App,
    visitor: &Visitor,
    headers: &mut HeaderMap,
    secret: &SecretText,
) -> Result<(), ApiError> {
    if visitor.is_native {
        let mut value = HeaderValue::from_str(secret.reveal()).map_err(|_| ApiError::internal())?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    } else if visitor.dev_browser.is_none() {
        set_client(app, headers, secret);
    }
    Ok(())
}

/// Gives a browser its client's secret: no script reads it, and other sites' requests do not carry it.
pub(crate) fn set_client(app: &App, headers: &mut HeaderMap, secret: &SecretText) {
    client(app, headers, secret.reveal(), MAX_AGE_SECONDS);
}

/// Takes it away.
pub(crate) fn remove_client(app: &App, headers: &mut HeaderMap) {
    client(app, headers, "", 0);
}

fn client(app: &App, headers: &mut HeaderMap, value: &str, max_age_seconds: u32) {
    let (name, secure) = ("__client", app.is_https());
    append(headers, Cookie { name, value, max_age_seconds, domain: None, http_only: true, secure });
}

/// Tells the app's server, under both names: SDKs trust the suffixed one where several instances share a host.
pub(crate) fn set_client_uat(app: &App, headers: &mut HeaderMap, uat: ClientUat) {
    for name in both_names(app, "__client_uat") {
        let cookie = Cookie {
            name: &name,
            value: &uat.seconds().to_string(),
            max_age_seconds: MAX_AGE_SECONDS,
            domain: app.http.cookie_domain.as_deref(),
            http_only: false,
            secure: app.is_https(),
        };
        append(headers, cookie);
    }
}

/// The same, but only where the browser does not know it yet: the set of sessions also changes without the
/// browser, by time or by a backend. No cookie at all says that it is signed out.
pub(crate) fn correct_client_uat(app: &App, request: &HeaderMap, headers: &mut HeaderMap, uat: ClientUat) {
    let known = |name: &String| {
        let carried = cookie(request, name);
        carried == Some(uat.seconds().to_string().as_str())
            || (carried.is_none() && uat == ClientUat::SignedOut)
    };
    if !both_names(app, "__client_uat").iter().all(known) {
        set_client_uat(app, headers, uat);
    }
}

/// The cookie's name, and the one with the suffix that is made from the publishable key.
pub(super) fn both_names(app: &App, name: &str) -> [String; 2] {
    [name.to_owned(), format!("{name}_{}", suffix(&app.http.publishable_key))]
}

/// The first 8 characters of base64(SHA-1(publishable key)), in the URL-safe alphabet (contract: Frontend API §1).
pub(crate) fn suffix(publishable_key: &str) -> String {
    let mut digest = URL_SAFE_NO_PAD.encode(Sha1::digest(publishable_key.as_bytes()));
    digest.truncate(8);
    digest
}

pub(super) fn append(headers: &mut HeaderMap, cookie: Cookie<'_>) {
    match HeaderValue::from_str(&cookie.to_string()) {
        Ok(mut value) => {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
        Err(_) => tracing::error!(name = cookie.name, "a cookie has characters that no header may have"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_is_the_one_that_sdks_compute() {
        // Recomputed with: printf %s KEY | openssl sha1 -binary | base64 | tr +/ -_ | cut -c1-8
        assert_eq!(suffix("pk_test_YWN0YXMuZXhhbXBsZS5jb20k"), "edVLDxDH");
        assert_eq!(suffix("pk_live_Y2xlcmsxNTUuZXhhbXBsZS5jb20k"), "HdF_-i3m");
    }

    #[test]
    fn a_change_in_the_future_is_told_as_now() {
        let (now, later) = (UnixMillis::from_millis(5_999), UnixMillis::from_millis(7_000));
        assert_eq!(ClientUat::of(true, later, now), ClientUat::At(5));
        assert_eq!(ClientUat::of(true, UnixMillis::from_millis(4_999), now), ClientUat::At(4));
        assert_eq!(ClientUat::of(false, later, now), ClientUat::SignedOut);
    }
}
