//! A server of the built program, for one run.

use crate::postgres;
use actas_postgres_cluster::{Cluster, Database};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Until it answers; keys are made in that time, on a machine that may be busy.
const START_LIMIT: Duration = Duration::from_secs(60);
/// From the signal to the end of the process: what the program promises.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Where a ticket's link leads; nobody follows it, so nothing need be there.
pub(super) const APP_URL: &str = "http://127.0.0.1:3000";
/// The names that a client looks for; fewer mean that the server is still writing.
const NAMES: usize = 5;
/// Of an instance that ends with its run.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    Memory,
    Sqlite,
    Postgres,
}

impl Store {
    pub(super) const ALL: &[Self] = &[Self::Memory, Self::Sqlite, Self::Postgres];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

pub(super) struct Server {
    child: Child,
    log: PathBuf,
    environment: BTreeMap<String, String>,
    /// Gone with the server.
    _database: Option<Database<'static>>,
}

impl Server {
    /// Starts on a free port with its data under `folder`, and waits until it is ready.
    pub(super) fn start(actas: &Path, store: Store, folder: &Path) -> Result<Self, String> {
        let log = folder.join("server.log");
        let printed = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let also = printed.try_clone().map_err(|error| format!("{}: {error}", log.display()))?;
        let mut command = Command::new(actas);
        command.args(["dev", "--listen", "127.0.0.1:0", "--app-url", APP_URL]).current_dir(folder);
        // What this environment configures is not what is tested.
        command.env_clear();
        let mut database = None;
        match store {
            Store::Memory => command.arg("--ephemeral"),
            Store::Sqlite => command.arg("--data-dir").arg(folder.join("data")),
            Store::Postgres => {
                postgres::ensure()?;
                let database = database.insert(Cluster::shared().create_database());
                command.env("ACTAS_STORE", "postgres").env("ACTAS_DATABASE_URL", database.url());
                command.env("ACTAS_MASTER_KEY", MASTER_KEY).arg("--data-dir").arg(folder.join("data"))
            }
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(also)
            .spawn()
            .map_err(|error| format!("{}: {error}", actas.display()))?;
        let mut server = Self { child, log: log.clone(), environment: BTreeMap::new(), _database: database };
        let told = match store {
            Store::Memory => Told::Printed(log),
            Store::Sqlite | Store::Postgres => Told::Written(folder.join("data").join("dev.env")),
        };
        server.await_ready(&told)?;
        Ok(server)
    }

    /// The addresses and keys, by the names that clients look for.
    pub(super) const fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Ends the server as an administrator would, and holds it to what it promises: all done in time, exit code 0.
    pub(super) fn stop(mut self) -> Result<(), String> {
        let id = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or("the server has no process id")?;
        kill_process(id, Signal::TERM)
            .map_err(|error| format!("the server was gone before its end: {error}"))?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            match self.child.try_wait().map_err(|error| format!("the server: {error}"))? {
                Some(status) if status.success() => return self.check_log(),
                Some(status) => return Err(format!("the server ended with {status}{}", self.last_lines())),
                None => std::thread::sleep(BETWEEN_LOOKS),
            }
        }
        Err(format!("the server did not end within {STOP_LIMIT:?} of SIGTERM{}", self.last_lines()))
    }

    fn await_ready(&mut self, told: &Told) -> Result<(), String> {
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().map_err(|error| format!("the server: {error}"))? {
                return Err(format!("the server ended with {status}{}", self.last_lines()));
            }
            self.environment = told.environment();
            if self.environment.len() == NAMES
                && self.environment.get("ACTAS_URL").is_some_and(|url| is_ready(url))
            {
                return Ok(());
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Err(format!("the server was not ready within {START_LIMIT:?}{}", self.last_lines()))
    }

    /// A panic that a client did not notice is a failure all the same.
    fn check_log(&self) -> Result<(), String> {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        if text.contains("panicked at") {
            Err(format!("the server panicked{}", self.last_lines()))
        } else {
            Ok(())
        }
    }

    fn last_lines(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n    ");
        format!("; the end of {}:\n    {last}", self.log.display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a server tells its addresses and keys.
enum Told {
    /// In `dev.env`, beside its data.
    Written(PathBuf),
    /// On its output: one that keeps everything in memory writes nothing.
    Printed(PathBuf),
}

impl Told {
    /// Empty until it is told.
    fn environment(&self) -> BTreeMap<String, String> {
        let (Self::Written(file) | Self::Printed(file)) = self;
        let text = fs::read_to_string(file).unwrap_or_default();
        match self {
            Self::Written(_) => assignments(&text),
            Self::Printed(_) => welcome(&text),
        }
    }
}

/// The lines of the welcome that say what `dev.env` would.
fn welcome(text: &str) -> BTreeMap<String, String> {
    let value =
        |title: &str| text.lines().find_map(|line| line.trim_start().strip_prefix(title)).map(str::trim);
    let pairs = [
        ("ACTAS_URL", value("Frontend API ")),
        ("CLERK_API_URL", value("Frontend API ")),
        ("CLERK_PROXY_URL", value("Frontend API ")),
        ("CLERK_SECRET_KEY", value("Secret key ")),
        ("CLERK_PUBLISHABLE_KEY", value("Publishable key ")),
    ];
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

/// `NAME=value` lines, the value bare or in quotes, as a shell reads them.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned())).collect()
}

fn is_ready(url: &str) -> bool {
    let answer = || -> std::io::Result<String> {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let mut connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(START_LIMIT))?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    answer().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader},
        net::TcpListener,
    };

    #[test]
    fn a_dev_env_is_read_as_a_shell_would() {
        let read = assignments(
            "# made by actas dev\nACTAS_URL=http://127.0.0.1:1\nCLERK_SECRET_KEY='sk_test_a=b'\n",
        );
        assert_eq!(read["ACTAS_URL"], "http://127.0.0.1:1");
        assert_eq!(read["CLERK_SECRET_KEY"], "sk_test_a=b");
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn a_welcome_says_the_same() {
        let read =
            welcome("Actas\n\n  Frontend API       http://127.0.0.1:1\n  Secret key         sk_test_x\n");
        assert_eq!(read["ACTAS_URL"], "http://127.0.0.1:1");
        assert_eq!(read["CLERK_SECRET_KEY"], "sk_test_x");
        assert_eq!(welcome(""), BTreeMap::new());
    }

    #[test]
    fn only_200_is_ready() {
        for (status, expected) in [("200 OK", true), ("503 Service Unavailable", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let answering = std::thread::spawn(move || {
                let (mut connection, _) = listener.accept().unwrap();
                let lines = BufReader::new(&connection).lines().map(Result::unwrap);
                assert!(lines.take_while(|line| !line.is_empty()).any(|line| line.starts_with("Host: ")));
                write!(connection, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
            });
            assert_eq!(is_ready(&url), expected);
            answering.join().unwrap();
        }
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_what_it_said() {
        let folder = std::env::temp_dir().join(format!("xtask-server-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let problem = Server::start(Path::new("/bin/ls"), Store::Memory, &folder).err().unwrap();
        assert!(problem.contains("the server ended with exit status: 2"), "{problem}");
        assert!(problem.contains("server.log"), "{problem}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
