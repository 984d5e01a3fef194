//! What identifies a user besides the id: each value belongs to one user at most.

use crate::{
    ids::IdentificationId,
    refusal::{ParameterProblem, ParameterRefusal},
    time::UnixMillis,
};
use std::collections::HashSet;

/// The most e-mail addresses, phone numbers or wallets that one request may bring.
pub const LIST_MAX_ITEMS: usize = 100;
/// The longest e-mail address, wallet or external id, in characters.
pub const IDENTIFIER_MAX_CHARACTERS: usize = 255;
/// A username's length, in characters.
pub const USERNAME_MIN_CHARACTERS: usize = 4;
pub const USERNAME_MAX_CHARACTERS: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    pub id: IdentificationId,
    /// As given, but in lower case.
    pub address: String,
    /// Usable to sign in but not verified.
    pub reserved: bool,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    pub id: IdentificationId,
    /// E.164, `+15551234567`.
    pub number: String,
    pub reserved: bool,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web3Wallet {
    pub id: IdentificationId,
    /// As given, but `0x` and 40 hexadecimal digits in lower case.
    pub address: String,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// A value that only one user can have, in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    EmailAddress(String),
    PhoneNumber(String),
    Web3Wallet(String),
    /// In lower case.
    Username(String),
    ExternalId(String),
}

impl Identifier {
    /// The word for its kind in a store.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::EmailAddress(_) => "email_address",
            Self::PhoneNumber(_) => "phone_number",
            Self::Web3Wallet(_) => "web3_wallet",
            Self::Username(_) => "username",
            Self::ExternalId(_) => "external_id",
        }
    }

    pub fn value(&self) -> &str {
        match self {
            Self::EmailAddress(value)
            | Self::PhoneNumber(value)
            | Self::Web3Wallet(value)
            | Self::Username(value)
            | Self::ExternalId(value) => value,
        }
    }
}

impl super::User {
    /// All that no other user may have, in a fixed order.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let emails = self.email_addresses.iter().map(|email| Identifier::EmailAddress(email.address.clone()));
        let phones = self.phone_numbers.iter().map(|phone| Identifier::PhoneNumber(phone.number.clone()));
        let wallets = self.web3_wallets.iter().map(|wallet| Identifier::Web3Wallet(wallet.address.clone()));
        let username = self.username.iter().map(|name| Identifier::Username(name.to_lowercase()));
        let external = self.external_id.iter().map(|id| Identifier::ExternalId(id.clone()));
        emails.chain(phones).chain(wallets).chain(username).chain(external).collect()
    }
}

/// An e-mail address in lower case: a dot-atom of ASCII, `@`, and a domain name of two labels or more.
///
/// Quoted local parts and address literals are refused, and so is what is not ASCII (a domain has its punycode
/// form for that): two spellings that look alike must not be two users.
pub fn parse_email_address(text: &str) -> Result<String, ParameterProblem> {
    bounded(text)?;
    let well_formed =
        text.split_once('@').is_some_and(|(local, domain)| is_dot_atom(local) && is_domain_name(domain));
    if !well_formed {
        return Err(ParameterProblem::Malformed { must_be: "valid email address" });
    }
    Ok(text.to_ascii_lowercase())
}

/// E.164: `+` and 7–15 digits, the first of them not 0.
pub fn parse_phone_number(text: &str) -> Result<String, ParameterProblem> {
    let well_formed = text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    });
    if !well_formed {
        return Err(ParameterProblem::Malformed { must_be: "phone number in E.164 format (+15551234567)" });
    }
    Ok(text.to_owned())
}

/// A wallet's address. Ethereum's (`0x` and 40 hexadecimal digits) has no case but for a checksum in it, so it is
/// kept in lower case; those of other chains are kept as they are.
pub fn parse_web3_wallet(text: &str) -> Result<String, ParameterProblem> {
    bounded(text)?;
    if text.is_empty() || text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(ParameterProblem::Malformed { must_be: "valid web3 wallet address" });
    }
    Ok(comparable_web3_wallet(text))
}

/// The form in which wallets are compared.
pub fn comparable_web3_wallet(text: &str) -> String {
    let is_ethereum = text.len() == 42
        && (text.starts_with("0x") || text.starts_with("0X"))
        && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit());
    if is_ethereum { text.to_ascii_lowercase() } else { text.to_owned() }
}

/// 4–64 of `[A-Za-z0-9_-]`, kept as given; compared without regard to case.
pub fn parse_username(text: &str) -> Result<String, ParameterProblem> {
    let (min_characters, max_characters) = (USERNAME_MIN_CHARACTERS, USERNAME_MAX_CHARACTERS);
    if !(min_characters..=max_characters).contains(&text.chars().count()) {
        return Err(ParameterProblem::UsernameLength { min_characters, max_characters });
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        return Err(ParameterProblem::UsernameCharacters);
    }
    Ok(text.to_owned())
}

/// 1–255 characters, none of them a control character; compared as it is.
pub fn parse_external_id(text: &str) -> Result<String, ParameterProblem> {
    bounded(text)?;
    if text.is_empty() {
        return Err(ParameterProblem::TooShort { min_characters: 1 });
    }
    if text.chars().any(char::is_control) {
        return Err(ParameterProblem::Invalid);
    }
    Ok(text.to_owned())
}

/// A list of identifiers of one kind, without the same one twice.
pub(super) fn parse_list(
    name: &'static str,
    texts: &[String],
    parse: fn(&str) -> Result<String, ParameterProblem>,
) -> Result<Vec<String>, ParameterRefusal> {
    let refuse = |problem| ParameterRefusal::new(name, problem);
    if texts.len() > LIST_MAX_ITEMS {
        return Err(refuse(ParameterProblem::TooManyItems { max_items: LIST_MAX_ITEMS }));
    }
    let values = texts.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>().map_err(refuse)?;
    if values.iter().collect::<HashSet<_>>().len() < values.len() {
        return Err(refuse(ParameterProblem::DuplicateValues));
    }
    Ok(values)
}

fn bounded(text: &str) -> Result<(), ParameterProblem> {
    let max_characters = IDENTIFIER_MAX_CHARACTERS;
    if text.chars().count() > max_characters {
        return Err(ParameterProblem::TooLong { max_characters });
    }
    Ok(())
}

/// RFC 5322 `dot-atom-text`, at most 64 octets (RFC 5321, 4.5.3.1.1).
fn is_dot_atom(local: &str) -> bool {
    local.len() <= 64
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        })
}

/// Labels of letters, digits and inner hyphens (RFC 1123, 2.1); the last is no number, or it were an IP address.
fn is_domain_name(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_top_level = |label: &str| label.bytes().any(|byte| !byte.is_ascii_digit());
    domain.split('.').all(is_label)
        && domain.rsplit_once('.').is_some_and(|(_, top_level)| is_top_level(top_level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_kept_in_lower_case() {
        assert_eq!(parse_email_address("Ada.L+x@Mail.Example.COM").unwrap(), "ada.l+x@mail.example.com");
        let longest = format!("{}@{}.example.com", "a".repeat(64), "b".repeat(63));
        assert_eq!(parse_email_address(&longest).unwrap(), longest);
    }

    #[test]
    fn what_is_no_email_address_is_refused() {
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long_local = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a@localhost",
            "a@b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "a b@example.com",
            "\"a b\"@example.com",
            "a@-b.com",
            "a@b-.com",
            "a@b..com",
            "a@.com",
            "a@b.com.",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "ä@example.com",
            "a@bücher.de",
            "a@example.com\n",
            "a\0@example.com",
            " a@example.com",
            &long_label,
            &long_local,
        ] {
            let problem = parse_email_address(bad).unwrap_err();
            assert_eq!(problem, ParameterProblem::Malformed { must_be: "valid email address" }, "{bad:?}");
        }
        let too_long = format!("a@{}.com", "b.".repeat(200));
        assert_eq!(
            parse_email_address(&too_long).unwrap_err(),
            ParameterProblem::TooLong { max_characters: 255 }
        );
    }

    #[test]
    fn phone_numbers_are_e164() {
        for good in ["+1555123", "+15551234567", "+123456789012345"] {
            assert_eq!(parse_phone_number(good).unwrap(), good);
        }
        for bad in [
            "",
            "+",
            "15551234567",
            "+155512",
            "+1234567890123456",
            "+0555123456",
            "+1555 1234567",
            "++1555123",
        ] {
            assert!(parse_phone_number(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_ethereum_wallet_has_no_case_and_another_has() {
        let checksummed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(parse_web3_wallet(checksummed).unwrap(), checksummed.to_lowercase());
        assert_eq!(parse_web3_wallet("9WzDXwBbmkg8ZTb").unwrap(), "9WzDXwBbmkg8ZTb");
        for bad in ["", "a b", "a\0", &"x".repeat(256)] {
            assert!(parse_web3_wallet(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn usernames_are_bounded() {
        let longest = "x".repeat(64);
        for good in ["Ada_1", "a-b-", "1234", &longest] {
            assert_eq!(parse_username(good).unwrap(), good);
        }
        let length = ParameterProblem::UsernameLength { min_characters: 4, max_characters: 64 };
        for bad in ["", "abc", &"x".repeat(65)] {
            assert_eq!(parse_username(bad).unwrap_err(), length, "{bad:?}");
        }
        for bad in ["a.bc", "a bc", "ädam", "a@bc"] {
            assert_eq!(parse_username(bad).unwrap_err(), ParameterProblem::UsernameCharacters, "{bad:?}");
        }
    }

    #[test]
    fn a_list_has_no_value_twice_and_no_more_than_the_limit() {
        let list = |texts: &[&str]| {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            parse_list("email_address", &texts, parse_email_address).map_err(|refusal| refusal.problem)
        };
        assert_eq!(list(&["A@b.com", "c@b.com"]).unwrap(), ["a@b.com", "c@b.com"]);
        assert_eq!(list(&["A@b.com", "a@B.com"]).unwrap_err(), ParameterProblem::DuplicateValues);
        assert_eq!(
            list(&["a@b.com"; 101]).unwrap_err(),
            ParameterProblem::TooManyItems { max_items: LIST_MAX_ITEMS }
        );
    }
}
