//! What the fault suite takes besides PostgreSQL: strace, which makes a disk slow, and libfaketime, which makes a clock
//! wrong.

use crate::{command, packages};
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
    TOOLS.iter().try_for_each(|tool| packages::ensure(tool.name, &[tool.package], tool.is_here))
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
