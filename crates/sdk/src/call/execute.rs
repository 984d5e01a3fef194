//! All attempts of a call, and the waits between them.

use super::{
    attempt::{Failed, Limit, attempt},
    idempotency,
    operation::Operation,
    panics::unless_panicked,
    random,
};
use crate::{
    client::Handle,
    error::{Cause, Error, describe},
    hooks::{AfterError, AfterResponse, Attempt},
    retry::{Decision, Failure, Situation, decide},
    transport::HttpResponse,
};
use serde::de::DeserializeOwned;
use std::{borrow::Cow, time::Duration};

/// Makes the call and reads its answer.
pub(super) async fn execute<T: DeserializeOwned>(handle: &Handle, operation: &Operation) -> Result<T, Error> {
    let keyed = idempotency::of_call(handle, operation);
    let (key, promise) = keyed.map_err(|error| error.of_operation(operation.name, 0))?;
    let core = &*handle.core;
    let url = format!("{}{}{}", core.server.url(), operation.path, operation.query.encoded());
    let begun = core.clock.monotonic();
    let total = handle.timeout();
    let mut number = 0;
    let mut earlier = Earlier::default();
    loop {
        number += 1;
        let about = Attempt { operation: operation.name, method: operation.method, url: &url, number };
        let attempt_begun = core.clock.monotonic();
        let limit = limit(handle, total.saturating_sub(attempt_begun.saturating_sub(begun)));
        let outcome = attempt(handle, operation, about, key.as_ref(), limit).await;
        let outcome = outcome.and_then(decode).or_else(|failed| earlier.explain(operation, failed));
        let now = core.clock.monotonic();
        let took = now.saturating_sub(attempt_begun);
        let failed = match outcome {
            Ok((answered, value)) => {
                tell_success(handle, about, &answered, took);
                return Ok(value);
            }
            Err(failed) => failed,
        };
        let decision = decide(&Situation {
            method: operation.method,
            promise,
            failure: failed.failure,
            attempts: number,
            elapsed: now.saturating_sub(begun),
            total,
            policy: handle.retry(),
            random: random::fraction(),
        });
        let made = if failed.error.was_never_sent() { number - 1 } else { number };
        let error = earlier.complete(failed.error.of_operation(operation.name, made), &decision);
        let repeated_after = match decision {
            Decision::RepeatAfter(wait) => Some(wait),
            Decision::GiveUp => None,
        };
        tell_failure(handle, &AfterError { attempt: about, error: &error, took, repeated_after });
        match repeated_after {
            Some(wait) => core.clock.sleep(wait).await,
            None => return Err(error),
        }
        earlier.remember(error);
    }
}

/// What the attempts before are still good for.
#[derive(Default)]
struct Earlier {
    /// Whether one of them may have taken effect: what is certain of a call is so of all its attempts.
    may_have_taken_effect: bool,
    /// The last failure that was no timeout: it tells more than one.
    error: Option<Error>,
}

impl Earlier {
    /// What was to be deleted is not there: an earlier attempt did it whose answer did not come.
    fn explain<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        failed: Failed,
    ) -> Result<(Answered, T), Failed> {
        let is_gone = failed.error.is_not_found() && !failed.error.errors().is_empty();
        let Some(answer) =
            operation.answer_when_gone.as_ref().filter(|_| is_gone && self.may_have_taken_effect)
        else {
            return Err(failed);
        };
        let trace_id = failed.error.trace_id().map(str::to_owned);
        let answered = Answered { status: 404, trace_id, is_replayed: false };
        serde_json::from_str(answer).map(|value| (answered, value)).map_err(|_| failed)
    }

    fn complete(&mut self, error: Error, decision: &Decision) -> Error {
        self.may_have_taken_effect |= error.may_have_taken_effect();
        let error = error.after_attempts(self.may_have_taken_effect);
        if *decision == Decision::GiveUp { error.after(self.error.take()) } else { error }
    }

    fn remember(&mut self, error: Error) {
        if !error.is_timeout() {
            self.error = Some(error);
        }
    }
}

/// What is told of an attempt that succeeded.
struct Answered {
    status: u16,
    trace_id: Option<String>,
    is_replayed: bool,
}

fn limit(handle: &Handle, left: Duration) -> Limit {
    let attempt = handle.attempt_timeout();
    if left <= attempt {
        Limit { time: left, is_whole_call: true }
    } else {
        Limit { time: attempt, is_whole_call: false }
    }
}

/// The answer is there, whatever becomes of a hook.
fn tell_success(handle: &Handle, attempt: Attempt<'_>, answered: &Answered, took: Duration) {
    let Answered { status, trace_id, is_replayed } = answered;
    let (status, trace_id, is_replayed) = (*status, trace_id.as_deref(), *is_replayed);
    for hook in &handle.core.hooks.after_response {
        let _ = unless_panicked(|| hook(&AfterResponse { attempt, status, trace_id, is_replayed, took }));
    }
}

fn tell_failure(handle: &Handle, failure: &AfterError<'_>) {
    for hook in &handle.core.hooks.after_error {
        let _ = unless_panicked(|| hook(failure));
    }
}

fn decode<T: DeserializeOwned>(response: HttpResponse) -> Result<(Answered, T), Failed> {
    let trace_id = response.trace_id().map(str::to_owned);
    let content_type = response.find_header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim_ascii();
    let (problem, failure): (Cow<'static, str>, Failure) = if response.body.is_empty() {
        ("it is empty".into(), Failure::Permanent)
    } else if !essence.eq_ignore_ascii_case("application/json") {
        ("it is not of the type application/json; check the server's URL".into(), Failure::Permanent)
    } else {
        match serde_json::from_slice(&response.body) {
            Ok(value) => {
                let replayed = response.find_header("idempotency-replayed");
                let is_replayed = replayed.is_some_and(|text| text.trim_ascii() == "true");
                return Ok((Answered { status: response.status, trace_id, is_replayed }, value));
            }
            // A connection without an announced length ends when it is cut, too.
            Err(error) if error.is_eof() => (describe(&error), Failure::Interrupted),
            Err(error) => (describe(&error), Failure::Permanent),
        }
    };
    let (status, body) = (response.status, response.body);
    Err(Failed { error: Error::new(Cause::Undecodable { status, problem, body, trace_id }), failure })
}
