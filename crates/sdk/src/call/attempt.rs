//! One attempt: the request, and what became of it.

use super::{operation::Operation, panics::unless_panicked, race::within};
use crate::{
    client::{Core, Handle, HeaderSet},
    error::{Cause, Error, Refusal, TimedOut},
    hooks::{self, BeforeRequest},
    retry::{Failure, retry_after},
    secret::Secret,
    transport::{Header, HttpRequest, HttpResponse, TransportError, TransportFailure},
};
use std::time::Duration;

/// A code of Actas's own: the key was used for another request.
const KEY_REUSED: &str = "idempotency_key_reused";

/// What an attempt may take.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) time: Duration,
    /// Whether the whole call ends with it.
    pub(super) is_whole_call: bool,
}

/// An attempt that has no answer of use.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) failure: Failure,
}

impl Failed {
    pub(super) fn permanently(error: Error) -> Self {
        Self { error, failure: Failure::Permanent }
    }

    fn in_transport(error: TransportError) -> Self {
        let (cause, failure) = match error.failure {
            TransportFailure::NotSent => (Cause::NotSent(error.source), Failure::NotSent),
            TransportFailure::Permanent => (Cause::NotSent(error.source), Failure::Permanent),
            TransportFailure::Unmakeable => {
                let problem = format!("the request could not be made: {}", error.source);
                (Cause::Request(problem), Failure::Permanent)
            }
            TransportFailure::Interrupted => (Cause::Interrupted(error.source), Failure::Interrupted),
            TransportFailure::TooLarge => {
                (Cause::TooLarge { status: error.status, source: error.source }, Failure::Permanent)
            }
        };
        Self { error: Error::new(cause), failure }
    }
}

/// Makes the request and reads the answer, whose status is then a success.
pub(super) async fn attempt(
    handle: &Handle,
    operation: &Operation,
    about: hooks::Attempt<'_>,
    idempotency_key: Option<&Secret>,
    limit: Limit,
) -> Result<HttpResponse, Failed> {
    let core = &*handle.core;
    let begun = core.clock.monotonic();
    // By itself: as long as there is no key, nothing was sent.
    let request = within(&*core.clock, limit.time, request(handle, operation, about, idempotency_key)).await;
    let request = match request {
        Some(request) => request.map_err(Failed::permanently)?,
        None => return Err(timed_out(handle, limit, TimedOut::Key)),
    };
    let left = limit.time.saturating_sub(core.clock.monotonic().saturating_sub(begun));
    match within(&*core.clock, left, core.transport.send(request)).await {
        Some(outcome) => {
            outcome.map_err(Failed::in_transport).and_then(|response| judge(core, operation, response))
        }
        None => Err(timed_out(handle, limit, TimedOut::Answer)),
    }
}

fn timed_out(handle: &Handle, limit: Limit, what: TimedOut) -> Failed {
    let cause = match (what, limit.is_whole_call) {
        (TimedOut::Answer | TimedOut::Call, true) => {
            Cause::TimedOut { limit: handle.timeout(), what: TimedOut::Call }
        }
        _ => Cause::TimedOut { limit: limit.time, what },
    };
    let failure = if what == TimedOut::Key { Failure::NotSent } else { Failure::TimedOut };
    Failed { error: Error::new(cause), failure }
}

async fn request(
    handle: &Handle,
    operation: &Operation,
    about: hooks::Attempt<'_>,
    idempotency_key: Option<&Secret>,
) -> Result<HttpRequest, Error> {
    let core = &*handle.core;
    let mut headers = core.headers.clone();
    for header in operation.headers.iter().chain(handle.options.headers.iter()) {
        headers.put(header.clone());
    }
    run_before_hooks(core, about, &mut headers)?;
    if let Some(body) = &operation.body {
        headers.put(Header::plain("content-type", body.content_type));
    }
    if let Some(key) = idempotency_key {
        headers.put(Header::secret("idempotency-key", key.reveal()));
    }
    headers.put(Header::secret("authorization", core.bearer.authorization().await?));
    Ok(HttpRequest {
        method: operation.method,
        url: about.url.to_owned(),
        headers: headers.into_headers(),
        body: operation.body.as_ref().map(|body| body.bytes.clone()),
        response_limit_bytes: operation.response_limit_bytes.unwrap_or(core.response_limit_bytes),
    })
}

fn run_before_hooks(core: &Core, about: hooks::Attempt<'_>, headers: &mut HeaderSet) -> Result<(), Error> {
    for hook in &core.hooks.before_request {
        let mut before = BeforeRequest { attempt: about, headers };
        let outcome = unless_panicked(|| hook(&mut before));
        outcome
            .unwrap_or_else(|| Err("it panicked".into()))
            .map_err(|source| Error::new(Cause::Hook(source)))?;
    }
    Ok(())
}

/// Any 2XX is a success; what its body must be is for whoever reads it.
fn judge(core: &Core, operation: &Operation, response: HttpResponse) -> Result<HttpResponse, Failed> {
    let status = response.status;
    match status {
        200..=299 => Ok(response),
        400..=599 => {
            let asked = response
                .find_header("retry-after")
                .and_then(|text| retry_after(text, response.find_header("date"), core.clock.unix_time()));
            let trace = response.trace_id().map(str::to_owned);
            let documented = operation.documented.contains(&status);
            let refusal = Refusal::read(status, response.body, trace.as_deref(), asked, documented);
            let failure = if status == 422 && refusal.has_code(KEY_REUSED) {
                Failure::KeyReused
            } else {
                Failure::Refused { status, retry_after: asked }
            };
            Err(Failed { error: Error::new(Cause::Refused(refusal)), failure })
        }
        300..=399 => {
            let trace_id = response.trace_id().map(str::to_owned);
            Err(Failed::permanently(Error::new(Cause::Redirected { status, trace_id })))
        }
        _ => Err(Failed::permanently(Error::new(Cause::Undecodable {
            status,
            problem: "no status that the API has".into(),
            trace_id: response.trace_id().map(str::to_owned),
            body: response.body,
        }))),
    }
}
