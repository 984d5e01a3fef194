//! The processes of a server, by what the kernel says of them.

use std::{
    fs,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long killed processes may stay.
const LIMIT: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// The process, and those that it started.
pub(crate) fn with_children(parent: u32) -> Vec<u32> {
    let mut processes = vec![parent];
    let all = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    processes.extend(numbers.filter(|process| status(*process).is_some_and(|(_, of)| of == parent)));
    processes
}

/// Sends a signal to all of them; those that are gone meanwhile need none.
///
/// # Panics
/// When there is no `kill`.
pub(crate) fn signal(processes: &[u32], signal: &str) {
    if processes.is_empty() {
        return;
    }
    let mut command = Command::new("kill");
    command.arg(signal).args(processes.iter().map(u32::to_string)).stderr(Stdio::null());
    command.status().expect("kill can be run");
}

/// # Panics
/// When they stay.
pub(crate) fn kill(processes: &[u32]) {
    signal(processes, "-9");
    let until = Instant::now() + LIMIT;
    // One that nobody has waited for holds nothing any more.
    while processes.iter().any(|process| status(*process).is_some_and(|(state, _)| state != 'Z')) {
        assert!(Instant::now() < until, "killed processes of PostgreSQL are still there: {processes:?}");
        sleep(BETWEEN_LOOKS);
    }
}

/// The System V segment that the server shares with its processes, by the file that it leaves of itself: its seventh line has
/// a key and the number.
pub(crate) fn shared_memory(postmaster_file: &str) -> Option<u64> {
    postmaster_file.lines().nth(6)?.split_whitespace().nth(1)?.parse().ok()
}

/// Takes away what a killed server leaves: the system has room for few thousands.
pub(crate) fn remove_shared_memory(number: u64) {
    let mut command = Command::new("ipcrm");
    command.args(["--shmem-id", &number.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    // Where there is no such program it stays until the machine restarts.
    let _ = command.status();
}

/// The state and the parent of a process.
fn status(process: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut words = text.rsplit_once(')')?.1.split_whitespace();
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_process_is_gone_with_its_children() {
        let mut shell = Command::new("sh").args(["-c", "sleep 600 & wait"]).spawn().unwrap();
        let processes = loop {
            let processes = with_children(shell.id());
            if processes.len() == 2 {
                break processes;
            }
        };
        kill(&processes);
        shell.wait().unwrap();
        assert!(processes.iter().all(|process| status(*process).is_none_or(|(state, _)| state == 'Z')));
    }

    #[test]
    fn the_shared_memory_is_named_in_the_servers_file() {
        let file = "42\n/data\n1\n5432\n/socket\n\n  3676821        17\nready\n";
        assert_eq!(shared_memory(file), Some(17));
        assert_eq!(shared_memory(""), None);
    }
}
