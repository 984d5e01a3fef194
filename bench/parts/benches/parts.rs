//! The hot inner parts of a request, each alone, on a warm processor: where a change of one of them shows before it
//! drowns in the rest.

use actas_domain::{
    actor::Actor,
    json::JsonObject,
    session::claims::{self, ClaimsVersion, Minting},
    testing::{changes, rows},
    ticket::Ticket,
};
use actas_parts::{ACTOR, CREATION, Fallible};
use criterion::{BatchSize, Criterion};
use std::hint::black_box;

fn parts(criterion: &mut Criterion) -> Fallible<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let world = actas_parts::world()?;
    let ticket = runtime.block_on(actas_parts::ticket(&world))?;
    criterion.bench_function("ticket: parse and hash", |bencher| {
        bencher.iter(|| Ticket::parse(black_box(ticket.reveal())));
    });

    criterion.bench_function("request: the body's object", |bencher| {
        bencher.iter(|| JsonObject::parse(black_box(CREATION)).is_ok());
    });
    criterion.bench_function("request: the actor", |bencher| {
        bencher.iter(|| Actor::parse(black_box(ACTOR), false).is_ok());
    });

    let session = rows::impersonated_session(1);
    criterion.bench_function("session token: claims", |bencher| {
        let minting = Minting {
            issuer: "https://actas.example.test",
            authorized_party: Some("https://app.example.test"),
            token_id: "2abcdefghijklmnopqrstuvwxyz",
            lifetime_seconds: 60,
            version: ClaimsVersion::V2,
            now: rows::START,
        };
        bencher.iter(|| claims::claims(black_box(&session), &minting));
    });
    let key = runtime.block_on(actas_parts::signing_key(&world))?;
    let message = [b'x'; 420];
    criterion.bench_function("session token: signature", |bencher| {
        bencher.iter(|| runtime.block_on(world.vault.sign(&key, black_box(&message))).is_ok());
    });

    let answer = actas_parts::answer()?;
    criterion.bench_function("answer: JSON", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&answer)).is_ok());
    });

    criterion.bench_function("record: an entry in memory", |bencher| {
        let change = || changes::told(actas_parts::event(), Vec::new(), Vec::new());
        let commit = |change| runtime.block_on(world.store.commit(change)).is_ok();
        bencher.iter_batched(change, commit, BatchSize::SmallInput);
    });
    Ok(())
}

fn main() -> Fallible<()> {
    let mut criterion = Criterion::default().configure_from_args();
    parts(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
