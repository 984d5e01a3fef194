//! Many passwords at once: no more are answered for than the limits allow, whichever of them is right.

use super::browser::Browser;
use crate::harness::{Answer, Instance, Plan, StoreKind, Turnstile};
use actas_domain::{ids::UserId, settings::InstanceKind};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::task::{JoinHandle, JoinSet};

const PASSWORD: &str = "correct-horse-battery";
const WRONG: &str = "form_password_or_identifier_incorrect";
/// Guesses that are looked at at a time.
const TURNS: usize = 4 * Turnstile::VERIFIED_AT_ONCE;

/// A production instance with a user `ada`, and the turnstile that her password is checked at.
struct Place {
    instance: Arc<Instance>,
    turnstile: Arc<Turnstile>,
}

impl Place {
    async fn make(adjust: impl FnOnce(&mut Plan)) -> Self {
        let turnstile = Arc::new(Turnstile::default());
        let instance = Instance::start_with(|plan| {
            plan.passwords = Arc::<Turnstile>::clone(&turnstile);
            plan.settings.instance_kind = InstanceKind::Production;
            adjust(plan);
        })
        .await;
        let ada = json!({ "id": "ada", "email_address": ["ada@example.com"], "password": PASSWORD });
        instance.post("/v1/users", ada).await.ok();
        Self { instance: Arc::new(instance), turnstile }
    }

    async fn guess(instance: Arc<Instance>, who: &'static str, password: &'static str) -> Answer {
        let form = format!("identifier={who}@example.com&password={password}");
        Browser::new(&instance).post("/v1/client/sign_ins", &form).await
    }

    /// A guess in a task of its own.
    fn sent(&self, who: &'static str, password: &'static str) -> JoinHandle<Answer> {
        tokio::spawn(Self::guess(self.instance.clone(), who, password))
    }

    /// The answer to a guess that must not come to the turnstile.
    async fn refused(&self, who: &'static str, password: &'static str) -> Answer {
        let answer = Self::guess(self.instance.clone(), who, password);
        tokio::time::timeout(Duration::from_secs(30), answer).await.expect("it waits at the turnstile")
    }

    async fn ada(&self) -> Value {
        self.instance.get("/v1/users/ada").await.ok()
    }

    async fn digest_of_ada(&self) -> String {
        let id = UserId::parse("ada").expect("an id");
        let user = self.instance.app.world.store.user(&id).await.expect("the store").expect("ada");
        user.password.expect("a password").as_str().to_owned()
    }
}

/// How often each outcome came.
async fn outcomes(guesses: JoinSet<Answer>) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for answer in guesses.join_all().await {
        let outcome = if answer.status == 200 { "complete".to_owned() } else { answer.code() };
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    outcomes
}

fn counts<const COUNT: usize>(expected: [(&str, usize); COUNT]) -> BTreeMap<String, usize> {
    expected.map(|(outcome, count)| (outcome.to_owned(), count)).into()
}

/// The right one is among them, and comes when the others have locked its user out; of nobody the same is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_as_many_are_answered_for_as_before_a_lockout() {
    for (store, who) in StoreKind::ALL.into_iter().flat_map(|store| [(store, "ada"), (store, "eva")]) {
        let place = Place::make(|plan| {
            plan.store = store;
            plan.settings.password_attempts_max = 3;
        })
        .await;
        let mut wrong = JoinSet::new();
        for _ in 0..14 {
            wrong.spawn(Place::guess(place.instance.clone(), who, "wrong-password"));
        }
        let right = place.sent("ada", PASSWORD);
        place.turnstile.arrived(15).await;
        place.turnstile.open_for_wrong();
        assert_eq!(outcomes(wrong).await, counts([(WRONG, 3), ("user_locked", 11)]), "{who} {store:?}");
        place.turnstile.open_for_right();
        let right = right.await.unwrap();
        if who == "ada" {
            assert_eq!(right.code(), "user_locked", "a lockout tells a right password");
        } else {
            right.ok();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_on_their_way_count_against_their_address() {
    let place = Place::make(|plan| plan.http.failed_authentications_per_minute = 2).await;
    let right = place.sent("ada", PASSWORD);
    let wrong = place.sent("eva", "wrong-password");
    place.turnstile.arrived(2).await;
    for password in ["wrong-password", PASSWORD] {
        let answer = place.refused("ada", password).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too_many_requests"));
    }
    place.turnstile.open_for_right();
    place.turnstile.open_for_wrong();
    right.await.unwrap().ok();
    assert_eq!(wrong.await.unwrap().code(), WRONG);
    assert_eq!(place.refused("eva", "wrong-password").await.code(), WRONG, "the right one was given back");
    assert_eq!(place.refused("eva", "wrong-password").await.status, 429, "a wrong one was given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_many_are_looked_at_at_once_and_the_others_wait() {
    let place = Place::make(|_| {}).await;
    let mut guesses = JoinSet::new();
    for _ in 0..60 {
        guesses.spawn(Place::guess(place.instance.clone(), "ada", PASSWORD));
    }
    place.turnstile.arrived(TURNS).await;
    // The others wait for their turn, and are not refused for it.
    place.turnstile.open_for_right();
    assert_eq!(outcomes(guesses).await, counts([("complete", 60)]));
    assert_eq!(place.turnstile.at_once_max(), TURNS);
}

/// Five that guess as fast as they can. Nobody else is refused, waits for more than one guess of each, or is kept from
/// the hasher as a backend.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_guesses_much_waits_for_others_and_not_they_for_him() {
    let place = Place::make(|plan| {
        plan.http.trusted_proxies = vec!["192.0.2.7/32".parse().unwrap()];
        plan.http.password_refusal_step = Duration::from_millis(50);
    })
    .await;
    let from = |address: String, who: String, password: &'static str| {
        let instance = place.instance.clone();
        async move {
            let form = format!("identifier={who}@example.com&password={password}");
            let call = instance.anonymous("POST", "/v1/client/sign_ins").header("x-forwarded-for", &address);
            call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await
        }
    };
    let mut noisy = JoinSet::new();
    for number in 0..300 {
        // Each at another identifier, so that no lockout spares the hasher.
        noisy.spawn(from(format!("198.51.100.{}", number % 5), format!("eva-{number}"), "wrong-password"));
    }
    place.turnstile.arrived(TURNS).await;
    let created = json!({ "email_address": ["bob@example.com"], "password": PASSWORD });
    place.instance.post("/v1/users", created).await.ok();
    place.turnstile.open_for_right();
    let right = tokio::spawn(from("198.51.100.77".to_owned(), "ada".to_owned(), PASSWORD));
    // Its turn comes after those who are looked at, and after one of each address that waits.
    place.turnstile.open_for_wrong();
    right.await.unwrap().ok();
    let looked_at = place.turnstile.count();
    assert!(looked_at < 300 / 2, "{looked_at} of 300 were looked at before");
    noisy.abort_all();
}

/// However fast a password is checked, and at a multiple where it takes longer; what is told of a lockout is as slow.
#[tokio::test]
async fn a_refusal_takes_its_time() {
    let step = Duration::from_millis(150);
    let place = Place::make(|plan| {
        plan.http.password_refusal_step = step;
        plan.settings.password_attempts_max = 1;
    })
    .await;
    let started = Instant::now();
    let slow = place.sent("eve", "wrong-password");
    place.turnstile.arrived(1).await;
    tokio::time::sleep(step).await;
    place.turnstile.open_for_wrong();
    assert_eq!(slow.await.unwrap().code(), WRONG);
    assert!(started.elapsed() >= 2 * step, "{:?}", started.elapsed());
    for (who, code) in [("ada", WRONG), ("ada", "user_locked"), ("eva", WRONG), ("eva", "user_locked")] {
        let started = Instant::now();
        assert_eq!(place.refused(who, "wrong-password").await.code(), code);
        assert!(started.elapsed() >= step, "{who} {code} {:?}", started.elapsed());
    }
}

/// Behind those that fill the turns, also where the hasher is long through with them: by its time nobody tells how long
/// others took.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refusal_takes_its_time_from_when_its_turn_came() {
    let step = Duration::from_millis(150);
    let place = Place::make(|plan| plan.http.password_refusal_step = step).await;
    let started = Instant::now();
    let mut before = JoinSet::new();
    for _ in 0..TURNS {
        before.spawn(Place::guess(place.instance.clone(), "eva", "wrong-password"));
    }
    place.turnstile.arrived(TURNS).await;
    let behind = place.sent("eve", "wrong-password");
    tokio::time::sleep(step).await;
    place.turnstile.open_for_wrong();
    assert_eq!(behind.await.unwrap().code(), WRONG);
    // Two steps of those before it, and one of its own.
    assert!(started.elapsed() >= 3 * step, "{:?}", started.elapsed());
    before.join_all().await;
}

/// Brings a digest along for ada, by another hasher.
async fn bring_digest(place: &Place) -> Value {
    let brought =
        json!({ "password_digest": format!("old:{PASSWORD}"), "password_hasher": "bcrypt", "locale": "de" });
    place.instance.patch("/v1/users/ada", brought).await.ok();
    place.instance.clock.advance_millis(5_000);
    place.ada().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_digest_that_was_brought_along_is_renewed_by_its_password() {
    for store in StoreKind::ALL {
        let place = Place::make(|plan| plan.store = store).await;
        place.turnstile.open_for_wrong();
        let before = bring_digest(&place).await;
        assert_eq!(place.refused("ada", "wrong-password").await.code(), WRONG);
        assert_eq!(place.digest_of_ada().await, format!("old:{PASSWORD}"));
        // All were checked against the old one, and one of them puts the new one in its place.
        let mut guesses = JoinSet::new();
        for _ in 0..8 {
            guesses.spawn(Place::guess(place.instance.clone(), "ada", PASSWORD));
        }
        place.turnstile.arrived(9).await;
        // A change of the user in between is no reason to refuse anybody.
        place.instance.patch("/v1/users/ada", json!({ "first_name": "Ada" })).await.ok();
        let updated_at = place.ada().await["updated_at"].clone();
        place.turnstile.open_for_right();
        assert_eq!(outcomes(guesses).await, counts([("complete", 8)]));
        assert_eq!(place.digest_of_ada().await, format!("new:{PASSWORD}"));
        let after = place.ada().await;
        assert_eq!(after["password_last_updated_at"], before["password_last_updated_at"]);
        assert_eq!((&after["updated_at"], &after["first_name"]), (&updated_at, &json!("Ada")));
        assert_eq!(after["verification_attempts_remaining"], before["verification_attempts_remaining"]);
        let entry = place.instance.last_audit_entry().await;
        assert_eq!((&entry["action"], &entry["user_id"]), (&json!("session.created"), &json!("ada")));
        place.refused("ada", PASSWORD).await.ok();
        assert_eq!(place.refused("ada", "wrong-password").await.code(), WRONG);
    }
}

#[tokio::test]
async fn a_hasher_that_is_busy_fails_no_sign_in() {
    let place = Place::make(|_| {}).await;
    place.turnstile.open_for_right();
    bring_digest(&place).await;
    place.turnstile.is_full.store(true, Ordering::SeqCst);
    place.refused("ada", PASSWORD).await.ok();
    assert_eq!(place.digest_of_ada().await, format!("old:{PASSWORD}"));
    place.turnstile.is_full.store(false, Ordering::SeqCst);
    place.refused("ada", PASSWORD).await.ok();
    assert_eq!(place.digest_of_ada().await, format!("new:{PASSWORD}"));
}

/// A new password while the old one is looked at: the answer is about the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_that_was_changed_meanwhile_signs_nobody_in() {
    let place = Place::make(|_| {}).await;
    let old = place.sent("ada", PASSWORD);
    place.turnstile.arrived(1).await;
    place.instance.patch("/v1/users/ada", json!({ "password": "a-new-password" })).await.ok();
    place.turnstile.open_for_right();
    place.turnstile.open_for_wrong();
    assert_eq!(old.await.unwrap().code(), WRONG);
    place.refused("ada", "a-new-password").await.ok();
}
