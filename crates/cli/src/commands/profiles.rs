//! `actas profiles list|add|set|remove|use`.

use crate::{
    args::{AddProfileArguments, ProfilesCommand, SetProfileArguments},
    exit::ExitError,
    output::{self, Cell, Column, Screen, Table},
    profiles::{self, Profile, Profiles},
    prompt,
    remote::{self, Names, Remote, actor_id},
};
use actas_domain::secret::SecretText;
use serde::Serialize;
use std::path::Path;

pub(crate) async fn run(command: ProfilesCommand) -> Result<(), ExitError> {
    let path = profiles::path()?;
    match command {
        ProfilesCommand::List { json } => list(&profiles::load(&path)?, json),
        ProfilesCommand::Add(arguments) => add(arguments, &path).await,
        ProfilesCommand::Set(arguments) => set(arguments, &path).await,
        ProfilesCommand::Remove { name } => {
            let was_default = profiles::edit(&path, |all| {
                all.profiles.remove(&name).ok_or_else(|| unknown(all, &name))?;
                Ok(all.default.take_if(|default| *default == name).is_some())
            })?;
            output::note(format!("{name} is removed; its secret key is valid as before"));
            if was_default {
                output::note("it was the default: actas profiles use NAME names another");
            }
            Ok(())
        }
        ProfilesCommand::Use { name } => {
            profiles::edit(&path, |all| {
                known(all, &name)?;
                all.default = Some(name.clone());
                Ok(())
            })?;
            output::note(format!("{name} is used wherever no other server is named"));
            Ok(())
        }
    }
}

fn known<'a>(all: &'a mut Profiles, name: &str) -> Result<&'a mut Profile, ExitError> {
    let error = unknown(all, name);
    all.profiles.get_mut(name).ok_or(error)
}

fn unknown(all: &Profiles, name: &str) -> ExitError {
    ExitError::Configuration(format!("there is no profile {:?}; {}", output::brief(name), all.names()))
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

fn list(all: &Profiles, json: bool) -> Result<(), ExitError> {
    let rows: Vec<Row<'_>> = all.profiles.iter().map(|(name, profile)| row(all, name, profile)).collect();
    if json {
        return output::json(&rows);
    }
    if rows.is_empty() {
        output::note("no profiles: actas profiles add NAME --url URL");
        return Ok(());
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
    output::line(table.render(&Screen::of_stdout(false)))
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

async fn add(arguments: AddProfileArguments, path: &Path) -> Result<(), ExitError> {
    let AddProfileArguments { name, url, allow_http, .. } = &arguments;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || name.starts_with('-') || !name.bytes().all(is_name) {
        return Err(ExitError::Configuration(format!(
            "{:?} cannot be the name of a profile: use letters, digits, and any of _ . -",
            output::brief(name)
        )));
    }
    is_free(&profiles::load(path)?, &arguments)?;
    let secret_key = SecretText::new("sk_".to_owned());
    let mut profile = Profile { url: url.clone(), secret_key, actor: None, allow_http: *allow_http };
    // A wrong URL is told before the key is asked for.
    Remote::of_profile(name, &profile)?;
    profile.secret_key = key(&arguments)?;
    save(name, profile, arguments.actor.as_deref(), path, |all, profile| {
        is_free(all, &arguments)?;
        all.profiles.insert(name.clone(), profile);
        if all.default.is_none() {
            all.default = Some(name.clone());
        }
        Ok(())
    })
    .await
}

/// Another profile keeps its name, unless it is to be replaced.
fn is_free(all: &Profiles, arguments: &AddProfileArguments) -> Result<(), ExitError> {
    let AddProfileArguments { name, replace, .. } = arguments;
    if all.profiles.contains_key(name) && !replace {
        return Err(ExitError::Configuration(format!(
            "there is a profile {name} already; --replace replaces it, and actas profiles set {name} changes its actor or \
             URL"
        )));
    }
    Ok(())
}

/// Changes what is given and keeps the rest, the key above all.
async fn set(arguments: SetProfileArguments, path: &Path) -> Result<(), ExitError> {
    let SetProfileArguments { name, url, actor, allow_http } = arguments;
    let mut profile = known(&mut profiles::load(path)?, &name)?.clone();
    profile.url = url.unwrap_or(profile.url);
    profile.allow_http |= allow_http;
    let actor = actor.or(profile.actor.take());
    save(&name, profile, actor.as_deref(), path, |all, profile| {
        *known(all, &name)? = profile;
        Ok(())
    })
    .await
}

/// Tries a profile, finds its actor, and keeps it. A server that is away is no reason not to, one that refuses the key is.
async fn save(
    name: &str,
    mut profile: Profile,
    actor: Option<&str>,
    path: &Path,
    keep: impl FnOnce(&mut Profiles, Profile) -> Result<(), ExitError>,
) -> Result<(), ExitError> {
    let remote = Remote::of_profile(name, &profile)?;
    let instance = remote.client.instance().get().await;
    if let Err(error) = &instance
        && error.is_unauthorized()
    {
        return Err(remote.explain(error));
    }
    profile.actor = match actor.filter(|actor| !actor.is_empty()) {
        Some(actor) if instance.is_ok() => Some(actor_id(&remote, actor).await?),
        actor => actor.map(str::to_owned),
    };
    let mut names = Names::default();
    if instance.is_ok() {
        names.learn(&remote, profile.actor.as_deref()).await;
    }
    let foreign = profile.actor.clone().filter(|actor| names.is_nobody(actor));
    profiles::edit(path, |all| keep(all, profile))?;
    output::note(format!("{name} is saved in {}", path.display()));
    if let Some(actor) = foreign {
        output::note(format!("its actor {} is no user of this server", output::harmless(&actor)));
    }
    match instance {
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
