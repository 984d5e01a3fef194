//! What a restore tells.

use super::super::{
    taken_back::TakenBack,
    transferring::{Told, tell_master_key},
};
use crate::{
    exit::ExitError,
    output::{self, grouped},
};
use serde::Serialize;
use std::path::PathBuf;

/// What is printed with `--json`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Restored {
    pub(super) file: PathBuf,
    pub(super) data_dir: PathBuf,
    pub(super) instance_id: String,
    /// Where the database is that was there.
    pub(super) replaced: Option<PathBuf>,
    /// Its instance, where that can be read.
    pub(super) replaced_instance_id: Option<String>,
    /// When the newest entry of the backup's record was made: the state is that of then.
    pub(super) newest_entry_at: Option<String>,
    pub(super) as_it_was: bool,
    #[serde(flatten)]
    pub(super) taken_back: TakenBack,
    pub(super) master_key: Option<String>,
    /// Of the backup, before anything was taken back.
    pub(super) backup: Told,
}

impl Restored {
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
        if let Some(other) = self.replaced_instance_id.as_ref().filter(|other| **other != self.instance_id) {
            output::line(format!(
                "That one was of another instance, {other}: its users, keys and record are not in this one."
            ))?;
        }
        if self.as_it_was {
            output::line(
                "Nothing was taken back: a ticket that was used since the backup can be used once more, and a session \
                 that ended since is live again.",
            )?;
        } else {
            self.taken_back.print_counts()?;
        }
        self.taken_back.print_keys()?;
        output::line(tell_master_key(self.master_key.as_ref()))
    }
}
