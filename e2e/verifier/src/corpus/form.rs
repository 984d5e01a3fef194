//! Texts that are not in the one form that a token has.

use super::{Corpus, Setting, good_claims};
use crate::keys::encode;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let good = corpus.keys.main.token(&good_claims())?;
    add_texts(corpus, &good);
    add_encodings(corpus, &good)?;
    add_json(corpus)
}

fn add_texts(corpus: &mut Corpus<'_>, good: &str) {
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c", "null", "undefined", "{}", "e30.e30."] {
        corpus.add(format!("form: `{text}`"), text.to_owned());
    }
    let without_signature = good.rsplit_once('.').map_or("", |(before, _)| before);
    for (name, text) in [
        ("two parts", without_signature.to_owned()),
        ("a dot before", format!(".{good}")),
        ("a dot after", format!("{good}.")),
        ("two dots", good.replacen('.', "..", 1)),
        ("five parts", format!("{good}.AAAA.AAAA")),
        ("a space before", format!(" {good}")),
        ("a space after", format!("{good} ")),
        ("a line end after", format!("{good}\n")),
        ("a NUL after", format!("{good}\0")),
        ("a space inside", good.replacen('.', " .", 1)),
        ("a byte order mark before", format!("\u{feff}{good}")),
        ("Bearer before", format!("Bearer {good}")),
        ("quotes around", format!("\"{good}\"")),
        ("a fullwidth dot", good.replacen('.', "\u{ff0e}", 1)),
        ("a Cyrillic letter", good.replacen('e', "\u{435}", 1)),
        ("escaped dots", good.replace('.', "%2E")),
    ] {
        corpus.add(format!("form: {name}"), text);
    }
}

fn add_encodings(corpus: &mut Corpus<'_>, good: &str) -> Result<(), String> {
    let key = &corpus.keys.main;
    let padded_header = URL_SAFE.encode(format!("{} ", key.header()));
    let padded_header = pad_to_odd(&padded_header, &key.header());
    let claims = good_claims();
    let padded_claims = pad_to_odd("", &claims);
    let tokens = [
        ("header, signed", key.signed(&format!("{padded_header}.{}", encode(&claims)))?),
        ("payload, signed", key.signed(&format!("{}.{padded_claims}", encode(key.header())))?),
        ("signature", format!("{good}==")),
        ("signature, one of two", format!("{good}=")),
    ];
    // The last letter of 256 bytes carries four bits that are nobody's.
    let (before, last) = good.split_at(good.len() - 1);
    let next = last.bytes().next().map_or('B', |letter| char::from(letter + 1));
    let plain = STANDARD.encode(claims.replace("user_bob", "\u{ffff}\u{fffe}>?>?>?"));
    let plain = key.signed(&format!("{}.{}", encode(key.header()), plain.trim_end_matches('=')))?;
    for (name, token) in tokens {
        corpus.add(format!("form: padding of the {name}"), token);
    }
    corpus.add("form: bits after the end", format!("{before}{next}"));
    corpus.add("form: the alphabet of plain base64", plain);
    corpus.add("form: a letter too many", format!("{good}A"));
    let newline = format!("{}.{}\n", encode(key.header()), encode(&claims));
    corpus.add("form: a line end within, signed", key.signed(&newline)?);
    Ok(())
}

/// With padding: white space is added to the JSON until there is some.
fn pad_to_odd(already: &str, json: &str) -> String {
    if already.ends_with('=') {
        return already.to_owned();
    }
    let longer = ["", " ", "  "].map(|space| URL_SAFE.encode(format!("{json}{space}")));
    longer.into_iter().find(|text| text.ends_with('=')).unwrap_or_default()
}

fn add_json(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let key = &corpus.keys.main;
    let with_payload = |bytes: &[u8]| key.signed(&format!("{}.{}", encode(key.header()), encode(bytes)));
    let mut tokens = Vec::new();
    for payload in ["", "null", "1", "true", r#""user_bob""#, "[]", "[{}]", "{", "{}{}", "{} x", "{'sub':1}"]
    {
        tokens.push((format!("payload: `{payload}`"), with_payload(payload.as_bytes())?));
    }
    let claims = good_claims();
    let nested = key.token(&claims)?;
    tokens.push(("payload: a token".to_owned(), with_payload(nested.as_bytes())?));
    tokens
        .push(("payload: a token as a string".to_owned(), with_payload(format!("\"{nested}\"").as_bytes())?));
    let sixteen: Vec<u8> = claims.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xef, 0xbb, 0xbf], claims.as_bytes()].concat();
    let mut invalid = claims.clone().into_bytes();
    if let Some(letter) = invalid.iter().position(|letter| *letter == b'b') {
        invalid[letter] = 0xff;
    }
    tokens.push(("payload: UTF-16".to_owned(), with_payload(&sixteen)?));
    tokens.push(("payload: a byte order mark".to_owned(), with_payload(&marked)?));
    tokens.push(("payload: bytes that are not UTF-8".to_owned(), with_payload(&invalid)?));
    for (name, from, to) in [
        ("a comma too many", "\"v\":2", "\"v\":2,"),
        ("a comment", "\"v\":2", "\"v\":2/**/"),
        ("a line end in a string", "user_bob", "user\nbob"),
        ("a tab in a string", "user_bob", "user\tbob"),
        ("a lone surrogate", "user_bob", r"user\ud800bob"),
        ("an unknown escape", "user_bob", r"user\x20bob"),
        ("a NUL in a string, escaped", "user_bob", r"user\u0000bob"),
    ] {
        tokens.push((format!("payload: {name}"), with_payload(claims.replace(from, to).as_bytes())?));
    }
    for (name, token) in tokens {
        corpus.add(name, token);
    }
    let large = key.token(&super::claims_with(&format!(r#","own":"{}""#, "x".repeat(20_000))))?;
    corpus.add("form: 27 KB", large);
    let deep = |depth: usize| format!(r#","own":{}{}"#, "[".repeat(depth), "]".repeat(depth));
    corpus.add("form: 60 deep", key.token(&super::claims_with(&deep(60)))?);
    corpus.add("form: 200 deep", key.token(&super::claims_with(&deep(200)))?);
    corpus.add_with(
        "form: 3000 deep, by PEM",
        key.token(&super::claims_with(&deep(3_000)))?,
        Setting::usual().with_keys("pem"),
    );
    Ok(())
}
