//! The limits of the machine, each on the processor that servers have.

use super::{
    Bench, Measured,
    server::{SERVER, pinned},
    text,
};
use crate::command;

/// RSA-2048 as openssl measures it.
pub(super) fn openssl(bench: &Bench<'_>) -> Result<Measured, String> {
    let seconds = bench.extent.seconds.to_string();
    let printed =
        command::output(pinned(SERVER, "openssl").args(["speed", "-seconds", &seconds, "-mr", "rsa2048"]))?;
    // `+F2:2:2048:4137.5:61293.3`: signatures and verifications in a second.
    let line =
        printed.lines().find(|line| line.starts_with("+F2:")).ok_or("openssl speed printed no result")?;
    let fields: Vec<f64> = line.split(':').skip(3).filter_map(|field| field.parse().ok()).collect();
    let [sign, verify, ..] = fields[..] else { return Err(format!("openssl speed printed {line}")) };
    Ok(vec![("openssl.sign.per_second", sign), ("openssl.verify.per_second", verify)])
}

/// The same in process, with the library that Actas signs with.
pub(super) fn signature(bench: &Bench<'_>) -> Result<Measured, String> {
    let seconds = bench.extent.seconds.to_string();
    let sign = measure(bench, &["sign", &seconds])?;
    let verify = measure(bench, &["verify", &seconds])?;
    Ok(vec![
        ("rsa.sign.per_second", sign.figure("per_second")?),
        ("rsa.verify.per_second", verify.figure("per_second")?),
    ])
}

/// The disk under the data folders.
pub(super) fn sync(bench: &Bench<'_>) -> Result<Measured, String> {
    let folder = bench.empty_folder("sync")?;
    let sync = measure(bench, &["sync", &text(&folder), &bench.extent.seconds.to_string()])?;
    Ok(vec![
        ("sync.per_second", sync.figure("per_second")?),
        ("sync.p50", sync.figure("p50_milliseconds")?),
        ("sync.p99", sync.figure("p99_milliseconds")?),
    ])
}

/// SQLite alone, in transactions as large as group commit makes them under the usual load.
pub(super) fn sqlite(bench: &Bench<'_>) -> Result<Measured, String> {
    let folder = text(&bench.empty_folder("sqlite")?);
    let rows = |batch: &str| measure(bench, &["sqlite", &folder, batch, &bench.extent.seconds.to_string()]);
    Ok(vec![
        ("sqlite.batch_1.per_second", rows("1")?.figure("per_second")?),
        ("sqlite.batch_64.per_second", rows("64")?.figure("per_second")?),
        ("sqlite.batch_256.per_second", rows("256")?.figure("per_second")?),
    ])
}

/// Runs `actas-measure` on the servers' processor.
pub(super) fn measure(bench: &Bench<'_>, arguments: &[&str]) -> Result<Printed, String> {
    measure_on(bench, SERVER, arguments)
}

pub(super) fn measure_on(bench: &Bench<'_>, processor: &str, arguments: &[&str]) -> Result<Printed, String> {
    command::output(pinned(processor, &bench.programs.measure).args(arguments)).map(Printed)
}

/// Names and numbers, as `actas-measure` prints them.
pub(super) struct Printed(String);

impl Printed {
    pub(super) fn figure(&self, name: &str) -> Result<f64, String> {
        let value = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.ok_or_else(|| format!("actas-measure printed no {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_its_whole_name() {
        let printed = Printed("per_second_more 1\nper_second 4750.5\n".to_owned());
        assert_eq!(printed.figure("per_second"), Ok(4750.5));
        assert!(printed.figure("per").is_err());
    }
}
