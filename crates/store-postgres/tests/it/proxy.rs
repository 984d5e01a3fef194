//! A proxy in front of PostgreSQL that cuts a connection after so many bytes, whichever way they go.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixStream},
    sync::Notify,
    task::JoinHandle,
};

/// Which bytes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// What the store sends. The database gets no more than what comes before the cut.
    Sent,
    /// What the database answers. It has got all that was sent, and goes on with it.
    Answered,
}

#[derive(Debug, Default)]
struct Plan {
    /// Bytes that may still pass; below zero for no end.
    left: [AtomicI64; 2],
    refuses: AtomicBool,
    /// What would be cut is swallowed from then on instead, and the connection stays.
    swallows: AtomicBool,
    accepted: AtomicI64,
    cut: Notify,
    cuts: AtomicI64,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    plan: Arc<Plan>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::new(Plan::default());
        for left in &plan.left {
            left.store(-1, Ordering::SeqCst);
        }
        let of_task = Arc::clone(&plan);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let plan = Arc::clone(&of_task);
                plan.accepted.fetch_add(1, Ordering::SeqCst);
                if plan.refuses.load(Ordering::SeqCst) {
                    continue;
                }
                let server = UnixStream::connect(&socket).await.unwrap();
                tokio::spawn(async move {
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::select! {
                        () = pass(from_client, to_server, &plan, Way::Sent) => {}
                        () = pass(from_server, to_client, &plan, Way::Answered) => {}
                        () = plan.cut.notified() => {}
                    }
                });
            }
        });
        Self { port, plan, accepting }
    }

    /// The next connection over which so many bytes have gone that way, from now on, is cut, and all others with it.
    pub(crate) fn cut_after(&self, way: Way, bytes: i64) {
        self.plan.left[way as usize].store(bytes, Ordering::SeqCst);
    }

    /// Of that way, on all connections, so many more bytes pass; what comes behind them is lost on the way, and nobody
    /// is told.
    pub(crate) fn swallow_after(&self, way: Way, bytes: i64) {
        self.plan.swallows.store(true, Ordering::SeqCst);
        self.cut_after(way, bytes);
    }

    /// Connections that were made so far.
    pub(crate) fn accepted(&self) -> i64 {
        self.plan.accepted.load(Ordering::SeqCst)
    }

    /// From now on nothing is cut; whether something was since the last call.
    pub(crate) fn rest(&self) -> bool {
        self.plan.swallows.store(false, Ordering::SeqCst);
        for left in &self.plan.left {
            left.store(-1, Ordering::SeqCst);
        }
        self.plan.cuts.swap(0, Ordering::SeqCst) > 0
    }

    /// Closes every connection that is made from now on at once.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.plan.refuses.store(refuses, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, plan: &Plan, way: Way) {
    let left = &plan.left[way as usize];
    let mut buffer = vec![0; 65_536];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
        let limit = left.load(Ordering::SeqCst);
        let cut = limit >= 0 && limit < count as i64;
        let passes = if cut { usize::try_from(limit).unwrap() } else { count };
        if to.write_all(&buffer[..passes]).await.is_err() {
            return;
        }
        if cut && plan.swallows.load(Ordering::SeqCst) {
            left.store(0, Ordering::SeqCst);
            continue;
        }
        if cut {
            left.store(-1, Ordering::SeqCst);
            plan.cuts.fetch_add(1, Ordering::SeqCst);
            plan.cut.notify_waiters();
            return;
        }
        if limit >= 0 {
            left.store(limit - count as i64, Ordering::SeqCst);
        }
    }
}
