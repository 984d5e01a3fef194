//! The load: `wrk`, a closed loop of so many connections from one thread.

use super::{
    Bench, machine,
    requests::SEPARATOR,
    server::{LOAD, Server, pinned},
    text,
};
use crate::command;
use std::fs;

/// Connections of the usual load.
pub(super) const CONNECTIONS: u32 = 64;

/// What other programs may take of the machine before a measurement is made again, in per cent.
const NOISE_PERCENT: f64 = 10.0;

/// So much of the requests may be answered other than by success; more is another measurement.
const FAILED_PART: f64 = 0.001;

#[derive(Clone, Copy, Debug)]
pub(super) struct Loaded {
    pub(super) per_second: f64,
    pub(super) p50_milliseconds: f64,
    pub(super) p99_milliseconds: f64,
    noise_percent: f64,
}

/// Asks with these requests, in turn from the first, after a second of warm-up with the first fifth of them. They are
/// made anew for each try, because some can be used once only: there must be enough of them.
pub(super) fn load(
    bench: &Bench<'_>,
    server: &Server,
    connections: u32,
    mut requests: impl FnMut() -> Result<Vec<String>, String>,
) -> Result<Loaded, String> {
    let mut best: Option<Loaded> = None;
    for _ in 0..bench.extent.tries {
        let all = requests()?;
        let (warm, measured) = if all.len() > 1 { all.split_at(all.len() / 5) } else { (&all[..], &all[..]) };
        run(bench, server, connections, warm, 1)?;
        let loaded = run(bench, server, connections, measured, bench.extent.seconds)?;
        if best.is_none_or(|best| loaded.noise_percent < best.noise_percent) {
            best = Some(loaded);
        }
        if loaded.noise_percent <= NOISE_PERCENT {
            break;
        }
    }
    let best = best.ok_or("nothing was measured")?;
    if best.noise_percent > NOISE_PERCENT {
        println!("  noisy: other programs took {:.0} % of the machine", best.noise_percent);
    }
    Ok(best)
}

fn run(
    bench: &Bench<'_>,
    server: &Server,
    connections: u32,
    requests: &[String],
    seconds: u32,
) -> Result<Loaded, String> {
    let file = bench.file("requests", &requests.join(SEPARATOR))?;
    let (all, own, load) = (machine::busy_ticks(), server.ticks(), machine::ticks_of_ended_children());
    let printed = command::output(
        pinned(LOAD, "wrk")
            .args(["--threads", "1", "--connections", &connections.to_string()])
            .args(["--duration", &format!("{seconds}s"), "--timeout", "10s", "--script"])
            .arg(bench.sources().join("load.lua"))
            .arg(format!("http://127.0.0.1:{}", server.port))
            .args(["--", &text(&file)]),
    )?;
    let all = machine::busy_ticks().saturating_sub(all);
    let own = server.ticks().saturating_sub(own);
    let load = machine::ticks_of_ended_children().saturating_sub(load);
    let numbers = numbers(&printed).ok_or_else(|| format!("wrk printed something unknown: {printed}"))?;
    let [requests, microseconds, p50, p99, failed] = numbers;
    if failed > requests * FAILED_PART {
        return Err(format!("{failed} of {requests} requests were not answered with success"));
    }
    #[expect(clippy::cast_precision_loss, reason = "ticks of a measurement are far below 2^52")]
    let others = all.saturating_sub(own + load) as f64;
    let processors =
        fs::read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count().max(1);
    #[expect(clippy::cast_precision_loss, reason = "few processors")]
    let noise_percent = others / (f64::from(seconds) * processors as f64);
    Ok(Loaded {
        per_second: requests / (microseconds / 1e6),
        p50_milliseconds: p50 / 1e3,
        p99_milliseconds: p99 / 1e3,
        noise_percent,
    })
}

/// The line that `bench/load.lua` prints at the end.
fn numbers(printed: &str) -> Option<[f64; 5]> {
    let line = printed.lines().find_map(|line| line.strip_prefix("measured "))?;
    let numbers: Vec<f64> = line.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_the_script_is_read() {
        let printed = "Running 8s test\nmeasured 1000 8000000 1500 4000 3\n";
        assert_eq!(numbers(printed), Some([1e3, 8e6, 1.5e3, 4e3, 3.0]));
        assert_eq!(numbers("measured 1 2 3\n"), None);
    }
}
