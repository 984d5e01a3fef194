//! Which digests can be brought along, and which are verified: argon2id in PHC form and bcrypt, within costs.

use argon2::{Params, password_hash::phc::PasswordHash};
use bcrypt::HashParts;
use std::{ops::RangeInclusive, str::FromStr as _};

/// The longest PHC string that is looked at, in bytes.
const DIGEST_MAX_BYTES: usize = 512;
const ARGON2_LANES_MAX: u32 = 16;
const ARGON2_SALT_BYTES: RangeInclusive<usize> = 8..=64;
const ARGON2_OUTPUT_BYTES: RangeInclusive<usize> = 16..=64;
const BCRYPT_PREFIXES: [&str; 3] = ["$2a$", "$2b$", "$2y$"];
/// bcrypt's own least.
const BCRYPT_COST_MIN: u8 = 4;
/// 22 characters of salt and 31 of hash.
const BCRYPT_BODY_LENGTH: usize = 53;

/// The most that one check may cost.
#[derive(Debug)]
pub(crate) struct Costs {
    argon2_memory_kibibytes: u32,
    argon2_passes: u32,
    /// Memory times passes.
    argon2_work_kibibytes: u32,
    bcrypt: u8,
}

/// Of what is brought along: one check must neither take the memory of a small server nor much more than a second of
/// it, which is 1 GiB that is written once, or bcrypt of cost 14.
pub(crate) const TO_BRING_ALONG: Costs = Costs {
    argon2_memory_kibibytes: 256 * 1024,
    argon2_passes: 10,
    argon2_work_kibibytes: 1024 * 1024,
    bcrypt: 14,
};

/// Of what is there, some of it from when more was allowed: nobody must lose a password to a lower bound.
pub(crate) const TO_VERIFY: Costs =
    Costs { argon2_work_kibibytes: 2_560 * 1024, bcrypt: 16, ..TO_BRING_ALONG };

pub(crate) fn is_argon2id(digest: &str, max: &Costs) -> bool {
    if digest.len() > DIGEST_MAX_BYTES {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(digest) else { return false };
    let Ok(parameters) = Params::try_from(&parsed) else { return false };
    parsed.algorithm.as_str() == "argon2id"
        && parsed.version.is_none_or(|version| version == 0x13 || version == 0x10)
        && parsed.salt.as_ref().is_some_and(|salt| ARGON2_SALT_BYTES.contains(&salt.as_ref().len()))
        && parsed.hash.as_ref().is_some_and(|hash| ARGON2_OUTPUT_BYTES.contains(&hash.len()))
        && parameters.m_cost() <= max.argon2_memory_kibibytes
        && parameters.t_cost() <= max.argon2_passes
        && parameters.m_cost().saturating_mul(parameters.t_cost()) <= max.argon2_work_kibibytes
        && parameters.p_cost() <= ARGON2_LANES_MAX
}

/// Whether it is an Argon2id digest of the newest version and exactly these costs.
pub(crate) fn has_costs(digest: &str, memory_kibibytes: u32, passes: u32, lanes: u32) -> bool {
    let Ok(parsed) = PasswordHash::new(digest) else { return false };
    let Ok(parameters) = Params::try_from(&parsed) else { return false };
    is_argon2id(digest, &TO_BRING_ALONG)
        && parsed.version == Some(0x13)
        && (parameters.m_cost(), parameters.t_cost(), parameters.p_cost())
            == (memory_kibibytes, passes, lanes)
}

pub(crate) fn is_bcrypt(digest: &str, max: &Costs) -> bool {
    let Some(rest) = BCRYPT_PREFIXES.iter().find_map(|prefix| digest.strip_prefix(prefix)) else {
        return false;
    };
    let Some((cost, body)) = rest.split_once('$') else { return false };
    cost.len() == 2
        && cost.bytes().all(|byte| byte.is_ascii_digit())
        && cost.parse().is_ok_and(|cost| (BCRYPT_COST_MIN..=max.bcrypt).contains(&cost))
        && body.len() == BCRYPT_BODY_LENGTH
        // What stands for no bytes would fail at each sign-in, and tell so that it is there.
        && HashParts::from_str(digest).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";

    #[test]
    fn the_three_bcrypt_prefixes_are_accepted_within_sane_costs() {
        for good in [format!("$2a$12${BODY}"), format!("$2b$04${BODY}"), format!("$2y$14${BODY}")] {
            assert!(is_bcrypt(&good, &TO_BRING_ALONG), "{good}");
        }
        for bad in [
            format!("$2x$12${BODY}"),
            format!("$2b$03${BODY}"),
            format!("$2b$15${BODY}"),
            format!("$2b$31${BODY}"),
            format!("$2b$+9${BODY}"),
            format!("$2b$012${BODY}"),
            format!("$2b$12${BODY}="),
            format!("$2b$12${}", &BODY[1..]),
            format!("$2b$12${}", BODY.replace('E', "-")),
            // Bits behind the last byte, of the hash and of the salt.
            format!("$2b$12${}Z", &BODY[..52]),
            format!("$2b$12${}f{}", &BODY[..21], &BODY[22..]),
            format!("$2b$12{BODY}"),
            String::new(),
        ] {
            assert!(!is_bcrypt(&bad, &TO_BRING_ALONG), "{bad}");
        }
    }

    #[test]
    fn argon2id_is_accepted_within_sane_costs() {
        let tail = "c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG";
        for good in [
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$argon2id$v=19$m=262144,t=4,p=16",
            "$argon2id$v=19$m=104857,t=10,p=1",
            "$argon2id$m=65536,t=3,p=4",
        ] {
            assert!(is_argon2id(&format!("{good}${tail}"), &TO_BRING_ALONG), "{good}");
        }
        for bad in [
            "$argon2i$v=19$m=19456,t=2,p=1",
            "$argon2d$v=19$m=19456,t=2,p=1",
            "$argon2id$v=18$m=19456,t=2,p=1",
            "$argon2id$v=19$m=262145,t=2,p=1",
            "$argon2id$v=19$m=262144,t=5,p=1",
            "$argon2id$v=19$m=104858,t=10,p=1",
            "$argon2id$v=19$m=19456,t=11,p=1",
            "$argon2id$v=19$m=19456,t=2,p=17",
            "$argon2id$v=19$m=4,t=2,p=1",
            "$argon2id$v=19$m=19456,t=0,p=1",
        ] {
            assert!(!is_argon2id(&format!("{bad}${tail}"), &TO_BRING_ALONG), "{bad}");
        }
    }

    #[test]
    fn what_was_taken_before_the_bounds_were_lowered_is_still_verified() {
        for (cost, is_verified) in [(14, true), (15, true), (16, true), (17, false)] {
            let digest = format!("$2b${cost}${BODY}");
            assert_eq!(is_bcrypt(&digest, &TO_VERIFY), is_verified, "{cost}");
            assert_eq!(is_bcrypt(&digest, &TO_BRING_ALONG), cost == 14, "{cost}");
        }
        let tail = "c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG";
        for (costs, is_verified) in [
            ("m=262144,t=10,p=16", true),
            ("m=262145,t=1,p=1", false),
            ("m=19456,t=11,p=1", false),
            ("m=19456,t=2,p=17", false),
        ] {
            let digest = format!("$argon2id$v=19${costs}${tail}");
            assert_eq!(is_argon2id(&digest, &TO_VERIFY), is_verified, "{costs}");
            assert!(!is_argon2id(&digest, &TO_BRING_ALONG), "{costs}");
        }
    }

    #[test]
    fn a_digest_without_salt_or_output_or_of_endless_length_is_refused() {
        let head = "$argon2id$v=19$m=19456,t=2,p=1";
        for bad in [
            head.to_owned(),
            format!("{head}$c29tZXNhbHRzb21lc2FsdA"),
            format!("{head}$c2Fs$RdescudvJCsgt3ub+b4dWRWJTmaaJObG"),
            format!("{head}${}", "a".repeat(100_000)),
            "password".to_owned(),
        ] {
            assert!(!is_argon2id(&bad, &TO_BRING_ALONG));
        }
    }
}
