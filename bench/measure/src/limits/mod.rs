//! What the machine can do, without a server.

pub(crate) mod postgres;
pub(crate) mod signature;
pub(crate) mod sqlite;
pub(crate) mod sync;

/// An actor as a row holds it.
const ACTOR: &str = r#"{"sub":"staff_7","email":"support@example.com"}"#;
