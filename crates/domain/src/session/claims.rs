//! What a session token says (contract: the session JWT; RFC 7519, RFC 8693 §4.1).
//!
//! The claims are written here and nowhere else, `act` among them: no template, setting or caller can drop or
//! override it.

use super::Session;
use crate::time::UnixMillis;
use std::fmt::Write as _;

/// The shape of the claims, which follows from the API version of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimsVersion {
    /// API versions up to 2024-10-01.
    V1,
    V2,
}

/// What the claims depend on besides the session.
#[derive(Clone, Debug)]
pub struct Minting<'a> {
    pub issuer: &'a str,
    /// The origin of the request: `azp`.
    pub authorized_party: Option<&'a str>,
    pub token_id: &'a str,
    pub lifetime_seconds: i64,
    pub version: ClaimsVersion,
    pub now: UnixMillis,
}

/// `nbf` lies so many seconds before `iat`, for verifiers whose clocks run late.
const NOT_BEFORE_SECONDS: i64 = 10;

/// The JWS header for a key.
pub fn header(key_id: &str) -> String {
    format!(r#"{{"alg":"RS256","cat":"cl_B7d4PD111AAA","kid":"{key_id}","typ":"JWT"}}"#)
}

/// The claims as JSON, members in alphabetical order but `act`, which is last and verbatim.
pub fn claims(session: &Session, minting: &Minting<'_>) -> String {
    let issued_at = minting.now.seconds();
    // Rounded down, so that `exp` never passes the session's end.
    let expires_at = (issued_at + minting.lifetime_seconds).min(session.ends_at().seconds());
    let mut json = String::with_capacity(512);
    json.push('{');
    if let Some(party) = minting.authorized_party {
        let _ = write!(json, r#""azp":{},"#, string(party));
    }
    let _ = write!(
        json,
        r#""exp":{expires_at},"fva":{},"iat":{issued_at},"iss":{},"#,
        factor_verification_age(session, minting.now),
        string(minting.issuer),
    );
    if minting.version == ClaimsVersion::V2 {
        let _ = write!(json, r#""jti":{},"#, string(minting.token_id));
    }
    let _ =
        write!(json, r#""nbf":{},"sid":{},"#, issued_at - NOT_BEFORE_SECONDS, string(session.id.as_str()));
    if minting.version == ClaimsVersion::V2 {
        json.push_str(r#""sts":"active","#);
    }
    let _ = write!(json, r#""sub":{}"#, string(session.user.as_str()));
    if minting.version == ClaimsVersion::V2 {
        json.push_str(r#","v":2"#);
    }
    if let Some(actor) = &session.actor {
        let _ = write!(json, r#","act":{}"#, actor.as_json());
    }
    json.push('}');
    json
}

/// Minutes since the first and second factor were proved; -1 is never. An actor proved none of the subject's, so
/// every check for a recent proof fails closed.
fn factor_verification_age(session: &Session, now: UnixMillis) -> String {
    if session.is_impersonated() {
        return "[-1,-1]".to_owned();
    }
    format!("[{},-1]", (now.millis_since(session.created_at) / 60_000).max(0))
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
