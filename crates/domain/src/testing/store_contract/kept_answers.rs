//! Kept answers: the first one under a key stays until its time is over, and nothing of a second one's change happens.

use super::{
    Harness,
    trial::{Trial, concurrently},
};
use crate::{
    change::Write,
    idempotency::{KEPT_SECONDS, KeptAnswer, SealedAnswer},
    ports::Store,
    testing::{changes, rows},
};
use std::sync::Arc;

async fn kept(trial: &Trial, number: u64) -> Option<KeptAnswer> {
    trial.store.kept_answer(&rows::idempotency_key_hash(number)).await.unwrap()
}

/// Another answer under the same key, kept for so many seconds longer.
fn another(number: u64, seconds: i64) -> KeptAnswer {
    KeptAnswer {
        sealed: SealedAnswer(b"another answer".to_vec()),
        expires_at: rows::after(KEPT_SECONDS + seconds),
        ..rows::kept_answer(number)
    }
}

pub async fn the_first_answer_stays(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    assert_eq!(kept(&trial, 1).await, None);
    trial.write(vec![Write::KeepAnswer(rows::kept_answer(1))]).await;
    trial.write_fails(Write::KeepAnswer(another(1, 60))).await;
    trial.clock.set(rows::after(KEPT_SECONDS - 1));
    trial.write_fails(Write::KeepAnswer(another(1, 60))).await;
    assert_eq!(kept(&trial, 1).await, Some(rows::kept_answer(1)));
    trial.write(vec![Write::KeepAnswer(rows::kept_answer(2))]).await;
    assert_eq!(kept(&trial, 2).await, Some(rows::kept_answer(2)), "another key is another's");
}

/// Wherever the write stands among others, and whether or not something was written before it.
pub async fn a_second_answer_undoes_its_change(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let keep = || Write::KeepAnswer(rows::kept_answer(1));
    let add = |number| Write::AddActorToken(rows::actor_token(number));
    trial.write(vec![keep(), add(1)]).await;
    for writes in [vec![keep(), add(2)], vec![add(2), keep()], vec![add(2), keep(), add(3)]] {
        trial.refused(changes::change(Vec::new(), writes)).await;
    }
    // And the other way round: what is refused for another reason keeps no answer.
    let kept_too = vec![Write::KeepAnswer(rows::kept_answer(2)), add(1)];
    trial.refused(changes::change(Vec::new(), kept_too)).await;
    assert_eq!(kept(&trial, 2).await, None);
}

/// At the very millisecond, by the store's clock, it is looked at as if it were not there.
pub async fn an_answer_whose_time_is_over_gives_way(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::KeepAnswer(rows::kept_answer(1))]).await;
    trial.clock.set(rows::after(KEPT_SECONDS));
    assert_eq!(kept(&trial, 1).await, Some(rows::kept_answer(1)), "it is there until it is removed");
    trial.write(vec![Write::KeepAnswer(another(1, 60))]).await;
    assert_eq!(kept(&trial, 1).await, Some(another(1, 60)));
    trial.write_fails(Write::KeepAnswer(rows::kept_answer(1))).await;
}

pub async fn an_answer_without_a_change_is_kept_likewise(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    assert!(trial.store.keep_answer(&rows::kept_answer(1)).await.unwrap());
    assert!(!trial.store.keep_answer(&another(1, 60)).await.unwrap());
    assert_eq!(kept(&trial, 1).await, Some(rows::kept_answer(1)));
    trial.write_fails(Write::KeepAnswer(another(1, 60))).await;
    trial.clock.set(rows::after(KEPT_SECONDS));
    assert!(trial.store.keep_answer(&another(1, 60)).await.unwrap());
    assert_eq!(kept(&trial, 1).await, Some(another(1, 60)));
    assert!(trial.entries().await.is_empty(), "an answer is no state of record");
}

/// With changes and without: one lands, and what is kept is that one's.
pub async fn of_several_at_once_one_is_kept(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let work = (0..16_u64).map(|number| {
        let store: Arc<dyn Store> = Arc::clone(&trial.store);
        async move {
            let answer = KeptAnswer { sealed: SealedAnswer(vec![number as u8]), ..rows::kept_answer(1) };
            if number % 4 == 0 {
                return store.keep_answer(&answer).await.unwrap();
            }
            let writes =
                vec![Write::AddActorToken(rows::actor_token(number)), Write::KeepAnswer(answer.clone())];
            store.commit(changes::change(Vec::new(), writes)).await.is_ok()
        }
    });
    let landed = concurrently(harness, work).await;
    let winners: Vec<_> = (0..).zip(landed).filter(|(_, landed)| *landed).map(|(number, _)| number).collect();
    let [winner] = winners.as_slice() else { panic!("{winners:?} were all kept") };
    assert_eq!(kept(&trial, 1).await.unwrap().sealed, SealedAnswer(vec![*winner]));
    for number in 0..16 {
        let stored = trial.store.actor_token(&rows::actor_token_id(number)).await.unwrap();
        assert_eq!(stored.is_some(), number == u64::from(*winner) && number % 4 != 0);
    }
}

/// What is over at the very millisecond goes, the longest over first; what is not stays.
pub async fn what_is_over_is_forgotten_step_by_step(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for number in [3, 1, 5, 2, 4] {
        let expires_at = rows::after(KEPT_SECONDS + number);
        let answer = KeptAnswer { expires_at, ..rows::kept_answer(number.unsigned_abs()) };
        assert!(trial.store.keep_answer(&answer).await.unwrap());
    }
    for (now, removed, left) in
        [(0, 0, "12345"), (4, 2, "345"), (4, 2, "5"), (4, 0, "5"), (5, 1, ""), (6, 0, "")]
    {
        let now = rows::after(KEPT_SECONDS + now);
        assert_eq!(trial.store.forget_answers(now, 2).await.unwrap(), removed);
        let mut found = String::new();
        for number in 1..=5 {
            if kept(&trial, number).await.is_some() {
                found.push_str(&number.to_string());
            }
        }
        assert_eq!(found, left);
        assert_eq!(trial.store.count_kept_answers().await.unwrap(), left.len() as u64);
    }
}
