//! Many users at once.

use crate::{call::Operation, error::ApiErrorItem, error::Error, words::words};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Rows for [`Users::import`](super::Users::import): what [`Users::create`](super::Users::create) takes, but no
/// passwords other than digests. Actas takes up to 1,000 rows and, unless it is configured otherwise, 65,536 bytes in
/// one request.
///
/// ```
/// use actas_sdk::users::{CreateUser, ImportUsers};
///
/// let rows = ImportUsers::new()
///     .row(&CreateUser::new().id("crm-1").email_address("ada@example.com"))?
///     .json(r#"{"id":"crm-2","password_digest":"$2b$12$…","password_hasher":"bcrypt"}"#);
/// assert_eq!(rows.len(), 2);
/// # Ok::<(), actas_sdk::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ImportUsers {
    body: Vec<u8>,
    rows: usize,
    rows_with_id: usize,
}

impl ImportUsers {
    /// No rows yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row: a [`CreateUser`](super::CreateUser), or a value of your own whose JSON has the same members.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) when the value has no form in JSON.
    pub fn row<T: Serialize + ?Sized>(self, row: &T) -> Result<Self, Error> {
        let json = serde_json::to_string(row)
            .map_err(|error| Error::request(format!("the row has no form in JSON: {error}")))?;
        Ok(self.json(&json))
    }

    /// Adds a row that is JSON already. What is no JSON is sent all the same: the server refuses that row, and says
    /// why.
    #[must_use]
    pub fn json(mut self, row: &str) -> Self {
        #[derive(Deserialize)]
        struct WithId {
            #[expect(dead_code, reason = "that there is one is all that matters")]
            id: String,
        }
        // A row is one line; in JSON, line ends are only ever white space.
        self.body.extend(row.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
        self.body.push(b'\n');
        self.rows += 1;
        self.rows_with_id += usize::from(serde_json::from_str::<WithId>(row).is_ok());
        self
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How long the request's body will be, in bytes.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// With an id in each row, a second arrival finds the users that the first one made.
    pub(super) fn operation(self) -> Operation {
        let acts_once = self.rows_with_id == self.rows;
        let operation =
            Operation::post("users.import", &["users", "import"]).documented(&[401, 413, 415, 422]);
        operation.by_its_nature(acts_once).body("application/x-ndjson", self.body)
    }
}

/// Not the rows: they hold digests.
impl fmt::Debug for ImportUsers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ImportUsers").field("rows", &self.rows).finish_non_exhaustive()
    }
}

words! {
    /// What became of a row.
    ImportStatus {
        /// It made a user.
        Created = "created",
        /// A user with its id was there already, and is as before.
        Exists = "exists",
        /// It was refused, and nothing came of it.
        Refused = "refused",
    }
}

/// What became of the rows of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportedUsers {
    /// How many rows made a user.
    pub created: u64,
    /// How many rows had the id of a user that was there already.
    pub exists: u64,
    /// How many rows were refused.
    pub refused: u64,
    /// One for each row, in their order.
    pub data: Vec<ImportedUser>,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportedUser {
    /// Which row, counted from 1.
    pub line: u64,
    /// What became of it.
    pub status: ImportStatus,
    /// The user's id; none for a row that was refused.
    #[serde(default)]
    pub id: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ApiErrorItem>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::CreateUser;

    #[test]
    fn rows_are_lines() {
        let rows = ImportUsers::new()
            .row(&CreateUser::new().id("a").first_name("x\ny"))
            .unwrap()
            .json("{\n \"id\": \"b\"\n}");
        assert_eq!((rows.len(), rows.body_bytes()), (2, rows.body.len()));
        assert_eq!(
            String::from_utf8(rows.body.clone()).unwrap(),
            "{\"id\":\"a\",\"first_name\":\"x\\ny\"}\n{  \"id\": \"b\" }\n"
        );
        assert!(!format!("{rows:?}").contains("first_name"));
    }

    #[test]
    fn rows_without_an_id_do_not_bear_a_second_arrival() {
        assert_eq!(ImportUsers::new().json(r#"{"id":"a"}"#).operation().acts_once, Some(true));
        for row in ["{}", r#"{"id":null}"#, "{", r#"[{"id":"a"}]"#] {
            let rows = ImportUsers::new().json(r#"{"id":"a"}"#).json(row);
            assert_eq!(rows.operation().acts_once, Some(false), "{row}");
        }
    }

    #[test]
    fn an_answer_is_read() {
        let text = r#"{"object":"user_import","created":1,"exists":0,"refused":1,"data":[
            {"line":1,"status":"created","id":"a"},
            {"line":2,"status":"refused","id":null,"errors":[{"message":"m","long_message":"l","code":"c","meta":{"param_name":"id"}}]}
        ]}"#;
        let answer: ImportedUsers = serde_json::from_str(text).unwrap();
        assert_eq!(answer.data[0].status, ImportStatus::Created);
        assert_eq!(answer.data[1].errors[0].parameter().as_deref(), Some("id"));
    }
}
