//! Clients: browsers and the like, each with the sessions that it holds.

use crate::{
    call::{Operation, Query},
    client::Handle,
    mode::{Async, Mode},
    pages::{Pages, sealed::Follow},
    secret::Secret,
    sessions::Session,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The methods of clients: [`Client::clients`](crate::Client::clients).
#[derive(Clone, Debug)]
pub struct Clients<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> Clients<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// Lists clients (`GET /clients`). Clerk has retired it and may answer 410.
    ///
    /// # Errors
    /// Only what any method may answer.
    pub fn list(&self, query: ListClients) -> M::Answer<Vec<ClientDetails>> {
        query.operation().send(&self.handle, &self.mode)
    }

    /// All that a list has, part by part.
    pub fn pages(&self, query: ListClients) -> Pages<ListClients, M> {
        Pages::new(query, self.handle.clone(), self.mode.clone())
    }

    /// Shows a client (`GET /clients/{id}`).
    ///
    /// # Errors
    /// 404 when there is no such client.
    pub fn get(&self, id: impl AsRef<str>) -> M::Answer<ClientDetails> {
        Operation::get("clients.get", &["clients", id.as_ref()])
            .documented(&[400, 401, 404])
            .send(&self.handle, &self.mode)
    }

    /// Tells whose cookie this is (`POST /clients/verify`). The cookie is sent in the body and shown nowhere.
    ///
    /// # Errors
    /// 400 when it is nobody's.
    pub fn verify(&self, token: impl Into<String>) -> M::Answer<ClientDetails> {
        #[derive(Serialize)]
        struct Request {
            token: Secret,
        }
        let operation =
            Operation::post("clients.verify", &["clients", "verify"]).documented(&[400, 401, 404]);
        Operation::send_result(
            operation.json(&Request { token: Secret::new(token) }),
            &self.handle,
            &self.mode,
        )
    }
}

/// Which clients are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListClients {
    limit: Option<u32>,
    offset: u64,
}

impl ListClients {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The most rows of one answer, 1 to 500. Default: 10.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// How many rows are left out at the beginning.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }
}

impl Follow for ListClients {
    type Page = Vec<ClientDetails>;

    fn operation(&self) -> Operation {
        let query = Query::default()
            .pair("limit", self.limit)
            .pair("offset", (self.offset > 0).then_some(self.offset));
        Operation::get("clients.list", &["clients"]).query(query).documented(&[400, 401, 410, 422])
    }

    fn after(&self, page: &Self::Page) -> Option<Self> {
        crate::pages::next_offset(self.offset, page.len(), self.limit)
            .map(|offset| self.clone().offset(offset))
    }
}

/// A client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientDetails {
    /// `client_…`
    pub id: String,
    /// The ids of its sessions.
    #[serde(default)]
    pub session_ids: Vec<String>,
    /// Its sessions.
    #[serde(default)]
    pub sessions: Vec<Session>,
    /// Its attempt to sign in, while there is one.
    #[serde(default)]
    pub sign_in_id: Option<String>,
    /// Its attempt to sign up. Always `None` from Actas.
    #[serde(default)]
    pub sign_up_id: Option<String>,
    /// The session that was used last.
    #[serde(default)]
    pub last_active_session_id: Option<String>,
    /// How it last signed in, for example `ticket`.
    #[serde(default)]
    pub last_authentication_strategy: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
