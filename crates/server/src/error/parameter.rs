//! What is answered to each thing that can be wrong with a parameter.

use super::ApiError;
use actas_domain::refusal::{ParameterProblem, ParameterRefusal};
use http::StatusCode;
use std::borrow::Cow;

/// A wrong parameter: 422, with `param_name` in `meta`.
pub(super) fn error(refusal: &ParameterRefusal) -> ApiError {
    let name = &*shown(&refusal.name);
    let (message, long) = messages(name, &refusal.problem);
    let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.problem.code(), message, long);
    match refusal.problem {
        // The contract's table has no parameter here; it is in the message.
        ParameterProblem::WrongType { .. } => error,
        _ => error.with_meta("param_name", name),
    }
}

/// The longest part of a parameter's name that is repeated, in characters: an unknown one can be of any length.
const NAME_MAX_CHARACTERS: usize = 255;

fn shown(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(NAME_MAX_CHARACTERS) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
    }
}

#[expect(clippy::too_many_lines, reason = "one exhaustive table, each row on its own")]
fn messages(name: &str, problem: &ParameterProblem) -> (&'static str, String) {
    match problem {
        ParameterProblem::Missing => ("is missing", format!("{name} must be included.")),
        ParameterProblem::Invalid => ("is invalid", format!("{name} is invalid")),
        ParameterProblem::WrongType { got, want } => (
            "is invalid",
            format!("{name} is invalid. Received {}, must be of type {}.", got.name(), want.name()),
        ),
        ParameterProblem::Unknown => {
            ("is unknown", format!("{name} is not a valid parameter for this request."))
        }
        ParameterProblem::Unsupported { why } => {
            ("is unknown", format!("{name} is not a valid parameter for this request. {why}"))
        }
        ParameterProblem::Repeated => {
            ("is duplicate", format!("{name} included multiple times. There should only be one."))
        }
        ParameterProblem::TooLarge { max } => {
            ("Value too large", format!("The value of {name} can't be greater than {max}"))
        }
        ParameterProblem::TooLong { max_characters } => {
            ("exceeds maximum length", format!("{name} should not exceed {max_characters} characters."))
        }
        ParameterProblem::TooShort { min_characters } => (
            "does not reach minimum length",
            format!("{name} must be at least {min_characters} characters long."),
        ),
        ParameterProblem::TooManyBytes { max_bytes } => (
            "exceeds maximum size",
            format!("{name} should not exceed {max_bytes} bytes of JSON without white space."),
        ),
        ParameterProblem::TooManyItems { max_items } => {
            ("exceeds maximum size", format!("{name} should not exceed {max_items} items."))
        }
        ParameterProblem::NestedTooDeep { max_depth } => {
            ("is invalid", format!("{name} is invalid. It is nested deeper than {max_depth} levels."))
        }
        ParameterProblem::NotOneOf { allowed } => (
            "is invalid",
            format!(
                "{name} is invalid. Only one of the following parameter values is allowed: {}",
                allowed.join(", ")
            ),
        ),
        ParameterProblem::Malformed { must_be } => ("is invalid", format!("{name} must be a {must_be}.")),
        ParameterProblem::NotRfc3339 => (
            "invalid format",
            format!(
                "{name} must contain a datetime specified in RFC3339 format (e.g. `2022-10-20T10:00:27.645Z`)."
            ),
        ),
        ParameterProblem::NotUnixMillis => (
            "Date values must be given in Unix millisecond timestamp format.",
            "Date values must be given in Unix millisecond timestamp format.".to_owned(),
        ),
        ParameterProblem::ExcludedBy { other } => {
            ("is invalid", format!("{name} is invalid. It cannot be combined with {other}."))
        }
        ParameterProblem::Taken => {
            ("That identifier is taken", format!("That {name} is taken. Please try another."))
        }
        ParameterProblem::LengthMismatch { other } => {
            ("length mismatch", format!("{name} must contain exactly one item for each item in {other}."))
        }
        ParameterProblem::DigestInvalid => (
            "Invalid password digest",
            format!(
                "The {name} provided is not a valid digest of the given password_hasher, or its check would take too \
                 long. Costs may be: bcrypt 4 to 14; argon2id up to 256 MiB, 10 passes, 16 lanes, and 1 GiB of memory \
                 times passes."
            ),
        ),
        ParameterProblem::PasswordTooShort { min_characters } => {
            ("Password is too short", format!("Passwords must be {min_characters} characters or more."))
        }
        ParameterProblem::PasswordTooManyBytes { max_bytes } => (
            "Your password is too long. Please use a shorter one.",
            format!("Passwords must not exceed {max_bytes} bytes. Please use a shorter one."),
        ),
        ParameterProblem::ResourceMissing => {
            ("is missing", format!("The resource associated with the supplied {name} was not found."))
        }
        ParameterProblem::Unverified => (
            "is unverified",
            "This identification needs to be verified before you can perform this action.".to_owned(),
        ),
        ParameterProblem::DuplicateValues => {
            ("duplicate values", format!("{name} contains duplicate values"))
        }
        ParameterProblem::UsernameLength { min_characters, max_characters } => (
            "is invalid",
            format!("Username must be between {min_characters} and {max_characters} characters long."),
        ),
        ParameterProblem::UsernameCharacters => {
            ("is invalid", "Username can only contain letters, numbers and '_' or '-'.".to_owned())
        }
    }
}
