//! One connection: how it is made and set up, and how statements go through it, several at once without waiting for
//! each other's answers.

use crate::{
    address::{Address, OneHost},
    bind::Query,
    fault::Fault,
    options::Options,
    primary::Lineage,
    statements::Statements,
    tls::Tls,
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use futures::future::BoxFuture;
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, timeout};
use tokio_postgres::{
    AsyncMessage, Client, Error, Row,
    error::{Severity, SqlState},
    types::ToSql,
};

/// How long a session may do nothing in the midst of a transaction: whoever stops there holds up all others.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);
/// The server ends a statement in time; this much later nobody waits for it any more.
const GRACE: Duration = Duration::from_secs(5);
/// Settings of every session, where the server knows them.
///
/// Every statement has its index; a plan that was made while a table was new and empty would read all of it for as long
/// as it is kept, and compiling plans to machine code takes longer than any of them. Other limits, which a role or a
/// database may have, would end what is under way. The last ones are for a client that is gone without a word: what the
/// server sends it is acknowledged within so many milliseconds, or the session and its locks end.
const SETTINGS: &str = "SELECT set_config(wanted.name, wanted.value, FALSE) FROM (VALUES \
     ('enable_seqscan', 'off'), ('jit', 'off'), ('idle_session_timeout', '0'), ('transaction_timeout', '0'), \
     ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '3'), ('tcp_keepalives_count', '3'), \
     ('tcp_user_timeout', '15000')) AS wanted (name, value) \
     WHERE wanted.name IN (SELECT name FROM pg_settings)";
/// Tells one server from another, and from itself before it was started again. A server that is promoted is not started
/// again, but before that it took no sessions of ours.
const SERVER: &str = "SELECT extract(epoch FROM pg_postmaster_start_time())::text";
/// For [`Lineage`]; a standby has no timeline of its own.
const LINEAGE: &str = "SELECT system_identifier::text, CASE WHEN NOT pg_is_in_recovery() \
    THEN substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END FROM pg_control_system()";

pub(crate) struct Connection {
    client: Client,
    statements: Statements,
    /// Warnings that came so far, each counted before the answer behind it is read.
    warnings: Arc<AtomicU64>,
    patience: Duration,
    /// Which of the hosts it leads to.
    pub(crate) host: usize,
    /// Which server answers there.
    pub(crate) server: String,
    /// None where the server does not tell.
    pub(crate) lineage: Option<Lineage>,
    /// What [`crate::primary::Primary`] counts it to.
    pub(crate) epoch: u64,
    pub(crate) opened_at: Instant,
}

/// A statement of several that failed.
pub(crate) struct Failed {
    /// Its place among them.
    pub(crate) step: usize,
    pub(crate) fault: Fault,
}

impl From<Failed> for Fault {
    fn from(failed: Failed) -> Self {
        failed.fault
    }
}

impl Connection {
    /// To a host that takes writes: the one at this place of the list, or the first behind it that does, in a round.
    pub(crate) async fn open(address: &Address, options: &Options, first: usize) -> Result<Self, Fault> {
        Self::open_later(address, options, first, None).await
    }

    /// The same, without servers that were replaced by the one that was seen.
    pub(crate) async fn open_later(
        address: &Address,
        options: &Options,
        first: usize,
        seen: Option<&Lineage>,
    ) -> Result<Self, Fault> {
        let mut failed: Vec<(&str, Fault)> = Vec::new();
        for place in (first..address.hosts.len()).chain(0..first) {
            let Some(host) = address.hosts.get(place) else { continue };
            match timeout(options.connect_timeout, Self::to(host, address, options)).await {
                Ok(Ok(connection)) if connection.precedes(seen) => {
                    failed.push((&host.name, Lineage::replaced()))
                }
                Ok(Ok(connection)) => return Ok(Self { host: place, ..connection }),
                Ok(Err(fault)) => failed.push((&host.name, fault)),
                Err(_) => {
                    let seconds = options.connect_timeout.as_secs();
                    failed.push((&host.name, Fault::Unreachable(format!("no answer within {seconds} s"))));
                }
            }
        }
        // With one host its own error says most; of several each has to be named.
        if failed.len() == 1
            && let Some((_, fault)) = failed.pop()
        {
            return Err(fault);
        }
        let all: Vec<_> = failed.iter().map(|(host, fault)| format!("{host}: {fault}")).collect();
        Err(Fault::Unreachable(all.join("; ")))
    }

    async fn to(host: &OneHost, address: &Address, options: &Options) -> Result<Self, Fault> {
        let (client, mut connection) = host.config.connect(Tls(address.tls.clone())).await?;
        let warnings = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&warnings);
        // It ends with the client, or with the connection. Nothing ends it before: it may carry a commit.
        tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notice(notice)) if is_warning(notice.parsed_severity()) => {
                        counted.fetch_add(1, Ordering::SeqCst);
                        tracing::warn!(
                            code = notice.code().code(),
                            "the database warns: {}",
                            notice.message()
                        );
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(error = crate::fault::describe(&error), "a connection has ended");
                        break;
                    }
                }
            }
        });
        let patience = options.statement_timeout + GRACE;
        let mut connection = Self {
            client,
            statements: Statements::default(),
            warnings,
            patience,
            host: 0,
            server: host.name.clone(),
            lineage: None,
            epoch: 0,
            opened_at: Instant::now(),
        };
        connection.set_up(options.statement_timeout).await?;
        Ok(connection)
    }

    async fn set_up(&mut self, statement_timeout: Duration) -> Result<(), Fault> {
        let set = format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
             SET default_transaction_isolation = 'read committed'; SET lock_timeout = 0; \
             SET client_min_messages = warning",
            statement_timeout.as_millis(),
            IDLE_IN_TRANSACTION.as_millis()
        );
        self.client.batch_execute(&set).await?;
        self.client.query_typed(SETTINGS, &[]).await?;
        match self.client.query_typed(SERVER, &[]).await {
            Ok(found) => {
                if let Some(row) = found.first() {
                    self.server = row.try_get(0)?;
                }
            }
            // A database of another make is known by the name of its host.
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_FUNCTION) => {}
            Err(error) => return Err(error.into()),
        }
        self.lineage = self.lineage().await?;
        let level = self.client.query_typed("SHOW synchronous_commit", &[]).await?;
        let level = level.first().map_or(Ok("off"), |row| row.try_get(0))?;
        // What is weaker would answer before a standby has it, or even the disk. It is set in any case, so that a
        // server that reads its configuration anew does not weaken it in this session.
        let level = if level == "remote_apply" { "remote_apply" } else { "on" };
        #[cfg(feature = "mutations")]
        let level = if mutation::is(Mutation::CommitUnsynchronised) { "off" } else { level };
        Ok(self.client.batch_execute(&format!("SET synchronous_commit = {level}")).await?)
    }

    async fn lineage(&self) -> Result<Option<Lineage>, Fault> {
        let untold = [SqlState::UNDEFINED_FUNCTION, SqlState::INSUFFICIENT_PRIVILEGE];
        let found = match self.client.query_typed(LINEAGE, &[]).await {
            Ok(found) => found,
            Err(error) if error.code().is_some_and(|code| untold.contains(code)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(row) = found.first() else { return Ok(None) };
        let (origin, timeline): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        Ok(timeline.map(|timeline| Lineage { origin, timeline }))
    }

    /// Whether its server was replaced by the one that was seen.
    pub(crate) fn precedes(&self, seen: Option<&Lineage>) -> bool {
        self.lineage.as_ref().zip(seen).is_some_and(|(own, seen)| own.precedes(seen))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// How long several statements at once are awaited.
    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    /// Warnings that came so far.
    pub(crate) fn warnings(&self) -> u64 {
        #[cfg(feature = "mutations")]
        if mutation::is(Mutation::WarningBelieved) {
            return 0;
        }
        self.warnings.load(Ordering::SeqCst)
    }

    pub(crate) async fn run(&mut self, query: Query) -> Result<Vec<Row>, Fault> {
        let answers = self.pipeline(&[query]).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// The same, for as long as it takes.
    pub(crate) async fn run_patiently(&mut self, query: Query) -> Result<Vec<Row>, Fault> {
        let queries = [query];
        self.prepare(&queries).await?;
        let answers = self.send(&queries).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// Several statements without values or answers, for as long as they take.
    pub(crate) async fn script(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// Sends all statements at once, in their order, and waits for the answers. The first that fails is told; what is
    /// behind it in a transaction fails with it.
    pub(crate) async fn pipeline(&mut self, queries: &[Query]) -> Result<Vec<Vec<Row>>, Fault> {
        Ok(self.pipeline_within(self.patience, queries).await?)
    }

    /// The same, with as much time for all of them.
    pub(crate) async fn pipeline_within(
        &mut self,
        patience: Duration,
        queries: &[Query],
    ) -> Result<Vec<Vec<Row>>, Failed> {
        let sent = timeout(patience, async {
            self.prepare(queries).await.map_err(|fault| Failed { step: 0, fault })?;
            self.send(queries).await
        });
        sent.await.map_err(|_| Failed { step: 0, fault: Fault::Silent(patience.as_secs()) })?
    }

    /// Has statements prepared that were not yet: a round trip for each, once.
    pub(crate) async fn prepare(&mut self, queries: &[Query]) -> Result<(), Fault> {
        for query in queries {
            if !self.statements.has(&query.sql) {
                let statement = self.client.prepare(&query.sql).await?;
                self.statements.keep(&query.sql, statement);
            }
        }
        self.statements.evict();
        Ok(())
    }

    /// Sends statements that are prepared, and waits for as long as it takes.
    pub(crate) async fn send(&self, queries: &[Query]) -> Result<Vec<Vec<Row>>, Failed> {
        let mut running: Vec<BoxFuture<'_, Result<Vec<Row>, Error>>> = Vec::with_capacity(queries.len());
        for query in queries {
            let unprepared = || Fault::Unreachable("a statement was not prepared".into());
            let statement = self.statements.get(&query.sql);
            let statement = statement.ok_or_else(|| Failed { step: 0, fault: unprepared() })?;
            running.push(Box::pin(async move {
                let values: Vec<&(dyn ToSql + Sync)> =
                    query.values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                self.client.query(statement, &values).await
            }));
        }
        let mut answers = Vec::with_capacity(queries.len());
        for (step, answer) in in_order(running).await.into_iter().enumerate() {
            answers.push(answer.map_err(|error| Failed { step, fault: error.into() })?);
        }
        Ok(answers)
    }
}

const fn is_warning(severity: Option<Severity>) -> bool {
    // One that cannot be told is taken for the worse.
    !matches!(severity, Some(Severity::Notice | Severity::Info | Severity::Log | Severity::Debug))
}

/// Begins all in their order, which is the order in which they are sent, and waits for them. One that fails as it
/// begins was not sent; then nothing behind it is begun either, a commit least of all.
async fn in_order<T: Unpin, E: Unpin>(futures: Vec<BoxFuture<'_, Result<T, E>>>) -> Vec<Result<T, E>> {
    let mut waiting: Vec<Waiting<'_, Result<T, E>>> = futures.into_iter().map(Waiting::Running).collect();
    let mut have_begun = false;
    poll_fn(|context| {
        let (mut all_done, mut unsent) = (true, None);
        for (index, each) in waiting.iter_mut().enumerate() {
            if let Waiting::Running(future) = each {
                match Pin::new(future).poll(context) {
                    Poll::Ready(value) => {
                        let has_failed = value.is_err();
                        *each = Waiting::Done(value);
                        if has_failed && !have_begun {
                            unsent = Some(index);
                            break;
                        }
                    }
                    Poll::Pending => all_done = false,
                }
            }
        }
        have_begun = true;
        if let Some(index) = unsent {
            waiting.truncate(index + 1);
        }
        if all_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting
        .into_iter()
        .filter_map(|each| match each {
            Waiting::Done(value) => Some(value),
            Waiting::Running(_) => None,
        })
        .collect()
}

enum Waiting<'a, T> {
    Running(BoxFuture<'a, T>),
    Done(T),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::ready, sync::atomic::AtomicBool};

    /// What cannot be encoded is not sent, and the commit behind it must not be.
    #[tokio::test]
    async fn nothing_is_begun_behind_what_fails_as_it_begins() {
        let is_sent = AtomicBool::new(false);
        let mut polls = 0;
        let slow = poll_fn(move |context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls > 1 { Poll::Ready(Ok::<_, &str>(1)) } else { Poll::Pending }
        });
        let behind = async {
            is_sent.store(true, Ordering::SeqCst);
            Ok(2)
        };
        let answers = in_order::<i32, &str>(vec![
            Box::pin(slow),
            Box::pin(ready(Err("a value that cannot be encoded"))),
            Box::pin(behind),
        ]);
        assert_eq!(answers.await, [Ok(1), Err("a value that cannot be encoded")]);
        assert!(!is_sent.load(Ordering::SeqCst));
    }

    /// The server itself ends a session whose client is gone without a word; over a Unix socket there is nothing to set.
    #[tokio::test]
    async fn a_session_ends_with_its_client() {
        let cluster = actas_postgres_cluster::Cluster::start_on_tcp();
        let database = cluster.create_database();
        let url =
            format!("postgresql://actas@127.0.0.1:{}/{}?sslmode=disable", cluster.port(), database.name());
        let options = Options::new(actas_domain::secret::SecretText::new(url));
        let address = Address::parse(&options).unwrap();
        let mut connection = Connection::open(&address, &options, 0).await.unwrap();
        for (name, value) in [
            ("tcp_user_timeout", "15000"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "3"),
            ("tcp_keepalives_count", "3"),
            ("idle_in_transaction_session_timeout", "5s"),
            ("jit", "off"),
        ] {
            let show = format!("SELECT coalesce(current_setting('{name}', TRUE), '')");
            let shown = connection.run(Query::new(show, Vec::new())).await.unwrap();
            assert_eq!(shown[0].get::<_, &str>(0), value, "{name}");
        }
    }
}
