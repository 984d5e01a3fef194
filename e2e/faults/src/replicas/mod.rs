//! Three servers on one PostgreSQL database: whatever is done on one holds on the others, within the bounds that are
//! promised.
//!
//! Secret keys, sessions and bans hold for every request that begins after the act was acknowledged; signing keys are
//! cached, and hold after [`KEYS_BOUND`].

mod at_once;
mod deployment;
mod ends;
mod keys;
mod watch;

use crate::{Fault, record};
use deployment::{Deployment, Replica};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// Within which every server honours a signing key that another one made or let sign.
const KEYS_BOUND: Duration = Duration::from_millis(1_000);

pub(crate) async fn run(actas: &Path, rounds: usize) -> Result<String, Fault> {
    for _ in 1..rounds {
        first_start(&Deployment::start(actas).await?).await?;
    }
    let deployment = Deployment::start(actas).await?;
    first_start(&deployment).await?;
    let mut told = vec![format!("{rounds} first starts of three at once, one instance each")];
    told.push(keys::secret_keys(&deployment, rounds).await?);
    told.push(keys::signing_keys(&deployment, rounds).await?);
    told.push(ends::ends(&deployment, rounds).await?);
    told.push(at_once::tickets(&deployment, 20 * rounds).await?);
    told.push(at_once::idempotency_keys(&deployment, 20 * rounds).await?);
    let (deployment, of_death) = at_once::death(deployment).await?;
    told.push(of_death);
    let entries = whole_record(deployment.replica(0)).await?;
    record::check(&entries)?;
    told.push(format!("{} entries of record without a gap", entries.len()));
    Ok(told.join("; "))
}

/// One instance and one set of keys, however many began together, and the same ones on all.
async fn first_start(deployment: &Deployment) -> Result<(), Fault> {
    let sets = deployment.each(async |replica| replica.key_ids().await).await?;
    // The current key and the next one.
    if sets.iter().any(|set| set.len() != 2 || *set != sets[0]) {
        return Err(format!("after a first start the servers publish {sets:?}").into());
    }
    let entries = whole_record(deployment.replica(0)).await?;
    record::check(&entries)?;
    for (action, expected) in [("instance.created", 1), ("signing_key.created", 1)] {
        let made = entries.iter().filter(|entry| record::is(entry, action, "done")).count();
        if made != expected {
            return Err(format!("a first start of three has {made} entries {action}").into());
        }
    }
    Ok(())
}

/// Every entry, oldest first.
async fn whole_record(replica: &Replica) -> Result<Vec<Value>, Fault> {
    let mut entries: Vec<Value> = Vec::new();
    loop {
        let after = entries.last().map_or(json!(0), |entry| entry["position"].clone());
        let page = replica.get(&format!("/v1/audit_entries?after={after}&limit=500")).await?;
        let rows = page["data"].as_array().ok_or("audit_entries answers no data")?;
        if rows.is_empty() {
            return Ok(entries);
        }
        entries.extend(rows.iter().cloned());
    }
}
