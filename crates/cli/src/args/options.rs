//! One flag for every option of the configuration, made from its table.

use actas_server::config::{OPTIONS, OptionSpec, Shape};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// What the flags say, by the options' keys.
#[derive(Debug, Default)]
pub(crate) struct OptionFlags(pub(crate) Vec<(&'static str, String)>);

impl Args for OptionFlags {
    fn augment_args(command: Command) -> Command {
        command.args(OPTIONS.iter().filter(|spec| !spec.secret).map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OptionFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = OPTIONS.iter().filter(|spec| !spec.secret).filter_map(|spec| {
            let values: Vec<_> = matches.get_many::<String>(spec.key)?.map(String::as_str).collect();
            Some((spec.key, values.join(",")))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flag(spec: &'static OptionSpec) -> Arg {
    let default = spec.default.map(|text| format!(" [default: {text}]")).unwrap_or_default();
    let help = spec.help.trim().trim_end_matches('.');
    let arg = Arg::new(spec.key)
        .long(spec.flag())
        .help_heading(spec.group.title())
        .help(format!("{help}{default}"))
        .long_help(format!("{help}. Must be {}\n[env: {}]{default}", spec.expected(), spec.variable()));
    match spec.shape {
        Shape::One => arg.value_name("VALUE"),
        Shape::Switch => {
            arg.value_name("BOOLEAN").num_args(0..=1).require_equals(true).default_missing_value("true")
        }
        Shape::List => arg.value_name("VALUE").action(ArgAction::Append),
    }
}
