//! Sessions.

mod list;
mod shapes;

pub use list::ListSessions;
pub use shapes::{Session, SessionPage, SessionStatus, SessionToken};

use crate::{
    call::Operation,
    client::Handle,
    mode::{Async, Mode},
    pages::{Pages, sealed::Follow},
    secret::Secret,
};
use serde::Serialize;
use std::time::Duration;

/// The last API version that has [`Sessions::verify`].
const VERSION_WITH_VERIFY: &str = "2024-10-01";

/// The methods of sessions: [`Client::sessions`](crate::Client::sessions).
#[derive(Clone, Debug)]
pub struct Sessions<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> Sessions<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// Makes a session for a user (`POST /sessions`), for tests: production instances of Clerk refuse it (400).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401, 404 (there is no such user) and 422.
    pub fn create(&self, user_id: impl Into<String>) -> M::Answer<Session> {
        #[derive(Serialize)]
        struct Request {
            user_id: String,
        }
        let operation = Operation::post("sessions.create", &["sessions"]).documented(&[400, 401, 404, 422]);
        Operation::send_result(operation.json(&Request { user_id: user_id.into() }), &self.handle, &self.mode)
    }

    /// Lists sessions, the newest first (`GET /sessions`).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401 and 422.
    pub fn list(&self, query: ListSessions) -> M::Answer<Vec<Session>> {
        query.operation().send(&self.handle, &self.mode)
    }

    /// The same with the number of all sessions that match (`GET /sessions?paginated=true`).
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn list_with_total(&self, query: ListSessions) -> M::Answer<SessionPage> {
        query.paginated_operation().send(&self.handle, &self.mode)
    }

    /// All that a list has, part by part.
    pub fn pages(&self, query: ListSessions) -> Pages<ListSessions, M> {
        Pages::new(query, self.handle.clone(), self.mode.clone())
    }

    /// Shows a session (`GET /sessions/{id}`).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401 and 404.
    pub fn get(&self, id: impl AsRef<str>) -> M::Answer<Session> {
        Operation::get("sessions.get", &["sessions", id.as_ref()])
            .documented(&[400, 401, 404])
            .send(&self.handle, &self.mode)
    }

    /// Ends a session (`POST /sessions/{id}/revoke`). A session token that was given out holds until it is too
    /// old, a minute as a rule.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401 and 404.
    pub fn revoke(&self, id: impl AsRef<str>) -> M::Answer<Session> {
        Operation::post("sessions.revoke", &["sessions", id.as_ref(), "revoke"])
            .documented(&[400, 401, 404])
            .send(&self.handle, &self.mode)
    }

    /// Asks the server whether a token is one of this session (`POST /sessions/{id}/verify`). Retired: it is asked
    /// for in the API version 2024-10-01, the last that has it. Verify tokens by their signature instead, which
    /// needs no call.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400 (it is not), 401, 404 and 410.
    pub fn verify(&self, id: impl AsRef<str>, token: impl Into<String>) -> M::Answer<Session> {
        #[derive(Serialize)]
        struct Request {
            token: Secret,
        }
        let operation = Operation::post("sessions.verify", &["sessions", id.as_ref(), "verify"])
            .header("clerk-api-version", VERSION_WITH_VERIFY)
            .documented(&[400, 401, 404, 410]);
        Operation::send_result(
            operation.json(&Request { token: Secret::new(token) }),
            &self.handle,
            &self.mode,
        )
    }

    /// Makes a session token (`POST /sessions/{id}/tokens`) that holds as long as the server gives one, a minute
    /// as a rule.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 401, 404 and 422.
    pub fn token(&self, id: impl AsRef<str>) -> M::Answer<SessionToken> {
        self.create_token(id.as_ref(), None)
    }

    /// The same with a lifetime, in whole seconds, rounded down: 30 seconds to ten years.
    ///
    /// # Errors
    /// As for [`token`](Self::token).
    pub fn token_with_lifetime(&self, id: impl AsRef<str>, lifetime: Duration) -> M::Answer<SessionToken> {
        self.create_token(id.as_ref(), Some(lifetime.as_secs()))
    }

    /// Makes a token by a template of Clerk's (`POST /sessions/{id}/tokens/{template}`). Actas has none and answers
    /// 404.
    ///
    /// # Errors
    /// As for [`token`](Self::token).
    pub fn token_from_template(
        &self,
        id: impl AsRef<str>,
        template: impl AsRef<str>,
    ) -> M::Answer<SessionToken> {
        Operation::post(
            "sessions.token_from_template",
            &["sessions", id.as_ref(), "tokens", template.as_ref()],
        )
        .documented(&[401, 404, 422])
        .send(&self.handle, &self.mode)
    }

    fn create_token(&self, id: &str, expires_in_seconds: Option<u64>) -> M::Answer<SessionToken> {
        #[derive(Serialize)]
        struct Request {
            expires_in_seconds: u64,
        }
        let operation =
            Operation::post("sessions.token", &["sessions", id, "tokens"]).documented(&[401, 404, 422]);
        let operation = match expires_in_seconds {
            Some(expires_in_seconds) => operation.json(&Request { expires_in_seconds }),
            None => Ok(operation),
        };
        Operation::send_result(operation, &self.handle, &self.mode)
    }
}
