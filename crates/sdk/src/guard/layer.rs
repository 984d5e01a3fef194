//! The layer that finds out who a request is from.

use super::{
    credential::{self, Credential},
    origin,
    refusal::Refusal,
    session::{Outcome, Session},
};
use crate::verify::{Verifier, VerifyError, VerifyErrorKind};
use http::{Request, Response, request::Parts};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Verifies the session of each request and keeps it in the request's extensions, as [`Session`].
///
/// By itself it refuses nothing: routes do, with the extractors and layers of [this module](super), or all at once with
/// [`required`](Self::required).
#[derive(Clone, Debug)]
pub struct SessionLayer {
    settings: Arc<Settings>,
}

#[derive(Clone, Debug)]
struct Settings {
    verifier: Verifier,
    suffixed_cookie: Option<String>,
    is_required: bool,
}

impl SessionLayer {
    /// With a verifier, and the rest as [the module](super) says.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        let settings = Settings { verifier, suffixed_cookie: None, is_required: false };
        Self { settings: Arc::new(settings) }
    }

    /// The publishable key (`pk_…`) that the app's pages have. Where several instances share a host, as on one's own
    /// machine, only the cookie that is named after the key is this app's for certain.
    #[must_use]
    pub fn publishable_key(mut self, key: &str) -> Self {
        Arc::make_mut(&mut self.settings).suffixed_cookie = Some(credential::suffixed_cookie(key));
        self
    }

    /// Refuses every request without a session, so that what is inside never sees one. A layer for CORS belongs outside:
    /// preflight requests carry no session.
    #[must_use]
    pub fn required(mut self) -> Self {
        Arc::make_mut(&mut self.settings).is_required = true;
        self
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService { inner, settings: Arc::clone(&self.settings) }
    }
}

/// What [`SessionLayer`] makes of a service.
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S, B, R> Service<Request<B>> for SessionService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String> + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let settings = Arc::clone(&self.settings);
        // The one that is ready goes along; the clone waits for its own turn.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let outcome = settings.find(&parts).await;
            if let Err(refusal) = remember(&mut parts, outcome, settings.is_required) {
                return Ok(refusal.into_response());
            }
            inner.call(Request::from_parts(parts, body)).await
        })
    }
}

impl Settings {
    async fn find(&self, parts: &Parts) -> Outcome {
        let token = match credential::find(&parts.headers, self.suffixed_cookie.as_deref()) {
            Credential::None => return Outcome::SignedOut,
            Credential::Ambiguous => {
                let detail = "the request has two session tokens, or one that is no text";
                return Outcome::Invalid(VerifyError::new(VerifyErrorKind::Malformed, detail));
            }
            Credential::Bearer(token) => token,
            Credential::Cookie(token) => {
                let allowed = self.verifier.authorized_parties();
                if !origin::is_own(&parts.method, &parts.uri, &parts.headers, allowed) {
                    return Outcome::CrossOrigin;
                }
                token
            }
        };
        match self.verifier.verify(token).await {
            Ok(token) => Outcome::SignedIn(Session::new(token)),
            Err(error) if error.is_keys_unavailable() => Outcome::Unavailable(error),
            Err(error) => Outcome::Invalid(error),
        }
    }
}

/// Nothing that an earlier layer may have left is believed.
fn remember(parts: &mut Parts, outcome: Outcome, is_required: bool) -> Result<(), Refusal> {
    parts.extensions.remove::<Session>();
    if let Outcome::SignedIn(session) = &outcome {
        parts.extensions.insert(session.clone());
    }
    parts.extensions.insert(outcome);
    if is_required { Session::from_extensions(&parts.extensions).map(drop) } else { Ok(()) }
}
