//! The compact form of a JWS, and its header (RFC 7515 §3.1, §4; RFC 7518 §3.3; RFC 8725 §3.1, §3.11).

use super::{
    error::{VerifyError, VerifyErrorKind},
    strict_json::{Names, Text, TextSeed, Unambiguous},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use std::{borrow::Cow, fmt, sync::Arc};

/// The largest token that is looked at, in bytes. A browser keeps no cookie above 4096; as a bearer, a token with many
/// claims of its own may be larger.
pub const MAX_TOKEN_BYTES: usize = 16_384;

const MAX_ENCODED_HEADER_BYTES: usize = 1_024;
const MAX_KEY_ID_BYTES: usize = 255;
/// Of the largest key, 4096 bits, in base64url.
const MAX_ENCODED_SIGNATURE_BYTES: usize = 683;

/// Clerk's classes of a session token, and of one whose class says nothing.
const SESSION_CLASSES: [&str; 2] = ["cl_B7d4PD111AAA", "cl_I7d4PD111III"];

/// A token whose form and header are right, and nothing else of it yet.
pub(super) struct Jws<'t> {
    /// What is signed: the header and the payload, as they came.
    pub(super) signed: &'t [u8],
    pub(super) header: Arc<AcceptedHeader>,
    pub(super) signature: Vec<u8>,
    payload: &'t str,
}

/// A header that nothing speaks against. All tokens of one key have the same, letter by letter.
pub(super) struct AcceptedHeader {
    encoded: String,
    pub(super) key_id: Option<String>,
}

impl AcceptedHeader {
    fn read(encoded: &str) -> Result<Self, VerifyError> {
        let key_id = accept(&decoded(encoded)?)?;
        Ok(Self { encoded: encoded.to_owned(), key_id })
    }
}

impl<'t> Jws<'t> {
    /// `usual` is a header that was accepted before: one that is the same is not read again.
    pub(super) fn parse(token: &'t str, usual: Option<Arc<AcceptedHeader>>) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(too_large("the token is larger than 16384 bytes"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("a token has three parts with dots between them"));
        };
        if header.len() > MAX_ENCODED_HEADER_BYTES {
            return Err(too_large("the header of the token is larger than 1024 bytes"));
        }
        if signature.len() > MAX_ENCODED_SIGNATURE_BYTES {
            return Err(too_large("the signature is larger than that of a key of 4096 bits"));
        }
        let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
        let header = match usual.filter(|usual| usual.encoded == header) {
            Some(usual) => usual,
            None => Arc::new(AcceptedHeader::read(header)?),
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| not_base64url())?;
        Ok(Self { signed, header, signature, payload })
    }

    /// The JSON of the claims. To be read only once the signature is known to be right.
    pub(super) fn payload(&self) -> Result<String, VerifyError> {
        decoded(self.payload)
    }
}

fn decoded(part: &str) -> Result<String, VerifyError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| not_base64url())?;
    String::from_utf8(bytes).map_err(|_| malformed("a part of the token is not UTF-8"))
}

#[derive(Default)]
struct Header<'de> {
    algorithm: Option<Cow<'de, str>>,
    media_type: Option<Cow<'de, str>>,
    key_id: Option<Cow<'de, str>>,
    class: Option<Cow<'de, str>>,
    has_critical: bool,
    has_content_type: bool,
}

/// The key id, if nothing in the header speaks against the token.
fn accept(json: &str) -> Result<Option<String>, VerifyError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let header = deserializer
        .deserialize_map(HeaderVisitor)
        .and_then(|header| deserializer.end().map(|()| header))
        .map_err(|_| malformed("the header is no JSON object in which each member is there once"))?;
    let Some(algorithm) = header.algorithm else {
        return Err(malformed("the header has no `alg`"));
    };
    if algorithm != "RS256" {
        return Err(VerifyError::new(VerifyErrorKind::WrongAlgorithm, "`alg` is not RS256"));
    }
    if header.media_type.as_deref() != Some("JWT") {
        return Err(wrong_type("`typ` is not JWT"));
    }
    if header.class.is_some_and(|class| !SESSION_CLASSES.contains(&class.as_ref())) {
        return Err(wrong_type("`cat` is not that of a session token"));
    }
    if header.has_content_type {
        return Err(wrong_type("a session token has no `cty`"));
    }
    if header.has_critical {
        return Err(malformed("`crit` asks for an extension, and none is known here"));
    }
    match header.key_id {
        Some(key_id) if key_id.is_empty() || key_id.len() > MAX_KEY_ID_BYTES => {
            Err(malformed("`kid` is empty or longer than 255 bytes"))
        }
        key_id => Ok(key_id.map(Cow::into_owned)),
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header<'de>, A::Error> {
        let mut header = Header::default();
        let mut names = Names::default();
        while let Some(name) = names.next(&mut map)? {
            let slot = match name {
                "alg" => &mut header.algorithm,
                "typ" => &mut header.media_type,
                "kid" => &mut header.key_id,
                "cat" => &mut header.class,
                name => {
                    header.has_critical |= name == "crit";
                    header.has_content_type |= name == "cty";
                    map.next_value_seed(Unambiguous::at(2))?;
                    continue;
                }
            };
            let Text(text) = map.next_value_seed(TextSeed)?;
            *slot = Some(text);
        }
        Ok(header)
    }
}

const fn malformed(detail: &'static str) -> VerifyError {
    VerifyError::new(VerifyErrorKind::Malformed, detail)
}

const fn wrong_type(detail: &'static str) -> VerifyError {
    VerifyError::new(VerifyErrorKind::WrongType, detail)
}

const fn too_large(detail: &'static str) -> VerifyError {
    VerifyError::new(VerifyErrorKind::TooLarge, detail)
}

const fn not_base64url() -> VerifyError {
    malformed("a part of the token is not base64url in its one canonical form, without padding")
}
