//! `actas impersonate`.

use super::{
    connection::{OutputArguments, ServerArguments},
    duration::lifetime,
};
use clap::{Args, Subcommand};
use std::time::Duration;

pub(super) const EXAMPLES: &str = "\
The link that is printed signs in whoever opens it first, once. Whoever has it is the actor, so hand
it to nobody else. Only the link goes to the standard output, all else to the standard error.

Without --actor, the actor of the profile acts. Without both you are asked; a script is refused.

Examples:
  actas impersonate                                        search and pick a user
  actas impersonate bob@example.com --reason 'order 4711' --open
  actas impersonate USER_ID --actor ACTOR_ID --expires-in 10m --session-max 30m
  url=$(actas impersonate bob@example.com --actor ci --expires-in 60s)
  actas impersonate revoke TOKEN_ID                        withdraw a link that was not used";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ImpersonateArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ImpersonateCommand>,
    #[command(flatten)]
    pub(crate) create: ImpersonateCreateArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ImpersonateCreateArguments {
    /// Whom to act as: a user id, or an e-mail address that one user has; in a terminal it can be left out
    #[arg(value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Who acts: an id, or the e-mail address of a user, whose id is then on record and in every session token
    /// [default: the profile's actor]
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// How long the link can be used, such as 10m [default: the server's, an hour]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub(crate) expires_in: Option<Duration>,
    /// How long the session lasts at most, such as 30m [default: the server's, half an hour]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub(crate) session_max: Option<Duration>,
    /// Open the link in the browser and do not print it
    #[arg(long)]
    pub(crate) open: bool,
    /// Print the link to the standard output; that is the default
    #[arg(long, conflicts_with = "open")]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImpersonateCommand {
    /// Withdraw a link that was not used yet
    Revoke(TokenArguments),
}

/// One actor token.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// The actor token's id, act_…
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}
