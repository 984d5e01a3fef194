//! A database of one test.

use crate::{Cluster, USER};

/// A database of one test. Dropping it removes it, whoever is connected.
#[derive(Debug)]
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Database<'a> {
    pub(crate) const fn new(cluster: &'a Cluster, name: String) -> Self {
        Self { cluster, name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// By which a store reaches it, through the Unix socket.
    pub fn url(&self) -> String {
        let folder = self.cluster.socket_folder().display().to_string().replace('/', "%2F");
        format!("postgresql://{USER}@{folder}/{}", self.name)
    }

    /// As [`Cluster::sql`], in this database.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn sql(&self, statement: &str) -> String {
        self.cluster.sql(&self.name, statement)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // A server that is gone has no databases; the test is over in any case.
        let _ = self.cluster.try_sql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
