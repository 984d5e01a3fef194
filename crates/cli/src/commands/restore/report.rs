//! What a restore tells.

use super::super::transferring::{Told, tell_master_key};
use crate::{
    exit::ExitError,
    output::{self, Cell, Column, Screen, Table, grouped},
};
use actas_domain::{keys::SigningKey, secret_key::SecretKey, time::UnixMillis, transfer::Withdrawn};
use serde::Serialize;
use std::path::PathBuf;

/// What is printed with `--json`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Restored {
    pub(super) file: PathBuf,
    pub(super) data_dir: PathBuf,
    instance_id: String,
    /// Where the database is that was there.
    pub(super) replaced: Option<PathBuf>,
    /// When the newest entry of the backup's record was made: the state is that of then.
    newest_entry_at: Option<String>,
    pub(super) as_it_was: bool,
    revoked_actor_tokens: u64,
    revoked_sign_in_tokens: u64,
    ended_sessions: u64,
    dropped_returns: u64,
    #[serde(flatten)]
    keys: ValidKeys,
    master_key: Option<String>,
    /// Of the backup, before anything was taken back.
    backup: Told,
}

/// What is valid now, and may have been revoked or withdrawn since the backup.
#[derive(Debug, Default, Serialize)]
pub(super) struct ValidKeys {
    valid_secret_keys: Vec<ValidKey>,
    signing_keys: Vec<PublishedKey>,
}

#[derive(Debug, Serialize)]
struct ValidKey {
    id: String,
    name: String,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct PublishedKey {
    id: String,
    status: &'static str,
    created_at: String,
    current_since: Option<String>,
}

impl ValidKeys {
    pub(super) fn of(secret_keys: Vec<SecretKey>, signing_keys: Vec<SigningKey>) -> Self {
        let valid_key = |key: SecretKey| ValidKey {
            id: key.id.to_string(),
            name: key.name,
            created_at: key.created_at.to_rfc3339(),
        };
        let published_key = |key: SigningKey| PublishedKey {
            id: key.id.to_string(),
            status: key.status.as_str(),
            created_at: key.created_at.to_rfc3339(),
            current_since: key.current_since.map(UnixMillis::to_rfc3339),
        };
        Self {
            valid_secret_keys: secret_keys.into_iter().map(valid_key).collect(),
            signing_keys: signing_keys.into_iter().map(published_key).collect(),
        }
    }

    fn print(&self) -> Result<(), ExitError> {
        self.print_signing_keys()?;
        self.print_secret_keys()
    }

    fn print_signing_keys(&self) -> Result<(), ExitError> {
        output::line(
            "These signing keys are published now. One that was withdrawn since the backup signs again: if any was, run \
             actas keys rotate --now --withdraw before the instance is used.",
        )?;
        let screen = Screen::of_stdout(false);
        let columns = ["ID", "STATUS", "PUBLISHED", "SIGNS SINCE"].map(Column::whole);
        let mut table = Table::new(columns);
        for key in &self.signing_keys {
            let since = key.current_since.as_deref().unwrap_or_default();
            table.add([
                Cell::new(&key.id),
                Cell::status(key.status),
                Cell::new(screen.named_time(&key.created_at)),
                Cell::new(screen.named_time(since)),
            ]);
        }
        output::line(table.render(&screen))
    }

    fn print_secret_keys(&self) -> Result<(), ExitError> {
        if self.valid_secret_keys.is_empty() {
            return output::line("No secret key is valid: make one with actas secret-keys create.");
        }
        output::line(
            "These secret keys are valid now. One that was revoked since the backup is valid again, and one that was made \
             since is unknown: revoke and make them with actas secret-keys.",
        )?;
        let screen = Screen::of_stdout(false);
        let mut table = Table::new([Column::whole("ID"), Column::whole("NAME"), Column::whole("CREATED")]);
        for key in &self.valid_secret_keys {
            table.add([
                Cell::new(&key.id),
                Cell::new(&key.name),
                Cell::new(screen.named_time(&key.created_at)),
            ]);
        }
        output::line(table.render(&screen))
    }
}

impl Restored {
    pub(super) fn of(
        instance_id: String,
        master_key: Option<String>,
        newest_entry_at: Option<UnixMillis>,
        withdrawn: Withdrawn,
        keys: ValidKeys,
        backup: Told,
    ) -> Self {
        Self {
            instance_id,
            master_key,
            newest_entry_at: newest_entry_at.map(UnixMillis::to_rfc3339),
            revoked_actor_tokens: withdrawn.actor_tokens,
            revoked_sign_in_tokens: withdrawn.sign_in_tokens,
            ended_sessions: withdrawn.sessions,
            dropped_returns: withdrawn.returns,
            keys,
            backup,
            ..Self::default()
        }
    }

    pub(super) fn print(&self, json: bool) -> Result<(), ExitError> {
        if json {
            return output::json(self);
        }
        let since = self.newest_entry_at.as_deref().unwrap_or("before its first entry");
        output::line(format!(
            "restored the instance {} in {} from {}: {} rows; its newest entry is of {since}",
            self.instance_id,
            self.data_dir.display(),
            self.file.display(),
            grouped(self.backup.rows())
        ))?;
        if let Some(replaced) = &self.replaced {
            output::line(format!("The database that was there is now {}.", replaced.display()))?;
        }
        output::line(if self.as_it_was {
            "Nothing was taken back: a ticket that was used since the backup can be used once more, and a session that \
             ended since is live again."
                .to_owned()
        } else {
            format!(
                "Taken back, on record: {} pending actor tokens and {} pending sign-in tokens revoked, {} live sessions \
                 ended, {} kept returns dropped.",
                grouped(self.revoked_actor_tokens),
                grouped(self.revoked_sign_in_tokens),
                grouped(self.ended_sessions),
                grouped(self.dropped_returns)
            )
        })?;
        self.keys.print()?;
        output::line(tell_master_key(self.master_key.as_ref()))
    }
}
