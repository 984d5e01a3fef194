//! Answers of the control router: JSON, and refusals with the code and the sentence that the API has for them.

use super::Refused;
use crate::error::ApiError;
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};

/// An answer in JSON.
pub(super) struct Answer<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

/// Why there is no other answer.
pub(super) struct Denial(ApiError);

impl<E: Into<ApiError>> From<E> for Denial {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let refused = Refused { code: self.0.code.to_owned(), message: self.0.long_message.into_owned() };
        json(self.0.status, &refused)
    }
}

pub(super) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Denial> {
    serde_json::from_slice(body).map_err(|_| Denial(ApiError::body_invalid()))
}

pub(super) async fn not_found() -> Response {
    Denial(ApiError::not_found()).into_response()
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(value).unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
