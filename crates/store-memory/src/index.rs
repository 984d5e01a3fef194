//! Which rows belong to a key, in the order of their ids or ages.

use std::{
    borrow::Borrow,
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

#[derive(Debug)]
pub(crate) struct Index<Key, Row>(HashMap<Key, BTreeSet<Row>>);

impl<Key: Hash + Eq, Row: Ord> Index<Key, Row> {
    pub(crate) fn add(&mut self, key: Key, row: Row) {
        self.0.entry(key).or_default().insert(row);
    }

    pub(crate) fn remove<Query>(&mut self, key: &Query, row: &Row)
    where
        Key: Borrow<Query>,
        Query: Hash + Eq + ?Sized,
    {
        if let Some(rows) = self.0.get_mut(key) {
            rows.remove(row);
            if rows.is_empty() {
                self.0.remove(key);
            }
        }
    }

    pub(crate) fn of<Query>(&self, key: &Query) -> impl DoubleEndedIterator<Item = &Row>
    where
        Key: Borrow<Query>,
        Query: Hash + Eq + ?Sized,
    {
        self.0.get(key).into_iter().flatten()
    }
}

impl<Key, Row> Default for Index<Key, Row> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}
