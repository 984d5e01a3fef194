//! Guards among other layers and services of `tower`.

use super::{app, impersonated_token, layer, own_token, verifier, who};
use actas_sdk::guard::{
    ReadOnlyImpersonation, RefusalReason, RefuseImpersonation, Session, SessionLayer, SessionService,
};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    http::{Request, Response},
    routing::get,
};
use http_body::{Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tower::{Layer as _, Service as _, ServiceBuilder, ServiceExt as _};

/// A body that no text becomes, as layers make them that limit, compress or trace.
struct Wrapped(Body);

impl HttpBody for Wrapped {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn request(token: Option<&str>) -> axum::http::request::Builder {
    let token = token.map(|token| format!("Bearer {token}"));
    token.into_iter().fold(Request::builder(), |request, value| request.header("authorization", value))
}

async fn text<B>(response: Response<B>) -> String
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let hint = response.body().size_hint().exact();
    let bytes = to_bytes(Body::new(response.into_body()), 100_000).await.unwrap();
    assert!(hint.is_none_or(|length| length == bytes.len() as u64));
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn what_is_inside_may_wrap_its_bodies() {
    let stack = ServiceBuilder::new()
        .layer(layer(verifier()).required())
        .layer(RefuseImpersonation::new())
        .layer(ReadOnlyImpersonation::new())
        .map_response(|response: Response<Body>| response.map(Wrapped));
    let app = Router::new().route("/", get(who)).layer(stack);
    let asked = async |token: Option<&str>| {
        let request = request(token).uri("/").body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        (response.status().as_u16(), text(response).await)
    };
    assert_eq!(asked(Some(&own_token())).await, (200, "user_bob".to_owned()));
    let (status, body) = asked(Some(&impersonated_token())).await;
    assert!(status == 403 && body.contains("authorization_invalid"), "{body}");
    let (status, body) = asked(None).await;
    assert!(status == 401 && body.contains("authentication_invalid"), "{body}");
}

#[tokio::test]
async fn what_is_outside_may_wrap_them_too() {
    let outside = ServiceBuilder::new().map_response(|response: Response<Body>| response.map(Wrapped));
    let wrapped = app(layer(verifier())).layer(outside);
    let request = request(None).uri("/me").body(Body::empty()).unwrap();
    assert_eq!(wrapped.oneshot(request).await.unwrap().status(), 401);
}

/// Without axum: a service of one's own, and what it finds in the extensions.
#[tokio::test]
async fn any_tower_service_can_be_guarded() {
    let kept: Arc<Mutex<Option<Session>>> = Arc::default();
    let keeper = Arc::clone(&kept);
    let inner = tower::service_fn(move |request: Request<()>| {
        let keeper = Arc::clone(&keeper);
        async move {
            let found = request.extensions().get::<Session>().cloned();
            let same = Session::from_extensions(request.extensions());
            let subject = |session: &Session| session.subject().to_owned();
            let name = found.as_ref().map(subject);
            assert_eq!(name, same.as_ref().ok().map(subject));
            let reason = same.err().map(|refusal| refusal.reason());
            if found.is_some() {
                *keeper.lock().unwrap() = found;
            }
            Ok::<_, Infallible>(Response::new(format!("{name:?} {reason:?}")))
        }
    });
    let mut service: SessionService<_> = layer(verifier()).layer(inner);
    let mut answer =
        async |request: Request<()>| text(service.ready().await.unwrap().call(request).await.unwrap()).await;
    let asked = |token: Option<&str>| request(token).body(()).unwrap();
    assert_eq!(answer(asked(Some(&own_token()))).await, r#"Some("user_bob") None"#);
    assert_eq!(answer(asked(None)).await, format!("None {:?}", Some(RefusalReason::SignedOut)));
    assert_eq!(answer(asked(Some("x"))).await, format!("None {:?}", Some(RefusalReason::InvalidToken)));
    // A session that something left in the extensions is not believed.
    let session = kept.lock().unwrap().clone().unwrap();
    let mut planted = asked(None);
    planted.extensions_mut().insert(session);
    assert_eq!(answer(planted).await, format!("None {:?}", Some(RefusalReason::SignedOut)));
}

#[test]
fn layers_are_cheap_to_clone_and_can_be_kept() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<SessionLayer>();
    is_shared::<RefuseImpersonation>();
    is_shared::<ReadOnlyImpersonation>();
}
