//! A PostgreSQL of a test's own: made in a temporary folder, reached through a Unix socket in it, and gone with the
//! process that made it, whatever ends that process.
//!
//! ```no_run
//! let database = actas_postgres_cluster::Cluster::shared().create_database();
//! println!("{}", database.url());
//! ```
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "whoever needs a database for a test cannot go on without one, and a panic says why"
)]

mod database;
mod folder;
mod guardian;
mod processes;
mod programs;
mod stock;

pub use database::Database;
use guardian::Guardian;
pub use programs::is_installed;
use programs::{Account, Programs};
use std::{
    fmt::Write as _,
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};
pub use stock::{Loan, Stock};

/// The superuser of every cluster, who needs no password.
pub const USER: &str = "actas";
/// A role that must give [`PASSWORD`] where it connects.
pub const SECURED_USER: &str = "secured";
pub const PASSWORD: &str = "a-password-that-nobody-logs";

const DEFAULT_PORT: u16 = 5432;

/// What every cluster is configured to: small, quick, and never asked to survive a loss of power.
const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("listen_addresses", ""),
    ("max_connections", "300"),
    ("shared_buffers", "64MB"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("log_min_messages", "warning"),
];

/// Who may connect how. Replication is for standbys of the same test.
const ACCESS: &str = "\
local all secured scram-sha-256
host all secured 127.0.0.1/32 scram-sha-256
local all all trust
host all all 127.0.0.1/32 trust
local replication all trust
";

/// A running cluster. Dropping it stops the server and removes all of it.
#[derive(Debug)]
pub struct Cluster {
    programs: Programs,
    account: Option<Account>,
    folder: PathBuf,
    port: u16,
    databases: AtomicU64,
    _guardian: Guardian,
}

impl Cluster {
    /// The one that all tests of a process share; it ends with the process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A cluster apart, for a test that restarts it.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start: its own words are part of the message.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings of `postgresql.conf` that this test needs.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_prepared(settings, |_, _| {})
    }

    /// The same in a folder that `prepare` has made ready, for example by mounting a disk there. It is given the folder, and
    /// the account (user, group) that everything in it must belong to where that is not this process's.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_prepared(
        settings: &[(&str, &str)],
        prepare: impl FnOnce(&Path, Option<(u32, u32)>),
    ) -> Self {
        Self::start_on(DEFAULT_PORT, settings, prepare)
    }

    /// One that listens on 127.0.0.1 too, on [`Cluster::port`], which nobody used a moment before.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_on_tcp() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a port is free").port();
        Self::start_on(port, &[("listen_addresses", "127.0.0.1"), ("port", &port.to_string())], |_, _| {})
    }

    fn start_on(
        port: u16,
        settings: &[(&str, &str)],
        prepare: impl FnOnce(&Path, Option<(u32, u32)>),
    ) -> Self {
        Self::make(port, prepare, |cluster| {
            cluster.run("initdb", |command| {
                command.args(["--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8"]);
                command.args(["--locale", "C.UTF-8", "--pgdata"]).arg(cluster.data());
            });
            cluster.configure(&[SETTINGS, settings].concat());
            cluster.run_server();
            cluster.sql(
                "postgres",
                &format!("CREATE ROLE {SECURED_USER} LOGIN SUPERUSER PASSWORD '{PASSWORD}'"),
            );
        })
    }

    /// A standby that follows this cluster, which must have been started with `wal_level=replica` and a few
    /// `max_wal_senders`.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_standby(&self, name: &str) -> Self {
        self.start_standby_prepared(name, |_, _| {})
    }

    /// The same in a folder that was made ready, as [`Cluster::start_prepared`] has it.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_standby_prepared(
        &self,
        name: &str,
        prepare: impl FnOnce(&Path, Option<(u32, u32)>),
    ) -> Self {
        Self::make(DEFAULT_PORT, prepare, |standby| standby.follow(self, name))
    }

    /// Makes this cluster, whose server has ended, a standby of the primary: what it held is thrown away.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn rebuild_as_standby(&self, primary: &Self, name: &str) {
        fs::remove_dir_all(self.data()).expect("the data folder of a server that has ended can be removed");
        self.follow(primary, name);
    }

    fn follow(&self, primary: &Self, name: &str) {
        self.run("pg_basebackup", |command| {
            command.args(["--host"]).arg(primary.socket_folder()).args(["--username", USER, "--no-sync"]);
            command.args(["--checkpoint", "fast", "--pgdata"]).arg(self.data());
        });
        let at = format!("host={} user={USER} application_name={name}", primary.socket_folder().display());
        self.configure(&[("primary_conninfo", at.as_str()), ("hot_standby", "on")]);
        self.write("standby.signal", "");
        self.run_server();
    }

    fn make(port: u16, prepare: impl FnOnce(&Path, Option<(u32, u32)>), fill: impl FnOnce(&Self)) -> Self {
        let programs = Programs::find().unwrap_or_else(|problem| panic!("{problem}"));
        let account = Account::unprivileged().unwrap_or_else(|problem| panic!("{problem}"));
        let folder = folder::make(account.as_ref()).expect("a folder for PostgreSQL can be made");
        prepare(&folder, account.map(|account| (account.user, account.group)));
        let guardian = Guardian::watch(&programs, account.as_ref(), &folder.join("data"), &folder);
        let databases = AtomicU64::new(0);
        let cluster = Self { programs, account, folder, port, databases, _guardian: guardian };
        fill(&cluster);
        cluster
    }

    /// The port on 127.0.0.1, if it listens there; of the socket's name in any case.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the Unix socket, as `host` of a connection.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// A new, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn create_database(&self) -> Database<'_> {
        self.create_database_from("template1")
    }

    /// A new database with all that is in another one, to which nobody may be connected.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn create_database_from(&self, template: &str) -> Database<'_> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Database::new(self, name)
    }

    /// What `psql` prints for a statement, without headings.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        self.try_sql(database, statement).unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// # Errors
    /// What the server says.
    pub fn try_sql(&self, database: &str, statement: &str) -> Result<String, String> {
        let mut command = Command::new(self.programs.path("psql"));
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
        command.args(["--username", USER, "--dbname", database, "--host"]).arg(&self.folder);
        // What a test does beside what it tests waits for no standby.
        command.env("PGOPTIONS", "-c synchronous_commit=local");
        command.args(["--port", &self.port.to_string(), "--command", statement]);
        programs::output(&mut command)
    }

    /// Ends the server as a crash would, and starts it again.
    ///
    /// # Panics
    /// When it does not start.
    pub fn crash_and_restart(&self) {
        self.crash();
        self.run_server();
    }

    /// Ends the server as a crash would.
    ///
    /// # Panics
    /// When it does not end.
    pub fn crash(&self) {
        self.pg_ctl(&["stop", "--mode", "immediate", "--wait"]);
    }

    /// Kills the server and every process of it at once, as `kill -9` does, and waits until they are gone.
    ///
    /// # Panics
    /// When they stay.
    pub fn kill(&self) {
        let shared = processes::shared_memory(&self.postmaster_file());
        // One that stands still starts no other while the list is made.
        let processes = self.processes();
        processes::signal(processes.get(..1).unwrap_or_default(), "-STOP");
        processes::kill(&self.processes());
        shared.into_iter().for_each(processes::remove_shared_memory);
        // Its number may be taken for a process that runs until somebody has waited for it.
        let socket = self.folder.join(format!(".s.PGSQL.{}.lock", self.port));
        for lock in [self.data().join("postmaster.pid"), socket] {
            let _ = fs::remove_file(lock);
        }
    }

    /// The server's processes: the postmaster first. None while it does not run.
    pub fn processes(&self) -> Vec<u32> {
        let file = self.postmaster_file();
        let postmaster = file.lines().next().and_then(|line| line.parse().ok());
        postmaster.map_or_else(Vec::new, processes::with_children)
    }

    /// What the server tells of itself while it runs; empty while it does not.
    fn postmaster_file(&self) -> String {
        fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default()
    }

    /// Sends nothing more to standbys, for as long as the server lives: the processes that send stand still. What was on its
    /// way before arrives.
    ///
    /// # Panics
    /// When they cannot be told.
    pub fn stop_sending(&self) {
        loop {
            let senders = self.sql("postgres", "SELECT pid FROM pg_stat_replication");
            let senders: Vec<u32> = senders.lines().filter_map(|pid| pid.trim().parse().ok()).collect();
            processes::signal(&senders, "-STOP");
            // One that was in the midst of something may have a lock in its hands that others wait for.
            let busy = "SELECT count(*) FROM pg_stat_activity \
                WHERE backend_type = 'walsender' AND wait_event IS DISTINCT FROM 'WalSenderMain'";
            if self.sql("postgres", busy) == "0" {
                return;
            }
            processes::signal(&senders, "-CONT");
        }
    }

    /// Starts the server again after [`Cluster::crash`].
    ///
    /// # Panics
    /// When it does not start.
    pub fn run_server(&self) {
        self.pg_ctl(&["start", "--wait", "--silent", "--timeout", "60"]);
    }

    /// Makes a standby the primary.
    ///
    /// # Panics
    /// When it does not become one.
    pub fn promote(&self) {
        self.pg_ctl(&["promote", "--wait"]);
    }

    /// Changes settings that take effect at once, in all sessions.
    ///
    /// # Panics
    /// When the server does not know one.
    pub fn set(&self, name: &str, value: &str) {
        self.sql("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'"));
        self.sql("postgres", "SELECT pg_reload_conf()");
    }

    /// Writes a file into the data folder, readable by the server alone: a certificate, a key.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        fs::write(&path, text).expect("a file of the cluster can be written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode can be set");
        if let Some(account) = &self.account {
            chown(&path, Some(account.user), Some(account.group)).expect("its owner can be set");
        }
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn configure(&self, settings: &[(&str, &str)]) {
        let mut text = format!("unix_socket_directories = '{}'\n", self.folder.display());
        for (name, value) in settings {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} = '{value}'");
        }
        let file = self.data().join("postgresql.conf");
        let whole = fs::read_to_string(file).expect("initdb made a configuration") + &text;
        self.write("postgresql.conf", &whole);
        self.write("pg_hba.conf", ACCESS);
    }

    fn pg_ctl(&self, arguments: &[&str]) {
        self.run("pg_ctl", |command| {
            command.args(arguments).arg("--pgdata").arg(self.data());
            if arguments.contains(&"start") {
                command.arg("--log").arg(self.folder.join("log"));
            }
        });
    }

    fn run(&self, program: &str, arguments: impl FnOnce(&mut Command)) {
        let mut command = self.programs.command(program, self.account.as_ref());
        arguments(&mut command);
        if let Err(problem) = programs::output(&mut command) {
            panic!("{problem}\n{}", self.log());
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}
