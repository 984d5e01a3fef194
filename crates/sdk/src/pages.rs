//! Lists that come in parts.

use crate::{
    client::Handle,
    mode::{Async, Mode},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// A part of a list that is followed by a cursor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CursorPage<T> {
    /// The rows of this part.
    pub data: Vec<T>,
    /// Whether there are more behind the last one.
    pub has_more: bool,
}

/// What can be asked for part by part: [`ListActorTokens`](crate::actor_tokens::ListActorTokens),
/// [`ListAuditEntries`](crate::audit_entries::ListAuditEntries), [`ListUsers`](crate::users::ListUsers),
/// [`ListSessions`](crate::sessions::ListSessions) and [`ListClients`](crate::clients::ListClients).
pub trait ListQuery: sealed::Follow {}

impl<Q: sealed::Follow> ListQuery for Q {}

/// The parts of a list, one after the other, each asked for when it is needed.
///
/// ```no_run
/// # async fn example(client: actas_sdk::Client) -> Result<(), actas_sdk::Error> {
/// use actas_sdk::users::ListUsers;
///
/// let mut pages = client.users().pages(ListUsers::new().limit(100));
/// while let Some(users) = pages.next().await? {
///     for user in users {
///         println!("{}", user.id);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is asked for until `next`"]
pub struct Pages<Q: ListQuery, M: Mode = Async> {
    handle: Handle,
    mode: M,
    /// What to ask for next, until there is nothing more. It only moves when an answer is there, so a call that
    /// failed or was given up is made again by the next [`Pages::next`].
    following: Arc<Mutex<Option<Q>>>,
}

impl<Q: ListQuery, M: Mode> Pages<Q, M> {
    pub(crate) fn new(query: Q, handle: Handle, mode: M) -> Self {
        Self { handle, mode, following: Arc::new(Mutex::new(Some(query))) }
    }

    /// The next part; `None` behind the last. After an error the same part is asked for again.
    ///
    /// # Errors
    /// As for the list itself.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it returns depends on the mode; the blocking one iterates"
    )]
    pub fn next(&mut self) -> M::Answer<Option<Q::Page>> {
        let following = Arc::clone(&self.following);
        let handle = self.handle.clone();
        self.mode.start(async move {
            let query = following.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let Some(query) = query else { return Ok(None) };
            let page: Q::Page = query.operation().answer(&handle).await?;
            *following.lock().unwrap_or_else(PoisonError::into_inner) = query.after(&page);
            Ok(Some(page))
        })
    }
}

/// Each part, or why it could not be had; then the next item is the same part again, so stop at an error or count
/// them.
#[cfg(feature = "blocking")]
impl<Q: ListQuery> Iterator for Pages<Q, crate::blocking::Blocking> {
    type Item = Result<Q::Page, crate::error::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Self::next(self).transpose()
    }
}

impl<Q: ListQuery, M: Mode> fmt::Debug for Pages<Q, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("following", &self.following).finish_non_exhaustive()
    }
}

pub(crate) mod sealed {
    use crate::call::Operation;
    use serde::de::DeserializeOwned;
    use std::fmt::Debug;

    /// A query that knows what to ask for after an answer.
    pub trait Follow: Clone + Debug + Send + Sync + 'static {
        /// One part of the list.
        type Page: DeserializeOwned + Send + 'static;

        #[doc(hidden)]
        fn operation(&self) -> Operation;

        /// `None` when that was the last part.
        #[doc(hidden)]
        fn after(&self, page: &Self::Page) -> Option<Self>;
    }
}

/// The rows of an answer where nothing is said.
const DEFAULT_LIMIT: u32 = 10;

/// The offset of the next part of a list that says nothing of whether there is more: a part that is not full is
/// the last.
pub(crate) fn next_offset(offset: u64, rows: usize, limit: Option<u32>) -> Option<u64> {
    let rows = u64::try_from(rows).ok()?;
    let is_full = rows > 0 && rows >= u64::from(limit.unwrap_or(DEFAULT_LIMIT));
    is_full.then(|| offset.checked_add(rows)).flatten()
}
