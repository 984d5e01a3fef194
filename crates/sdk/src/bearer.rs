//! Where the key comes from.

use crate::{
    error::{Cause, Error},
    secret::Secret,
    transport::BoxFuture,
};
use std::{error::Error as StdError, fmt};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

type Yield = dyn Fn() -> BoxFuture<'static, Result<Secret, BoxError>> + Send + Sync;

pub(crate) enum Bearer {
    Fixed(Secret),
    Yielded(Box<Yield>),
}

impl Bearer {
    /// The value of the `authorization` header.
    pub(crate) async fn authorization(&self) -> Result<String, Error> {
        let yielded;
        let key = match self {
            Self::Fixed(key) => key,
            Self::Yielded(function) => {
                yielded = function().await.map_err(|source| Error::new(Cause::Bearer(source)))?;
                check(&yielded).map_err(|why| Error::new(Cause::Bearer(why.into())))?;
                &yielded
            }
        };
        Ok(format!("Bearer {}", key.reveal()))
    }
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
            Self::Yielded(_) => "[function]",
        })
    }
}
