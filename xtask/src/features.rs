//! The features of the SDK, each by itself: whoever takes only one must get a crate that compiles.

use crate::{command, workshop::Workshop};

/// In the order of `crates/sdk/Cargo.toml`; each brings what it stands on. The first is none.
const FEATURES: &[&str] = &["", "client", "blocking", "verify", "tower", "axum"];

pub(crate) fn check(workshop: &Workshop) -> Result<(), String> {
    for feature in FEATURES {
        println!("actas-sdk with {}", if feature.is_empty() { "no feature" } else { feature });
        // Tests and examples with what is the default; all features have them in another step.
        let targets = if *feature == "client" { "--all-targets" } else { "--lib" };
        command::run(&mut workshop.cargo(&[
            "clippy",
            "--quiet",
            "--locked",
            "--package",
            "actas-sdk",
            targets,
            "--no-default-features",
            "--features",
            feature,
            "--",
            "--deny",
            "warnings",
        ]))?;
    }
    check_default_documentation(workshop)
}

/// Documentation and its examples as those see them who take the SDK as it comes. The other checks have all features.
fn check_default_documentation(workshop: &Workshop) -> Result<(), String> {
    println!("documentation of actas-sdk with its default features");
    let mut document = workshop.cargo(&["doc", "--quiet", "--locked", "--package", "actas-sdk", "--no-deps"]);
    command::run(document.env("RUSTDOCFLAGS", "--deny warnings"))?;
    command::run(&mut workshop.cargo(&["test", "--quiet", "--locked", "--package", "actas-sdk", "--doc"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cargo_metadata::MetadataCommand;
    use std::collections::BTreeSet;

    #[test]
    fn no_feature_is_left_out() {
        let manifest = Workshop::find().unwrap().root().join("crates/sdk/Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
        let package = metadata.packages.iter().find(|package| package.name == "actas-sdk").unwrap();
        let declared: BTreeSet<&str> =
            package.features.keys().map(String::as_str).filter(|name| *name != "default").collect();
        assert_eq!(declared, FEATURES[1..].iter().copied().collect());
    }
}
