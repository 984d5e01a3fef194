//! What can be asked of the writer, and carrying it out on the state of a batch.

use crate::{guards, state::State, writes};
use actas_domain::{
    change::Change, ids::SessionId, secret::SecretHash, sign_in::PendingSignIn, time::UnixMillis,
};

pub(crate) enum Work {
    Change(Box<Change>),
    Activity {
        session: SessionId,
        at: UnixMillis,
    },
    Note(Box<Note>),
    /// That something can be written: the writer's own row is.
    Check,
}

/// What is no state of record.
pub(crate) enum Note {
    BeginSignIn(PendingSignIn),
    CountGuess { identifier: SecretHash, at: UnixMillis, forgotten: UnixMillis },
    ForgetSignIns { now: UnixMillis, forgotten: UnixMillis },
}

/// Nothing of a change happened, because a guard or the condition of a write does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GuardFailed;

impl Work {
    /// Has all looked for that it depends on.
    pub(crate) fn want(&self, state: &mut State) {
        match self {
            Self::Change(change) => {
                for guard in change.guards() {
                    guards::want(state, guard);
                }
                for write in change.writes() {
                    writes::want(state, write);
                }
            }
            Self::Activity { session, .. } => writes::want_activity(state, session),
            Self::Note(note) => match note.as_ref() {
                Note::CountGuess { identifier, .. } => state.sign_ins.want_guesses(identifier),
                Note::BeginSignIn(_) | Note::ForgetSignIns { .. } => {}
            },
            Self::Check => {}
        }
    }

    /// The position of a change's own entry; of no meaning for other work.
    pub(crate) fn carry_out(&self, state: &mut State, now: UnixMillis) -> Result<u64, GuardFailed> {
        match self {
            Self::Change(change) => return carry_out_change(state, change, now),
            Self::Activity { session, at } => writes::record_activity(state, session, *at, now),
            Self::Note(note) => match note.as_ref() {
                Note::BeginSignIn(pending) => state.sign_ins.begin(pending.clone()),
                Note::CountGuess { identifier, at, forgotten } => {
                    state.sign_ins.count_guess(*identifier, *at, *forgotten);
                }
                Note::ForgetSignIns { now, forgotten } => state.sign_ins.forget(*now, *forgotten),
            },
            Self::Check => {}
        }
        Ok(0)
    }
}

/// Nothing behind the guards can fail, so a change that begins to write is written whole.
fn carry_out_change(state: &mut State, change: &Change, now: UnixMillis) -> Result<u64, GuardFailed> {
    let may = change.guards().iter().all(|guard| guards::holds(state, guard, now))
        && change.writes().iter().all(|write| guards::may_be_written(state, write));
    if !may {
        return Err(GuardFailed);
    }
    let mut derived = Vec::new();
    for write in change.writes() {
        derived.extend(writes::write(state, change, write, now));
    }
    let position = state.record.append(change.event().clone());
    for event in derived {
        state.record.append(event);
    }
    Ok(position)
}
