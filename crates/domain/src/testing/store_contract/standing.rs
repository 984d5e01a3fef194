//! Who is there and allowed: the stored user joined with what is kept of outsiders, and what falls with a party.

use super::{Harness, trial::Trial};
use crate::{
    actor_token::{ActorToken, ActorTokenStatus},
    audit::{Action, AuditEntry, Cause},
    change::{Downfall, SessionSelection, Write},
    session::{Ending, Session, SessionStatus},
    sign_in_token::{SignInToken, SignInTokenStatus},
    testing::{changes, rows},
    user::{Standing, User},
};

/// Banned is banned, wherever it is kept; only a stored user is present.
pub async fn a_standing_joins_both_sources(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    assert_eq!(trial.standing("subject").await, Standing::default());
    for stored in [None, Some((false, false)), Some((true, false)), Some((false, true))] {
        for kept in [(false, false), (true, false), (false, true), (true, true)] {
            let trial = Trial::begin(harness).await;
            let standing = Standing { present: false, banned: kept.0, locked: kept.1 };
            let mut writes = vec![Write::SetStanding { user: rows::user_id("subject"), standing }];
            if let Some((banned, locked)) = stored {
                writes.push(Write::AddUser(User { banned, locked, ..rows::user("subject") }));
            }
            trial.write(writes).await;
            let wanted = Standing {
                present: stored.is_some(),
                banned: kept.0 || stored.is_some_and(|stored| stored.0),
                locked: kept.1 || stored.is_some_and(|stored| stored.1),
            };
            assert_eq!(trial.standing("subject").await, wanted, "{stored:?} {kept:?}");
            assert_eq!(trial.standing("other").await, Standing::default());
        }
    }
}

/// A standing that is kept replaces the one before, and a good one leaves nothing.
pub async fn a_kept_standing_is_replaced(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let steps = [(true, false), (false, true), (false, false), (true, true), (false, false)];
    for (banned, locked) in steps {
        let standing = Standing { present: false, banned, locked };
        trial.write(vec![Write::SetStanding { user: rows::user_id("subject"), standing }]).await;
        assert_eq!(trial.standing("subject").await, standing);
    }
    assert_eq!(trial.store.user(&rows::user_id("subject")).await.unwrap(), None);
}

/// Sessions and tokens of a party end with it, as subject and as actor, each with its own cause and entry; those of
/// others, and those that are over already, stay as they are.
pub async fn a_downfall_ends_all_of_a_party(harness: &dyn Harness) {
    for downfall in [Downfall::Deleted, Downfall::Banned, Downfall::Locked] {
        let trial = parties(harness).await;
        trial.clock.set(rows::after(60));
        let before = trial.entries().await.len();
        let committed = trial
            .write(vec![
                Write::EndSessions {
                    of: SessionSelection::Party(rows::user_id("fallen")),
                    ending: Ending { status: SessionStatus::Revoked, cause: downfall.cause(true) },
                },
                Write::RevokeTokens { party: rows::user_id("fallen"), downfall },
            ])
            .await;
        assert_eq!(committed.position, before as u64 + 1);
        sessions_ended(&trial).await;
        tokens_revoked(&trial, downfall).await;
        let derived = trial.entries_behind(committed.position).await;
        let told: Vec<_> = derived.iter().map(told).collect();
        let (as_subject, as_actor) = (Some(downfall.cause(true)), Some(downfall.cause(false)));
        let revoked = |action, id: String, cause| (action, id, cause);
        assert_eq!(
            told,
            vec![
                revoked(Action::SessionRevoked, rows::session_id(1).to_string(), as_subject),
                revoked(Action::SessionRevoked, rows::session_id(2).to_string(), as_subject),
                revoked(Action::SessionRevoked, rows::session_id(3).to_string(), as_actor),
                revoked(Action::ActorTokenRevoked, rows::actor_token_id(1).to_string(), as_subject),
                revoked(Action::ActorTokenRevoked, rows::actor_token_id(2).to_string(), as_actor),
                revoked(Action::ActorTokenRevoked, rows::actor_token_id(3).to_string(), as_subject),
                revoked(Action::SignInTokenRevoked, rows::sign_in_token_id(1).to_string(), as_subject),
            ]
        );
        assert!(derived.iter().all(|entry| entry.event.at == rows::after(60)));
    }
}

/// A session whose time is over when its party falls has expired, at its end; that is what the record says.
pub async fn a_downfall_finds_what_is_over(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let idle = rows::session(1);
    let over = Session { last_active_at: rows::after(1_500), ..rows::session(2) };
    let live = Session { expire_at: rows::after(7_200), idle_seconds: 7_200, ..rows::session(3) };
    let mut writes = Vec::new();
    for (number, session) in (1..).zip([idle.clone(), over.clone(), live]) {
        writes.extend([Write::AddClient(rows::client(number)), Write::AddSession(session)]);
    }
    trial.write(writes).await;
    trial.clock.set(rows::after(3_600));
    let ending = Ending { status: SessionStatus::Revoked, cause: Cause::SubjectBanned };
    let of = SessionSelection::Party(rows::user_id("subject"));
    let committed = trial.write(vec![Write::EndSessions { of, ending }]).await;
    let found: Vec<_> = trial
        .entries_behind(committed.position)
        .await
        .into_iter()
        .map(|entry| (entry.event.action, entry.event.at, entry.event.cause))
        .collect();
    let wanted = vec![
        (Action::SessionExpired, idle.ends_at(), Some(Cause::Idle)),
        (Action::SessionExpired, over.ends_at(), Some(Cause::MaximumDuration)),
        (Action::SessionRevoked, rows::after(3_600), Some(Cause::SubjectBanned)),
    ];
    assert_eq!(found, wanted);
    for (number, (_, at, _)) in (1..).zip(wanted) {
        assert_eq!(trial.session(number).await.updated_at, at);
        assert_eq!(trial.client(number).await.updated_at, at);
    }
}

/// The other selections: a client's sessions, and a subject's but one.
pub async fn a_selection_ends_no_others(harness: &dyn Harness) {
    let ended_by = |of: SessionSelection| async move {
        let trial = parties(harness).await;
        let ending = Ending { status: SessionStatus::Removed, cause: Cause::SignedOut };
        trial.clock.set(rows::after(60));
        let committed = trial.write(vec![Write::EndSessions { of, ending }]).await;
        let derived = trial.entries_behind(committed.position).await;
        assert!(derived.iter().all(|entry| {
            (entry.event.action, entry.event.cause) == (Action::SessionRemoved, Some(Cause::SignedOut))
        }));
        derived.into_iter().filter_map(|entry| entry.event.session).collect::<Vec<_>>()
    };
    let (one, two) = (rows::session_id(1), rows::session_id(2));
    let of_client = SessionSelection::Client(rows::client_id(1));
    assert_eq!(ended_by(of_client).await, vec![one.clone()]);
    assert_eq!(ended_by(SessionSelection::Client(rows::client_id(77))).await, vec![]);
    let fallen = || rows::user_id("fallen");
    let all = SessionSelection::SubjectExcept { user: fallen(), session: None };
    assert_eq!(ended_by(all).await, vec![one, two.clone()]);
    let but_one = SessionSelection::SubjectExcept { user: fallen(), session: Some(rows::session_id(1)) };
    assert_eq!(ended_by(but_one).await, vec![two]);
}

/// Set-wise writes act on what the writes before them left, and not on what comes behind.
pub async fn writes_are_carried_out_in_order(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddClient(rows::client(1)), Write::AddSession(rows::session(1))]).await;
    let newer = Session { client: rows::client_id(1), ..rows::session(2) };
    let ending = Ending { status: SessionStatus::Replaced, cause: Cause::Replaced };
    let of = SessionSelection::Client(rows::client_id(1));
    trial.write(vec![Write::EndSessions { of, ending }, Write::AddSession(newer)]).await;
    assert_eq!(trial.session(1).await.status, SessionStatus::Replaced);
    assert_eq!(trial.session(2).await.status, SessionStatus::Active);
}

/// `fallen` is subject of the sessions 1 (own) and 2 (impersonated), actor of 3; 4 to 6 are other people's or over.
/// The same of actor tokens, and of sign-in tokens.
async fn parties(harness: &dyn Harness) -> Trial {
    let trial = Trial::begin(harness).await;
    let fallen = || rows::user_id("fallen");
    let by_fallen = || rows::actor(r#"{"iss":"https://elsewhere.example","sub":"fallen"}"#);
    let mut writes = vec![
        Write::AddSession(Session { user: fallen(), ..rows::session(1) }),
        Write::AddSession(Session { user: fallen(), ..rows::impersonated_session(2) }),
        Write::AddSession(Session { actor: Some(by_fallen()), ..rows::impersonated_session(3) }),
        Write::AddSession(rows::session(4)),
        Write::AddSession(rows::impersonated_session(5)),
        Write::AddSession(Session { user: fallen(), status: SessionStatus::Ended, ..rows::session(6) }),
        Write::AddActorToken(ActorToken { subject: fallen(), ..rows::actor_token(1) }),
        Write::AddActorToken(ActorToken { actor: by_fallen(), ..rows::actor_token(2) }),
        // Acting as oneself: told of as the subject's. Past its lifetime, yet it falls.
        Write::AddActorToken(ActorToken {
            subject: fallen(),
            actor: by_fallen(),
            expires_at: rows::after(1),
            ..rows::actor_token(3)
        }),
        Write::AddActorToken(rows::actor_token(4)),
        Write::AddActorToken(ActorToken {
            subject: fallen(),
            status: ActorTokenStatus::Accepted,
            ..rows::actor_token(5)
        }),
        Write::AddSignInToken(SignInToken { user: fallen(), ..rows::sign_in_token(1) }),
        Write::AddSignInToken(rows::sign_in_token(2)),
        Write::AddSignInToken(SignInToken {
            user: fallen(),
            status: SignInTokenStatus::Accepted,
            ..rows::sign_in_token(3)
        }),
    ];
    writes.splice(0..0, (1..=6).map(|number| Write::AddClient(rows::client(number))));
    trial.lands(changes::change(Vec::new(), writes)).await;
    trial
}

async fn sessions_ended(trial: &Trial) {
    for number in 1..=3 {
        let session = trial.session(number).await;
        assert_eq!((session.status, session.updated_at), (SessionStatus::Revoked, rows::after(60)));
        assert_eq!(trial.client(number).await.updated_at, rows::after(60));
    }
    for (number, status) in
        [(4, SessionStatus::Active), (5, SessionStatus::Active), (6, SessionStatus::Ended)]
    {
        let session = trial.session(number).await;
        assert_eq!((session.status, session.updated_at), (status, rows::START), "session {number}");
        assert_eq!(trial.client(number).await.updated_at, rows::START);
    }
}

async fn tokens_revoked(trial: &Trial, downfall: Downfall) {
    for (number, as_subject) in [(1, true), (2, false), (3, true)] {
        let token = trial.actor_token(number).await;
        assert_eq!((token.status, token.updated_at), (ActorTokenStatus::Revoked, rows::after(60)));
        assert_eq!(token.revoked_because, Some(downfall.cause(as_subject)));
    }
    assert_eq!(trial.actor_token(4).await, rows::actor_token(4));
    assert_eq!(trial.actor_token(5).await.status, ActorTokenStatus::Accepted);
    let token = trial.sign_in_token(1).await;
    assert_eq!((token.status, token.updated_at), (SignInTokenStatus::Revoked, rows::after(60)));
    assert_eq!(token.revoked_because, Some(downfall.cause(true)));
    assert_eq!(trial.sign_in_token(2).await, rows::sign_in_token(2));
    assert_eq!(trial.sign_in_token(3).await.status, SignInTokenStatus::Accepted);
}

/// What an entry says happened, to which row, and why.
fn told(entry: &AuditEntry) -> (Action, String, Option<Cause>) {
    let event = &entry.event;
    let of_token = || match &event.actor_token {
        Some(id) => id.to_string(),
        None => event.sign_in_token.as_ref().expect("the entry names a row").to_string(),
    };
    let row = match event.action {
        Action::ActorTokenRevoked | Action::SignInTokenRevoked => of_token(),
        _ => event.session.as_ref().expect("the entry names a session").to_string(),
    };
    (event.action, row, event.cause)
}
