//! All attempts of a call, and the waits between them.

use super::{
    attempt::{Failed, Limit, attempt},
    idempotency,
    operation::Operation,
    random,
};
use crate::{
    client::Handle,
    error::{Cause, Error, describe},
    hooks::{AfterError, AfterResponse, Attempt},
    retry::{Decision, Situation, decide},
    transport::HttpResponse,
};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Makes the call and reads its answer.
pub(super) async fn execute<T: DeserializeOwned>(handle: &Handle, operation: &Operation) -> Result<T, Error> {
    let (key, promise) = idempotency::of_call(handle, operation)?;
    let core = &*handle.core;
    let url = format!("{}{}{}", core.server.url(), operation.path, operation.query.encoded());
    let begun = core.clock.monotonic();
    let total = handle.timeout();
    let mut number = 0;
    loop {
        number += 1;
        let about = Attempt { operation: operation.name, method: operation.method, url: &url, number };
        let attempt_begun = core.clock.monotonic();
        let limit = limit(handle, total.saturating_sub(attempt_begun.saturating_sub(begun)));
        let outcome = attempt(handle, operation, about, key.as_ref(), limit).await;
        let outcome = outcome.and_then(|response| {
            let value = decode(&response).map_err(Failed::permanently)?;
            Ok((response, value))
        });
        let now = core.clock.monotonic();
        let took = now.saturating_sub(attempt_begun);
        match outcome {
            Ok((response, value)) => {
                tell_success(handle, about, &response, took);
                return Ok(value);
            }
            Err(failed) => {
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
                let error = failed.error.of_operation(operation.name, made);
                let repeated_after = match decision {
                    Decision::RepeatAfter(wait) => Some(wait),
                    Decision::GiveUp => None,
                };
                for hook in &core.hooks.after_error {
                    hook(&AfterError { attempt: about, error: &error, took, repeated_after });
                }
                match repeated_after {
                    Some(wait) => core.clock.sleep(wait).await,
                    None => return Err(error),
                }
            }
        }
    }
}

fn limit(handle: &Handle, left: Duration) -> Limit {
    let attempt = handle.attempt_timeout();
    if left <= attempt {
        Limit { time: left, is_whole_call: true }
    } else {
        Limit { time: attempt, is_whole_call: false }
    }
}

fn tell_success(handle: &Handle, attempt: Attempt<'_>, response: &HttpResponse, took: Duration) {
    for hook in &handle.core.hooks.after_response {
        hook(&AfterResponse {
            attempt,
            status: response.status,
            trace_id: response.find_header("x-clerk-trace-id"),
            took,
        });
    }
}

fn decode<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, Error> {
    let undecodable = |problem: std::borrow::Cow<'static, str>| {
        let body = response.body.clone();
        Error::new(Cause::Undecodable { status: response.status, problem, body })
    };
    let content_type = response.find_header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim_ascii();
    if response.body.is_empty() {
        return Err(undecodable("it is empty".into()));
    }
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(undecodable("it is not of the type application/json; check the server's URL".into()));
    }
    serde_json::from_slice(&response.body).map_err(|error| undecodable(describe(&error)))
}
