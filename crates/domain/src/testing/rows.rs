//! Rows with sensible defaults. Every member is public: `Session { idle_seconds: 5, ..rows::session(1) }`.
//!
//! A number names a row, and ids sort as their numbers do.

use crate::{
    actor::Actor,
    actor_token::{ActorToken, ActorTokenStatus},
    client::{Client, returning::KeptReturn},
    idempotency::{KEPT_SECONDS, KeptAnswer, SealedAnswer},
    ids::{
        ActorTokenId, ClientId, IdentificationId, InstanceId, SecretKeyId, SessionId, SignInId,
        SignInTokenId, SigningKeyId, UserId,
    },
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey, SigningKeyStatus},
    ports::Instance,
    secret::SecretHash,
    secret_key::SecretKey,
    session::{Session, SessionStatus},
    sign_in::PendingSignIn,
    sign_in_token::{SignInToken, SignInTokenStatus},
    time::UnixMillis,
    user::{EmailAddress, PhoneNumber, User, Web3Wallet},
};

/// When everything here is made: 2026-03-14T12:00:00Z.
pub const START: UnixMillis = UnixMillis::from_seconds(1_773_489_600);

/// So many seconds after [`START`].
pub const fn after(seconds: i64) -> UnixMillis {
    START.plus_seconds(seconds)
}

macro_rules! numbered_ids {
    ($($function:ident: $id:ident,)+) => {
        $(pub fn $function(number: u64) -> $id {
            $id::from_ksuid(&format!("{number:027}")).expect("27 digits are a KSUID")
        })+
    };
}

numbered_ids! {
    actor_token_id: ActorTokenId,
    client_id: ClientId,
    identification_id: IdentificationId,
    instance_id: InstanceId,
    secret_key_id: SecretKeyId,
    session_id: SessionId,
    sign_in_token_id: SignInTokenId,
    signing_key_id: SigningKeyId,
}

/// # Panics
/// When the text is no user id.
pub fn user_id(text: &str) -> UserId {
    UserId::parse(text).expect("a user id")
}

/// # Panics
/// When the text is no `actor`.
pub fn actor(json: &str) -> Actor {
    Actor::parse(json, true).expect("an actor")
}

/// An actor with nothing but a `sub`.
pub fn actor_with_sub(sub: &str) -> Actor {
    actor(&format!("{{\"sub\":{}}}", serde_json::Value::from(sub)))
}

pub fn instance(number: u64) -> Instance {
    Instance { id: instance_id(number), created_at: START }
}

/// Pending for an hour; `subject` is the user `subject` and the actor's `sub` is `actor`.
pub fn actor_token(number: u64) -> ActorToken {
    ActorToken {
        id: actor_token_id(number),
        status: ActorTokenStatus::Pending,
        subject: user_id("subject"),
        actor: actor_with_sub("actor"),
        reason: None,
        ticket_hash: SecretHash::of(&format!("the ticket of actor token {number}")),
        session_max_duration_seconds: 1_800,
        created_at: START,
        updated_at: START,
        expires_at: after(3_600),
        session: None,
        revoked_because: None,
    }
}

/// Pending for an hour, of the user `subject`.
pub fn sign_in_token(number: u64) -> SignInToken {
    SignInToken {
        id: sign_in_token_id(number),
        status: SignInTokenStatus::Pending,
        user: user_id("subject"),
        ticket_hash: SecretHash::of(&format!("the ticket of sign-in token {number}")),
        created_at: START,
        updated_at: START,
        expires_at: after(3_600),
        session: None,
        revoked_because: None,
    }
}

/// An ordinary, active one of the user `subject` on the client of the same number: idle after 600 seconds, over
/// after 1,800.
pub fn session(number: u64) -> Session {
    Session {
        id: session_id(number),
        status: SessionStatus::Active,
        user: user_id("subject"),
        client: client_id(number),
        actor: None,
        actor_token: None,
        first_factor_at: Some(START),
        created_at: START,
        updated_at: START,
        last_active_at: START,
        expire_at: after(1_800),
        idle_seconds: 600,
    }
}

/// The same, impersonated by the actor whose `sub` is `actor`.
pub fn impersonated_session(number: u64) -> Session {
    Session {
        actor: Some(actor_with_sub("actor")),
        actor_token: Some(actor_token_id(number)),
        first_factor_at: None,
        ..session(number)
    }
}

/// A browser with a cookie.
pub fn client(number: u64) -> Client {
    Client {
        id: client_id(number),
        cookie_hash: Some(cookie_hash(number, 0)),
        created_at: START,
        updated_at: START,
    }
}

/// The hash of the client's cookie after so many rotations.
pub fn cookie_hash(client: u64, rotation: u64) -> SecretHash {
    SecretHash::of(&format!("cookie {rotation} of client {client}"))
}

/// A user without any identifier, in good standing, at its first revision.
pub fn user(id: &str) -> User {
    User { revision: 1, ..User::empty(user_id(id), START) }
}

/// A user with one of each identifier, made from the id, all of them primary.
pub fn full_user(id: &str, number: u64) -> User {
    let identification = |offset| identification_id(number * 10 + offset);
    User {
        external_id: Some(format!("external-{id}")),
        username: Some(id.to_owned()),
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        email_addresses: vec![EmailAddress {
            id: identification(1),
            address: format!("{id}@example.com"),
            reserved: false,
            created_at: START,
            updated_at: START,
        }],
        phone_numbers: vec![PhoneNumber {
            id: identification(2),
            number: format!("+1555{number:07}"),
            reserved: false,
            created_at: START,
            updated_at: START,
        }],
        web3_wallets: vec![Web3Wallet {
            id: identification(3),
            address: format!("0x{number:040x}"),
            created_at: START,
            updated_at: START,
        }],
        primary_email_address: Some(identification(1)),
        primary_phone_number: Some(identification(2)),
        primary_web3_wallet: Some(identification(3)),
        ..user(id)
    }
}

pub fn secret_key(number: u64) -> SecretKey {
    SecretKey {
        id: secret_key_id(number),
        hash: SecretHash::of(&format!("secret key {number}")),
        name: format!("key {number}"),
        live_prefix: false,
        created_at: START,
        revoked_at: None,
    }
}

/// With key material that only looks like some: a store does not use it.
pub fn signing_key(number: u64, status: SigningKeyStatus) -> SigningKey {
    SigningKey {
        id: signing_key_id(number),
        status,
        public: RsaPublicKey { modulus: vec![0xC1; 256], exponent: vec![1, 0, 1] },
        private: SealedPrivateKey(vec![0x5E, 0xA1, 0xED]),
        created_at: START,
        current_since: (status != SigningKeyStatus::Next).then_some(START),
        retired_at: (status == SigningKeyStatus::Retired).then_some(START),
        needed_until: (status == SigningKeyStatus::Retired).then_some(after(86_400)),
    }
}

/// An attempt on the client of this number, over after an hour.
pub fn pending_sign_in(client: u64, number: u64) -> PendingSignIn {
    PendingSignIn {
        id: SignInId::from_ksuid(&format!("{number:027}")).expect("27 digits are a KSUID"),
        client: client_id(client),
        identifier: format!("somebody-{number}@example.com"),
        created_at: START,
        expires_at: after(3_600),
    }
}

/// Kept on the client of this number for the user, whose session of the same number was set aside.
pub fn kept_return(number: u64, user: &str) -> KeptReturn {
    KeptReturn {
        client: client_id(number),
        user: user_id(user),
        session: session_id(number),
        first_factor_at: Some(START),
        until: after(600),
        expire_at: after(1_800),
    }
}

/// Kept for as long as answers are; what is sealed nobody can open.
pub fn kept_answer(number: u64) -> KeptAnswer {
    KeptAnswer {
        key_hash: idempotency_key_hash(number),
        sealed: SealedAnswer(format!("the answer to request {number}").into()),
        expires_at: after(KEPT_SECONDS),
    }
}

pub fn idempotency_key_hash(number: u64) -> SecretHash {
    SecretHash::of(&format!("the idempotency key of request {number}"))
}
