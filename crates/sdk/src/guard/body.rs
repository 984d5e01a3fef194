//! The body of a response that a guard let through, or made itself.

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// The body of a guarded service's response: the service's own, or that of a refusal.
///
/// It is a [`Body`] whenever the service's own is one, so guards stand anywhere among other layers.
pub struct GuardedBody<B> {
    inner: Inner<B>,
}

enum Inner<B> {
    /// Boxed, so that it can be polled without being `Unpin`.
    Passed(Pin<Box<B>>),
    Refused(Bytes),
}

impl<B> GuardedBody<B> {
    pub(super) fn passed(response: Response<B>) -> Response<Self> {
        response.map(|body| Self { inner: Inner::Passed(Box::pin(body)) })
    }

    pub(super) fn refused(response: Response<String>) -> Response<Self> {
        response.map(|body| Self { inner: Inner::Refused(body.into()) })
    }
}

impl<B: Body> Body for GuardedBody<B>
where
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match &mut self.inner {
            Inner::Passed(body) => body.as_mut().poll_frame(context),
            Inner::Refused(text) if text.is_empty() => Poll::Ready(None),
            Inner::Refused(text) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(text).into())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Passed(body) => body.is_end_stream(),
            Inner::Refused(text) => text.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Passed(body) => body.size_hint(),
            Inner::Refused(text) => SizeHint::with_exact(text.len() as u64),
        }
    }
}

impl<B> fmt::Debug for GuardedBody<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match &self.inner {
            Inner::Passed(_) => "passed",
            Inner::Refused(_) => "refused",
        };
        formatter.debug_tuple("GuardedBody").field(&shown).finish()
    }
}
