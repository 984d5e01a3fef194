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
use async_trait::async_trait;
use std::sync::{Arc, Mutex};

struct Sqlite {
    clock: FixedClock,
    /// Kept, for a store that is left may still be at work in its folder.
    workplaces: Mutex<Vec<Workplace>>,
}

impl Sqlite {
    fn new() -> Self {
        Self { clock: FixedClock::new(rows::START), workplaces: Mutex::default() }
    }

    fn open_in(&self, mut workplace: Workplace) -> Arc<dyn Store> {
        workplace.clock = self.clock.clone();
        let store = Arc::new(workplace.open());
        self.workplaces.lock().unwrap().push(workplace);
        store
    }
}

#[async_trait]
impl Harness for Sqlite {
    fn clock(&self) -> FixedClock {
        self.clock.clone()
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.open_in(Workplace::new())
    }

    async fn reopen(&self, store: Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        // The image is taken while the store is still open, so that nothing is put in order before.
        let image = self.workplaces.lock().unwrap().last().unwrap().image();
        drop(store);
        Some(self.open_in(image))
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

actas_domain::store_contract!(Sqlite::new());

fn vault() -> Arc<dyn KeyVault> {
    Arc::new(MasterKeyVault::new(&MasterKey::from_bytes([7; 32])).expect("AES is there"))
}

actas_domain::acts_model!(Sqlite::new(), vault(), Arc::new(Argon2Passwords::default()));
