//! A new password, in the clear or as a digest that was made elsewhere.

use crate::{
    ports::{DigestHasher, PasswordDigest, PasswordHasher},
    refusal::{Failure, ParameterProblem, ParameterRefusal},
    secret::SecretText,
    world::World,
};

const PASSWORD_MIN_CHARACTERS: usize = 8;
/// Bounds the work of hashing, not the strength.
const PASSWORD_MAX_BYTES: usize = 1_024;
/// More than any digest of the two hashers has.
const DIGEST_MAX_BYTES: usize = 512;
const HASHERS: &[&str] = &["argon2id", "bcrypt"];

/// The four parameters that make a password.
pub(super) struct Given<'a> {
    pub(super) password: Option<&'a SecretText>,
    pub(super) digest: Option<&'a SecretText>,
    pub(super) hasher: Option<&'a str>,
    /// Accepts a password shorter than the minimum, for teams that move their users over.
    pub(super) skip_checks: bool,
}

/// A password that may be set.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NewPassword {
    Clear(SecretText),
    Digest(PasswordDigest),
}

impl NewPassword {
    /// None when no password is given.
    pub(super) fn checked(
        given: &Given<'_>,
        passwords: &dyn PasswordHasher,
    ) -> Result<Option<Self>, ParameterRefusal> {
        let hasher = given.hasher.map(parse_hasher).transpose()?;
        match (given.password, given.digest, hasher) {
            (Some(_), Some(_), _) => refuse("password_digest", ParameterProblem::Invalid),
            (Some(password), None, None) => {
                check_clear(password.reveal(), given.skip_checks)?;
                Ok(Some(Self::Clear(password.clone())))
            }
            (None, Some(digest), Some(hasher)) => {
                let digest = digest.reveal();
                if digest.len() > DIGEST_MAX_BYTES || !passwords.accepts(hasher, digest) {
                    return refuse("password_digest", ParameterProblem::DigestInvalid);
                }
                Ok(Some(Self::Digest(PasswordDigest::new(digest.to_owned()))))
            }
            (None, Some(_), None) => refuse("password_hasher", ParameterProblem::Missing),
            (_, None, Some(_)) => refuse("password_digest", ParameterProblem::Missing),
            (None, None, None) => Ok(None),
        }
    }

    /// Slow on purpose: once for each request, however often its commit is tried.
    pub(super) async fn digest(self, world: &World) -> Result<PasswordDigest, Failure> {
        match self {
            Self::Clear(password) => Ok(world.passwords.hash(password).await?),
            Self::Digest(digest) => Ok(digest),
        }
    }
}

fn parse_hasher(text: &str) -> Result<DigestHasher, ParameterRefusal> {
    match text {
        "argon2id" => Ok(DigestHasher::Argon2id),
        "bcrypt" => Ok(DigestHasher::Bcrypt),
        _ => refuse("password_hasher", ParameterProblem::NotOneOf { allowed: HASHERS }),
    }
}

fn check_clear(password: &str, skip_checks: bool) -> Result<(), ParameterRefusal> {
    if password.len() > PASSWORD_MAX_BYTES {
        let problem = ParameterProblem::PasswordTooManyBytes { max_bytes: PASSWORD_MAX_BYTES };
        return refuse("password", problem);
    }
    // An empty password is none, whatever is skipped.
    let min_characters = if skip_checks { 1 } else { PASSWORD_MIN_CHARACTERS };
    if password.chars().count() < min_characters {
        return refuse("password", ParameterProblem::PasswordTooShort { min_characters });
    }
    Ok(())
}

fn refuse<T>(name: &'static str, problem: ParameterProblem) -> Result<T, ParameterRefusal> {
    Err(ParameterRefusal::new(name, problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::StoreError;

    /// Takes what begins with its hasher's mark.
    struct ByMark;

    #[async_trait::async_trait]
    impl PasswordHasher for ByMark {
        async fn hash(&self, _: SecretText) -> Result<PasswordDigest, StoreError> {
            Ok(PasswordDigest::new("$argon2id$made".into()))
        }

        async fn verify(&self, _: SecretText, _: Option<PasswordDigest>) -> Result<bool, StoreError> {
            Ok(false)
        }

        async fn renew(
            &self,
            _: SecretText,
            _: PasswordDigest,
        ) -> Result<Option<PasswordDigest>, StoreError> {
            Ok(None)
        }

        fn verified_at_once(&self) -> usize {
            1
        }

        fn accepts(&self, hasher: DigestHasher, digest: &str) -> bool {
            digest.starts_with(match hasher {
                DigestHasher::Argon2id => "$argon2id$",
                DigestHasher::Bcrypt => "$2",
            })
        }
    }

    fn check(
        password: Option<&str>,
        digest: Option<&str>,
        hasher: Option<&str>,
        skip_checks: bool,
    ) -> Result<Option<NewPassword>, (String, ParameterProblem)> {
        let secret = |text: &str| SecretText::new(text.to_owned());
        let (password, digest) = (password.map(secret), digest.map(secret));
        let given = Given { password: password.as_ref(), digest: digest.as_ref(), hasher, skip_checks };
        NewPassword::checked(&given, &ByMark).map_err(|refusal| (refusal.name.into_owned(), refusal.problem))
    }

    fn refused(
        name: &str,
        problem: ParameterProblem,
    ) -> Result<Option<NewPassword>, (String, ParameterProblem)> {
        Err((name.to_owned(), problem))
    }

    #[test]
    fn a_password_has_a_minimum_that_can_be_skipped_and_a_maximum_that_cannot() {
        let short = |min_characters| ParameterProblem::PasswordTooShort { min_characters };
        assert!(check(Some("äöüß1234"), None, None, false).unwrap().is_some());
        assert_eq!(check(Some("äöüß123"), None, None, false), refused("password", short(8)));
        assert!(check(Some("x"), None, None, true).unwrap().is_some());
        assert_eq!(check(Some(""), None, None, true), refused("password", short(1)));
        let long = ParameterProblem::PasswordTooManyBytes { max_bytes: 1_024 };
        assert!(check(Some(&"x".repeat(1_024)), None, None, false).is_ok());
        assert_eq!(check(Some(&"x".repeat(1_025)), None, None, true), refused("password", long));
    }

    #[test]
    fn a_digest_comes_with_its_hasher_and_without_a_password() {
        use ParameterProblem::{DigestInvalid, Invalid, Missing, NotOneOf};
        let digest = Some("$2b$10$digest");
        let taken = NewPassword::Digest(PasswordDigest::new("$2b$10$digest".into()));
        assert_eq!(check(None, digest, Some("bcrypt"), false), Ok(Some(taken)));
        assert_eq!(check(None, digest, Some("argon2id"), false), refused("password_digest", DigestInvalid));
        assert_eq!(check(None, digest, None, false), refused("password_hasher", Missing));
        assert_eq!(check(None, None, Some("bcrypt"), false), refused("password_digest", Missing));
        let not_one_of = NotOneOf { allowed: HASHERS };
        assert_eq!(check(None, digest, Some("md5"), false), refused("password_hasher", not_one_of));
        assert_eq!(
            check(Some("12345678"), digest, Some("bcrypt"), false),
            refused("password_digest", Invalid)
        );
        let long = format!("$2{}", "x".repeat(511));
        assert_eq!(
            check(None, Some(&long), Some("bcrypt"), false),
            refused("password_digest", DigestInvalid)
        );
        assert_eq!(check(None, None, None, false), Ok(None));
    }
}
