//! `actas audit export`.

use super::import::Kept;
use crate::process::{one_line, stderr, stdout};
use actas_domain::{
    ports::{Clock, Store as _},
    retention::{Purge, Purged},
    time::UnixMillis,
};
use actas_store_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc};

/// A record of some more than two pages.
fn filled() -> Kept {
    let kept = Kept::start();
    let rows: Vec<_> = (0..1_200).map(|number| json!({ "id": format!("u{number}") }).to_string()).collect();
    kept.write("users.jsonl", rows.join("\n"));
    assert_eq!(kept.run(&["users", "import", "users.jsonl"]).status.code(), Some(0));
    kept
}

fn newest(kept: &Kept) -> u64 {
    kept.get("/v1/audit_entries?limit=1")["data"][0]["position"].as_u64().unwrap()
}

fn positions(lines: &str) -> Vec<u64> {
    let position = |line: &str| serde_json::from_str::<Value>(line).unwrap()["position"].as_u64().unwrap();
    lines.lines().map(position).collect()
}

#[test]
fn the_whole_record_is_written_and_goes_on_wherever_it_was_cut() {
    let kept = filled();
    let newest = newest(&kept);
    let output = kept.run(&["audit", "export", "--out", "record.jsonl", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&told["complete"], &told["entries"]), (&true.into(), &newest.into()));
    let whole = kept.read("record.jsonl");
    assert_eq!(positions(&whole), (1..=newest).collect::<Vec<_>>());
    let first = kept.get("/v1/audit_entries?after=0&limit=1")["data"][0].clone();
    assert_eq!(serde_json::from_str::<Value>(whole.lines().next().unwrap()).unwrap(), first);
    let resume = || kept.run(&["audit", "export", "--out", "record.jsonl", "--resume"]);
    for cut in [0, 1, 700, whole.len() / 2, whole.len() - 1, whole.len()] {
        kept.write("record.jsonl", &whole[..cut]);
        let output = resume();
        assert_eq!(output.status.code(), Some(0), "{cut}: {}", stderr(&output));
        assert_eq!(kept.read("record.jsonl"), whole, "{cut}");
    }
    kept.run(&["users", "create", "--id", "later"]);
    resume();
    assert_eq!(positions(&kept.read("record.jsonl")).last(), Some(&(newest + 1)));
}

#[test]
fn a_table_is_whole_too_and_no_cell_is_a_formula() {
    let kept = filled();
    let reason = "=HYPERLINK(\"http://x\"), and\nmore";
    let made = kept.run(&["impersonate", "u1", "--actor", "@agent", "--reason", reason, "--json"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let newest = newest(&kept);
    let output = kept.run(&["audit", "export", "--out", "record.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = format!("record.csv: 1,{} entries, positions 1 to {newest}, in ", newest - 1_000);
    assert!(stdout(&output).starts_with(&told), "{}", stdout(&output));
    let whole = kept.read("record.csv");
    assert!(whole.starts_with("position,at,action,outcome,code,caller_kind,"));
    let cells = ",u1,'@agent,";
    assert!(whole.contains(cells), "{}", whole.lines().rev().take(2).collect::<String>());
    assert!(whole.contains(",\"'=HYPERLINK(\"\"http://x\"\"), and\nmore\","));
    let resume = || kept.run(&["audit", "export", "--out", "record.csv", "--resume"]);
    for cut in [0, 9, whole.len() / 2, whole.len() - 30, whole.len() - 1, whole.len()] {
        kept.write("record.csv", &whole[..cut]);
        let output = resume();
        assert_eq!(output.status.code(), Some(0), "{cut}: {}", stderr(&output));
        assert_eq!(kept.read("record.csv"), whole, "{cut}");
    }
}

#[test]
fn a_part_is_written_by_position_and_by_time() {
    let kept = filled();
    let newest = newest(&kept);
    let export = |more: &[&str]| {
        let output = kept.run(&[&["audit", "export"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        positions(&stdout(&output))
    };
    assert_eq!(export(&["--from", "501", "--to", "1001"]), (501..=1_001).collect::<Vec<_>>());
    assert_eq!(export(&["--from", "7", "--to", "7"]), [7]);
    assert!(export(&["--from", &(newest + 1).to_string()]).is_empty());
    assert!(export(&["--from", "9", "--to", "3"]).is_empty());
    assert_eq!(export(&["--to", "1000000"]).len() as u64, newest);
    assert_eq!(export(&["--from", "1d"]).len() as u64, newest);
    assert!(export(&["--to", "1d"]).is_empty());
    assert!(export(&["--from", "2999-01-01"]).is_empty());
    let row = stdout(&kept.run(&["audit", "export", "--format", "csv", "--from", "500", "--to", "500"]));
    let date = row.lines().nth(1).unwrap().split(',').nth(1).unwrap();
    let at = kept.get("/v1/audit_entries?after=499&limit=1")["data"][0]["at"].as_i64().unwrap();
    let since = kept.get(&format!("/v1/audit_entries?after=0&limit=1&at_after={at}"));
    let before = kept.get(&format!("/v1/audit_entries?limit=1&at_before={at}"));
    let position = |page: &Value| page["data"][0]["position"].as_u64().unwrap();
    assert_eq!(export(&["--from", date]), (position(&since)..=newest).collect::<Vec<_>>());
    assert_eq!(export(&["--to", date]), (1..=position(&before)).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_gone_on_with_is_left_as_it_is() {
    let kept = Kept::start();
    let told = |content: &str, name: &str, more: &[&str]| {
        kept.write(name, content);
        let told = one_line(&kept.run(&[&["audit", "export", "--out", name], more].concat()), 2);
        assert_eq!(kept.read(name), content);
        told
    };
    assert!(told("", "record.jsonl", &[]).contains("record.jsonl exists"));
    assert!(told("{}\n", "record.jsonl", &["--resume"]).contains("line 1 is no entry of the record"));
    let gap = "{\"position\":1}\n{\"position\":3}\n";
    assert!(told(gap, "record.jsonl", &["--resume"]).contains("position 3 on line 2 follows 1"));
    assert!(told("a,b\n", "record.csv", &["--resume"]).contains("its first line does not name the columns"));
    let begun = "{\"position\":2}\n";
    assert!(told(begun, "record.jsonl", &["--resume", "--from", "1"]).contains("leave --from away"));
    let output = kept.run(&["audit", "export", "--out", "nowhere.jsonl", "--resume"]);
    assert!(one_line(&output, 1).contains("nowhere.jsonl cannot be written"));
    assert!(
        fs::read_dir(kept.folder.path()).unwrap().all(|entry| entry.unwrap().file_name() != "nowhere.jsonl")
    );
}

/// A clock of a far future, in which everything is old.
struct FarFuture;

impl Clock for FarFuture {
    fn now(&self) -> UnixMillis {
        UnixMillis::from_seconds(i64::from(u32::MAX))
    }
}

fn purge(folder: &Path, through: u64) {
    let store =
        SqliteStore::open(&Options::new(folder.join(".actas/actas.db")), Arc::new(FarFuture)).unwrap();
    let purge = Purge::of(Purged::Entries { after: 0, through }, 1);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let removed = runtime.block_on(store.purge(&purge, FarFuture.now(), u32::MAX)).unwrap();
    assert!(removed.removed > 0);
}

/// It begins where the record begins, and what is gone is never passed over in silence.
#[test]
fn a_record_that_was_cut_is_exported_from_its_oldest_entry_on() {
    let kept = filled();
    let export = |kept: &Kept, more: &[&str]| kept.run(&[&["audit", "export"], more].concat());
    let older = ["--to", "600", "--out", "older.jsonl"];
    assert_eq!(export(&kept, &older).status.code(), Some(0));
    let kept = kept.restart_after(|folder| purge(folder, 600));
    let newest = newest(&kept);
    let whole = export(&kept, &[]);
    assert_eq!(positions(&stdout(&whole)), (601..=newest).collect::<Vec<_>>(), "{}", stderr(&whole));
    let by_time = export(&kept, &["--from", "1d"]);
    assert_eq!(positions(&stdout(&by_time)).first(), Some(&601));
    assert!(stderr(&by_time).contains("begins with position 601: what was before it was purged"));
    let told = stdout(&export(&kept, &["--from", "1d", "--out", "late.jsonl", "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["begins_after_purge"], true);
    // A part of which nothing is left is not an empty one, and leaves no file in the way of the next try.
    for part in [["--to", "500"], ["--to", "1d"], ["--from", "600"]] {
        let told = one_line(&export(&kept, &[&part[..], &["--out", "part.jsonl"]].concat()), 2);
        assert!(told.contains("positions up to 600 were purged") && told.contains("601"), "{told}");
    }
    assert_eq!(export(&kept, &["--to", "700", "--out", "part.jsonl"]).status.code(), Some(0));
    let shown = one_line(&kept.run(&["audit", "show", "5"]), 9);
    assert!(shown.contains("was purged") && shown.contains("begins with 601"), "{shown}");
    assert_eq!(export(&kept, &["--out", "older.jsonl", "--resume"]).status.code(), Some(0));
    assert_eq!(positions(&kept.read("older.jsonl")), (1..=newest).collect::<Vec<_>>());
    let told = one_line(&export(&kept, &["--from", "600"]), 2);
    assert!(told.contains("positions up to 600 were purged") && told.contains("601"), "{told}");
    let kept = kept.restart_after(|folder| purge(folder, 700));
    kept.write(
        "shorter.jsonl",
        kept.read("older.jsonl").lines().take(650).collect::<Vec<_>>().join("\n") + "\n",
    );
    let told = one_line(&export(&kept, &["--out", "shorter.jsonl", "--resume"]), 2);
    assert!(told.contains("positions 651 to 700 were purged"), "{told}");
}
