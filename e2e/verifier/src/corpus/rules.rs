//! Whose token it is, and for whom: `iss`, `azp`, `aud`.

use super::{APP, Corpus, ISSUER, Setting, claims_with, good_claims, replaced};

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    for issuer in [
        "https://evil.example",
        "https://clerk.example.com/",
        "http://clerk.example.com",
        "HTTPS://CLERK.EXAMPLE.COM",
    ] {
        let token = corpus.keys.main.token(&good_claims().replace(ISSUER, issuer))?;
        corpus.add(format!("iss: {issuer}"), token);
    }
    corpus.add("iss: absent, and expected", corpus.keys.main.token(&replaced("iss", None)?)?);
    for party in [
        "https://evil.example",
        "https://app.example.com/",
        "http://app.example.com",
        "https://app.example.com.evil.example",
    ] {
        let token = corpus.keys.main.token(&good_claims().replace(APP, party))?;
        corpus.add(format!("azp: {party}"), token.clone());
        corpus.add_with(format!("azp: {party}, nothing asked"), token, Setting::bare());
    }
    corpus.add("azp: absent, and expected", corpus.keys.main.token(&replaced("azp", None)?)?);
    corpus.add(
        "azp: an array with the party",
        corpus.keys.main.token(&replaced("azp", Some(r#"["https://app.example.com"]"#))?)?,
    );
    let both = Setting { authorized_parties: vec!["https://other.example.com", APP], ..Setting::usual() };
    corpus.add_with("azp: the second of two", corpus.keys.main.token(&good_claims())?, both);
    let expected = Setting { audiences: vec!["app", "api"], ..Setting::usual() };
    for audience in [
        r#""app""#,
        r#""api""#,
        r#"["x","app"]"#,
        r#""x""#,
        r#"["x"]"#,
        "[]",
        r#""""#,
        "null",
        "1",
        r#"["app",1]"#,
        r#""App""#,
    ] {
        let token = corpus.keys.main.token(&claims_with(&format!(r#","aud":{audience}"#)))?;
        corpus.add_with(format!("aud: {audience}, expected"), token.clone(), expected.clone());
        corpus.add(format!("aud: {audience}, nothing asked"), token);
    }
    corpus.add_with("aud: absent, and expected", corpus.keys.main.token(&good_claims())?, expected);
    for status in ["pending", "ended"] {
        let token = corpus.keys.main.token(&replaced("sts", Some(&format!("\"{status}\"")))?)?;
        corpus.add(format!("sts: {status}"), token);
    }
    Ok(())
}
