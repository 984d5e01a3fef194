//! A server that is measured: on processor 0, from its start to its end.

use super::{
    machine::{self, Ticks},
    requests,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// What pins a command, the rest of whose words follow, to a processor.
pub(super) fn pinned(processor: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", processor]).arg(program);
    command
}

/// The processor of servers, and of limits.
pub(super) const SERVER: &str = "0";
/// That of what asks them.
pub(super) const LOAD: &str = "1";

pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    /// To the first answer of 200.
    pub(super) start_milliseconds: f64,
    /// Other processes that work for it: a database.
    pub(super) others: Vec<u32>,
}

impl Server {
    /// Starts a command, pinned already, that will answer 200 at the path on this port.
    pub(super) fn start(command: &mut Command, port: u16, path: &str, log: &Path) -> Result<Self, String> {
        let file = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let also = file.try_clone().map_err(|error| format!("{}: {error}", log.display()))?;
        let begun = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(file).stderr(also).spawn();
        let child = child.map_err(|error| format!("{:?}: {error}", command.get_program()))?;
        let mut server = Self { child, port, start_milliseconds: 0.0, others: Vec::new() };
        let request = requests::get(path, &[]);
        while begun.elapsed() < START_LIMIT {
            if let Ok(answer) = requests::send(port, &request)
                && answer.status == 200
            {
                server.start_milliseconds = begun.elapsed().as_secs_f64() * 1e3;
                return Ok(server);
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("a server ended with {status}; its log: {}", log.display()));
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Err(format!("a server was not ready within {START_LIMIT:?}; its log: {}", log.display()))
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn resident_megabytes(&self) -> f64 {
        machine::tree(self.child.id()).into_iter().map(machine::resident_megabytes).sum()
    }

    pub(super) fn ticks(&self) -> Ticks {
        let others = self.others.iter().copied().flat_map(machine::tree);
        machine::tree(self.child.id()).into_iter().chain(others).map(machine::ticks_of).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // One that has ended by itself cannot be ended.
        let _ = id.map(|id| kill_process(id, Signal::TERM));
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
