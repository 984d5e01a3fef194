//! Who is at work: each writer signs its row with every batch, and where it has not for a while, between two of them.

use crate::{
    address::Address,
    bind::{self, Query},
    connection::Connection,
    fault::Fault,
    open_error::OpenError,
    rows::{self, Fields},
};
use std::time::Duration;

/// A writer that committed nothing for so long signs when it can.
pub(crate) const SIGN_EVERY: Duration = Duration::from_secs(10);
/// A row that is younger is of a writer that is at work. It is more than the longest time in which one does not sign:
/// that of one batch which waits for its turn, breaks, and is looked up. A large change takes longer, and holds the head.
const LIVES_SECONDS: i64 = 180;

const BEGIN: &str = "BEGIN";
/// A sign of life need not survive anything, and must not wait for a standby.
const LIGHTLY: &str = "SET LOCAL synchronous_commit = off";
/// The number of the newest batch stays what it is.
const SIGN: &str = "INSERT INTO writers (id, batch, at) \
    VALUES ($1, 0, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) \
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";
const LEAVE: &str = "DELETE FROM writers WHERE id = $1";
const COMMIT: &str = "COMMIT";
/// Each store also signs a row when it confirms what was read ([`confirming`]); one that is at work is told by its own.
const AT_WORK: &str = "SELECT id, floor(extract(epoch FROM clock_timestamp()) - at / 1000)::bigint FROM writers \
    WHERE at > floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1 AND id NOT LIKE '% confirms' \
    ORDER BY id";
/// Where sessions come from; one on the same machine has no address.
const PEERS: &str = "SELECT DISTINCT coalesce(host(client_addr), 'the database''s own machine')::text \
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
        AND backend_type = 'client backend' ORDER BY 1";

/// The row by which a store confirms what was read.
pub(crate) fn confirming(id: &str) -> String {
    format!("{id} confirms")
}

/// Says that this writer lives.
pub(crate) async fn sign(connection: &mut Connection, id: &str) -> Result<(), Fault> {
    lightly(connection, Query::new(SIGN, vec![bind::text(id)])).await
}

/// Says that this writer has ended. Its own row first: a commit that goes on may still hold the other one.
pub(crate) async fn leave(connection: &mut Connection, id: &str) -> Result<(), Fault> {
    for id in [id, &confirming(id)] {
        lightly(connection, Query::new(LEAVE, vec![bind::text(id)])).await?;
    }
    Ok(())
}

/// Writes what may be lost: its commit waits for nobody.
pub(crate) async fn lightly(connection: &mut Connection, query: Query) -> Result<(), Fault> {
    let queries = [Query::plain(BEGIN), Query::plain(LIGHTLY), query, Query::plain(COMMIT)];
    connection.pipeline(&queries).await.map(drop)
}

/// # Errors
/// [`OpenError::InUse`], with all that is known of who is at work.
pub(crate) async fn require_none(connection: &mut Connection, address: &Address) -> Result<(), OpenError> {
    let failed = |fault: Fault| OpenError::from_fault(address, &fault);
    let young = vec![bind::integer(LIVES_SECONDS * 1_000)];
    let found = connection.run(Query::new(AT_WORK, young)).await.map_err(failed)?;
    let found = rows::many(&found, |row| {
        let mut fields = Fields::of(row, "writers");
        Ok((fields.text()?, fields.integer()?))
    })
    .map_err(failed)?;
    if found.is_empty() {
        return Ok(());
    }
    // Not every database says who is connected to it.
    let peers = connection.run(Query::plain(PEERS)).await;
    let peers = peers.and_then(|rows| rows::many(&rows, |row| Fields::of(row, "peers").text()));
    let peers = match peers {
        Ok(peers) if !peers.is_empty() => format!(", connected from {}", peers.join(", ")),
        _ => String::new(),
    };
    let writers: Vec<_> =
        found.iter().map(|(id, age)| format!("{} (signed {age} s ago)", id.get(..8).unwrap_or(id))).collect();
    let youngest = found.iter().map(|(_, age)| *age).min().unwrap_or(0);
    Err(OpenError::InUse {
        database: address.to_string(),
        writers: writers.join(", ") + &peers,
        seconds: (LIVES_SECONDS - youngest).max(1),
    })
}
