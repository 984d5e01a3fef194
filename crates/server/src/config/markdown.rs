//! The reference of the configuration, made from the table of options.

use super::{
    options::OPTIONS,
    spec::{Group, OptionSpec, Shape},
};
use std::fmt::Write as _;

/// The Markdown of `docs/generated/config.md`.
pub fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    for group in Group::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n## {}\n", group.title());
        text.push_str("| Key | Default | What it does |\n| --- | --- | --- |\n");
        for spec in OPTIONS.iter().filter(|spec| spec.group == group) {
            text.push_str(&row(spec));
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Made from the table of options in the code: change it there. -->

Every option can be given on the command line of `actas serve`, in the environment, or in a TOML file named by
`--config` (or `ACTAS_CONFIG`). A flag is stronger than the environment, the environment is stronger than the file.
The option `session_token_seconds` is the flag `--session-token-seconds`, the variable `ACTAS_SESSION_TOKEN_SECONDS`
and the line `session_token_seconds = 60`. In a flag or a variable, commas separate the items of a list. A variable
that is empty counts as not set. Unknown keys and unknown variables that begin with `ACTAS_` are refused.

`actas config check` says what is wrong with a configuration; `actas config print` shows the effective values and
where each comes from.
";

fn row(spec: &OptionSpec) -> String {
    let default = match (spec.default, spec.shape) {
        (Some(text), _) => format!("`{text}`"),
        (None, Shape::List) => "`[]`".to_owned(),
        (None, _) => "–".to_owned(),
    };
    let rule = if spec.secret {
        format!("A secret: only by `{}`, never in a file or a flag.", spec.variable())
    } else {
        format!("Must be {}.", spec.expected())
    };
    format!("| `{}` | {default} | {} {rule} |\n", spec.key, spec.help.trim())
}
