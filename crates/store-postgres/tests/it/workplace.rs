//! Databases of the tests' own, and stores on them.

use actas_domain::{
    change::{Change, Write},
    ports::Store,
    secret::SecretText,
    testing::{FixedClock, changes, rows},
};
use actas_postgres_cluster::{Loan, Stock};
use actas_store_postgres::{OpenError, Options, PostgresStore, testing};
use std::sync::Arc;

static STOCK: Stock = Stock::new(testing::prepare, testing::EMPTY);

pub(crate) struct Workplace {
    pub(crate) database: Loan,
    pub(crate) clock: FixedClock,
}

impl Workplace {
    /// A database with the schema and nothing in it.
    pub(crate) fn new() -> Self {
        Self { database: STOCK.take(), clock: FixedClock::new(rows::START) }
    }

    pub(crate) fn options(&self) -> Options {
        options(&self.database.url())
    }

    pub(crate) async fn open(&self) -> Arc<PostgresStore> {
        Arc::new(self.try_open(&self.options()).await.unwrap())
    }

    pub(crate) async fn try_open(&self, options: &Options) -> Result<PostgresStore, OpenError> {
        PostgresStore::open_with_clock(options, Arc::new(self.clock.clone())).await
    }
}

pub(crate) fn options(url: &str) -> Options {
    Options { read_connections: 4, ..Options::new(SecretText::new(url.to_owned())) }
}

pub(crate) fn add_actor_token(number: u64) -> Change {
    changes::change(Vec::new(), vec![Write::AddActorToken(rows::actor_token(number))])
}

pub(crate) async fn has_actor_token(store: &dyn Store, number: u64) -> bool {
    store.actor_token(&rows::actor_token_id(number)).await.unwrap().is_some()
}
