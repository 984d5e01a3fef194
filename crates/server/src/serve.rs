//! Listening: connections in bounded number, headers in bounded time, and an orderly end.

use crate::entry::Entry;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time,
};
use tokio_io_timeout::TimeoutStream;

/// Limits of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub header_read_timeout: Duration,
    /// How long an answer may wait for a caller who does not read it.
    pub write_timeout: Duration,
    /// Connections at a time, those included whose caller is gone and whose request is still worked at; further ones
    /// wait to be accepted.
    pub connections_max: usize,
    /// How long requests in flight may take when the end has come.
    pub shutdown: Duration,
}

/// Serves until `stop` says so, then lets the requests in flight finish, within the limit.
pub async fn serve(listener: TcpListener, entry: Entry, limits: Limits, mut stop: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(limits.connections_max));
    // What is still worked at when this ends is cut by its end.
    let (_uncut, cut) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            _ = stopped(&mut stop) => break,
            permit = Arc::clone(&permits).acquire_owned() => permit,
        };
        let accepted = tokio::select! {
            _ = stopped(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => {
                let Ok(permit) = permit else { break };
                let place = Place { _permit: Arc::new(permit), cut: cut.clone() };
                connections.spawn(connection(stream, peer, entry.clone(), limits, place, stop.clone()));
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    let all = u32::try_from(limits.connections_max).unwrap_or(u32::MAX);
    let finish = async {
        while connections.join_next().await.is_some() {}
        // And the work whose caller is gone.
        let _all = permits.acquire_many(all).await;
    };
    if time::timeout(limits.shutdown, finish).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut");
    }
}

/// What a connection takes up of a listener, and each of its requests until all is done that it does.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
    cut: watch::Receiver<()>,
}

/// Works to the end; `None` when the listener's end cuts it, where it has a place in one.
pub(crate) async fn until_cut<T>(place: Option<Place>, work: impl Future<Output = T>) -> Option<T> {
    let Some(mut place) = place else { return Some(work.await) };
    tokio::select! {
        done = work => Some(done),
        // Nothing is ever sent: it is the sender's end.
        _ = place.cut.changed() => None,
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the end, too.
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// Out of file descriptors, most likely: waiting lets others close.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    time::sleep(Duration::from_millis(50)).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    entry: Entry,
    limits: Limits,
    place: Place,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are written whole: waiting to fill a packet would only add delay.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    // Whoever does not read its answers must not keep one of the bounded connections.
    stream.set_write_timeout(Some(limits.write_timeout));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let entry = entry.clone();
        request.extensions_mut().insert(place.clone());
        async move { Ok::<_, Infallible>(entry.answer(request, peer.ip()).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    tokio::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => {
            if let Err(error) = result {
                tracing::debug!(%error, "a connection ended early");
            }
            return;
        }
        () = stopped(&mut stop) => connection.as_mut().graceful_shutdown(),
    }
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}
