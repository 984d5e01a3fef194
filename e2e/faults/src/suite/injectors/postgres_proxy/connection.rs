//! One connection through the proxy: each message is looked at, then passed on, or the connection ends there.

use super::{
    CutPoint, Shared,
    conversation::{Answered, Conversation, Sent, Statement},
    frames::{Frames, number},
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream, UnixStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
        unix,
    },
    sync::mpsc,
};

/// What a client may ask for in the place of a greeting.
const CANCEL_REQUEST: u32 = 80_877_102;
const TLS_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
/// "Not here."
const REFUSED: &[u8] = b"N";

/// How an answer begins that says what went wrong.
const ERROR: u8 = b'E';

const PIECE_BYTES: usize = 64 * 1024;

/// The connection ends here. What was passed on before is on its way.
struct Over;

pub(super) struct Connection {
    shared: Arc<Shared>,
    conversation: Mutex<Conversation>,
    awaits_commit: AtomicBool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.commit_waits(false);
    }
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, conversation: Mutex::default(), awaits_commit: AtomicBool::new(false) }
    }

    /// Until either side, or a cut, ends it: both sockets are closed then.
    pub(super) async fn carry(&self, near: TcpStream, far: UnixStream) {
        let (near_in, mut near_out) = near.into_split();
        let (far_in, mut far_out) = far.into_split();
        // What the proxy itself answers goes to the client in the order of the server's answers: there are none yet.
        let (own, mut own_answers) = mpsc::channel(2);
        let to_client = async {
            while let Some(answer) = own_answers.recv().await {
                if near_out.write_all(answer).await.is_err() {
                    return;
                }
            }
            let _ = self.answers(far_in, &mut near_out).await;
        };
        tokio::select! {
            _ = self.requests(near_in, &mut far_out, own) => {}
            () = to_client => {}
        }
        let _ = far_out.shutdown().await;
    }

    async fn requests(
        &self,
        mut from: OwnedReadHalf,
        to: &mut unix::OwnedWriteHalf,
        own: mpsc::Sender<&'static [u8]>,
    ) -> Result<(), Over> {
        let mut frames = Frames::of_client();
        let mut own = Some(own);
        let mut commit_is_sent = false;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = from.read(&mut piece).await.map_err(|_| Over)?;
            if length == 0 {
                return Err(Over);
            }
            frames.feed(&piece[..length]);
            let mut passed = Vec::new();
            let mut is_over = false;
            while let Some(message) = frames.next().map_err(|_| Over)? {
                if let Some(asking) = &own {
                    match message.get(4..8).map_or(0, number) {
                        TLS_REQUEST | GSS_REQUEST => asking.send(REFUSED).await.map_err(|_| Over)?,
                        CANCEL_REQUEST => {
                            self.shared.cancel_requests.fetch_add(1, Ordering::SeqCst);
                            return Err(Over);
                        }
                        _ => {
                            frames.have_types();
                            own = None;
                            passed.extend(message);
                        }
                    }
                    continue;
                }
                is_over = !self.request(&message, &mut passed, &mut commit_is_sent);
                if is_over {
                    break;
                }
            }
            self.while_held().await;
            to.write_all(&passed).await.map_err(|_| Over)?;
            if is_over {
                return Err(Over);
            }
        }
    }

    /// Adds the message to what is passed on; `false` where the connection ends behind that.
    fn request(&self, message: &[u8], passed: &mut Vec<u8>, commit_is_sent: &mut bool) -> bool {
        let sent = self.conversation().sent(message);
        // A message without a Bind before it begins its statement and executes it.
        let is_whole = message.first() == Some(&b'Q');
        let begins = match sent {
            Sent::Bound(statement) => Some(statement),
            Sent::Executed(statement) if is_whole => Some(statement),
            _ => None,
        };
        let before = match begins {
            Some(Statement::Begin) => Some(CutPoint::BeforeBatch),
            Some(Statement::Commit) => Some(CutPoint::BeforeCommit),
            _ => None,
        };
        if before.is_some_and(|point| self.shared.cuts_at(point)) {
            return false;
        }
        passed.extend_from_slice(message);
        match sent {
            Sent::Executed(Statement::Begin) => return !self.shared.cuts_at(CutPoint::AfterBegin),
            Sent::Executed(Statement::Commit) => {
                self.shared.commits.fetch_add(1, Ordering::SeqCst);
                self.commit_waits(true);
                *commit_is_sent = true;
            }
            _ => {}
        }
        let is_delivered = *commit_is_sent && (is_whole || sent == Sent::Sync);
        if is_delivered {
            *commit_is_sent = false;
            return !self.shared.cuts_at(CutPoint::AfterCommit);
        }
        true
    }

    async fn answers(&self, mut from: unix::OwnedReadHalf, to: &mut OwnedWriteHalf) -> Result<(), Over> {
        let mut frames = Frames::of_server();
        let mut is_committed = false;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = from.read(&mut piece).await.map_err(|_| Over)?;
            if length == 0 {
                return Err(Over);
            }
            frames.feed(&piece[..length]);
            let mut passed = Vec::new();
            let mut is_over = false;
            while let Some(message) = frames.next().map_err(|_| Over)? {
                is_over = !self.answer(&message, &mut passed, &mut is_committed);
                if is_over {
                    break;
                }
            }
            self.while_held().await;
            to.write_all(&passed).await.map_err(|_| Over)?;
            if is_over {
                return Err(Over);
            }
        }
    }

    /// As [`Connection::request`], of an answer.
    fn answer(&self, message: &[u8], passed: &mut Vec<u8>, is_committed: &mut bool) -> bool {
        let answered = self.conversation().answered(message);
        if answered == Answered::Done(Statement::Commit) || message.first() == Some(&ERROR) {
            self.commit_waits(false);
        }
        match answered {
            Answered::Done(Statement::TakeHead) if self.shared.cuts_at(CutPoint::AfterHead) => return false,
            Answered::Done(Statement::Commit) => {
                if self.shared.cuts_at(CutPoint::MidAnswer) {
                    passed.extend_from_slice(&message[..self.shared.part_of(message.len())]);
                    return false;
                }
                *is_committed = true;
            }
            Answered::Ready if *is_committed => {
                *is_committed = false;
                passed.extend_from_slice(message);
                return !self.shared.cuts_at(CutPoint::AfterAnswer);
            }
            _ => {}
        }
        passed.extend_from_slice(message);
        true
    }

    fn commit_waits(&self, waits: bool) {
        if self.awaits_commit.swap(waits, Ordering::SeqCst) != waits {
            let by = if waits { 1 } else { u64::MAX };
            // Counting down is adding what wraps around.
            self.shared.commits_waiting.fetch_add(by, Ordering::SeqCst);
        }
    }

    async fn while_held(&self) {
        if *self.shared.is_held.borrow() {
            self.shared.pieces_held.fetch_add(1, Ordering::SeqCst);
        }
        // The sender is there for as long as the connection.
        let _ = self.shared.is_held.subscribe().wait_for(|is_held| !is_held).await;
    }

    fn conversation(&self) -> std::sync::MutexGuard<'_, Conversation> {
        self.conversation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
