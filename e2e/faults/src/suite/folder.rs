//! Where the servers of a run have their data and their logs.

use super::guardian::Guardian;
use crate::Fault;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Removes the folder, unless it is to be kept. Disks that are mounted in it go first, each with a guardian of its own.
const GUARDIAN: &str = r#"read -r word && exit
tries=0
until rm -rf --one-file-system "$1" || [ "$tries" -ge 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
done"#;

/// Gone with the run, also with one that is killed, unless it is kept.
pub(super) struct RunFolder {
    folder: PathBuf,
    guardian: Option<Guardian>,
}

impl RunFolder {
    pub(super) fn make() -> Result<Self, Fault> {
        let folder = tempfile::Builder::new().prefix("actas-suite-").tempdir()?;
        let guardian = Some(Guardian::start(GUARDIAN, &[folder.path().as_os_str()])?);
        Ok(Self { folder: folder.keep(), guardian })
    }

    /// The folder of a deployment by its number, made where it is absent.
    pub(super) fn of_deployment(&self, number: u64) -> Result<PathBuf, Fault> {
        let folder = self.folder.join(format!("deployment-{number}"));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }

    /// Of one that has ended, and that nobody has to look at. What stays goes with the run.
    pub(super) fn remove_deployment(&self, number: u64) {
        let _ = fs::remove_dir_all(self.folder.join(format!("deployment-{number}")));
    }

    /// It stays when the run ends.
    pub(super) fn keep(&mut self) -> &Path {
        if let Some(guardian) = self.guardian.take() {
            guardian.release();
        }
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_unless_it_is_kept() {
        let mut run = RunFolder::make().unwrap();
        let folder = run.of_deployment(1).unwrap();
        drop(run);
        assert!(!folder.parent().unwrap().exists());
        run = RunFolder::make().unwrap();
        let kept = run.keep().to_owned();
        drop(run);
        assert!(kept.exists());
        fs::remove_dir(kept).unwrap();
    }
}
