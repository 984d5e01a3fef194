//! What the benchmark needs of the machine, installed where it is absent.

use super::Bench;
use crate::{command, packages, postgres};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Programs and the packages that have them.
const PROGRAMS: &[(&str, &str)] = &[
    ("wrk", "wrk"),
    ("openssl", "openssl"),
    ("taskset", "util-linux"),
    ("python3", "python3-venv"),
    ("npm", "npm"),
    // For what better-sqlite3 compiles where there is no built one.
    ("make", "build-essential"),
];

pub(super) fn ensure() -> Result<(), String> {
    for (program, package) in PROGRAMS {
        packages::ensure(program, &[package], || is_here(program))?;
    }
    postgres::ensure()
}

/// What takes the samples of flame graphs.
pub(super) fn ensure_perf() -> Result<(), String> {
    packages::ensure("perf", &["linux-perf"], || is_here("perf"))
}

fn is_here(program: &str) -> bool {
    command::output(Command::new("sh").args(["-c", &format!("command -v {program}")])).is_ok()
}

/// The Node.js that the peers run on, of the version that its lockfile names.
pub(super) fn node(bench: &Bench<'_>) -> Result<PathBuf, String> {
    Ok(node_packages(bench, "node", None)?.join("node_modules/node/bin/node"))
}

/// A peer of Node.js, its packages installed from its lockfile: its folder.
pub(super) fn node_peer(bench: &Bench<'_>, name: &str) -> Result<PathBuf, String> {
    let node = node(bench)?;
    node_packages(bench, name, Some(&node))
}

/// A peer of Python, its packages installed from its requirements: its folder, with `bin` in it.
pub(super) fn python_peer(bench: &Bench<'_>, name: &str) -> Result<PathBuf, String> {
    let (source, folder) = (bench.sources().join("peers").join(name), place(bench, name));
    installed(&source.join("requirements.txt"), &folder, |folder| {
        command::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut install = Command::new(folder.join("bin/pip"));
        command::run(install.args(["install", "--quiet", "-r"]).arg(source.join("requirements.txt")))
    })
}

fn node_packages(bench: &Bench<'_>, name: &str, node: Option<&Path>) -> Result<PathBuf, String> {
    let (source, folder) = (bench.sources().join("peers").join(name), place(bench, name));
    installed(&source.join("package-lock.json"), &folder, |folder| {
        for file in fs::read_dir(&source).map_err(|error| format!("{}: {error}", source.display()))?.flatten()
        {
            fs::copy(file.path(), folder.join(file.file_name()))
                .map_err(|error| format!("{}: {error}", file.path().display()))?;
        }
        let mut install = Command::new("npm");
        if let Some(bin) = node.and_then(Path::parent) {
            // What is compiled is compiled for the Node.js that will run it.
            install.env("PATH", format!("{}:{}", bin.display(), inherited_path()?));
        }
        command::run(install.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
    })
}

fn inherited_path() -> Result<String, String> {
    let printed = command::output(Command::new("sh").args(["-c", "printf %s \"$PATH\""]))?;
    Ok(printed)
}

fn place(bench: &Bench<'_>, name: &str) -> PathBuf {
    bench.workshop.cache().join("bench/peers").join(name)
}

/// Installs into the folder, unless what is there was installed from the same list.
fn installed(
    list: &Path,
    folder: &Path,
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let described = |error: std::io::Error| format!("{}: {error}", folder.display());
    let wanted = fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?;
    let mark = folder.join("installed-from");
    if fs::read_to_string(&mark).is_ok_and(|present| present == wanted) {
        return Ok(folder.to_owned());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(described)?;
    }
    fs::create_dir_all(folder).map_err(described)?;
    install(folder)?;
    fs::write(&mark, wanted).map_err(described)?;
    Ok(folder.to_owned())
}
