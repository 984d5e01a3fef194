//! `actas tokens`, `actas sessions` and `actas audit`.

use super::{
    connection::{OutputArguments, SERVER_HELP, ServerArguments},
    duration::{Moment, moment},
    impersonate::TokenArguments,
    transfer::{EXPORT_EXAMPLES, ExportAuditArguments},
};
use clap::{Args, Subcommand};

/// As many rows as fit most terminals.
const LIMIT: &str = "20";

#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// List actor tokens, the newest first
    #[command(after_help = SERVER_HELP)]
    List(ListTokensArguments),
    /// Show an actor token, never its ticket
    #[command(after_help = SERVER_HELP)]
    Show(TokenArguments),
    /// Revoke a pending actor token: its link signs nobody in any more
    #[command(after_help = SERVER_HELP)]
    Revoke(TokenArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListTokensArguments {
    /// Only those with this status; pending ones can still be used, and expired ones no more
    #[arg(long, value_parser = ["pending", "expired", "accepted", "revoked"])]
    pub(crate) status: Option<String>,
    /// Only those that act as this user: an id or an e-mail address
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Only those of this actor: an id or an e-mail address
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// Only those made since then, such as 2h or 2026-11-24T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Moment>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value = LIMIT, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List sessions, the newest first
    #[command(after_help = SESSIONS_EXAMPLES)]
    List(ListSessionsArguments),
    /// Show a session
    #[command(after_help = SERVER_HELP)]
    Show(SessionArguments),
    /// Revoke a session: it gets no session token any more, and the last one is over within a minute
    #[command(after_help = SERVER_HELP)]
    Revoke(SessionArguments),
}

const SESSIONS_EXAMPLES: &str = "\
Server and key are named as for every command: see `actas sessions show --help`.

With --follow, what happens to sessions from then on is told as it happens, until Ctrl-C.

Examples:
  actas sessions list --impersonated --status active     who acts as whom right now
  actas sessions list --impersonated --follow            and from now on
  actas sessions list --user bob@example.com --json";

#[derive(Debug, Args)]
pub(crate) struct ListSessionsArguments {
    /// Only those in which somebody acts as the user
    #[arg(long)]
    pub(crate) impersonated: bool,
    /// Only those with this status
    #[arg(long, value_parser = ["abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"])]
    pub(crate) status: Option<String>,
    /// Only those of this user: an id or an e-mail address
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value = LIMIT, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Then tell what happens to sessions, until Ctrl-C; with --json, entries of the record as JSON Lines
    #[arg(long, conflicts_with = "status")]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// One session.
#[derive(Debug, Args)]
pub(crate) struct SessionArguments {
    /// The session's id, sess_…
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List the record, the newest entry first
    #[command(after_help = SERVER_HELP)]
    List {
        #[command(flatten)]
        filter: AuditFilter,
        /// Only what happened since then, such as 2h or 2026-11-24T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Option<Moment>,
        /// Only what happened before then
        #[arg(long, value_name = "TIME", value_parser = moment)]
        until: Option<Moment>,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value = LIMIT, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Show an entry, with all that is known of it
    #[command(after_help = SERVER_HELP)]
    Show {
        /// The entry's position, as `actas audit list` shows it under #
        #[arg(value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
        position: u64,
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Tell each entry as it comes, the oldest first, until Ctrl-C
    #[command(after_help = FOLLOW_EXAMPLES)]
    Follow {
        #[command(flatten)]
        filter: AuditFilter,
        /// Begin behind this position; 0 is before the record's oldest entry [default: what is new]
        #[arg(long, value_name = "POSITION")]
        after: Option<u64>,
        #[command(flatten)]
        server: ServerArguments,
        /// Print JSON Lines, with times in Unix milliseconds
        #[arg(long, help_heading = "Output")]
        json: bool,
    },
    /// Write the record, or a part of it, to a file
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportAuditArguments),
}

const FOLLOW_EXAMPLES: &str = "\
Entries are asked for by their positions, so that none is lost and none is told twice, also while
the server restarts. With --json, each entry is a line (JSON Lines).

Examples:
  actas audit follow
  actas audit follow --outcome denied
  actas audit follow --after 0 --json > record.jsonl";

/// Which entries: all conditions must hold.
#[derive(Debug, Default, Args)]
pub(crate) struct AuditFilter {
    /// Only about this user: an id or an e-mail address
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Only where this actor acts: an id or an e-mail address
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// Only about this actor token
    #[arg(long, value_name = "ID")]
    pub(crate) token: Option<String>,
    /// Only about this session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// Only this action, such as actor_token.created
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Only what was done, or what was denied
    #[arg(long, value_parser = ["done", "denied"])]
    pub(crate) outcome: Option<String>,
}
