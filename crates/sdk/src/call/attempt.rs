//! One attempt: the request, and what became of it.

use super::{operation::Operation, race::within};
use crate::{
    client::{Core, Handle, HeaderSet},
    error::{Cause, Error, Refusal},
    hooks::{self, BeforeRequest},
    retry::{Failure, retry_after},
    secret::Secret,
    transport::{Header, HttpRequest, HttpResponse, TransportFailure},
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
    let making = async {
        let request =
            request(handle, operation, about, idempotency_key).await.map_err(Failed::permanently)?;
        core.transport.send(request).await.map_err(|error| {
            let (cause, failure) = match error.failure {
                TransportFailure::NotSent => (Cause::NotSent(error.source), Failure::NotSent),
                TransportFailure::Interrupted => (Cause::Interrupted(error.source), Failure::Interrupted),
                TransportFailure::TooLarge => (Cause::TooLarge(error.source), Failure::Permanent),
            };
            Failed { error: Error::new(cause), failure }
        })
    };
    match within(&*core.clock, limit.time, making).await {
        Some(outcome) => outcome.and_then(|response| judge(core, operation, response)),
        None => Err(timed_out(handle, limit)),
    }
}

fn timed_out(handle: &Handle, limit: Limit) -> Failed {
    let shown = if limit.is_whole_call { handle.timeout() } else { limit.time };
    let cause = Cause::TimedOut { limit: shown, whole_call: limit.is_whole_call };
    Failed { error: Error::new(cause), failure: Failure::TimedOut }
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
        response_limit_bytes: core.response_limit_bytes,
    })
}

fn run_before_hooks(core: &Core, about: hooks::Attempt<'_>, headers: &mut HeaderSet) -> Result<(), Error> {
    for hook in &core.hooks.before_request {
        let mut before = BeforeRequest { attempt: about, headers };
        hook(&mut before).map_err(|source| Error::new(Cause::Hook(source)))?;
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
            let trace = response.find_header("x-clerk-trace-id").map(str::to_owned);
            let documented = operation.documented.contains(&status);
            let refusal = Refusal::read(status, response.body, trace.as_deref(), asked, documented);
            let failure = if status == 422 && refusal.has_code(KEY_REUSED) {
                Failure::KeyReused
            } else {
                Failure::Refused { status, retry_after: asked }
            };
            Err(Failed { error: Error::new(Cause::Refused(refusal)), failure })
        }
        300..=399 => Err(Failed::permanently(Error::new(Cause::Redirected { status }))),
        _ => Err(Failed::permanently(Error::new(Cause::Undecodable {
            status,
            problem: "no status that the API has".into(),
            body: response.body,
        }))),
    }
}
