//! Log lines, to the standard error: text for people, JSON for machines.

use actas_server::config::{Configuration, LogFormat};
use std::io::{self, IsTerminal as _};
use tracing_subscriber::EnvFilter;

/// Starts logging. Actas' own lines follow the configured level; of its libraries, only warnings are shown, because
/// their lower levels print what they handle.
pub(crate) fn start(configuration: &Configuration) {
    let level = configuration.log_level.as_str();
    let others = if level == "error" { "error" } else { "warn" };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("{others},actas={level}")))
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second start in one process changes nothing.
    let _ = match configuration.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}
