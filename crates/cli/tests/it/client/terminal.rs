//! With somebody at a terminal: questions, answers, interruptions, widths.

use super::instance::Instance;
use crate::process::{actas, one_line};
use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

/// Longer than anything takes that will come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command at a terminal of 24 rows and 100 columns.
pub(super) struct Terminal {
    child: Child,
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    /// All that was shown so far, and how much of it was waited for.
    seen: String,
    awaited: usize,
}

impl Terminal {
    /// Questions are at the terminal; what is printed goes elsewhere, or to the terminal as well.
    pub(super) fn start(mut command: Command, prints_elsewhere: bool) -> Self {
        let (master, slave) = pair();
        tcsetwinsize(&slave, Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        let stdout = if prints_elsewhere { Stdio::piped() } else { end() };
        command.env("TERM", "xterm").stdin(end()).stderr(end()).stdout(stdout);
        let child = command.spawn().unwrap();
        // The reader sees the end once nobody has the other side any more.
        drop(command);
        drop(slave);
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut part) {
                let _ = sender.send(part[..length].to_vec());
            }
        });
        Self { child, keyboard, shown, seen: String::new(), awaited: 0 }
    }

    /// Waits until words are shown that were not waited for before.
    pub(super) fn wait_for(&mut self, words: &str) {
        loop {
            if let Some(place) = self.seen[self.awaited..].find(words) {
                self.awaited += place + words.len();
                return;
            }
            match self.shown.recv_timeout(PATIENCE) {
                Ok(part) => self.seen.push_str(&String::from_utf8_lossy(&part)),
                Err(error) => panic!("{error}: {words:?} is not in {:?}", self.seen),
            }
        }
    }

    /// Waits until the command reads what is typed key by key (without `ICANON`), or hides it (without `ECHO`): before
    /// that, a terminal does with some keys what it likes.
    fn wait_without(&self, mode: LocalModes) {
        let begun = Instant::now();
        while tcgetattr(&self.keyboard).unwrap().local_modes.contains(mode) {
            assert!(begun.elapsed() < PATIENCE, "{:?}", self.seen);
            std::thread::yield_now();
        }
    }

    fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end, and gives the exit code and what was printed elsewhere.
    pub(super) fn end(&mut self) -> (Option<i32>, String) {
        let mut printed = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut printed).unwrap();
        }
        let code = self.child.wait().unwrap().code();
        while let Ok(part) = self.shown.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&part));
        }
        (code, printed)
    }
}

/// A keyboard and screen, and the terminal between them and a command.
fn pair() -> (OwnedFd, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (master, slave)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_user_is_searched_for_and_picked_and_the_actor_is_asked_for() {
    let instance = Instance::start();
    let second = instance.json(&["users", "list"])[1]["id"].clone();
    let mut terminal = Terminal::start(instance.command(&["impersonate", "--json"]), true);
    terminal.wait_for("Act as whom?");
    terminal.type_in("nobody at all\r");
    terminal.wait_for("nobody found");
    terminal.wait_for("Act as whom?");
    terminal.type_in("example.com\r");
    terminal.wait_for("search again");
    terminal.wait_without(LocalModes::ICANON);
    terminal.type_in("\u{1b}[B");
    terminal.wait_for("search again");
    terminal.type_in("\r");
    terminal.wait_for("Who acts?");
    terminal.type_in("staff:7\r");
    let (code, printed) = terminal.end();
    assert_eq!(code, Some(0), "{}", terminal.seen);
    let token: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&token["user_id"], &token["actor"]["sub"]), (&second, &json!("staff:7")));
    assert!(!terminal.seen.contains("acttkt_"), "{}", terminal.seen);
}

#[test]
fn a_choice_can_be_left_by_interrupting_or_escaping_and_the_cursor_comes_back() {
    let instance = Instance::start();
    for keys in ["\u{3}", "\u{1b}"] {
        let mut terminal = Terminal::start(instance.command(&["impersonate", "--actor", "staff:7"]), true);
        terminal.wait_for("Act as whom?");
        terminal.type_in("\r");
        terminal.wait_for("search again");
        terminal.wait_without(LocalModes::ICANON);
        terminal.type_in(keys);
        assert_eq!(terminal.end(), (Some(130), String::new()), "{:?}", terminal.seen);
        let (hidden, shown) = (terminal.seen.rfind("\u{1b}[?25l"), terminal.seen.rfind("\u{1b}[?25h"));
        assert!(hidden < shown, "{:?}", terminal.seen);
        assert!(terminal.seen.contains("actas: interrupted"), "{:?}", terminal.seen);
    }
    assert_eq!(instance.json(&["tokens", "list"]), json!([]));
}

#[test]
fn a_secret_key_is_not_shown_as_it_is_typed() {
    let instance = Instance::start();
    let add = ["profiles", "add", "here", "--url", &instance.url];
    let mut terminal = Terminal::start(actas(instance.folder.path(), &add), true);
    terminal.wait_for("Secret key of");
    terminal.wait_without(LocalModes::ECHO);
    let typed = format!("{}\n", instance.key);
    terminal.type_in(&typed);
    terminal.wait_for("it works");
    assert_eq!(terminal.end().0, Some(0));
    assert!(!terminal.seen.contains(&instance.key));
    let listed = actas(instance.folder.path(), &["users", "list", "--profile", "here"]).output().unwrap();
    assert_eq!(listed.status.code(), Some(0));
}

#[test]
fn what_becomes_of_other_profiles_while_a_key_is_asked_for_stays() {
    let instance = Instance::start();
    let own = |arguments: &[&str]| actas(instance.folder.path(), arguments);
    let key = instance.folder.path().join("key");
    std::fs::write(&key, &instance.key).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let add = |name| own(&["profiles", "add", name, "--url", &instance.url, "--secret-key-file", "key"]);
    assert!(add("removed").status().unwrap().success());
    let asking = own(&["profiles", "add", "asked", "--url", &instance.url]);
    let mut terminal = Terminal::start(asking, true);
    terminal.wait_for("Secret key of");
    terminal.wait_without(LocalModes::ECHO);
    assert!(own(&["profiles", "remove", "removed"]).status().unwrap().success());
    assert!(add("added").status().unwrap().success());
    terminal.type_in(&format!("{}\n", instance.key));
    assert_eq!(terminal.end().0, Some(0), "{}", terminal.seen);
    let listed = own(&["profiles", "list", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["added", "asked"]);
}

#[test]
fn a_secret_that_is_to_come_from_the_terminal_is_not_shown_or_not_taken() {
    let instance = Instance::start();
    let list = ["users", "list", "--url", &instance.url, "--secret-key-file", "-"];
    let mut terminal = Terminal::start(actas(instance.folder.path(), &list), true);
    terminal.wait_for("it is not shown");
    terminal.wait_without(LocalModes::ECHO);
    terminal.type_in(&format!("{}\n", instance.key));
    assert_eq!(terminal.end().0, Some(0), "{}", terminal.seen);
    assert!(!terminal.seen.contains(&instance.key));
    let add = ["profiles", "add", "here", "--url", &instance.url];
    for arguments in [&list[..], &add] {
        let (_keyboard, slave) = pair();
        let output = actas(instance.folder.path(), arguments).stdin(slave).output().unwrap();
        let told = one_line(&output, 2);
        assert!(told.contains("would show the secret"), "{told}");
    }
}

#[test]
fn whoever_has_the_address_is_the_first_to_be_picked() {
    let instance = Instance::start();
    instance.create_user(&json!({ "first_name": "alice.support@example.com" }));
    let arguments = ["impersonate", "--actor", "staff:7", "--json"];
    let mut terminal = Terminal::start(instance.command(&arguments), true);
    terminal.wait_for("Act as whom?");
    terminal.type_in("alice.support@example.com\r");
    terminal.wait_for("\"alice.support@example.com\"");
    terminal.wait_for("search again");
    terminal.wait_without(LocalModes::ICANON);
    terminal.type_in("\r");
    let (code, printed) = terminal.end();
    assert_eq!(code, Some(0), "{}", terminal.seen);
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap()["user_id"], instance.alice.as_str());
}

#[test]
fn a_deletion_is_asked_for_and_nothing_is_no() {
    let instance = Instance::start();
    let delete = ["users", "delete", &instance.bob];
    for (answer, code, left) in [("\r", 1, 2), ("n\r", 1, 2), ("y\r", 0, 1)] {
        let mut terminal = Terminal::start(instance.command(&delete), true);
        terminal.wait_for("delete for good ");
        terminal.wait_for("<bob.customer@example.com> \"Bob Customer\"?");
        terminal.type_in(answer);
        assert_eq!(terminal.end().0, Some(code), "{}", terminal.seen);
        assert_eq!(instance.json(&["users", "list"]).as_array().unwrap().len(), left);
    }
}

#[test]
fn a_table_is_as_wide_as_its_terminal_and_coloured() {
    let instance = Instance::start();
    instance.token(&["--reason", &"long ".repeat(40)]);
    let mut terminal = Terminal::start(instance.command(&["tokens", "list"]), false);
    assert_eq!(terminal.end().0, Some(0));
    assert!(terminal.seen.contains("\u{1b}[33mpending\u{1b}[0m"), "{:?}", terminal.seen);
    let plain = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[33m"]
        .iter()
        .fold(terminal.seen.clone(), |text, code| text.replace(code, ""));
    let widest = plain.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 100), "{plain}");
}

#[test]
fn where_only_the_answers_could_be_typed_nothing_is_asked() {
    let instance = Instance::start();
    let mut command = instance.command(&["impersonate", &instance.bob]);
    // The standard error is no terminal, so a question would not be seen.
    let told = one_line(&command.stdin(Stdio::null()).output().unwrap(), 2);
    assert!(told.contains("who acts?"), "{told}");
}
