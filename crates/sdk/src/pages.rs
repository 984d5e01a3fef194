//! Lists that come in parts.

use crate::{
    client::Handle,
    error::{Cause, Error},
    mode::{Async, Mode},
};
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// failed or was given up can be made again.
    following: Option<Q>,
}

impl<Q: ListQuery, M: Mode> Pages<Q, M> {
    pub(crate) fn new(query: Q, handle: Handle, mode: M) -> Self {
        Self { handle, mode, following: Some(query) }
    }

    fn ask(&self, query: &Q) -> M::Answer<Q::Page> {
        let (operation, handle) = (query.operation(), self.handle.clone());
        self.mode.start(async move { operation.answer(&handle).await })
    }

    /// # Errors
    /// When the part ends where the one before did: the server does not read the cursor, and would answer for ever.
    fn advance(&mut self, query: &Q, page: Q::Page) -> Result<Q::Page, Error> {
        self.following = query.after(&page);
        if self.following.as_ref() == Some(query) {
            self.following = None;
            let problem =
                "the server answered the same part of the list again: it does not follow the cursor";
            return Err(Error::new(Cause::Value(problem.to_owned())));
        }
        Ok(page)
    }
}

impl<Q: ListQuery> Pages<Q, Async> {
    /// The next part; `None` behind the last. After an error the same part is asked for again, and likewise after a
    /// call that was given up.
    ///
    /// # Errors
    /// As for the list itself; and [`ErrorKind::Decode`](crate::ErrorKind::Decode) where the server answers the part
    /// before once more, which ends the list.
    pub async fn next(&mut self) -> Result<Option<Q::Page>, Error> {
        let Some(query) = self.following.clone() else { return Ok(None) };
        let page = self.ask(&query).await?;
        self.advance(&query, page).map(Some)
    }
}

/// Each part, or why it could not be had; an error is the last item.
#[cfg(feature = "blocking")]
impl<Q: ListQuery> Iterator for Pages<Q, crate::blocking::Blocking> {
    type Item = Result<Q::Page, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let query = self.following.take()?;
        Some(self.ask(&query).and_then(|page| self.advance(&query, page)))
    }
}

#[cfg(feature = "blocking")]
impl<Q: ListQuery> std::iter::FusedIterator for Pages<Q, crate::blocking::Blocking> {}

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
    pub trait Follow: Clone + Debug + PartialEq + Send + Sync + 'static {
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
