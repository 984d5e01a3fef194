//! Runs the program under callgrind, and reads what that wrote.

use crate::{command, packages};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Whether the C library copies a few kilobytes by one repeated instruction, of which callgrind counts each byte, depends on
/// the places that they happen to have.
const NO_REPEATED_MOVES: &str = "glibc.cpu.x86_rep_movsb_threshold=1073741824";

/// Operations in a series. A multiple of 32: so often are the blinding factors of a signature made anew.
const COUNT: u64 = 192;

/// Where the program tells that a series begins or ends.
const MARK: &str = "*::operations::mark";

/// The end of the name of the library's function that makes a signature; its beginning has a version in it.
const SIGNATURE: &str = "_RSA_sign";

/// What one operation takes on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Without those of signatures.
    pub(super) instructions: u64,
    pub(super) signatures: u64,
    /// Of one.
    pub(super) instructions_of_signature: u64,
}

pub(super) fn ensure() -> Result<(), String> {
    packages::ensure("valgrind", &["valgrind"], || version().is_ok())
}

pub(super) fn version() -> Result<String, String> {
    Ok(command::output(Command::new("valgrind").arg("--version"))?.trim().to_owned())
}

/// What the series took, in their order.
pub(super) fn series(program: &Path, store: &str, folder: &Path) -> Result<Vec<Counted>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    let out = folder.join("callgrind");
    command::output(
        Command::new("valgrind")
            .env("GLIBC_TUNABLES", NO_REPEATED_MOVES)
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(format!("--dump-before={MARK}"))
            .arg(program)
            .args([store, &COUNT.to_string()]),
    )?;
    // What was counted before the first mark is the first part, and a series every second one after it.
    (1..)
        .map(|number| part(&out, 2 * number))
        .take_while(|part| part.exists())
        .map(|part| read(&part))
        .collect()
}

fn part(out: &Path, number: u32) -> PathBuf {
    out.with_extension(number.to_string())
}

fn read(part: &Path) -> Result<Counted, String> {
    let text = fs::read_to_string(part).map_err(|error| format!("{}: {error}", part.display()))?;
    parse(&text).ok_or_else(|| format!("{} is not of the form of callgrind's profiles", part.display()))
}

/// All that was counted, and the inclusive cost of the calls that make signatures. In a profile a call is three
/// lines: the function called (its name is written out at its first mention, and is a number after that), how
/// often, and the position with the cost.
fn parse(text: &str) -> Option<Counted> {
    let (mut total, mut signing, mut calls) = (None, 0, 0);
    let mut id_of_signature = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(sum) = line.strip_prefix("summary: ") {
            total = Some(sum.trim().parse::<u64>().ok()?);
        }
        let Some(function) = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn=")) else { continue };
        let (id, name) = function.split_once(' ').unwrap_or((function, ""));
        if name.ends_with(SIGNATURE) {
            id_of_signature = Some(id);
        }
        if line.starts_with("cfn=") && Some(id) == id_of_signature {
            calls += lines.next()?.strip_prefix("calls=")?.split(' ').next()?.parse::<u64>().ok()?;
            signing += lines.next()?.rsplit(' ').next()?.parse::<u64>().ok()?;
        }
    }
    Some(Counted {
        instructions: total?.checked_sub(signing)? / COUNT,
        signatures: calls.div_ceil(COUNT),
        instructions_of_signature: signing.checked_div(calls).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_counted_apart_wherever_they_are_called() {
        let profile = "\
events: Ir
fn=(1) answer
10 4000
cfn=(2) aws_lc_1_RSA_sign
calls=100 0
+1 300
fn=(2)
0 100
fn=(3) other
12 5
cfn=(2)
calls=92 0
* 84

summary: 4389
";
        let counted = Counted { instructions: 4005 / COUNT, signatures: 1, instructions_of_signature: 2 };
        assert_eq!(parse(profile), Some(counted));
        assert_eq!(parse(&profile.replace("summary", "another")), None);
        assert_eq!(parse(&profile.replace("calls=92", "calls=93")).unwrap().signatures, 2);
        assert_eq!(parse("summary: 384\n"), Some(Counted { instructions: 2, ..Counted::default() }));
    }
}
