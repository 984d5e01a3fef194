//! Verification of session tokens: RS256 JWTs of Actas or of Clerk, against a JWKS or a public key in PEM.
//!
//! ```
//! use actas_sdk::verify::Verifier;
//!
//! # fn show(public_key_pem: &str) -> Result<(), actas_sdk::verify::VerifyError> {
//! let verifier = Verifier::builder()
//!     .public_key_pem(public_key_pem)
//!     .issuer("https://clerk.example.com")
//!     .authorized_party("https://app.example.com")
//!     .build()?;
//! match verifier.verify_now("eyJhbGciOi…") {
//!     Ok(token) => println!("{} by {:?}", token.subject(), token.actor().map(|actor| actor.subject())),
//!     Err(error) if error.is_expired() => println!("sign in again"),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is checked, in this order
//!
//! 1. Size: at most [`MAX_TOKEN_BYTES`], and three parts of canonical base64url without padding (RFC 7515 §2).
//! 2. The header: a JSON object, no member twice; `alg` is `RS256` and nothing else, `typ` is `JWT`, `cat` (Clerk's class
//!    of a token) is absent or that of a session; no `crit`, no `cty`. Keys that a token brings along or points to (`jwk`,
//!    `jku`, `x5c`, `x5u`) are never looked at.
//! 3. The key: the one that `kid` names in the JWKS, or the PEM. RSA of 2048 to 4096 bits, in PEM of 2048.
//! 4. The signature. Nothing of the claims is read before it is right.
//! 5. The claims: a JSON object, no member twice at any depth; `sub`, `sid`, `iss` and `exp` are there; times are whole
//!    seconds; `act`, if there is one, is an object with a `sub`.
//! 6. `exp`, `nbf` and `iat` against the clock, with a leeway of 5 seconds; then `iss`, `azp` and `aud` against what the
//!    builder was given; and `sts`, which is `active` where it is there.
//!
//! Sources: RFC 7515, 7517, 7518, 7519, 8693 §4.1 and the best practices of RFC 8725.
//!
//! # Without async
//!
//! [`Verifier::verify_now`] never waits. With a PEM or a JWKS nothing else is needed. Where the keys are fetched, something has to
//! fetch them: a program without async keeps a tokio runtime for that, and runs [`Verifier::refresh_keys`] on it at its start and
//! then at least every [`refresh_after`](VerifierBuilder::refresh_after), from a thread or a timer of its own.
//!
//! # What a verified token does not tell
//!
//! A session token lives for a minute. One whose session has been ended a moment ago is still good until its `exp`; who
//! cannot wait for that asks the Backend API for the session.

mod claims;
mod clock;
mod error;
mod jws;
mod keys;
mod party;
mod rules;
mod strict_json;
mod token;
mod verifier;
mod verifier_builder;

pub use clock::{Clock, SystemClock};
pub use error::{VerifyError, VerifyErrorKind};
pub use jws::MAX_TOKEN_BYTES;
pub use keys::{KeyFuture, KeySource, KeySourceError};
pub use token::{Actor, VerifiedToken};
pub use verifier::Verifier;
pub use verifier_builder::VerifierBuilder;
