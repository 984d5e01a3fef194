//! What every command takes that speaks to a running server.

use clap::Args;
use std::path::PathBuf;

/// Which server, and with which secret key.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArguments {
    /// The profile with URL, secret key and actor, see `actas profiles` [env: ACTAS_PROFILE]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["url", "secret_key_file"])]
    pub(crate) profile: Option<String>,
    /// The server's URL [env: ACTAS_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The file that the secret key is in, - for the standard input [else env: CLERK_SECRET_KEY]
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_key_file: Option<PathBuf>,
    /// Speak plain http to a server on another machine; whoever is on the way can read the key and the links
    #[arg(long)]
    pub(crate) allow_http: bool,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Print JSON, with times in Unix milliseconds
    #[arg(long)]
    pub(crate) json: bool,
    /// Show times as dates in UTC and not as "3 min ago"
    #[arg(long)]
    pub(crate) utc: bool,
}

/// The end of the help of each command that speaks to a server.
pub(crate) const SERVER_HELP: &str = "\
Server and key come from --url and --secret-key-file, or from --profile; else from ACTAS_URL and
CLERK_SECRET_KEY, or from ACTAS_PROFILE; else from the default profile or from ./.actas/dev.env,
where `actas dev` runs; where there are both, name one. Where nobody names a server, it is told
which one is used. There is no flag for the key itself: it would be in the shell's history and in
the list of processes.";
