//! Actor tokens: leave to sign in as somebody else, once.

mod actor;
mod list;
mod shapes;

pub use actor::Actor;
pub use list::ListActorTokens;
pub use shapes::{ActorToken, ActorTokenDetails, ActorTokenStatus, CreateActorToken};

use crate::{
    call::Operation,
    client::Handle,
    mode::{Async, Mode},
    pages::{CursorPage, Pages, sealed::Follow},
};

/// The methods of actor tokens: [`Client::actor_tokens`](crate::Client::actor_tokens).
#[derive(Clone, Debug)]
pub struct ActorTokens<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> ActorTokens<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// Makes an actor token (`POST /actor_tokens`). Its [`ticket`](ActorToken::ticket) and [`url`](ActorToken::url)
    /// are in this answer and in no other.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 402 and 422;
    /// [`ErrorKind::ApiError`](crate::ErrorKind::ApiError) for any other refusal, for example 404 for an unknown
    /// user.
    pub fn create(&self, request: CreateActorToken) -> M::Answer<ActorToken> {
        let operation =
            Operation::post("actor_tokens.create", &["actor_tokens"]).documented(&[400, 402, 422]);
        Operation::send_result(operation.json(&request), &self.handle, &self.mode)
    }

    /// Revokes an actor token that is pending (`POST /actor_tokens/{id}/revoke`). A session that was made from it
    /// goes on; revoke that with [`Sessions::revoke`](crate::sessions::Sessions::revoke).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400 (it is not pending) and 404 (there is no
    /// such token); [`ErrorKind::ApiError`](crate::ErrorKind::ApiError) for any other refusal.
    pub fn revoke(&self, id: impl AsRef<str>) -> M::Answer<ActorToken> {
        Operation::post("actor_tokens.revoke", &["actor_tokens", id.as_ref(), "revoke"])
            .documented(&[400, 404])
            .send(&self.handle, &self.mode)
    }

    /// Shows an actor token, never its ticket (`GET /actor_tokens/{id}`). Of Actas alone.
    ///
    /// # Errors
    /// 404 when there is no such token, and on every other server.
    pub fn get(&self, id: impl AsRef<str>) -> M::Answer<ActorTokenDetails> {
        Operation::get("actor_tokens.get", &["actor_tokens", id.as_ref()])
            .documented(&[404])
            .send(&self.handle, &self.mode)
    }

    /// Lists actor tokens, the newest first (`GET /actor_tokens`). Of Actas alone.
    ///
    /// # Errors
    /// 422 for a parameter that is refused; 404 on every other server.
    pub fn list(&self, query: ListActorTokens) -> M::Answer<CursorPage<ActorTokenDetails>> {
        query.operation().send(&self.handle, &self.mode)
    }

    /// All that a list has, part by part.
    pub fn pages(&self, query: ListActorTokens) -> Pages<ListActorTokens, M> {
        Pages::new(query, self.handle.clone(), self.mode.clone())
    }
}
