//! Listeners of their own for the Backend API and for metrics.

use crate::process::{Server, request};
use std::net::SocketAddr;

fn address(line: &str) -> SocketAddr {
    line.strip_prefix("listening on ").unwrap().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn each_listener_answers_its_own_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let any = "127.0.0.1:0";
    let url = "https://clerk.example.com";
    let addresses = ["--listen", any, "--backend-listen", any, "--metrics-listen", any];
    let arguments = [&["serve", "--public-url", url, "--data-dir", "data"][..], &addresses].concat();
    let mut server = Server::start(folder.path(), &arguments);
    assert!(server.printed.ends_with("(Frontend API)\n"), "{}", server.printed);
    let (backend, metrics) = (server.next_line(), server.next_line());
    assert!(backend.ends_with("(Backend API)\n") && metrics.ends_with("(metrics)\n"), "{backend}{metrics}");
    let statuses = |address: SocketAddr| {
        ["/healthz", "/.well-known/jwks.json", "/v1/users", "/metrics"]
            .map(|path| request(address, "GET", path, &[], "").0)
    };
    assert_eq!(statuses(server.address), [200, 200, 404, 404]);
    assert_eq!(statuses(address(&backend)), [200, 404, 401, 404]);
    assert_eq!(statuses(address(&metrics)), [200, 404, 404, 200]);
}

#[test]
fn metrics_are_public_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let url = "https://clerk.example.com";
    let arguments = ["serve", "--public-url", url, "--data-dir", "data", "--listen", "127.0.0.1:0"];
    let server = Server::start(folder.path(), &[&arguments[..], &["--metrics-on-public"]].concat());
    let (status, text) = server.request("GET", "/metrics", &[], "");
    for number in ["actas_live_sessions 0", "actas_kept_answers 0"] {
        assert!(status == 200 && text.contains(number), "{status} {text}");
    }
}
