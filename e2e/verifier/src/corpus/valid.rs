//! Tokens that both verifiers accept.

use super::{Corpus, NOW, Setting, claims_with, good_claims};

const ACTORS: &[(&str, &str)] = &[
    ("plain", r#"{"sub":"user_alice"}"#),
    ("with iss and sid", r#"{"sub":"user_alice","iss":"https://support.example.com","sid":"sess_2"}"#),
    ("of an agent", r#"{"sub":"agent_1","type":"agent"}"#),
    ("with any JSON", r#"{"z":1.50,"sub":"user_alice","a":[1,null,{"b":true}],"":""}"#),
    ("with a chain", r#"{"sub":"user_alice","act":{"sub":"user_dave"}}"#),
    ("the subject itself", r#"{"sub":"user_bob"}"#),
    ("of a command line", r#"{"sub":"cli:alice@example.com+laptop","iss":"clerk-cli"}"#),
    ("in other letters", r#"{"sub":"użytkownik 世界 \ud83d\ude00"}"#),
];

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let keys = corpus.keys;
    corpus.add("valid: ordinary", keys.main.token(&good_claims())?);
    corpus.add_with(
        "valid: ordinary, by PEM",
        keys.main.token(&good_claims())?,
        Setting::usual().with_keys("pem"),
    );
    corpus.add_with("valid: nothing asked of iss and azp", keys.main.token(&good_claims())?, Setting::bare());
    for (key, name) in
        [(&keys.second, "second key"), (&keys.large, "3072 bits"), (&keys.largest, "4096 bits")]
    {
        corpus.add(format!("valid: {name}"), key.token(&good_claims())?);
    }
    for (name, actor) in ACTORS {
        let token = keys.main.token(&claims_with(&format!(r#","act":{actor}"#)))?;
        corpus.add(format!("valid: actor {name}"), token);
    }
    let (issued, expires) = (NOW - 1, NOW + 59);
    let first_version = format!(
        r#"{{"azp":"https://app.example.com","exp":{expires},"iat":{issued},"iss":"https://clerk.example.com","nbf":{issued},"org_id":"org_1","sid":"sess_1","sub":"user_bob"}}"#
    );
    corpus.add("valid: first version of the claims", keys.main.token(&first_version)?);
    let least = format!(r#"{{"exp":{expires},"iss":"i","sid":"s","sub":"u"}}"#);
    corpus.add_with("valid: least claims", keys.main.token(&least)?, Setting::bare());
    corpus.add(
        "valid: many claims",
        keys.main.token(&claims_with(&format!(r#","own":"{}""#, "x".repeat(3_000))))?,
    );
    corpus.add("valid: nested claims", keys.main.token(&claims_with(r#","own":{"a":[{"b":[{"c":{}}]}]}"#))?);
    let spaced = good_claims().replace(',', " ,\r\n\t ").replace(':', " : ").replace("https : ", "https:");
    corpus.add("valid: white space in the JSON", keys.main.token(&format!(" {spaced}\n"))?);
    corpus.add(
        "valid: escapes in the JSON",
        keys.main.token(&good_claims().replace("user_bob", r"user\u005fbob"))?,
    );
    corpus
        .add("valid: an escaped name", keys.main.token(&good_claims().replace("\"sub\"", r#""s\u0075b""#))?);
    corpus
        .add("valid: an emoji as subject", keys.main.token(&good_claims().replace("user_bob", "\u{1f980}"))?);
    let header = keys.main.header();
    for (name, from, to) in [
        ("no class", r#""cat":"cl_B7d4PD111AAA","#, ""),
        ("the class that says nothing", "cl_B7d4PD111AAA", "cl_I7d4PD111III"),
        (
            "members of the header in another order",
            r#"{"alg":"RS256","#,
            r#"{"oiat":1800000000,"alg":"RS256","#,
        ),
        ("an unknown member in the header", "}", r#","own":{"a":[1]}}"#),
        ("white space in the header", ",", " ,\n "),
        ("an escape in the header", "RS256", r"RS25\u0036"),
    ] {
        corpus
            .add(format!("valid: {name}"), keys.main.token_with(&header.replace(from, to), &good_claims())?);
    }
    // Of a JWT template: another class, no session, and an audience of its own.
    let template = format!(
        r#"{{"aud":"convex","azp":"https://app.example.com","exp":{expires},"iat":{issued},"iss":"https://clerk.example.com","sub":"user_bob"}}"#
    );
    let template_header = header.replace("cl_B7d4PD111AAA", "cl_B7d4PD222AAA");
    corpus.add("valid: JWT template", keys.main.token_with(&template_header, &template)?);
    corpus.add_with(
        "valid: no kid, by PEM",
        keys.main.token_with(r#"{"alg":"RS256","typ":"JWT"}"#, &good_claims())?,
        Setting::usual().with_keys("pem"),
    );
    Ok(())
}
