//! A small disk of its own that can be filled and freed: a tmpfs.

use crate::{Fault, suite::guardian::Guardian};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Waits for the end of its input, so also for that of a process that was killed, and takes the disk away, with its folder
/// where that is empty. Whoever still works on the disk, a database that is being stopped, has half a minute for it; then it
/// is killed, for it could not be found any more on a disk that is taken away under it.
const GUARDIAN: &str = r#"cat > /dev/null
tries=0
until umount "$1"; do
    tries=$((tries + 1))
    if [ "$tries" -eq 300 ]; then
        for process in /proc/[0-9]*; do
            case "$(readlink "$process/cwd")" in "$1" | "$1"/*) kill -9 "${process#/proc/}" ;; esac
        done
    fi
    if [ "$tries" -ge 350 ]; then umount --lazy "$1"; break; fi
    sleep 0.1
done
rmdir "$1""#;

/// Mounted until it is dropped, or until the process is gone.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    folder: PathBuf,
    _guardian: Guardian,
}

impl SmallDisk {
    /// A disk of that size, mounted on `folder`, which is made where it is absent. It belongs to the owner (user, group),
    /// where one is given.
    pub(crate) fn mount(folder: &Path, size_bytes: u64, owner: Option<(u32, u32)>) -> Result<Self, Fault> {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut options = format!("size={size_bytes},mode=0700");
        if let Some((user, group)) = owner {
            options.push_str(&format!(",uid={user},gid={group}"));
        }
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "actas-small-disk"]).arg(folder);
        run(&mut mount).map_err(|problem| {
            format!("{problem}: a small disk is a tmpfs, and mounting one takes root (CAP_SYS_ADMIN)")
        })?;
        let guardian = Guardian::start(GUARDIAN, &[folder.as_os_str()]).inspect_err(|_| {
            // Nobody else would take it away.
            let _ = run(Command::new("umount").arg("--lazy").arg(folder));
        })?;
        Ok(Self { folder: folder.to_owned(), _guardian: guardian })
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) -> Result<(), Fault> {
        let mut ballast = File::options().append(true).create(true).open(self.ballast())?;
        for piece in [&[0_u8; 64 * 1024][..], &[0_u8; 512][..]] {
            loop {
                match ballast.write_all(piece) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(format!("{}: {error}", self.ballast().display()).into()),
                }
            }
        }
        Ok(())
    }

    /// Takes away what filled it.
    pub(crate) fn free(&self) -> Result<(), Fault> {
        match fs::remove_file(self.ballast()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("{}: {error}", self.ballast().display()).into())
            }
            _ => Ok(()),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{program} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_and_a_freed_one_does() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("disk");
        let disk = SmallDisk::mount(&folder, 1024 * 1024, None).unwrap();
        let write = || fs::write(folder.join("row"), [1; 4096]);
        write().unwrap();
        fs::remove_file(folder.join("row")).unwrap();
        disk.fill().unwrap();
        assert_eq!(write().unwrap_err().kind(), io::ErrorKind::StorageFull);
        disk.free().unwrap();
        write().unwrap();
        disk.free().unwrap();
        drop(disk);
        assert!(!folder.exists(), "it is mounted still");
    }

    #[test]
    fn whoever_stays_on_a_disk_that_goes_is_ended() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("disk");
        let disk = SmallDisk::mount(&folder, 1024 * 1024, None).unwrap();
        let mut who = Command::new("sleep").arg("600").current_dir(&folder).spawn().unwrap();
        drop(disk);
        assert!(!who.wait().unwrap().success());
        assert!(!folder.exists(), "it is mounted still");
    }
}
