//! `actas users`.

use super::{
    connection::{OutputArguments, SERVER_HELP, ServerArguments},
    transfer::{IMPORT_EXAMPLES, ImportUsersArguments},
};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// List users, the newest first
    #[command(after_help = SERVER_HELP)]
    List {
        /// The same as --query
        #[arg(value_name = "TEXT", conflicts_with = "query")]
        text: Option<String>,
        /// Only those whose id, name, e-mail address, phone number or username contains this
        #[arg(long, value_name = "TEXT")]
        query: Option<String>,
        /// Only the one with exactly this e-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Only those that are banned
        #[arg(long)]
        banned: bool,
        /// Only those that are locked
        #[arg(long)]
        locked: bool,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Show a user
    #[command(after_help = SERVER_HELP)]
    Show(UserArguments),
    /// Create a user
    #[command(after_help = SERVER_HELP)]
    Create(CreateUserArguments),
    /// Create as many users as a file has, also millions
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportUsersArguments),
    /// Delete a user, for good; sessions and actor tokens fall with it
    #[command(after_help = SERVER_HELP)]
    Delete {
        /// Do not ask; needed where there is no terminal to ask on
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        user: UserArguments,
    },
    /// Ban a user until unbanned: ends all sessions and actor tokens, also those in which this user acts
    #[command(after_help = SERVER_HELP)]
    Ban(UserArguments),
    /// Let a banned user sign in again
    #[command(after_help = SERVER_HELP)]
    Unban(UserArguments),
    /// Lock a user until unlocked: ends all sessions and actor tokens, also those in which this user acts
    #[command(after_help = SERVER_HELP)]
    Lock(UserArguments),
    /// Let a locked user sign in again
    #[command(after_help = SERVER_HELP)]
    Unlock(UserArguments),
}

/// One user.
#[derive(Debug, Args)]
pub(crate) struct UserArguments {
    /// A user id, or an e-mail address that one user has
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CreateUserArguments {
    /// The user's id, where it is known elsewhere already [default: a new one]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// An e-mail address, taken as verified; can be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Vec<String>,
    /// A phone number, taken as verified; can be repeated
    #[arg(long, value_name = "NUMBER")]
    pub(crate) phone: Vec<String>,
    #[arg(long, value_name = "NAME", help = "The name to sign in with")]
    pub(crate) username: Option<String>,
    #[arg(long, value_name = "NAME", help = "The first name")]
    pub(crate) first_name: Option<String>,
    #[arg(long, value_name = "NAME", help = "The last name")]
    pub(crate) last_name: Option<String>,
    /// The id that another system has for this user
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// The file that the password is in, - for the standard input; its mode must be 0600
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

impl CreateUserArguments {
    /// Whether anybody could find the user again.
    pub(crate) const fn says_who(&self) -> bool {
        !self.email.is_empty()
            || !self.phone.is_empty()
            || self.id.is_some()
            || self.username.is_some()
            || self.external_id.is_some()
    }
}
