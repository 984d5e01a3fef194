//! That each act keeps its answer in its own change, and each refusal on record likewise: asked of the acts themselves,
//! for the layer around the handlers would keep what they forget, only a moment too late.

use crate::harness::{Instance, StoreKind};
use actas_domain::{
    actor::Actor,
    actor_token::{self, create::CreateActorToken},
    caller::{Caller, Context},
    client::Presented,
    idempotency::{Answer, IdempotencyKey, Keep, Repeatable, RequestDigest, ScopedKey, Settled},
    ids::SecretKeyId,
    refusal::{Failure, Refusal},
    secret_key, session,
    sign_in_token::{self, create::CreateSignInToken},
    ticket,
    user::{self, create::CreateUser, standing},
    world::World,
};
use serde_json::{Value, json};

/// A request with a key of its own.
#[derive(Debug)]
struct Probe(Repeatable);

impl Probe {
    async fn new(world: &World, name: &str) -> Self {
        let caller = world.store.secret_keys().await.unwrap()[0].id.clone();
        Self::by(world, name, caller)
    }

    fn by(world: &World, name: &str, caller: SecretKeyId) -> Self {
        let key = IdempotencyKey::parse(name.as_bytes()).unwrap();
        let key = ScopedKey { method: "POST".into(), route: "/".into(), parameters: Vec::new(), key };
        Self(Repeatable::new(world, key, RequestDigest::of("", "", b""), caller).unwrap())
    }
}

impl<T> Keep<T> for Probe {
    fn repeatable(&self) -> Option<&Repeatable> {
        Some(&self.0)
    }

    fn answer(&self, outcome: Result<&T, &Refusal>) -> Option<Answer> {
        Some(Answer::new(if outcome.is_ok() { 200 } else { 400 }, "trace", Vec::new()))
    }
}

/// Carries out an act, and again under the same key: kept the first time, not done the second time.
macro_rules! once {
    ($world:expr, $status:literal, $keep:ident => $act:expr) => {{
        let name = concat!(line!(), ":", column!());
        let $keep = Probe::new($world, name).await;
        let outcome = $act.await;
        assert_eq!(outcome.is_ok(), $status == 200, "{name}: {outcome:?}");
        let settled = $keep.0.settled();
        assert!(
            matches!(settled, Some(Settled::Own(answer)) if answer.status == $status),
            "line {name}: {settled:?}"
        );
        let entries = entries($world).await;
        let $keep = Probe::new($world, name).await;
        let again = $act.await;
        // What found nothing more to change is not settled here.
        if again.is_err() {
            assert!(matches!(again, Err(Failure::Answered)), "line {name}: {again:?}");
            assert!(matches!($keep.0.settled(), Some(Settled::Earlier { .. })), "line {name}");
        }
        assert_eq!(self::entries($world).await, entries, "line {name}: it happened again");
        outcome
    }};
}

async fn entries(world: &World) -> usize {
    let query = actas_domain::audit::find::AuditQuery { limit: 500, ..Default::default() };
    world.store.audit_entries(&query).await.unwrap().len()
}

fn actor_token(subject: &str, actor: &str) -> CreateActorToken {
    CreateActorToken {
        user_id: subject.to_owned(),
        actor: Actor::parse(&json!({ "sub": actor }).to_string(), false).unwrap(),
        reason: None,
        expires_in_seconds: None,
        session_max_duration_in_seconds: None,
    }
}

fn sign_in_token(user: &str) -> CreateSignInToken {
    CreateSignInToken { user_id: user.to_owned(), expires_in_seconds: None }
}

fn user(id: &str) -> CreateUser {
    CreateUser { id: Some(id.to_owned()), ..CreateUser::default() }
}

#[tokio::test]
async fn tokens_keep_their_answers_with_what_they_did() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let (world, by) = (&instance.app.world, Context::operator());
        instance.add_user("subject").await;
        let request = || actor_token("subject", "a");
        let created = once!(world, 200, keep => actor_token::create::create(world, &by, request(), &keep));
        let id = created.unwrap().token.id.to_string();
        once!(world, 200, keep => actor_token::revoke::revoke(world, &by, &id, &keep)).unwrap();
        once!(world, 400, keep => actor_token::revoke::revoke(world, &by, &id, &keep)).unwrap_err();
        let request = || actor_token("nobody", "a");
        once!(world, 400, keep => actor_token::create::create(world, &by, request(), &keep)).unwrap_err();
        let request = || sign_in_token("subject");
        let created = once!(world, 200, keep => sign_in_token::create::create(world, &by, request(), &keep));
        let id = created.unwrap().token.id.to_string();
        once!(world, 200, keep => sign_in_token::revoke::revoke(world, &by, &id, &keep)).unwrap();
        once!(world, 400, keep => sign_in_token::revoke::revoke(world, &by, &id, &keep)).unwrap_err();
        let request = || sign_in_token("nobody");
        once!(world, 400, keep => sign_in_token::create::create(world, &by, request(), &keep)).unwrap_err();
    }
}

#[tokio::test]
async fn users_and_sessions_keep_their_answers_with_what_they_did() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let (world, by) = (&instance.app.world, Context::operator());
        once!(world, 200, keep => user::create::create(world, &by, user("ada"), &keep)).unwrap();
        once!(world, 400, keep => user::create::create(world, &by, user("ada"), &keep)).unwrap_err();
        once!(world, 200, keep => standing::ban(world, &by, "ada", &keep)).unwrap();
        once!(world, 200, keep => standing::unban(world, &by, "ada", &keep)).unwrap();
        once!(world, 200, keep => standing::lock(world, &by, "ada", &keep)).unwrap();
        once!(world, 200, keep => standing::unlock(world, &by, "ada", &keep)).unwrap();
        let session = once!(world, 200, keep => session::create::create(world, &by, "ada", &keep)).unwrap();
        once!(world, 400, keep => session::create::create(world, &by, "nobody", &keep)).unwrap_err();
        let id = session.id.to_string();
        once!(world, 200, keep => session::end::revoke(world, &by, &id, &keep)).unwrap();
    }
}

/// Revoking a session that was set aside takes the way back to it, which is the change that keeps the answer.
#[tokio::test]
async fn a_way_back_that_is_taken_keeps_the_answer() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let (world, by) = (&instance.app.world, Context::operator());
        instance.add_user("subject").await;
        instance.add_user("admin").await;
        let holder = Context { caller: Caller::Client(None), ..Context::system() };
        let ticket = |token: Value| token["token"].as_str().unwrap().to_owned();
        let own = ticket(instance.post("/v1/sign_in_tokens", json!({ "user_id": "admin" })).await.ok());
        let own = ticket::redeem(world, &holder, &own, None).await.unwrap();
        let other = json!({ "user_id": "subject", "actor": { "sub": "admin" } });
        let other = ticket(instance.post("/v1/actor_tokens", other).await.ok());
        let presented = Some(Presented::by_cookie(&own.client.client));
        ticket::redeem(world, &holder, &other, presented).await.unwrap();
        assert!(world.store.kept_return(&own.client.client.id).await.unwrap().is_some());
        let id = own.session.id.to_string();
        once!(world, 200, keep => session::end::revoke(world, &by, &id, &keep)).unwrap();
        assert!(world.store.kept_return(&own.client.client.id).await.unwrap().is_none());
    }
}

/// Whichever way leads to the kept answer: a look, an act, a refusal on record, and one that is not.
#[tokio::test]
async fn a_key_that_was_revoked_meanwhile_is_told_no_kept_answer() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let (world, by) = (&instance.app.world, Context::operator());
        instance.add_user("ada").await;
        let first = Probe::new(world, "key").await;
        let (key, _) = secret_key::create::create(world, &by, "second", false).await.unwrap();
        session::create::create(world, &by, "ada", &first).await.unwrap();
        let second = || Probe::by(world, "key", key.id.clone());
        let allowed = second();
        let Some(Settled::Earlier { acted_by, .. }) = allowed.0.look(world).await.unwrap() else {
            panic!("{allowed:?}")
        };
        assert_ne!(*acted_by, key.id, "the log could not tell who acted");
        assert!(world.store.secret_key(acted_by).await.unwrap().is_some());
        secret_key::revoke::revoke(world, &by, key.id.as_str(), false).await.unwrap();
        let again = second();
        let outcomes = [
            again.0.look(world).await.err(),
            session::create::create(world, &by, "ada", &again).await.err(),
            session::create::create(world, &by, "nobody", &again).await.err(),
            again.0.keep(world, Answer::new(400, "", Vec::new())).await.err(),
        ];
        for outcome in outcomes {
            let is_refused = matches!(outcome, Some(Failure::Refused(Refusal::SecretKeyRevoked)));
            assert!(is_refused, "{outcome:?}");
        }
        assert!(again.0.settled().is_none());
    }
}
