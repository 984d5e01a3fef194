//! Who really acts.

use crate::{error::Error, json::RawJson};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use std::fmt;

/// Who really acts: `sub`, and whatever else the caller wants to find again in the session token's `act`.
///
/// It is a JSON object that is kept to the letter: members stay in the order in which they were given, and numbers
/// keep every digit.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Actor(RawJson);

impl Actor {
    /// An actor of this `sub`: the id of a user, or any other name that is not empty. The server refuses an empty one
    /// (422, `actor.sub`).
    #[must_use]
    pub fn new(sub: impl AsRef<str>) -> Self {
        let sub = serde_json::Value::from(sub.as_ref());
        // An object with a string in it always has a form in JSON.
        Self(RawJson::parse(&format!("{{\"sub\":{sub}}}")).unwrap_or_default())
    }

    /// An actor whose JSON text is kept as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) when the text is no JSON object, has no `sub` that is a
    /// string and not empty, or has a member twice.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Err(Error::request(format!("an actor {why}")));
        let actor = Self(RawJson::parse(text)?);
        let Some(names) = actor.names() else { return refuse("is a JSON object") };
        if let Some(name) = repeated(&names) {
            return refuse(&format!("has each member once, and not {name} twice"));
        }
        if actor.sub().is_none_or(|sub| sub.is_empty()) {
            return refuse("has a sub that is a string and not empty");
        }
        Ok(actor)
    }

    /// The same actor with one member more, behind the others.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) when there is such a member already, or when the value
    /// has no form in JSON. A [`RawJson`] as the value is kept to the letter; a number that JSON does not have
    /// (`f64::NAN`, an infinity) becomes `null`.
    pub fn member(self, name: &str, value: impl Serialize) -> Result<Self, Error> {
        let names = self.names().unwrap_or_default();
        if names.iter().any(|present| present == name) {
            return Err(Error::request(format!("the actor has a member {name} already")));
        }
        let text = self.0.as_str();
        let Some(open) = text.strip_suffix('}') else {
            return Err(Error::request("the actor is no JSON object"));
        };
        let comma = if names.is_empty() { "" } else { "," };
        let name = serde_json::Value::from(name);
        let value = RawJson::from_value(&value)?;
        RawJson::parse(&format!("{open}{comma}{name}:{value}}}")).map(Self)
    }

    /// Who it is: `sub`. `None` only where a server answered an actor without one.
    #[must_use]
    pub fn sub(&self) -> Option<String> {
        self.get("sub")
    }

    /// A member as a type; `None` when it is absent or of another type.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let members = self.0.read::<Members>().ok()?.0;
        members.into_iter().find(|(present, _)| present == name).and_then(|(_, value)| value.read().ok())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.as_str()
    }

    /// The names of the members, in their order; `None` when it is no object.
    fn names(&self) -> Option<Vec<String>> {
        let members = self.0.read::<Members>().ok()?.0;
        Some(members.into_iter().map(|(name, _)| name).collect())
    }
}

fn repeated(names: &[String]) -> Option<&String> {
    names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)).map(|(_, name)| name)
}

impl fmt::Debug for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_json())
    }
}

/// Whatever the server answers is taken.
impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawJson::deserialize(deserializer).map(Self)
    }
}

/// The members of an object, in their order.
struct Members(Vec<(String, RawJson)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stay_in_their_order_and_to_the_letter() {
        let actor = Actor::new("user_\"alice\"\n")
            .member("iss", "https://a.example")
            .unwrap()
            .member("z", RawJson::parse("1.50e+07").unwrap())
            .unwrap()
            .member("a", [1_u8, 2])
            .unwrap();
        let text = r#"{"sub":"user_\"alice\"\n","iss":"https://a.example","z":1.50e+07,"a":[1,2]}"#;
        assert_eq!(actor.as_json(), text);
        assert_eq!(serde_json::to_string(&actor).unwrap(), text);
        assert_eq!(actor.sub().as_deref(), Some("user_\"alice\"\n"));
        assert_eq!(actor.get::<Vec<u8>>("a"), Some(vec![1, 2]));
        assert_eq!(actor.get::<String>("a"), None);
    }

    #[test]
    fn a_given_text_is_kept_as_it_is() {
        let text = r#"{ "iss" : "x", "sub" : "s", "n": 12345678901234567890.10 }"#;
        let actor = Actor::from_json(text).unwrap();
        assert_eq!(actor.as_json(), text);
        let more = actor.member("m", true).unwrap();
        assert_eq!(more.as_json(), r#"{ "iss" : "x", "sub" : "s", "n": 12345678901234567890.10 ,"m":true}"#);
    }

    #[test]
    fn what_is_no_actor_is_refused() {
        for text in ["", "[]", "\"s\"", "{}", r#"{"sub":""}"#, r#"{"sub":1}"#, r#"{"sub":"a","sub":"b"}"#] {
            assert!(Actor::from_json(text).unwrap_err().is_request(), "{text}");
        }
        assert!(Actor::new("a").member("sub", "b").unwrap_err().is_request());
    }

    #[test]
    fn any_answer_is_taken() {
        let actor: Actor = serde_json::from_str("[1]").unwrap();
        assert_eq!(actor.sub(), None);
        assert!(actor.member("a", 1).unwrap_err().is_request());
    }
}
