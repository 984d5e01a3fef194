//! How a store is opened.

use actas_domain::secret::SecretText;
use std::{path::PathBuf, time::Duration};

/// Where the database is, and how much may wait for it. Durability is not among the options: what was answered is
/// durable, on the standby too where the server has a synchronous one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `postgresql://user:password@host:port,host:port/database`; `sslmode` in it is `verify-full` unless it says
    /// otherwise.
    pub url: SecretText,
    /// Certificates, in PEM, of those who may sign the server's; the system's where there is none.
    pub ca_file: Option<PathBuf>,
    /// How long one host may take until a session with it stands.
    pub connect_timeout: Duration,
    /// How long a statement may take, waiting for others included. It ends neither a commit nor a change that is about
    /// very many rows.
    pub statement_timeout: Duration,
    /// How long work waits for its turn: behind other work of this store, and for the transactions of other servers, of
    /// which one may be about very many rows. What waited longer is not begun; what has just come to the front may wait
    /// for `statement_timeout` more.
    pub head_patience: Duration,
    /// How long a batch that came to nothing is tried anew while the database cannot be reached; three times as long it is
    /// looked for what became of a commit that was not answered.
    pub retry_for: Duration,
    /// After so long without anybody who asked for it, the store makes certain by itself that its server is still the
    /// primary. Each time costs a small commit.
    pub beat_interval: Duration,
    /// Connections that read; at least two, for lists are kept apart from look-ups. One more writes.
    pub read_connections: usize,
    /// Changes that may wait for the writer, and reads that may wait for a connection; one more is answered
    /// [`Overloaded`](actas_domain::ports::StoreError::Overloaded) at once.
    pub queue_length: usize,
    /// Changes that share one transaction at most.
    pub batch_max: usize,
}

impl Options {
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    pub const DEFAULT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
    pub const DEFAULT_HEAD_PATIENCE: Duration = Duration::from_secs(60);
    pub const DEFAULT_RETRY_FOR: Duration = Duration::from_secs(5);
    pub const DEFAULT_BEAT_INTERVAL: Duration = Duration::from_secs(10);
    pub const DEFAULT_READ_CONNECTIONS: usize = 8;
    pub const DEFAULT_QUEUE_LENGTH: usize = 4_096;
    pub const DEFAULT_BATCH_MAX: usize = 512;

    pub const fn new(url: SecretText) -> Self {
        Self {
            url,
            ca_file: None,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            statement_timeout: Self::DEFAULT_STATEMENT_TIMEOUT,
            head_patience: Self::DEFAULT_HEAD_PATIENCE,
            retry_for: Self::DEFAULT_RETRY_FOR,
            beat_interval: Self::DEFAULT_BEAT_INTERVAL,
            read_connections: Self::DEFAULT_READ_CONNECTIONS,
            queue_length: Self::DEFAULT_QUEUE_LENGTH,
            batch_max: Self::DEFAULT_BATCH_MAX,
        }
    }
}
