//! The Backend API's versions, and how a request chooses one.

use crate::error::ApiError;
use actas_domain::session::claims::ClaimsVersion;
use http::HeaderMap;

/// A version, in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiVersion {
    V2021_02_05,
    V2024_10_01,
    V2025_04_10,
    V2025_11_10,
    V2026_05_12,
}

impl ApiVersion {
    pub const ALL: [Self; 5] =
        [Self::V2021_02_05, Self::V2024_10_01, Self::V2025_04_10, Self::V2025_11_10, Self::V2026_05_12];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2021_02_05 => "2021-02-05",
            Self::V2024_10_01 => "2024-10-01",
            Self::V2025_04_10 => "2025-04-10",
            Self::V2025_11_10 => "2025-11-10",
            Self::V2026_05_12 => "2026-05-12",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }

    /// The version that the header or the query names, or the default.
    ///
    /// # Errors
    /// 400 `api_version_invalid` when both name one, or the name is unknown.
    pub(crate) fn of_request(headers: &HeaderMap, query: &str, default: Self) -> Result<Self, ApiError> {
        let mut named = headers
            .get_all("clerk-api-version")
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .chain(
                form_urlencoded::parse(query.as_bytes())
                    .filter(|(name, _)| name == "__clerk_api_version")
                    .map(|(_, value)| value.into_owned()),
            );
        let (first, second) = (named.next(), named.next());
        if second.is_some() {
            return Err(ApiError::api_version_invalid("the version is given more than once"));
        }
        match first {
            None => Ok(default),
            Some(text) => Self::parse(&text).ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                ApiError::api_version_invalid(&format!("known versions are {known}"))
            }),
        }
    }

    /// Whether sessions have `tasks`.
    pub(crate) fn has_session_tasks(self) -> bool {
        self >= Self::V2025_04_10
    }

    /// Whether there is `POST /sessions/{id}/verify`.
    pub(crate) fn has_session_verification(self) -> bool {
        self < Self::V2025_04_10
    }

    /// Whether `PATCH /users/{id}` refuses the metadata members.
    pub(crate) fn refuses_metadata_on_update(self) -> bool {
        self >= Self::V2026_05_12
    }

    pub(crate) fn claims_version(self) -> ClaimsVersion {
        if self >= Self::V2025_04_10 { ClaimsVersion::V2 } else { ClaimsVersion::V1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_may_name_a_known_version() {
        let default = ApiVersion::V2025_11_10;
        let mut headers = HeaderMap::new();
        assert_eq!(ApiVersion::of_request(&headers, "", default).unwrap(), default);
        assert_eq!(
            ApiVersion::of_request(&headers, "__clerk_api_version=2021-02-05", default).unwrap(),
            ApiVersion::V2021_02_05
        );
        headers.insert("clerk-api-version", "2026-05-12".parse().unwrap());
        assert_eq!(ApiVersion::of_request(&headers, "a=b", default).unwrap(), ApiVersion::V2026_05_12);
        assert!(ApiVersion::of_request(&headers, "__clerk_api_version=2026-05-12", default).is_err());
        headers.insert("clerk-api-version", "2025-03-12".parse().unwrap());
        assert!(ApiVersion::of_request(&headers, "", default).is_err());
    }
}
