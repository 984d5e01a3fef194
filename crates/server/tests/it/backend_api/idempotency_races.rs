//! Requests with one `Idempotency-Key` at the same time, and what comes in between.

use crate::harness::{Answer, Instance, StoreKind};
use actas_crypto::Argon2Passwords;
use actas_domain::{
    caller::Context,
    ports::{DigestHasher, PasswordDigest, PasswordHasher, StoreError},
    secret::SecretText,
    secret_key,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{sync::Semaphore, task::JoinSet};

/// Hashes in the middle of a creation, whenever a test lets it: the one place where an act can be held up.
struct HeldUp {
    real: Argon2Passwords,
    arrived: Semaphore,
    may_go: Semaphore,
    is_full: AtomicBool,
}

impl HeldUp {
    fn new() -> Arc<Self> {
        let (arrived, may_go) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { real: Argon2Passwords::default(), arrived, may_go, is_full: AtomicBool::new(false) })
    }

    /// Returns when so many more have come to their hashing.
    async fn wait_for(&self, count: u32) {
        self.arrived.acquire_many(count).await.unwrap().forget();
    }

    /// Lets the one go that came first.
    fn release_one(&self) {
        self.may_go.add_permits(1);
    }
}

#[async_trait]
impl PasswordHasher for HeldUp {
    async fn hash(&self, password: SecretText) -> Result<PasswordDigest, StoreError> {
        self.arrived.add_permits(1);
        self.may_go.acquire().await.unwrap().forget();
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StoreError::Overloaded);
        }
        self.real.hash(password).await
    }

    async fn verify(&self, password: SecretText, digest: Option<PasswordDigest>) -> Result<bool, StoreError> {
        self.real.verify(password, digest).await
    }

    async fn renew(
        &self,
        password: SecretText,
        digest: PasswordDigest,
    ) -> Result<Option<PasswordDigest>, StoreError> {
        self.real.renew(password, digest).await
    }

    fn verified_at_once(&self) -> usize {
        self.real.verified_at_once()
    }

    fn accepts(&self, hasher: DigestHasher, digest: &str) -> bool {
        self.real.accepts(hasher, digest)
    }
}

async fn held_up(store: StoreKind) -> (Arc<Instance>, Arc<HeldUp>) {
    let passwords = HeldUp::new();
    let instance = Instance::start_with(|plan| {
        plan.store = store;
        plan.passwords = Arc::<HeldUp>::clone(&passwords);
    });
    (Arc::new(instance.await), passwords)
}

fn user(first_name: &str) -> Value {
    json!({ "id": "ada", "first_name": first_name, "password": "correct horse battery" })
}

async fn post(instance: &Instance, path: &str, body: &Value) -> Answer {
    instance.call("POST", path).header("idempotency-key", "key").json(body).send().await
}

fn begin(instance: &Arc<Instance>, body: Value) -> tokio::task::JoinHandle<Answer> {
    let instance = Arc::clone(instance);
    tokio::spawn(async move { post(&instance, "/v1/users", &body).await })
}

/// The same request so many times, as much at once as there are threads.
async fn at_once(instance: &Arc<Instance>, path: &str, bodies: Vec<Value>) -> Vec<(Value, Answer)> {
    let mut tasks = JoinSet::new();
    for body in bodies {
        let (instance, path) = (Arc::clone(instance), path.to_owned());
        tasks.spawn(async move {
            let answer = post(&instance, &path, &body).await;
            (body, answer)
        });
    }
    tasks.join_all().await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed").is_some()
}

/// How many entries of an action there are, as `(ok, denied)`.
async fn entries(instance: &Instance, action: &str) -> (usize, usize) {
    let path = format!("/v1/audit_entries?action={action}&after=0&limit=500");
    let entries = instance.get(&path).await.ok()["data"].as_array().unwrap().clone();
    let denied = entries.iter().filter(|entry| entry["outcome"] == "denied").count();
    (entries.len() - denied, denied)
}

fn creation() -> Value {
    json!({ "user_id": "subject", "actor": { "sub": "agent" } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_at_once_one_acts_and_all_get_its_answer() {
    for store in StoreKind::ALL {
        let instance = Arc::new(Instance::start_on(store).await);
        instance.add_user("subject").await;
        let created = at_once(&instance, "/v1/actor_tokens", vec![creation(); 50]).await;
        let bodies: BTreeSet<_> = created.iter().map(|(_, answer)| answer.ok().to_string()).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(created.iter().filter(|(_, answer)| !is_replayed(answer)).count(), 1);
        assert_eq!(entries(&instance, "actor_token.created").await, (1, 0));
        let id = created[0].1.ok()["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/actor_tokens/{id}/revoke");
        let revoked = at_once(&instance, &path, vec![Value::Null; 50]).await;
        let bodies: BTreeSet<_> = revoked.iter().map(|(_, answer)| answer.ok().to_string()).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(entries(&instance, "actor_token.revoked").await, (1, 0), "nobody was refused");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_bodies_at_once_one_is_acted_on_and_the_other_refused() {
    for store in StoreKind::ALL {
        let instance = Arc::new(Instance::start_on(store).await);
        instance.add_user("subject").await;
        let other = json!({ "user_id": "subject", "actor": { "sub": "another" } });
        let bodies = [creation(), other].into_iter().cycle().take(40).collect();
        let answers = at_once(&instance, "/v1/actor_tokens", bodies).await;
        let acted: BTreeSet<_> = answers
            .iter()
            .filter(|(_, answer)| answer.status == 200)
            .map(|(body, _)| body.to_string())
            .collect();
        assert_eq!(acted.len(), 1, "{acted:?}");
        for (body, answer) in &answers {
            match acted.contains(&body.to_string()) {
                true => assert_eq!(answer.status, 200),
                false => assert_eq!(answer.code(), "idempotency_key_reused"),
            }
        }
        assert_eq!(entries(&instance, "actor_token.created").await, (1, 0));
    }
}

/// While the user comes to be, some are refused and others not: whichever is first, it is the answer of all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refusal_and_a_success_at_once_are_one_answer() {
    for (store, rounds) in [(StoreKind::Memory, 40), (StoreKind::Sqlite, 10)] {
        for _ in 0..rounds {
            let instance = Arc::new(Instance::start_on(store).await);
            let added = {
                let instance = Arc::clone(&instance);
                tokio::spawn(async move { instance.add_user("subject").await })
            };
            let answers = at_once(&instance, "/v1/actor_tokens", vec![creation(); 8]).await;
            added.await.unwrap();
            let (_, first) = &answers[0];
            assert!(
                answers.iter().all(|(_, answer)| answer.status == first.status && answer.body == first.body)
            );
            let expected = if first.status == 200 { (1, 0) } else { (0, 1) };
            assert_eq!(entries(&instance, "actor_token.created").await, expected);
        }
    }
}

/// The second one finds the user there, and is not told so, but what the first one was told.
#[tokio::test]
async fn whoever_comes_second_is_answered_as_the_first() {
    for store in StoreKind::ALL {
        let (instance, passwords) = held_up(store).await;
        let first = begin(&instance, user("Ada"));
        passwords.wait_for(1).await;
        let second = begin(&instance, user("Ada"));
        passwords.wait_for(1).await;
        let third = begin(&instance, user("Lovelace"));
        passwords.wait_for(1).await;
        passwords.release_one();
        let first = first.await.unwrap();
        first.ok();
        passwords.release_one();
        let second = second.await.unwrap();
        assert_eq!(second.body, first.body);
        assert!(is_replayed(&second) && !is_replayed(&first));
        passwords.release_one();
        assert_eq!(third.await.unwrap().code(), "idempotency_key_reused");
        assert_eq!(entries(&instance, "user.created").await, (1, 0), "nobody was refused");
    }
}

#[tokio::test]
async fn what_could_not_be_done_is_not_kept() {
    for store in StoreKind::ALL {
        let (instance, passwords) = held_up(store).await;
        passwords.is_full.store(true, Ordering::SeqCst);
        passwords.release_one();
        assert_eq!(post(&instance, "/v1/users", &user("Ada")).await.code(), "service_unavailable");
        passwords.is_full.store(false, Ordering::SeqCst);
        passwords.release_one();
        let created = post(&instance, "/v1/users", &user("Ada")).await;
        created.ok();
        assert!(!is_replayed(&created));
    }
}

#[tokio::test]
async fn a_secret_key_revoked_meanwhile_gets_nothing_and_keeps_nothing() {
    for store in StoreKind::ALL {
        let (instance, passwords) = held_up(store).await;
        let world = &instance.app.world;
        let operator = Context::operator();
        let (key, text) = secret_key::create::create(world, &operator, "second", false).await.unwrap();
        let begin_with_second = || {
            let (instance, bearer) = (Arc::clone(&instance), format!("Bearer {}", text.reveal()));
            tokio::spawn(async move {
                let call = instance.anonymous("POST", "/v1/users").header("authorization", &bearer);
                call.header("idempotency-key", "key").json(&user("Ada")).send().await
            })
        };
        let first = begin_with_second();
        passwords.wait_for(1).await;
        let late = begin_with_second();
        passwords.wait_for(1).await;
        secret_key::revoke::revoke(world, &operator, key.id.as_str(), false).await.unwrap();
        passwords.release_one();
        assert_eq!(first.await.unwrap().code(), "clerk_key_invalid");
        passwords.may_go.add_permits(1);
        assert_eq!(late.await.unwrap().code(), "clerk_key_invalid");
        passwords.release_one();
        let created = post(&instance, "/v1/users", &user("Ada")).await;
        created.ok();
        assert!(!is_replayed(&created));
        assert_eq!(entries(&instance, "user.created").await, (1, 0));
    }
}
