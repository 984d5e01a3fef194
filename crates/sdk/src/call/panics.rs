//! The caller's functions may panic; no answer is lost by that.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

/// What the function returns; `None` when it panicked. The panic was reported as any other.
pub(crate) fn unless_panicked<T>(function: impl FnOnce() -> T) -> Option<T> {
    // What it left half done is the caller's own.
    catch_unwind(AssertUnwindSafe(function)).ok()
}

/// The same with a future, which is not asked again.
pub(crate) async fn unless_panicking<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match unless_panicked(|| future.as_mut().poll(context)) {
        Some(Poll::Ready(value)) => Poll::Ready(Some(value)),
        Some(Poll::Pending) => Poll::Pending,
        None => Poll::Ready(None),
    })
    .await
}
