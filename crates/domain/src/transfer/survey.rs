//! Looking at all that a store holds: how much of it there is, whether the record is whole, and digests.

use super::{Kind, PAGE_ROWS, Phase, Row, Source, TransferError, Value, Watch, row::Digest};
use sha2::{Digest as _, Sha256};

/// The rows of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub kind: Kind,
    pub rows: u64,
    pub digest: [u8; 32],
}

/// All that a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Of every kind, in the order of [`Kind::ALL`].
    pub kinds: Vec<Counted>,
    /// The position of the newest entry that the record ever had.
    pub head: u64,
}

impl Survey {
    /// One for all: equal for two stores exactly when they hold the same.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for counted in &self.kinds {
            hasher.update(counted.digest);
        }
        hasher.update(self.head.to_be_bytes());
        hasher.finalize().into()
    }

    pub fn rows(&self) -> u64 {
        self.kinds.iter().map(|counted| counted.rows).sum()
    }

    pub fn rows_of(&self, kind: Kind) -> u64 {
        self.kinds.iter().find(|counted| counted.kind == kind).map_or(0, |counted| counted.rows)
    }

    /// # Errors
    /// [`TransferError::Differs`], with the first kind that does.
    pub(super) fn must_equal(&self, other: &Self) -> Result<(), TransferError> {
        for (own, others) in self.kinds.iter().zip(&other.kinds) {
            if own != others {
                return Err(TransferError::Differs { kind: own.kind.name() });
            }
        }
        if self == other { Ok(()) } else { Err(TransferError::Differs { kind: "the record's heads" }) }
    }
}

/// Reads everything.
///
/// # Errors
/// [`TransferError::Read`], [`TransferError::Disorder`]; [`TransferError::Gap`] when the record is not whole.
pub async fn survey(source: &mut dyn Source, watch: &mut Watch<'_>) -> Result<Survey, TransferError> {
    let head = source.head().await.map_err(TransferError::Read)?;
    let mut kinds = Vec::with_capacity(Kind::ALL.len());
    for &kind in Kind::ALL {
        let mut reading = Reading::new(kind, head);
        let mut after: Option<Row> = None;
        loop {
            let rows = source.page(kind, after.as_deref(), PAGE_ROWS).await.map_err(TransferError::Read)?;
            after = reading.add(&rows)?;
            watch(Phase::Verifying, rows.len() as u64);
            if after.is_none() {
                break;
            }
        }
        kinds.push(reading.finish()?);
    }
    Ok(Survey { kinds, head })
}

/// The rows of one kind, page by page.
pub(super) struct Reading {
    kind: Kind,
    digest: Digest,
    head: u64,
    /// Of the record.
    position: Option<u64>,
    first: Option<u64>,
    /// How far the record says that it was cut.
    purged_through: u64,
}

impl Reading {
    pub(super) fn new(kind: Kind, head: u64) -> Self {
        Self { kind, digest: Digest::new(kind), head, position: None, first: None, purged_through: 0 }
    }

    /// The key behind which the next page begins; none when this was the last.
    pub(super) fn add(&mut self, rows: &[Row]) -> Result<Option<Row>, TransferError> {
        self.digest.add(rows)?;
        if self.kind == Kind::AuditEntries {
            for row in rows {
                self.entry(row)?;
            }
        }
        let is_full = rows.len() >= PAGE_ROWS as usize;
        Ok(rows.last().filter(|_| is_full).map(|row| self.kind.key(row).to_vec()))
    }

    pub(super) fn finish(self) -> Result<Counted, TransferError> {
        // What is cut is told before, by an entry that outlives it.
        if self.first.is_some_and(|first| first > self.purged_through.saturating_add(1)) {
            return Err(TransferError::Gap { position: self.purged_through + 1 });
        }
        match self.position {
            // Old entries may have been removed, but never the newest.
            None if self.kind == Kind::AuditEntries && self.head > 0 => {
                Err(TransferError::Gap { position: 1 })
            }
            Some(position) if position != self.head => Err(TransferError::Gap { position: position + 1 }),
            _ => Ok(Counted { kind: self.kind, rows: self.digest.rows(), digest: self.digest.finish() }),
        }
    }

    /// The first may be any that the record tells of: its oldest entries may have been removed.
    fn entry(&mut self, row: &[Value]) -> Result<(), TransferError> {
        let number = |value: Option<&Value>| match value {
            Some(Value::Integer(number)) => u64::try_from(*number).unwrap_or(0),
            _ => 0,
        };
        let position = number(row.first());
        self.first = self.first.or(Some(position));
        self.purged_through = self.purged_through.max(number(self.kind.value(row, "purged_through")));
        match self.position {
            Some(before) if position != before + 1 => Err(TransferError::Gap { position: before + 1 }),
            _ => {
                self.position = Some(position);
                Ok(())
            }
        }
    }
}
