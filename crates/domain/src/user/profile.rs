//! What is said of a user beside the identifiers: names, locale, times, metadata.

use crate::{
    json::JsonObject,
    refusal::{ParameterProblem, ParameterRefusal},
    time::UnixMillis,
};

/// The longest name or locale, in characters.
const TEXT_MAX_CHARACTERS: usize = 255;
/// The largest of the three metadata objects, in bytes of JSON without white space.
const METADATA_MAX_BYTES: usize = 8_192;

/// A first or last name; an empty one is none.
pub(super) fn name(parameter: &'static str, text: &str) -> Result<Option<String>, ParameterRefusal> {
    let refuse = |problem| Err(ParameterRefusal::new(parameter, problem));
    if text.chars().count() > TEXT_MAX_CHARACTERS {
        return refuse(ParameterProblem::TooLong { max_characters: TEXT_MAX_CHARACTERS });
    }
    if text.chars().any(char::is_control) {
        return refuse(ParameterProblem::Invalid);
    }
    Ok(Some(text).filter(|text| !text.is_empty()).map(str::to_owned))
}

/// A language tag of BCP 47's shape (RFC 5646, 2.1): a language and subtags; whether they are registered is not
/// asked. An empty one is none.
pub(super) fn locale(text: &str) -> Result<Option<String>, ParameterRefusal> {
    let Some(text) = name("locale", text)? else { return Ok(None) };
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    let well_formed = (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    if !well_formed {
        let problem = ParameterProblem::Malformed { must_be: "valid BCP-47 language tag" };
        return Err(ParameterRefusal::new("locale", problem));
    }
    Ok(Some(text))
}

pub(super) fn time(parameter: &'static str, text: &str) -> Result<UnixMillis, ParameterRefusal> {
    UnixMillis::parse_rfc3339(text)
        .ok_or_else(|| ParameterRefusal::new(parameter, ParameterProblem::NotRfc3339))
}

/// How many organizations the user may create; 0 is without limit, and none is the instance's default.
pub(super) fn organizations_limit(limit: i64) -> Result<i64, ParameterRefusal> {
    if limit < 0 {
        return Err(ParameterRefusal::new("create_organizations_limit", ParameterProblem::Invalid));
    }
    Ok(limit)
}

pub(super) fn metadata(parameter: &'static str, object: JsonObject) -> Result<JsonObject, ParameterRefusal> {
    if object.as_str().len() > METADATA_MAX_BYTES {
        let problem = ParameterProblem::TooManyBytes { max_bytes: METADATA_MAX_BYTES };
        return Err(ParameterRefusal::new(parameter, problem));
    }
    Ok(object)
}

/// Refuses a parameter that names what Actas does not have, rather than ignoring it.
pub(super) fn refuse_unsupported(
    parameter: &'static str,
    is_given: bool,
    why: &'static str,
) -> Result<(), ParameterRefusal> {
    if is_given {
        return Err(ParameterRefusal::new(parameter, ParameterProblem::Unsupported { why }));
    }
    Ok(())
}

/// Why `totp_secret` and `backup_codes` are refused.
pub(super) const NO_SECOND_FACTORS: &str = "Actas has no second factors.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_name_is_none_and_a_long_one_is_refused() {
        assert_eq!(name("first_name", "").unwrap(), None);
        assert_eq!(name("first_name", "Žofie").unwrap().as_deref(), Some("Žofie"));
        assert!(name("first_name", &"ž".repeat(255)).is_ok());
        let refusal = name("first_name", &"ž".repeat(256)).unwrap_err();
        assert_eq!(refusal.problem, ParameterProblem::TooLong { max_characters: 255 });
        assert_eq!(name("last_name", "a\0b").unwrap_err().problem, ParameterProblem::Invalid);
    }

    #[test]
    fn a_locale_has_the_shape_of_a_language_tag() {
        for good in ["en", "en-US", "zh-Hant-TW", "de-CH-1996", "sl-rozaj-biske"] {
            assert_eq!(locale(good).unwrap().as_deref(), Some(good));
        }
        for bad in ["e", "en_US", "en-", "-en", "en--US", "englishlanguage", "en-toolongsubtag", "é"] {
            assert!(locale(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_is_bounded_in_bytes() {
        let of_bytes = |length: usize| {
            JsonObject::parse(&format!("{{ \"a\" : \"{}\" }}", "x".repeat(length - 8))).unwrap()
        };
        assert!(metadata("public_metadata", of_bytes(8_192)).is_ok());
        let refusal = metadata("public_metadata", of_bytes(8_193)).unwrap_err();
        assert_eq!(refusal.problem, ParameterProblem::TooManyBytes { max_bytes: 8_192 });
    }
}
