//! PostgreSQL with its default durability: the rows of a batch in two statements of one transaction, from one
//! connection.

use super::ACTOR;
use crate::{
    Fallible,
    figures::{Figures, rate},
};
use std::time::{Duration, Instant};
use tokio_postgres::NoTls;

const SCHEMA: &str = "
    DROP TABLE IF EXISTS actor_tokens, record;
    CREATE TABLE actor_tokens (
        id text PRIMARY KEY, hash bytea NOT NULL, user_id text NOT NULL, actor text NOT NULL, status text NOT NULL,
        created_at bigint NOT NULL, updated_at bigint NOT NULL, expires_at bigint NOT NULL
    );
    CREATE TABLE record (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint NOT NULL, action text NOT NULL,
        token text NOT NULL
    );
";

pub(crate) async fn measure(url: &str, batch: u32, duration: Duration) -> Fallible<Figures> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with its client, and what went wrong is told there.
    tokio::spawn(async move { drop(connection.await) });
    client.batch_execute(SCHEMA).await?;
    let tokens = client
        .prepare(
            "INSERT INTO actor_tokens SELECT id, sha256(id::bytea), 'user_1', $2, 'pending', $3, $3, $3
             FROM unnest($1::text[]) AS id",
        )
        .await?;
    let record = client
        .prepare("INSERT INTO record (at, action, token) SELECT $2, 'actor_token.created', id FROM unnest($1::text[]) AS id")
        .await?;
    let (begun, mut took, mut number) = (Instant::now(), Vec::new(), 0_u64);
    while begun.elapsed() < duration {
        let ids: Vec<String> = (0..batch)
            .map(|_| {
                number += 1;
                format!("act_{:016x}{number:011}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            })
            .collect();
        let (each, at) = (Instant::now(), 1_790_000_000_000_i64);
        let transaction = client.transaction().await?;
        futures::future::try_join(
            transaction.execute(&tokens, &[&ids, &ACTOR, &at]),
            transaction.execute(&record, &[&ids, &at]),
        )
        .await?;
        transaction.commit().await?;
        took.push(each.elapsed());
    }
    let elapsed = begun.elapsed();
    client.batch_execute("DROP TABLE actor_tokens, record").await?;
    Ok(rate(took.len(), batch, elapsed).with_percentiles(&mut took))
}
