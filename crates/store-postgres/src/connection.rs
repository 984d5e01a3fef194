//! One connection: how it is made and set up, and how statements go through it, several at once without waiting for
//! each other's answers.

use crate::{
    address::{Address, OneHost},
    bind::Query,
    fault::Fault,
    options::Options,
    tls::Tls,
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use futures::future::BoxFuture;
use std::{
    collections::HashMap,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Error, Row, Statement, error::Severity, types::ToSql};

/// How long a session may do nothing in the midst of a transaction: whoever stops there holds up all others.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);
/// The server ends a statement in time; this much later nobody waits for it any more.
const GRACE: Duration = Duration::from_secs(5);
/// Every statement has its index. A plan that was made while a table was new and empty would read all of it for as long as
/// it is kept. Compiling plans to machine code takes longer than any of them; not every database knows of it.
const PREDICTABLE_PLANS: &str =
    "SELECT set_config(name, 'off', FALSE) FROM pg_settings WHERE name IN ('enable_seqscan', 'jit')";
/// Limits that a role or a database may have, where the server knows them: they would end what is under way.
const NO_OTHER_LIMITS: &str = "SELECT set_config(name, '0', FALSE) FROM pg_settings \
     WHERE name IN ('idle_session_timeout', 'transaction_timeout')";
/// Statements that a connection keeps prepared; texts of lists vary.
const STATEMENTS_KEPT: usize = 256;

pub(crate) struct Connection {
    client: Client,
    statements: HashMap<String, Statement>,
    /// Warnings that came so far, each counted before the answer behind it is read.
    warnings: Arc<AtomicU64>,
    patience: Duration,
}

impl Connection {
    /// To the first host that takes writes.
    pub(crate) async fn open(address: &Address, options: &Options) -> Result<Self, Fault> {
        let mut failed: Vec<(&str, Fault)> = Vec::new();
        for host in &address.hosts {
            match timeout(options.connect_timeout, Self::to(host, address, options)).await {
                Ok(Ok(connection)) => return Ok(connection),
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
        let connection = Self { client, statements: HashMap::new(), warnings, patience };
        connection.set_up(options.statement_timeout).await?;
        Ok(connection)
    }

    async fn set_up(&self, statement_timeout: Duration) -> Result<(), Fault> {
        let set = format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
             SET default_transaction_isolation = 'read committed'; SET lock_timeout = 0; \
             SET client_min_messages = warning",
            statement_timeout.as_millis(),
            IDLE_IN_TRANSACTION.as_millis()
        );
        self.client.batch_execute(&set).await?;
        self.client.query_typed(PREDICTABLE_PLANS, &[]).await?;
        self.client.query_typed(NO_OTHER_LIMITS, &[]).await?;
        let level = self.client.query_typed("SHOW synchronous_commit", &[]).await?;
        let level = level.first().map_or(Ok("off"), |row| row.try_get(0))?;
        // What is weaker would answer before a standby has it, or even the disk. It is set in any case, so that a
        // server that reads its configuration anew does not weaken it in this session.
        let level = if level == "remote_apply" { "remote_apply" } else { "on" };
        #[cfg(feature = "mutations")]
        let level = if mutation::is(Mutation::CommitUnsynchronised) { "off" } else { level };
        Ok(self.client.batch_execute(&format!("SET synchronous_commit = {level}")).await?)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
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
        Ok(self.send(&queries).await?.into_iter().next().unwrap_or_default())
    }

    /// Several statements without values or answers, for as long as they take.
    pub(crate) async fn script(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// Sends all statements at once, in their order, and waits for the answers. The first that fails is told; what is
    /// behind it in a transaction fails with it.
    pub(crate) async fn pipeline(&mut self, queries: &[Query]) -> Result<Vec<Vec<Row>>, Fault> {
        let patience = self.patience;
        let silent = |_| Fault::Silent(patience.as_secs());
        timeout(patience, self.prepare(queries)).await.map_err(silent)??;
        timeout(patience, self.send(queries)).await.map_err(silent)?
    }

    /// Has statements prepared that were not yet: a round trip for each, once.
    pub(crate) async fn prepare(&mut self, queries: &[Query]) -> Result<(), Fault> {
        if self.statements.len() > STATEMENTS_KEPT {
            self.statements.clear();
        }
        for query in queries {
            if !self.statements.contains_key(query.sql.as_ref()) {
                let statement = self.client.prepare(&query.sql).await?;
                self.statements.insert(query.sql.clone().into_owned(), statement);
            }
        }
        Ok(())
    }

    /// Sends statements that are prepared, and waits for as long as it takes.
    pub(crate) async fn send(&self, queries: &[Query]) -> Result<Vec<Vec<Row>>, Fault> {
        let mut running: Vec<BoxFuture<'_, Result<Vec<Row>, Error>>> = Vec::with_capacity(queries.len());
        for query in queries {
            let statement = self.statements.get(query.sql.as_ref());
            let statement =
                statement.ok_or_else(|| Fault::Unreachable("a statement was not prepared".into()))?;
            running.push(Box::pin(async move {
                let values: Vec<&(dyn ToSql + Sync)> =
                    query.values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                self.client.query(statement, &values).await
            }));
        }
        let mut answers = Vec::with_capacity(queries.len());
        for answer in in_order(running).await {
            answers.push(answer?);
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
}
