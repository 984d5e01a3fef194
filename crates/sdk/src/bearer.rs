//! Where the key comes from.

use crate::{
    call::{unless_panicked, unless_panicking},
    error::{Cause, Error},
    secret::Secret,
    transport::BoxFuture,
};
use std::{error::Error as StdError, fmt, sync::Arc};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

type Yield = dyn Fn() -> BoxFuture<'static, Result<Secret, BoxError>> + Send + Sync;

type Call = dyn Fn() -> Result<Secret, BoxError> + Send + Sync;

pub(crate) enum Bearer {
    Fixed(Secret),
    Called(Arc<Call>),
    Yielded(Box<Yield>),
}

impl Bearer {
    /// The value of the `authorization` header.
    pub(crate) async fn authorization(&self) -> Result<String, Error> {
        let yielded;
        let key = match self {
            Self::Fixed(key) => key,
            Self::Called(function) => {
                yielded = usable(unless_panicked(|| function()))?;
                &yielded
            }
            Self::Yielded(function) => {
                yielded = usable(unless_panicking(async { function().await }).await)?;
                &yielded
            }
        };
        Ok(format!("Bearer {}", key.reveal()))
    }

    /// The same, but a function that blocks does so on a thread of its own.
    #[cfg(feature = "blocking")]
    pub(crate) fn beside(self) -> Self {
        let Self::Called(function) = self else { return self };
        Self::Yielded(Box::new(move || {
            let function = Arc::clone(&function);
            Box::pin(async move {
                let called = tokio::task::spawn_blocking(move || function()).await;
                called.unwrap_or_else(|_| Err(PANICKED.into()))
            })
        }))
    }
}

const PANICKED: &str = "the function that yields it panicked";

fn usable(yielded: Option<Result<Secret, BoxError>>) -> Result<Secret, Error> {
    let yielded = yielded.unwrap_or_else(|| Err(PANICKED.into()));
    let key = yielded.map_err(|source| Error::new(Cause::Bearer(source)))?;
    check(&key).map_err(|why| Error::new(Cause::Bearer(why.into())))?;
    Ok(key)
}

/// # Errors
/// Why this can be no key. The key is not repeated.
pub(crate) fn check(key: &Secret) -> Result<(), &'static str> {
    match key.reveal() {
        "" => Err("the key is empty"),
        key if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(()),
        _ => Err("the key has a space, a line break or another character that no key has"),
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Fixed(_) => "[secret]",
            Self::Called(_) | Self::Yielded(_) => "[function]",
        })
    }
}
