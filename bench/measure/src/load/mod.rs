//! What is asked of Actas.

pub(crate) mod collect;
mod connection;
pub(crate) mod fill;
pub(crate) mod overload;
pub(crate) mod session_token;
