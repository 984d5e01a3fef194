//! Closed sets of words that the API answers with, which survive a word that this version does not know.

/// Declares an enum of words with `Other` for those that came later.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident { $($(#[$word_attribute:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_attribute])* $variant,)+
            /// A word that this version of the SDK does not know.
            Other(String),
        }

        impl $name {
            /// The word as the API has it. Compare this where a word may be one of `Other`: a later version of the SDK
            /// may know it as a variant, and then it is `Other` no longer.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(word.as_ref()))
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::audit_entries::AuditOutcome;

    #[test]
    fn known_words_are_variants_and_others_are_kept() {
        let read: Vec<AuditOutcome> = serde_json::from_str(r#"["done","denied","sp\u00e4ter"]"#).unwrap();
        assert_eq!(
            read,
            [AuditOutcome::Done, AuditOutcome::Denied, AuditOutcome::Other("später".to_owned())]
        );
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"["done","denied","später"]"#);
        assert_eq!(read[2].to_string(), "später");
    }

    #[test]
    fn what_is_no_word_is_refused() {
        assert!(serde_json::from_str::<AuditOutcome>("1").is_err());
    }
}
