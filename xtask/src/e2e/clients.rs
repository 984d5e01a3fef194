//! The clients: how each is installed, from its lockfile, and how its checks are run.

use super::node::Node;
use crate::{command, workshop::Workshop};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The Rust client is a workspace of its own, so that its dependencies are not the product's.
pub(crate) const RUST_CLIENT_MANIFEST: &str = "e2e/rust/Cargo.toml";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    JavaScript,
    Python,
    Rust,
}

/// A client that is ready to run.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    program: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
}

impl Prepared {
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command
    }

    /// The same program with another script of the folder.
    pub(super) fn command_for(&self, script: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(script).current_dir(&self.folder);
        command
    }
}

impl Client {
    pub(super) const ALL: &[Self] = &[Self::JavaScript, Self::Python, Self::Rust];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }

    /// Installs what the client needs into the cache, from lockfiles alone.
    pub(super) fn prepare(self, workshop: &Workshop) -> Result<Prepared, String> {
        match self {
            Self::JavaScript => prepare_javascript(workshop),
            Self::Python => prepare_python(workshop),
            Self::Rust => prepare_rust(workshop),
        }
    }
}

fn prepare_javascript(workshop: &Workshop) -> Result<Prepared, String> {
    node_checks(workshop, "javascript", &[])
}

/// The checks of a folder of `e2e` that are a Node.js program, with their packages installed from its lockfile.
pub(super) fn node_checks(workshop: &Workshop, name: &str, flags: &[&str]) -> Result<Prepared, String> {
    let node = Node::find(workshop)?;
    let (source, folder) = (workshop.root().join("e2e").join(name), workshop.cache().join("e2e").join(name));
    copy_all(&source, &folder)?;
    install_node_packages(&node, &folder, &folder, flags)?;
    let program = node.node().get_program().to_owned();
    Ok(Prepared { program, arguments: vec!["check.mjs".into()], folder })
}

/// Installs what the folder's lockfile names; `mark` is where it is noted from which lockfile.
pub(super) fn install_node_packages(
    node: &Node,
    folder: &Path,
    mark: &Path,
    flags: &[&str],
) -> Result<(), String> {
    let lock = fs::read_to_string(folder.join("package-lock.json"))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    once(mark, &lock, || {
        let install = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
        command::run(node.npm().args(install).args(flags).current_dir(folder))
    })
}

fn prepare_python(workshop: &Workshop) -> Result<Prepared, String> {
    let source = workshop.root().join("e2e/python");
    let folder = workshop.cache().join("e2e/python");
    let python = virtual_environment(&folder, &source.join("requirements.txt"))?;
    // No bytecode beside the sources: the repository stays as it is.
    let arguments = vec!["-B".into(), source.join("check.py").into_os_string()];
    Ok(Prepared { program: python.into_os_string(), arguments, folder })
}

fn prepare_rust(workshop: &Workshop) -> Result<Prepared, String> {
    let folder = workshop.cache().join("e2e/rust");
    let mut build =
        workshop.cargo(&["build", "--quiet", "--locked", "--manifest-path", RUST_CLIENT_MANIFEST]);
    command::run(build.arg("--target-dir").arg(&folder))?;
    let program = folder.join("debug/actas-e2e-rust").into_os_string();
    Ok(Prepared { program, arguments: Vec::new(), folder })
}

/// The interpreter of a virtual environment that holds exactly these requirements, hashes checked.
pub(super) fn virtual_environment(folder: &Path, requirements: &Path) -> Result<PathBuf, String> {
    let python = folder.join("venv/bin/python");
    let text =
        fs::read_to_string(requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    once(folder, &text, || {
        command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv")))
            .map_err(|problem| {
                format!(
                    "{problem}; Python 3.10 or newer with its venv module is needed (Debian: python3-venv)"
                )
            })?;
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--requirement",
        ];
        command::run(Command::new(&python).args(install).arg(requirements))
    })?;
    Ok(python)
}

/// Installs again only when the lockfile differs from the one that was installed from.
fn once(folder: &Path, lock: &str, install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let mark = folder.join("installed-from");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    install()?;
    fs::write(&mark, lock).map_err(|error| format!("{}: {error}", mark.display()))
}

pub(super) fn copy_all(from: &Path, to: &Path) -> Result<(), String> {
    let copy = || -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
        Ok(())
    };
    copy().map_err(|error| format!("{}: {error}", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_made_again_only_when_its_lockfile_changes() {
        let folder = std::env::temp_dir().join(format!("xtask-once-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut made = 0;
        for lock in ["a", "a", "b"] {
            once(&folder, lock, || {
                made += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(made, 2);
        assert!(once(&folder, "c", || Err("no".to_owned())).is_err());
        once(&folder, "c", || {
            made += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(made, 3);
        fs::remove_dir_all(&folder).unwrap();
    }
}
