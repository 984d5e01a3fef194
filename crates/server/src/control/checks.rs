//! What an instance can say of its own health: store, signing keys, clock. The rest of `actas doctor` looks at the
//! machine from outside.

use super::{Administered, Checks, answer::Answer};
use actas_domain::{audit::find::AuditQuery, ports::StoreError, world::World};
use axum::extract::State;

/// Newer entries than the clock by less than this are no sign of a clock that was set back, in milliseconds: entries
/// may be dated by another moment of the same commit.
const CLOCK_TOLERANCE_MILLIS: i64 = 1_000;

pub(super) async fn checks(State(administered): State<Administered>) -> Answer<Checks> {
    let world = administered.world();
    Answer(Checks {
        store: world.store.check().await.err().map(|error| error.to_string()),
        signing_keys: signing_keys(world).await.err(),
        clock_behind_seconds: clock_behind_seconds(world).await.unwrap_or(None),
    })
}

/// What is wrong with the keys, in one line.
async fn signing_keys(world: &World) -> Result<(), String> {
    let keys = world.store.signing_keys().await.map_err(|error| error.to_string())?;
    keys.iter().try_for_each(|key| world.vault.check(key)).map_err(|error| error.to_string())
}

/// By how much the clock is behind the newest entry of the record.
async fn clock_behind_seconds(world: &World) -> Result<Option<i64>, StoreError> {
    let newest = world.store.audit_entries(&AuditQuery { limit: 1, ..AuditQuery::default() }).await?;
    let behind = newest.first().map_or(0, |entry| entry.event.at.millis_since(world.now()));
    Ok((behind > CLOCK_TOLERANCE_MILLIS).then_some(behind / 1_000))
}
