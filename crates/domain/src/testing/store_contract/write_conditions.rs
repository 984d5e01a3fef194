//! Every write that may only start from a certain state: that it lands from there, and from nowhere else.

use super::{Harness, trial::Trial};
use crate::{
    actor_token::{ActorToken, ActorTokenStatus},
    change::Write,
    keys::{SigningKey, SigningKeyStatus},
    secret_key::SecretKey,
    session::{Session, SessionStatus},
    sign_in_token::{SignInToken, SignInTokenStatus},
    testing::rows,
    user::User,
};

/// A row to add must not be there yet, whatever else it says.
pub async fn an_id_is_added_once(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let added = |other: &str| {
        [
            Write::AddActorToken(ActorToken { reason: Some(other.into()), ..rows::actor_token(1) }),
            Write::AddSignInToken(SignInToken { user: rows::user_id(other), ..rows::sign_in_token(1) }),
            Write::AddClient(rows::client(1)),
            Write::AddSession(Session { user: rows::user_id(other), ..rows::session(1) }),
            Write::AddUser(User { locale: Some(other.into()), ..rows::user("subject") }),
            Write::AddSecretKey(SecretKey { name: other.into(), ..rows::secret_key(1) }),
            Write::AddSigningKey(rows::signing_key(1, SigningKeyStatus::Next)),
        ]
    };
    trial.write(added("first").to_vec()).await;
    for write in added("second") {
        trial.write_fails(write).await;
    }
}

/// What is not there can be neither moved nor replaced nor removed.
pub async fn nothing_moves_that_is_not_there(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let (pending, active) = (ActorTokenStatus::Pending, SessionStatus::Active);
    for write in [
        Write::MoveActorToken { to: rows::actor_token(1), from: pending },
        Write::MoveSignInToken { to: rows::sign_in_token(1), from: SignInTokenStatus::Pending },
        Write::RotateCookie { client: rows::client_id(1), hash: rows::cookie_hash(1, 1) },
        Write::MoveSession { to: rows::session(1), from: active },
        Write::ReplaceUser(User { revision: 1, ..rows::user("subject") }),
        Write::RemoveUser { user: rows::user_id("subject"), revision: 0 },
        Write::RevokeSecretKey(rows::secret_key(1)),
        Write::MoveSigningKey {
            to: rows::signing_key(1, SigningKeyStatus::Current),
            from: SigningKeyStatus::Next,
        },
        Write::RemoveSigningKey(rows::signing_key_id(1)),
    ] {
        trial.write_fails(write).await;
    }
}

pub async fn an_actor_token_moves_from_its_status(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for (number, stored) in (1..).zip(ActorTokenStatus::ALL) {
        let row = ActorToken { status: stored, ..rows::actor_token(number) };
        trial.write(vec![Write::AddActorToken(row.clone())]).await;
        let to = ActorToken {
            status: ActorTokenStatus::Accepted,
            updated_at: rows::after(5),
            session: Some(rows::session_id(number)),
            ..row
        };
        for from in ActorTokenStatus::ALL.into_iter().filter(|from| *from != stored) {
            trial.write_fails(Write::MoveActorToken { to: to.clone(), from }).await;
        }
        trial.write(vec![Write::MoveActorToken { to: to.clone(), from: stored }]).await;
        assert_eq!(trial.actor_token(number).await, to);
    }
}

pub async fn a_sign_in_token_moves_from_its_status(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for (number, stored) in (1..).zip(SignInTokenStatus::ALL) {
        let row = SignInToken { status: stored, ..rows::sign_in_token(number) };
        trial.write(vec![Write::AddSignInToken(row.clone())]).await;
        let to = SignInToken {
            status: SignInTokenStatus::Accepted,
            updated_at: rows::after(5),
            session: Some(rows::session_id(number)),
            ..row
        };
        for from in SignInTokenStatus::ALL.into_iter().filter(|from| *from != stored) {
            trial.write_fails(Write::MoveSignInToken { to: to.clone(), from }).await;
        }
        trial.write(vec![Write::MoveSignInToken { to: to.clone(), from: stored }]).await;
        assert_eq!(trial.sign_in_token(number).await, to);
    }
}

pub async fn a_session_moves_from_its_status(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for (number, stored) in (1..).zip(SessionStatus::ALL) {
        let row = Session { status: stored, ..rows::session(number) };
        trial.write(vec![Write::AddClient(rows::client(number)), Write::AddSession(row.clone())]).await;
        let to = Session { status: SessionStatus::Ended, updated_at: rows::after(5), ..row };
        for from in SessionStatus::ALL.into_iter().filter(|from| *from != stored) {
            trial.write_fails(Write::MoveSession { to: to.clone(), from }).await;
        }
        trial.write(vec![Write::MoveSession { to: to.clone(), from: stored }]).await;
        assert_eq!(trial.session(number).await, to);
    }
}

pub async fn a_signing_key_moves_from_its_status(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for (number, stored) in (1..).zip(SigningKeyStatus::ALL) {
        let row = rows::signing_key(number, stored);
        trial.write(vec![Write::AddSigningKey(row.clone())]).await;
        let to = SigningKey {
            status: SigningKeyStatus::Retired,
            current_since: Some(rows::after(1)),
            retired_at: Some(rows::after(2)),
            needed_until: Some(rows::after(3)),
            ..row
        };
        for from in SigningKeyStatus::ALL.into_iter().filter(|from| *from != stored) {
            trial.write_fails(Write::MoveSigningKey { to: to.clone(), from }).await;
        }
        trial.write(vec![Write::MoveSigningKey { to: to.clone(), from: stored }]).await;
        assert!(trial.store.signing_keys().await.unwrap().contains(&to));
    }
}

pub async fn a_signing_key_is_removed_once(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let keep = rows::signing_key(2, SigningKeyStatus::Current);
    trial
        .write(vec![
            Write::AddSigningKey(rows::signing_key(1, SigningKeyStatus::Retired)),
            Write::AddSigningKey(keep.clone()),
        ])
        .await;
    trial.write(vec![Write::RemoveSigningKey(rows::signing_key_id(1))]).await;
    assert_eq!(trial.store.signing_keys().await.unwrap(), vec![keep]);
    trial.write_fails(Write::RemoveSigningKey(rows::signing_key_id(1))).await;
}

pub async fn a_secret_key_is_revoked_once(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddSecretKey(rows::secret_key(1))]).await;
    let revoked = |at| SecretKey { revoked_at: Some(at), ..rows::secret_key(1) };
    trial.write(vec![Write::RevokeSecretKey(revoked(rows::after(1)))]).await;
    trial.write_fails(Write::RevokeSecretKey(revoked(rows::after(2)))).await;
    let stored = trial.store.secret_key(&rows::secret_key_id(1)).await.unwrap();
    assert_eq!(stored, Some(revoked(rows::after(1))));
}

/// Each kind of identifier belongs to one user; values of different kinds do not collide.
pub async fn an_identifier_belongs_to_one_user(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let first = rows::full_user("first", 1);
    trial.write(vec![Write::AddUser(first.clone()), Write::AddUser(rows::user("second"))]).await;
    for borrowed in borrowings(&first) {
        trial.write_fails(Write::AddUser(User { id: rows::user_id("third"), ..borrowed.clone() })).await;
        let replaced = User { id: rows::user_id("second"), revision: 2, ..borrowed };
        trial.write_fails(Write::ReplaceUser(replaced)).await;
    }
    let same_text = User {
        external_id: first.username.clone(),
        username: Some("external-first".into()),
        ..rows::user("third")
    };
    trial.write(vec![Write::AddUser(same_text)]).await;
    for identifier in first.identifiers() {
        let owner = trial.store.identifier_owner(&identifier).await.unwrap();
        assert_eq!(owner, Some(first.id.clone()), "{identifier:?}");
    }
}

/// Usernames are compared in lower case.
pub async fn a_username_is_taken_in_any_case(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let named = |id, name: &str| User { username: Some(name.into()), ..rows::user(id) };
    trial.write(vec![Write::AddUser(named("first", "Ada"))]).await;
    trial.write_fails(Write::AddUser(named("second", "aDA"))).await;
    assert_eq!(trial.user("first").await.username.as_deref(), Some("Ada"));
}

pub async fn a_user_is_replaced_from_its_revision(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let first = rows::full_user("first", 1);
    trial.write(vec![Write::AddUser(first.clone())]).await;
    for revision in [0, 1, 3, 4] {
        trial.write_fails(Write::ReplaceUser(User { revision, ..first.clone() })).await;
    }
    let next = User { revision: 2, username: Some("renamed".into()), external_id: None, ..first.clone() };
    trial.write(vec![Write::ReplaceUser(next.clone())]).await;
    assert_eq!(trial.user("first").await, next);
    trial.write_fails(Write::ReplaceUser(next.clone())).await;
    // What it gave up is free for somebody else, and what it kept is not.
    let heir = |external_id: &Option<String>, username: &Option<String>| User {
        external_id: external_id.clone(),
        username: username.clone(),
        ..rows::user("heir")
    };
    trial.write_fails(Write::AddUser(heir(&first.external_id, &next.username))).await;
    trial.write(vec![Write::AddUser(heir(&first.external_id, &first.username))]).await;
}

pub async fn a_user_is_removed_from_its_revision(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let first = rows::full_user("first", 1);
    trial.write(vec![Write::AddUser(first.clone())]).await;
    for revision in [0, 2] {
        trial.write_fails(Write::RemoveUser { user: first.id.clone(), revision }).await;
    }
    trial.write(vec![Write::RemoveUser { user: first.id.clone(), revision: 1 }]).await;
    assert_eq!(trial.store.user(&first.id).await.unwrap(), None);
    for identifier in first.identifiers() {
        assert_eq!(trial.store.identifier_owner(&identifier).await.unwrap(), None, "{identifier:?}");
    }
    trial.write_fails(Write::RemoveUser { user: first.id.clone(), revision: 1 }).await;
    trial.write(vec![Write::AddUser(User { id: rows::user_id("heir"), ..first })]).await;
}

/// Users who each have one of the first user's identifiers and nothing else.
fn borrowings(first: &User) -> [User; 5] {
    let nobody = || rows::user("nobody");
    [
        User { email_addresses: first.email_addresses.clone(), ..nobody() },
        User { phone_numbers: first.phone_numbers.clone(), ..nobody() },
        User { web3_wallets: first.web3_wallets.clone(), ..nobody() },
        User { username: first.username.clone(), ..nobody() },
        User { external_id: first.external_id.clone(), ..nobody() },
    ]
}
