//! Leases, as far as every store has them.

use super::{Harness, trial::Trial};
use crate::{
    lease::{Lease, LeaseHolder},
    testing::CountingEntropy,
};

/// Taken, renewed, given up and taken again; each lease by itself.
pub async fn a_lease_is_its_holders(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let entropy = CountingEntropy::default();
    let (one, other) = (LeaseHolder::mint(&entropy), LeaseHolder::mint(&entropy));
    for lease in Lease::ALL {
        for _ in 0..2 {
            assert!(trial.store.take_lease(lease, &one, 60).await.unwrap(), "{lease:?}");
        }
    }
    trial.store.give_up_leases(&one).await.unwrap();
    for lease in Lease::ALL {
        assert!(trial.store.take_lease(lease, &other, 60).await.unwrap(), "{lease:?}");
    }
    assert!(trial.entries().await.is_empty(), "a lease is no state of record");
}
