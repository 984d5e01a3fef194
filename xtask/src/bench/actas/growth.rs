//! The same operations on a store of ten thousand tokens and on one of very many.

use super::{
    super::{Bench, Measured, limits, text, wrk::load},
    Instance,
};

const FEW: usize = 10_000;
/// Fewer than fill the server: it is the time of one operation that may grow, and not the wait for the others.
const CONNECTIONS: u32 = 8;
/// So many are made ready of what can be done once, for a second.
const PER_SECOND: usize = 6_500;

/// What is found for one store.
struct Times {
    start: f64,
    create: (f64, f64),
    accept: (f64, f64),
    revoke: (f64, f64),
    list: (f64, f64),
}

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let few = times(bench, FEW)?;
    let many = times(bench, bench.extent.tokens)?;
    Ok(vec![
        ("growth.few.start", few.start),
        ("growth.few.create.p50", few.create.0),
        ("growth.few.create.p99", few.create.1),
        ("growth.few.accept.p50", few.accept.0),
        ("growth.few.accept.p99", few.accept.1),
        ("growth.few.revoke.p50", few.revoke.0),
        ("growth.few.revoke.p99", few.revoke.1),
        ("growth.few.list.p50", few.list.0),
        ("growth.few.list.p99", few.list.1),
        ("growth.many.start", many.start),
        ("growth.many.create.p50", many.create.0),
        ("growth.many.create.p99", many.create.1),
        ("growth.many.accept.p50", many.accept.0),
        ("growth.many.accept.p99", many.accept.1),
        ("growth.many.revoke.p50", many.revoke.0),
        ("growth.many.revoke.p99", many.revoke.1),
        ("growth.many.list.p50", many.list.0),
        ("growth.many.list.p99", many.list.1),
    ])
}

fn times(bench: &Bench<'_>, tokens: usize) -> Result<Times, String> {
    let folder = bench.empty_folder("actas-growth")?.join("data");
    drop(Instance::start(bench, &folder, None)?);
    // On both processors: nothing is measured yet.
    limits::measure_on(bench, "0,1", &["fill", &text(&folder), &tokens.to_string()])?;
    let instance = Instance::start(bench, &folder, None)?;
    let count = (bench.extent.seconds as usize + 2) * PER_SECOND;
    let measured = |requests: &dyn Fn() -> Result<Vec<String>, String>| {
        let loaded = load(bench, &instance.server, CONNECTIONS, requests)?;
        Ok::<_, String>((loaded.p50_milliseconds, loaded.p99_milliseconds))
    };
    Ok(Times {
        start: instance.server.start_milliseconds,
        create: measured(&|| Ok(instance.creations()))?,
        accept: measured(&|| instance.acceptances(bench, count))?,
        revoke: measured(&|| instance.revocations(bench, count * 3))?,
        list: measured(&|| Ok(vec![instance.read("/v1/actor_tokens?limit=20")]))?,
    })
}
