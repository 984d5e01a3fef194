//! What a restore tells.

use super::super::transferring::{Told, tell_master_key};
use crate::{
    exit::ExitError,
    output::{self, Cell, Column, Screen, Table, grouped},
};
use actas_domain::{secret_key::SecretKey, time::UnixMillis, transfer::Withdrawn};
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
    valid_secret_keys: Vec<ValidKey>,
    master_key: Option<String>,
    /// Of the backup, before anything was taken back.
    backup: Told,
}

#[derive(Debug, Serialize)]
struct ValidKey {
    id: String,
    name: String,
    created_at: String,
}

impl Restored {
    pub(super) fn of(
        instance_id: String,
        master_key: Option<String>,
        newest_entry_at: Option<UnixMillis>,
        withdrawn: Withdrawn,
        secret_keys: Vec<SecretKey>,
        backup: Told,
    ) -> Self {
        let valid_key = |key: SecretKey| ValidKey {
            id: key.id.to_string(),
            name: key.name,
            created_at: key.created_at.to_rfc3339(),
        };
        Self {
            instance_id,
            master_key,
            newest_entry_at: newest_entry_at.map(UnixMillis::to_rfc3339),
            revoked_actor_tokens: withdrawn.actor_tokens,
            revoked_sign_in_tokens: withdrawn.sign_in_tokens,
            ended_sessions: withdrawn.sessions,
            dropped_returns: withdrawn.returns,
            valid_secret_keys: secret_keys.into_iter().map(valid_key).collect(),
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
        self.print_keys()?;
        output::line(tell_master_key(self.master_key.as_ref()))
    }

    fn print_keys(&self) -> Result<(), ExitError> {
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
