//! Keys and tokens, good and forged.

use actas_sdk::verify::{Clock, Verifier, VerifierBuilder};
use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{self, KeyPair as _, RsaEncoding},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};

/// The time at which the tokens here are good, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://clerk.example.com";
pub(crate) const APP: &str = "https://app.example.com";

pub(crate) struct Signer {
    pub(crate) key_id: &'static str,
    pair: KeyPair,
}

impl Signer {
    pub(crate) fn generate(key_id: &'static str, size: KeySize) -> Self {
        Self { key_id, pair: KeyPair::generate(size).unwrap() }
    }

    /// The key that the verifiers here know.
    pub(crate) fn known() -> &'static Self {
        static KEY: OnceLock<Signer> = OnceLock::new();
        KEY.get_or_init(|| Self::generate("key_known", KeySize::Rsa2048))
    }

    /// A key that they do not.
    pub(crate) fn attacker() -> &'static Self {
        static KEY: OnceLock<Signer> = OnceLock::new();
        KEY.get_or_init(|| Self::generate("key_attacker", KeySize::Rsa2048))
    }

    pub(crate) fn header(&self) -> String {
        format!(r#"{{"alg":"RS256","cat":"cl_B7d4PD111AAA","kid":"{}","typ":"JWT"}}"#, self.key_id)
    }

    /// A token with these claims.
    pub(crate) fn token(&self, claims: &str) -> String {
        self.token_with(&self.header(), claims)
    }

    pub(crate) fn token_with(&self, header: &str, claims: &str) -> String {
        self.signed(&format!("{}.{}", encode(header), encode(claims)))
    }

    /// The signature over whatever is given, after a dot.
    pub(crate) fn signed(&self, input: &str) -> String {
        self.signed_by(input, &signature::RSA_PKCS1_SHA256)
    }

    pub(crate) fn signed_by(&self, input: &str, encoding: &'static dyn RsaEncoding) -> String {
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut bytes).unwrap();
        format!("{input}.{}", encode(bytes))
    }

    pub(crate) fn jwk(&self) -> String {
        let key = self.pair.public_key();
        let modulus = encode(key.modulus().big_endian_without_leading_zero());
        let exponent = encode(key.exponent().big_endian_without_leading_zero());
        let id = self.key_id;
        format!(r#"{{"use":"sig","kty":"RSA","kid":"{id}","alg":"RS256","n":"{modulus}","e":"{exponent}"}}"#)
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.pair.public_key().as_der().unwrap().as_ref().to_vec()
    }

    pub(crate) fn pem(&self) -> String {
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(self.der()))
    }
}

pub(crate) fn jwks(signers: &[&Signer]) -> String {
    let keys: Vec<String> = signers.iter().map(|signer| signer.jwk()).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signed with a secret, as HS256 is.
pub(crate) fn signed_with_secret(input: &str, secret: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", encode(tag))
}

/// Claims that everything here accepts at `NOW`.
pub(crate) fn good_claims() -> String {
    claims("")
}

/// The same with more members after them.
pub(crate) fn claims(more: &str) -> String {
    let (issued, expires, from) = (NOW, NOW + 60, NOW - 10);
    format!(
        r#"{{"azp":"{APP}","exp":{expires},"fva":[-1,-1],"iat":{issued},"iss":"{ISSUER}","jti":"j","nbf":{from},"sid":"sess_1","sts":"active","sub":"user_bob","v":2{more}}}"#
    )
}

pub(crate) const ACT: &str = r#","act":{"sub":"user_alice","n":1.50,"a":[1,{"b":null}]}"#;

/// A clock that stands until it is moved.
#[derive(Clone)]
pub(crate) struct MovableClock(Arc<AtomicI64>);

impl MovableClock {
    pub(crate) fn at_seconds(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds * 1_000)))
    }

    pub(crate) fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn unix_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Knows the one key, the issuer and the app.
pub(crate) fn builder() -> VerifierBuilder {
    Verifier::builder()
        .jwks(&jwks(&[Signer::known()]))
        .issuer(ISSUER)
        .authorized_party(APP)
        .clock(MovableClock::at_seconds(NOW))
}

pub(crate) fn verifier() -> Verifier {
    builder().build().unwrap()
}
