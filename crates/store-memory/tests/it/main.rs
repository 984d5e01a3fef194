//! What every store promises, promise by promise and in random sequences of acts, kept by the one in memory.

use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault};
use actas_domain::{
    ports::{KeyVault, Store},
    testing::{
        FixedClock, rows,
        store_contract::{Harness, Task},
    },
};
use actas_store_memory::MemoryStore;
use async_trait::async_trait;
use std::sync::Arc;

struct Memory {
    clock: FixedClock,
}

impl Memory {
    fn new() -> Self {
        Self { clock: FixedClock::new(rows::START) }
    }
}

#[async_trait]
impl Harness for Memory {
    fn clock(&self) -> FixedClock {
        self.clock.clone()
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(Arc::new(self.clock.clone())))
    }

    async fn reopen(&self, _: Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        None
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

actas_domain::store_contract!(Memory::new());

#[expect(clippy::expect_used, reason = "a test says what went wrong by panicking")]
fn vault() -> Arc<dyn KeyVault> {
    Arc::new(MasterKeyVault::new(&MasterKey::from_bytes([7; 32])).expect("AES is there"))
}

actas_domain::acts_model!(Memory::new(), vault(), Arc::new(Argon2Passwords::default()));
