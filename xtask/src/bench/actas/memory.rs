//! Memory over a long run of creations and session tokens.

use super::{
    super::{
        Bench, Measured,
        wrk::{CONNECTIONS, load},
    },
    Instance,
};
use std::time::{Duration, Instant};

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let folder = bench.empty_folder("actas-memory")?.join("data");
    let instance = Instance::start(bench, &folder, None)?;
    load(bench, &instance.server, CONNECTIONS, || instance.acceptances(bench, 20_000))?;
    let limit = Duration::from_secs(bench.extent.memory_seconds.into());
    let (begun, mut samples) = (Instant::now(), Vec::new());
    while begun.elapsed() < limit {
        load(bench, &instance.server, CONNECTIONS, || Ok(instance.creations()))?;
        load(bench, &instance.server, CONNECTIONS, || instance.mintings())?;
        samples.push(instance.server.resident_megabytes());
    }
    let third = samples.len() / 3;
    let most = |samples: &[f64]| samples.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        ("memory.first_third_megabytes", most(&samples[..(third.max(1)).min(samples.len())])),
        ("memory.last_third_megabytes", most(&samples[samples.len().saturating_sub(third.max(1))..])),
    ])
}
