//! What follows until it is told to stop.

use super::instance::Instance;
use crate::process::Server;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Stdio},
};

struct Follower {
    child: Child,
    /// None once nobody reads.
    lines: Option<BufReader<ChildStdout>>,
}

impl Follower {
    fn start(instance: &Instance, arguments: &[&str]) -> Self {
        let mut command = instance.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = child.stdout.take().map(BufReader::new);
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.lines.as_mut().unwrap().read_line(&mut line).unwrap() > 0, "it ended too early");
        line
    }

    fn entry(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Waits until it says so on the standard error.
    fn wait_for(&mut self, words: &str) {
        let mut told = String::new();
        let mut errors = BufReader::new(self.child.stderr.as_mut().unwrap());
        while !told.contains(words) {
            assert!(errors.read_line(&mut told).unwrap() > 0, "{told}");
        }
    }

    /// Interrupts it, and gives the exit code and what it had not been asked for yet.
    fn interrupt(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        let mut rest = String::new();
        self.lines.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn newest(instance: &Instance) -> u64 {
    instance.json(&["audit", "list", "--limit", "1"])[0]["position"].as_u64().unwrap()
}

#[test]
fn each_entry_is_told_once_and_in_order_while_many_are_made() {
    let instance = Instance::start();
    let mut follower = Follower::start(&instance, &["audit", "follow", "--after", "0", "--json"]);
    let key = format!("Authorization: Bearer {}", instance.key);
    let body = format!(r#"{{"user_id":"{}","actor":{{"sub":"a"}}}}"#, instance.bob);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..150 {
                    let headers = [key.as_str(), "Content-Type: application/json"];
                    assert_eq!(instance.server.request("POST", "/v1/actor_tokens", &headers, &body).0, 200);
                }
            });
        }
    });
    let last = newest(&instance);
    assert!(last >= 600);
    for position in 1..=last {
        assert_eq!(follower.entry()["position"], position);
    }
    assert_eq!(follower.interrupt(), (Some(0), String::new()));
    // More than a page, newest first.
    let listed = instance.json(&["audit", "list", "--limit", "550"]);
    let positions = listed.as_array().unwrap().iter().map(|entry| entry["position"].as_u64().unwrap());
    assert!(positions.eq((last - 549..=last).rev()));
}

#[test]
fn filters_hold_and_nothing_old_is_told() {
    let instance = Instance::start();
    instance.token(&["--reason", "before"]);
    let after = newest(&instance).to_string();
    let filter = ["audit", "follow", "--json", "--after", &after, "--action", "actor_token.revoked"];
    let mut follower = Follower::start(&instance, &filter);
    let (first, _) = instance.token(&[]);
    instance.ok(&["tokens", "revoke", &first]);
    let entry = follower.entry();
    assert_eq!((&entry["action"], &entry["actor_token_id"]), (&"actor_token.revoked".into(), &first.into()));
    assert_eq!(follower.interrupt(), (Some(0), String::new()));
}

#[test]
fn an_entry_is_a_line_that_names_people() {
    let instance = Instance::start();
    let after = newest(&instance).to_string();
    let mut follower = Follower::start(&instance, &["audit", "follow", "--after", &after]);
    let (id, ticket) = instance.token(&["--reason", "order \u{1b}[31m4711"]);
    let line = follower.line();
    assert!(line.contains("actor_token.created") && line.contains("Alice Support as Bob Customer"), "{line}");
    assert!(line.contains("by secret_key key_"), "{line}");
    assert!(line.contains(&id) && line.contains("(order �[31m4711)"), "{line}");
    instance.redeem(&ticket);
    assert!(follower.line().contains("actor_token.accepted"));
    assert_eq!(follower.interrupt().0, Some(0));
}

#[test]
fn a_session_is_told_as_it_begins_and_ends_and_none_twice() {
    let instance = Instance::start();
    let listed = instance.redeem(&instance.token(&[]).1);
    let mut follower = Follower::start(&instance, &["sessions", "list", "--impersonated", "--follow"]);
    follower.wait_for("following");
    assert!(follower.line().starts_with("ID "));
    assert!(follower.line().contains(&listed));
    let (_, ticket) = instance.token(&[]);
    let new = instance.redeem(&ticket);
    let line = follower.line();
    assert!(line.contains("actor_token.accepted") && line.contains(&new), "{line}");
    instance.ok(&["sessions", "revoke", &listed]);
    let line = follower.line();
    assert!(line.contains("session.revoked") && line.contains(&listed), "{line}");
    assert_eq!(follower.interrupt(), (Some(0), String::new()));
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let mut instance = Instance::start();
    let address = instance.server.address.to_string();
    let mut follower = Follower::start(&instance, &["audit", "follow", "--after", "0", "--json"]);
    follower.entry();
    let folder = tempfile::tempdir().unwrap();
    let restarted = ["dev", "--ephemeral", "--listen", &address];
    instance.server.signal(Signal::TERM);
    assert_eq!(instance.server.wait().0, Some(0));
    follower.wait_for("waiting for it");
    instance.server = Server::start(folder.path(), &restarted);
    // It is another instance there, which does not know the key.
    follower.wait_for("refused the secret key");
    assert_eq!(follower.child.wait().unwrap().code(), Some(8));
}

#[test]
fn it_ends_with_its_reader() {
    let instance = Instance::start();
    let mut follower = Follower::start(&instance, &["audit", "follow", "--after", "0", "--json"]);
    follower.entry();
    // A pipe that nobody reads: the next entry cannot be written.
    follower.lines = None;
    instance.token(&[]);
    assert_eq!(follower.child.wait().unwrap().code(), Some(0));
}
