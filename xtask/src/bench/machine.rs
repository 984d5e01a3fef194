//! The machine: what it is, and what else it does.

use crate::command;
use std::{fs, path::Path, process::Command};

/// Of the processors' time: one hundredth of a second each.
pub(super) type Ticks = u64;

/// In words, for the document.
pub(super) fn describe(folder: &Path) -> Result<Vec<(&'static str, String)>, String> {
    let first = |program: &str, arguments: &[&str]| -> Result<String, String> {
        let printed = command::output(Command::new(program).args(arguments))?;
        Ok(printed.lines().next().unwrap_or_default().to_owned())
    };
    let model = line_of("/proc/cpuinfo", "model name")?;
    let memory = line_of("/proc/meminfo", "MemTotal")?;
    let file_system =
        command::output(Command::new("stat").args(["--file-system", "--format=%T"]).arg(folder))?;
    Ok(vec![
        ("processor", format!("{model}, {} of them", first("nproc", &[])?)),
        ("memory", memory),
        ("system", first("uname", &["-srm"])?),
        ("file system", file_system.trim().to_owned()),
        ("openssl", first("openssl", &["version"])?),
        ("Rust", first("rustc", &["--version"])?),
        ("commit", first("git", &["describe", "--always", "--dirty"])?),
    ])
}

/// Of everything that runs.
pub(super) fn busy_ticks() -> Ticks {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<u64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // user, nice, system; idle and waiting are not busy; interrupts, soft ones, stolen.
    fields
        .iter()
        .enumerate()
        .filter(|(index, _)| ![3, 4].contains(index) && *index < 8)
        .map(|(_, ticks)| ticks)
        .sum()
}

/// Of a process, its threads included.
pub(super) fn ticks_of(process: u32) -> Ticks {
    stat_fields(&format!("/proc/{process}/stat"), 11..=12)
}

/// Of this process' children that have ended.
pub(super) fn ticks_of_ended_children() -> Ticks {
    stat_fields("/proc/self/stat", 13..=14)
}

pub(super) fn resident_megabytes(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kilobytes =
        text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0.0) / 1_024.0
}

/// A process and those that it started, and so on.
pub(super) fn tree(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    std::iter::once(process).chain(children.flat_map(tree)).collect()
}

/// The fields after the name, which may have spaces in it; the first is 0.
fn stat_fields(path: &str, wanted: std::ops::RangeInclusive<usize>) -> Ticks {
    let text = fs::read_to_string(path).unwrap_or_default();
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let fields = fields.split_whitespace().enumerate().filter(|(index, _)| wanted.contains(index));
    fields.filter_map(|(_, field)| field.parse::<u64>().ok()).sum()
}

fn line_of(path: &str, name: &str) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned());
    value.ok_or_else(|| format!("{path} has no line {name}"))
}
