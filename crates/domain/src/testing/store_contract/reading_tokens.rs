//! Reading actor tokens and sign-in tokens: every filter, newest first, page by page.

use super::{Harness, trial::Trial};
use crate::{
    actor_token::{ActorToken, ActorTokenStatus, find::ActorTokenQuery},
    audit::Cause,
    change::Write,
    sign_in_token::{SignInToken, SignInTokenStatus},
    testing::rows,
    time::Month,
};

/// Each filter alone, and all together, keep exactly the tokens that match.
pub async fn filters_keep_what_matches(harness: &dyn Harness) {
    let (trial, newest_first) = many(harness).await;
    let any = ActorTokenQuery { limit: 500, ..ActorTokenQuery::default() };
    let (from, to) = (Some(rows::after(2)), Some(rows::after(4)));
    let queries = [
        ActorTokenQuery { status: Some(ActorTokenStatus::Pending), ..any.clone() },
        ActorTokenQuery { status: Some(ActorTokenStatus::Accepted), ..any.clone() },
        ActorTokenQuery { status: Some(ActorTokenStatus::Revoked), ..any.clone() },
        ActorTokenQuery { subject: Some(rows::user_id("subject-1")), ..any.clone() },
        ActorTokenQuery { actor_sub: Some("actor 'one' %".into()), ..any.clone() },
        ActorTokenQuery { created_at_or_after: from, ..any.clone() },
        ActorTokenQuery { created_before: to, ..any.clone() },
        ActorTokenQuery { created_at_or_after: from, created_before: to, ..any.clone() },
        ActorTokenQuery {
            status: Some(ActorTokenStatus::Pending),
            subject: Some(rows::user_id("subject-0")),
            actor_sub: Some("actor".into()),
            created_at_or_after: from,
            created_before: to,
            ..any.clone()
        },
    ];
    for query in queries {
        let wanted: Vec<_> = newest_first.iter().filter(|token| matches(&query, token)).cloned().collect();
        assert!(!wanted.is_empty() && wanted.len() < newest_first.len(), "{query:?} tests nothing");
        assert_eq!(trial.store.actor_tokens(&query).await.unwrap(), wanted, "{query:?}");
        let page = ActorTokenQuery { limit: 1, ..query };
        assert_eq!(trial.store.actor_tokens(&page).await.unwrap(), wanted[..1], "{page:?}");
    }
    let nobody = ActorTokenQuery { subject: Some(rows::user_id("nobody")), ..any };
    assert_eq!(trial.store.actor_tokens(&nobody).await.unwrap(), Vec::new());
}

/// By `created_at`, then by id, whatever the order in which they were stored.
pub async fn the_newest_come_first(harness: &dyn Harness) {
    let (trial, newest_first) = many(harness).await;
    let all = ActorTokenQuery { limit: 500, ..ActorTokenQuery::default() };
    assert_eq!(trial.store.actor_tokens(&all).await.unwrap(), newest_first);
    let none = ActorTokenQuery { limit: 0, ..ActorTokenQuery::default() };
    assert_eq!(trial.store.actor_tokens(&none).await.unwrap(), Vec::new());
}

/// The cursor is a token, also one that the filters leave out; nothing comes behind an unknown one.
pub async fn a_cursor_goes_on_where_it_stands(harness: &dyn Harness) {
    let (trial, newest_first) = many(harness).await;
    for limit in [1, 7, 500] {
        let mut seen = Vec::new();
        let mut query = ActorTokenQuery { limit, ..ActorTokenQuery::default() };
        loop {
            let page = trial.store.actor_tokens(&query).await.unwrap();
            let Some(last) = page.last() else { break };
            query.starting_after = Some(last.id.clone());
            seen.extend(page);
        }
        assert_eq!(seen, newest_first, "pages of {limit}");
    }
    for (place, cursor) in newest_first.iter().enumerate() {
        let query = ActorTokenQuery {
            status: Some(ActorTokenStatus::Pending),
            starting_after: Some(cursor.id.clone()),
            limit: 500,
            ..ActorTokenQuery::default()
        };
        let behind = newest_first[place + 1..].iter().filter(|token| matches(&query, token)).cloned();
        assert_eq!(trial.store.actor_tokens(&query).await.unwrap(), behind.collect::<Vec<_>>());
    }
    let unknown = ActorTokenQuery {
        starting_after: Some(rows::actor_token_id(999)),
        limit: 500,
        ..ActorTokenQuery::default()
    };
    assert_eq!(trial.store.actor_tokens(&unknown).await.unwrap(), Vec::new());
}

/// Every member is read as it was written; the actor to the letter.
pub async fn a_token_is_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let verbatim = r#"{"z":1.0,"n":9007199254740993,"sub":"a\u0041 \"ü\" %_","e":1E+2,"a":[null,{"b":{}}]}"#;
    let full = ActorToken {
        status: ActorTokenStatus::Revoked,
        actor: rows::actor(verbatim),
        reason: Some("it's \"urgent\" \u{1F6DF}\n; --".into()),
        session_max_duration_seconds: 86_400,
        created_at: rows::START.plus_millis(123),
        updated_at: rows::START.plus_millis(456),
        expires_at: rows::after(2_592_000),
        session: Some(rows::session_id(1)),
        revoked_because: Some(Cause::ActorLocked),
        ..rows::actor_token(1)
    };
    let empty_reason = ActorToken { reason: Some(String::new()), ..rows::actor_token(2) };
    trial.write(vec![Write::AddActorToken(full.clone()), Write::AddActorToken(empty_reason.clone())]).await;
    let stored = trial.actor_token(1).await;
    assert_eq!(stored.actor.as_json(), verbatim);
    assert_eq!(stored.actor.sub(), "aA \"ü\" %_");
    assert_eq!(stored, full);
    assert_eq!(trial.actor_token(2).await, empty_reason);
    assert_eq!(trial.store.actor_token(&rows::actor_token_id(3)).await.unwrap(), None);
    for (number, cause) in (10..).zip(Cause::ALL) {
        let token = ActorToken { revoked_because: Some(*cause), ..rows::actor_token(number) };
        trial.write(vec![Write::AddActorToken(token.clone())]).await;
        assert_eq!(trial.actor_token(number).await, token);
    }
}

/// A sign-in token is only ever found by its id.
pub async fn a_sign_in_token_is_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let full = SignInToken {
        status: SignInTokenStatus::Revoked,
        created_at: rows::START.plus_millis(123),
        updated_at: rows::START.plus_millis(456),
        expires_at: rows::after(2_592_000),
        session: Some(rows::session_id(1)),
        revoked_because: Some(Cause::Requested),
        ..rows::sign_in_token(1)
    };
    trial.write(vec![Write::AddSignInToken(full.clone())]).await;
    assert_eq!(trial.sign_in_token(1).await, full);
    assert_eq!(trial.store.sign_in_token(&rows::sign_in_token_id(2)).await.unwrap(), None);
}

/// Counted month by month, and by the write alone.
pub async fn created_tokens_are_counted(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let (month, other) = (Month::of(rows::START), Month::of(rows::after(40 * 86_400)));
    let count = |month| trial.store.actor_tokens_created_in(month);
    assert_eq!(count(month).await.unwrap(), 0);
    trial.write(vec![Write::AddActorToken(rows::actor_token(1))]).await;
    assert_eq!(count(month).await.unwrap(), 0);
    for counted in 1..=3 {
        trial.write(vec![Write::CountActorToken(month)]).await;
        assert_eq!(count(month).await.unwrap(), counted);
    }
    trial.write(vec![Write::CountActorToken(other)]).await;
    assert_eq!((count(month).await.unwrap(), count(other).await.unwrap()), (3, 1));
}

/// A store with 30 tokens, several of each second, and the tokens in the order in which they must come.
async fn many(harness: &dyn Harness) -> (Trial, Vec<ActorToken>) {
    let trial = Trial::begin(harness).await;
    let mut tokens: Vec<_> = (0..30_u64)
        .map(|number| {
            let created_at = rows::after((number * 3 % 7) as i64);
            let actor = if number % 5 == 1 { "actor 'one' %" } else { "actor" };
            ActorToken {
                status: ActorTokenStatus::ALL[(number % 3) as usize],
                subject: rows::user_id(&format!("subject-{}", number % 2)),
                actor: rows::actor_with_sub(actor),
                created_at,
                ..rows::actor_token(number)
            }
        })
        .collect();
    trial.write(tokens.iter().cloned().map(Write::AddActorToken).collect()).await;
    tokens.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    (trial, tokens)
}

fn matches(query: &ActorTokenQuery, token: &ActorToken) -> bool {
    query.status.is_none_or(|status| token.status == status)
        && query.subject.as_ref().is_none_or(|subject| token.subject == *subject)
        && query.actor_sub.as_ref().is_none_or(|sub| token.actor.sub() == sub)
        && query.created_at_or_after.is_none_or(|at| token.created_at >= at)
        && query.created_before.is_none_or(|before| token.created_at < before)
}
