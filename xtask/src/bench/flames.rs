//! Where the server's time goes, as pictures: samples of a server under the usual load, by the stacks that they met.
//!
//! The program is built with frame pointers and without link-time optimisation, so that stacks are whole and functions
//! are told apart; the samples are of the processor's time alone.

use super::{
    Bench, Extent, Programs, actas, text, tools,
    wrk::{CONNECTIONS, load},
};
use crate::{command, tool, workshop::Workshop};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command},
};

/// The programs that make a picture of samples.
const INFERNO: &str = "0.12.8";

/// No divisor of a round number, so that no clock of the server's keeps step with it.
const SAMPLES_PER_SECOND: &str = "997";

/// Nothing is measured, so nothing is tried again.
const EXTENT: Extent = Extent { rounds: 1, tries: 1, seconds: 8, memory_seconds: 0, tokens: 0 };

/// Draws `docs/flames/create.svg` and `docs/flames/accept.svg`.
pub(crate) fn draw(workshop: &Workshop) -> Result<(), String> {
    tools::ensure()?;
    tools::ensure_perf()?;
    let inferno = tool::installed(workshop, "inferno", INFERNO)?;
    let release = |package, program| workshop.build_in_profile("release", package, program);
    let programs = Programs {
        actas: with_frame_pointers(workshop)?,
        prototype: release("actas-prototype", "actas-prototype")?,
        measure: release("actas-measure", "actas-measure")?,
    };
    let bench = Bench::in_empty_folder(workshop, EXTENT, programs)?;
    let pictures = workshop.root().join("docs/flames");
    fs::create_dir_all(&pictures).map_err(|error| format!("{}: {error}", pictures.display()))?;
    let instance = actas::Instance::start(&bench, &bench.empty_folder("actas")?.join("data"), None)?;
    let tokens = (EXTENT.seconds as usize + 2) * actas::throughput::ACCEPTED_PER_SECOND;
    for name in ["create", "accept"] {
        let requests = match name {
            "create" => instance.creations(),
            _ => instance.acceptances(&bench, tokens)?,
        };
        let samples = bench.folder.join(format!("{name}.samples"));
        let recorder = record(instance.server.process(), &samples)?;
        let loaded = load(&bench, &instance.server, CONNECTIONS, || Ok(requests.clone()));
        end(recorder)?;
        println!("  {name}: {:.0} a second, while samples were taken", loaded?.per_second);
        picture(&inferno, name, &samples, &pictures.join(format!("{name}.svg")))?;
    }
    Ok(())
}

/// In a folder of its own: other flags would have the usual one built anew each time.
fn with_frame_pointers(workshop: &Workshop) -> Result<PathBuf, String> {
    let target = workshop.cache().join("bench/flames");
    let what = [
        "build",
        "--quiet",
        "--locked",
        "--profile",
        "instructions",
        "--package",
        "actas-cli",
        "--bin",
        "actas",
    ];
    let mut build = workshop.cargo(&what);
    build.arg("--target-dir").arg(&target);
    command::run(
        build.env("RUSTFLAGS", "-C force-frame-pointers=yes").env("CFLAGS", "-fno-omit-frame-pointer"),
    )?;
    Ok(target.join("instructions/actas"))
}

fn record(process: u32, samples: &Path) -> Result<Child, String> {
    let mut perf = Command::new("perf");
    perf.args([
        "record",
        "--quiet",
        "--event",
        "cpu-clock",
        "--call-graph",
        "fp",
        "--freq",
        SAMPLES_PER_SECOND,
    ]);
    perf.args(["--pid", &process.to_string(), "--output"]).arg(samples);
    perf.spawn().map_err(|error| format!("perf: {error}"))
}

/// An interruption is how it is told to write what it has.
fn end(mut recorder: Child) -> Result<(), String> {
    let id = i32::try_from(recorder.id()).ok().and_then(Pid::from_raw).ok_or("perf has no process id")?;
    kill_process(id, Signal::INT).map_err(|error| format!("perf: {error}"))?;
    recorder.wait().map(drop).map_err(|error| format!("perf: {error}"))
}

/// A document shows a picture and runs nothing.
fn without_script(drawn: &str) -> String {
    let parts = drawn
        .split_once("<script")
        .and_then(|(before, rest)| Some((before, rest.split_once("</script>")?.1)));
    parts.map_or_else(|| drawn.to_owned(), |(before, behind)| format!("{before}{behind}"))
}

fn picture(inferno: &Path, name: &str, samples: &Path, picture: &Path) -> Result<(), String> {
    let (script, folded) = (samples.with_extension("script"), samples.with_extension("folded"));
    let into = |file: &Path| File::create(file).map_err(|error| format!("{}: {error}", file.display()));
    command::run(
        Command::new("perf").args(["script", "--no-inline", "--input"]).arg(samples).stdout(into(&script)?),
    )?;
    command::run(Command::new(inferno.join("inferno-collapse-perf")).arg(&script).stdout(into(&folded)?))?;
    let title = format!("actas: {name}, SQLite, {CONNECTIONS} connections");
    let mut draw = Command::new(inferno.join("inferno-flamegraph"));
    // Of narrower ones nobody can read the name, and they would make the file large.
    draw.args(["--title", &title, "--minwidth", "0.4", "--hash", "--width", "1600"]).arg(&folded);
    let drawn = without_script(&command::output(&mut draw)?);
    fs::write(picture, drawn).map_err(|error| format!("{}: {error}", picture.display()))?;
    println!("  {}", text(picture));
    Ok(())
}
