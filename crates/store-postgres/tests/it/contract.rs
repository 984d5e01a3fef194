//! What every store promises, promise by promise and in random sequences of acts.

use crate::workplace::Workplace;
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault};
use actas_domain::{
    ports::{KeyVault, Store},
    testing::{
        FixedClock, rows,
        store_contract::{Harness, Task},
    },
};
use actas_store_postgres::PostgresStore;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, Weak};

struct Postgres {
    clock: FixedClock,
    /// Each with its store, for as long as that is in use. The newest is the one that was opened last.
    workplaces: Mutex<Vec<(Workplace, Weak<PostgresStore>)>>,
}

impl Postgres {
    fn new() -> Self {
        Self { clock: FixedClock::new(rows::START), workplaces: Mutex::default() }
    }

    async fn open_in(&self, workplace: Workplace) -> Arc<dyn Store> {
        let clock = Arc::new(self.clock.clone());
        let store = Arc::new(PostgresStore::open_with_clock(&workplace.options(), clock).await.unwrap());
        self.workplaces.lock().unwrap().push((workplace, Arc::downgrade(&store)));
        store
    }
}

#[async_trait]
impl Harness for Postgres {
    fn clock(&self) -> FixedClock {
        self.clock.clone()
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.workplaces.lock().unwrap().retain(|(_, store)| store.strong_count() > 0);
        self.open_in(Workplace::new()).await
    }

    async fn reopen(&self, store: Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        // Without closing it: its connections are simply left.
        drop(store);
        let (workplace, _) = self.workplaces.lock().unwrap().pop().unwrap();
        Some(self.open_in(workplace).await)
    }

    async fn at_once(&self, tasks: Vec<Task>) {
        let running: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
        for task in running {
            if let Err(error) = task.await {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

actas_domain::store_contract!(Postgres::new());

fn vault() -> Arc<dyn KeyVault> {
    Arc::new(MasterKeyVault::new(&MasterKey::from_bytes([7; 32])).unwrap())
}

actas_domain::acts_model!(Postgres::new(), vault(), Arc::new(Argon2Passwords::default()));
