//! What became of a batch whose commit was not answered.

use crate::{
    attempt::{Fate, Scale},
    audit,
    batch::{self, Batches},
    bind::{self, Query},
    fault::Fault,
    rows::{self, Fields},
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use tokio_postgres::Row;

const SIGNED: &str = "SELECT batch FROM writers WHERE id = $1";

impl Batches {
    /// Which of these tries was committed; they are all that were made of one batch and whose commits were not answered.
    /// Its transaction, if it still goes on, holds the head of the record; so whoever has taken the head sees how it
    /// ended. One that can be seen already needs no wait for the head, which a large change of another server may hold
    /// for long.
    ///
    /// What is found is not yet told. A commit whose wait for the standby was cut can be seen here and is lost when that
    /// standby takes over; and where one is missing, this may be a server that was replaced, and the commit be on its
    /// successor. A commit behind the look that was answered in order excludes both.
    pub(crate) async fn fate(&mut self, tries: &[i64]) -> Result<Fate, Fault> {
        let mut connection = self.primary.open().await?;
        let signed = || Query::new(SIGNED, vec![bind::text(&self.id)]);
        let answers = connection.pipeline(&[signed(), Query::plain(batch::BEGIN)]).await?;
        let mut newest = number(answers.first())?;
        if !newest.is_some_and(|newest| tries.contains(&newest)) {
            let answers = connection.pipeline(&[Query::plain(audit::TAKE_HEAD), signed()]).await?;
            newest = number(answers.get(1))?;
        }
        let fate = newest.filter(|newest| tries.contains(newest)).map_or(Fate::NotCommitted, Fate::Committed);
        #[cfg(feature = "mutations")]
        if mutation::is(Mutation::FateUnconfirmed) && fate != Fate::NotCommitted {
            return Ok(fate);
        }
        // With the number that is there: this commit is no try, and must not be found as one.
        let number = newest.unwrap_or(0);
        let (answer, is_certain) = self.commit(&mut connection, Vec::new(), number, Scale::Shared).await;
        answer?;
        if !is_certain {
            return Err(Fault::Unreachable("the database warned of its commit".into()));
        }
        self.connection = Some(connection);
        Ok(fate)
    }
}

fn number(signed: Option<&Vec<Row>>) -> Result<Option<i64>, Fault> {
    rows::one(signed.map(Vec::as_slice).unwrap_or_default(), |row| Fields::of(row, "writers").integer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Options, address::Address, batch::Time, metrics::Counters, primary::Primary, schema, writers,
    };
    use actas_domain::secret::SecretText;
    use actas_postgres_cluster::Cluster;
    use std::{sync::Arc, time::Duration};
    use tokio::time::timeout;

    async fn batches(url: String) -> Batches {
        let options = Options::new(SecretText::new(url));
        let address = Arc::new(Address::parse(&options).unwrap());
        let primary = Arc::new(Primary::new(Arc::clone(&address), options));
        let mut connection = primary.open().await.unwrap();
        schema::migrate(&mut connection, &address).await.unwrap();
        let id = "somebody".to_owned();
        writers::sign(&mut connection, &id).await.unwrap();
        Batches::new(primary, Time::Database, id, connection, Arc::new(Counters::default()))
    }

    /// On a primary that its standby has left nothing can be found out, neither way.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_is_told_before_a_commit_behind_it_was_answered() {
        let cluster = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
        let database = cluster.create_database();
        let mut batches = batches(database.url()).await;
        cluster.set("synchronous_standby_names", "missing");
        // The server takes a moment until commits wait.
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        let mut told = Ok(Ok(Fate::NotCommitted));
        for _ in 0..100 {
            told = timeout(Duration::from_secs(1), batches.fate(&[1, 2])).await;
            if told.is_err() {
                break;
            }
        }
        assert!(told.is_err(), "{told:?}");
        assert_eq!(cluster.sql("postgres", waits), "1");
        cluster.set("synchronous_standby_names", "");
        while cluster.sql("postgres", waits) != "0" {}
        assert_eq!(batches.fate(&[1, 2]).await.unwrap(), Fate::NotCommitted);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whichever_try_was_committed_is_found() {
        let database = Cluster::shared().create_database();
        let mut batches = batches(database.url()).await;
        assert_eq!(batches.fate(&[3, 5]).await.unwrap(), Fate::NotCommitted);
        database.sql("UPDATE writers SET batch = 3");
        for tries in [&[3][..], &[3, 5], &[1, 3]] {
            assert_eq!(batches.fate(tries).await.unwrap(), Fate::Committed(3));
        }
        assert_eq!(batches.fate(&[4, 5]).await.unwrap(), Fate::NotCommitted);
        assert_eq!(database.sql("SELECT batch FROM writers"), "3", "a look was signed as a try");
    }
}
