//! `actas profiles list|add|remove|use`.

use crate::{
    args::{AddProfileArguments, ProfilesCommand},
    exit::ExitError,
    output::{self, Cell, Column, Screen, Table},
    profiles::{self, Profile, Profiles},
    prompt,
    remote::{self, Remote},
};
use actas_domain::secret::SecretText;
use serde::Serialize;
use std::path::Path;

pub(crate) async fn run(command: ProfilesCommand) -> Result<(), ExitError> {
    let path = profiles::path()?;
    let mut all = profiles::load(&path)?;
    match command {
        ProfilesCommand::List { json } => {
            list(&all, json);
            Ok(())
        }
        ProfilesCommand::Add(arguments) => add(arguments, all, &path).await,
        ProfilesCommand::Remove { name } => {
            all.profiles.remove(&name).ok_or_else(|| unknown(&all, &name))?;
            let was_default = all.default.take_if(|default| *default == name).is_some();
            profiles::save(&path, &all)?;
            output::note(format!("{name} is removed; its secret key is valid as before"));
            if was_default {
                output::note("it was the default: actas profiles use NAME names another");
            }
            Ok(())
        }
        ProfilesCommand::Use { name } => {
            if !all.profiles.contains_key(&name) {
                return Err(unknown(&all, &name));
            }
            all.default = Some(name.clone());
            profiles::save(&path, &all)?;
            output::note(format!("{name} is used wherever no other server is named"));
            Ok(())
        }
    }
}

fn unknown(all: &Profiles, name: &str) -> ExitError {
    ExitError::NotFound(format!("there is no profile {name:?}; {}", all.names()))
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    url: &'a str,
    /// What kind of key it is, and nothing more of it.
    secret_key_prefix: String,
    actor: Option<&'a str>,
    default: bool,
}

fn list(all: &Profiles, json: bool) {
    let rows: Vec<Row<'_>> = all.profiles.iter().map(|(name, profile)| row(all, name, profile)).collect();
    if json {
        return output::json(&rows);
    }
    if rows.is_empty() {
        return output::note("no profiles: actas profiles add NAME --url URL");
    }
    let mut table = Table::new([
        Column::whole("NAME"),
        Column::whole("URL"),
        Column::whole("KEY"),
        Column::shrinks("ACTOR"),
        Column::spare("DEFAULT"),
    ]);
    for row in rows {
        table.add([
            Cell::new(row.name),
            Cell::new(row.url),
            Cell::new(format!("{}…", row.secret_key_prefix)),
            Cell::new(row.actor.unwrap_or_default()),
            Cell::new(if row.default { "yes" } else { "" }),
        ]);
    }
    output::line(table.render(&Screen::of_stdout(false)));
}

fn row<'a>(all: &'a Profiles, name: &'a str, profile: &'a Profile) -> Row<'a> {
    let key = profile.secret_key.reveal();
    let prefix =
        ["sk_test_", "sk_live_"].into_iter().find(|prefix| key.starts_with(prefix)).unwrap_or_default();
    Row {
        name,
        url: &profile.url,
        secret_key_prefix: prefix.to_owned(),
        actor: profile.actor.as_deref(),
        default: all.default.as_deref() == Some(name),
    }
}

async fn add(arguments: AddProfileArguments, mut all: Profiles, path: &Path) -> Result<(), ExitError> {
    let AddProfileArguments { name, url, actor, allow_http, replace, .. } = &arguments;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || name.starts_with('-') || !name.bytes().all(is_name) {
        return Err(ExitError::Configuration(format!(
            "{name:?} cannot be the name of a profile: use letters, digits, and any of _ . -"
        )));
    }
    if all.profiles.contains_key(name) && !replace {
        return Err(ExitError::Configuration(format!(
            "there is a profile {name} already; --replace replaces it"
        )));
    }
    let mut profile = Profile {
        url: url.clone(),
        secret_key: SecretText::new("sk_".to_owned()),
        actor: actor.clone().filter(|actor| !actor.is_empty()),
        allow_http: *allow_http,
    };
    // A wrong URL is told before the key is asked for.
    Remote::of_profile(name, &profile)?;
    profile.secret_key = key(&arguments)?;
    let remote = Remote::of_profile(name, &profile)?;
    all.profiles.insert(name.clone(), profile);
    if all.default.is_none() {
        all.default = Some(name.clone());
    }
    profiles::save(path, &all)?;
    output::note(format!("{name} is saved in {}", path.display()));
    match remote.client.instance().get().await {
        Ok(instance) => {
            let kind = instance.environment_type.map(|kind| format!("{kind} ")).unwrap_or_default();
            output::note(format!(
                "it works: {}",
                output::harmless(&format!("{kind}instance {}", instance.id))
            ));
        }
        Err(error) => output::note(format!("it does not work yet: {}", remote.explain(&error))),
    }
    Ok(())
}

fn key(arguments: &AddProfileArguments) -> Result<SecretText, ExitError> {
    if let Some(file) = &arguments.secret_key_file {
        return remote::key_file(file);
    }
    if prompt::is_possible() {
        let typed = prompt::secret(&format!("Secret key of {} (sk_…; it is not shown)", arguments.url))?;
        return remote::secret_key(typed.reveal(), "the terminal");
    }
    remote::key_file(Path::new("-"))
}
