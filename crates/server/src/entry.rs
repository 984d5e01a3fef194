//! What happens to each request, in order, before and after its handler.

use crate::{
    admission::{Admission, Turn, TurnedAway},
    app::App,
    error::ApiError,
    forwarded,
    frontend_api::cors,
    parameters::Pairs,
    serve::{self, Place},
};
use actas_domain::{
    caller::{Caller, Context},
    ids::SecretKeyId,
};
use axum::{
    Router,
    body::Body,
    extract::MatchedPath,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};
use tower::ServiceExt as _;
use tracing::Instrument as _;

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// What is known of a request before anybody looks at what it asks.
#[derive(Clone, Debug)]
pub(crate) struct RequestInfo {
    /// 32 lowercase hexadecimal digits.
    pub(crate) trace_id: Box<str>,
    /// Of the caller: the peer, or what trusted proxies say of it, or the app that passed it on.
    pub(crate) address: IpAddr,
    /// The secret key of the app that passed the request on ([`crate::authn::proxy`]).
    pub(crate) passed_on_by: Option<SecretKeyId>,
}

impl RequestInfo {
    /// Of one that nobody passed on.
    pub(crate) fn new(trace_id: Box<str>, address: IpAddr) -> Self {
        Self { trace_id, address, passed_on_by: None }
    }

    /// The context of somebody who has proved a ticket at most.
    pub(crate) fn context_of_holder(&self) -> Context {
        Context { caller: Caller::Client(None), address: Some(self.address), trace_id: self.trace_id.clone() }
    }
}

/// What is kept of a request until it is answered.
struct Arrival {
    info: RequestInfo,
    method: &'static str,
    reader: Option<HeaderValue>,
    started: Instant,
}

/// The way into a listener's routes.
#[derive(Clone, Debug)]
pub struct Entry {
    app: Arc<App>,
    router: Router,
    admission: Admission,
}

impl Entry {
    pub fn new(app: Arc<App>, router: Router) -> Self {
        Self { app, router, admission: Admission::new() }
    }

    /// Answers a request, whatever it is: within the time limit, without a panic, in the contract's form. Once its body
    /// is here, what it does is done to the end, also when the caller goes away and this is dropped.
    pub async fn answer<B>(&self, request: Request<B>, peer: IpAddr) -> Response
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError> + Send,
    {
        let address = self.caller_address(request.headers(), peer);
        let info = RequestInfo::new(self.trace_id(), address);
        let method = method_name(request.method());
        let arrival = Arrival { info, method, reader: self.reader(&request), started: Instant::now() };
        let span = tracing::info_span!("request", trace_id = %arrival.info.trace_id, method);
        let (mut parts, body) = request.into_parts();
        let body = self.read(body).instrument(span.clone()).await;
        // Whoever goes away while they wait has asked nothing.
        let (turn, body) = match self.admission.turn(parts.uri.path()).await {
            Ok(turn) => (turn, body),
            Err(TurnedAway) => {
                self.app.metrics.count_turned_away();
                (Turn::default(), Err(ApiError::unavailable()))
            }
        };
        let place = parts.extensions.remove::<Place>();
        let entry = self.clone();
        let work = turn.work(async move { entry.carry_out(parts, body, arrival).await });
        let answered = tokio::spawn(serve::until_cut(place, work).instrument(span)).await;
        // Without an answer the end of the program has cut it, and nobody waits for one.
        answered.ok().flatten().unwrap_or_else(|| ApiError::internal().into_response())
    }

    /// All that comes after the body, the log's line included.
    async fn carry_out(
        self,
        parts: http::request::Parts,
        body: Result<Bytes, ApiError>,
        arrival: Arrival,
    ) -> Response {
        let Arrival { mut info, method, reader, started } = arrival;
        let (mut response, route) = self.guarded(parts, body, info.clone()).await;
        if let Some(Believed(believed)) = response.extensions_mut().remove() {
            info = believed;
        }
        let response = self.finish(response, &info, reader);
        let status = response.status().as_u16();
        let seconds = started.elapsed().as_secs_f64();
        self.app.metrics.count_request(&route, method, status, seconds);
        let passed_on_by = info.passed_on_by.as_ref().map(tracing::field::display);
        // The route's pattern and not the URL: a path may hold an id, a query may hold a ticket.
        tracing::info!(route, status, milliseconds = seconds * 1e3, address = %info.address, passed_on_by, "answered");
        response
    }

    async fn guarded(
        &self,
        parts: http::request::Parts,
        body: Result<Bytes, ApiError>,
        info: RequestInfo,
    ) -> (Response, String) {
        let work = AssertUnwindSafe(self.routed(parts, body, info)).catch_unwind();
        work.await.unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            (ApiError::internal().into_response(), "panic".to_owned())
        })
    }

    async fn routed(
        &self,
        mut parts: http::request::Parts,
        body: Result<Bytes, ApiError>,
        info: RequestInfo,
    ) -> (Response, String) {
        let body = body.unwrap_or_else(|refusal| {
            parts.extensions.insert(UnreadBody(refusal));
            Bytes::new()
        });
        if let Some(method) = tunnelled_method(&parts.method, parts.uri.path(), parts.uri.query()) {
            parts.method = method;
        }
        parts.extensions.insert(info);
        let answered = self.router.clone().oneshot(Request::from_parts(parts, Body::from(body))).await;
        let response = answered.unwrap_or_else(|never| match never {});
        let route = response
            .extensions()
            .get::<Route>()
            .map_or_else(|| "unknown".to_owned(), |route| route.0.clone());
        (response, route)
    }

    /// The whole body. The time limit is for it alone: once a request is here, what it does is waited for, because
    /// nobody could tell whether an act that was cut off has happened, and a guess whose caller left early would be
    /// looked at and not counted.
    async fn read<B>(&self, body: B) -> Result<Bytes, ApiError>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError> + Send,
    {
        let max_bytes = self.app.http.body_max_bytes;
        let reading = Limited::new(body, max_bytes).collect();
        match tokio::time::timeout(self.app.http.request_timeout, reading).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::body_too_large(max_bytes)),
            Ok(Err(_)) => Err(ApiError::body_invalid()),
            Err(_) => Err(ApiError::request_timeout()),
        }
    }

    /// The origin whose script may read the answer, also when no route's layer comes to say so (a request that
    /// takes too long, a handler that panics).
    fn reader<B>(&self, request: &Request<B>) -> Option<HeaderValue> {
        let covered = cors::covers(request.uri().path());
        covered.then(|| cors::allowed_origin(&self.app, request.headers()).ok().flatten()).flatten()
    }

    /// Writes an error's body, and the headers that every answer has.
    fn finish(&self, mut response: Response, info: &RequestInfo, reader: Option<HeaderValue>) -> Response {
        if let Some(origin) = reader {
            response = cors::let_read(response, origin);
        }
        if let Some(error) = response.extensions_mut().remove::<ApiError>() {
            self.app.metrics.count_refusal(error.code);
            let json = serde_json::to_vec(&error.envelope(&info.trace_id)).unwrap_or_default();
            let json_length = json.len();
            *response.body_mut() = Body::from(json);
            // The router counted the empty body that stood here before.
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(json_length));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let first = response.extensions_mut().remove::<AnsweredTrace>();
        let trace_id = first.map_or_else(|| info.trace_id.clone(), |first| first.0);
        let headers = response.headers_mut();
        if let Ok(trace_id) = HeaderValue::from_str(&trace_id) {
            headers.insert(HeaderName::from_static("x-clerk-trace-id"), trace_id.clone());
            headers.insert(HeaderName::from_static("clerk-trace-id"), trace_id);
        }
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }

    fn trace_id(&self) -> Box<str> {
        let mut bytes = [0_u8; 16];
        self.app.world.entropy.fill(&mut bytes);
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
        digits.map(|digit| char::from(HEXADECIMAL[usize::from(digit)])).collect()
    }

    /// The peer; where it is a trusted proxy, the nearest address in `X-Forwarded-For` that is none.
    fn caller_address(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let (peer, trusted_proxies) = (peer.to_canonical(), &self.app.http.trusted_proxies);
        let forwarded = forwarded::is_trusted(peer, trusted_proxies)
            .then(|| forwarded::nearest_address(headers, trusted_proxies));
        forwarded.flatten().unwrap_or(peer)
    }
}

/// The trace id of the request that was answered first, when its answer is given again: the body of an error repeats it.
#[derive(Clone, Debug)]
pub(crate) struct AnsweredTrace(pub(crate) Box<str>);

/// A request whose body could not be read whole, or that waited for too long, and what is answered to it: behind the secret key, and with
/// the headers that a browser needs to read an answer.
#[derive(Clone, Debug)]
struct UnreadBody(ApiError);

/// The layer next to the handlers: none of them sees a body that was cut.
pub(crate) async fn refuse_unread_body(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Result<Response, ApiError> {
    match request.extensions().get::<UnreadBody>() {
        Some(UnreadBody(refusal)) => Err(refusal.clone()),
        None => Ok(next.run(request).await),
    }
}

/// On an answer: what was believed of its request, where that is more than was known at first.
#[derive(Clone, Debug)]
pub(crate) struct Believed(pub(crate) RequestInfo);

/// The pattern of the route that answered, for logs and metrics.
#[derive(Clone, Debug)]
pub(crate) struct Route(pub(crate) String);

/// A layer's inner side: remembers which route matched.
pub(crate) async fn remember_route(
    matched: Option<MatchedPath>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = matched {
        response.extensions_mut().insert(Route(path.as_str().to_owned()));
    }
    response
}

/// A method's name for logs and metrics. A caller may invent methods; names of theirs must not become labels.
fn method_name(method: &Method) -> &'static str {
    let known = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];
    const NAMES: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];
    known.iter().position(|each| each == method).map_or("other", |index| NAMES[index])
}

/// Browsers' SDKs send `PATCH`, `PUT` and `DELETE` as a `POST` with `_method` in the query, to the Frontend API only.
fn tunnelled_method(method: &Method, path: &str, query: Option<&str>) -> Option<Method> {
    if *method != Method::POST || !cors::covers(path) {
        return None;
    }
    match Pairs::parse(query?.as_bytes()).ok()?.first("_method")? {
        "PATCH" => Some(Method::PATCH),
        "PUT" => Some(Method::PUT),
        "DELETE" => Some(Method::DELETE),
        _ => None,
    }
}
