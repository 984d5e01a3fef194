//! Who stops a server when the process that started it is gone, also when that was killed.
//!
//! A shell waits for the end of its standard input. Only this process holds the other end, so it ends with it.

use crate::programs::{Account, Programs, as_account};
use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

const SCRIPT: &str = r#"cat > /dev/null
"$1" stop --mode immediate --wait --pgdata "$2" > /dev/null 2>&1
rm -rf "$3""#;

#[derive(Debug)]
pub(crate) struct Guardian(Child);

impl Guardian {
    /// Will stop the server of the data folder and remove `folder`.
    pub(crate) fn watch(programs: &Programs, account: Option<&Account>, data: &Path, folder: &Path) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "guardian"]).arg(programs.path("pg_ctl")).arg(data).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        // Whatever ends a whole group, Ctrl-C for one, leaves the one that cleans up behind it.
        command.process_group(0);
        as_account(&mut command, account);
        Self(command.spawn().expect("a shell can be started"))
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It has done its work, or could not; nothing is left to do here.
        let _ = self.0.wait();
    }
}
