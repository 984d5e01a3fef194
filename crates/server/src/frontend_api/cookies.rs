//! The cookies that the Frontend API writes (contract: Frontend API §9).

use crate::{app::App, authn::client_cookie::cookie};
use actas_domain::{secret::SecretText, time::UnixMillis};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header};
use sha1::{Digest as _, Sha1};

/// A year, in seconds.
const MAX_AGE_SECONDS: u32 = 31_536_000;

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

    const fn seconds(self) -> i64 {
        match self {
            Self::SignedOut => 0,
            Self::At(seconds) => seconds,
        }
    }
}

/// Gives a browser its client's secret: no script reads it, and other sites' requests do not carry it.
pub(crate) fn set_client(app: &App, headers: &mut HeaderMap, secret: &SecretText) {
    set(app, headers, "__client", secret.reveal(), "; HttpOnly");
}

/// Tells the app's server, under both names: SDKs trust the suffixed one where several instances share a host.
pub(crate) fn set_client_uat(app: &App, headers: &mut HeaderMap, uat: ClientUat) {
    for name in uat_names(app) {
        set(app, headers, &name, &uat.seconds().to_string(), "");
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
    if !uat_names(app).iter().all(known) {
        set_client_uat(app, headers, uat);
    }
}

fn uat_names(app: &App) -> [String; 2] {
    ["__client_uat".to_owned(), format!("__client_uat_{}", suffix(&app.http.publishable_key))]
}

/// The first 8 characters of base64(SHA-1(publishable key)), in the URL-safe alphabet (contract: Frontend API §1).
fn suffix(publishable_key: &str) -> String {
    let mut digest = URL_SAFE_NO_PAD.encode(Sha1::digest(publishable_key.as_bytes()));
    digest.truncate(8);
    digest
}

fn set(app: &App, headers: &mut HeaderMap, name: &str, value: &str, visibility: &str) {
    let secure = if app.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={MAX_AGE_SECONDS}{visibility}; SameSite=Lax{secure}");
    match HeaderValue::from_str(&text) {
        Ok(mut value) => {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
        Err(_) => tracing::error!(name, "a cookie has characters that no header may have"),
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
