//! The actor: who really acts (`actor` in a request, `act` in a session token; RFC 8693 §4.1).

use crate::{
    ids::USER_ID_MAX_CHARACTERS,
    json::{JsonObject, JsonRefusal},
    refusal::{JsonType, ParameterProblem, ParameterRefusal},
    secret::SecretKind,
};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The longest `actor.sub`, in characters.
pub const ACTOR_SUB_MAX_CHARACTERS: usize = 255;

/// The largest actor, in bytes of its compact JSON: so much that a session token with it, and with the longest
/// issuer, subject and origin, still fits a cookie of 4,096 bytes beside the cookie's name.
pub const ACTOR_MAX_BYTES: usize = 1_728;

/// An actor exactly as it was given, and its stable id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    object: JsonObject,
    sub: Box<str>,
}

impl Actor {
    /// Parses the `actor` of a request.
    ///
    /// # Errors
    /// The parameter (`actor`, `actor.sub`, `actor.act` or the path of a repeated member) and what is wrong with it.
    pub fn parse(text: &str, allow_chain: bool) -> Result<Self, ParameterRefusal> {
        let object = JsonObject::parse(text).map_err(|refusal| refuse_json(&refusal, text))?;
        let members = members(&object)?;
        let sub = match members.get("sub").map(|raw| serde_json::from_str::<serde_json::Value>(raw.get())) {
            None | Some(Ok(serde_json::Value::Null)) => {
                return Err(ParameterRefusal::new("actor.sub", ParameterProblem::Missing));
            }
            Some(Ok(serde_json::Value::String(sub))) => sub,
            Some(Ok(other)) => {
                let got = JsonType::of(&other);
                return Err(ParameterRefusal::new(
                    "actor.sub",
                    ParameterProblem::WrongType { got, want: JsonType::String },
                ));
            }
            Some(Err(_)) => return Err(ParameterRefusal::new("actor.sub", ParameterProblem::Invalid)),
        };
        let refuse = |name: &'static str, problem| Err(ParameterRefusal::new(name, problem));
        match sub.chars().count() {
            0 => return refuse("actor.sub", ParameterProblem::Missing),
            1..=ACTOR_SUB_MAX_CHARACTERS => {}
            _ => {
                return refuse(
                    "actor.sub",
                    ParameterProblem::TooLong { max_characters: ACTOR_SUB_MAX_CHARACTERS },
                );
            }
        }
        if sub.contains('\0') || SecretKind::of_prefix(&sub).is_some() {
            return refuse("actor.sub", ParameterProblem::Invalid);
        }
        if members.contains_key("act") && !allow_chain {
            return refuse("actor.act", ParameterProblem::Invalid);
        }
        if object.as_str().len() > ACTOR_MAX_BYTES {
            return refuse("actor", ParameterProblem::TooManyBytes { max_bytes: ACTOR_MAX_BYTES });
        }
        Ok(Self { object, sub: sub.into() })
    }

    /// Takes back what a store kept of an actor.
    pub fn from_stored(text: String, sub: String) -> Self {
        Self { object: JsonObject::from_stored(text), sub: sub.into() }
    }

    /// The compact JSON: member order and number digits as given.
    pub fn as_json(&self) -> &str {
        self.object.as_str()
    }

    /// The stable id, `actor.sub`.
    pub fn sub(&self) -> &str {
        &self.sub
    }

    /// The user of the directory that this actor would be, whatever `iss` it names: an actor who borrows a
    /// user's id stands and falls with that user.
    pub fn directory_id(&self) -> Option<crate::ids::UserId> {
        const { assert!(ACTOR_SUB_MAX_CHARACTERS <= USER_ID_MAX_CHARACTERS) };
        crate::ids::UserId::parse(&self.sub)
    }
}

fn refuse_json(refusal: &JsonRefusal, text: &str) -> ParameterRefusal {
    match refusal {
        JsonRefusal::Repeated(path) => {
            ParameterRefusal::new(format!("actor.{path}"), ParameterProblem::Repeated)
        }
        JsonRefusal::NotAnObject => {
            let got = serde_json::from_str(text).map_or(JsonType::Null, |value| JsonType::of(&value));
            ParameterRefusal::new("actor", ParameterProblem::WrongType { got, want: JsonType::Object })
        }
        JsonRefusal::TooDeep => ParameterRefusal::new(
            "actor",
            ParameterProblem::NestedTooDeep { max_depth: crate::json::MAX_DEPTH },
        ),
        JsonRefusal::Malformed => ParameterRefusal::new("actor", ParameterProblem::Invalid),
    }
}

fn members(object: &JsonObject) -> Result<HashMap<String, Box<RawValue>>, ParameterRefusal> {
    serde_json::from_str(object.as_str())
        .map_err(|_| ParameterRefusal::new("actor", ParameterProblem::Invalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, ParameterProblem) {
        let refusal = Actor::parse(text, false).unwrap_err();
        (refusal.name.into_owned(), refusal.problem)
    }

    #[test]
    fn an_actor_is_kept_to_the_letter() {
        let actor = Actor::parse(r#"{ "z":1.0, "sub":"user_1", "n":9007199254740993 }"#, false).unwrap();
        assert_eq!(actor.as_json(), r#"{"z":1.0,"sub":"user_1","n":9007199254740993}"#);
        assert_eq!(actor.sub(), "user_1");
    }

    #[test]
    fn each_fault_names_its_parameter() {
        assert_eq!(refused("{}"), ("actor.sub".into(), ParameterProblem::Missing));
        assert_eq!(refused(r#"{"sub":""}"#), ("actor.sub".into(), ParameterProblem::Missing));
        assert_eq!(refused(r#"{"sub":null}"#), ("actor.sub".into(), ParameterProblem::Missing));
        assert!(
            matches!(refused(r#"{"sub":7}"#), (name, ParameterProblem::WrongType { .. }) if name == "actor.sub")
        );
        assert!(
            matches!(refused("[]"), (name, ParameterProblem::WrongType { got: JsonType::Array, .. }) if name == "actor")
        );
        assert_eq!(
            refused(r#"{"sub":"a","x":{"y":1,"y":2}}"#),
            ("actor.x.y".into(), ParameterProblem::Repeated)
        );
        assert_eq!(
            refused(r#"{"sub":"a","act":{"sub":"b"}}"#),
            ("actor.act".into(), ParameterProblem::Invalid)
        );
        let long = format!(r#"{{"sub":"{}"}}"#, "x".repeat(256));
        assert!(matches!(refused(&long), (name, ParameterProblem::TooLong { .. }) if name == "actor.sub"));
        let large = format!(r#"{{"sub":"a","x":"{}"}}"#, "x".repeat(ACTOR_MAX_BYTES));
        assert!(matches!(refused(&large), (name, ParameterProblem::TooManyBytes { .. }) if name == "actor"));
    }

    #[test]
    fn a_chain_is_taken_where_the_instance_allows_it() {
        assert!(Actor::parse(r#"{"sub":"a","act":{"sub":"b"}}"#, true).is_ok());
    }

    #[test]
    fn the_limit_counts_compact_bytes() {
        let spaced = format!("{{{}\"sub\":\"a\"}}", " ".repeat(4 * ACTOR_MAX_BYTES));
        assert!(Actor::parse(&spaced, false).is_ok());
    }
}
