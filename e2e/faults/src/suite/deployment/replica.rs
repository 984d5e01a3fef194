//! One server of Actas: a process, its data folder, and where it listens now.

use crate::{Fault, suite::guardian::Guardian};
use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

/// How long a start may take, on a slow machine.
const START_LIMIT: Duration = Duration::from_secs(60);
const BETWEEN_STARTS: Duration = Duration::from_millis(50);

/// Kills the server, and takes away what libfaketime shares within a process and leaves behind when that is killed.
const GUARDIAN: &str = r#"cat > /dev/null
kill -9 "$1"
rm -f "/dev/shm/faketime_shm_$1" "/dev/shm/sem.faketime_sem_$1""#;

/// Variables by which a server is configured.
pub(crate) type Environment = Vec<(String, OsString)>;

/// Where a server listens; it changes with each start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Location(Arc<RwLock<String>>);

impl Location {
    pub(crate) fn url(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, url: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = url;
    }
}

pub(crate) struct Replica {
    program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) environment: Environment,
    /// Before the process, whose number is its own until somebody has waited for it.
    guardian: Option<Guardian>,
    process: Option<Child>,
    pub(crate) location: Location,
}

impl Replica {
    /// One that does not run yet.
    pub(crate) fn new(program: &Path, folder: PathBuf, environment: Environment) -> Self {
        let program = program.to_owned();
        Self { program, folder, environment, guardian: None, process: None, location: Location::default() }
    }

    /// Starts the process and waits until it says where it listens. A command line that works in its place has the data
    /// folder for a moment, and a database that starts lets nobody in: so it is tried for a while.
    pub(crate) async fn start(&mut self) -> Result<(), Fault> {
        let until = Instant::now() + START_LIMIT;
        loop {
            match self.try_to_start().await {
                Err(_) if Instant::now() < until => sleep(BETWEEN_STARTS).await,
                outcome => return outcome,
            }
        }
    }

    async fn try_to_start(&mut self) -> Result<(), Fault> {
        std::fs::create_dir_all(&self.folder)?;
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut process = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let stdout = process.stdout.take().ok_or("the process has no standard output")?;
        let number = process.id().ok_or("a server has ended by itself")?.to_string();
        // That of a try before, which has failed.
        drop(self.guardian.take());
        self.guardian = Some(Guardian::start(GUARDIAN, &[number.as_ref()])?);
        self.process = Some(process);
        let mut lines = BufReader::new(stdout).lines();
        let announced = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) =
                    line.strip_prefix("listening on ").and_then(|rest| rest.split(' ').next())
                {
                    return Ok::<_, Fault>(format!("http://{address}"));
                }
            }
            Err(format!("a server ended before it listened; see {}", self.log().display()).into())
        };
        let url = timeout(START_LIMIT, announced).await.map_err(|_| "a server did not start in time")??;
        self.location.set(url);
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(())
    }

    /// A command of the program, in this server's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn process(&self) -> Result<u32, Fault> {
        let process = self.process.as_ref().and_then(Child::id);
        process.ok_or_else(|| "a server has ended by itself".into())
    }

    /// `kill -9`, and the wait until it is gone.
    pub(crate) async fn kill(&mut self) -> Result<(), Fault> {
        self.process()?;
        drop(self.guardian.take());
        if let Some(mut process) = self.process.take() {
            process.wait().await?;
        }
        Ok(())
    }

    pub(crate) async fn signal(&self, signal: &str) -> Result<(), Fault> {
        let process = self.process()?.to_string();
        let sent = Command::new("kill").args([signal, &process]).status().await?;
        if sent.success() { Ok(()) } else { Err(format!("kill {signal} failed").into()) }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// A panic that no request noticed is a failure all the same.
    pub(crate) fn check_log(&self) -> Result<(), Fault> {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        match text.lines().find(|line| line.contains("panicked at")) {
            Some(line) => Err(format!("a server panicked: {line}; see {}", self.log().display()).into()),
            None => Ok(()),
        }
    }
}
