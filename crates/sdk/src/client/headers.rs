//! Headers that a caller adds.

use crate::{error::Error, transport::Header};

/// What the SDK sets itself, or what would change how the request is read on the way.
const RESERVED: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// Headers, one for each name. Their values are not printed: nobody knows what a caller puts there.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderSet(Vec<Header>);

impl HeaderSet {
    /// # Errors
    /// When one of the two is not what a header may have.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Error::request(format!("{name:?} is no name of a header")));
        }
        if !is_header_value(value) {
            return Err(Error::request(format!(
                "the value of the header {name} has a character other than visible ASCII, space and tab"
            )));
        }
        self.put(Header::secret(name.to_ascii_lowercase(), value));
        Ok(())
    }

    /// Puts a header in the place of the one with its name.
    pub(crate) fn put(&mut self, header: Header) {
        self.0.retain(|present| present.name() != header.name());
        self.0.push(header);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Header> {
        self.0.iter()
    }

    pub(crate) fn into_headers(self) -> Vec<Header> {
        self.0
    }
}

pub(crate) fn is_header_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once() {
        let mut headers = HeaderSet::default();
        headers.set("X-One", "a").unwrap();
        headers.set("x-one", "b\tc").unwrap();
        let headers = headers.into_headers();
        assert_eq!((headers.len(), headers[0].name(), headers[0].value()), (1, "x-one", "b\tc"));
        assert!(!format!("{headers:?}").contains("b\\tc"));
    }

    #[test]
    fn what_would_split_a_header_is_refused() {
        let mut headers = HeaderSet::default();
        for (name, value) in
            [("", "a"), ("x y", "a"), ("x:", "a"), ("x", "a\r\nb: c"), ("x", "ü"), ("ü", "a")]
        {
            assert!(headers.set(name, value).unwrap_err().is_request(), "{name:?} {value:?}");
        }
    }
}
