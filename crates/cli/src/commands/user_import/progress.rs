//! How far an import is, kept beside its source, so that it can go on after whatever stopped it.

use super::row::Import;
use crate::{exit::ExitError, private_file, records::Position};
use actas_crypto::{SystemClock, SystemEntropy};
use actas_domain::{
    ports::{Clock as _, Entropy as _},
    time::UnixMillis,
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};

/// The form of the file; another one is of another version of Actas.
const VERSION: u32 = 1;

/// What is kept. Everything before the position was answered by the server, and nothing behind it is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    version: u32,
    import_id: String,
    started_at: i64,
    /// Where the rows go: an import does not go on in another instance.
    pub(super) instance_id: String,
    pub(super) format: String,
    pub(super) report: PathBuf,
    /// The length of the report that belongs to the rows that are counted here.
    pub(super) report_bytes: u64,
    bytes: u64,
    line: u64,
    sha256: String,
    pub(super) counts: Counts,
}

/// What became of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) created: u64,
    pub(super) exists: u64,
    pub(super) refused: u64,
}

impl Counts {
    pub(super) const fn rows(self) -> u64 {
        self.created + self.exists + self.refused
    }
}

impl Progress {
    pub(super) fn begin(instance_id: String, format: &str, report: PathBuf, from: &Position) -> Self {
        let mut random = [0; 16];
        SystemEntropy.fill(&mut random);
        Self {
            version: VERSION,
            import_id: random.iter().map(|byte| format!("{byte:02x}")).collect(),
            started_at: SystemClock.now().millis(),
            instance_id,
            format: format.to_owned(),
            report,
            report_bytes: 0,
            bytes: from.bytes,
            line: from.line,
            sha256: from.sha256.clone(),
            counts: Counts::default(),
        }
    }

    pub(super) fn import(&self) -> Import {
        Import { id: self.import_id.clone(), started_at: UnixMillis::from_millis(self.started_at) }
    }

    pub(super) fn position(&self) -> Position {
        Position { bytes: self.bytes, line: self.line, sha256: self.sha256.clone() }
    }

    pub(super) fn go_to(&mut self, position: Position) {
        Position { bytes: self.bytes, line: self.line, sha256: self.sha256 } = position;
    }

    /// Replaces the file in one step, and waits for the disk.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        private_file::write(path, &serde_json::to_string_pretty(self)?)
    }

    /// Reads the file; `None` where there is none.
    ///
    /// # Errors
    /// [`ExitError::Configuration`] for one that is not ours.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, ExitError> {
        let Some(text) = private_file::read(path)? else { return Ok(None) };
        let read = serde_json::from_str::<Self>(&text).ok().filter(|progress| progress.version == VERSION);
        read.map(Some).ok_or_else(|| {
            let path = path.display();
            ExitError::Configuration(format!(
                "{path} is not the progress of an import by this version of actas: name another with --progress, or \
                 remove it"
            ))
        })
    }
}

/// The file's place where none is named: beside the source, or in this folder for the standard input.
pub(super) fn beside(source: &Path, what: &str) -> PathBuf {
    let mut name = source.file_name().map_or_else(|| "stdin".into(), ToOwned::to_owned);
    if source == Path::new("-") {
        name = "stdin".into();
    }
    name.push(what);
    source.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.jsonl.import-progress");
        assert_eq!(Progress::read(&path).unwrap(), None);
        let position = Position { bytes: 3, line: 1, sha256: "00".to_owned() };
        let mut progress = Progress::begin("ins_1".to_owned(), "jsonl", "report".into(), &position);
        assert_eq!(progress.position(), position);
        progress.go_to(Position { bytes: 9, line: 4, sha256: "11".to_owned() });
        progress.counts.refused = 2;
        progress.save(&path).unwrap();
        assert_eq!(Progress::read(&path).unwrap(), Some(progress.clone()));
        progress.version = 2;
        progress.save(&path).unwrap();
        assert!(Progress::read(&path).unwrap_err().to_string().contains("this version of actas"));
        private_file::write(&path, "{}").unwrap();
        assert!(Progress::read(&path).is_err());
    }

    #[test]
    fn two_imports_have_two_ids() {
        let position = Position { bytes: 0, line: 1, sha256: String::new() };
        let begin = || Progress::begin("ins_1".to_owned(), "csv", "report".into(), &position).import_id;
        assert_ne!(begin(), begin());
    }

    #[test]
    fn files_of_an_import_are_beside_its_source() {
        assert_eq!(
            beside(Path::new("a/users.csv"), ".refused.jsonl"),
            Path::new("a/users.csv.refused.jsonl")
        );
        assert_eq!(beside(Path::new("-"), ".import-progress"), Path::new("stdin.import-progress"));
    }
}
