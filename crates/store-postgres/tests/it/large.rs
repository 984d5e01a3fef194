//! A change that is about very much: it lands whole, and nobody else fails for it.

use crate::{
    batches::Held,
    workplace::{Workplace, has_actor_token},
};
use actas_domain::{
    actor_token::ActorToken,
    audit::Cause,
    change::{Change, Downfall, SessionSelection, Write},
    ports::Store,
    session::{Ending, SessionStatus},
    testing::{changes, rows},
};
use actas_store_postgres::Options;
use std::time::Duration;

/// Of tokens, and of sessions.
const ROWS: u64 = 20_000;

/// Makes tokens and sessions in which `actor` acts as `subject`.
fn fill(workplace: &Workplace) {
    let id = |prefix: &str| format!("'{prefix}_' || lpad((1000000 + n)::text, 27, '0')");
    let (start, end) = (rows::START.millis(), rows::after(3_600).millis());
    workplace.database.sql(&format!(
        "INSERT INTO actor_tokens (id, status, subject, actor, actor_sub, ticket_hash, session_max_duration_seconds, \
            created_at, updated_at, expires_at) \
         SELECT {}, 'pending', 'subject', '{{\"sub\":\"actor\"}}', 'actor', sha256(n::text::bytea), 1800, {start}, \
            {start}, {end} FROM generate_series(1, {ROWS}) n",
        id("act")
    ));
    workplace.database.sql(&format!(
        "INSERT INTO sessions (id, status, user_id, client, actor, actor_sub, created_at, updated_at, last_active_at, \
            expire_at, idle_seconds, ends_at) \
         SELECT {}, 'active', 'subject', {}, '{{\"sub\":\"actor\"}}', 'actor', {start}, {start}, {start}, {end}, 3600, \
            {end} FROM generate_series(1, {ROWS}) n",
        id("sess"),
        id("client")
    ));
    workplace.database.sql("ANALYZE");
}

fn fall(party: &str) -> Change {
    let party = rows::user_id(party);
    let ending = Ending { status: SessionStatus::Revoked, cause: Cause::SubjectBanned };
    changes::change(
        Vec::new(),
        vec![
            Write::EndSessions { of: SessionSelection::Party(party.clone()), ending },
            Write::RevokeTokens { party, downfall: Downfall::Banned },
        ],
    )
}

/// In which the party has no part.
fn of_others(number: u64) -> Change {
    let token = rows::actor_token(number);
    let token = ActorToken { subject: rows::user_id("b"), actor: rows::actor_with_sub("a"), ..token };
    changes::change(Vec::new(), vec![Write::AddActorToken(token)])
}

fn left(workplace: &Workplace) -> String {
    workplace.database.sql(
        "SELECT (SELECT count(*) FROM sessions WHERE status = 'active') \
            + (SELECT count(*) FROM actor_tokens WHERE subject = 'subject' AND status = 'pending')",
    )
}

/// In one transaction with others, by a server whose statements end after a short time, beside another server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_lands_whole_and_fails_nobody() {
    let workplace = Workplace::new();
    fill(&workplace);
    let options = Options { statement_timeout: Duration::from_millis(600), ..workplace.options() };
    let other = workplace.try_open(&options).await.unwrap();
    let held = Held::open(&workplace, &options).await;
    let first = held.occupy().await;
    let before = held.commit(of_others(1)).await;
    let falling = held.commit(fall("actor")).await;
    let behind = held.commit(of_others(2)).await;
    held.let_go().await;
    first.await.unwrap().unwrap();
    // Those that shared its batch do not wait for it.
    before.await.unwrap().unwrap();
    behind.await.unwrap().unwrap();
    // Another server waits its turn, longer than a statement of its own may take.
    let writes = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND query LIKE 'INSERT INTO sessions%'";
    while workplace.database.sql(writes) == "0" && !falling.is_finished() {}
    let last = other.commit(of_others(3)).await.unwrap().position;
    let position = falling.await.unwrap().unwrap().position;
    assert_eq!(last, position + 2 * ROWS + 1, "it did not wait, or the change was not whole");
    assert_eq!(left(&workplace), "0");
    for number in 1..=3 {
        assert!(has_actor_token(&other, number).await, "{number}");
    }
    let told = workplace.database.sql(&format!(
        "SELECT count(*), count(DISTINCT coalesce(session, actor_token)) FROM audit_entries \
            WHERE cause = 'actor_banned' AND position > {position} AND position <= {position} + 2 * {ROWS}"
    ));
    assert_eq!(told, format!("{0}|{0}", 2 * ROWS));
}
