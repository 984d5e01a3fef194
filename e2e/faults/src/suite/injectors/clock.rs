//! A wrong clock for one process: libfaketime. The machine's own is never touched.
//!
//! Only the time of day is wrong. Timers and deadlines, which the monotonic clock measures, go on as they are.

use crate::Fault;
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// Where Debian and its relatives put it, behind the folder of the architecture.
const FOLDER: &str = "faketime";
/// The one for programs with threads.
const LIBRARY: &str = "libfaketimeMT.so.1";

/// The clock of the processes that are started with its [`FakeClock::environment`].
#[derive(Debug)]
pub(crate) struct FakeClock {
    library: PathBuf,
    /// How wrong it is, for libfaketime to read.
    offset: PathBuf,
}

impl FakeClock {
    /// A clock that is right, at first. `folder` holds its file, and must stay while a process uses the clock.
    pub(crate) fn new(folder: &Path) -> Result<Self, Fault> {
        let library = find().ok_or("libfaketime is not installed: install the package faketime")?;
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let clock = Self { library, offset: folder.join("offset") };
        clock.step(0)?;
        Ok(clock)
    }

    /// What a process must find in its environment as it starts. After one that was killed: [`tidy_after`].
    pub(crate) fn environment(&self) -> Vec<(String, OsString)> {
        [
            ("LD_PRELOAD", self.library.clone().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.offset.clone().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            // Times of files stay as they are.
            ("NO_FAKE_STAT", "1".into()),
        ]
        .map(|(name, value): (&str, OsString)| (name.to_owned(), value))
        .into()
    }

    /// From now on the clock is ahead by so much; behind, where it is negative. It holds when this returns: each look at
    /// the clock reads the file anew.
    pub(crate) fn step(&self, offset_seconds: i64) -> Result<(), Fault> {
        // A file that is written to could be read in part; one that is renamed is the old one or the new one.
        let next = self.offset.with_extension("next");
        fs::write(&next, format!("{offset_seconds:+}\n"))
            .and_then(|()| fs::rename(&next, &self.offset))
            .map_err(|error| format!("{}: {error}", self.offset.display()).into())
    }
}

/// Takes away what libfaketime shares within a process and leaves behind when that is killed.
pub(crate) fn tidy_after(process: u32) {
    for name in ["faketime_shm_", "sem.faketime_sem_"] {
        // Where the process ended in order it is gone already.
        let _ = fs::remove_file(format!("/dev/shm/{name}{process}"));
    }
}

fn find() -> Option<PathBuf> {
    let architectures = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let folders = architectures.chain([PathBuf::from("/usr/lib"), PathBuf::from("/usr/local/lib")]);
    folders.map(|folder| folder.join(FOLDER).join(LIBRARY)).find(|library| library.exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        process::{Command, Stdio},
        time::SystemTime,
    };

    #[test]
    fn a_process_that_runs_sees_the_clock_step() {
        let folder = tempfile::tempdir().unwrap();
        let clock = FakeClock::new(folder.path()).unwrap();
        // One process for all of it, which looks at its clock whenever it is sent a line.
        let mut process = Command::new("python3")
            .args(["-c", "import sys, time\nfor _ in sys.stdin: print(int(time.time()), flush=True)"])
            .envs(clock.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut asking = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut off_by = || -> i64 {
            writeln!(asking).unwrap();
            let told: i64 = answers.next().unwrap().unwrap().parse().unwrap();
            let now = now_seconds();
            told - now
        };
        for offset_seconds in [0, 7_200, -30, 0] {
            clock.step(offset_seconds).unwrap();
            let off_by = off_by();
            assert!((off_by - offset_seconds).abs() <= 2, "{off_by} in the place of {offset_seconds}");
        }
        drop(asking);
        process.wait().unwrap();
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the machine's clock is what the other one is compared with"
    )]
    fn now_seconds() -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap()
    }
}
