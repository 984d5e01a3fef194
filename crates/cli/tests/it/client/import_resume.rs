//! An import that is stopped in the middle, by whatever, and goes on: each row once.

use super::import::{Kept, result};
use crate::process::{one_line, stderr};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Child, ChildStdin, Output, Stdio},
    time::{Duration, Instant},
};

/// Longer than anything takes that will come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every tenth row has a username that is too short, and is refused; every third brings no id along.
fn rows(count: usize) -> Vec<String> {
    let row = |number: usize| {
        let mut row = json!({ "email_address": [format!("u{number}@example.com")] });
        if number % 10 == 9 {
            row["username"] = "x".into();
        }
        if !number.is_multiple_of(3) {
            row["id"] = format!("u{number}").into();
        }
        format!("{row}\n")
    };
    (0..count).map(row).collect()
}

/// All that was created, and how many of the rows were refused.
fn check(kept: &Kept, output: &Output, rows: usize, report: &str) {
    let refused = rows / 10;
    let told = result(output, 1);
    let count = |name: &str| told[name].as_u64().unwrap() as usize;
    assert_eq!((count("rows"), count("refused")), (rows, refused));
    assert_eq!(count("created") + count("exists"), rows - refused);
    assert_eq!(kept.count() as usize, rows - refused);
    let lines: Vec<u64> = kept
        .read(report)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, (1..=rows as u64).filter(|line| line % 10 == 0).collect::<Vec<_>>());
    let created = kept.get("/v1/audit_entries?action=user.created&outcome=done&limit=500");
    let created =
        created["data"].as_array().unwrap().iter().map(|entry| entry["user_id"].clone().to_string());
    let created: Vec<_> = created.collect();
    assert_eq!(created.iter().collect::<BTreeSet<_>>().len(), created.len(), "each user has one entry");
}

/// An import that reads what a test writes.
struct Piped {
    child: Child,
    source: ChildStdin,
}

impl Piped {
    fn start(kept: &Kept, more: &[&str]) -> Self {
        let arguments = [&["users", "import", "-", "--batch", "10", "--json"], more].concat();
        let mut command = kept.command(&arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self { source: child.stdin.take().unwrap(), child }
    }

    fn write(&mut self, rows: &[String]) {
        self.source.write_all(rows.concat().as_bytes()).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends the source, if nothing else did, and waits.
    fn end(self) -> Output {
        drop(self.source);
        self.child.wait_with_output().unwrap()
    }
}

fn wait_for(kept: &Kept, count: u64) {
    let begun = Instant::now();
    while kept.count() < count {
        assert!(begun.elapsed() < PATIENCE, "{} of {count} users", kept.count());
    }
}

#[test]
fn an_import_that_is_killed_goes_on_with_the_same_pipe() {
    let kept = Kept::start();
    let rows = rows(400);
    let mut piped = Piped::start(&kept, &[]);
    piped.write(&rows[..255]);
    // 25 whole batches, of which each tenth row is refused.
    wait_for(&kept, 225);
    piped.signal(Signal::KILL);
    assert_eq!(piped.end().status.code(), None);
    assert!(kept.exists("stdin.import-progress"));
    let mut again = Piped::start(&kept, &["--resume"]);
    again.write(&rows);
    check(&kept, &again.end(), 400, "stdin.refused.jsonl");
    assert!(!kept.exists("stdin.import-progress"));
}

#[test]
fn two_imports_do_not_keep_one_progress() {
    let kept = Kept::start();
    let rows = rows(40);
    let mut first = Piped::start(&kept, &[]);
    first.write(&rows[..15]);
    wait_for(&kept, 9);
    for more in [&["--resume"][..], &[]] {
        let told = one_line(&Piped::start(&kept, more).end(), 2);
        assert!(told.contains("another import keeps its progress in stdin.import-progress"), "{told}");
    }
    first.write(&rows[15..]);
    check(&kept, &first.end(), 40, "stdin.refused.jsonl");
    assert!(!kept.exists("stdin.import-progress.lock"));
}

#[test]
fn an_import_that_is_killed_again_and_again_goes_on_with_the_same_file() {
    let kept = Kept::start();
    let count = 3_000;
    kept.write("users.jsonl", rows(count).concat());
    let import = |more: &[&str]| {
        let arguments = ["users", "import", "users.jsonl", "--batch", "7", "--concurrency", "3", "--json"];
        kept.command(&[&arguments, more].concat())
    };
    let mut more: &[&str] = &[];
    for stop in [1, 500, 501, 1_200] {
        let mut child = import(more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for(&kept, stop);
        child.kill().unwrap();
        child.wait().unwrap();
        more = &["--resume"];
        assert!(kept.exists("users.jsonl.import-progress"), "it was killed in the middle");
    }
    check(&kept, &import(more).output().unwrap(), count, "users.jsonl.refused.jsonl");
}

#[test]
fn an_import_whose_server_is_killed_says_how_to_go_on_and_does() {
    let kept = Kept::start();
    let rows = rows(400);
    let mut piped = Piped::start(&kept, &["--progress", "progress", "--report", "report"]);
    piped.write(&rows[..105]);
    wait_for(&kept, 90);
    kept.server.signal(Signal::KILL);
    piped.write(&rows[105..]);
    let output = piped.end();
    one_line(&output, 7);
    let told = stderr(&output);
    assert!(told.contains("the same command with --resume goes on (progress says where)"), "{told}");
    assert_eq!(result(&output, 7)["complete"], false);
    let kept = kept.restart();
    let mut again = Piped::start(&kept, &["--progress", "progress", "--resume"]);
    again.write(&rows);
    check(&kept, &again.end(), 400, "report");
}

#[test]
fn an_interrupted_import_finishes_what_is_in_flight_and_keeps_how_far_it_is() {
    let kept = Kept::start();
    let rows = rows(200);
    let mut piped = Piped::start(&kept, &[]);
    piped.write(&rows[..105]);
    wait_for(&kept, 90);
    piped.signal(Signal::INT);
    let told = piped.child.wait_with_output().unwrap();
    let told_result = result(&told, 130);
    assert_eq!((&told_result["rows"], &told_result["complete"]), (&100.into(), &false.into()));
    let mut again = Piped::start(&kept, &["--resume"]);
    again.write(&rows);
    let output = again.end();
    assert_eq!(result(&output, 1)["exists"], 0, "nothing was sent twice");
    check(&kept, &output, 200, "stdin.refused.jsonl");
}

#[test]
fn another_file_server_or_report_is_not_gone_on_with() {
    let kept = Kept::start();
    let rows = rows(100);
    let mut piped = Piped::start(&kept, &[]);
    piped.write(&rows[..55]);
    wait_for(&kept, 45);
    piped.signal(Signal::INT);
    piped.child.wait_with_output().unwrap();
    let resumed = |rows: &str, more: &[&str], said: &str| {
        kept.write("rows", rows);
        let source = std::fs::File::open(kept.folder.path().join("rows")).unwrap();
        let mut command = kept.command(&[&["users", "import", "-", "--resume"], more].concat());
        let told = one_line(&command.stdin(source).output().unwrap(), 2);
        assert!(told.contains(said), "{told}");
    };
    let all = rows.concat();
    resumed(&all.replacen("u1@", "v1@", 1), &[], "is not what was imported until now");
    resumed(&rows[..40].concat(), &[], "is not what was imported until now");
    resumed("", &[], "is not what was imported until now");
    resumed(&all, &["--report", "other"], "leave --report away");
    resumed(&format!("id\n{all}"), &["--format", "csv"], "add --format jsonl");
    assert_eq!(kept.count(), 45);
    let other = Kept::start();
    let progress = kept.read("stdin.import-progress");
    other.write("stdin.import-progress", &progress);
    let mut command = other.command(&["users", "import", "-", "--resume"]);
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(other.folder.path().join("stdin.import-progress"), permissions).unwrap();
    let told = one_line(&command.output().unwrap(), 2);
    assert!(told.contains("is of an import into ins_"), "{told}");
}
