//! `cargo xtask bench`: what Actas does in a second, beside the limits of the machine and beside its peers, as ratios
//! within one run.
//!
//! Parts take turns, round by round, so that a change of the machine's mood meets all of them; a goal's ratio is taken
//! in each round, and the median of those counts. A server, with its database, has processor 0 and the load
//! processor 1. Where other programs took a tenth of the machine, the measurement is made again.

mod actas;
mod findings;
pub(crate) mod flames;
mod goals;
pub(crate) mod instructions;
mod limits;
mod machine;
mod peers;
mod ports;
mod prototype;
mod report;
mod requests;
mod server;
mod tools;
mod wrk;

use crate::workshop::Workshop;
use findings::Findings;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the parts need.
pub(crate) struct Bench<'a> {
    workshop: &'a Workshop,
    /// Emptied at the beginning.
    folder: PathBuf,
    extent: Extent,
    programs: Programs,
}

struct Programs {
    actas: PathBuf,
    prototype: PathBuf,
    measure: PathBuf,
}

/// How much of everything there is.
#[derive(Clone, Copy)]
struct Extent {
    rounds: u32,
    /// Of a measurement, while other programs take too much of the machine.
    tries: u32,
    /// Of one measurement.
    seconds: u32,
    /// Of the run in which memory must stay flat.
    memory_seconds: u32,
    /// In the larger of the two stores of the growth.
    tokens: usize,
}

const WHOLE: Extent = Extent { rounds: 3, tries: 3, seconds: 8, memory_seconds: 600, tokens: 10_000_000 };
const QUICK: Extent = Extent { rounds: 1, tries: 1, seconds: 2, memory_seconds: 20, tokens: 200_000 };

type Part = (&'static str, Turn, fn(&Bench<'_>) -> Result<Measured, String>);
type Measured = Vec<(&'static str, f64)>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    EachRound,
    /// After the last: it takes long, and compares within itself.
    Once,
}

const PARTS: &[Part] = &[
    ("openssl", Turn::EachRound, limits::openssl),
    ("signature", Turn::EachRound, limits::signature),
    ("sync", Turn::EachRound, limits::sync),
    ("floor", Turn::EachRound, prototype::floor),
    ("sqlite", Turn::EachRound, limits::sqlite),
    ("prototype", Turn::EachRound, prototype::store),
    ("actas", Turn::EachRound, actas::throughput::run),
    ("better-auth", Turn::EachRound, peers::better_auth::run),
    ("oidc-provider", Turn::EachRound, peers::oidc_provider::run),
    ("django-hijack", Turn::EachRound, peers::django_hijack::run),
    ("postgres", Turn::EachRound, actas::postgres::run),
    ("overload", Turn::EachRound, actas::overload::run),
    ("growth", Turn::Once, actas::growth::run),
    ("memory", Turn::Once, actas::memory::run),
];

/// Runs what the words ask for: `--quick` for a short form, whose figures say little, and `--only NAME` for one part
/// of it. Only a whole run writes the document.
pub(crate) fn run(workshop: &Workshop, words: &[&str]) -> Result<(), String> {
    let (extent, only) = match words {
        [] => (WHOLE, None),
        ["--quick"] => (QUICK, None),
        ["--only", name] => (WHOLE, Some(*name)),
        ["--quick", "--only", name] | ["--only", name, "--quick"] => (QUICK, Some(*name)),
        _ => return Err("cargo xtask bench [--quick] [--only NAME]".to_owned()),
    };
    let parts: Vec<&Part> = PARTS.iter().filter(|(name, ..)| only.is_none_or(|only| *name == only)).collect();
    if parts.is_empty() {
        let names: Vec<&str> = PARTS.iter().map(|(name, ..)| *name).collect();
        return Err(format!("no part of the benchmark has that name; they are {}", names.join(", ")));
    }
    let bench = Bench::prepare(workshop, extent)?;
    let mut findings = Findings::default();
    for round in 1..=extent.rounds {
        println!("round {round} of {}", extent.rounds);
        for part in parts.iter().filter(|(_, turn, _)| *turn == Turn::EachRound) {
            bench.take(part, &mut findings);
        }
    }
    for part in parts.iter().filter(|(_, turn, _)| *turn == Turn::Once) {
        bench.take(part, &mut findings);
    }
    let document = report::render(&findings, &machine::describe(&bench.folder)?, extent);
    println!("\n{document}");
    if only.is_none() && extent.rounds == WHOLE.rounds {
        let path = workshop.root().join("docs/benchmarks.md");
        fs::write(&path, document).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    findings.failed()
}

impl<'a> Bench<'a> {
    fn prepare(workshop: &'a Workshop, extent: Extent) -> Result<Self, String> {
        tools::ensure()?;
        let program = |package: &str, program: &str| workshop.build_in_profile("release", package, program);
        let programs = Programs {
            actas: program("actas-cli", "actas")?,
            prototype: program("actas-prototype", "actas-prototype")?,
            measure: program("actas-measure", "actas-measure")?,
        };
        Self::in_empty_folder(workshop, extent, programs)
    }

    fn in_empty_folder(workshop: &'a Workshop, extent: Extent, programs: Programs) -> Result<Self, String> {
        let folder = workshop.cache().join("bench").join("runs");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { workshop, folder, extent, programs })
    }

    fn take(&self, (name, _, run): &Part, findings: &mut Findings) {
        match run(self) {
            Ok(measured) => findings.add(measured),
            Err(problem) => findings.fail(name, problem),
        }
    }

    /// A folder of this name with nothing in it.
    fn empty_folder(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        let described = |error: std::io::Error| format!("{}: {error}", folder.display());
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(described)?;
        }
        fs::create_dir_all(&folder).map_err(described)?;
        Ok(folder)
    }

    /// A file of this name with this text.
    fn file(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Where what belongs to the benchmark is in the repository.
    fn sources(&self) -> PathBuf {
        self.workshop.root().join("bench")
    }
}

/// A path as an argument.
fn text(path: &Path) -> String {
    path.display().to_string()
}
