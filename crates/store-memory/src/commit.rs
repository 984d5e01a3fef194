//! Carrying out a change: first everything that could stop it, then everything it does.

use crate::{guards, state::State, writes};
use actas_domain::{
    change::Change,
    ports::{CommitError, Committed},
    time::UnixMillis,
};

/// Nothing behind the guards can fail, so a change that begins to write is written whole.
pub(crate) fn carry_out(
    state: &mut State,
    change: &Change,
    now: UnixMillis,
) -> Result<Committed, CommitError> {
    let may = change.guards().iter().all(|guard| guards::holds(state, guard, now))
        && change.writes().iter().all(|write| guards::may_be_written(state, write, now));
    if !may {
        return Err(CommitError::GuardFailed);
    }
    let mut derived = Vec::new();
    for write in change.writes() {
        derived.extend(writes::write(state, change, write, now));
    }
    let position = state.record.append(change.event().clone());
    for event in derived {
        state.record.append(event);
    }
    Ok(Committed { position })
}
