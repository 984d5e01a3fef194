//! Headers of other kinds of token, with extensions, and with members twice.

use super::{Corpus, good_claims};

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let header = corpus.keys.main.header();
    let kinds = [
        "at+jwt",
        "application/at+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "JOSE",
        "jwt",
        "Jwt",
        "application/jwt",
        "",
    ];
    for kind in kinds {
        add_header(corpus, format!("typ: `{kind}`"), &header.replace("JWT", kind))?;
    }
    for value in ["null", "1", "[]", r#"["JWT"]"#] {
        add_header(corpus, format!("typ: the JSON {value}"), &header.replace(r#""JWT""#, value))?;
    }
    add_header(corpus, "typ: absent", &header.replace(r#","typ":"JWT""#, ""))?;
    for class in ["cl_B7d4PD333AAA", "cl_B7d4PD222AAA", "anything", ""] {
        add_header(corpus, format!("cat: `{class}`"), &header.replace("cl_B7d4PD111AAA", class))?;
    }
    for value in ["null", "1"] {
        add_header(corpus, format!("cat: the JSON {value}"), &header.replace(r#""cl_B7d4PD111AAA""#, value))?;
    }
    for member in [
        r#""cty":"JWT""#,
        r#""cty":"application/json""#,
        r#""crit":["exp"]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""enc":"A256GCM""#,
        r#""alg":"RS256""#,
        r#""alg":"none""#,
        r#""kid":"ins_attacker""#,
        r#""\u0061lg":"RS256""#,
        r#""own":{"a":1,"a":2}"#,
        r#""own":1e999"#,
    ] {
        add_header(corpus, format!("header: {member}"), &header.replace('}', &format!(",{member}}}")))?;
    }
    let first = header.replace(r#"{"alg":"RS256""#, r#"{"alg":"none","alg":"RS256""#);
    add_header(corpus, "header: alg twice, the last one right", &first)?;
    for text in ["", "{", "{}", "[]", "null", "1", r#""RS256""#] {
        add_header(corpus, format!("header: `{text}`"), text)?;
    }
    add_header(corpus, "header: two", &format!("{header}{{}}"))?;
    add_header(corpus, "header: a comma too many", &header.replace('}', ",}"))?;
    add_header(corpus, "header: a byte order mark", &format!("\u{feff}{header}"))?;
    let long = header.replace('}', &format!(r#","own":"{}"}}"#, "x".repeat(1_000)));
    add_header(corpus, "header: 1 KB more", &long)
}

fn add_header(corpus: &mut Corpus<'_>, name: impl Into<String>, header: &str) -> Result<(), String> {
    corpus.add(name, corpus.keys.main.token_with(header, &good_claims())?);
    Ok(())
}
