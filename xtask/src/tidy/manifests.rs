//! Every crate keeps the workspace's lints and says in a sentence what it is.

use super::repository::Repository;

/// What stands in the manifest of every crate, word for word.
const LINES: &[&str] = &[
    "[lints]\nworkspace = true",
    "version.workspace = true",
    "edition.workspace = true",
    "rust-version.workspace = true",
    "license.workspace = true",
];

/// What is published; all else says that it is not, with the workspace.
const PUBLISHED: &[&str] = &["actas-sdk"];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for package in &repository.packages {
        let path = format!("{}/Cargo.toml", package.folder);
        let manifest = repository.files.get(&path).map_or("", String::as_str);
        let published = PUBLISHED.contains(&package.name.as_str());
        let publish = if published { "publish = true" } else { "publish.workspace = true" };
        for line in LINES.iter().chain([&publish]).filter(|line| !manifest.contains(**line)) {
            found.push(format!("{path} lacks `{}`", line.replace('\n', " ")));
        }
        if !package.description.as_deref().is_some_and(|text| text.ends_with('.')) {
            found.push(format!("{path} has no description that is a sentence with a full stop"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::{package_of, repository_of};
    use super::*;

    fn check_of(manifest: &str, description: Option<&str>) -> Vec<String> {
        let mut repository = repository_of(&[("crates/domain/Cargo.toml", manifest)]);
        let mut package = package_of("actas-domain", &[]);
        package.description = description.map(ToOwned::to_owned);
        repository.packages.push(package);
        check(&repository)
    }

    fn complete() -> String {
        format!("{}\npublish.workspace = true", LINES.join("\n"))
    }

    #[test]
    fn only_the_sdk_is_published() {
        let published = complete().replace("publish.workspace = true", "publish = true");
        assert_eq!(
            check_of(&published, Some("The rules.")),
            ["crates/domain/Cargo.toml lacks `publish.workspace = true`"]
        );
    }

    #[test]
    fn a_complete_manifest_is_fine() {
        assert_eq!(check_of(&complete(), Some("The rules.")), Vec::<String>::new());
    }

    #[test]
    fn a_crate_that_leaves_the_lints_is_caught() {
        assert_eq!(
            check_of(&complete().replace(LINES[0], ""), Some("The rules.")),
            ["crates/domain/Cargo.toml lacks `[lints] workspace = true`"]
        );
    }

    #[test]
    fn a_crate_that_does_not_say_what_it_is_is_caught() {
        assert_eq!(check_of(&complete(), None).len(), 1);
        assert_eq!(check_of(&complete(), Some("rules")).len(), 1);
    }
}
