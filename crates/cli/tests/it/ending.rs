//! How a server ends, and what its log does not say.

use crate::process::{Server, actas, answer, env_file};
use rustix::process::Signal;
use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

const DEV: [&str; 3] = ["dev", "--listen", "127.0.0.1:0"];

#[test]
fn sigterm_finishes_what_is_in_flight_and_exits_0() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &DEV);
    let secret_key = env_file(folder.path())["CLERK_SECRET_KEY"].clone();
    let mut in_flight = TcpStream::connect(server.address).unwrap();
    let body = br#"{"id":"in-flight"}"#;
    write!(
        in_flight,
        "POST /v1/users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {secret_key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    in_flight.write_all(&body[..5]).unwrap();
    // An answer to a later request shows that the earlier connection has been accepted.
    assert_eq!(server.status_with(&secret_key), 200);
    let asked = Instant::now();
    server.signal(Signal::TERM);
    while TcpStream::connect(server.address).is_ok() {
        assert!(asked.elapsed() < Duration::from_secs(10), "it still accepts connections");
    }
    in_flight.write_all(&body[5..]).unwrap();
    let (status, body) = answer(in_flight);
    assert_eq!(status, 200, "{body}");
    assert_eq!(server.wait().0, Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10));
    let server = Server::start(folder.path(), &DEV);
    let bearer = format!("Authorization: Bearer {secret_key}");
    assert_eq!(server.request("GET", "/v1/users/in-flight", &[&bearer], "").0, 200);
}

#[test]
fn a_connection_that_does_nothing_holds_up_the_end_no_longer_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = actas(folder.path(), &DEV);
    command.env("ACTAS_SHUTDOWN_SECONDS", "2");
    let server = Server::start_with(command);
    let mut idle = TcpStream::connect(server.address).unwrap();
    idle.write_all(b"POST /v1/users HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").unwrap();
    let asked = Instant::now();
    assert_eq!(server.stop().0, Some(0));
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
}

#[test]
fn sigint_ends_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &DEV);
    server.signal(Signal::INT);
    assert_eq!(server.wait().0, Some(0));
}

/// Whom an app passes on is told by the app, once it has proved itself; before that it is nobody but the peer.
#[test]
fn logs_name_the_browser_behind_an_app() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = actas(folder.path(), &DEV);
    command.env("ACTAS_LOG_FORMAT", "json");
    let server = Server::start_with(command);
    let secret_key = env_file(folder.path())["CLERK_SECRET_KEY"].clone();
    let browser = "X-Forwarded-For: 198.51.100.9";
    let ask = |key: &str| {
        server.request("GET", "/v1/client", &[browser, &format!("Clerk-Secret-Key: {key}")], "").0
    };
    assert_eq!((ask(&secret_key), ask("sk_test_planted")), (200, 401));
    assert_eq!(server.request("GET", "/v1/client", &[browser], "").0, 200);
    let (_, log) = server.stop();
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let told: Vec<_> = lines
        .filter(|line| line["route"] == "/v1/client")
        .map(|line| (line["address"].as_str().unwrap().to_owned(), line["passed_on_by"].is_string()))
        .collect();
    let peer = || ("127.0.0.1".to_owned(), false);
    assert_eq!(told, [("198.51.100.9".to_owned(), true), peer(), peer()], "{log}");
}

#[test]
fn logs_are_json_when_asked_and_hold_no_secret_at_any_level() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = actas(folder.path(), &DEV);
    command.env("ACTAS_LOG_FORMAT", "json").env("ACTAS_LOG_LEVEL", "trace");
    let server = Server::start_with(command);
    let secret_key = env_file(folder.path())["CLERK_SECRET_KEY"].clone();
    assert_eq!(server.status_with(&secret_key), 200);
    assert_eq!(server.status_with("sk_test_planted"), 401);
    let form = "strategy=ticket&ticket=acttkt_planted&password=planted";
    let kind = ["Content-Type: application/x-www-form-urlencoded", "Cookie: __client=actcli_planted"];
    assert_eq!(server.request("POST", "/v1/client/sign_ins?_is_native=1&ticket=planted", &kind, form).0, 400);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0));
    assert!(log.lines().count() >= 4, "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    assert!(!log.contains(&secret_key) && !log.contains("planted"), "{log}");
}
