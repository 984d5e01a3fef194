//! Where the repository and its caches are.

use crate::command;
use cargo_metadata::MetadataCommand;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The repository that this program was built from.
pub(crate) struct Workshop {
    root: PathBuf,
    target: PathBuf,
}

impl Workshop {
    pub(crate) fn find() -> Result<Self, String> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .map_err(|error| format!("cargo metadata: {error}"))?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// For what is downloaded or built beside the workspace; ignored by git.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join(".cache")
    }

    /// A cargo command at the root. It is locked: a run never changes what was committed.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Builds an example with a feature, and says where it is.
    pub(crate) fn build_example(
        &self,
        package: &str,
        example: &str,
        feature: &str,
    ) -> Result<PathBuf, String> {
        let what = ["--package", package, "--example", example, "--features", feature];
        command::run(self.cargo(&["build", "--quiet", "--locked"]).args(what))?;
        Ok(self.target.join("debug/examples").join(example))
    }

    /// Builds a program in one of the workspace's own profiles, and says where it is.
    pub(crate) fn build_in_profile(
        &self,
        profile: &str,
        package: &str,
        program: &str,
    ) -> Result<PathBuf, String> {
        let what = ["--profile", profile, "--package", package, "--bin", program];
        command::run(self.cargo(&["build", "--quiet", "--locked"]).args(what))?;
        Ok(self.target.join(profile).join(program))
    }

    /// Builds a program as users get it, but for the profile, and says where it is.
    pub(crate) fn build(&self, package: &str, program: &str) -> Result<PathBuf, String> {
        self.build_with(package, program, &[])
    }

    /// The same with more of cargo's arguments.
    pub(crate) fn build_with(
        &self,
        package: &str,
        program: &str,
        arguments: &[&str],
    ) -> Result<PathBuf, String> {
        let what = ["build", "--quiet", "--locked", "--package", package, "--bin", program];
        command::run(self.cargo(&what).args(arguments))?;
        Ok(self.target.join("debug").join(program))
    }
}
