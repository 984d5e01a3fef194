//! A proxy that delivers each request whole and then, by chance, cuts the connection in the place of the answer.

use crate::{Fault, random::Random};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

pub(crate) struct CuttingProxy {
    pub(crate) url: String,
    counts: Arc<Counts>,
}

/// What was cut, by where.
#[derive(Default)]
struct Counts {
    answers: AtomicU64,
    /// The whole answer was kept back.
    silenced: AtomicU64,
    /// Half of it was passed on.
    halved: AtomicU64,
}

impl CuttingProxy {
    /// Listens before `server` (`host:port`) and cuts that many answers in a hundred.
    pub(crate) async fn start(server: SocketAddr, cut_percent: u64, seed: u64) -> Result<Self, Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        tokio::spawn(async move {
            let mut random = Random::new(seed);
            while let Ok((near, _)) = listener.accept().await {
                let chance = Chance { random: Random::new(random.next()), cut_percent };
                tokio::spawn(carry(near, server, chance, Arc::clone(&counting)));
            }
        });
        Ok(Self { url, counts })
    }

    /// How many answers came, and how many of them did not arrive whole.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.counts.answers), of(&self.counts.silenced) + of(&self.counts.halved))
    }
}

struct Chance {
    random: Random,
    cut_percent: u64,
}

impl Chance {
    fn cuts(&mut self) -> bool {
        self.random.below(100) < self.cut_percent
    }
}

/// One connection. Requests go on as they come; an answer, which on this surface comes in one piece or few, is the
/// first piece behind a request's.
async fn carry(near: TcpStream, server: SocketAddr, chance: Chance, counts: Arc<Counts>) {
    let Ok(far) = TcpStream::connect(server).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    // Whichever side ends first ends both: dropping the halves closes the sockets.
    tokio::select! {
        () = deliver(near_in, far_out) => {}
        () = answer(far_in, near_out, chance, &counts) => {}
    }
}

async fn deliver(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut chance: Chance, counts: &Counts) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        counts.answers.fetch_add(1, Ordering::Relaxed);
        if chance.cuts() {
            let halves = chance.random.below(2) == 0;
            let passed = if halves { length / 2 } else { 0 };
            let count = if halves { &counts.halved } else { &counts.silenced };
            count.fetch_add(1, Ordering::Relaxed);
            let _ = to.write_all(&piece[..passed]).await;
            return;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
