//! A proxy before PostgreSQL that cuts connections at chosen points of a commit, holds them, or lets no new ones in.
//!
//! It speaks TCP on 127.0.0.1 towards Actas (`sslmode=disable`) and a Unix socket towards the server.

mod connection;
mod conversation;
mod frames;

use crate::{Fault, random::Random};
use connection::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::{
    net::{TcpListener, UnixStream},
    sync::watch,
    task::JoinHandle,
};

/// Where in a batch the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CutPoint {
    /// Nothing of it reached the server.
    BeforeBatch,
    /// Its transaction has begun.
    AfterBegin,
    /// The server has locked the head of the record for it; Actas does not know.
    AfterHead,
    /// All but the commit reached the server.
    BeforeCommit,
    /// The commit reached the server, and its answer does not come.
    AfterCommit,
    /// Half of the answer came.
    MidAnswer,
    /// The answer came, and the connection is of no more use.
    AfterAnswer,
}

impl CutPoint {
    pub(crate) const ALL: &[Self] = &[
        Self::BeforeBatch,
        Self::AfterBegin,
        Self::AfterHead,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::MidAnswer,
        Self::AfterAnswer,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BeforeBatch => "before-batch",
            Self::AfterBegin => "after-begin",
            Self::AfterHead => "after-head",
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::MidAnswer => "mid-answer",
            Self::AfterAnswer => "after-answer",
        }
    }
}

pub(crate) struct PostgresProxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What all connections look at, and count.
struct Shared {
    refuses_new: AtomicBool,
    /// Raised when all are cut.
    generation: watch::Sender<u64>,
    is_held: watch::Sender<bool>,
    armed: Mutex<BTreeSet<CutPoint>>,
    cuts: Mutex<BTreeMap<CutPoint, u64>>,
    random: Mutex<Random>,
    commits: AtomicU64,
    /// Of those, the ones whose connection lives and which have no answer yet.
    commits_waiting: AtomicU64,
    /// Pieces that came while nothing was carried.
    pieces_held: AtomicU64,
    cancel_requests: AtomicU64,
}

impl PostgresProxy {
    /// Listens on 127.0.0.1, any port, and carries to the server's Unix socket (`…/.s.PGSQL.5432`), which need not be there
    /// yet.
    pub(crate) async fn start(socket: PathBuf, seed: u64) -> Result<Self, Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            refuses_new: AtomicBool::new(false),
            generation: watch::Sender::new(0),
            is_held: watch::Sender::new(false),
            armed: Mutex::default(),
            cuts: Mutex::default(),
            random: Mutex::new(Random::new(seed)),
            commits: AtomicU64::new(0),
            commits_waiting: AtomicU64::new(0),
            pieces_held: AtomicU64::new(0),
            cancel_requests: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, socket, Arc::clone(&shared)));
        Ok(Self { port, shared, accepting })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// While it refuses, a new connection is closed at once; those that are there go on.
    pub(crate) fn refuse_new(&self, refuse: bool) {
        self.shared.refuses_new.store(refuse, Ordering::SeqCst);
    }

    /// Ends every connection, now.
    pub(crate) fn cut_all(&self) {
        self.shared.generation.send_modify(|generation| *generation += 1);
    }

    /// While it holds, nothing is carried in either direction; connections stay, and new ones get no answer.
    pub(crate) fn hold(&self, hold: bool) {
        self.shared.is_held.send_replace(hold);
    }

    /// The next batch that gets to this point is cut there, once.
    pub(crate) fn cut_next(&self, point: CutPoint) {
        self.shared.armed().insert(point);
    }

    /// Cuts that nobody met are forgotten.
    pub(crate) fn disarm(&self) {
        self.shared.armed().clear();
    }

    /// How many batches were cut so far, by point.
    pub(crate) fn cuts(&self) -> BTreeMap<CutPoint, u64> {
        self.shared.cuts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Commits of batches that were passed on to the server.
    pub(crate) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::SeqCst)
    }

    /// Commits that the server has and has not answered yet.
    pub(crate) fn commits_waiting(&self) -> u64 {
        self.shared.commits_waiting.load(Ordering::SeqCst)
    }

    /// How often something came, of either side, while nothing was carried.
    pub(crate) fn pieces_held(&self) -> u64 {
        self.shared.pieces_held.load(Ordering::SeqCst)
    }

    /// Requests to cancel a statement; they are not passed on. Actas makes none: it could be a commit that is cancelled.
    pub(crate) fn cancel_requests(&self) -> u64 {
        self.shared.cancel_requests.load(Ordering::SeqCst)
    }
}

impl Drop for PostgresProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_all();
    }
}

impl Shared {
    fn armed(&self) -> MutexGuard<'_, BTreeSet<CutPoint>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a batch that is here now is to be cut; then it is counted, and the next one is not.
    fn cuts_at(&self, point: CutPoint) -> bool {
        let is_cut = self.armed().remove(&point);
        if is_cut {
            let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
            *cuts.entry(point).or_default() += 1;
        }
        is_cut
    }

    /// How much of a message is passed on before a cut in its midst: not all, and something where that can be.
    fn part_of(&self, length: usize) -> usize {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let most = u64::try_from(length.saturating_sub(1)).unwrap_or(u64::MAX);
        usize::try_from(1 + random.below(most)).unwrap_or(0).min(length.saturating_sub(1))
    }
}

async fn accept(listener: TcpListener, socket: PathBuf, shared: Arc<Shared>) {
    while let Ok((near, _)) = listener.accept().await {
        if shared.refuses_new.load(Ordering::SeqCst) {
            continue;
        }
        let (socket, shared) = (socket.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let mut generation = shared.generation.subscribe();
            generation.mark_unchanged();
            // A packet that waits for another would make every commit slow.
            let _ = near.set_nodelay(true);
            // A server that is down is a connection that closes.
            let Ok(far) = UnixStream::connect(socket).await else { return };
            let connection = Connection::new(Arc::clone(&shared));
            tokio::select! {
                () = connection.carry(near, far) => {}
                _ = generation.changed() => {}
            }
        });
    }
}

#[cfg(test)]
mod tests;
