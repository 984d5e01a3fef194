//! Listening, in one thread.

use crate::{Fallible, answers::App};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, net::Ipv4Addr, sync::Arc};
use tokio::net::TcpListener;

/// Serves until the process is ended.
pub(crate) async fn serve(port: u16, app: App) -> Fallible<()> {
    let app = Arc::new(app);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let app = Arc::clone(&app);
        let service = service_fn(move |request| {
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(app.answer(request).await) }
        });
        tokio::spawn(async move {
            // Whoever hangs up ends the connection early.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
