//! What the timed parts work on: a ticket, a session, a request's members, an answer, an event, a key.

use actas_api_types::actor_token::ActorToken as Shape;
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault};
use actas_domain::{
    actor::Actor,
    actor_token::create::{self, CreateActorToken},
    audit::{Action, AuditEvent},
    caller::Context,
    idempotency::Unkept,
    keys::{SigningKey, SigningKeyStatus, ring::KeyRing},
    refusal_throttle::RefusalThrottle,
    secret::SecretText,
    settings::{DirectoryMode, Settings},
    testing::{CountingEntropy, FixedClock, changes, rows},
    world::World,
};
use actas_store_memory::MemoryStore;
use serde_json::value::RawValue;
use std::{error::Error, sync::Arc};

/// An outcome whose problem is only ever printed.
pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// An actor as a backend gives it.
pub const ACTOR: &str =
    r#"{"sub":"staff_7","email":"support@example.com","iss":"https://support.example.com"}"#;

/// The body of a creation.
pub const CREATION: &str = r#"{"user_id":"user_1","actor":{"sub":"staff_7","email":"support@example.com"},"reason":"ticket 4711","expires_in_seconds":600,"session_max_duration_in_seconds":1800}"#;

/// A world in memory, whose clock stands still.
///
/// # Errors
/// When the vault cannot be set up.
pub fn world() -> Fallible<World> {
    let clock = Arc::new(FixedClock::new(rows::START));
    Ok(World {
        store: Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<_>)),
        clock,
        entropy: Arc::new(CountingEntropy::default()),
        vault: Arc::new(MasterKeyVault::new(&MasterKey::from_bytes([7; 32]))?),
        passwords: Arc::new(Argon2Passwords::default()),
        settings: Settings { directory_mode: DirectoryMode::Open, ..Settings::default() },
        key_ring: KeyRing::default(),
        refusals: RefusalThrottle::default(),
    })
}

/// A ticket that Actas has made.
///
/// # Errors
/// When the token cannot be created.
pub async fn ticket(world: &World) -> Fallible<SecretText> {
    let actor = Actor::parse(ACTOR, false).map_err(|_| "the actor is refused")?;
    let request = CreateActorToken {
        user_id: "user_1".to_owned(),
        actor,
        reason: None,
        expires_in_seconds: None,
        session_max_duration_in_seconds: None,
    };
    let created = create::create(world, &Context::operator(), request, &Unkept).await;
    Ok(created.map_err(|failure| failure.to_string())?.ticket)
}

/// A signing key of the world's vault.
///
/// # Errors
/// When it cannot be made.
pub async fn signing_key(world: &World) -> Fallible<SigningKey> {
    let (public, private) = world.vault.generate().await?;
    Ok(SigningKey { public, private, ..rows::signing_key(1, SigningKeyStatus::Current) })
}

/// The event of a creation, with all that such an entry has.
pub fn event() -> AuditEvent {
    let token = rows::actor_token(1);
    let mut event = changes::event(Action::ActorTokenCreated, rows::START);
    event.subject = Some(token.subject.clone());
    event.actor_sub = Some("staff_7".into());
    event.actor_token = Some(token.id);
    event.reason = Some("ticket 4711".to_owned());
    event
}

/// The answer of a creation.
///
/// # Errors
/// When the actor is no JSON.
pub fn answer() -> Fallible<Shape> {
    Ok(Shape {
        object: "actor_token".to_owned(),
        id: "act_2abcdefghijklmnopqrstuvwxyz0".to_owned(),
        status: "pending".to_owned(),
        user_id: "user_2abcdefghijklmnopqrstuvwxyz0".to_owned(),
        actor: RawValue::from_string(ACTOR.to_owned())?,
        token: Some("x".repeat(90)),
        url: Some(format!("https://actas.example.test/v1/tickets/accept?ticket={}", "x".repeat(90))),
        created_at: 1_773_489_600_000,
        updated_at: 1_773_489_600_000,
    })
}
