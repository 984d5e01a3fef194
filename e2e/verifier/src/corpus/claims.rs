//! Claims that are absent, of another type, out of range, or there twice.

use super::{Corpus, Setting, claims_with, replaced};

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    for name in ["sub", "sid", "iss", "exp", "nbf", "iat", "azp", "sts", "v", "jti"] {
        add_bare(corpus, format!("claims: no {name}"), &replaced(name, None)?)?;
    }
    add_bare(corpus, "claims: none", "{}")?;
    for name in ["sub", "sid", "iss", "azp", "sts"] {
        for value in [r#""""#, "1", "null", r#"["x"]"#] {
            add_bare(corpus, format!("claims: {name} is {value}"), &replaced(name, Some(value))?)?;
        }
    }
    for name in ["exp", "nbf", "iat"] {
        for value in [
            "null",
            "true",
            r#""1800000000""#,
            "[1800000000]",
            "1800000001.5",
            "1800000001.0",
            "1.800000001e9",
            "-1",
            "253402300800",
            "9007199254740993",
            "18446744073709551616",
            "1e308",
            "1e999",
            "01800000001",
            "NaN",
        ] {
            add_bare(corpus, format!("claims: {name} is {value}"), &replaced(name, Some(value))?)?;
        }
    }
    add_bare(corpus, "claims: exp in the year 9999", &replaced("exp", Some("253402300799"))?)?;
    for more in [
        r#""sub":"user_carol""#,
        r#""\u0073ub":"user_carol""#,
        r#""exp":1800000060"#,
        r#""v":2"#,
        r#""own":{"a":1,"a":2}"#,
        r#""act":{"sub":"a"},"act":{"sub":"b"}"#,
        r#""act":{"sub":"a","sub":"b"}"#,
        r#""act":{"sub":"a","x":{"y":1,"y":2}}"#,
        r#""act":null"#,
        r#""act":[]"#,
        r#""act":{}"#,
        r#""act":"user_alice""#,
        r#""act":{"sub":1}"#,
        r#""act":{"sub":""}"#,
        r#""act":{"iss":"https://support.example.com"}"#,
        r#""own":1e999"#,
        r#""__proto__":{"sub":"user_carol"}"#,
    ] {
        add_bare(corpus, format!("claims: also {more}"), &claims_with(&format!(",{more}")))?;
    }
    let handshake = r#"{"handshake":["__session=x; Path=/"]}"#;
    add_bare(corpus, "claims: of a handshake", handshake)?;
    let ticket = r#"{"eis":60,"exp":1800000060,"iid":"ins_1","sid":"act_1","st":"actor_token"}"#;
    add_bare(corpus, "claims: of a ticket", ticket)
}

fn add_bare(corpus: &mut Corpus<'_>, name: impl Into<String>, claims: &str) -> Result<(), String> {
    let token = corpus.keys.main.token(claims)?;
    corpus.add_with(name, token, Setting::bare());
    Ok(())
}
