//! Keys that are fetched by HTTP: from the Backend API with a client's key, or from where they are published.

use super::{KeyFuture, KeySource, KeySourceError, set::MAX_DOCUMENT_BYTES};
use crate::{
    CallOptions, Client, Server,
    transport::{HttpRequest, Method, ReqwestTransport, Transport},
    verify::{VerifyError, VerifyErrorKind},
};
use std::time::Duration;
use url::Url;

/// Of a client's call with all its attempts: it then tells why the last one failed, which the cache's limit cannot.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// `GET /v1/jwks` of the client's server, under its key.
pub(crate) struct InstanceKeys {
    client: Client,
}

impl InstanceKeys {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.with(CallOptions::new().timeout(CALL_LIMIT)) }
    }
}

impl KeySource for InstanceKeys {
    fn fetch(&self) -> KeyFuture<'_> {
        Box::pin(async {
            let keys = self.client.jwks().text(MAX_DOCUMENT_BYTES).await.map_err(KeySourceError::new)?;
            Ok(keys.as_str().to_owned())
        })
    }
}

/// A JWKS by its URL. It is public, so no key goes along.
pub(crate) struct PublishedKeys {
    url: Url,
    transport: ReqwestTransport,
}

impl PublishedKeys {
    /// # Errors
    /// [`VerifyErrorKind::Configuration`] when it is no URL of https or of this machine: whoever is on the way could put
    /// their own key in. Plain http elsewhere only if it is allowed.
    pub(crate) fn new(url: &str, http_allowed: bool) -> Result<Self, VerifyError> {
        let refused = |detail| VerifyError::new(VerifyErrorKind::Configuration, detail);
        let url = Url::parse(url).map_err(|error| {
            refused("the JWKS's URL is none; give one like https://clerk.example.com/.well-known/jwks.json")
                .caused_by(error)
        })?;
        let server = Server::other(&url.origin().ascii_serialization())
            .map_err(|_| refused("the JWKS's URL is neither http nor https"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(
                "the JWKS's URL has a user name or a password in it; published keys need none",
            ));
        }
        if url.fragment().is_some() {
            return Err(refused("the JWKS's URL has a fragment (#…), which is never sent"));
        }
        if !http_allowed && server.check_encryption().is_err() {
            return Err(refused(
                "the JWKS's URL is not https, and not on this machine: whoever is on the way could put their own \
                 key in. Use https, or `jwks_url_allow_http` where nobody can be on the way",
            ));
        }
        let transport = ReqwestTransport::new(server.is_encrypted()).map_err(|error| {
            refused("no HTTP client can be made for the JWKS").caused_by(KeySourceError::new(error))
        })?;
        Ok(Self { url, transport })
    }
}

impl KeySource for PublishedKeys {
    fn fetch(&self) -> KeyFuture<'_> {
        Box::pin(async {
            let request = HttpRequest {
                method: Method::Get,
                url: self.url.as_str().to_owned(),
                headers: Vec::new(),
                body: None,
                response_limit_bytes: MAX_DOCUMENT_BYTES,
            };
            let response = self.transport.send(request).await.map_err(KeySourceError::new)?;
            if response.status != 200 {
                return Err(KeySourceError::new(format!("the answer has the status {}", response.status)));
            }
            String::from_utf8(response.body).map_err(|_| KeySourceError::new("the answer is not UTF-8"))
        })
    }
}
