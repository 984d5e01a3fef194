//! Reading clients, secret keys, signing keys and the instance.

use super::{Harness, trial::Trial};
use crate::{
    change::Write,
    client::Client,
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey, SigningKeyStatus},
    page::{Listed, Page},
    ports::Instance,
    secret_key::SecretKey,
    session::{Session, SessionStatus},
    testing::rows,
};

/// By `created_at`, then by id, page by page.
pub async fn the_newest_clients_come_first(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let mut clients: Vec<_> = (0..20_u64)
        .map(|number| Client { created_at: rows::after((number * 3 % 7) as i64), ..rows::client(number) })
        .collect();
    trial.write(clients.iter().cloned().map(Write::AddClient).collect()).await;
    clients.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    for limit in [1, 7, 500] {
        let mut seen = Vec::new();
        while seen.len() < clients.len() {
            let page = Page { limit, offset: seen.len() as u64 };
            let Listed { rows, total } = trial.store.clients(page).await.unwrap();
            assert_eq!(total, clients.len() as u64);
            assert!(!rows.is_empty() && rows.len() <= limit as usize);
            seen.extend(rows);
        }
        assert_eq!(seen, clients, "pages of {limit}");
    }
    let beyond = trial.store.clients(Page { limit: 10, offset: 20 }).await.unwrap();
    assert_eq!(beyond, Listed { rows: Vec::new(), total: 20 });
}

/// With a cookie or without; a new cookie replaces the old one and moves no time.
pub async fn a_client_is_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let without_cookie =
        Client { cookie_hash: None, updated_at: rows::START.plus_millis(7), ..rows::client(2) };
    trial.write(vec![Write::AddClient(rows::client(1)), Write::AddClient(without_cookie.clone())]).await;
    assert_eq!(trial.client(1).await, rows::client(1));
    assert_eq!(trial.client(2).await, without_cookie);
    trial.clock.set(rows::after(60));
    for number in [1, 2] {
        let hash = rows::cookie_hash(number, 1);
        trial.write(vec![Write::RotateCookie { client: rows::client_id(number), hash }]).await;
        assert_eq!(trial.client(number).await.cookie_hash, Some(hash));
    }
    assert_eq!(trial.client(1).await.updated_at, rows::START);
    assert_eq!(trial.client(2).await.updated_at, without_cookie.updated_at);
    assert_eq!(trial.store.client(&rows::client_id(3)).await.unwrap(), None);
}

/// The later of what it was and the session's own time, whenever a session is added or moved.
pub async fn a_clients_time_follows_its_sessions(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let client = Client { updated_at: rows::after(10), ..rows::client(1) };
    trial.write(vec![Write::AddClient(client), Write::AddClient(rows::client(2))]).await;
    let session = |number, seconds| Session {
        client: rows::client_id(1),
        updated_at: rows::after(seconds),
        ..rows::session(number)
    };
    for (number, seconds, wanted) in [(1, 5, 10), (2, 20, 20), (3, 15, 20)] {
        trial.write(vec![Write::AddSession(session(number, seconds))]).await;
        assert_eq!(trial.client(1).await.updated_at, rows::after(wanted));
    }
    for (number, seconds, wanted) in [(1, 18, 20), (2, 30, 30)] {
        let to = Session { status: SessionStatus::Ended, ..session(number, seconds) };
        trial.write(vec![Write::MoveSession { to, from: SessionStatus::Active }]).await;
        assert_eq!(trial.client(1).await.updated_at, rows::after(wanted));
    }
    assert_eq!(trial.client(2).await, rows::client(2));
}

/// Oldest first, the revoked ones too.
pub async fn secret_keys_are_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let keys = [
        SecretKey { created_at: rows::after(-2), live_prefix: true, ..rows::secret_key(3) },
        SecretKey { created_at: rows::after(-1), name: "it's \"ü\"".into(), ..rows::secret_key(1) },
        SecretKey { revoked_at: Some(rows::after(9)), ..rows::secret_key(2) },
        rows::secret_key(4),
    ];
    for place in [2, 0, 3, 1] {
        trial.write(vec![Write::AddSecretKey(keys[place].clone())]).await;
    }
    assert_eq!(trial.store.secret_keys().await.unwrap(), keys);
    for key in &keys {
        assert_eq!(trial.store.secret_key(&key.id).await.unwrap().as_ref(), Some(key));
    }
    assert_eq!(trial.store.secret_key(&rows::secret_key_id(9)).await.unwrap(), None);
}

pub async fn signing_keys_are_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let keys = [
        SigningKey { created_at: rows::after(-2), ..rows::signing_key(3, SigningKeyStatus::Retired) },
        SigningKey {
            created_at: rows::after(-1),
            public: RsaPublicKey { modulus: every_byte.clone(), exponent: vec![3] },
            private: SealedPrivateKey(every_byte),
            current_since: Some(rows::START.plus_millis(1)),
            retired_at: Some(rows::START.plus_millis(2)),
            needed_until: Some(rows::START.plus_millis(3)),
            ..rows::signing_key(1, SigningKeyStatus::Current)
        },
        rows::signing_key(2, SigningKeyStatus::Next),
    ];
    for place in [2, 0, 1] {
        trial.write(vec![Write::AddSigningKey(keys[place].clone())]).await;
    }
    assert_eq!(trial.store.signing_keys().await.unwrap(), keys);
}

pub async fn the_instance_is_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let instance = Instance { created_at: rows::START.plus_millis(123), ..rows::instance(5) };
    trial.write(vec![Write::SetInstance(instance.clone())]).await;
    assert_eq!(trial.store.instance().await.unwrap(), Some(instance));
}
