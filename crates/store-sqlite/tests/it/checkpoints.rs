//! The WAL stays small, whatever is written and read meanwhile.

use crate::workplace::Workplace;
use actas_domain::{
    change::Write,
    ports::Store,
    testing::{changes, rows},
};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// 16 MB until a checkpoint, and the batches that land while a read keeps the WAL from beginning anew: more of them
/// on a machine that has much else to do.
const WAL_BYTES_MAX: u64 = 80 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_wal_stays_small_under_writes_and_reads() {
    let workplace = Workplace::new();
    let store = Arc::new(workplace.open());
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..8)
        .map(|reader| {
            let (store, done) = (Arc::clone(&store), Arc::clone(&done));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    store.actor_token(&rows::actor_token_id(reader)).await.unwrap();
                    store
                        .audit_entries(&actas_domain::audit::find::AuditQuery {
                            limit: 500,
                            ..Default::default()
                        })
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    let mut largest = 0;
    for round in 0..220_u64 {
        let batch = (0..16).map(|index| {
            let writes = (0..8)
                .map(|token| actas_domain::actor_token::ActorToken {
                    reason: Some("x".repeat(2_000)),
                    ..rows::actor_token(round * 1_000 + index * 10 + token)
                })
                .map(Write::AddActorToken);
            store.commit(changes::change(Vec::new(), writes.collect()))
        });
        for outcome in futures::future::join_all(batch).await {
            outcome.unwrap();
        }
        largest = largest.max(store.metrics().wal_bytes);
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let written = fs::metadata(workplace.file()).unwrap().len();
    assert!(written > WAL_BYTES_MAX, "too little was written to show anything: {written}");
    assert!(store.metrics().checkpoints_total > 0);
    assert!(largest <= WAL_BYTES_MAX, "the WAL grew to {largest} bytes");
}
