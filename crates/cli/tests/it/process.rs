//! Running the binary and talking to it.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
    thread::JoinHandle,
};

/// The binary, in a folder, without what this process' environment would say to it.
pub(crate) fn actas(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_actas"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let speaks = ["ACTAS_", "CLERK_", "XDG_", "CLICOLOR"].iter().any(|prefix| text.starts_with(prefix));
        if speaks || text == "NO_COLOR" || text == "COLUMNS" {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).env("HOME", folder).args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    actas(folder, arguments).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Asserts that a command ended with this code and said one line, which it gives.
pub(crate) fn one_line(output: &Output, code: i32) -> String {
    let told = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    let lines: Vec<_> = told.lines().filter(|line| line.starts_with("actas: ")).collect();
    assert_eq!(lines.len(), 1, "{told}");
    lines[0].to_owned()
}

/// A server that runs until it is told to stop; killed when a test ends without that.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it printed before it was ready.
    pub(crate) printed: String,
    rest: BufReader<ChildStdout>,
    errors: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts a command that prints where it listens.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with(actas(folder, arguments))
    }

    pub(crate) fn start_with(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = collect(child.stderr.take().unwrap());
        let mut rest = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !is_whole(&printed) {
            if rest.read_line(&mut printed).unwrap() == 0 {
                let _ = child.wait();
                panic!("it ended before it was ready: {printed}{}", errors.join().unwrap());
            }
        }
        let address =
            printed.split_once("listening on ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
        Self { child, address, printed, rest, errors: Some(errors) }
    }

    /// The next line that it prints.
    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.rest.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends SIGTERM, and gives the exit code and all that was logged.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal(Signal::TERM);
        self.wait()
    }

    pub(crate) fn wait(&mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.rest.read_to_string(&mut rest).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, self.errors.take().map(|errors| errors.join().unwrap()).unwrap_or_default())
    }

    /// Status and body of a request.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, String) {
        request(self.address, method, path, headers, body)
    }

    /// The status of a request that a secret key may make.
    pub(crate) fn status_with(&self, secret_key: &str) -> u16 {
        self.request("GET", "/v1/users/count", &[&format!("Authorization: Bearer {secret_key}")], "").0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body of a request to an address.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\
         {headers}\r\n{body}",
    )
    .unwrap();
    answer(stream)
}

/// Reads an answer to its end.
pub(crate) fn answer(mut stream: impl io::Read) -> (u16, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The variables of a `dev.env`.
pub(crate) fn env_file(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.join(".actas/dev.env")).unwrap();
    let pairs = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// `actas serve` prints one line for each listener, `actas dev` a text with a last line that is known.
fn is_whole(printed: &str) -> bool {
    ["listening on ", "For an app's environment", "Everything is in memory"]
        .iter()
        .any(|start| printed.lines().any(|line| line.starts_with(start)))
}

fn collect(mut errors: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).unwrap();
        text
    })
}
