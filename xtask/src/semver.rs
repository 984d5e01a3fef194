//! Whether the SDK keeps what it promised in the last release: no breaking change without a version that says so.

use crate::{command, tool, workshop::Workshop};
use std::process::Command;

const VERSION: &str = "0.51.0";
const PACKAGE: &str = "actas-sdk";
const MANIFEST: &str = "crates/sdk/Cargo.toml";

pub(crate) fn check(workshop: &Workshop) -> Result<(), String> {
    let git = |arguments: &[&str]| {
        command::output(Command::new("git").current_dir(workshop.root()).args(arguments))
    };
    if git(&["rev-parse", "--is-shallow-repository"])?.trim() != "false" {
        return Err("this clone is shallow, so it does not know what was released; fetch all of it with \
                    git fetch --unshallow --tags"
            .to_owned());
    }
    let Some(tag) = last_release(&git(&["tag", "--list", "v*"])?) else {
        println!("there is no release yet (no tag like v0.1.0), so {PACKAGE} has promised nothing");
        return Ok(());
    };
    // An answer without the file is one; no answer is none.
    if git(&["ls-tree", "--name-only", &tag, "--", MANIFEST])?.trim().is_empty() {
        println!("the last release, {tag}, has no {PACKAGE} yet, so it has promised nothing");
        return Ok(());
    }
    let programs = tool::installed(workshop, "cargo-semver-checks", VERSION)?;
    println!("comparing {PACKAGE} with {tag}");
    command::run(Command::new(programs.join("cargo-semver-checks")).current_dir(workshop.root()).args([
        "semver-checks",
        "--package",
        PACKAGE,
        "--all-features",
        "--baseline-rev",
        &tag,
    ]))
}

/// The tag of the highest version among these, one a line. Tags of other forms are none of releases, and a version
/// with something behind it (`v1.0.0-rc.1`) promises nothing.
fn last_release(tags: &str) -> Option<String> {
    let version = |tag: &str| {
        let numbers: Vec<u64> =
            tag.strip_prefix('v')?.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        <[u64; 3]>::try_from(numbers).ok()
    };
    let releases = tags.lines().map(str::trim).filter_map(|tag| Some((version(tag)?, tag)));
    releases.max().map(|(_, tag)| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_release_is_the_highest_version() {
        assert_eq!(last_release("v0.9.0\nv0.10.0\nv0.2.7\n").as_deref(), Some("v0.10.0"));
        assert_eq!(last_release("v1.0.0\nv0.99.99").as_deref(), Some("v1.0.0"));
    }

    #[test]
    fn other_tags_are_no_releases() {
        assert_eq!(last_release(""), None);
        assert_eq!(last_release("vendor\nv1\nv1.2\nv1.2.3.4\nv1.2.x\nv2.0.0-rc.1\n1.2.3\n"), None);
        assert_eq!(last_release("v2.0.0-rc.1\nv1.2.3").as_deref(), Some("v1.2.3"));
    }
}
