//! The client, and what all its calls share.

mod builder;
mod headers;
mod options;
mod resources;

pub use builder::ClientBuilder;
pub use options::CallOptions;

pub(crate) use headers::{HeaderSet, is_reserved};
#[cfg(feature = "blocking")]
pub(crate) use resources::resources;

use crate::{
    bearer::Bearer,
    hooks::Hooks,
    mode::Async,
    retry::RetryPolicy,
    server::Server,
    transport::{Clock, Transport},
};
use std::{fmt, sync::Arc, time::Duration};

/// Calls the API of one server with one key. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Client {
    handle: Handle,
}

/// What a resource needs to make a call.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) core: Arc<Core>,
    pub(crate) options: Arc<CallOptions>,
}

/// What a client was built with.
pub(crate) struct Core {
    pub(crate) server: Server,
    pub(crate) bearer: Bearer,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) retry: RetryPolicy,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) response_limit_bytes: usize,
    pub(crate) headers: HeaderSet,
    pub(crate) hooks: Hooks,
}

impl Client {
    /// Begins a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    fn new(core: Core) -> Self {
        Self { handle: Handle { core: Arc::new(core), options: Arc::default() } }
    }

    /// The same client with other options; those not given stay.
    #[must_use]
    pub fn with(&self, options: CallOptions) -> Self {
        let options = Arc::new(options.over(&self.handle.options));
        Self { handle: Handle { core: Arc::clone(&self.handle.core), options } }
    }

    /// The server that is called.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.handle.core.server
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

resources::resources!(Client, Async, self, Async);

impl Handle {
    /// The longest that the call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.options.timeout.unwrap_or(self.core.timeout)
    }

    /// The longest that an attempt may take.
    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.options.attempt_timeout.unwrap_or(self.core.attempt_timeout)
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        self.options.retry.as_ref().unwrap_or(&self.core.retry)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Client").field(&self.handle).finish()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handle")
            .field("server", &self.core.server.url())
            .field("bearer", &self.core.bearer)
            .field("hooks", &self.core.hooks)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
