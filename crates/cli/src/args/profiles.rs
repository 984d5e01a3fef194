//! `actas profiles`, `actas completions` and `actas man`.

use clap::{Args, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

pub(super) const PROFILES_EXAMPLES: &str = "\
Profiles are kept in $XDG_CONFIG_HOME/actas/profiles.toml (or ~/.config/actas/profiles.toml), of
mode 0600. A file that others can open is refused.

Examples:
  actas profiles add prod --url https://actas.example.com --actor MY_ID     asks for the secret key
  pass show actas/prod | actas profiles add prod --url https://actas.example.com
  actas profiles use prod
  actas profiles set prod --actor me@example.com
  actas profiles list";

#[derive(Debug, Subcommand)]
pub(crate) enum ProfilesCommand {
    /// List the profiles, without their keys
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a profile; the secret key is asked for, or read from the standard input
    Add(AddProfileArguments),
    /// Change the actor or the URL of a profile; its key stays
    Set(SetProfileArguments),
    /// Remove a profile
    Remove {
        /// The profile's name
        name: String,
    },
    /// Use a profile wherever no other server is named
    Use {
        /// The profile's name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddProfileArguments {
    /// What it is called
    pub(crate) name: String,
    /// The server's URL
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// The file that the secret key is in [default: asked for in a terminal, else the standard input]
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_key_file: Option<PathBuf>,
    /// Who acts where `actas impersonate` is not told: your own id or e-mail address
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// Speak plain http to a server on another machine; whoever is on the way can read the key and the links
    #[arg(long)]
    pub(crate) allow_http: bool,
    /// Replace the profile of this name
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["actor", "url", "allow_http"]))]
pub(crate) struct SetProfileArguments {
    /// What it is called
    pub(crate) name: String,
    /// Where the server is now; it is sent the profile's secret key
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Who acts: an id, or the e-mail address of a user; an empty one is nobody
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// Speak plain http to a server on another machine; whoever is on the way can read the key and the links
    #[arg(long)]
    pub(crate) allow_http: bool,
}

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  actas completions bash > ~/.local/share/bash-completion/completions/actas
  actas completions zsh > ~/.zfunc/_actas              with fpath+=~/.zfunc before compinit in ~/.zshrc
  actas completions fish > ~/.config/fish/completions/actas.fish";

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell to complete in
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Where to write a page for each command; the folder is made
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}
