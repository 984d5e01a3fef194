//! The way to an instance for an administrative command: through the socket of the server that runs, or, while none
//! runs, by the very same router in this process.

use crate::{
    assemble::{self, Held},
    data_folder::{self, DataFolder},
    exit::ExitError,
};
use actas_server::{
    config::{Configuration, StoreChoice},
    control::{self, Administered, Refused},
};
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{net::UnixStream, time};
use tower::ServiceExt as _;

/// How long a server that starts or stops, so that it holds the lock but has no socket, is waited for.
const ATTEMPTS_MAX: u32 = 25;
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Door(Way);

#[derive(Debug)]
enum Way {
    Socket(PathBuf),
    Here { router: Router, held: Box<Held> },
}

impl Door {
    /// # Errors
    /// [`ExitError::Store`] when there is no instance in the data folder; those of opening it, while no server runs
    /// here.
    pub(crate) async fn open(configuration: &Configuration) -> Result<Self, ExitError> {
        let path = configuration.data_dir.as_path();
        if configuration.store == StoreChoice::Postgres {
            // Beside whatever servers there are, on this machine and on others.
            let socket = data_folder::socket(path);
            if is_answered(&socket).await {
                return Ok(Self(Way::Socket(socket)));
            }
            return Self::here(configuration, None).await;
        }
        if !data_folder::database(path).exists() {
            return Err(ExitError::Store(format!(
                "there is no instance in {}: start one there with actas serve or actas dev, or name another \
                 --data-dir",
                path.display()
            )));
        }
        let mut attempt = 1;
        loop {
            if is_answered(&data_folder::socket(path)).await {
                return Ok(Self(Way::Socket(data_folder::socket(path))));
            }
            match DataFolder::own(path) {
                Ok(folder) => return Self::here(configuration, Some(folder)).await,
                Err(ExitError::InUse(_)) if attempt < ATTEMPTS_MAX => time::sleep(ATTEMPT_INTERVAL).await,
                Err(error) => return Err(error),
            }
            attempt += 1;
        }
    }

    async fn here(configuration: &Configuration, folder: Option<DataFolder>) -> Result<Self, ExitError> {
        let (world, held) = assemble::kept(configuration, folder).await?;
        let administered = Administered::Alone { world: Arc::new(world), instance: held.instance.clone() };
        Ok(Self(Way::Here { router: control::router(administered), held: Box::new(held) }))
    }

    /// Whether a running server answers here.
    pub(crate) const fn is_of_running_server(&self) -> bool {
        matches!(self.0, Way::Socket(_))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ExitError> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ExitError> {
        let body = serde_json::to_vec(body).map_err(|error| ExitError::Refused(error.to_string()))?;
        self.call(Method::POST, path, body.into()).await
    }

    /// Closes the store, if this process has opened it.
    pub(crate) async fn close(self) {
        if let Way::Here { router, held } = self.0 {
            drop(router);
            held.close().await;
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<T, ExitError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "actas")
            .body(Body::from(body))
            .map_err(|error| ExitError::Refused(error.to_string()))?;
        let (status, body) = match &self.0 {
            Way::Here { router, .. } => {
                let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
                whole(response).await?
            }
            Way::Socket(socket) => through_socket(socket, request).await?,
        };
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(|error| {
                ExitError::Refused(format!(
                    "the running server answers otherwise than expected: {error}; is it of another version?"
                ))
            });
        }
        let refused = serde_json::from_slice::<Refused>(&body);
        Err(ExitError::Refused(
            refused.map_or_else(|_| format!("the server answers {status}"), |it| it.message),
        ))
    }
}

async fn is_answered(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}

async fn through_socket(path: &Path, request: Request<Body>) -> Result<(StatusCode, Bytes), ExitError> {
    let failed = |error: &dyn std::fmt::Display| {
        ExitError::Refused(format!("the running server does not answer on {}: {error}", path.display()))
    };
    let stream = UnixStream::connect(path).await.map_err(|error: io::Error| failed(&error))?;
    let connecting = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = connecting.await.map_err(|error| failed(&error))?;
    let driving = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
    let answer = whole(response).await;
    driving.abort();
    answer
}

async fn whole<B>(response: Response<B>) -> Result<(StatusCode, Bytes), ExitError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let status = response.status();
    match response.into_body().collect().await {
        Ok(body) => Ok((status, body.to_bytes())),
        Err(error) => Err(ExitError::Refused(format!("the answer broke off: {error}"))),
    }
}
