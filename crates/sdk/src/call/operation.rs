//! What a method of a resource asks for.

use super::execute::execute;
use crate::{
    client::Handle,
    error::Error,
    mode::Mode,
    transport::{Header, Method},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;
use url::form_urlencoded;

/// One call of the API, before it is a request.
pub struct Operation {
    /// For example `actor_tokens.create`.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// Begins with a slash; its segments are encoded.
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) body: Option<Body>,
    /// The statuses that the method's reference names for refusals.
    pub(crate) documented: &'static [u16],
    pub(crate) headers: Vec<Header>,
    /// Whether an id was given that no path can have: it would call something else.
    names_nothing: bool,
    /// How large the answer may be; `None` for what the client allows.
    pub(crate) response_limit_bytes: Option<usize>,
    /// What a deletion answers, in JSON, that an earlier attempt of the same call has done.
    pub(crate) answer_when_gone: Option<String>,
    /// Whether a POST that arrives twice acts once by what it is; `None` where only an `Idempotency-Key` makes it so.
    pub(crate) acts_once: Option<bool>,
}

pub(crate) struct Body {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Bytes,
}

impl Operation {
    pub(crate) fn get(name: &'static str, segments: &[&str]) -> Self {
        Self::new(name, Method::Get, segments)
    }

    pub(crate) fn post(name: &'static str, segments: &[&str]) -> Self {
        Self::new(name, Method::Post, segments)
    }

    pub(crate) fn new(name: &'static str, method: Method, segments: &[&str]) -> Self {
        let path = segments.iter().fold(String::new(), |path, segment| path + "/" + &encoded(segment));
        let names_nothing = segments.iter().any(|segment| matches!(*segment, "" | "." | ".."));
        Self {
            name,
            method,
            path,
            query: Query::default(),
            body: None,
            documented: &[],
            headers: Vec::new(),
            response_limit_bytes: None,
            acts_once: None,
            answer_when_gone: None,
            names_nothing,
        }
    }

    pub(crate) fn query(mut self, query: Query) -> Self {
        self.query = query;
        self
    }

    /// Any body.
    pub(crate) fn body(mut self, content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(Body { content_type, bytes: bytes.into() });
        self
    }

    pub(crate) fn documented(mut self, statuses: &'static [u16]) -> Self {
        self.documented = statuses;
        self
    }

    /// The server keeps no answer under an `Idempotency-Key` for this POST; by its nature it acts once, or not.
    pub(crate) fn by_its_nature(mut self, acts_once: bool) -> Self {
        self.acts_once = Some(acts_once);
        self
    }

    /// Ids that would call something else, because a path of its own has that name.
    pub(crate) fn unless_named(mut self, id: &str, taken: &[&str]) -> Self {
        self.names_nothing |= taken.contains(&id);
        self
    }

    pub(crate) fn answer_when_gone(mut self, json: String) -> Self {
        self.answer_when_gone = Some(json);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push(Header::plain(name, value));
        self
    }

    /// No larger answer than this is read.
    #[cfg(feature = "verify")]
    pub(crate) fn limit_response(mut self, bytes: usize) -> Self {
        self.response_limit_bytes = Some(bytes);
        self
    }

    /// A body of JSON.
    ///
    /// # Errors
    /// When the value has no form in JSON.
    pub(crate) fn json<T: Serialize>(self, value: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Error::request(format!("the request has no form in JSON: {error}")))?;
        Ok(self.body("application/json", bytes))
    }

    /// Makes the call.
    pub(crate) fn send<M: Mode, T>(self, handle: &Handle, mode: &M) -> M::Answer<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        Self::send_result(Ok(self), handle, mode)
    }

    /// Makes the call, or answers why it could not be put together.
    pub(crate) fn send_result<M: Mode, T>(
        this: Result<Self, Error>,
        handle: &Handle,
        mode: &M,
    ) -> M::Answer<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let handle = handle.clone();
        mode.start(async move { this?.answer(&handle).await })
    }

    pub(crate) async fn answer<T: DeserializeOwned>(self, handle: &Handle) -> Result<T, Error> {
        if self.names_nothing {
            let error =
                Error::request("an id is neither empty nor made of dots alone, nor the name of another path");
            return Err(error.of_operation(self.name, 0));
        }
        execute(handle, &self).await
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Operation")
            .field("name", &self.name)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// One segment of a path. All but letters, digits and `-_.~` is encoded, so that an id with a slash stays a
/// segment.
fn encoded(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The pairs of a query. What is `None` is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query(Vec<(&'static str, String)>);

impl Query {
    pub(crate) fn pair(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.0.push((name, value.to_string()));
        }
        self
    }

    /// A pair for each value.
    pub(crate) fn list(mut self, name: &'static str, values: &[String]) -> Self {
        self.0.extend(values.iter().map(|value| (name, value.clone())));
        self
    }

    /// With the question mark; empty without pairs.
    pub(crate) fn encoded(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut serializer = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        serializer.extend_pairs(&self.0);
        serializer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one() {
        let operation = Operation::get("users.get", &["users", "a/../b?c#d%é"]);
        assert_eq!(operation.path, "/users/a%2F..%2Fb%3Fc%23d%25%C3%A9");
        assert_eq!(encoded("user_1-~.x"), "user_1-~.x");
    }

    #[test]
    fn an_id_that_would_call_something_else() {
        for id in ["", ".", ".."] {
            assert!(Operation::get("users.get", &["users", id]).names_nothing, "{id:?}");
        }
        assert!(!Operation::get("users.get", &["users", "..."]).names_nothing);
    }

    #[test]
    fn a_query() {
        let query = Query::default()
            .pair("a", Some("x y&+"))
            .pair("b", None::<u32>)
            .pair("c", Some(5))
            .list("d", &["1".to_owned(), "2".to_owned()]);
        assert_eq!(query.encoded(), "?a=x+y%26%2B&c=5&d=1&d=2");
        assert_eq!(Query::default().encoded(), "");
    }
}
