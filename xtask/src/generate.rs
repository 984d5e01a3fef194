//! The documents that are printed from the program, so that they cannot tell of another one: `docs/generated`.

use crate::{command, workshop::Workshop};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const NOTE: &str = "Printed from the program by `cargo xtask generate`; changes by hand are lost.";

/// Writes all documents, and removes what is not one of them.
pub(crate) fn write(workshop: &Workshop) -> Result<(), String> {
    let folder = folder(workshop);
    let documents = documents(workshop)?;
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for name in present(&folder)?.keys().filter(|name| !documents.contains_key(*name)) {
        fs::remove_file(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    for (name, text) in &documents {
        fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))?;
        println!("wrote docs/generated/{name}");
    }
    Ok(())
}

/// Whether the documents are as the program would print them now.
pub(crate) fn check(workshop: &Workshop) -> Result<(), String> {
    let stale = differing(&documents(workshop)?, &present(&folder(workshop))?);
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("stale in docs/generated: {}; run `cargo xtask generate` and commit", stale.join(", ")))
}

fn folder(workshop: &Workshop) -> PathBuf {
    workshop.root().join("docs").join("generated")
}

fn documents(workshop: &Workshop) -> Result<BTreeMap<String, String>, String> {
    let actas = workshop.build("actas-cli", "actas")?;
    let configuration = command::output(Command::new(&actas).args(["config", "reference"]).env_clear())?;
    Ok(BTreeMap::from([
        ("cli.md".to_owned(), command_line(&actas)?),
        ("config.md".to_owned(), configuration),
    ]))
}

/// The help of the program and of each command, at any depth.
fn command_line(actas: &Path) -> Result<String, String> {
    let mut text = format!("# The command line\n\n{NOTE}\n");
    let mut open = vec![Vec::<String>::new()];
    while let Some(words) = open.pop() {
        let mut command = Command::new(actas);
        // Help shows what is set in the environment and fits the terminal; the document does neither.
        command.args(&words).arg("--help").env_clear().env("COLUMNS", "100");
        let help = command::output(&mut command)?;
        let title: Vec<&str> = std::iter::once("actas").chain(words.iter().map(String::as_str)).collect();
        let help: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        text.push_str(&format!("\n## {}\n\n```text\n{}\n```\n", title.join(" "), help.join("\n")));
        let commands: Vec<&str> = commands(&help).collect();
        open.extend(commands.iter().rev().map(|command| [&words[..], &[(*command).to_owned()]].concat()));
    }
    Ok(text)
}

/// The names under `Commands:`; the help of `help` says nothing new.
fn commands<'a>(help: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let listed =
        help.iter().skip_while(|line| **line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let entries = listed.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    entries.filter_map(|entry| entry.split_whitespace().next()).filter(|name| *name != "help")
}

fn present(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(format!("{}: {error}", folder.display())),
    };
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok((entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?))
    };
    entries
        .map(read)
        .collect::<std::io::Result<_>>()
        .map_err(|error| format!("{}: {error}", folder.display()))
}

fn differing(wanted: &BTreeMap<String, String>, present: &BTreeMap<String, String>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = wanted.keys().chain(present.keys()).collect();
    names.into_iter().filter(|name| wanted.get(*name) != present.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_the_help() {
        let help = [
            "Usage: actas <COMMAND>",
            "",
            "Commands:",
            "  dev    Runs",
            "         at once",
            "  serve  Serves",
            "  help   Prints",
            "",
            "Options:",
            "  -h, --help",
        ];
        assert_eq!(commands(&help).collect::<Vec<_>>(), ["dev", "serve"]);
    }

    #[test]
    fn changed_missing_and_forgotten_documents_differ() {
        let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let wanted = of(&[("a.md", "1"), ("b.md", "1"), ("c.md", "1")]);
        let present = of(&[("a.md", "1"), ("b.md", "2"), ("d.md", "1")]);
        assert_eq!(differing(&wanted, &present), ["b.md", "c.md", "d.md"]);
        assert_eq!(differing(&wanted, &wanted), Vec::<String>::new());
    }
}
