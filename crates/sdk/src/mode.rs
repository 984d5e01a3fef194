//! How a call's answer comes: as a future, or by waiting for it. Every resource is written once, for both.

use crate::error::Error;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// How the methods of a resource give their answers. Only [`Async`] and, behind the feature `blocking`,
/// `blocking::Blocking` are modes.
pub trait Mode: sealed::Start {
    /// What a method returns that answers `T`.
    type Answer<T: Send + 'static>;
}

/// Methods return a future, [`Pending`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Async;

impl Mode for Async {
    type Answer<T: Send + 'static> = Pending<T>;
}

impl sealed::Start for Async {
    fn start<T, F>(&self, call: F) -> <Self as Mode>::Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        Pending(Box::pin(call))
    }
}

/// A call that runs while it is awaited. Dropped before its end, it is given up; what was already sent may still
/// take effect.
#[must_use = "a call is only made when it is awaited"]
pub struct Pending<T>(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>);

impl<T> Future for Pending<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pending")
    }
}

pub(crate) mod sealed {
    use super::{Error, Mode};
    use std::future::Future;

    /// Runs a call.
    pub trait Start: Clone + Send + Sync + 'static {
        fn start<T, F>(&self, call: F) -> <Self as Mode>::Answer<T>
        where
            Self: Mode,
            T: Send + 'static,
            F: Future<Output = Result<T, Error>> + Send + 'static;
    }
}
