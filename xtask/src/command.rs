//! Runs other programs and says plainly which one failed.

use std::process::{Command, Stdio};

/// Runs to the end, with this terminal; an exit code other than 0 is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status =
        command.stdin(Stdio::null()).status().map_err(|error| format!("{}: {error}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", line(command))) }
}

/// Runs to the end and returns what was printed to standard output; what went to standard error is part of the
/// error.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{}: {error}", line(command)))?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} ended with {}\n{}", line(command), output.status, printed.trim_end()));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("{} printed something that is not UTF-8", line(command)))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let problem = output(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(problem.starts_with("sh -c echo why >&2; exit 3 ended with exit status: 3"), "{problem}");
        assert!(problem.ends_with("why"), "{problem}");
        assert!(run(Command::new("false").arg("x")).unwrap_err().starts_with("false x ended with"));
    }

    #[test]
    fn a_program_that_is_absent_is_named() {
        assert!(
            run(&mut Command::new("actas-no-such-program")).unwrap_err().contains("actas-no-such-program")
        );
    }
}
