//! Whatever comes, nothing panics; and no changed token is accepted.

use super::forge::{ACT, Signer, claims, encode, verifier};
use proptest::prelude::*;
use std::sync::OnceLock;

fn good() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| Signer::known().token(&claims(ACT)))
}

#[test]
fn a_token_with_one_bit_or_one_letter_changed_is_refused() {
    let verifier = verifier();
    assert!(verifier.verify_now(good()).is_ok());
    let bytes = good().as_bytes();
    for place in 0..bytes.len() {
        // Bits that make it no text make it no token either: those are never asked about.
        let changes = (0..7).map(|bit| bytes[place] ^ (1 << bit)).chain([b'A', b'z', b'.', b'=']);
        for letter in changes.filter(|letter| *letter != bytes[place]) {
            let mut changed = bytes.to_vec();
            changed[place] = letter;
            let text = String::from_utf8(changed).unwrap();
            assert!(verifier.verify_now(&text).is_err(), "{place} {letter}");
        }
        let (before, after) = good().split_at(place);
        assert!(verifier.verify_now(&format!("{before}A{after}")).is_err(), "{place}");
        assert!(verifier.verify_now(&format!("{before}{}", &after[1..])).is_err(), "{place}");
        assert!(verifier.verify_now(before).is_err(), "{place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_refused(text in ".{0,400}") {
        prop_assert!(verifier().verify_now(&text).is_err());
    }

    #[test]
    fn any_bytes_in_any_part_are_refused(
        header in prop::collection::vec(any::<u8>(), 0..80),
        payload in prop::collection::vec(any::<u8>(), 0..80),
        signature in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let parts = [encode(header), encode(payload), encode(signature)];
        prop_assert!(verifier().verify_now(&parts.join(".")).is_err());
        let known = encode(Signer::known().header());
        let with_known = [known.as_str(), &parts[1], &parts[2]].join(".");
        prop_assert!(verifier().verify_now(&with_known).is_err());
    }

    /// Signed rightly, so that the claims are read.
    #[test]
    fn any_signed_payload_is_judged_without_panic(payload in prop::collection::vec(any::<u8>(), 0..120)) {
        let input = format!("{}.{}", encode(Signer::known().header()), encode(payload));
        prop_assert!(verifier().verify_now(&Signer::known().signed(&input)).is_err());
    }

    #[test]
    fn any_member_that_is_no_claim_of_ours_is_passed_over(
        name in "[a-z]{4,12}",
        value in prop_oneof![any::<i64>().prop_map(|n| n.to_string()), "\"[ -!#-Z]{0,20}\"", Just("null".to_owned())],
    ) {
        let token = Signer::known().token(&claims(&format!(r#","x{name}":{value}"#)));
        prop_assert!(verifier().verify_now(&token).is_ok());
    }
}
