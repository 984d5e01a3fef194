//! The layer that finds out who a request is from.

use super::{
    body::GuardedBody,
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

const PUBLISHABLE_PREFIXES: &[&str] = &["pk_test_", "pk_live_"];

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
    ///
    /// # Errors
    /// [`VerifyErrorKind::Configuration`] if the verifier was told neither an
    /// [authorized party](crate::verify::VerifierBuilder::authorized_party) nor that it may be
    /// [any](crate::verify::VerifierBuilder::any_party): without one, a page elsewhere that signs in with the same instance could
    /// bring its visitors' tokens here as cookies.
    pub fn new(verifier: Verifier) -> Result<Self, VerifyError> {
        if !verifier.is_about_parties() {
            return Err(misconfigured(
                "a guard reads cookies, so its verifier needs an `authorized_party`: the origin of the app's pages. \
                 Where any will do, say `any_party`",
            ));
        }
        let settings = Settings { verifier, suffixed_cookie: None, is_required: false };
        Ok(Self { settings: Arc::new(settings) })
    }

    /// The publishable key (`pk_test_…` or `pk_live_…`) that the app's pages have. Where several instances share a host, as on
    /// one's own machine, only the cookie that is named after the key is this app's for certain.
    ///
    /// # Errors
    /// [`VerifyErrorKind::Configuration`] if it is no publishable key.
    pub fn publishable_key(mut self, key: &str) -> Result<Self, VerifyError> {
        let rest = PUBLISHABLE_PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix));
        if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
            return Err(misconfigured("this is no publishable key: one begins with pk_test_ or pk_live_"));
        }
        Arc::make_mut(&mut self.settings).suffixed_cookie = Some(credential::suffixed_cookie(key));
        Ok(self)
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
{
    type Response = Response<GuardedBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

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
                return Ok(GuardedBody::refused(refusal.to_http()));
            }
            inner.call(Request::from_parts(parts, body)).await.map(GuardedBody::passed)
        })
    }
}

impl Settings {
    async fn find(&self, parts: &Parts) -> Outcome {
        match credential::find(&parts.headers, self.suffixed_cookie.as_deref()) {
            Credential::None => Outcome::SignedOut,
            Credential::Ambiguous => {
                invalid("the request has two bearers, too many session cookies, or one that is no text")
            }
            Credential::Bearer(token) => self.judge(token).await,
            Credential::Cookies(tokens) => {
                let allowed = self.verifier.authorized_parties();
                if !origin::is_own(&parts.method, &parts.uri, &parts.headers, allowed) {
                    return Outcome::CrossOrigin;
                }
                self.judge_all(&tokens).await
            }
        }
    }

    /// A neighbouring host can add a cookie of the same name, so the one that is good counts. Of two good ones nobody can say which
    /// is meant.
    async fn judge_all(&self, tokens: &[&str]) -> Outcome {
        let mut best = Outcome::SignedOut;
        for token in tokens {
            best = match (best, self.judge(token).await) {
                (Outcome::SignedIn(_), Outcome::SignedIn(_)) => {
                    return invalid("the request has two session cookies, and both are good");
                }
                (Outcome::SignedIn(session), _) | (_, Outcome::SignedIn(session)) => {
                    Outcome::SignedIn(session)
                }
                (Outcome::Unavailable(error), _) | (_, Outcome::Unavailable(error)) => {
                    Outcome::Unavailable(error)
                }
                (Outcome::SignedOut, first) => first,
                (earlier, _) => earlier,
            };
        }
        best
    }

    async fn judge(&self, token: &str) -> Outcome {
        match self.verifier.verify(token).await {
            Ok(token) => Outcome::SignedIn(Session::new(token)),
            Err(error) if error.is_keys_unavailable() => Outcome::Unavailable(error),
            Err(error) => Outcome::Invalid(error),
        }
    }
}

const fn invalid(detail: &'static str) -> Outcome {
    Outcome::Invalid(VerifyError::new(VerifyErrorKind::Malformed, detail))
}

const fn misconfigured(detail: &'static str) -> VerifyError {
    VerifyError::new(VerifyErrorKind::Configuration, detail)
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
