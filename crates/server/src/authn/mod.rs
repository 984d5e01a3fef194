//! Ways to prove who asks, one file each.

pub(crate) mod client_cookie;
pub(crate) mod proxy;
pub(crate) mod secret_key;
