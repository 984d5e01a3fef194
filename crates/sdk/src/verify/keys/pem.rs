//! A public key in PEM: `-----BEGIN PUBLIC KEY-----` around a SubjectPublicKeyInfo (RFC 7468 §13, RFC 5280 §4.1, RFC 8017
//! §A.1.1).

use super::key::{KeyProblem, PublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// Much more than a key takes.
const MAX_PEM_BYTES: usize = 4_096;
/// `@clerk/backend` takes every PEM for a key of 2048 bits. One that only some of an app's verifiers can use is refused
/// here at once, and not there at each token.
const MODULUS_BYTES: usize = 2_048 / 8;

/// `AlgorithmIdentifier { rsaEncryption, NULL }`
const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;

/// The one key of the text.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, KeyProblem> {
    if text.len() > MAX_PEM_BYTES {
        return Err("the PEM is larger than 4096 bytes");
    }
    // Keys in environment variables often have the letters \n for the ends of lines.
    let text = text.replace("\\n", "\n");
    let body = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let body = body.ok_or("the PEM is not one PUBLIC KEY, from its BEGIN line to its END line")?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| "between the lines of the PEM there is no base64")?;
    of_der(&der).ok_or("the PEM holds no RSA public key")?
}

fn of_der(der: &[u8]) -> Option<Result<PublicKey, KeyProblem>> {
    let (info, []) = element(der, SEQUENCE)? else { return None };
    let (algorithm, info) = element(info, SEQUENCE)?;
    if algorithm != RSA_ENCRYPTION {
        return Some(Err("the key in the PEM is not an RSA key"));
    }
    let (bits, []) = element(info, BIT_STRING)? else { return None };
    let (key, []) = element(bits.strip_prefix(&[0])?, SEQUENCE)? else { return None };
    let (modulus, key) = unsigned(key)?;
    let (exponent, []) = unsigned(key)? else { return None };
    if modulus.len() > MODULUS_BYTES {
        return Some(Err("the key in the PEM has more than 2048 bits: give it as a JWKS"));
    }
    Some(PublicKey::from_components(modulus, exponent))
}

/// The content of the element that the bytes begin with, and what follows it. DER: each length in its shortest form.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match (*short, rest) {
        (short @ 0..=0x7f, rest) => (usize::from(short), rest),
        (0x81, [length, rest @ ..]) if *length > 0x7f => (usize::from(*length), rest),
        (0x82, [high, low, rest @ ..]) if *high > 0 => (usize::from(*high) * 256 + usize::from(*low), rest),
        _ => return None,
    };
    if *first == tag { rest.split_at_checked(length) } else { None }
}

/// A positive INTEGER, without the zero byte that keeps its sign.
fn unsigned(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, rest) = element(bytes, INTEGER)?;
    let is_negative = |digits: &[u8]| digits.first().is_some_and(|first| *first > 0x7f);
    match content {
        [0, digits @ ..] if is_negative(digits) => Some((digits, rest)),
        [first, ..] if *first > 0 && !is_negative(content) => Some((content, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The element, with its length in the shortest form.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = match content.len() {
            length @ 0..0x80 => vec![length as u8],
            length @ 0x80..0x100 => vec![0x81, length as u8],
            length => vec![0x82, (length >> 8) as u8, length as u8],
        };
        [vec![tag], length, content.to_vec()].concat()
    }

    fn info(algorithm: &[u8], modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        let key = [der(INTEGER, modulus), der(INTEGER, exponent)].concat();
        let bits = [vec![0], der(SEQUENCE, &key)].concat();
        der(SEQUENCE, &[der(SEQUENCE, algorithm), der(BIT_STRING, &bits)].concat())
    }

    fn signed(modulus: &[u8]) -> Vec<u8> {
        [&[0], modulus].concat()
    }

    fn pem(der: &[u8]) -> String {
        let lines: Vec<String> = STANDARD
            .encode(der)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
    }

    #[test]
    fn a_key_is_read_however_its_lines_end() {
        let text = pem(&info(RSA_ENCRYPTION, &signed(&[0xff; 256]), &[1, 0, 1]));
        assert!(public_key(&text).is_ok());
        assert!(public_key(&text.replace('\n', "\r\n")).is_ok());
        assert!(public_key(&text.replace('\n', "\\n")).is_ok());
        assert!(public_key(&text.trim().replace('\n', " ")).is_ok());
    }

    #[test]
    fn what_is_no_rsa_public_key_is_refused() {
        let good = info(RSA_ENCRYPTION, &signed(&[0xff; 256]), &[1, 0, 1]);
        let mut other = RSA_ENCRYPTION.to_vec();
        other[10] = 10; // RSASSA-PSS, whose keys are for nothing else.
        let cases: &[(&str, String)] = &[
            ("an RSA key", pem(&info(&other, &signed(&[0xff; 256]), &[1, 0, 1]))),
            ("2048", pem(&info(RSA_ENCRYPTION, &signed(&[0xff; 128]), &[1, 0, 1]))),
            ("as a JWKS", pem(&info(RSA_ENCRYPTION, &signed(&[0xff; 257]), &[1, 0, 1]))),
            ("exponent", pem(&info(RSA_ENCRYPTION, &signed(&[0xff; 256]), &[1]))),
            ("no RSA public key", pem(&info(RSA_ENCRYPTION, &[0xff; 256], &[1, 0, 1]))),
            ("no RSA public key", pem(&info(RSA_ENCRYPTION, &signed(&signed(&[0xff; 256])), &[3]))),
            ("no RSA public key", pem(&[good.clone(), vec![0]].concat())),
            ("no RSA public key", pem(&good[..good.len() - 1])),
            ("no RSA public key", pem(&[])),
            ("no base64", format!("{BEGIN}\n!!!\n{END}")),
            ("PUBLIC KEY", String::new()),
            ("PUBLIC KEY", pem(&good).replace("PUBLIC", "PRIVATE")),
            ("no base64", pem(&good).repeat(2)),
            ("larger", pem(&good).repeat(20)),
        ];
        for (wanted, text) in cases {
            let problem = public_key(text).unwrap_err();
            assert!(problem.contains(wanted), "{problem}: {text}");
        }
    }

    #[test]
    fn no_prefix_and_no_changed_byte_panics() {
        let good = info(RSA_ENCRYPTION, &signed(&[0xff; 256]), &[1, 0, 1]);
        for end in 0..good.len() {
            assert!(of_der(&good[..end]).is_none_or(|key| key.is_err()));
        }
        for place in 0..40 {
            let mut changed = good.clone();
            changed[place] ^= 0x55;
            let _ = of_der(&changed);
        }
    }
}
