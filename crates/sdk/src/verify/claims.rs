//! The claims of a session token, read once (RFC 7519 §4.1, RFC 8693 §4.1; contract: the session JWT).

use super::{
    error::{VerifyError, VerifyErrorKind},
    strict_json::{Names, Text, TextSeed, Unambiguous},
};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// The end of the year 9999, the last that RFC 3339 can write.
const MAX_SECONDS: u64 = 253_402_300_799;

/// The claims that mean something here. What is required is there and not empty.
pub(super) struct Claims<'de> {
    pub(super) subject: Cow<'de, str>,
    pub(super) session_id: Cow<'de, str>,
    pub(super) issuer: Cow<'de, str>,
    pub(super) expires_at_seconds: i64,
    pub(super) not_before_seconds: Option<i64>,
    pub(super) issued_at_seconds: Option<i64>,
    pub(super) authorized_party: Option<Cow<'de, str>>,
    pub(super) audiences: Option<Vec<Cow<'de, str>>>,
    pub(super) session_status: Option<Cow<'de, str>>,
    pub(super) actor: Option<ActorClaim<'de>>,
}

/// `act`, to the letter.
pub(super) struct ActorClaim<'de> {
    pub(super) subject: Cow<'de, str>,
    pub(super) json: &'de str,
}

impl<'de> Claims<'de> {
    pub(super) fn parse(json: &'de str) -> Result<Self, VerifyError> {
        let detail = "the claims are no JSON object in which each member is there once and of its type";
        let malformed = |error| VerifyError::new(VerifyErrorKind::Malformed, detail).at(&error);
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let found = deserializer.deserialize_map(ClaimsVisitor).map_err(malformed)?;
        deserializer.end().map_err(malformed)?;
        Ok(Self {
            subject: required(found.subject, "there is no `sub`, or it is empty")?,
            session_id: required(found.session_id, "there is no `sid`, or it is empty")?,
            issuer: required(found.issuer, "there is no `iss`, or it is empty")?,
            expires_at_seconds: found.expires_at.ok_or(missing("there is no `exp`"))?,
            not_before_seconds: found.not_before,
            issued_at_seconds: found.issued_at,
            authorized_party: found.authorized_party,
            audiences: found.audiences,
            session_status: found.session_status,
            actor: found.actor,
        })
    }
}

fn required<'de>(claim: Option<Cow<'de, str>>, detail: &'static str) -> Result<Cow<'de, str>, VerifyError> {
    claim.filter(|text| !text.is_empty()).ok_or(missing(detail))
}

const fn missing(detail: &'static str) -> VerifyError {
    VerifyError::new(VerifyErrorKind::MissingClaim, detail)
}

#[derive(Default)]
struct Found<'de> {
    subject: Option<Cow<'de, str>>,
    session_id: Option<Cow<'de, str>>,
    issuer: Option<Cow<'de, str>>,
    authorized_party: Option<Cow<'de, str>>,
    session_status: Option<Cow<'de, str>>,
    expires_at: Option<i64>,
    not_before: Option<i64>,
    issued_at: Option<i64>,
    audiences: Option<Vec<Cow<'de, str>>>,
    actor: Option<ActorClaim<'de>>,
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Found<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut found = Found::default();
        let mut names = Names::default();
        while let Some(name) = names.next(&mut map)? {
            match name {
                "sub" => found.subject = Some(text(&mut map)?),
                "sid" => found.session_id = Some(text(&mut map)?),
                "iss" => found.issuer = Some(text(&mut map)?),
                "azp" => found.authorized_party = Some(text(&mut map)?),
                "sts" => found.session_status = Some(text(&mut map)?),
                "exp" => found.expires_at = Some(map.next_value_seed(WholeSeconds)?),
                "nbf" => found.not_before = Some(map.next_value_seed(WholeSeconds)?),
                "iat" => found.issued_at = Some(map.next_value_seed(WholeSeconds)?),
                "aud" => found.audiences = Some(map.next_value_seed(Audiences)?),
                "act" => found.actor = Some(actor(map.next_value()?)?),
                _ => map.next_value_seed(Unambiguous::at(2))?,
            }
        }
        Ok(found)
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Cow<'de, str>, A::Error> {
    map.next_value_seed(TextSeed).map(|Text(text)| text)
}

fn actor<'de, E: Error>(raw: &'de RawValue) -> Result<ActorClaim<'de>, E> {
    let json = raw.get();
    let subject = serde_json::Deserializer::from_str(json).deserialize_map(ActorVisitor);
    Ok(ActorClaim { subject: subject.map_err(E::custom)?, json })
}

/// The `sub` of an actor. All else of it is whatever the application put there.
struct ActorVisitor;

impl<'de> Visitor<'de> for ActorVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with a `sub`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cow<'de, str>, A::Error> {
        let mut subject = None;
        let mut names = Names::default();
        while let Some(name) = names.next(&mut map)? {
            if name == "sub" {
                subject = Some(text(&mut map)?);
            } else {
                map.next_value_seed(Unambiguous::at(3))?;
            }
        }
        let named = subject.filter(|subject| !subject.is_empty());
        named.ok_or_else(|| A::Error::custom("`act` has no `sub`, so it does not say who acts"))
    }
}

/// A NumericDate. Clerk and Actas write whole seconds; a fraction, a sign or an exponent comes from somebody else.
struct WholeSeconds;

impl<'de> DeserializeSeed<'de> for WholeSeconds {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        deserializer.deserialize_u64(self)
    }
}

impl Visitor<'_> for WholeSeconds {
    type Value = i64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("whole seconds since 1970, up to the year 9999")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<i64, E> {
        if seconds > MAX_SECONDS {
            return Err(E::custom("a time lies after the year 9999"));
        }
        i64::try_from(seconds).map_err(E::custom)
    }
}

/// `aud`: a string, or an array of strings (RFC 7519 §4.1.3).
struct Audiences;

impl<'de> DeserializeSeed<'de> for Audiences {
    type Value = Vec<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Audiences {
    type Value = Vec<Cow<'de, str>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or an array of strings")
    }

    fn visit_borrowed_str<E: Error>(self, audience: &'de str) -> Result<Self::Value, E> {
        Ok(vec![Cow::Borrowed(audience)])
    }

    fn visit_str<E: Error>(self, audience: &str) -> Result<Self::Value, E> {
        Ok(vec![Cow::Owned(audience.to_owned())])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut audiences = Vec::new();
        while let Some(Text(audience)) = sequence.next_element_seed(TextSeed)? {
            audiences.push(audience);
        }
        Ok(audiences)
    }
}
