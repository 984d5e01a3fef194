//! What `actas config print` shows: the effective value of every option and where it comes from.

use super::{
    Configuration, StoreChoice,
    load::{Loaded, Source},
    options::OPTIONS,
    spec::{Group, OptionSpec},
    value::quoted,
};
use std::fmt::Write as _;

/// An option as it is in effect.
#[derive(Debug)]
pub struct EffectiveOption {
    pub spec: &'static OptionSpec,
    /// As it would stand in the file; none while the option is not set, and for a secret.
    pub value: Option<String>,
    /// For people: a flag, a variable, a line of the file, "default", or what it follows from.
    pub source: String,
}

impl Loaded {
    /// Every option, in the order of the documentation.
    pub fn effective(&self) -> Vec<EffectiveOption> {
        OPTIONS.iter().map(|spec| self.effective_option(spec)).collect()
    }

    fn effective_option(&self, spec: &'static OptionSpec) -> EffectiveOption {
        let own = self.configuration.show(spec.key);
        let source = self.sources.get(spec.key).map_or_else(|| "not set".to_owned(), Source::to_string);
        match (own, self.configuration.derived(spec.key)) {
            (Some(_), _) if spec.secret => {
                EffectiveOption { spec, value: None, source: format!("set by {source}, not shown") }
            }
            (None, Some((value, from))) => {
                EffectiveOption { spec, value: Some(value), source: from.to_owned() }
            }
            (value, _) => EffectiveOption { spec, value, source },
        }
    }

    /// The effective values as a file that would configure the same, sources in comments.
    pub fn to_toml(&self) -> String {
        let options = self.effective();
        let mut text = String::new();
        for group in Group::ALL {
            if !text.is_empty() {
                text.push('\n');
            }
            let _ = writeln!(text, "# {}", group.title());
            for option in options.iter().filter(|option| option.spec.group == group) {
                // Writing to a string cannot fail.
                let _ = match &option.value {
                    Some(value) => writeln!(text, "{} = {value}  # {}", option.spec.key, option.source),
                    None => writeln!(text, "# {}: {}", option.spec.key, option.source),
                };
            }
        }
        text
    }
}

impl Configuration {
    /// The value of an option that is not set but follows from others, and what it follows from.
    fn derived(&self, key: &str) -> Option<(String, &'static str)> {
        match key {
            "issuer" => self.issuer().map(|issuer| {
                let is_public_url = self.public_url.as_ref().is_some_and(|url| url.as_str() == issuer);
                let from = if is_public_url { "as public_url" } else { "the host of publishable_key" };
                (quoted(&issuer), from)
            }),
            "cookie_domain" => {
                self.cookie_domain().map(|domain| (quoted(&domain), "shared by public_url and sign_in_url"))
            }
            "publishable_key" => self
                .publishable_key()
                .map(|key| (quoted(key.as_str()), "made from public_url and instance_kind")),
            "master_key_file" if self.master_key.is_none() && self.store == StoreChoice::Sqlite => {
                Some((quoted(&self.master_key_file().to_string_lossy()), "in data_dir"))
            }
            _ => None,
        }
    }
}
