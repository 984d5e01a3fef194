//! Four times as many creations as Actas can do, from an open loop.

use super::{
    super::{
        Bench, Measured, limits,
        server::LOAD,
        text,
        wrk::{CONNECTIONS, load},
    },
    Instance,
};

const FACTOR: f64 = 4.0;

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let folder = bench.empty_folder("actas-overload")?.join("data");
    let instance = Instance::start(bench, &folder, None)?;
    let peak = load(bench, &instance.server, CONNECTIONS, || Ok(instance.creations()))?.per_second;
    let before = instance.server.resident_megabytes();
    let request = instance.creations().into_iter().next().unwrap_or_default();
    let request = text(&bench.file("overload", &request)?);
    let address = format!("127.0.0.1:{}", instance.server.port);
    let (rate, seconds) = ((peak * FACTOR).to_string(), bench.extent.seconds.to_string());
    let found = limits::measure_on(bench, LOAD, &["overload", &address, &request, &rate, &seconds])?;
    Ok(vec![
        ("overload.peak.per_second", peak),
        ("overload.asked.per_second", found.figure("sent_per_second")?),
        ("overload.answered.per_second", found.figure("answered_per_second")?),
        ("overload.answered.p99", found.figure("answered_p99_milliseconds")?),
        ("overload.refused.per_second", found.figure("refused_per_second")?),
        ("overload.timed_out", found.figure("timed_out")?),
        ("overload.broken", found.figure("other")?),
        ("overload.kept_out", found.figure("kept_out")?),
        ("overload.grown_megabytes", instance.server.resident_megabytes() - before),
        // Zero where nobody was refused: then it is `overload.answered.p99` that says how long all of them waited.
        ("overload.refused.p99", found.figure("refused_p99_milliseconds")?),
    ])
}
