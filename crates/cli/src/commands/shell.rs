//! `actas completions` and `actas man`: printed from the command line's own definition.

use crate::{
    args::{Arguments, CompletionsArguments, ManArguments},
    exit::ExitError,
    output,
};
use clap::CommandFactory as _;
use std::{fs, io, path::Path};

pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<(), ExitError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "actas", &mut script);
    output::raw(&script)
}

pub(crate) fn man(arguments: &ManArguments) -> Result<(), ExitError> {
    let folder = &arguments.out;
    let failed = |error: io::Error| {
        ExitError::Refused(format!("the pages cannot be written to {}: {error}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut root = Arguments::command().disable_help_subcommand(true);
    root.build();
    let pages = write(&root, "actas", "actas", folder).map_err(failed)?;
    output::note(format!("{pages} pages in {}; the first is actas.1", folder.display()));
    Ok(())
}

/// Writes the page of a command and of those under it, and gives their number.
fn write(command: &clap::Command, name: &str, shown: &str, folder: &Path) -> io::Result<usize> {
    let notes = command.get_after_help().map(|notes| notes.to_string()).unwrap_or_default();
    let plain = command.clone().name(name.to_owned()).bin_name(shown.to_owned()).after_help(None::<&str>);
    let version = concat!("actas ", env!("CARGO_PKG_VERSION"));
    let mut text = Vec::new();
    clap_mangen::Man::new(plain).source(version).manual("Actas").render(&mut text)?;
    text.extend(as_they_are(&notes).bytes());
    fs::write(folder.join(format!("{name}.1")), text)?;
    let mut pages = 1;
    for under in command.get_subcommands().filter(|under| !under.is_hide_set()) {
        let own = under.get_name();
        pages += write(under, &format!("{name}-{own}"), &format!("{shown} {own}"), folder)?;
    }
    Ok(pages)
}

/// A section whose lines stay as they are: examples and lists of codes are no running text.
fn as_they_are(notes: &str) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let lines = notes.lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        // At the beginning of a line these would be commands.
        if line.starts_with(['.', '\'']) { format!("\\&{line}\n") } else { format!("{line}\n") }
    });
    format!(".SH NOTES\n.nf\n{}.fi\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_as_they_are_and_command_nothing() {
        assert_eq!(as_they_are(""), "");
        assert_eq!(
            as_they_are("Examples:\n.actas -x 'a\\b'\n'quoted'"),
            ".SH NOTES\n.nf\nExamples:\n\\&.actas \\-x 'a\\eb'\n\\&'quoted'\n.fi\n"
        );
    }
}
