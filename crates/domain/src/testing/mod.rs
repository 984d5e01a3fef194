//! For tests: a clock that moves by hand, entropy that counts, rows with sensible defaults, changes of any kind,
//! and the two suites that every store passes: [`store_contract`], promise by promise, and [`acts_model`], random
//! sequences of all acts against a model.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

pub mod acts_model;
pub mod changes;
pub mod clock;
pub mod entropy;
pub mod rows;
pub mod store_contract;
pub mod transfer;

pub use clock::FixedClock;
pub use entropy::CountingEntropy;
