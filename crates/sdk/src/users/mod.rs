//! Users.

mod create;
mod import;
mod list;
mod metadata;
mod setters;
mod shapes;
mod update;

pub use create::CreateUser;
pub use import::{ImportStatus, ImportUsers, ImportedUser, ImportedUsers};
pub use list::ListUsers;
pub use metadata::UserMetadata;
pub use shapes::{DeletedUser, EmailAddress, PhoneNumber, User, Verification, Web3Wallet};
pub use update::UpdateUser;

use crate::{
    call::Operation,
    client::Handle,
    mode::{Async, Mode},
    pages::{Pages, sealed::Follow},
    transport::Method,
};
use shapes::TotalCount;

/// What stands in an id's place in paths of their own.
const PATHS: &[&str] = &["count", "import"];

/// The statuses that the reference names for what is done to one user.
const OF_ONE_USER: &[u16] = &[400, 401, 402, 404, 409, 422];

/// The methods of users: [`Client::users`](crate::Client::users).
#[derive(Clone, Debug)]
pub struct Users<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> Users<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// Makes a user (`POST /users`).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401, 402, 403 and 422, for example
    /// `form_identifier_exists` for an e-mail address that another user has.
    pub fn create(&self, request: CreateUser) -> M::Answer<User> {
        let operation = Operation::post("users.create", &["users"]).documented(&[400, 401, 402, 403, 422]);
        Operation::send_result(operation.json(&request), &self.handle, &self.mode)
    }

    /// Makes many users (`POST /users/import`), which is of Actas alone. Each row lands whole or not at all, by
    /// itself; the answer says what became of each. Where every row has an id, the call is repeated after any failure
    /// that may pass, and you can make it again, too: a user who is there already is left alone.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 401, 413, 415 and 422: no row was looked at.
    /// After another error some rows may have landed.
    pub fn import(&self, rows: ImportUsers) -> M::Answer<ImportedUsers> {
        rows.operation().send(&self.handle, &self.mode)
    }

    /// Shows a user (`GET /users/{id}`).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401 and 404. The ids `count` and `import`
    /// are refused unsent ([`ErrorKind::Request`](crate::ErrorKind::Request)): they are other paths.
    pub fn get(&self, id: impl AsRef<str>) -> M::Answer<User> {
        Operation::get("users.get", &["users", id.as_ref()])
            .unless_named(id.as_ref(), PATHS)
            .documented(&[400, 401, 404])
            .send(&self.handle, &self.mode)
    }

    /// Lists users (`GET /users`).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401 and 422.
    pub fn list(&self, query: ListUsers) -> M::Answer<Vec<User>> {
        query.operation().send(&self.handle, &self.mode)
    }

    /// All that a list has, part by part.
    pub fn pages(&self, query: ListUsers) -> Pages<ListUsers, M> {
        Pages::new(query, self.handle.clone(), self.mode.clone())
    }

    /// Counts users (`GET /users/count`). Order and page do not matter.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 422.
    pub fn count(&self, query: ListUsers) -> M::Answer<u64> {
        let handle = self.handle.clone();
        self.mode.start(async move {
            let count: TotalCount = query.count_operation().answer(&handle).await?;
            Ok(count.total_count)
        })
    }

    /// Changes a user (`PATCH /users/{id}`). It is not repeated after a failure that leaves open whether it
    /// arrived.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400, 401, 402, 404, 409 and 422; likewise
    /// below.
    pub fn update(&self, id: impl AsRef<str>, request: UpdateUser) -> M::Answer<User> {
        let operation = Operation::new("users.update", Method::Patch, &["users", id.as_ref()]);
        Operation::send_result(operation.documented(OF_ONE_USER).json(&request), &self.handle, &self.mode)
    }

    /// Joins metadata with what is there (`PATCH /users/{id}/metadata`): members stay or are replaced, deep inside
    /// too, and `null` removes one.
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn merge_metadata(&self, id: impl AsRef<str>, metadata: UserMetadata) -> M::Answer<User> {
        self.write_metadata("users.merge_metadata", Method::Patch, id.as_ref(), &metadata)
    }

    /// Replaces the kinds of metadata that are given (`PUT /users/{id}/metadata`).
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn replace_metadata(&self, id: impl AsRef<str>, metadata: UserMetadata) -> M::Answer<User> {
        self.write_metadata("users.replace_metadata", Method::Put, id.as_ref(), &metadata)
    }

    /// Deletes a user (`DELETE /users/{id}`). It is repeated like a GET; where an attempt may have arrived whose
    /// answer did not, and the next finds no such user (404), the user is deleted and that is the answer.
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn delete(&self, id: impl AsRef<str>) -> M::Answer<DeletedUser> {
        let deleted = serde_json::json!({ "id": id.as_ref(), "deleted": true });
        Operation::new("users.delete", Method::Delete, &["users", id.as_ref()])
            .documented(OF_ONE_USER)
            .answer_when_gone(deleted.to_string())
            .send(&self.handle, &self.mode)
    }

    /// Bans a user and ends all of the user's sessions (`POST /users/{id}/ban`).
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn ban(&self, id: impl AsRef<str>) -> M::Answer<User> {
        self.stand("users.ban", id.as_ref(), "ban")
    }

    /// Takes a ban back (`POST /users/{id}/unban`).
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn unban(&self, id: impl AsRef<str>) -> M::Answer<User> {
        self.stand("users.unban", id.as_ref(), "unban")
    }

    /// Locks a user (`POST /users/{id}/lock`).
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn lock(&self, id: impl AsRef<str>) -> M::Answer<User> {
        self.stand("users.lock", id.as_ref(), "lock")
    }

    /// Takes a lock back (`POST /users/{id}/unlock`).
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    pub fn unlock(&self, id: impl AsRef<str>) -> M::Answer<User> {
        self.stand("users.unlock", id.as_ref(), "unlock")
    }

    fn stand(&self, name: &'static str, id: &str, act: &str) -> M::Answer<User> {
        Operation::post(name, &["users", id, act]).documented(OF_ONE_USER).send(&self.handle, &self.mode)
    }

    fn write_metadata(
        &self,
        name: &'static str,
        method: Method,
        id: &str,
        metadata: &UserMetadata,
    ) -> M::Answer<User> {
        let operation = Operation::new(name, method, &["users", id, "metadata"]).documented(OF_ONE_USER);
        Operation::send_result(operation.json(metadata), &self.handle, &self.mode)
    }
}
