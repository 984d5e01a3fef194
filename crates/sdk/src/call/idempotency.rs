//! The `Idempotency-Key` of a call.

use super::{operation::Operation, random};
use crate::{client::Handle, error::Error, retry::Promise, secret::Secret, transport::Method};

/// The key that all attempts of the call carry, and what it is worth. Every POST to an Actas has one; to another
/// server only where the caller gave it.
///
/// # Errors
/// When the caller's key served a call already, and when there is no chance to make one of.
pub(super) fn of_call(handle: &Handle, operation: &Operation) -> Result<(Option<Secret>, Promise), Error> {
    if operation.method != Method::Post {
        return Ok((None, Promise::Nothing));
    }
    if let Some(acts_once) = operation.acts_once {
        return Ok((None, if acts_once { Promise::ActsOnce } else { Promise::Nothing }));
    }
    let promise = handle.core.server.promise();
    let key = match (&handle.options.idempotency_key, promise) {
        (Some(key), _) => Some(key.take()?),
        (None, Promise::ActsOnce) => Some(Secret::new(random::unguessable()?)),
        (None, Promise::Nothing) => None,
    };
    Ok((key, promise))
}
