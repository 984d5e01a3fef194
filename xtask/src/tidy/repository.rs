//! What the laws look at: the files that git keeps or would keep, and the packages of the workspace.

use crate::command;
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

#[derive(Debug, Default)]
pub(crate) struct Repository {
    /// Every file by its path from the root, with `/`; the text is empty for what is not UTF-8.
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) packages: Vec<Package>,
}

/// A crate of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder from the root, for example `crates/domain`.
    pub(crate) folder: String,
    pub(crate) description: Option<String>,
    /// Direct dependencies of the product: not those of its tests.
    pub(crate) imports: BTreeSet<String>,
    /// Direct dependencies of its tests.
    pub(crate) test_imports: BTreeSet<String>,
    /// Everything that ends up in the product, over any number of steps.
    pub(crate) reaches: BTreeSet<String>,
}

impl Repository {
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        Ok(Self { files: read_files(root)?, packages: read_packages(root)? })
    }

    /// The Rust files with their texts, tests included.
    pub(crate) fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.with_extension("rs")
            .filter(|(path, _)| path.starts_with("crates/") || path.starts_with("xtask/"))
    }

    pub(crate) fn with_extension(&self, extension: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.rsplit_once('.').is_some_and(|(_, last)| last == extension))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

fn read_files(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = command::output(Command::new("git").current_dir(root).args(list))?;
    let mut files = BTreeMap::new();
    for path in listed.split_terminator('\0') {
        match fs::read(root.join(path)) {
            Ok(bytes) => {
                files.insert(path.to_owned(), String::from_utf8(bytes).unwrap_or_default());
            }
            // Removed in the working tree, but not yet from git.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{path}: {error}")),
        }
    }
    Ok(files)
}

fn read_packages(root: &Path) -> Result<Vec<Package>, String> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata.workspace_packages().into_iter().map(|package| {
        let direct = |test: bool| {
            let wanted = move |kind| (kind == DependencyKind::Development) == test;
            package
                .dependencies
                .iter()
                .filter(move |one| wanted(one.kind))
                .map(|one| one.name.clone())
                .collect()
        };
        let folder = package.manifest_path.parent().and_then(|path| path.strip_prefix(root).ok());
        Ok(Package {
            name: package.name.to_string(),
            folder: folder.map(ToString::to_string).unwrap_or_default(),
            description: package.description.clone(),
            imports: direct(false),
            test_imports: direct(true),
            reaches: read_reached(root, &package.name)?,
        })
    });
    packages.collect()
}

/// What a package contains when it is built as users get it: without what only its tests switch on.
fn read_reached(root: &Path, package: &str) -> Result<BTreeSet<String>, String> {
    let tree = [
        "tree",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--package",
        package,
    ];
    let printed = command::output(Command::new("cargo").current_dir(root).args(tree))?;
    let names = printed.lines().filter_map(|line| line.split_whitespace().next());
    Ok(names.filter(|name| *name != package).map(ToOwned::to_owned).collect())
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A repository of these files and no packages.
    pub(crate) fn repository_of(files: &[(&str, &str)]) -> Repository {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Repository { files: files.collect(), packages: Vec::new() }
    }

    /// The package in its usual folder, with these direct dependencies and no others.
    pub(crate) fn package_of(name: &str, imports: &[&str]) -> Package {
        let imports: BTreeSet<String> = imports.iter().map(|import| (*import).to_owned()).collect();
        Package {
            name: name.to_owned(),
            folder: format!("crates/{}", name.trim_start_matches("actas-")),
            description: Some("A crate.".to_owned()),
            reaches: imports.clone(),
            imports,
            test_imports: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workshop::Workshop;

    #[test]
    fn the_domain_and_what_it_reaches_are_seen() {
        let repository = Repository::read(Workshop::find().unwrap().root()).unwrap();
        assert!(repository.files.contains_key("crates/domain/src/lib.rs"));
        let domain = repository.packages.iter().find(|package| package.name == "actas-domain").unwrap();
        assert_eq!(domain.folder, "crates/domain");
        assert!(domain.imports.contains("sha2"), "{:?}", domain.imports);
        // Not a direct dependency: it comes with sha2.
        assert!(domain.reaches.contains("digest"), "{:?}", domain.reaches);
    }
}
