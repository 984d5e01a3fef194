//! Who takes away what this process made when the process is gone, also when it was killed.
//!
//! A shell waits for the end of its standard input. Only this process holds the other end, so it ends with it.

use crate::Fault;
use std::{
    ffi::OsStr,
    io::Write as _,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

/// Does its script's work when it is dropped, or when the process is gone.
#[derive(Debug)]
pub(crate) struct Guardian(Child);

impl Guardian {
    /// The script is given the arguments, and what [`Guardian::release`] writes as its input. It has to wait for the end of
    /// that before it does anything.
    pub(crate) fn start(script: &str, arguments: &[&OsStr]) -> Result<Self, Fault> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "guardian"]).args(arguments).current_dir("/");
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Whatever ends a whole group, Ctrl-C for one, leaves the one that cleans up behind it.
        shell.process_group(0);
        Ok(Self(shell.spawn().map_err(|error| format!("a shell cannot be started: {error}"))?))
    }

    /// A line on its input, which tells the script that nothing has to be done.
    pub(crate) fn release(mut self) {
        if let Some(input) = &mut self.0.stdin {
            // One that is gone does nothing either.
            let _ = input.write_all(b"released\n");
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It has done its work, or could not; nothing is left to do here.
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works_when_it_is_dropped_and_not_when_it_is_released() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let script = r#"read -r word || rm "$1""#;
        std::fs::write(&file, "").unwrap();
        Guardian::start(script, &[file.as_os_str()]).unwrap().release();
        assert!(file.exists());
        drop(Guardian::start(script, &[file.as_os_str()]).unwrap());
        assert!(!file.exists());
    }
}
