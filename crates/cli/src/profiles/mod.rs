//! Named servers, each with its URL, secret key and usual actor: `profiles.toml`, of mode 0600.

mod file;

pub(crate) use file::{edit, load, no_place, path};

use actas_domain::secret::SecretText;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The profile that is used where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// One server, and who acts there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) url: String,
    #[serde(serialize_with = "file::reveal", deserialize_with = "file::hide")]
    pub(crate) secret_key: SecretText,
    /// `actor.sub` where `--actor` is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<String>,
    /// Plain http to a server on another machine is meant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_http: bool,
}

impl Profiles {
    /// The names, for an error that tells what there is.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.profiles.keys().map(String::as_str).collect();
        if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) }
    }
}
