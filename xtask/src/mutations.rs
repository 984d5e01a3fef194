//! `cargo xtask faults --mutations`: the fault suite against a program in which one guard after the other is broken.

use crate::{command, fault_tools, postgres, workshop::Workshop};
use std::{fs, path::PathBuf, process::Command};

/// All mutations, or those whose name contains one of the words.
pub(crate) fn run(workshop: &Workshop, words: &[&str]) -> Result<(), String> {
    postgres::ensure()?;
    fault_tools::ensure()?;
    let suite = workshop.build("actas-faults", "actas-faults")?;
    let actas = build(workshop)?;
    let mut command = Command::new(suite);
    command.arg("mutations").arg("--actas").arg(actas).args(words).current_dir(workshop.root());
    command::run(&mut command)
}

/// Apart from the program that everything else uses: it has guards that can be broken.
fn build(workshop: &Workshop) -> Result<PathBuf, String> {
    let built = workshop.build_with("actas-cli", "actas", &["--features", "mutations"])?;
    let folder = workshop.cache().join("mutations");
    let program = folder.join("actas");
    let described = |error: std::io::Error| format!("{}: {error}", program.display());
    fs::create_dir_all(&folder).map_err(described)?;
    fs::copy(built, &program).map_err(described)?;
    // What stands where every other build goes is a program as users get it.
    workshop.build("actas-cli", "actas")?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cargo_metadata::MetadataCommand;

    /// Whoever does not ask for it gets a program without.
    #[test]
    fn no_crate_has_broken_guards_by_default() {
        let manifest = Workshop::find().unwrap().root().join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
        let with: Vec<_> =
            metadata.packages.iter().filter(|package| package.features.contains_key("mutations")).collect();
        assert!(with.iter().any(|package| package.name == "actas-cli"));
        for package in with {
            let by_default = package.features.get("default").into_iter().flatten();
            let brought: Vec<_> = by_default.filter(|feature| feature.contains("mutations")).collect();
            assert!(brought.is_empty(), "{} has {brought:?} by default", package.name);
        }
        for package in &metadata.packages {
            let asks = |dependency: &&cargo_metadata::Dependency| {
                dependency.features.iter().any(|feature| feature == "mutations")
            };
            let asking: Vec<_> = package.dependencies.iter().filter(asks).map(|asked| &asked.name).collect();
            assert!(asking.is_empty(), "{} asks for them of {asking:?}", package.name);
        }
    }
}
