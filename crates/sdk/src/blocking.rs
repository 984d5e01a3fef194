//! The client for code that is not asynchronous. Its resources are the same, but their methods wait.
//!
//! ```no_run
//! # fn example() -> Result<(), actas_sdk::Error> {
//! let client = actas_sdk::Client::builder().bearer("sk_test_…").build_blocking()?;
//! let user = client.users().get("user_bob")?;
//! # Ok(())
//! # }
//! ```

use crate::{
    client::{CallOptions, Client as AsyncClient, ClientBuilder, Handle, resources},
    error::{Cause, Error},
    mode::{Mode, sealed::Start},
    server::Server,
};
use std::{
    cell::Cell,
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};
use tokio::runtime::Runtime;

/// Calls the API of one server with one key, and waits for the answers. Cheap to clone; all clones share
/// connections and one thread that makes the calls.
///
/// It may be used anywhere, in asynchronous code too, where it holds up the thread that waits. Only its own hooks and
/// the function that yields its key cannot call it, for the call that they belong to would wait for itself: that is
/// answered with [`ErrorKind::Request`](crate::ErrorKind::Request).
#[derive(Clone)]
pub struct Client {
    client: AsyncClient,
    handle: Handle,
    mode: Blocking,
}

/// Methods wait, and return a `Result`.
#[derive(Clone)]
pub struct Blocking {
    worker: Arc<Worker>,
}

/// The thread that makes the calls. It ends with the last client.
struct Worker {
    runtime: Option<Runtime>,
    number: usize,
}

static WORKERS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The worker that this thread belongs to, if it does.
    static WORKER: Cell<Option<usize>> = const { Cell::new(None) };
}

impl Client {
    /// Begins a client. It ends with [`ClientBuilder::build_blocking`].
    pub fn builder() -> ClientBuilder {
        AsyncClient::builder()
    }

    /// The same client with other options; those not given stay.
    #[must_use]
    pub fn with(&self, options: CallOptions) -> Self {
        let client = self.client.with(options);
        Self { handle: client.handle().clone(), client, mode: self.mode.clone() }
    }

    /// The server that is called.
    #[must_use]
    pub fn server(&self) -> &Server {
        self.client.server()
    }
}

resources!(Client, Blocking, self, self.mode.clone());

impl ClientBuilder {
    /// Makes a client whose methods wait, and the thread that makes its calls.
    ///
    /// # Errors
    /// As [`build`](Self::build), and when the thread cannot be made.
    pub fn build_blocking(self) -> Result<Client, Error> {
        let number = WORKERS.fetch_add(1, Ordering::Relaxed);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("actas-sdk")
            .on_thread_start(move || WORKER.set(Some(number)))
            .enable_all()
            .build()
            .map_err(|error| {
                Error::builder(format!("the thread that makes calls could not be made: {error}"))
            })?;
        let client = self.with_key_beside().build()?;
        let mode = Blocking { worker: Arc::new(Worker { runtime: Some(runtime), number }) };
        Ok(Client { handle: client.handle().clone(), client, mode })
    }
}

impl Mode for Blocking {
    type Answer<T: Send + 'static> = Result<T, Error>;
}

impl Start for Blocking {
    fn start<T, F>(&self, call: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        if WORKER.get() == Some(self.worker.number) {
            return Err(Error::request(
                "a blocking client cannot be called from its own hooks, nor from the function that yields its key",
            ));
        }
        // Hooks and keys are caught; what is left is the HTTP client, and it may have sent the request.
        let gone = || Error::new(Cause::Interrupted("the HTTP client panicked".into()));
        let runtime = self.worker.runtime.as_ref().ok_or_else(gone)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            // Whoever waited is there until the answer is.
            let _ = sender.send(call.await);
        });
        receiver.recv().map_err(|_| gone())?
    }
}

impl Drop for Worker {
    /// Without waiting: a runtime that is dropped in asynchronous code must not.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Client").field(&self.handle).finish()
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Blocking")
    }
}
