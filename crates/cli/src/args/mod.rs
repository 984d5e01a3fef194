//! What can be typed: commands, flags and their help.

mod connection;
mod duration;
mod impersonate;
mod options;
mod profiles;
mod storage;
mod transfer;
mod users;
mod watch;

pub(crate) use connection::{OutputArguments, ServerArguments};
pub(crate) use duration::Moment;
pub(crate) use impersonate::{
    ImpersonateArguments, ImpersonateCommand, ImpersonateCreateArguments, TokenArguments,
};
pub(crate) use options::OptionFlags;
pub(crate) use profiles::{
    AddProfileArguments, CompletionsArguments, ManArguments, ProfilesCommand, SetProfileArguments,
};
pub(crate) use storage::{BackupArguments, CopyArguments, RestoreArguments, StoreCommand, WithdrawArguments};
pub(crate) use transfer::{Bound, ExportAuditArguments, ImportUsersArguments};
pub(crate) use users::{CreateUserArguments, UserArguments, UsersCommand};
pub(crate) use watch::{
    AuditCommand, AuditFilter, ListSessionsArguments, ListTokensArguments, SessionArguments, SessionsCommand,
    TokensCommand,
};

use clap::{
    Args, Parser, Subcommand,
    builder::{OsStringValueParser, TypedValueParser},
};
use std::{net::SocketAddr, path::PathBuf};

const EXAMPLES: &str = "\
Examples:
  actas dev                             try it here and now, with keys and two users
  actas serve --config actas.toml       run an instance
  actas secret-keys create --name shop  make a key for a backend
  actas doctor                          what is wrong, and what to do about it
  actas backup --to actas.backup.db     a copy of the database, while the server runs
  actas impersonate bob@example.com     a link that signs in as Bob, once
  actas audit follow                    who does what, as it happens

Exit codes:
   0  done; a command that follows: until it was interrupted
   1  refused, or failed otherwise; doctor: something failed; users import: rows were refused
   2  the command line, the configuration or a profile is wrong
   3  an address cannot be listened on
   4  the data folder or the store cannot be used
   5  the master key is missing, wrong or open to others
   6  another process owns the data folder, or is at work on the database to be copied
   7  the server cannot be reached, failed, or is no Actas
   8  the server refused the secret key
   9  there is no such user, token, session or entry
  10  the server refused what was asked
 130  interrupted at a question, an import, an export, a copy, a backup, a restore or a withdrawal";

/// Sign in as another user, on the record: actor tokens that speak Clerk's API
#[derive(Debug, Parser)]
#[command(name = "actas", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a development instance in this folder, without any configuration
    #[command(after_help = DEV_EXAMPLES)]
    Dev(DevArguments),
    /// Run an instance
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ConfigArguments),
    /// Check or print the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// List or rotate the keys that sign session tokens
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Create, list or revoke the keys of backends
    SecretKeys {
        #[command(subcommand)]
        command: SecretKeysCommand,
    },
    /// Check store, keys, clock, disk and configuration, and say what to do
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArguments),
    /// Make a copy of the database file beside the server that uses it
    #[command(after_help = storage::BACKUP_EXAMPLES)]
    Backup(BackupArguments),
    /// Put a backup in the place of the database
    #[command(after_help = storage::RESTORE_EXAMPLES)]
    Restore(RestoreArguments),
    /// Move everything to another store, or withdraw what is open in one that went back in time
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Make a link that signs in as a user, once and on the record; or withdraw one
    #[command(after_help = impersonate::EXAMPLES)]
    Impersonate(Box<ImpersonateArguments>),
    /// List, show or revoke actor tokens: the links of `actas impersonate` and of backends
    Tokens {
        #[command(subcommand)]
        command: TokensCommand,
    },
    /// List, follow, show or revoke sessions
    Sessions {
        #[command(subcommand)]
        command: SessionsCommand,
    },
    /// List, show, create, import, delete, ban or lock users
    Users {
        #[command(subcommand)]
        command: Box<UsersCommand>,
    },
    /// List, follow or export the record: who did what to whom
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Name the servers that you speak to, with their keys
    #[command(after_help = profiles::PROFILES_EXAMPLES)]
    Profiles {
        #[command(subcommand)]
        command: ProfilesCommand,
    },
    /// Print the completions for a shell
    #[command(after_help = profiles::COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArguments),
    /// Write the manual pages
    Man(ManArguments),
}

const DEV_EXAMPLES: &str = "\
Makes keys and two users at the first start and keeps them. For an app's environment, it writes
<data-dir>/dev.env:
  set -a; . .actas/dev.env; set +a

Every option of `actas serve` can be set by its variable, for example ACTAS_DIRECTORY_MODE=open.

Examples:
  actas dev
  actas dev --app-url http://127.0.0.1:3000
  actas dev --ephemeral --listen 127.0.0.1:0";

#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// The address to listen on; port 0 takes any free port [default: 127.0.0.1:4500]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where everything is kept [default: ./.actas]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep everything in memory and nothing on disk
    #[arg(long, conflicts_with = "data_dir")]
    pub(crate) ephemeral: bool,
    /// The app to sign in to: its /sign-in is where a ticket's link leads, and its pages may call Actas
    #[arg(long, value_name = "URL")]
    pub(crate) app_url: Option<String>,
    /// Make sk_live_ and pk_live_ keys, and be a production instance to browsers
    #[arg(long)]
    pub(crate) live_keys: bool,
}

const SERVE_EXAMPLES: &str = "\
A flag is stronger than the environment, the environment is stronger than the file; what came of it
is shown by `actas config print`.

Examples:
  actas serve --config actas.toml
  actas serve --public-url https://clerk.example.com --data-dir /var/lib/actas
  ACTAS_PUBLIC_URL=https://clerk.example.com actas serve";

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The configuration file, in TOML
    #[arg(long, value_name = "FILE", env = "ACTAS_CONFIG", hide_env_values = true, value_parser = may_be_empty())]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) flags: OptionFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether the configuration is right, and all that is wrong with it
    Check(ConfigArguments),
    /// Print the effective value of every option and where it comes from; secrets are not shown
    Print {
        #[command(flatten)]
        from: ConfigArguments,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the reference of all options, in Markdown
    Reference,
}

/// Which instance an administrative command is about.
#[derive(Debug, Args)]
pub(crate) struct TargetArguments {
    /// The server's configuration file
    #[arg(long, value_name = "FILE", env = "ACTAS_CONFIG", hide_env_values = true, value_parser = may_be_empty())]
    pub(crate) config: Option<PathBuf>,
    /// The server's data folder [default: ./.actas if `actas dev` made it, else /var/lib/actas]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The file of the master key, needed while no server runs [default: master.key in the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the signing keys: retired, current, next
    List {
        #[command(flatten)]
        target: TargetArguments,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the next key sign, retire the current one, publish a new next one
    #[command(after_help = "\
Verifiers cache the key set, so the next key must have been published for an hour. In an emergency,
--now does not wait: verifiers that cached the set refuse new tokens until they fetch it again.

Examples:
  actas keys rotate
  actas keys rotate --now")]
    Rotate {
        #[command(flatten)]
        target: TargetArguments,
        /// Do not wait until the next key was published for an hour
        #[arg(long)]
        now: bool,
        /// The current key is in wrong hands: rotate now and stop publishing it. Verifiers refuse its tokens as soon
        /// as they fetch the key set anew; clients get new tokens within a minute
        #[arg(long)]
        withdraw: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretKeysCommand {
    /// Make a new secret key and print it, this once
    Create {
        #[command(flatten)]
        target: TargetArguments,
        /// What the key is called, up to 100 characters
        #[arg(long, default_value = "backend")]
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List names and times of the secret keys, revoked ones too
    List {
        #[command(flatten)]
        target: TargetArguments,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a secret key: from the next request on it opens nothing
    Revoke {
        /// The id that `actas secret-keys list` shows, key_…
        id: String,
        #[command(flatten)]
        target: TargetArguments,
        /// Revoke it even if no other key is valid
        #[arg(long)]
        even_the_last: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

const DOCTOR_EXAMPLES: &str = "\
Each line is ok, warn or FAIL, and what is not ok has its next step. The exit code is 1 when something failed.

Examples:
  actas doctor
  actas doctor --config actas.toml --json";

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A path, or an empty text where a variable is set to nothing: it counts as not set.
fn may_be_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
