//! PostgreSQL's programs on this machine, and the account that they run as: the server refuses to be root.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where Debian and its relatives put each version's server.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Whether a cluster can be made on this machine.
pub fn is_installed() -> bool {
    Programs::find().is_ok()
}

#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those in the path, else the newest version of Debian's packages.
    pub(crate) fn find() -> Result<Self, String> {
        let of_path = path().into_iter().map(|folder| folder.join("initdb"));
        let in_path = of_path.filter_map(|program| program.canonicalize().ok());
        let folder = in_path.filter_map(|program| Some(program.parent()?.to_owned())).next();
        let folder = folder.or_else(newest_of_debian).ok_or(
            "PostgreSQL's server is not installed: neither initdb in PATH nor /usr/lib/postgresql/*/bin; install \
             the package postgresql",
        )?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// A command as the account of the server, in a folder that it may read.
    pub(crate) fn command(&self, program: &str, account: Option<&Account>) -> Command {
        let mut command = Command::new(self.path(program));
        command.current_dir("/").env("LC_ALL", "C.UTF-8");
        as_account(&mut command, account);
        command
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the path says where programs are; this is the edge that looks"
)]
fn path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map_or_else(Vec::new, |path| std::env::split_paths(&path).collect())
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|path| Some((number(&path)?, path.join("bin")))).max()?;
    newest.1.join("initdb").exists().then_some(newest.1)
}

/// An account that may run the server, in place of root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// None for a process that is not root and so needs no other.
    pub(crate) fn unprivileged() -> Result<Option<Self>, String> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let is_root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
        if !is_root {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
        let found = ["postgres", "nobody"].iter().find_map(|name| Self::named(name, &accounts));
        found
            .map(Some)
            .ok_or_else(|| "there is no account `postgres` or `nobody` to run a server as".to_owned())
    }

    fn named(name: &str, accounts: &str) -> Option<Self> {
        let line = accounts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let mut fields = line.split(':').skip(1);
        Some(Self { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }
}

pub(crate) fn as_account(command: &mut Command, account: Option<&Account>) {
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
}

/// What a program prints, or what went wrong.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    // The server that `pg_ctl` starts must not keep pipes of ours open, so its output goes to files of its own.
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    Err(format!(
        "{} ended with {}: {}",
        command.get_program().to_string_lossy(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_by_their_whole_name() {
        let accounts =
            "root:x:0:0::/root:/bin/sh\npostgresql:x:7:8::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        let account = Account::named("postgres", accounts).unwrap();
        assert_eq!((account.user, account.group), (101, 104));
        assert!(Account::named("nobody", accounts).is_none());
    }
}
