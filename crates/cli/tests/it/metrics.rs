//! What Prometheus scrapes: that it is told apart by kind, documented, and there when the database is not.

use crate::process::{Server, actas};
use actas_postgres_cluster::Cluster;
use std::{
    collections::BTreeSet,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

const GUIDE: &str = include_str!("../../../../docs/operations.md");
const ALERTS: &str = include_str!("../../../../docs/examples/prometheus-alerts.yml");
const SERVE: [&str; 6] =
    ["serve", "--public-url", "https://clerk.example.com", "--listen", "127.0.0.1:0", "--metrics-on-public"];

fn on_sqlite(folder: &Path) -> Server {
    Server::start(folder, &[&SERVE[..], &["--data-dir", "data"]].concat())
}

fn on_postgres(folder: &Path, url: &str) -> Server {
    let mut command = actas(folder, &SERVE);
    command.env("ACTAS_STORE", "postgres").env("ACTAS_DATABASE_URL", url).env("ACTAS_DATA_DIR", "data");
    command.env("ACTAS_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    Server::start_with(command)
}

fn scrape(server: &Server) -> String {
    let (status, text) = server.request("GET", "/metrics", &[], "");
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"), "{text}");
    text
}

/// A scrape of a server that has answered and refused something.
fn scrape_after_work(server: &Server) -> String {
    assert_eq!(server.status_with("sk_live_wrong"), 401);
    scrape(server)
}

/// The names as they are in queries, with what the kind of a metric puts behind them.
fn exposed(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .flat_map(|(name, kind)| {
            let endings: &[&str] = match kind {
                "counter" => &["_total"],
                "info" => &["_info"],
                "gauge" => &[""],
                "histogram" => &["_bucket", "_sum", "_count"],
                other => panic!("{name} is of the kind {other}"),
            };
            endings.iter().map(move |ending| format!("{name}{ending}"))
        })
        .collect()
}

/// The words of a text that are names of metrics.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    words
        .filter(|word| {
            word.starts_with("process_start_") || word.starts_with("actas_") && word.len() > "actas_".len()
        })
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_metric_is_in_the_guide_and_every_one_that_is_named_exists() {
    let folder = tempfile::tempdir().unwrap();
    let exposed = exposed(&scrape_after_work(&on_sqlite(folder.path())));
    let in_guide = named(GUIDE);
    let (in_alerts, mut unknown) = (named(ALERTS), Vec::new());
    for name in in_guide.union(&in_alerts) {
        // The guide names a histogram without the ending.
        if !exposed.contains(name) && !exposed.contains(&format!("{name}_bucket")) {
            unknown.push(name);
        }
    }
    assert!(unknown.is_empty(), "named and not there: {unknown:?}");
    let without_ending = |name: &str| {
        ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .map(ToOwned::to_owned)
    };
    let undocumented: Vec<&String> = exposed
        .iter()
        .filter(|name| !in_guide.contains(*name))
        .filter(|name| !without_ending(name).is_some_and(|name| in_guide.contains(&name)))
        .collect();
    assert!(undocumented.is_empty(), "not in docs/operations.md: {undocumented:?}");
    assert!(in_alerts.len() >= 10, "{in_alerts:?}");
}

#[test]
fn every_alarm_of_the_guide_has_its_rule() {
    let in_alerts = named(ALERTS);
    let mut alarms = 0;
    for row in GUIDE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [metric, _, _, alarm] = cells[..] else { continue };
        for name in named(metric.split('`').nth(1).unwrap()) {
            if alarm.starts_with("none") {
                continue;
            }
            let has_rule = in_alerts.contains(&name) || in_alerts.contains(&format!("{name}_bucket"));
            assert!(has_rule, "no rule for {name}: {alarm}");
            alarms += 1;
        }
    }
    assert!(alarms >= 10, "{alarms}");
}

#[test]
fn what_only_grows_is_a_counter_on_both_stores() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let database = Cluster::shared().create_database();
    let of_sqlite = scrape_after_work(&on_sqlite(folders[0].path()));
    let of_postgres = scrape_after_work(&on_postgres(folders[1].path(), &database.url()));
    for text in [&of_sqlite, &of_postgres] {
        for line in [
            "# TYPE actas_store_changes counter",
            "# TYPE actas_store_commits counter",
            "# TYPE actas_store_rollbacks counter",
            "# TYPE actas_store_batch_size histogram",
            "# TYPE actas_store_commit_duration_seconds histogram",
            "actas_store_commit_duration_seconds_bucket{le=\"0.05\"} ",
            "actas_store_batch_size_bucket{le=\"+Inf\"} ",
            "actas_store_queue_length 4096\n",
            "actas_store_up 1\n",
            "actas_live_sessions 0\n",
            "actas_tickets_accepted_total{kind=\"actor_token\"} 0\n",
            "actas_sign_in_failures_total{strategy=\"password\"} 0\n",
            "actas_refusals_total{code=\"clerk_key_invalid\"} 1\n",
            "route=\"/v1/users/count\",method=\"GET\",status=\"4xx\"",
        ] {
            assert!(text.contains(line), "no {line}\n{text}");
        }
        // The first start alone was several changes.
        let number = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap().parse::<f64>().unwrap()
        };
        assert!(number("actas_store_changes_total") >= 2.0);
        assert_eq!(number("actas_store_commits_total"), number("actas_store_batch_size_count"));
        assert_eq!(number("actas_store_changes_total"), number("actas_store_batch_size_sum"));
        assert!(number("actas_store_commit_duration_seconds_sum") > 0.0);
    }
    assert!(of_sqlite.contains("actas_store_wal_bytes") && !of_postgres.contains("actas_store_wal_bytes"));
}

#[test]
fn a_scrape_tells_that_the_database_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start();
    let database = cluster.create_database();
    let server = on_postgres(folder.path(), &database.url());
    assert!(scrape(&server).contains("actas_store_up 1\n"));
    cluster.crash();
    let begun = Instant::now();
    // What was found a second ago may be told again.
    let text = loop {
        let text = scrape(&server);
        if text.contains("actas_store_up 0\n") {
            break text;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{text}");
        sleep(Duration::from_millis(50));
    };
    assert!(!text.contains("\nactas_live_sessions "), "{text}");
    cluster.run_server();
    while !scrape(&server).contains("actas_store_up 1\n") {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(50));
    }
}
