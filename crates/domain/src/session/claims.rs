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
    #[cfg(feature = "mutations")]
    let expires_at = if crate::mutation::is(crate::mutation::Mutation::TokenOutlivesSession) {
        issued_at + minting.lifetime_seconds
    } else {
        expires_at
    };
    let mut json = String::with_capacity(512);
    json.push('{');
    if let Some(party) = minting.authorized_party {
        let _ = write!(json, r#""azp":{},"#, string(party));
    }
    let [first, second] = factor_verification_age(session, minting.now);
    let _ = write!(
        json,
        r#""exp":{expires_at},"fva":[{first},{second}],"iat":{issued_at},"iss":{},"#,
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
pub fn factor_verification_age(session: &Session, now: UnixMillis) -> [i64; 2] {
    let age = |at| (now.millis_since(at) / 60_000).max(0);
    let first = session.first_factor_at.filter(|_| !session.is_impersonated());
    [first.map_or(-1, age), -1]
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actor::{ACTOR_MAX_BYTES, Actor},
        ids::{ClientId, SessionId, USER_ID_MAX_CHARACTERS, UserId},
        session::SessionStatus,
        settings::Settings,
    };

    fn session(actor: Option<Actor>) -> Session {
        Session {
            id: SessionId::parse("sess_000000000000000000000000000").unwrap(),
            status: SessionStatus::Active,
            user: UserId::parse("user_1").unwrap(),
            client: ClientId::parse("client_000000000000000000000000000").unwrap(),
            first_factor_at: actor.is_none().then_some(UnixMillis::from_seconds(1_000)),
            actor,
            actor_token: None,
            created_at: UnixMillis::from_seconds(1_000),
            updated_at: UnixMillis::from_seconds(1_000),
            last_active_at: UnixMillis::from_seconds(1_000),
            expire_at: UnixMillis::from_seconds(2_800),
            idle_seconds: 600,
        }
    }

    fn minting(now_millis: i64, version: ClaimsVersion) -> Minting<'static> {
        Minting {
            issuer: "https://clerk.example.com",
            authorized_party: Some("https://app.example.com"),
            token_id: "2abc",
            lifetime_seconds: 60,
            version,
            now: UnixMillis::from_millis(now_millis),
        }
    }

    #[test]
    fn an_impersonated_session_says_who_acts_to_the_letter() {
        let actor = Actor::parse(r#"{"z":1.0,"sub":"user_2","n":9007199254740993}"#, false).unwrap();
        assert_eq!(
            claims(&session(Some(actor)), &minting(1_030_999, ClaimsVersion::V2)),
            concat!(
                r#"{"azp":"https://app.example.com","exp":1090,"fva":[-1,-1],"iat":1030,"#,
                r#""iss":"https://clerk.example.com","jti":"2abc","nbf":1020,"#,
                r#""sid":"sess_000000000000000000000000000","sts":"active","sub":"user_1","v":2,"#,
                r#""act":{"z":1.0,"sub":"user_2","n":9007199254740993}}"#
            )
        );
    }

    #[test]
    fn an_ordinary_session_of_an_old_version_has_no_act_and_no_v2_claims() {
        assert_eq!(
            claims(&session(None), &minting(1_061_000, ClaimsVersion::V1)),
            concat!(
                r#"{"azp":"https://app.example.com","exp":1121,"fva":[1,-1],"iat":1061,"#,
                r#""iss":"https://clerk.example.com","nbf":1051,"#,
                r#""sid":"sess_000000000000000000000000000","sub":"user_1"}"#
            )
        );
    }

    #[test]
    fn exp_passes_neither_the_absolute_nor_the_idle_end() {
        let exp = |session: &Session, now| {
            let claims = claims(session, &minting(now, ClaimsVersion::V2));
            serde_json::from_str::<serde_json::Value>(&claims).unwrap()["exp"].as_i64().unwrap()
        };
        assert_eq!(exp(&session(None), 1_590_000), 1_600);
        let busy = Session { last_active_at: UnixMillis::from_seconds(2_799), ..session(None) };
        assert_eq!(exp(&busy, 2_799_500), 2_800);
    }

    #[test]
    fn the_largest_token_fits_a_cookie() {
        let filler = "x".repeat(ACTOR_MAX_BYTES - r#"{"sub":"a","x":""}"#.len());
        let actor = Actor::parse(&format!(r#"{{"sub":"a","x":"{filler}"}}"#), false).unwrap();
        let mut largest = session(Some(actor));
        largest.expire_at = UnixMillis::from_seconds(95_617_590_000);
        largest.last_active_at = largest.expire_at;
        largest.user = UserId::parse(&"u".repeat(USER_ID_MAX_CHARACTERS)).unwrap();
        let (issuer, origin) =
            ("i".repeat(Settings::ISSUER_MAX_BYTES), "o".repeat(Settings::ORIGIN_MAX_BYTES));
        let widest = Minting {
            issuer: &issuer,
            authorized_party: Some(&origin),
            token_id: &"j".repeat(27),
            lifetime_seconds: 60,
            version: ClaimsVersion::V2,
            // A clock in the year 5000 has an eleven-digit second.
            now: UnixMillis::from_seconds(95_617_584_000),
        };
        let base64 = |bytes: usize| bytes.div_ceil(3) * 4;
        let token = base64(header("ins_000000000000000000000000000").len())
            + base64(claims(&largest, &widest).len())
            + base64(256)
            + 2;
        let cookie = "__session_12345678=".len() + token;
        assert!(cookie <= 4_096, "{cookie} bytes");
        assert!(cookie > 3_900, "{cookie} bytes: the limit on the actor could be larger");
    }
}
