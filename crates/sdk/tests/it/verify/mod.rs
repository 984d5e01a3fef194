//! The verifier against tokens that are good, forged, altered, too old, too early and for somebody else.

mod accepted;
mod attacks;
mod builder;
mod cache;
mod claims;
pub(crate) mod forge;
mod form;
mod properties;
#[cfg(feature = "client")]
mod remote;
mod renewal;
