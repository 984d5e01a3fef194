//! `Idempotency-Key` on the requests that act: the layer around their handlers, and how a handler has its answer kept.
//!
//! The layer looks for an answer first. Behind the handler it keeps what the act itself did not: refusals of shape, and
//! the answers of acts that found nothing to change.

use super::Json;
use crate::{app::App, authn::secret_key::Backend, entry::AnsweredTrace, error::ApiError};
use actas_domain::{
    caller::Caller,
    idempotency::{Answer, IdempotencyKey, Keep, Repeatable, RequestDigest, ScopedKey, Settled},
    ids::SecretKeyId,
    refusal::{ParameterProblem, ParameterRefusal, Refusal},
};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use serde::Serialize;
use serde_json::Value;
use std::{convert::Infallible, sync::Arc};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The routes whose `POST` acts. The others ignore the header: they change nothing, and a session token of yesterday
/// would be of no use.
pub const REPEATABLE_ROUTES: &[&str] = &[
    "/v1/actor_tokens",
    "/v1/actor_tokens/{actor_token_id}/revoke",
    "/v1/sign_in_tokens",
    "/v1/sign_in_tokens/{sign_in_token_id}/revoke",
    "/v1/users",
    "/v1/users/{user_id}/ban",
    "/v1/users/{user_id}/unban",
    "/v1/users/{user_id}/lock",
    "/v1/users/{user_id}/unlock",
    "/v1/sessions",
    "/v1/sessions/{session_id}/revoke",
];

/// The layer next to the handlers: the body is whole and the caller has a secret key.
pub(crate) async fn repeat(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if !request.headers().contains_key(HEADER) || !acts(&request) {
        return Ok(next.run(request).await);
    }
    let key = key(request.headers())?;
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|_| ApiError::body_invalid())?;
    let Backend { context, version } = Backend::from_request_parts(&mut parts, &()).await?;
    let Caller::SecretKey(caller) = context.caller else { return Err(ApiError::internal()) };
    let Some(scoped) = scoped(&mut parts, key).await else {
        return Ok(next.run(Request::from_parts(parts, Body::from(body))).await);
    };
    let digest = RequestDigest::of(version.as_str(), &content_type(&parts.headers), &body);
    let repeatable = Arc::new(Repeatable::new(&app.world, scoped, digest, caller.clone())?);
    if let Some(settled) = repeatable.look(&app.world).await? {
        return settled_by(&app, &caller, settled);
    }
    let repeat = Repeat(Some((Arc::clone(&repeatable), context.trace_id)));
    parts.extensions.insert(repeat.clone());
    let mut response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if repeatable.settled().is_none() {
        let answer;
        (answer, response) = repeat.answer_of(response).await?;
        if let Some(answer) = answer {
            repeatable.keep(&app.world, answer).await?;
        }
    }
    match repeatable.settled() {
        // An error is written where every error is.
        Some(Settled::Own(answer)) if answer.status >= 400 => Ok(response),
        Some(settled) => settled_by(&app, &caller, settled),
        None => Ok(response),
    }
}

/// What a handler that acts takes, to have its answer kept; without a key nothing is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repeat(Option<(Arc<Repeatable>, Box<str>)>);

impl Repeat {
    /// Keeps what this makes of the act's outcome.
    pub(crate) const fn keep<T, S, F>(&self, shape: F) -> Keeping<'_, F>
    where
        F: Fn(&T) -> Result<S, ApiError>,
    {
        Keeping { repeat: self, shape }
    }

    fn answer(&self, status: StatusCode, body: Vec<u8>) -> Option<Answer> {
        let (_, trace_id) = self.0.as_ref().filter(|_| is_kept(status))?;
        Some(Answer::new(status.as_u16(), trace_id, body))
    }

    fn refusal(&self, error: &ApiError) -> Option<Answer> {
        let (_, trace_id) = self.0.as_ref()?;
        self.answer(error.status, serde_json::to_vec(&error.envelope(trace_id)).ok()?)
    }

    /// What is to be kept of a handler's response, if anything, and the response again.
    async fn answer_of(&self, response: Response) -> Result<(Option<Answer>, Response), ApiError> {
        if let Some(error) = response.extensions().get::<ApiError>() {
            return Ok((self.refusal(error), response));
        }
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(|_| ApiError::internal())?;
        let answer = self.answer(head.status, body.to_vec());
        Ok((answer, Response::from_parts(head, Body::from(body))))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Repeat {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// A handler's way to show an outcome, which is also how it is kept.
#[derive(Debug)]
pub(crate) struct Keeping<'a, F> {
    repeat: &'a Repeat,
    shape: F,
}

impl<F> Keeping<'_, F> {
    pub(crate) fn show<T, S>(&self, outcome: &T) -> Result<Json<S>, ApiError>
    where
        F: Fn(&T) -> Result<S, ApiError>,
    {
        (self.shape)(outcome).map(Json)
    }
}

impl<T, S, F> Keep<T> for Keeping<'_, F>
where
    S: Serialize,
    F: Fn(&T) -> Result<S, ApiError> + Sync,
{
    fn repeatable(&self) -> Option<&Repeatable> {
        self.repeat.0.as_ref().map(|(repeatable, _)| repeatable.as_ref())
    }

    fn answer(&self, outcome: Result<&T, &Refusal>) -> Option<Answer> {
        match outcome {
            Ok(outcome) => {
                let shape = (self.shape)(outcome).ok()?;
                self.repeat.answer(StatusCode::OK, serde_json::to_vec(&shape).ok()?)
            }
            Err(refusal) => self.repeat.refusal(&ApiError::from(refusal.clone())),
        }
    }
}

fn acts(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    *request.method() == Method::POST && route.is_some_and(|route| REPEATABLE_ROUTES.contains(&route))
}

/// `None` for a path that names nothing, because it is no text.
async fn scoped(parts: &mut Parts, key: IdempotencyKey) -> Option<ScopedKey> {
    let route = parts.extensions.get::<MatchedPath>()?.as_str().into();
    let parameters = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let parameters = parameters.iter().map(|(_, text)| text.into()).collect();
    Some(ScopedKey { method: parts.method.as_str().into(), route, parameters, key })
}

/// In lower case and without its parameters; nothing where there is none.
fn content_type(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn key(headers: &HeaderMap) -> Result<IdempotencyKey, ParameterRefusal> {
    let refuse = |problem| ParameterRefusal::new("Idempotency-Key", problem);
    let mut values = headers.get_all(HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(refuse(ParameterProblem::Repeated));
    };
    let must_be = "text of 1 to 255 visible ASCII characters";
    IdempotencyKey::parse(value.as_bytes()).ok_or_else(|| refuse(ParameterProblem::Malformed { must_be }))
}

/// Somebody who proves themselves later, asks less often or tries again after a fault must get another answer.
fn is_kept(status: StatusCode) -> bool {
    !status.is_server_error() && status != StatusCode::UNAUTHORIZED && status != StatusCode::TOO_MANY_REQUESTS
}

fn settled_by(app: &App, caller: &SecretKeyId, settled: &Settled) -> Result<Response, ApiError> {
    let (answer, acted_by) = match settled {
        Settled::Own(answer) => (answer, None),
        Settled::Earlier { answer, acted_by } => (answer, Some(acted_by)),
        Settled::AnotherBody => return Err(Refusal::IdempotencyKeyReused.into()),
    };
    let mut response = Response::new(Body::from(answer.body.to_vec()));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| ApiError::internal())?;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(acted_by) = acted_by {
        // The record names who acted; who was answered as well, with what may be a ticket, stands here.
        tracing::info!(first = %answer.trace_id, secret_key = %caller, %acted_by, "answered as the first time");
        if let Some(code) = refusal_code(answer) {
            app.metrics.count_refusal(&code);
        }
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response.extensions_mut().insert(AnsweredTrace(answer.trace_id.clone()));
    }
    Ok(response)
}

/// The code that an error's body names.
fn refusal_code(answer: &Answer) -> Option<String> {
    let body: Value = (answer.status >= 400).then(|| serde_json::from_slice(&answer.body).ok())??;
    Some(body["errors"][0]["code"].as_str()?.to_owned())
}
