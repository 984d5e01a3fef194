//! Keys that must be fetched again: after a rest, after a revocation, and from a server that does not answer.

use super::{
    cache::{FLOOR_MILLIS, REFRESH_AFTER_MILLIS, lasting, settle, stage},
    forge::{MovableClock, NOW, Signer, jwks},
};
use actas_sdk::verify::{
    Clock, KeySourceError, Verifier,
    VerifyErrorKind::{KeysUnavailable, UnknownKey},
};
use std::{
    error::Error as _,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn after_a_rest_a_withdrawn_key_is_not_accepted_once_more() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    stage.server.answers(Ok(jwks(&[Signer::attacker()])));
    stage.clock.advance_millis(2 * REFRESH_AFTER_MILLIS);
    let error = stage.verifier.verify(&lasting(Signer::known())).await.unwrap_err();
    assert_eq!(error.kind(), UnknownKey);
    assert_eq!(stage.server.fetches(), 2);
}

#[tokio::test]
async fn verify_now_does_not_use_keys_after_a_rest() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    stage.clock.advance_millis(2 * REFRESH_AFTER_MILLIS);
    let token = lasting(Signer::known());
    assert_eq!(stage.verifier.verify_now(&token).unwrap_err().kind(), KeysUnavailable);
    settle().await;
    stage.verifier.verify_now(&token).unwrap();
}

#[tokio::test]
async fn after_a_rest_one_wait_is_enough_while_the_server_is_away() {
    let stage = stage();
    let token = lasting(Signer::known());
    stage.verifier.refresh_keys().await.unwrap();
    stage.server.answers(Err("away"));
    stage.clock.advance_millis(2 * REFRESH_AFTER_MILLIS);
    stage.verifier.verify(&token).await.unwrap();
    assert_eq!(stage.server.fetches(), 2);
    // From now on it is asked meanwhile, even if it does not even refuse.
    stage.server.hold();
    stage.clock.advance_millis(FLOOR_MILLIS);
    tokio::time::timeout(PATIENCE, stage.verifier.verify(&token)).await.unwrap().unwrap();
    settle().await;
    assert_eq!(stage.server.fetches(), 3);
}

#[tokio::test]
async fn a_set_without_usable_keys_withdraws_all() {
    for answer in [r#"{"keys":[]}"#, r#"{"keys":[{"kty":"EC","kid":"key_known"}]}"#] {
        let stage = stage();
        stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
        stage.server.answers(Ok(answer.to_owned()));
        stage.verifier.refresh_keys().await.unwrap();
        let error = stage.verifier.verify(&lasting(Signer::known())).await.unwrap_err();
        assert_eq!(error.kind(), UnknownKey, "{answer}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let source = || async { pending::<Result<String, KeySourceError>>().await };
    let builder = Verifier::builder().keys(source).fetch_timeout(Duration::from_millis(20));
    let verifier = builder.build().unwrap();
    let token = lasting(Signer::known());
    let error = tokio::time::timeout(PATIENCE, verifier.verify(&token)).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), KeysUnavailable);
    assert!(error.source().unwrap().to_string().contains("no answer within 20ms"), "{error:?}");
    assert!(verifier.refresh_keys().await.unwrap_err().is_keys_unavailable());
}

#[test]
fn a_fetch_that_ends_with_its_runtime_is_made_again_at_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let source = move || {
        let call = counted.fetch_add(1, SeqCst);
        async move {
            if call == 0 {
                pending::<()>().await;
            }
            Ok(jwks(&[Signer::known()]))
        }
    };
    let verifier = Verifier::builder().keys(source).clock(MovableClock::at_seconds(NOW)).build().unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    first.block_on(async {
        assert!(verifier.verify_now(&lasting(Signer::known())).unwrap_err().is_keys_unavailable());
        settle().await;
    });
    assert_eq!(calls.load(SeqCst), 1);
    drop(first);
    runtime().block_on(verifier.verify(&lasting(Signer::known()))).unwrap();
    assert_eq!(calls.load(SeqCst), 2);
}

#[derive(Clone)]
struct TwoClocks {
    wall: MovableClock,
    monotonic: MovableClock,
}

impl Clock for TwoClocks {
    fn unix_millis(&self) -> i64 {
        self.wall.unix_millis()
    }

    fn monotonic_millis(&self) -> i64 {
        self.monotonic.unix_millis()
    }
}

#[tokio::test]
async fn a_clock_that_is_set_does_not_change_the_age_of_keys() {
    let server = super::cache::Server::with(&[Signer::known()]);
    let clock = TwoClocks { wall: MovableClock::at_seconds(NOW), monotonic: MovableClock::at_seconds(7) };
    let verifier = Verifier::builder().keys(server.clone()).clock(clock.clone()).build().unwrap();
    let token = lasting(Signer::known());
    for millis in [0, 10 * REFRESH_AFTER_MILLIS, -5 * REFRESH_AFTER_MILLIS] {
        clock.wall.advance_millis(millis);
        verifier.verify(&token).await.unwrap();
        settle().await;
        assert_eq!(server.fetches(), 1, "{millis}");
    }
    clock.monotonic.advance_millis(REFRESH_AFTER_MILLIS);
    verifier.verify(&token).await.unwrap();
    settle().await;
    assert_eq!(server.fetches(), 2);
}

#[tokio::test]
async fn an_error_says_when_to_try_again() {
    let stage = stage();
    stage.server.answers(Err("away"));
    let seconds = async |millis| {
        stage.clock.advance_millis(millis);
        let error = stage.verifier.verify(&lasting(Signer::known())).await.unwrap_err();
        error.try_again_after().unwrap().as_secs()
    };
    assert_eq!(seconds(0).await, 5);
    assert_eq!(seconds(2_001).await, 3);
    assert_eq!(seconds(2_998).await, 1, "a millisecond is left");
}

#[tokio::test]
async fn a_flood_of_unknown_keys_does_not_pile_up() {
    let stage = stage();
    stage.verifier.refresh_keys().await.unwrap();
    stage.clock.advance_millis(FLOOR_MILLIS);
    stage.server.hold();
    let token = lasting(Signer::attacker());
    let waiting: Vec<_> = (0..1_024)
        .map(|_| {
            let (verifier, token) = (stage.verifier.clone(), token.clone());
            tokio::spawn(async move { verifier.verify(&token).await })
        })
        .collect();
    settle().await;
    let one_more = tokio::time::timeout(PATIENCE, stage.verifier.verify(&token)).await.unwrap();
    assert_eq!(one_more.unwrap_err().kind(), KeysUnavailable);
    stage.verifier.verify(&lasting(Signer::known())).await.unwrap();
    stage.server.release();
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap_err().kind(), UnknownKey);
    }
}
