//! Layers that hold back who acts as somebody else.

use super::{
    body::GuardedBody,
    origin,
    refusal::{Refusal, RefusalReason},
    session::Session,
};
use http::{Request, Response};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Refuses requests of impersonated sessions: for passwords, payments, deletion and the like.
///
/// Everybody else passes, also who is not signed in at all; that is for [`Session`] to refuse. It needs a
/// [`SessionLayer`](super::SessionLayer) around it and refuses everything without one.
#[derive(Clone, Copy, Debug, Default)]
pub struct RefuseImpersonation {
    _private: (),
}

/// Lets impersonated sessions look, and change nothing: GET, HEAD and OPTIONS pass, everything else is refused, WebSockets
/// too.
///
/// For others it is as [`RefuseImpersonation`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOnlyImpersonation {
    _private: (),
}

impl RefuseImpersonation {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

impl ReadOnlyImpersonation {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

impl<S> Layer<S> for RefuseImpersonation {
    type Service = RefuseImpersonationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RefuseImpersonationService { inner }
    }
}

impl<S> Layer<S> for ReadOnlyImpersonation {
    type Service = ReadOnlyImpersonationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ReadOnlyImpersonationService { inner }
    }
}

/// What [`RefuseImpersonation`] makes of a service.
#[derive(Clone, Debug)]
pub struct RefuseImpersonationService<S> {
    inner: S,
}

/// What [`ReadOnlyImpersonation`] makes of a service.
#[derive(Clone, Debug)]
pub struct ReadOnlyImpersonationService<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for RefuseImpersonationService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: 'static,
{
    type Response = Response<GuardedBody<R>>;
    type Error = S::Error;
    type Future = Guarded<R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match check(&request, RefusalReason::Impersonating, false) {
            Ok(()) => passed(self.inner.call(request)),
            Err(refusal) => refused(&refusal),
        }
    }
}

impl<S, B, R> Service<Request<B>> for ReadOnlyImpersonationService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: 'static,
{
    type Response = Response<GuardedBody<R>>;
    type Error = S::Error;
    type Future = Guarded<R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match check(&request, RefusalReason::ReadOnly, true) {
            Ok(()) => passed(self.inner.call(request)),
            Err(refusal) => refused(&refusal),
        }
    }
}

type Guarded<R, E> = Pin<Box<dyn Future<Output = Result<Response<GuardedBody<R>>, E>> + Send>>;

fn passed<R, E>(answer: impl Future<Output = Result<Response<R>, E>> + Send + 'static) -> Guarded<R, E> {
    Box::pin(async { answer.await.map(GuardedBody::passed) })
}

fn refused<R, E>(refusal: &Refusal) -> Guarded<R, E> {
    let response = refusal.to_http();
    Box::pin(async { Ok(GuardedBody::refused(response)) })
}

/// May the request pass?
fn check<B>(request: &Request<B>, reason: RefusalReason, may_look: bool) -> Result<(), Refusal> {
    let session = Session::optional_from_extensions(request.extensions())?;
    let is_held = session.is_some_and(|session| session.is_impersonated())
        && !(may_look && origin::only_looks(request.method(), request.headers()));
    if is_held { Err(Refusal::new(reason)) } else { Ok(()) }
}
