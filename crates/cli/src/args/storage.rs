//! `actas store copy`, `actas store withdraw`, `actas backup` and `actas restore`.

use super::may_be_empty;
use crate::commands::Endpoint;
use clap::{Args, Subcommand, builder::TypedValueParser, error::ErrorKind};
use std::{ffi::OsStr, path::PathBuf};

const COPY_EXAMPLES: &str = "\
An end is one of
  sqlite:FOLDER    the data folder of a server
  postgres         the database that ACTAS_DATABASE_URL, ACTAS_DATABASE_URL_FILE or --config names
  postgres:FILE    the database whose URL is in FILE, which others may not read

Nobody may be at work on either end, and the end that is copied to must be empty. What is written
is read again and compared, and only then is the end that is copied to an instance: a copy that
was cut off is none, and can be begun again as it was. The end that is copied from stays as it is.

Examples:
  actas store copy --from sqlite:/var/lib/actas --to postgres
  actas store copy --from postgres --to sqlite:/srv/actas --json
  actas store copy --from postgres:old.url --to postgres:new.url";

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Copy everything from one store into another, between SQLite and PostgreSQL or within one of them
    #[command(after_help = COPY_EXAMPLES)]
    Copy(CopyArguments),
    /// Revoke every pending token and end every live session of a store that went back in time
    #[command(after_help = WITHDRAW_EXAMPLES)]
    Withdraw(WithdrawArguments),
}

const WITHDRAW_EXAMPLES: &str = "\
A database that was put back to an earlier moment does not know what happened since: tickets that
were used would be pending again, sessions that were ended would be live again. That is so after
pg_restore, after a recovery to a point in time, after a failover to a standby that was not
synchronous, and where a disk or a machine was put back. So every pending actor token and sign-in
token is revoked, every live session is ended and every kept return is dropped, each on record with
the cause `restored`, and `instance.restored` tells that it was done. `actas restore` does the same
by itself.

The store is named as for `actas store copy`: sqlite:FOLDER, postgres or postgres:FILE. Stop every
server before, and start them after: while one is at work it is refused. Once begun it can be done
again and goes on with what is left.

Keys went back, too, and are listed: a secret key that was revoked since is valid again, and a
signing key that was withdrawn since signs and is published again. Revoke the one by
`actas secret-keys revoke`, withdraw the other by `actas keys rotate --now --withdraw`.

Examples:
  actas store withdraw postgres
  actas store withdraw postgres --config /etc/actas/actas.toml --json
  actas store withdraw sqlite:/var/lib/actas";

#[derive(Debug, Args)]
pub(crate) struct WithdrawArguments {
    /// The store: sqlite:FOLDER, postgres or postgres:FILE
    #[arg(value_name = "STORE", value_parser = Ends)]
    pub(crate) store: Endpoint,
    /// The configuration file with the settings of `postgres`
    #[arg(long, value_name = "FILE", env = "ACTAS_CONFIG", hide_env_values = true, value_parser = may_be_empty())]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// What is copied
    #[arg(long, value_name = "END", value_parser = Ends)]
    pub(crate) from: Endpoint,
    /// Where it is copied to
    #[arg(long, value_name = "END", value_parser = Ends)]
    pub(crate) to: Endpoint,
    /// The configuration file with the settings of `postgres`
    #[arg(long, value_name = "FILE", env = "ACTAS_CONFIG", hide_env_values = true, value_parser = may_be_empty())]
    pub(crate) config: Option<PathBuf>,
    /// The file of the master key, to check that it opens the signing keys [default: master.key in the data folder that
    /// is copied]
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads an end, and does not repeat what cannot be read: it may be a URL with a password in it.
#[derive(Clone)]
struct Ends;

impl TypedValueParser for Ends {
    type Value = Endpoint;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Endpoint, clap::Error> {
        value.to_string_lossy().parse().map_err(|why: String| {
            let name = argument.map(ToString::to_string).unwrap_or_default();
            let told = format!("invalid value for '{name}': {why}\n");
            clap::Error::raw(ErrorKind::ValueValidation, told).with_cmd(command)
        })
    }
}

pub(super) const BACKUP_EXAMPLES: &str = "\
The server goes on meanwhile. The backup is one moment's state, checked page by page and row by
row before it gets its name. The master key is not in it: keep that elsewhere, for without it the
backup cannot be used, and whoever has both has the signing keys.

Examples:
  actas backup --to /backups/actas-monday.db
  actas backup --data-dir /srv/actas --to /backups/actas.db --json";

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file to make; one that is there is refused
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The server's configuration file
    #[arg(long, value_name = "FILE", env = "ACTAS_CONFIG", hide_env_values = true, value_parser = may_be_empty())]
    pub(crate) config: Option<PathBuf>,
    /// The server's data folder [default: ./.actas if `actas dev` made it, else /var/lib/actas]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) const RESTORE_EXAMPLES: &str = "\
A backup goes back in time: tickets that were used since would be pending again, sessions that
were ended since would be live again. So every pending actor token and sign-in token is revoked,
every live session is ended and every kept return is dropped, each on record with the cause
`restored`; --as-it-was leaves them.

Keys go back, too: a secret key that was revoked since is valid again, and a signing key that was
withdrawn since signs and is published again. Both are listed. Revoke the one by
`actas secret-keys revoke`, withdraw the other by `actas keys rotate --now --withdraw`. Passwords
that were changed since are the old ones again.

No server may run on the folder. The backup is checked before anything is changed. A database that
is there is refused; with --replace it is moved aside, and stays.

Examples:
  actas restore /backups/actas-monday.db
  actas restore /backups/actas-monday.db --data-dir /srv/actas --replace";

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Move the database that is there aside
    #[arg(long)]
    pub(crate) replace: bool,
    /// Leave pending tokens pending and live sessions live: a ticket may then be used twice
    #[arg(long)]
    pub(crate) as_it_was: bool,
    /// The server's configuration file
    #[arg(long, value_name = "FILE", env = "ACTAS_CONFIG", hide_env_values = true, value_parser = may_be_empty())]
    pub(crate) config: Option<PathBuf>,
    /// The server's data folder [default: ./.actas if `actas dev` made it, else /var/lib/actas]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The file of the master key, to check that it opens the signing keys [default: master.key in the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
