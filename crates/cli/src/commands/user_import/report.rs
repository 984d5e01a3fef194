//! The report of refused rows: JSON Lines, each row once.

use super::refusal::Refusal;
use actas_domain::ids::UserId;
use serde::Serialize;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// A file that is made when the first row is refused.
pub(super) struct Report {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    bytes: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    id: Option<&'a str>,
    #[serde(flatten)]
    refusal: &'a Refusal,
}

impl Report {
    /// Goes on behind so many bytes; what follows is of rows that will be sent, and refused, again.
    ///
    /// # Errors
    /// When the file is shorter, or cannot be written.
    pub(super) fn open(path: &Path, bytes: u64) -> io::Result<Self> {
        let mut report = Self { path: path.to_owned(), file: None, bytes };
        match OpenOptions::new().write(true).open(path) {
            Ok(file) if file.metadata()?.len() >= bytes => report.file = Some(Self::cut(file, bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound && bytes == 0 => {}
            Ok(_) => return Err(io::Error::other("it is shorter than it was")),
            Err(error) => return Err(error),
        }
        Ok(report)
    }

    fn cut(mut file: File, bytes: u64) -> io::Result<BufWriter<File>> {
        file.set_len(bytes)?;
        file.seek(SeekFrom::End(0))?;
        Ok(BufWriter::new(file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An id is told only where it could be one: a column that has slipped may hold a digest.
    pub(super) fn add(&mut self, line: u64, id: Option<&str>, refusal: &Refusal) -> io::Result<()> {
        let id = id.filter(|id| UserId::parse(id).is_some());
        let mut text = serde_json::to_string(&Line { line, id, refusal })?;
        text.push('\n');
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(File::create_new(&self.path)?)),
        };
        file.write_all(text.as_bytes())?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Waits until all of it is on the disk, and gives its length.
    pub(super) fn keep(&mut self) -> io::Result<u64> {
        if let Some(file) = &mut self.file {
            file.flush()?;
            file.get_ref().sync_data()?;
        }
        Ok(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_report_goes_on_where_it_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refused.jsonl");
        let mut report = Report::open(&path, 0).unwrap();
        assert_eq!(report.keep().unwrap(), 0);
        assert!(!path.exists(), "nothing was refused");
        report.add(3, Some("ada"), &Refusal::of_row("One.")).unwrap();
        let kept = report.keep().unwrap();
        report.add(9, Some("$2b$12$digest"), &Refusal::of_parameter("locked", "Two.")).unwrap();
        drop(report);
        let mut report = Report::open(&path, kept).unwrap();
        report.add(9, Some("$2b$12$digest"), &Refusal::of_parameter("locked", "Two.")).unwrap();
        report.keep().unwrap();
        let lines = [
            r#"{"line":3,"id":"ada","code":"request_body_invalid","parameter":null,"message":"One."}"#,
            r#"{"line":9,"id":null,"code":"form_param_value_invalid","parameter":"locked","message":"Two."}"#,
        ];
        assert_eq!(fs::read_to_string(&path).unwrap().lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_report_that_is_gone_or_cut_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refused.jsonl");
        assert!(Report::open(&path, 5).is_err());
        fs::write(&path, "four").unwrap();
        assert!(Report::open(&path, 5).is_err());
    }
}
