//! Rows, and the digest of all rows of a kind.

use super::{Kind, TransferError};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What one column of a row holds. Values of one form are ordered as stores order keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Text(String),
    Integer(i64),
    Flag(bool),
    Bytes(Vec<u8>),
}

/// It may be a hash or somebody's: it is never shown.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Value(…)")
    }
}

/// One value for each column of its kind, in their order.
pub type Row = Vec<Value>;

/// Goes over the rows of one kind, in the order of their keys.
///
/// The digest is SHA-256 over the kind's name and its columns' names, and then over the values: each begins with a byte
/// that tells its form, texts and bytes go on with their length, and numbers are big-endian and of eight bytes. So two
/// different lists of rows never come to the same bytes.
pub(super) struct Digest {
    kind: Kind,
    hasher: Sha256,
    rows: u64,
    last: Option<Row>,
}

impl Digest {
    pub(super) fn new(kind: Kind) -> Self {
        let mut digest = Self { kind, hasher: Sha256::new(), rows: 0, last: None };
        digest.measured(kind.name().as_bytes());
        for column in kind.layout().columns {
            digest.measured(column.name.as_bytes());
        }
        digest
    }

    /// # Errors
    /// [`TransferError::Disorder`] when a key does not follow the one before it.
    pub(super) fn add(&mut self, rows: &[Row]) -> Result<(), TransferError> {
        for row in rows {
            let last = self.last.as_deref().map(|last| self.kind.key(last));
            if last.is_some_and(|last| last >= self.kind.key(row)) {
                return Err(TransferError::Disorder { kind: self.kind.name() });
            }
            for value in row {
                self.value(value);
            }
            self.rows += 1;
            self.last = Some(self.kind.key(row).to_vec());
        }
        Ok(())
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.hasher.finalize().into()
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.hasher.update([0]),
            Value::Text(text) => {
                self.hasher.update([1]);
                self.measured(text.as_bytes());
            }
            Value::Integer(integer) => {
                self.hasher.update([2]);
                self.hasher.update(integer.to_be_bytes());
            }
            Value::Flag(flag) => self.hasher.update([3, u8::from(*flag)]),
            Value::Bytes(bytes) => {
                self.hasher.update([4]);
                self.measured(bytes);
            }
        }
    }

    fn measured(&mut self, bytes: &[u8]) {
        self.hasher.update((bytes.len() as u64).to_be_bytes());
        self.hasher.update(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(rows: &[Row]) -> Result<[u8; 32], TransferError> {
        let mut digest = Digest::new(Kind::Standings);
        digest.add(rows)?;
        Ok(digest.finish())
    }

    fn row(user: &str, banned: bool) -> Row {
        vec![Value::Text(user.to_owned()), Value::Flag(banned), Value::Flag(false)]
    }

    #[test]
    fn every_value_counts_and_so_does_where_it_ends() {
        let all = [row("a", true), row("b", true)];
        let same = digest(&all).unwrap();
        assert_eq!(digest(&all).unwrap(), same);
        assert_ne!(digest(&[row("a", true), row("b", false)]).unwrap(), same);
        assert_ne!(digest(&all[..1]).unwrap(), same);
        let texts = |first: &str, second: &str| {
            let text = |text: &str| Value::Text(text.to_owned());
            digest(&[vec![text(first), text(second), Value::Null]]).unwrap()
        };
        assert_ne!(texts("ab", "c"), texts("a", "bc"));
        assert_ne!(Digest::new(Kind::Standings).finish(), Digest::new(Kind::Guesses).finish());
    }

    #[test]
    fn a_key_twice_or_out_of_order_is_noticed() {
        for rows in [[row("a", true), row("a", false)], [row("b", true), row("a", true)]] {
            assert!(matches!(digest(&rows), Err(TransferError::Disorder { kind: "standings" })));
        }
    }
}
