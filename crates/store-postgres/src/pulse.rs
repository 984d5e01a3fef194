//! Making certain of what was read.
//!
//! A read alone proves little. The server that answered it may be a primary that another one has replaced; and a commit
//! can be seen whose wait for the standby was cut, and which is lost when that standby takes over. A small commit of our
//! own behind the read, on the same server and answered in order, excludes both: where a standby must have each commit,
//! none that has taken over lets it through; and whatever was committed before it is where it is.
//!
//! It holds no row that anybody else writes, so it does not wait for the record. All that ask at once share one. Where
//! nobody asks for a while it is made all the same: a store that only reads would never notice otherwise that its server
//! was replaced.

use crate::{
    batch,
    bind::Query,
    connection::Connection,
    fault::Fault,
    primary::Primary,
    reads::closed,
    rows::{self, Fields},
    schema,
};
use actas_domain::ports::StoreError;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// After a commit that failed, and that nobody waits for, the next one follows this soon: the new primary is looked for.
const SEARCH_PAUSE: Duration = Duration::from_secs(1);
/// How long somebody waits who asks whether the store works.
const CHECK_PATIENCE: Duration = Duration::from_secs(2);

type Answer = Result<u64, Arc<Fault>>;

pub(crate) struct Pulse {
    requests: mpsc::UnboundedSender<oneshot::Sender<Answer>>,
    beating: Mutex<Option<JoinHandle<()>>>,
    primary: Arc<Primary>,
}

impl Pulse {
    pub(crate) fn start(primary: Arc<Primary>, id: String) -> Self {
        let (requests, waiting) = mpsc::unbounded_channel();
        let heart = Heart { primary: Arc::clone(&primary), id, connection: None, number: 0, is_sure: true };
        let beating = Mutex::new(Some(tokio::spawn(heart.run(waiting))));
        Self { requests, beating, primary }
    }

    /// Makes certain of all that was read since the epoch was this one.
    pub(crate) async fn confirm(&self, epoch: u64) -> Result<(), StoreError> {
        let options = &self.primary.options;
        let patience = options.connect_timeout + options.statement_timeout;
        let beat = self.beat(patience).await?;
        // Also what was read on a server that was found only behind the beat is not certain.
        if beat == epoch && self.primary.epoch() == epoch {
            return Ok(());
        }
        Err(StoreError::Unavailable("the database moved to another server meanwhile: ask again".into()))
    }

    /// Whether the primary can be read and written, soon.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.beat(CHECK_PATIENCE).await.map(drop)
    }

    pub(crate) fn close(&self) {
        if let Some(beating) = self.beating.lock().unwrap_or_else(PoisonError::into_inner).take() {
            beating.abort();
        }
    }

    /// A commit that began after this call, and ended. Returns the epoch of its server.
    async fn beat(&self, patience: Duration) -> Result<u64, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(answer).map_err(|_| closed())?;
        match timeout(patience, answered).await {
            Ok(Ok(outcome)) => outcome.map_err(|fault| fault.to_store_error()),
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(Fault::Silent(patience.as_secs()).into()),
        }
    }
}

struct Heart {
    primary: Arc<Primary>,
    /// Of its row in `writers`.
    id: String,
    connection: Option<Connection>,
    number: i64,
    /// The newest beat was answered.
    is_sure: bool,
}

impl Heart {
    async fn run(mut self, mut waiting: mpsc::UnboundedReceiver<oneshot::Sender<Answer>>) {
        let mut asked = Vec::new();
        loop {
            let idle_max = if self.is_sure { self.primary.options.beat_interval } else { SEARCH_PAUSE };
            if let Ok(0) = timeout(idle_max, waiting.recv_many(&mut asked, usize::MAX)).await {
                return;
            }
            let outcome = self.beat().await.map_err(Arc::new);
            if let Err(fault) = &outcome
                && self.is_sure
            {
                tracing::warn!(%fault, "the database does not confirm that it is the primary: looking for the one that is");
            }
            self.is_sure = outcome.is_ok();
            for answer in asked.drain(..) {
                // Whoever asked may have gone away meanwhile.
                let _ = answer.send(outcome.clone());
            }
        }
    }

    async fn beat(&mut self) -> Result<u64, Fault> {
        let kept = self.connection.take().filter(|kept| !kept.is_closed() && self.primary.is_current(kept));
        let is_new = kept.is_none();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.primary.open_in_turn().await?,
        };
        match self.on(&mut connection).await {
            Ok(epoch) => {
                self.connection = Some(connection);
                Ok(epoch)
            }
            // One that was kept may have broken unnoticed.
            Err(fault) if !is_new && fault.is_of_the_connection() => {
                let mut connection = self.primary.open_in_turn().await?;
                let epoch = self.on(&mut connection).await?;
                self.connection = Some(connection);
                Ok(epoch)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn on(&mut self, connection: &mut Connection) -> Result<u64, Fault> {
        self.number += 1;
        let sign = batch::sign(&self.id, self.number);
        let [begin, no_timeout, commit] = [batch::BEGIN, batch::NO_TIMEOUT, batch::COMMIT].map(Query::plain);
        let queries = [begin, schema::least_reader(), sign, no_timeout, commit];
        let warnings = connection.warnings();
        let patience = self.primary.options.statement_timeout + batch::COMMIT_PATIENCE;
        let answers = match connection.pipeline_within(patience, &queries).await {
            Ok(answers) => answers,
            Err(failed) => {
                // A beat that was not answered keeps its row until it is through, so the next ones wait for that row in
                // vain. That is as well: no more than one session of ours hangs there.
                if matches!(failed.fault, Fault::Silent(_)) || failed.fault.is_timeout() {
                    self.primary.doubt(connection);
                }
                return Err(failed.fault);
            }
        };
        let least = answers.get(1).map(Vec::as_slice).unwrap_or_default();
        schema::may_work(rows::one(least, |row| Fields::of(row, "meta").unsigned())?)?;
        if connection.warnings() != warnings {
            self.primary.doubt(connection);
            return Err(Fault::Unreachable("the database warned of its commit".into()));
        }
        Ok(connection.epoch)
    }
}
