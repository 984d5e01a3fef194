//! The real binary, as it is used: what it prints, what it leaves behind, and how it ends.

// Clippy leaves what unwraps in tests alone, helpers among them, only where this stands.
#![cfg(test)]

mod administration;
mod client;
mod configuration;
mod development;
mod doctor;
mod ending;
mod listeners;
mod metrics;
mod moving;
mod postgres;
mod process;
mod refused_start;
mod sdk;
