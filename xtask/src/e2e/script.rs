//! Runs a client's checks. They print `ok NAME` or `FAIL NAME why` for each, and close with `N passed, N failed`.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

/// A client that retries for an hour where it should not must not hold up the run for an hour.
const LIMIT: Duration = Duration::from_secs(600);
/// How long a client that is asked to end may take to tidy up: servers and databases have to end.
const GRACE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// What of a run's output is shown. Its closing line always is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    All,
    /// All but the checks that passed.
    Failures,
}

/// The closing line of a run in which all passed.
pub(super) fn run(command: &mut Command, shown: Shown) -> Result<String, String> {
    run_within(command, shown, LIMIT)
}

fn run_within(command: &mut Command, shown: Shown, limit: Duration) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let outcome = follow(&mut child, shown, limit);
    if outcome.is_err() {
        end(&mut child);
    }
    let status = child.wait().map_err(|error| format!("{program}: {error}"))?;
    let closing = outcome?;
    match counts(&closing) {
        Some((passed, 0)) if passed > 0 && status.success() => Ok(closing),
        Some(_) => Err(format!("{closing}, {status}")),
        None => Err(format!("no closing line `N passed, N failed`, but `{closing}`, {status}")),
    }
}

/// Asks it to end, so that it takes along what it started, and ends it when it does not.
fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let until = Instant::now() + GRACE;
    while Instant::now() < until {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    let _ = child.kill();
}

/// Reads to the end and returns the last line.
fn follow(child: &mut Child, shown: Shown, limit: Duration) -> Result<String, String> {
    let output = child.stdout.take().ok_or("the client has no output")?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        // Also what nobody hears any more is read: whoever is asked to end may have to say something.
        BufReader::new(output).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)))
    });
    let deadline = Instant::now() + limit;
    let mut last = String::new();
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                if shown == Shown::All || !line.starts_with("ok ") {
                    println!("{line}");
                }
                last = line;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(last),
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("not done after {limit:?}; its last line: {last}"));
            }
        }
    }
}

fn counts(closing: &str) -> Option<(u64, u64)> {
    let (passed, failed) = closing.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some((passed.parse().ok()?, failed.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_shell(script: &str) -> Result<String, String> {
        run_within(Command::new("sh").args(["-c", script]), Shown::Failures, Duration::from_secs(30))
    }

    #[test]
    fn all_passed_is_success() {
        assert_eq!(run_shell("echo ok a; echo 1 passed, 0 failed"), Ok("1 passed, 0 failed".to_owned()));
    }

    #[test]
    fn anything_else_is_not() {
        for script in [
            "echo 2 passed, 1 failed; exit 1",
            "echo 2 passed, 1 failed",
            "echo 2 passed, 0 failed; exit 1",
            "echo 0 passed, 0 failed",
            "echo ok a",
            "true",
        ] {
            assert!(run_shell(script).is_err(), "{script}");
        }
    }

    #[test]
    fn a_client_that_hangs_is_ended() {
        let problem =
            run_within(Command::new("sleep").arg("60"), Shown::All, Duration::from_millis(50)).unwrap_err();
        assert!(problem.starts_with("not done after 50ms"), "{problem}");
    }

    #[test]
    fn a_client_that_hangs_tidies_up_first() {
        let folder = std::env::temp_dir().join(format!("actas-script-{}", std::process::id()));
        let script = "trap 'echo tidied > \"$0\"; exit 1' TERM; echo ready; while :; do sleep 0.05; done";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&folder);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        end(&mut child);
        let written = std::fs::read_to_string(&folder);
        let _ = std::fs::remove_file(&folder);
        assert_eq!((line.as_str(), written.unwrap().as_str()), ("ready\n", "tidied\n"));
    }
}
