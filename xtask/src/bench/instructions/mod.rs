//! Instructions per operation, counted by callgrind and compared with the committed figures: a guard against slow
//! growth that does not depend on how busy the machine is.
//!
//! A signature takes about thirty times the instructions of all else, and they are the library's. They are counted
//! apart, so that five per cent of the rest do not hide in them; that there is one of them, and not two, is checked.

mod callgrind;
mod figures;

use crate::workshop::Workshop;
use callgrind::Counted;
use figures::Figures;
use std::{collections::BTreeMap, fs, path::PathBuf};

const FIGURES: &str = "bench/instructions/figures.toml";

/// Each store that is counted with. The first shows what the rules and the surface cost, the second what users run.
const STORES: &[&str] = &["memory", "sqlite"];

/// In the order in which the program goes through them, and the signatures that each makes.
const OPERATIONS: &[(&str, u64)] = &[("create", 0), ("accept", 1), ("mint", 1), ("revoke", 0)];

/// What each operation took, by store and operation.
type Counts = BTreeMap<(&'static str, &'static str), Counted>;

/// Counts, and fails where a count is above its figure.
pub(crate) fn check(workshop: &Workshop) -> Result<(), String> {
    let counts = count(workshop)?;
    let path = path(workshop);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let figures = Figures::parse(&text).map_err(|problem| format!("{FIGURES}: {problem}"))?;
    let differing = figures.differing(&counts);
    for sentence in &differing.below {
        println!("  {sentence}: `cargo xtask bench instructions --accept` keeps what was gained");
    }
    if differing.above.is_empty() {
        return Ok(());
    }
    let tools = figures.other_tools(&Figures::tools()?);
    Err(format!(
        "{}; if this is meant, run `cargo xtask bench instructions --accept`, commit {FIGURES} and say why in the \
         message{tools}",
        differing.above.join("; ")
    ))
}

/// Counts, and makes the counts the figures.
pub(crate) fn accept(workshop: &Workshop) -> Result<(), String> {
    let text = Figures::render(&count(workshop)?, &Figures::tools()?);
    let path = path(workshop);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {FIGURES}");
    Ok(())
}

fn path(workshop: &Workshop) -> PathBuf {
    workshop.root().join(FIGURES)
}

fn count(workshop: &Workshop) -> Result<Counts, String> {
    callgrind::ensure()?;
    let program = workshop.build_in_profile("instructions", "actas-instructions", "actas-instructions")?;
    let folder = workshop.cache().join("instructions");
    let mut counts = Counts::new();
    for store in STORES {
        let series = callgrind::series(&program, store, &folder.join(store))?;
        if series.len() != OPERATIONS.len() {
            return Err(format!("{} series were counted, not {}", series.len(), OPERATIONS.len()));
        }
        for ((operation, signatures), counted) in OPERATIONS.iter().zip(series) {
            println!(
                "  {store:<7} {operation:<7} {:>9} instructions, and {} signatures of {}",
                counted.instructions, counted.signatures, counted.instructions_of_signature
            );
            if counted.signatures != *signatures {
                return Err(format!(
                    "{operation} makes {} signatures, not {signatures}; what it should make is in \
                     xtask/src/bench/instructions/mod.rs",
                    counted.signatures
                ));
            }
            counts.insert((*store, *operation), counted);
        }
    }
    Ok(counts)
}
