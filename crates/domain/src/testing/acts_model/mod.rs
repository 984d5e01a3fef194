//! Random sequences of all acts, through the real use cases on a real store, against a model that was written apart
//! from them.
//!
//! Before each act the model says what must be answered: success, or which refusal. After each act the store must
//! hold exactly what the model holds, the record must have exactly the entries that the model expects, and the
//! promises must hold of the rows themselves (see `promises.rs`). Time moves between the acts, up to the very ends
//! of sessions and tickets, past them and sometimes backward; now and then the store is left and opened again.
//!
//! A store's own tests run it beside the contract, with real keys and the real password hasher:
//!
//! ```text
//! actas_domain::acts_model!(Harness::new(), vault, passwords);
//! ```
//!
//! [`CASES`] sequences are tried in each run. `PROPTEST_CASES=2000` in the environment tries more, and
//! `PROPTEST_RNG_SEED` repeats a run. A failure prints the shortest sequence that was found to fail.

mod acts;
mod case;
mod keys;
mod model;
mod one_key_vault;
mod promises;
mod retention;
mod returns;
mod sessions;
mod state;
mod tickets;
mod users;

use super::store_contract::Harness;
use crate::ports::{KeyVault, PasswordHasher};
use futures::executor::block_on;
use one_key_vault::OneKeyVault;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;

/// Sequences in a run, unless `PROPTEST_CASES` asks for another number.
pub const CASES: u32 = 96;
/// What proptest itself takes when nothing is asked for; so this very number cannot be asked for.
const PROPTEST_DEFAULT_CASES: u32 = 256;

/// Tries random sequences; blocks the thread until all are done, so it must not be a task of a runtime.
///
/// # Panics
/// When a sequence breaks a promise or does not go as the model says.
pub fn random_acts_follow_the_model(
    harness: &dyn Harness,
    vault: Arc<dyn KeyVault>,
    passwords: Arc<dyn PasswordHasher>,
) {
    let defaults = Config::default();
    let cases = if defaults.cases == PROPTEST_DEFAULT_CASES { CASES } else { defaults.cases };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 3_000, ..defaults };
    let vault: Arc<dyn KeyVault> = Arc::new(block_on(OneKeyVault::of(vault)));
    let sequences = (acts::rules(), acts::sequence());
    let result = TestRunner::new(config).run(&sequences, |(rules, acts)| {
        block_on(async {
            let mut case =
                case::Case::begin(harness, Arc::clone(&vault), Arc::clone(&passwords), rules).await;
            for act in &acts {
                case = case.play(act).await?;
            }
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Makes a test of [`testing::acts_model`](crate::testing::acts_model). The second and third argument are the
/// `Arc<dyn KeyVault>` and the `Arc<dyn PasswordHasher>` to act with.
#[macro_export]
macro_rules! acts_model {
    ($harness:expr, $vault:expr, $passwords:expr) => {
        #[test]
        fn random_acts_follow_the_model() {
            // Beside the runtime rather than in one of its tasks, which have to give way every now and then.
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let _entered = runtime.enter();
            $crate::testing::acts_model::random_acts_follow_the_model(&$harness, $vault, $passwords);
        }
    };
}
