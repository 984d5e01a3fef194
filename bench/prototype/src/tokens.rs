//! Ids, tickets and session tokens.

use crate::Fallible;
use aws_lc_rs::{
    digest, rand,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// A new id: ordered by nothing, 16 random bytes.
pub(crate) fn id(prefix: &str) -> Option<String> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).ok()?;
    Some(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// A new token's id, its ticket, which carries the id, and the ticket's hash.
pub(crate) fn ticket() -> Option<(String, String, Vec<u8>)> {
    let id = id("act")?;
    let mut secret = [0; 32];
    rand::fill(&mut secret).ok()?;
    let ticket = format!("{id}.{}", URL_SAFE_NO_PAD.encode(secret));
    let hash = digest::digest(&digest::SHA256, ticket.as_bytes()).as_ref().to_vec();
    Some((id, ticket, hash))
}

/// The id that a ticket carries, and the ticket's hash.
pub(crate) fn id_and_hash(ticket: &str) -> Option<(&str, Vec<u8>)> {
    let (id, _) = ticket.split_once('.')?;
    Some((id, digest::digest(&digest::SHA256, ticket.as_bytes()).as_ref().to_vec()))
}

/// The key that signs session tokens.
pub(crate) struct Signer {
    pair: KeyPair,
    header: String,
}

impl Signer {
    pub(crate) fn generate() -> Fallible<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| "no key could be made")?;
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"ins_prototype","typ":"JWT"}"#);
        Ok(Self { pair, header })
    }

    /// An RS256 JWT with the claims of an impersonated session; empty when it could not be signed.
    pub(crate) fn session_token(&self, user: &str, session: &str, now_seconds: i64) -> String {
        let claims = format!(
            r#"{{"act":{{"sub":"staff_7"}},"azp":"https://app.example.test","exp":{},"fva":[0,-1],"iat":{now_seconds},"iss":"https://actas.example.test","jti":"{now_seconds}","nbf":{},"sid":"{session}","sts":"active","sub":"{user}","v":2}}"#,
            now_seconds + 60,
            now_seconds - 10
        );
        let mut token = String::with_capacity(1_024);
        token.push_str(&self.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = rand::SystemRandom::new();
        if self.pair.sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), &mut signature).is_err() {
            return String::new();
        }
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }
}
