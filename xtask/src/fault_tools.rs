//! What the fault suite takes besides PostgreSQL: strace, which makes a disk slow, and libfaketime, which makes a clock
//! wrong. The machine's own, or those of its packages, which take an administrator to install.

use crate::command;
use std::{fs, path::Path, process::Command};

struct Tool {
    name: &'static str,
    package: &'static str,
    is_here: fn() -> bool,
}

const TOOLS: [Tool; 2] = [
    Tool { name: "strace", package: "strace", is_here: has_strace },
    Tool { name: "libfaketime", package: "faketime", is_here: has_faketime },
];

pub(crate) fn ensure() -> Result<(), String> {
    for Tool { name, package, is_here } in TOOLS {
        if is_here() {
            continue;
        }
        println!("no {name} here: installing it");
        let install = format!(
            "DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends {package}"
        );
        let next = format!("install the package {package} and run this again");
        command::run(Command::new("sh").args(["-c", &install]))
            .map_err(|problem| format!("{problem}; {next}"))?;
        if !is_here() {
            return Err(format!("{package} was installed but {name} is not found"));
        }
    }
    Ok(())
}

fn has_strace() -> bool {
    command::output(Command::new("strace").arg("--version")).is_ok()
}

fn has_faketime() -> bool {
    let architectures = fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    let folders = architectures.map(|entry| entry.path()).chain(["/usr/lib".into(), "/usr/local/lib".into()]);
    folders.map(|folder| folder.join("faketime")).any(|folder| is_library(&folder))
}

fn is_library(folder: &Path) -> bool {
    folder.join("libfaketimeMT.so.1").exists()
}
