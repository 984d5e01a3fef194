//! What becomes of a request whose caller goes away: a real listener, and callers that hang up.

use crate::harness::{Instance, Turnstile};
use actas_domain::settings::InstanceKind;
use actas_server::serve::{self, Limits};
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

const LONG: Duration = Duration::from_secs(30);

struct Served {
    instance: Instance,
    turnstile: Arc<Turnstile>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// With a user `ada`, whose password the turnstile checks, and one connection at a time.
async fn serve(shutdown: Duration) -> Served {
    let turnstile = Arc::new(Turnstile::default());
    let instance = Instance::start_with(|plan| {
        plan.passwords = Arc::<Turnstile>::clone(&turnstile);
        plan.settings.instance_kind = InstanceKind::Production;
    })
    .await;
    instance
        .post("/v1/users", json!({ "id": "ada", "username": "ada_lovelace", "password": "correct horse" }))
        .await
        .ok();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = Limits { header_read_timeout: LONG, write_timeout: LONG, connections_max: 1, shutdown };
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve::serve(listener, instance.entry.clone(), limits, stopped));
    Served { instance, turnstile, address, stop, serving }
}

impl Served {
    /// Sends a wrong password, and hangs up while it is looked at. When this returns the server has noticed.
    async fn guess_and_hang_up(&self) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let form = "identifier=ada_lovelace&password=wrong-horse";
        let head = "POST /v1/client/sign_ins?_is_native=1 HTTP/1.1\r\nhost: x\r\n\
            content-type: application/x-www-form-urlencoded\r\n";
        let request = format!("{head}content-length: {}\r\n\r\n{form}", form.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        self.turnstile.arrived(1).await;
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        assert!(answer.is_empty(), "it was answered");
    }

    async fn attempts_remaining(&self) -> i64 {
        let ada = self.instance.get("/v1/users/ada").await.ok();
        ada["verification_attempts_remaining"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn a_guess_whose_caller_hangs_up_counts_and_keeps_its_place() {
    let served = serve(LONG).await;
    let before = served.attempts_remaining().await;
    served.guess_and_hang_up().await;
    // The one place is still taken: whoever hangs up and comes again has no more at work than whoever waits.
    let mut next = TcpStream::connect(served.address).await.unwrap();
    next.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let early = timeout(Duration::from_millis(200), next.read_to_string(&mut answer)).await;
    assert!(early.is_err(), "{answer}");
    served.turnstile.open_for_wrong();
    timeout(LONG, next.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(served.attempts_remaining().await, before - 1);
    let metrics = served.instance.anonymous("GET", "/metrics").send().await;
    assert!(
        metrics.text().contains(r#"actas_refusals_total{code="form_password_or_identifier_incorrect"} 1"#)
    );
}

#[tokio::test]
async fn the_end_waits_for_a_guess_whose_caller_hung_up() {
    let served = serve(LONG).await;
    let before = served.attempts_remaining().await;
    served.guess_and_hang_up().await;
    served.stop.send(true).unwrap();
    tokio::task::yield_now().await;
    assert!(!served.serving.is_finished());
    served.turnstile.open_for_wrong();
    let Served { serving, .. } = &served;
    while !serving.is_finished() {
        tokio::task::yield_now().await;
    }
    assert_eq!(served.attempts_remaining().await, before - 1);
}

#[tokio::test]
async fn an_end_that_has_waited_long_enough_cuts_it() {
    let served = serve(Duration::from_millis(50)).await;
    let before = served.attempts_remaining().await;
    served.guess_and_hang_up().await;
    served.stop.send(true).unwrap();
    timeout(LONG, served.serving).await.unwrap().unwrap();
    // Until nothing of it is there any more.
    timeout(LONG, served.turnstile.left()).await.unwrap();
    served.turnstile.open_for_wrong();
    let ada = served.instance.get("/v1/users/ada").await.ok();
    assert_eq!(ada["verification_attempts_remaining"].as_i64().unwrap(), before);
}
