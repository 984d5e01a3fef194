//! Keys that are fetched: when, how often, and what happens while they cannot be.

use super::forge::{APP, ISSUER, MovableClock, NOW, Signer, good_claims, jwks};
use actas_sdk::verify::{
    KeyFuture, KeySource, KeySourceError, Verifier,
    VerifyErrorKind::{KeysUnavailable, UnknownKey},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::sync::watch;

pub(super) const REFRESH_AFTER_MILLIS: i64 = 300_000;
const STALE_LIMIT_MILLIS: i64 = 3_600_000;
pub(super) const FLOOR_MILLIS: i64 = 5_000;

/// A server of keys that counts its fetches, and holds each until it is let go.
#[derive(Clone)]
pub(super) struct Server {
    answer: Arc<Mutex<Result<String, &'static str>>>,
    begun: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
    is_open: Arc<watch::Sender<bool>>,
}

impl Server {
    pub(super) fn with(signers: &[&Signer]) -> Self {
        let answer = Arc::new(Mutex::new(Ok(jwks(signers))));
        let is_open = Arc::new(watch::Sender::new(true));
        Self { answer, begun: Arc::default(), at_once: Arc::default(), is_open }
    }

    pub(super) fn answers(&self, answer: Result<String, &'static str>) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(super) fn fetches(&self) -> usize {
        self.begun.load(SeqCst)
    }

    /// Fetches begin, and do not end.
    pub(super) fn hold(&self) {
        self.is_open.send_replace(false);
    }

    pub(super) fn release(&self) {
        self.is_open.send_replace(true);
    }
}

impl KeySource for Server {
    fn fetch(&self) -> KeyFuture<'_> {
        Box::pin(async {
            self.begun.fetch_add(1, SeqCst);
            assert_eq!(self.at_once.fetch_add(1, SeqCst), 0, "two fetches at once");
            self.is_open.subscribe().wait_for(|is_open| *is_open).await.unwrap();
            self.at_once.fetch_sub(1, SeqCst);
            self.answer.lock().unwrap().clone().map_err(KeySourceError::new)
        })
    }
}

pub(super) struct Stage {
    pub(super) server: Server,
    pub(super) clock: MovableClock,
    pub(super) verifier: Verifier,
}

pub(super) fn stage() -> Stage {
    let server = Server::with(&[Signer::known()]);
    let clock = MovableClock::at_seconds(NOW);
    let verifier = Verifier::builder()
        .keys(server.clone())
        .issuer(ISSUER)
        .authorized_party(APP)
        .clock(clock.clone())
        .build()
        .unwrap();
    Stage { server, clock, verifier }
}

/// A token that is good at whatever time a test has come to.
pub(super) fn lasting(signer: &Signer) -> String {
    signer.token(&good_claims().replace(&format!(r#""exp":{}"#, NOW + 60), r#""exp":253402300799"#))
}

/// Lets tasks that were spawned run until they wait for something.
pub(super) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_token_fetches_and_the_next_ones_do_not() {
    let stage = stage();
    for _ in 0..5 {
        stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    }
    assert_eq!(stage.server.fetches(), 1);
}

#[tokio::test]
async fn a_hundred_first_tokens_share_one_fetch() {
    let stage = stage();
    stage.server.hold();
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let verifier = stage.verifier.clone();
            tokio::spawn(async move { verifier.verify(&lasting(Signer::known())).await })
        })
        .collect();
    settle().await;
    assert_eq!(stage.server.fetches(), 1);
    stage.server.release();
    for task in waiting {
        task.await.unwrap().unwrap();
    }
    assert_eq!(stage.server.fetches(), 1);
}

#[tokio::test]
async fn forged_key_ids_make_one_fetch_for_each_floor() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    for round in 1..=4 {
        stage.clock.advance_millis(FLOOR_MILLIS);
        let forged: Vec<_> = (0..200)
            .map(|number| {
                let verifier = stage.verifier.clone();
                let header = Signer::known().header().replace("key_known", &format!("forged_{number}"));
                let token = Signer::attacker().token_with(&header, &good_claims());
                tokio::spawn(async move { verifier.verify(&token).await })
            })
            .collect();
        for task in forged {
            assert_eq!(task.await.unwrap().unwrap_err().kind(), UnknownKey);
        }
        assert_eq!(stage.server.fetches(), 1 + round);
    }
    stage.clock.advance_millis(FLOOR_MILLIS - 1);
    assert!(stage.verifier.verify(&Signer::attacker().token(&good_claims())).await.is_err());
    assert_eq!(stage.server.fetches(), 5);
}

#[tokio::test]
async fn a_known_key_never_waits_for_a_fetch() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    stage.clock.advance_millis(REFRESH_AFTER_MILLIS);
    stage.server.hold();
    for _ in 0..50 {
        stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    }
    settle().await;
    assert_eq!(stage.server.fetches(), 2, "one refresh, in the background");
    // Also not while somebody waits for an unknown one.
    let verifier = stage.verifier.clone();
    let unknown = tokio::spawn(async move { verifier.verify(&lasting(Signer::attacker())).await });
    settle().await;
    assert!(!unknown.is_finished());
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    stage.server.release();
    assert_eq!(unknown.await.unwrap().unwrap_err().kind(), UnknownKey);
    assert_eq!(stage.server.fetches(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_withdrawn() {
    let stage = stage();
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    stage.server.answers(Ok(jwks(&[Signer::known(), Signer::attacker()])));
    let early = stage.verifier.verify(&lasting(Signer::attacker())).await.unwrap_err();
    assert_eq!(early.kind(), UnknownKey, "the floor has not passed");
    stage.clock.advance_millis(FLOOR_MILLIS);
    stage.verifier.verify(&lasting(Signer::attacker())).await.unwrap();
    stage.server.answers(Ok(jwks(&[Signer::attacker()])));
    stage.clock.advance_millis(REFRESH_AFTER_MILLIS);
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    settle().await;
    let withdrawn = stage.verifier.verify(&lasting(Signer::known())).await.unwrap_err();
    assert_eq!(withdrawn.kind(), UnknownKey);
    assert_eq!(stage.server.fetches(), 3);
}

#[tokio::test]
async fn stale_keys_are_used_up_to_their_limit_while_the_server_is_away() {
    let stage = stage();
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    stage.server.answers(Err("away"));
    let mut passed = 0;
    while passed + 60_000 < STALE_LIMIT_MILLIS {
        stage.clock.advance_millis(60_000);
        passed += 60_000;
        stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
        settle().await;
    }
    assert_eq!(stage.server.fetches(), 56, "one, and one each minute from the fifth to the 59th");
    stage.clock.advance_millis(60_000);
    let error = stage.verifier.verify(&lasting(Signer::known())).await.unwrap_err();
    assert_eq!(error.kind(), KeysUnavailable);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("away"));
    stage.server.answers(Ok(jwks(&[Signer::known()])));
    stage.clock.advance_millis(FLOOR_MILLIS);
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
}

#[tokio::test]
async fn without_keys_nothing_can_be_told_and_the_server_is_spared() {
    let stage = stage();
    stage.server.answers(Err("away"));
    for round in 1..=3 {
        for _ in 0..20 {
            let error = stage.verifier.verify(&lasting(Signer::known())).await.unwrap_err();
            assert!(error.is_keys_unavailable());
        }
        assert_eq!(stage.server.fetches(), round);
        stage.clock.advance_millis(FLOOR_MILLIS);
    }
    assert!(stage.verifier.refresh_keys().await.unwrap_err().is_keys_unavailable());
}

#[tokio::test]
async fn while_the_server_is_away_an_unknown_key_is_not_called_forged() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    stage.server.answers(Err("away"));
    stage.clock.advance_millis(FLOOR_MILLIS);
    for _ in 0..3 {
        let error = stage.verifier.verify(&lasting(Signer::attacker())).await.unwrap_err();
        assert_eq!(error.kind(), KeysUnavailable);
    }
    assert_eq!(stage.server.fetches(), 2);
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
}

#[tokio::test]
async fn what_is_no_jwks_does_not_replace_the_keys() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    for answer in ["", "<html>", r#"{"keys":{}}"#, r#"{"errors":[]}"#] {
        stage.server.answers(Ok(answer.to_owned()));
        assert!(stage.verifier.refresh_keys().await.unwrap_err().is_keys_unavailable(), "{answer}");
        stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_does_not_take_the_fetch_with_it() {
    let stage = stage();
    stage.server.hold();
    let verifier = stage.verifier.clone();
    let first = tokio::spawn(async move { verifier.verify(&lasting(Signer::known())).await });
    settle().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    stage.server.release();
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    assert_eq!(stage.server.fetches(), 1);
}

#[tokio::test]
async fn a_source_that_panics_is_asked_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (clock, counted) = (MovableClock::at_seconds(NOW), Arc::clone(&calls));
    let source = move || {
        let call = counted.fetch_add(1, SeqCst);
        async move {
            assert!(call > 0, "the first call fails, and says so above");
            Ok(jwks(&[Signer::known()]))
        }
    };
    let verifier = Verifier::builder().keys(source).clock(clock.clone()).build().unwrap();
    assert!(verifier.verify(&lasting(Signer::known())).await.unwrap_err().is_keys_unavailable());
    clock.advance_millis(FLOOR_MILLIS);
    verifier.verify(&lasting(Signer::known())).await.unwrap();
    assert_eq!(calls.load(SeqCst), 2);
}

#[tokio::test]
async fn a_clock_that_goes_back_fetches_anew() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    stage.clock.advance_millis(-1_000);
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    settle().await;
    assert_eq!(stage.server.fetches(), 2);
}

#[tokio::test]
async fn verify_now_does_not_wait_but_lets_the_fetch_begin() {
    let stage = stage();
    let token = lasting(Signer::known());
    assert!(stage.verifier.verify_now(&token).unwrap_err().is_keys_unavailable());
    settle().await;
    stage.verifier.verify_now(&token).unwrap();
    assert_eq!(stage.server.fetches(), 1);
}

#[test]
fn without_a_runtime_a_token_waits_for_its_own_fetch() {
    let stage = stage();
    assert!(stage.verifier.verify_now(&lasting(Signer::known())).unwrap_err().is_keys_unavailable());
    assert_eq!(stage.server.fetches(), 0);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let token = lasting(Signer::known());
    let mut verification = std::pin::pin!(stage.verifier.verify(&token));
    match verification.as_mut().poll(&mut context) {
        std::task::Poll::Ready(outcome) => drop(outcome.unwrap()),
        std::task::Poll::Pending => panic!("the source of this test never waits"),
    }
    stage.verifier.verify_now(&token).unwrap();
}
