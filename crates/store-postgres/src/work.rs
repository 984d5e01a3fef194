//! What can be asked of the writer, and carrying it out on the state of a batch.

use crate::{guards, retention, state::State, writes};
use actas_domain::{
    change::{Change, SessionSelection, Write},
    idempotency::KeptAnswer,
    ids::SessionId,
    secret::SecretHash,
    sign_in::{PendingSignIn, failures::PasswordFailures},
    time::UnixMillis,
};

pub(crate) enum Work {
    Change(Box<Change>),
    Activity { session: SessionId, at: UnixMillis },
    Note(Box<Note>),
}

/// What is no state of record.
pub(crate) enum Note {
    BeginSignIn(PendingSignIn),
    SetGuesses {
        identifier: SecretHash,
        seen: Option<PasswordFailures>,
        set: PasswordFailures,
    },
    ForgetSignIns {
        now: UnixMillis,
        forgotten: UnixMillis,
        limit: u32,
    },
    KeepAnswer(KeptAnswer),
    ForgetAnswers {
        now: UnixMillis,
        limit: u32,
    },
    Purge {
        step: retention::Step,
        now: UnixMillis,
    },
    /// Asks for the store's time.
    Time,
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
                Note::SetGuesses { identifier, .. } => state.sign_ins.want_guesses(identifier),
                Note::KeepAnswer(answer) => state.kept_answers.want(&answer.key_hash),
                Note::ForgetAnswers { now, limit } => state.kept_answers.want_over(*now, *limit),
                Note::Purge { step, .. } => state.retention.want(step),
                Note::ForgetSignIns { now, forgotten, limit } => {
                    state.sign_ins.want_over(*now, *forgotten, *limit);
                }
                Note::BeginSignIn(_) | Note::Time => {}
            },
        }
    }

    /// Whether it is about all that a party holds, however much that is.
    pub(crate) fn is_of_a_party(&self) -> bool {
        let Self::Change(change) = self else { return false };
        change.writes().iter().any(|write| match write {
            Write::RevokeTokens { .. } | Write::DropReturns(_) => true,
            Write::EndSessions { of, .. } => !matches!(of, SessionSelection::Client(_)),
            _ => false,
        })
    }

    /// The position of a change's own entry; how many rows a note was about; of no meaning for other work.
    pub(crate) fn carry_out(&self, state: &mut State, now: UnixMillis) -> Result<u64, GuardFailed> {
        match self {
            Self::Change(change) => return carry_out_change(state, change, now),
            Self::Activity { session, at } => writes::record_activity(state, session, *at, now),
            Self::Note(note) => return Ok(take_note(state, note, now)),
        }
        Ok(0)
    }
}

/// How many rows the note set, kept or removed, where whoever asks wants to know; or the time.
fn take_note(state: &mut State, note: &Note, now: UnixMillis) -> u64 {
    match note {
        Note::BeginSignIn(pending) => state.sign_ins.begin(pending.clone()),
        Note::SetGuesses { identifier, seen, set } => {
            return u64::from(state.sign_ins.set_guesses(identifier, *seen, *set));
        }
        Note::ForgetSignIns { now, forgotten, .. } => return state.sign_ins.forget(*now, *forgotten),
        Note::KeepAnswer(answer) => {
            let is_free = state.kept_answers.is_free(&answer.key_hash, now);
            if is_free {
                state.kept_answers.keep(answer.clone());
            }
            return u64::from(is_free);
        }
        Note::ForgetAnswers { now, limit } => return state.kept_answers.forget(*now, *limit),
        Note::Purge { step, now: asked } => return retention::purge(state, step, now.min(*asked)),
        Note::Time => return u64::try_from(now.millis()).unwrap_or(0),
    }
    0
}

/// Nothing behind the guards can fail, so a change that begins to write is written whole.
fn carry_out_change(state: &mut State, change: &Change, now: UnixMillis) -> Result<u64, GuardFailed> {
    let may = change.guards().iter().all(|guard| guards::holds(state, guard, now))
        && change.writes().iter().all(|write| guards::may_be_written(state, write, now));
    if !may {
        return Err(GuardFailed);
    }
    let mut derived = Vec::new();
    for write in change.writes() {
        derived.extend(writes::write(state, change, write, now));
    }
    #[cfg(feature = "mutations")]
    if change.is_off_record() {
        return Ok(state.record.head);
    }
    let position = state.record.append(change.event().clone());
    for event in derived {
        state.record.append(event);
    }
    Ok(position)
}
