//! Moving all that a store holds into another one: the rows as they are kept, kind by kind and in the order of their
//! keys, so that two stores hold the same exactly when they give the same digests.
//!
//! Nothing is judged here, and nothing parsed: a copy takes along what a rule of today would refuse.

mod copy;
mod layout;
mod row;
mod survey;
mod withdraw;

pub use copy::copy;
pub use layout::{Column, Form, Kind, Layout};
pub use row::{Row, Value};
pub use survey::{Counted, Survey, survey};
pub use withdraw::{Withdrawn, record_restored, withdraw};

use crate::{
    ids::SigningKeyId,
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey, SigningKeyStatus},
    ports::StoreError,
    time::UnixMillis,
};
use async_trait::async_trait;

/// Rows in one page: few enough for the largest rows, enough that a round trip does not count.
pub const PAGE_ROWS: u32 = 1_000;

/// A store that is read whole.
#[async_trait]
pub trait Source: Send {
    async fn count(&mut self, kind: Kind) -> Result<u64, StoreError>;
    /// The rows behind this key, or from the first on, in the order of their keys: texts and bytes byte by byte.
    async fn page(&mut self, kind: Kind, after: Option<&[Value]>, limit: u32)
    -> Result<Vec<Row>, StoreError>;
    /// The position of the newest entry that the record ever had; 0 before the first.
    async fn head(&mut self) -> Result<u64, StoreError>;
}

/// An empty store that is filled. Until it is finished, nobody takes it for an instance.
#[async_trait]
pub trait Target: Source {
    /// Adds rows, in the order of their keys.
    async fn load(&mut self, kind: Kind, rows: Vec<Row>) -> Result<(), StoreError>;
    /// Ends the loading, so that what was loaded can be read; the record goes on behind `head`.
    async fn settle(&mut self, head: u64) -> Result<(), StoreError>;
    /// Makes all of it durable and an instance.
    async fn finish(&mut self) -> Result<(), StoreError>;
}

/// What of a transfer is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Copying,
    Verifying,
    Withdrawing,
}

/// Told of rows that are done, page by page.
pub type Watch<'a> = dyn FnMut(Phase, u64) + Send + 'a;

#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error("it cannot be read: {0}")]
    Read(#[source] StoreError),
    #[error("it cannot be written: {0}")]
    Write(#[source] StoreError),
    #[error(
        "its {kind} are not in the order of their keys: one of them is there twice, or an index is damaged"
    )]
    Disorder { kind: &'static str },
    #[error("its record has a gap: the entry {position} is missing")]
    Gap { position: u64 },
    #[error("what was written is not what was read: {kind} differ")]
    Differs { kind: &'static str },
}

/// The signing key that a row of [`Kind::SigningKeys`] holds; `None` for one that no version of this code has written.
pub fn signing_key(row: &[Value]) -> Option<SigningKey> {
    let kind = Kind::SigningKeys;
    let bytes = |name| match kind.value(row, name) {
        Some(Value::Bytes(bytes)) => Some(bytes.clone()),
        _ => None,
    };
    let time = |name| match kind.value(row, name) {
        Some(Value::Integer(millis)) => Some(UnixMillis::from_millis(*millis)),
        _ => None,
    };
    Some(SigningKey {
        id: kind.text(row, "id").and_then(SigningKeyId::parse)?,
        status: kind.text(row, "status").and_then(SigningKeyStatus::parse)?,
        public: RsaPublicKey { modulus: bytes("modulus")?, exponent: bytes("exponent")? },
        private: SealedPrivateKey(bytes("sealed_private_key")?),
        created_at: time("created_at")?,
        current_since: time("current_since"),
        retired_at: time("retired_at"),
        needed_until: time("needed_until"),
    })
}
