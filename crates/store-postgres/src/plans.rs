//! That every statement finds its rows by an index, however long the tables are. PostgreSQL is told to do without an
//! index only where there is none.

use crate::{
    actor_tokens, audit, bind::Query, clients, connection::Connection, guards, kept_answers, keys,
    options::Options, retention, sessions, sign_in_tokens, sign_ins, state::State, user_rows, users, writes,
};
use actas_domain::{
    actor_token::{ActorTokenStatus, find::ActorTokenQuery},
    audit::{
        Action,
        find::{AuditQuery, AuditRange},
    },
    change::{Downfall, Guard, SessionSelection, Write},
    idempotency::KeptAnswer,
    keys::SigningKeyStatus,
    page::Page,
    retention::{Purge, Purged},
    secret::{SecretHash, SecretText},
    session::{SessionStatus, find::SessionQuery},
    sign_in::failures::Guessed,
    testing::rows,
    time::Month,
    user::Identifier,
};
use actas_postgres_cluster::{Cluster, Database};

/// Enough rows that the planner takes the tables for long ones.
const FILL: &str = "\
    INSERT INTO users (id, banned, locked, revision, created_at, updated_at, delete_self_enabled, \
        create_organization_enabled, bypass_client_trust, public_metadata, private_metadata, unsafe_metadata) \
    SELECT 'user_' || n, FALSE, FALSE, 1, n, n, FALSE, FALSE, FALSE, '{}', '{}', '{}' FROM generate_series(1, 5000) n; \
    INSERT INTO identifiers (kind, value, user_id, ordinal, value_lower) \
    SELECT 'username', 'name_' || n, 'user_' || n, 0, 'name_' || n FROM generate_series(1, 5000) n; \
    INSERT INTO clients (id, created_at, updated_at) SELECT 'client_' || n, n, n FROM generate_series(1, 5000) n; \
    INSERT INTO sessions (id, status, user_id, client, actor, actor_sub, created_at, updated_at, last_active_at, \
        expire_at, idle_seconds, ends_at) \
    SELECT 'sess_' || n, CASE n % 2 WHEN 0 THEN 'active' ELSE 'ended' END, 'user_' || n, 'client_' || n, '{}', \
        'actor_' || n, n, n, n, n, 1, n FROM generate_series(1, 5000) n; \
    INSERT INTO actor_tokens (id, status, subject, actor, actor_sub, ticket_hash, session_max_duration_seconds, \
        created_at, updated_at, expires_at) \
    SELECT 'act_' || n, CASE n % 3 WHEN 0 THEN 'pending' ELSE 'accepted' END, 'user_' || n, '{}', 'actor_' || n, '', 1, \
        n, n, n FROM generate_series(1, 5000) n; \
    INSERT INTO sign_in_tokens (id, status, user_id, ticket_hash, created_at, updated_at, expires_at) \
    SELECT 'sit_' || n, CASE n % 3 WHEN 0 THEN 'pending' ELSE 'accepted' END, 'user_' || n, '', n, n, n \
        FROM generate_series(1, 5000) n; \
    INSERT INTO pending_sign_ins (client, id, identifier, created_at, expires_at) \
    SELECT 'client_' || n, 'sia_' || n, 'name', n, n FROM generate_series(1, 5000) n; \
    INSERT INTO kept_returns (client, user_id, session, until_at, expire_at) \
    SELECT 'client_' || n, 'user_' || n, 'sess_' || n, n, n FROM generate_series(1, 5000) n; \
    INSERT INTO password_failures (user_id, failure_count, last_failure_at) \
    SELECT 'user_' || n, 1, n FROM generate_series(1, 5000) n; \
    INSERT INTO guesses (identifier_hash, failure_count, last_failure_at) \
    SELECT sha256(n::text::bytea), 1, n FROM generate_series(1, 5000) n; \
    INSERT INTO kept_answers (key_hash, sealed, expires_at) \
    SELECT sha256(n::text::bytea), '', n FROM generate_series(1, 5000) n; \
    INSERT INTO audit_entries (position, at, action, denied_code, caller_kind, trace_id, subject, actor_sub, \
        actor_token, session) \
    SELECT n, n, 'action_' || n % 20, CASE n % 10 WHEN 0 THEN 'code' END, 'operator', '', 'user_' || n, 'actor_' || n, \
        'act_' || n, 'sess_' || n FROM generate_series(1, 5000) n; \
    ANALYZE";

struct Planner {
    connection: Connection,
    _database: Database<'static>,
}

impl Planner {
    async fn new() -> Self {
        let planner = Self::of(FILL).await;
        let settings = "SET enable_sort = off; SET plan_cache_mode = force_generic_plan";
        planner.connection.script(settings).await.unwrap();
        planner
    }

    /// With the settings of every connection.
    async fn of(fill: &str) -> Self {
        let database = Cluster::shared().create_database();
        let options = Options::new(SecretText::new(database.url()));
        crate::PostgresStore::open(&options).await.unwrap().close().await;
        let address = crate::address::Address::parse(&options).unwrap();
        let connection = Connection::open(&address, &options, 0).await.unwrap();
        connection.script(fill).await.unwrap();
        Self { connection, _database: database }
    }

    async fn plan(&mut self, query: &Query) -> Vec<String> {
        let explain = Query::new(format!("EXPLAIN {}", query.sql), query.values.clone());
        let steps = self.connection.run(explain).await.unwrap();
        steps.iter().map(|row| row.get::<_, &str>(0).to_owned()).collect()
    }

    /// Each table is read through a condition of an index. `from_an_end` may also be read in the order of one.
    async fn assert_indexed(&mut self, query: &Query, from_an_end: bool) {
        let plan = self.plan(query).await;
        let text = plan.join("\n");
        assert!(!text.contains("Seq Scan"), "{}\n{text}", query.sql);
        for (step, line) in plan.iter().enumerate() {
            let reads = line.contains("Index Scan") || line.contains("Index Only Scan");
            let has_condition = plan.get(step + 1).is_some_and(|next| next.contains("Index Cond"));
            assert!(!reads || has_condition || from_an_end, "{}\n{text}", query.sql);
        }
        assert!(!from_an_end || !text.contains("Sort"), "{}\n{text}", query.sql);
    }
}

/// Guards and writes that look for rows of every kind.
fn everything() -> (Vec<Guard>, Vec<Write>) {
    let user = || rows::user_id("subject");
    let guards = vec![
        Guard::SecretKeyValid(rows::secret_key_id(1)),
        Guard::InGoodStanding { user: user(), must_be_present: true },
        Guard::QuotaLeft { month: Month::of(rows::START), limit: 1 },
        Guard::NoImpersonation(rows::client_id(1)),
        Guard::SessionLive(rows::session_id(1)),
        Guard::PasswordFailuresUnchanged { user: user(), failures: None },
    ];
    let writes = vec![
        Write::AddActorToken(rows::actor_token(1)),
        Write::AddSignInToken(rows::sign_in_token(1)),
        Write::AddClient(rows::client(1)),
        Write::AddSession(rows::session(1)),
        Write::AddUser(rows::full_user("subject", 1)),
        Write::RevokeTokens { party: user(), downfall: Downfall::Banned },
        Write::EndSessions {
            of: SessionSelection::Party(user()),
            ending: actas_domain::session::Ending {
                status: SessionStatus::Revoked,
                cause: actas_domain::audit::Cause::SubjectBanned,
            },
        },
        Write::KeepReturn(rows::kept_return(1, "subject")),
        Write::DropReturns(user()),
        Write::AddSigningKey(rows::signing_key(1, SigningKeyStatus::Next)),
        Write::KeepAnswer(rows::kept_answer(1)),
    ];
    (guards, writes)
}

#[tokio::test]
async fn a_batch_finds_and_changes_its_rows_by_indexes() {
    let mut planner = Planner::new().await;
    let mut state = State::default();
    let (guards, writes) = everything();
    for guard in &guards {
        guards::want(&mut state, guard);
    }
    for write in &writes {
        writes::want(&mut state, write);
    }
    writes::want_activity(&mut state, &rows::session_id(1));
    state.sign_ins.want_guesses(&SecretHash::of("x"));
    state.sign_ins.want_over(rows::START, rows::START, 500);
    state.kept_answers.want_over(rows::START, 500);
    for of in [
        Purged::ActorTokens,
        Purged::SignInTokens,
        Purged::Sessions,
        Purged::Clients,
        Purged::Entries { after: 1, through: 7 },
    ] {
        let purge = Purge::of(of, 1);
        planner.assert_indexed(&retention::last(&purge, rows::START, 100), false).await;
        state.retention.want(&retention::step(&purge, rows::START, 100, &[]).unwrap().0);
    }
    let loads = state.loads(Some(4_000));
    assert!(loads.len() >= 31, "{}", loads.len());
    for load in loads {
        planner.assert_indexed(&load.query, false).await;
    }
    state.users.record_sign_in(&rows::user_id("subject"), rows::START);
    state.users.remove(&rows::user_id("other"));
    state.actor_tokens.rows.remove(&rows::actor_token_id(1));
    state.sign_in_tokens.rows.remove(&rows::sign_in_token_id(1));
    state.sessions.rows.remove(&rows::session_id(1));
    state.clients.rows.remove(&rows::client_id(1));
    state.record.cut(7);
    state.clients.sessions_changed(&rows::client_id(9), rows::START);
    state.kept_answers.keep(KeptAnswer { expires_at: rows::START, ..rows::kept_answer(1) });
    state.kept_answers.keep(rows::kept_answer(2));
    assert_eq!(state.kept_answers.forget(rows::START, 500), 1);
    let changes: Vec<_> = state.changes().into_queries().collect();
    assert!(changes.len() >= 10, "{}", changes.len());
    for change in changes {
        planner.assert_indexed(&change, false).await;
    }
}

#[tokio::test]
async fn one_row_is_found_by_its_key() {
    let mut planner = Planner::new().await;
    let [user, identifications] = user_rows::find(&rows::user_id("subject"));
    for query in [
        user,
        identifications,
        actor_tokens::find(&rows::actor_token_id(1)),
        actor_tokens::created_in(Month::of(rows::START)),
        sign_in_tokens::find(&rows::sign_in_token_id(1)),
        clients::find(&rows::client_id(1)),
        sessions::find(&rows::session_id(1)),
        sessions::overdue(rows::START, 10),
        sessions::count_live(rows::START),
        users::standing(&rows::user_id("subject")),
        users::owner(&Identifier::Username("ada".into())),
        keys::secret_key(&rows::secret_key_id(1)),
        sign_ins::pending(&rows::client_id(1)),
        sign_ins::failures(&Guessed::User(rows::user_id("subject"))),
        sign_ins::failures(&Guessed::Nobody(SecretHash::of("x"))),
        sign_ins::kept_return(&rows::client_id(1)),
        kept_answers::find(&rows::idempotency_key_hash(1)),
    ] {
        planner.assert_indexed(&query, false).await;
    }
}

#[tokio::test]
async fn lists_are_read_from_their_place_in_an_index() {
    let mut planner = Planner::new().await;
    let all = ActorTokenQuery { limit: 10, ..ActorTokenQuery::default() };
    let of_subject = ActorTokenQuery { subject: Some(rows::user_id("subject")), ..all.clone() };
    let of_actor = ActorTokenQuery { actor_sub: Some("actor".into()), ..all };
    for query in [of_subject, of_actor] {
        let query = ActorTokenQuery { status: Some(ActorTokenStatus::Pending), ..query };
        let behind = ActorTokenQuery { starting_after: Some(rows::actor_token_id(1)), ..query.clone() };
        planner.assert_indexed(&actor_tokens::list(&query), false).await;
        planner.assert_indexed(&actor_tokens::list(&behind), false).await;
    }
    let all = AuditQuery { limit: 10, ..AuditQuery::default() };
    for query in [
        AuditQuery { subject: Some(rows::user_id("s")), ..all.clone() },
        AuditQuery { actor_sub: Some("a".into()), ..all.clone() },
        AuditQuery { actor_token: Some(rows::actor_token_id(1)), ..all.clone() },
        AuditQuery { session: Some(rows::session_id(1)), ..all.clone() },
        AuditQuery { action: Some(Action::UserBanned), ..all.clone() },
        AuditQuery { denied: Some(true), ..all.clone() },
        all,
    ] {
        for range in [AuditRange::Forward { after: 7 }, AuditRange::Backward { before: None }] {
            planner.assert_indexed(&audit::list(&AuditQuery { range, ..query.clone() }), true).await;
        }
    }
    let all =
        SessionQuery { client: None, user: None, status: None, now: rows::START, page: Page::default() };
    let of_user = SessionQuery { user: Some(rows::user_id("subject")), ..all.clone() };
    let of_client = SessionQuery { client: Some(rows::client_id(1)), ..all.clone() };
    for query in [all, of_user, of_client] {
        let [page, _] = sessions::list(&query);
        planner.assert_indexed(&page, true).await;
    }
    let [page, _] = clients::list(Page::default());
    planner.assert_indexed(&page, true).await;
}

/// While the planner still takes each client to have a session, as before a first large purge, a step reads what it
/// looks at and not all sessions.
#[tokio::test]
async fn a_step_reads_what_it_looks_at_also_when_the_statistics_are_old() {
    let mut planner = Planner::of(
        "INSERT INTO clients (id, created_at, updated_at) \
             SELECT 'client_' || lpad(n::text, 27, '0'), n, n FROM generate_series(1, 20000) n; \
         INSERT INTO sessions (id, status, user_id, client, actor, actor_sub, created_at, updated_at, \
             last_active_at, expire_at, idle_seconds, ends_at) \
             SELECT 'sess_' || n, 'ended', 'user_' || n, 'client_' || lpad(n::text, 27, '0'), '{}', NULL, n, n, n, n, 1, n \
             FROM generate_series(1, 20000) n; \
         ANALYZE; DELETE FROM sessions WHERE created_at % 2 = 0",
    )
    .await;
    let purge = Purge::of(Purged::Clients, 0);
    let mut state = State::default();
    state.retention.want(&retention::step(&purge, rows::START, 100, &[]).unwrap().0);
    let loads = state.loads(Some(4_000));
    let [load] = loads.as_slice() else { panic!("{}", loads.len()) };
    let last = retention::last(&purge, rows::START, 100);
    for mode in ["force_generic_plan", "force_custom_plan"] {
        planner.connection.script(&format!("SET plan_cache_mode = {mode}")).await.unwrap();
        for query in [&last, &load.query] {
            let sql = format!("EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {}", query.sql);
            let steps = planner.connection.run(Query::new(sql, query.values.clone())).await.unwrap();
            let plan: Vec<&str> = steps.iter().map(|row| row.get(0)).collect();
            let plan = plan.join("\n");
            let is_joined =
                ["Hash", "Merge", "Nested", "Seq Scan", "Sort"].iter().any(|step| plan.contains(step));
            assert!(!is_joined && plan.contains("using clients_by_change"), "{mode}\n{plan}");
        }
    }
}
