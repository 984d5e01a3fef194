//! Keys that are fetched by HTTP: from the Backend API with a client's key, or from where they are published.

use super::{KeyFuture, KeySource, KeySourceError, set::MAX_DOCUMENT_BYTES};
use crate::{
    CallOptions, Client, Error, Server,
    transport::{HttpRequest, Method, ReqwestTransport, Transport},
};
use std::time::Duration;

/// With all attempts. Tokens with an unknown key wait so long.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// `GET /v1/jwks` of the client's server, under its key.
pub(crate) struct InstanceKeys {
    client: Client,
}

impl InstanceKeys {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.with(CallOptions::new().timeout(TIME_LIMIT)) }
    }
}

impl KeySource for InstanceKeys {
    fn fetch(&self) -> KeyFuture<'_> {
        Box::pin(async {
            let keys = self.client.jwks().get().await.map_err(KeySourceError::new)?;
            serde_json::to_string(&keys).map_err(KeySourceError::new)
        })
    }
}

/// A JWKS by its URL. It is public, so no key goes along.
pub(crate) struct PublishedKeys {
    url: String,
    transport: ReqwestTransport,
}

impl PublishedKeys {
    /// # Errors
    /// When it is no URL of https or of this machine: whoever is on the way could put their own key in.
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        let server = Server::other(url)?;
        server.check_encryption()?;
        let transport = ReqwestTransport::new(server.is_encrypted());
        let transport = transport.map_err(|error| Error::builder(format!("no HTTP client: {error}")))?;
        Ok(Self { url: url.to_owned(), transport })
    }
}

impl KeySource for PublishedKeys {
    fn fetch(&self) -> KeyFuture<'_> {
        Box::pin(async {
            let request = HttpRequest {
                method: Method::Get,
                url: self.url.clone(),
                headers: Vec::new(),
                body: None,
                response_limit_bytes: MAX_DOCUMENT_BYTES,
            };
            let answer = tokio::time::timeout(TIME_LIMIT, self.transport.send(request)).await;
            let response = answer
                .map_err(|_| KeySourceError::new("there was no answer within 10 seconds"))?
                .map_err(KeySourceError::new)?;
            if response.status != 200 {
                return Err(KeySourceError::new(format!("the answer has the status {}", response.status)));
            }
            String::from_utf8(response.body).map_err(|_| KeySourceError::new("the answer is not UTF-8"))
        })
    }
}
