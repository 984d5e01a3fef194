//! The rows of one table that a batch is about: as they are stored, and then as the batch leaves them.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

pub(crate) struct Table<Id, Row> {
    /// `None` for a row that was looked for and is not there.
    rows: BTreeMap<Id, Option<Row>>,
    /// Those that are to be looked for.
    wanted: BTreeSet<Id>,
    changed: BTreeSet<Id>,
}

impl<Id: Ord + Clone, Row> Table<Id, Row> {
    /// Has the row looked for, so that [`Table::get`] can tell of it.
    pub(crate) fn want(&mut self, id: &Id) {
        if !self.rows.contains_key(id) {
            self.wanted.insert(id.clone());
            self.rows.insert(id.clone(), None);
        }
    }

    pub(crate) fn wants_any(&self) -> bool {
        !self.wanted.is_empty()
    }

    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Id> {
        self.wanted.iter()
    }

    /// A row as it is stored.
    pub(crate) fn load(&mut self, id: Id, row: Row) {
        self.rows.insert(id, Some(row));
    }

    pub(crate) fn get(&self, id: &Id) -> Option<&Row> {
        debug_assert!(self.rows.contains_key(id), "a row of this batch was not looked for");
        self.peek(id)
    }

    /// The row, if it happens to be here.
    pub(crate) fn peek(&self, id: &Id) -> Option<&Row> {
        self.rows.get(id).and_then(Option::as_ref)
    }

    /// All rows that are here, in the order of their ids.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Id, &Row)> {
        self.rows.iter().filter_map(|(id, row)| Some((id, row.as_ref()?)))
    }

    pub(crate) fn put(&mut self, id: Id, row: Row) {
        self.changed.insert(id.clone());
        self.rows.insert(id, Some(row));
    }

    pub(crate) fn remove(&mut self, id: &Id) {
        self.changed.insert(id.clone());
        self.rows.insert(id.clone(), None);
    }

    /// Removes the rows of which this holds. Returns how many there were.
    pub(crate) fn remove_where(&mut self, is_over: impl Fn(&Row) -> bool) -> usize {
        let over: Vec<Id> = self.rows().filter(|(_, row)| is_over(row)).map(|(id, _)| id.clone()).collect();
        for id in &over {
            self.remove(id);
        }
        over.len()
    }

    /// What is to be stored, in the order of the ids.
    pub(crate) fn put_rows(&self) -> impl Iterator<Item = (&Id, &Row)> {
        self.changed.iter().filter_map(|id| Some((id, self.peek(id)?)))
    }

    /// What is to be removed, in the order of the ids.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &Id> {
        self.changed.iter().filter(|id| self.peek(id).is_none())
    }
}

/// Which rows belong to whom, so that nobody looks through all rows of a batch for theirs. What a row belongs to never
/// changes.
#[derive(Debug)]
pub(crate) struct Belonging<Owner, Id>(BTreeMap<Owner, BTreeSet<Id>>);

impl<Owner: Ord, Id: Ord> Belonging<Owner, Id> {
    pub(crate) fn add(&mut self, owner: Owner, id: Id) {
        self.0.entry(owner).or_default().insert(id);
    }

    /// The owner's, in their order.
    pub(crate) fn of<Key: Ord + ?Sized>(&self, owner: &Key) -> impl Iterator<Item = &Id>
    where
        Owner: Borrow<Key>,
    {
        self.0.get(owner).into_iter().flatten()
    }
}

impl<Owner, Id> Default for Belonging<Owner, Id> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Id, Row> Default for Table<Id, Row> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), wanted: BTreeSet::new(), changed: BTreeSet::new() }
    }
}

impl<Id, Row> fmt::Debug for Table<Id, Row> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Table({} rows, {} changed)", self.rows.len(), self.changed.len())
    }
}
