//! Claims that are absent, of another type, out of range or there twice.

use super::forge::{ACT, NOW, Signer, builder, claims, good_claims, verifier};
use actas_sdk::verify::VerifyErrorKind::{
    self, Expired, Malformed, MissingClaim, NotYetValid, SessionInactive, SessionPending,
};

fn refused(claims: &str) -> VerifyErrorKind {
    verifier().verify_now(&Signer::known().token(claims)).unwrap_err().kind()
}

/// The good claims with one of them replaced; without it if there is no value.
fn with(name: &str, value: Option<&str>) -> String {
    let mut members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&good_claims()).unwrap();
    members.remove(name).unwrap();
    let rest = serde_json::to_string(&members).unwrap();
    match value {
        Some(value) => rest.replacen('{', &format!(r#"{{"{name}":{value},"#), 1),
        None => rest,
    }
}

#[test]
fn what_is_required_is_there_and_not_empty() {
    for name in ["sub", "sid", "iss", "exp"] {
        assert_eq!(refused(&with(name, None)), MissingClaim, "{name}");
    }
    for name in ["sub", "sid", "iss"] {
        assert_eq!(refused(&with(name, Some(r#""""#))), MissingClaim, "{name}");
    }
    assert_eq!(refused("{}"), MissingClaim);
    assert_eq!(refused(&with("azp", None)), VerifyErrorKind::WrongParty);
}

#[test]
fn what_is_there_is_of_its_type() {
    for name in ["sub", "sid", "iss", "azp", "sts"] {
        for value in ["1", "null", "true", "[]", "{}", r#"["user_bob"]"#] {
            assert_eq!(refused(&with(name, Some(value))), Malformed, "{name} {value}");
        }
    }
    for name in ["exp", "nbf", "iat"] {
        for value in ["null", "true", "[]", "{}", r#""1800000000""#, r#""2027-01-15T08:00:00Z""#] {
            assert_eq!(refused(&with(name, Some(value))), Malformed, "{name} {value}");
        }
    }
    for audience in ["null", "1", "{}", "[1]", r#"["app",null]"#, r#"[["app"]]"#] {
        let named = builder().audience("app").build().unwrap();
        let token = Signer::known().token(&claims(&format!(r#","aud":{audience}"#)));
        assert_eq!(named.verify_now(&token).unwrap_err().kind(), Malformed, "{audience}");
    }
}

#[test]
fn times_are_whole_seconds_up_to_the_year_9999() {
    let numbers = [
        "1800000030.5",
        "1800000030.0",
        "1.80000003e9",
        "1800000030E0",
        "-1",
        "-0",
        "253402300800",
        "9007199254740993",
        "18446744073709551616",
        "1e999",
        "1e308",
        "NaN",
        "Infinity",
        "0x6B49D21E",
        "01800000030",
        "+1800000030",
    ];
    for name in ["exp", "nbf", "iat"] {
        for number in numbers {
            assert_eq!(refused(&with(name, Some(number))), Malformed, "{name} {number}");
        }
    }
    let last = with("exp", Some("253402300799"));
    assert!(verifier().verify_now(&Signer::known().token(&last)).is_ok());
}

#[test]
fn the_clock_decides() {
    let at = |name: &str, seconds: i64| refused(&with(name, Some(&seconds.to_string())));
    for seconds in [0, NOW - 3_600, NOW - 5] {
        assert_eq!(at("exp", seconds), Expired, "{seconds}");
    }
    for name in ["nbf", "iat"] {
        for seconds in [NOW + 6, NOW + 3_600] {
            assert_eq!(at(name, seconds), NotYetValid, "{name} {seconds}");
        }
    }
    let predicates = verifier().verify_now(&Signer::known().token(&with("exp", Some("0")))).unwrap_err();
    assert!(predicates.is_expired() && !predicates.is_not_yet_valid() && !predicates.is_wrong_key());
}

#[test]
fn a_member_twice_is_refused_at_every_depth() {
    for more in [
        r#","sub":"user_carol""#,
        r#","\u0073ub":"user_carol""#,
        r#","exp":1800000060"#,
        r#","v":3"#,
        r#","own":{"a":1,"a":2}"#,
        r#","own":[[{"a":{"b":1,"c":2,"b":3}}]]"#,
        r#","act":{"sub":"user_alice","sub":"user_carol"}"#,
        r#","act":{"sub":"user_alice"},"act":{"sub":"user_carol"}"#,
        r#","act":{"sub":"user_alice","\u0073ub":"user_carol"}"#,
        r#","act":{"sub":"user_alice","act":{"sub":"a","sub":"b"}}"#,
    ] {
        assert_eq!(refused(&claims(more)), Malformed, "{more}");
    }
}

#[test]
fn only_the_outermost_actor_counts() {
    let chain = r#","act":{"act":{"sub":"user_dave"},"sub":"user_alice"}"#;
    let token = verifier().verify_now(&Signer::known().token(&claims(chain))).unwrap();
    assert_eq!(token.actor().unwrap().subject(), "user_alice");
    assert_eq!(token.subject(), "user_bob");
    let only_within = r#","act":{"act":{"sub":"user_dave"}}"#;
    assert_eq!(refused(&claims(only_within)), Malformed);
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!(r#","own":{}{}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(verifier().verify_now(&Signer::known().token(&claims(&nested(60)))).is_ok());
    for depth in [64, 200, 5_000] {
        assert_eq!(refused(&claims(&nested(depth))), Malformed, "{depth}");
    }
    let actor = format!(r#","act":{{"sub":"a","x":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(refused(&claims(&actor)), Malformed);
}

#[test]
fn audiences_are_matched_where_they_are_named() {
    let named = builder().audience("app").audience("api").build().unwrap();
    let verify = |more: &str| named.verify_now(&Signer::known().token(&claims(more)));
    for more in [r#","aud":"app""#, r#","aud":"api""#, r#","aud":["x","api"]"#] {
        assert!(verify(more).is_ok(), "{more}");
    }
    for more in ["", r#","aud":"x""#, r#","aud":[]"#, r#","aud":"App""#] {
        assert_eq!(verify(more).unwrap_err().kind(), VerifyErrorKind::WrongAudience, "{more}");
    }
}

#[test]
fn a_pending_session_is_for_who_asks_for_it() {
    let token = |status: &str| Signer::known().token(&with("sts", Some(status)));
    assert_eq!(refused(&with("sts", Some(r#""pending""#))), SessionPending);
    let open = builder().accept_pending_sessions().build().unwrap();
    assert!(open.verify_now(&token(r#""pending""#)).is_ok());
    // One that is over is for nobody.
    for status in [r#""ended""#, r#""removed""#, r#""""#, r#""Active""#] {
        assert_eq!(refused(&with("sts", Some(status))), SessionInactive, "{status}");
        assert_eq!(open.verify_now(&token(status)).unwrap_err().kind(), SessionInactive, "{status}");
    }
    // Tokens of the first version have no status.
    assert!(verifier().verify_now(&Signer::known().token(&with("sts", None))).is_ok());
}

#[test]
fn acting_as_oneself_is_acting() {
    let own = ACT.replace("user_alice", "user_bob");
    assert!(verifier().verify_now(&Signer::known().token(&claims(&own))).unwrap().is_impersonated());
}

#[test]
fn a_token_without_a_party_is_for_who_allows_it() {
    let without = Signer::known().token(&with("azp", None));
    assert_eq!(verifier().verify_now(&without).unwrap_err().kind(), VerifyErrorKind::WrongParty);
    let native = builder().allow_absent_party().build().unwrap();
    assert!(native.verify_now(&without).is_ok());
    assert!(native.verify_now(&Signer::known().token(&good_claims())).is_ok());
    let other = Signer::known().token(&with("azp", Some(r#""https://evil.example""#)));
    assert_eq!(native.verify_now(&other).unwrap_err().kind(), VerifyErrorKind::WrongParty);
}
