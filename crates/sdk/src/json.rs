//! JSON kept to the letter.

use crate::error::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::fmt;

/// A JSON text that is kept exactly as it was given: the order of members and every digit of a number.
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Takes a JSON text.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) when it is no JSON.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let raw = RawValue::from_string(text.trim_ascii().to_owned());
        raw.map(Self).map_err(|error| Error::request(format!("this is no JSON: {error}")))
    }

    /// Writes a value as JSON. Numbers that JSON does not have (`f64::NAN`, infinities) become `null`.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) when the value has no form in JSON, for example a map
    /// whose keys are no strings.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let raw = serde_json::value::to_raw_value(value);
        raw.map(Self).map_err(|error| Error::request(format!("the value has no form in JSON: {error}")))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads the text as a type.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when the text is none of that type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(self.as_str()).map_err(|error| Error::undecodable_value(&error))
    }
}

impl Default for RawJson {
    /// `null`
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl PartialEq for RawJson {
    /// By the letter: `1.0` is another text than `1`.
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_order_are_kept() {
        let text = r#"{"z":1.50,"a":123456789012345678901234567890,"b":[ 1 ]}"#;
        let raw = RawJson::parse(text).unwrap();
        assert_eq!(raw.as_str(), text);
        assert_eq!(serde_json::to_string(&[&raw]).unwrap(), format!("[{text}]"));
        let read: Vec<RawJson> = serde_json::from_str(&format!("[{text}]")).unwrap();
        assert_eq!(read, [raw]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "{} {}", "nul"] {
            assert!(RawJson::parse(text).unwrap_err().is_request(), "{text}");
        }
    }
}
