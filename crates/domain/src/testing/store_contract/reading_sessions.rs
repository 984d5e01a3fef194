//! Reading sessions, as of a time: filters, order, pages, what is overdue, what is live.

use super::{
    Harness,
    trial::{ALL, Trial},
};
use crate::{
    actor_token::ActorToken,
    change::Write,
    page::{Listed, Page},
    session::{Session, SessionStatus, find::SessionQuery},
    testing::rows,
};

const ANY: SessionQuery =
    SessionQuery { client: None, user: None, status: None, now: rows::START, page: ALL };

/// Client, user and status, alone and together, before, at and after the ends by time.
pub async fn filters_keep_what_matches(harness: &dyn Harness) {
    let (trial, newest_first) = many(harness).await;
    let moments = [rows::after(0), rows::after(599), rows::after(600), rows::after(700), rows::after(1_800)];
    for now in moments {
        for client in [None, Some(rows::client_id(1)), Some(rows::client_id(77))] {
            for user in [None, Some(rows::user_id("user-0")), Some(rows::user_id("nobody"))] {
                for status in std::iter::once(None).chain(SessionStatus::ALL.map(Some)) {
                    let query =
                        SessionQuery { client: client.clone(), user: user.clone(), status, now, page: ALL };
                    let fits = |session: &&Session| matches(&query, session);
                    let wanted: Vec<_> = newest_first.iter().filter(fits).cloned().collect();
                    assert_eq!(listed(&trial, &query).await, wanted, "{query:?}");
                }
            }
        }
    }
}

pub async fn pages_follow_each_other(harness: &dyn Harness) {
    let (trial, newest_first) = many(harness).await;
    for limit in [1, 7, 500] {
        let mut seen = Vec::new();
        while seen.len() < newest_first.len() {
            let page = Page { limit, offset: seen.len() as u64 };
            let Listed { rows, total } = trial.store.sessions(&SessionQuery { page, ..ANY }).await.unwrap();
            assert_eq!(total, newest_first.len() as u64, "the total is of all pages");
            assert!(!rows.is_empty() && rows.len() <= limit as usize);
            seen.extend(rows);
        }
        assert_eq!(seen, newest_first, "pages of {limit}");
    }
    for offset in [newest_first.len() as u64, u64::from(u32::MAX)] {
        let page = Page { limit: 10, offset };
        let listed = trial.store.sessions(&SessionQuery { page, ..ANY }).await.unwrap();
        assert_eq!(listed, Listed { rows: Vec::new(), total: newest_first.len() as u64 });
    }
}

/// Stored as active but over, the longest over first.
pub async fn what_is_overdue_is_found(harness: &dyn Harness) {
    let (trial, all) = many(harness).await;
    for now in [rows::after(0), rows::after(599), rows::after(600), rows::after(603), rows::after(86_400)] {
        let is_over =
            |session: &&Session| session.status == SessionStatus::Active && now >= session.ends_at();
        let mut wanted: Vec<_> = all.iter().filter(is_over).cloned().collect();
        wanted.sort_by_key(Session::ends_at);
        let found = trial.store.overdue_sessions(now, 500).await.unwrap();
        assert!(found.is_sorted_by_key(Session::ends_at), "the longest over come first");
        assert_eq!(in_order_of_ids(found), in_order_of_ids(wanted.clone()), "at {now:?}");
        let first = trial.store.overdue_sessions(now, 2).await.unwrap();
        let ends = |sessions: &[Session]| sessions.iter().map(Session::ends_at).collect::<Vec<_>>();
        assert_eq!(ends(&first), ends(&wanted[..wanted.len().min(2)]));
        assert_eq!(trial.store.overdue_sessions(now, 0).await.unwrap(), Vec::new());
    }
}

/// Activity and ends move sessions in and out of what is overdue and what is live.
pub async fn live_sessions_are_counted(harness: &dyn Harness) {
    let (trial, all) = many(harness).await;
    for seconds in [0, 599, 600, 603, 1_799, 1_800, 86_400] {
        let now = rows::after(seconds);
        let live = all.iter().filter(|session| session.is_live(now)).count();
        assert_eq!(trial.store.count_live_sessions(now).await.unwrap(), live as u64, "at {now:?}");
    }
    let fresh = Trial::begin(harness).await;
    fresh.write(vec![Write::AddClient(rows::client(1)), Write::AddSession(rows::session(1))]).await;
    fresh.store.record_activity(&rows::session_id(1), rows::after(500)).await.unwrap();
    assert_eq!(fresh.store.count_live_sessions(rows::after(1_000)).await.unwrap(), 1);
    assert_eq!(fresh.store.overdue_sessions(rows::after(1_000), 10).await.unwrap(), Vec::new());
    let ended = Session { status: SessionStatus::Ended, ..fresh.session(1).await };
    fresh.write(vec![Write::MoveSession { to: ended, from: SessionStatus::Active }]).await;
    assert_eq!(fresh.store.count_live_sessions(rows::after(1_000)).await.unwrap(), 0);
    assert_eq!(fresh.store.overdue_sessions(rows::after(86_400), 10).await.unwrap(), Vec::new());
}

/// Every member is read as it was written; the actor to the letter.
pub async fn a_session_is_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let verbatim = r#"{"sub":"actor","n":1.0,"a":9007199254740993,"u":"\u00fc/\/"}"#;
    let full = Session {
        status: SessionStatus::Replaced,
        actor: Some(rows::actor(verbatim)),
        first_factor_at: Some(rows::START.plus_millis(55_555)),
        created_at: rows::START.plus_millis(1),
        updated_at: rows::START.plus_millis(22),
        last_active_at: rows::START.plus_millis(333),
        expire_at: rows::after(86_400).plus_millis(4_444),
        idle_seconds: 604_800,
        ..rows::impersonated_session(1)
    };
    let mut writes = vec![Write::AddClient(rows::client(1)), Write::AddSession(full.clone())];
    writes.push(Write::AddActorToken(ActorToken { actor: rows::actor(verbatim), ..rows::actor_token(1) }));
    trial.write(writes).await;
    assert_eq!(trial.session(1).await, full);
    assert_eq!(trial.session(1).await.actor.unwrap().as_json(), verbatim);
    assert_eq!(trial.store.session(&rows::session_id(2)).await.unwrap(), None);
}

/// A store with 24 sessions on 4 clients, of 3 users, in all statuses, and the sessions newest first.
async fn many(harness: &dyn Harness) -> (Trial, Vec<Session>) {
    let trial = Trial::begin(harness).await;
    let mut writes: Vec<_> = (0..4).map(|number| Write::AddClient(rows::client(number))).collect();
    let mut sessions: Vec<_> = (0..24_u64)
        .map(|number| {
            let status = if number % 2 == 0 {
                SessionStatus::Active
            } else {
                SessionStatus::ALL[(number / 2 % 6) as usize]
            };
            let late = if number % 8 == 0 { 2_000 } else { (number % 5) as i64 };
            Session {
                status,
                client: rows::client_id(number % 4),
                user: rows::user_id(&format!("user-{}", number % 3)),
                created_at: rows::after((number * 5 % 7) as i64),
                last_active_at: rows::after(late),
                ..rows::session(number)
            }
        })
        .collect();
    writes.extend(sessions.iter().cloned().map(Write::AddSession));
    trial.write(writes).await;
    sessions.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    (trial, sessions)
}

async fn listed(trial: &Trial, query: &SessionQuery) -> Vec<Session> {
    let Listed { rows, total } = trial.store.sessions(query).await.unwrap();
    assert_eq!(total, rows.len() as u64, "all fit on one page");
    rows
}

fn in_order_of_ids(mut sessions: Vec<Session>) -> Vec<Session> {
    sessions.sort_by(|one, other| one.id.cmp(&other.id));
    sessions
}

fn matches(query: &SessionQuery, session: &Session) -> bool {
    query.client.as_ref().is_none_or(|client| session.client == *client)
        && query.user.as_ref().is_none_or(|user| session.user == *user)
        && query.status.is_none_or(|status| session.as_of(query.now).status == status)
}
