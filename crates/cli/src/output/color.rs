//! Colours, where they are wanted.

use std::ffi::OsString;

/// What a text is to stand out as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Strong,
    Quiet,
    Good,
    Waiting,
    Bad,
}

impl Tone {
    /// The text in its colour, or as it is.
    pub(crate) fn paint(self, text: &str, colored: bool) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Strong => "1",
            Self::Quiet => "2",
            Self::Good => "32",
            Self::Waiting => "33",
            Self::Bad => "31",
        };
        if colored { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// How a status or an outcome of the API stands out.
    pub(crate) fn of_status(status: &str) -> Self {
        match status {
            "active" | "accepted" | "current" | "done" => Self::Good,
            "next" | "pending" => Self::Waiting,
            "banned" | "denied" | "locked" | "revoked" => Self::Bad,
            "abandoned" | "ended" | "expired" | "removed" | "replaced" | "retired" => Self::Quiet,
            _ => Self::Plain,
        }
    }
}

/// Whether to colour: never with `NO_COLOR`, always with `CLICOLOR_FORCE`, else on a terminal that can.
pub(crate) fn is_colored(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let given = |name| variable(name).filter(|value| !value.is_empty());
    let is = |name, text: &str| given(name).is_some_and(|value| value == text);
    if given("NO_COLOR").is_some() {
        return false;
    }
    if given("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") {
        return true;
    }
    is_terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colored(variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let variable = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(*value))
        };
        is_colored(variable, is_terminal)
    }

    #[test]
    fn a_terminal_is_coloured_and_nothing_else() {
        assert!(colored(&[], true));
        assert!(!colored(&[], false));
        assert!(!colored(&[("TERM", "dumb")], true));
        assert!(!colored(&[("CLICOLOR", "0")], true));
    }

    #[test]
    fn the_environment_decides_otherwise() {
        assert!(colored(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!colored(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!colored(&[("NO_COLOR", "1")], true));
        assert!(!colored(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
        assert!(colored(&[("NO_COLOR", "")], true), "an empty one says nothing");
    }
}
