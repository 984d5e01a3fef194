//! Keys, made anew for each run, and signatures by them.

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

/// All that the corpus is made with.
pub(crate) struct Keys {
    /// The one that is in every set and in the PEM.
    pub(crate) main: Key,
    /// Beside it in the sets.
    pub(crate) second: Key,
    pub(crate) large: Key,
    pub(crate) largest: Key,
    /// In no set.
    pub(crate) attacker: Key,
}

pub(crate) struct Key {
    pub(crate) id: &'static str,
    pair: KeyPair,
}

impl Keys {
    pub(crate) fn generate() -> Result<Self, String> {
        Ok(Self {
            main: Key::generate("ins_main", KeySize::Rsa2048)?,
            second: Key::generate("ins_second", KeySize::Rsa2048)?,
            large: Key::generate("ins_large", KeySize::Rsa3072)?,
            largest: Key::generate("ins_largest", KeySize::Rsa4096)?,
            attacker: Key::generate("ins_attacker", KeySize::Rsa2048)?,
        })
    }

    /// What the cases name as their keys: sets, and keys in PEM.
    pub(crate) fn documents(&self) -> Result<Vec<(&'static str, String)>, String> {
        let mut documents = self.sets();
        for (name, key) in [("pem", &self.main), ("pem-3072", &self.large), ("pem-4096", &self.largest)] {
            documents.push((name, key.pem()?));
        }
        Ok(documents)
    }

    fn sets(&self) -> Vec<(&'static str, String)> {
        let (main, second) = (self.main.jwk(""), self.second.jwk(""));
        let all = [main.clone(), second.clone(), self.large.jwk(""), self.largest.jwk("")].join(",");
        let strip = |jwk: &str, member: &str| jwk.replace(member, "");
        let replaced = |from: &str, to: &str| main.replace(from, to);
        let as_main = |key: &Key| key.jwk("").replace(key.id, self.main.id);
        let sets = [
            ("jwks", all),
            ("without-alg", strip(&main, r#","alg":"RS256""#)),
            ("without-use", strip(&main, r#""use":"sig","#)),
            ("for-encryption", replaced(r#""sig""#, r#""enc""#)),
            ("for-rs384", replaced("RS256", "RS384")),
            ("for-ps256", replaced("RS256", "PS256")),
            ("operations-verify", self.main.jwk(r#","key_ops":["verify"]"#)),
            ("operations-sign", self.main.jwk(r#","key_ops":["sign"]"#)),
            ("operations-encrypt", self.main.jwk(r#","key_ops":["encrypt"]"#)),
            ("operations-verify-twice", self.main.jwk(r#","key_ops":["verify","verify"]"#)),
            ("operations-null", self.main.jwk(r#","key_ops":null"#)),
            ("alg-null", replaced(r#""RS256""#, "null")),
            ("use-null", replaced(r#""sig""#, "null")),
            ("private", self.main.jwk(r#","d":"AQAB""#)),
            ("private-null", self.main.jwk(r#","d":null"#)),
            ("private-prime", self.main.jwk(r#","p":"AQAB""#)),
            ("private-others-null", self.main.jwk(r#","oth":null"#)),
            ("same-id-main-last", format!("{},{main}", as_main(&self.attacker))),
            ("same-id-main-first", format!("{main},{}", as_main(&self.attacker))),
            ("same-key-twice", format!("{main},{main}")),
            ("other-kinds-beside", format!(r#"{{"kty":"oct","kid":"o","k":"AAAA"}},{{"kty":"EC"}},{main}"#)),
            ("leading-zero", self.main.jwk_of(&[&[0], self.main.modulus().as_slice()].concat())),
            ("unknown-members", self.main.jwk(r#","x5t":"AAAA","own":{"a":1}"#)),
        ];
        sets.into_iter().map(|(name, keys)| (name, format!(r#"{{"keys":[{keys}]}}"#))).collect()
    }
}

impl Key {
    fn generate(id: &'static str, size: KeySize) -> Result<Self, String> {
        let pair = KeyPair::generate(size).map_err(|error| format!("no key {id}: {error}"))?;
        Ok(Self { id, pair })
    }

    pub(crate) fn header(&self) -> String {
        format!(r#"{{"alg":"RS256","cat":"cl_B7d4PD111AAA","kid":"{}","typ":"JWT"}}"#, self.id)
    }

    /// A token with these claims.
    pub(crate) fn token(&self, claims: &str) -> Result<String, String> {
        self.token_with(&self.header(), claims)
    }

    pub(crate) fn token_with(&self, header: &str, claims: &str) -> Result<String, String> {
        self.signed(&format!("{}.{}", encode(header), encode(claims)))
    }

    /// Whatever it is, a dot, and the signature over it.
    pub(crate) fn signed(&self, input: &str) -> Result<String, String> {
        self.signed_by(input, &signature::RSA_PKCS1_SHA256)
    }

    pub(crate) fn signed_by(
        &self,
        input: &str,
        encoding: &'static dyn RsaEncoding,
    ) -> Result<String, String> {
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        let signed = self.pair.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut bytes);
        signed.map_err(|error| format!("{} does not sign: {error}", self.id))?;
        Ok(format!("{input}.{}", encode(bytes)))
    }

    fn modulus(&self) -> Vec<u8> {
        self.pair.public_key().modulus().big_endian_without_leading_zero().to_vec()
    }

    pub(crate) fn jwk(&self, more: &str) -> String {
        let jwk = self.jwk_of(&self.modulus());
        format!("{}{more}}}", &jwk[..jwk.len() - 1])
    }

    fn jwk_of(&self, modulus: &[u8]) -> String {
        let exponent = encode(self.pair.public_key().exponent().big_endian_without_leading_zero());
        let (id, modulus) = (self.id, encode(modulus));
        format!(r#"{{"use":"sig","kty":"RSA","kid":"{id}","alg":"RS256","n":"{modulus}","e":"{exponent}"}}"#)
    }

    pub(crate) fn der(&self) -> Result<Vec<u8>, String> {
        let der = self.pair.public_key().as_der();
        der.map(|der| der.as_ref().to_vec()).map_err(|error| format!("{} has no DER: {error}", self.id))
    }

    pub(crate) fn pem(&self) -> Result<String, String> {
        let lines = STANDARD.encode(self.der()?);
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"))
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signed with a secret, as HS256 is.
pub(crate) fn signed_with_secret(input: &str, secret: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", encode(tag))
}
