//! A server that runs: its listeners, its work in the background, and its orderly end.

use crate::{background::Background, exit::ExitError};
use actas_server::{
    App, Entry, Surfaces,
    config::Configuration,
    control::{self, Administered},
    router,
    serve::{self, Limits},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, UnixListener},
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinSet,
    time,
};

/// File descriptors that are no connections: the store, the control socket, the runtime.
const OTHER_DESCRIPTORS: u64 = 128;

/// Connections that the system keeps until they are accepted, as many of them as it allows (`net.core.somaxconn`). Of those
/// that find no room the caller hears nothing, and tries again after a second at the earliest.
const BACKLOG: u32 = 4_096;

/// The sockets that a server listens on, each with what it answers there.
#[derive(Debug)]
pub(crate) struct Listeners(Vec<(TcpListener, Surfaces)>);

impl Listeners {
    /// Binds all that the configuration names; the public one is first.
    ///
    /// # Errors
    /// [`ExitError::Listen`], for the first that cannot be bound.
    pub(crate) async fn bind(configuration: &Configuration) -> Result<Self, ExitError> {
        let public = Surfaces {
            frontend_api: true,
            backend_api: configuration.backend_listen.is_none(),
            metrics: configuration.metrics_on_public,
        };
        let nothing = Surfaces { frontend_api: false, backend_api: false, metrics: false };
        let wanted = [
            ("listen", Some(configuration.listen), public),
            ("backend_listen", configuration.backend_listen, Surfaces { backend_api: true, ..nothing }),
            ("metrics_listen", configuration.metrics_listen, Surfaces { metrics: true, ..nothing }),
        ];
        let mut listeners = Vec::new();
        for (key, address, surfaces) in wanted {
            let Some(address) = address else { continue };
            let listener = bind(address).map_err(|error| cannot_listen(key, address, &error))?;
            listeners.push((listener, surfaces));
        }
        Ok(Self(listeners))
    }

    /// Where the public listener really listens: port 0 has become a port.
    pub(crate) fn public_address(&self) -> Option<SocketAddr> {
        self.0.first().and_then(|(listener, _)| listener.local_addr().ok())
    }

    /// For people: every address and what is answered there.
    pub(crate) fn describe(&self) -> Vec<String> {
        let line = |(listener, surfaces): &(TcpListener, Surfaces)| {
            let address = listener.local_addr().map_or_else(|error| error.to_string(), |at| at.to_string());
            let parts = [
                (surfaces.frontend_api, "Frontend API"),
                (surfaces.backend_api, "Backend API"),
                (surfaces.metrics, "metrics"),
            ];
            let parts: Vec<_> = parts.iter().filter(|(there, _)| *there).map(|(_, name)| *name).collect();
            format!("listening on {address} ({})", parts.join(", "))
        };
        self.0.iter().map(line).collect()
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that a server that starts anew need not wait for connections of its predecessor to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn cannot_listen(key: &str, address: SocketAddr, error: &io::Error) -> ExitError {
    let step = match error.kind() {
        io::ErrorKind::AddrInUse => "stop what uses it, or choose another",
        io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; choose another",
        _ => "choose an address of this machine",
    };
    ExitError::Listen(format!("cannot listen on {address} ({key}): {error}; {step}"))
}

/// SIGTERM and SIGINT, caught from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn catch() -> Result<Self, ExitError> {
        let caught =
            |kind| signal(kind).map_err(|error| ExitError::Refused(format!("cannot catch signals: {error}")));
        Ok(Self { terminate: caught(SignalKind::terminate())?, interrupt: caught(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Binds the control socket of the data folder that this process owns.
pub(crate) fn control_socket(path: &Path) -> Result<UnixListener, ExitError> {
    control::bind(path).map_err(|error| {
        ExitError::Listen(format!(
            "cannot listen on the control socket {}: {error}; its path must be shorter than 108 bytes",
            path.display()
        ))
    })
}

/// Serves until SIGTERM or SIGINT, then finishes what is in flight. Everything has ended when this returns; the
/// store is still open.
pub(crate) async fn run(
    app: Arc<App>,
    listeners: Listeners,
    control: Option<(UnixListener, Administered)>,
    mut signals: Signals,
    shutdown: Duration,
) {
    let (stop, stopped) = watch::channel(false);
    // Some of the time is for what comes after the requests: the control socket and the store.
    let limits = Limits {
        write_timeout: app.http.request_timeout,
        header_read_timeout: app.http.header_read_timeout,
        connections_max: app.http.connections_max,
        shutdown: shutdown.mul_f64(0.8),
    };
    raise_descriptor_limit(limits.connections_max, listeners.0.len());
    let mut serving = JoinSet::new();
    for (listener, surfaces) in listeners.0 {
        let entry = Entry::new(Arc::clone(&app), router(&app, surfaces));
        serving.spawn(serve::serve(listener, entry, limits, stopped.clone()));
    }
    if let Some((listener, administered)) = control {
        serving.spawn(control::serve(listener, control::router(administered), stopped.clone()));
    }
    let background = Background::start(&app);
    let signal = signals.next().await;
    tracing::info!(signal, "stopping: finishing what is in flight");
    // Nobody listens any more once the receivers are gone; that is the aim.
    let _ = stop.send(true);
    let finished = async {
        tokio::join!(background.stop(), async { while serving.join_next().await.is_some() {} });
    };
    tokio::select! {
        ended = time::timeout(shutdown.mul_f64(0.9), finished) => {
            if ended.is_err() {
                tracing::warn!("not everything finished in time");
            }
        }
        signal = signals.next() => tracing::warn!(signal, "stopping at once"),
    }
}

/// Makes room for the connections that the configuration allows, as far as the system lets us.
fn raise_descriptor_limit(connections_max: usize, listeners: usize) {
    let wanted = u64::try_from(connections_max.saturating_mul(listeners)).unwrap_or(u64::MAX);
    let wanted = wanted.saturating_add(OTHER_DESCRIPTORS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let (Some(soft), hard) = (current, maximum.unwrap_or(u64::MAX)) else { return };
    let target = wanted.min(hard);
    if target > soft && setrlimit(Resource::Nofile, Rlimit { current: Some(target), maximum }).is_err() {
        tracing::warn!(limit = soft, "the limit of open files could not be raised");
    }
    if wanted > hard {
        tracing::warn!(limit = hard, wanted, "the limit of open files is below connections_max; raise it");
    }
}
