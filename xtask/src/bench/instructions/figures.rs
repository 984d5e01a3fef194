//! The committed figures.

use super::{Counts, callgrind};
use crate::command;
use std::{collections::BTreeMap, fmt::Write as _, process::Command};

/// How far a count may be from its figure, in per cent. More is refused; less is told, for the next regression would
/// hide in what was gained. Runs of one binary differ by less than one per cent.
const TOLERANCE_PERCENT: f64 = 5.0;

const HEAD: &str = "\
# Instructions per operation, without those of its signature. Written by `cargo xtask bench instructions --accept`;
# `cargo xtask test` fails where a count is five per cent above its figure.
";

/// What the figures depend on besides the code.
pub(super) type Tools = BTreeMap<&'static str, String>;

pub(super) struct Figures(toml::Table);

/// Counts that are away from their figures.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differing {
    pub(super) above: Vec<String>,
    pub(super) below: Vec<String>,
}

impl Figures {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: toml::de::Error| error.to_string())
    }

    pub(super) fn render(counts: &Counts, tools: &Tools) -> String {
        let mut text = HEAD.to_owned();
        let mut table = "";
        for ((store, operation), counted) in counts {
            if table != *store {
                let _ = write!(text, "\n[{store}]\n");
                table = store;
            }
            let _ = writeln!(text, "{operation} = {}", counted.instructions);
        }
        text.push_str("\n[counted_with]\n");
        for (tool, version) in tools {
            let _ = writeln!(text, "{tool} = {}", toml::Value::from(version.as_str()));
        }
        text
    }

    pub(super) fn tools() -> Result<Tools, String> {
        let first_line = |program: &str| -> Result<String, String> {
            let printed = command::output(Command::new(program).arg("--version"))?;
            Ok(printed.lines().next().unwrap_or_default().to_owned())
        };
        let (cc, rustc) = (first_line("cc")?, first_line("rustc")?);
        Ok(BTreeMap::from([("cc", cc), ("rustc", rustc), ("valgrind", callgrind::version()?)]))
    }

    /// A sentence for each count that is above its figure, or has none; and one for each that is below.
    pub(super) fn differing(&self, counts: &Counts) -> Differing {
        let mut differing = Differing::default();
        for ((store, operation), counted) in counts {
            let name = format!("{operation} on {store}");
            let Some(figure) = self.0.get(*store).and_then(|table| table.get(*operation)?.as_integer())
            else {
                differing.above.push(format!("{name} has no figure"));
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "instructions of an operation are far below 2^52")]
            let percent = (counted.instructions as f64 / figure as f64 - 1.0) * 100.0;
            let sentence =
                || format!("{name} takes {} instructions, {percent:+.1} % of {figure}", counted.instructions);
            if percent >= TOLERANCE_PERCENT {
                differing.above.push(sentence());
            } else if percent <= -TOLERANCE_PERCENT {
                differing.below.push(sentence());
            }
        }
        differing
    }

    /// Words about tools that are not those of the figures, for a compiler can be the reason too.
    pub(super) fn other_tools(&self, tools: &Tools) -> String {
        let mut words = String::new();
        for (tool, version) in tools {
            let with =
                self.0.get("counted_with").and_then(|table| table.get(*tool)?.as_str()).unwrap_or("none");
            if with != version {
                let _ = write!(words, "; the figures are of `{with}`, and here is `{version}`");
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Counted, *};

    fn counts(instructions: u64) -> Counts {
        let counted = Counted { instructions, ..Counted::default() };
        Counts::from([(("memory", "create"), counted), (("sqlite", "mint"), counted)])
    }

    fn tools(version: &str) -> Tools {
        Tools::from([("cc", version.to_owned())])
    }

    #[test]
    fn five_per_cent_is_too_far() {
        let figures = Figures::parse(&Figures::render(&counts(1_000), &tools("cc 12"))).unwrap();
        for near in [1_000, 951, 1_049] {
            assert_eq!(figures.differing(&counts(near)), Differing::default(), "{near}");
        }
        let more = figures.differing(&counts(1_050));
        assert_eq!(more.above[0], "create on memory takes 1050 instructions, +5.0 % of 1000");
        assert_eq!((more.above.len(), more.below.len()), (2, 0));
        let less = figures.differing(&counts(950));
        assert_eq!((less.above.len(), less.below.len()), (0, 2));
    }

    #[test]
    fn what_has_no_figure_is_named() {
        let figures = Figures::parse("[memory]\ncreate = 7\n").unwrap();
        assert_eq!(figures.differing(&counts(7)).above, ["mint on sqlite has no figure"]);
        assert!(Figures::parse("create = ").is_err());
    }

    #[test]
    fn other_tools_are_named() {
        let figures = Figures::parse(&Figures::render(&counts(1), &tools("cc 12"))).unwrap();
        assert_eq!(figures.other_tools(&tools("cc 12")), "");
        assert_eq!(figures.other_tools(&tools("cc 14")), "; the figures are of `cc 12`, and here is `cc 14`");
    }
}
