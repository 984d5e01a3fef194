//! Which server a command speaks to, with which key, and who said so.

use crate::{
    args::ServerArguments,
    exit::ExitError,
    output::{brief, harmless},
    profiles::{Profile, Profiles},
};
use actas_domain::secret::SecretText;
use std::path::Path;

/// A server, its key, and where both come from.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) url: String,
    pub(crate) secret_key: SecretText,
    pub(crate) url_from: String,
    pub(crate) key_from: String,
    /// Of the profile.
    pub(crate) actor: Option<String>,
    /// Of the profile.
    pub(crate) profile: Option<String>,
    /// Plain http to a server on another machine is meant.
    pub(crate) allow_http: bool,
    /// Nobody named this server in this call.
    pub(crate) is_implicit: bool,
    /// The flags that named it, for a command to type next; each with a space before it.
    pub(crate) flags: String,
}

impl Choice {
    /// One that was named, and is no profile.
    fn plain(url: String, secret_key: SecretText, url_from: String, key_from: String) -> Self {
        Self {
            url,
            secret_key,
            url_from,
            key_from,
            actor: None,
            profile: None,
            allow_http: false,
            is_implicit: false,
            flags: String::new(),
        }
    }
}

/// What a choice is made from, beside the arguments. Each is only asked when it is needed.
pub(super) trait Sources {
    fn variable(&self, name: &str) -> Option<String>;
    /// The key that is in a file, or on the standard input.
    fn key_file(&self, path: &Path) -> Result<SecretText, ExitError>;
    /// None where there is no place for any.
    fn profiles(&self) -> Result<Option<Profiles>, ExitError>;
    /// What `actas dev` wrote into this folder: URL and key.
    fn dev(&self) -> Result<Option<(String, SecretText)>, ExitError>;
}

const URL: &str = "ACTAS_URL";
const SECRET_KEY: &str = "CLERK_SECRET_KEY";
const PROFILE: &str = "ACTAS_PROFILE";

/// Flags are stronger than variables, and those than what lies around. URL and key of a profile stay together, so that
/// no server is sent the key of another one.
pub(super) fn choose(arguments: &ServerArguments, sources: &impl Sources) -> Result<Choice, ExitError> {
    if let Some(name) = &arguments.profile {
        let choice = of_profile(&named(sources)?, name, "--profile", false)?;
        let allow_http = choice.allow_http || arguments.allow_http;
        return Ok(Choice { allow_http, flags: flags(arguments), ..choice });
    }
    let variable = |name| sources.variable(name).filter(|text| !text.is_empty());
    let named_profile = variable(PROFILE);
    if arguments.url.is_some() || arguments.secret_key_file.is_some() {
        return of_parts(arguments, sources);
    }
    if variable(URL).is_some() {
        if let Some(name) = named_profile {
            return Err(wrong(format!(
                "both {URL} and {PROFILE} ({name}) are set, and each names a server: unset one of them, or say which \
                 with --url or --profile"
            )));
        }
        return of_parts(arguments, sources);
    }
    if let Some(name) = named_profile {
        return of_profile(&named(sources)?, &name, PROFILE, false);
    }
    lying_around(sources)
}

/// What is used where nobody names a server: the one that is there, if there is but one.
fn lying_around(sources: &impl Sources) -> Result<Choice, ExitError> {
    let profiles = sources.profiles()?.unwrap_or_default();
    match (&profiles.default, sources.dev()?) {
        (Some(name), None) => of_profile(&profiles, name, "the default profile", true),
        // A command that was meant for the server of this folder would do its work at another one.
        (Some(name), Some((url, _))) => Err(wrong(format!(
            "two servers could be meant, the default profile {name} and {url} ({}): say --profile {name} or --url {url}",
            super::DEV_ENV
        ))),
        (None, Some((url, secret_key))) => {
            let from = super::DEV_ENV.to_owned();
            Ok(Choice { is_implicit: true, ..Choice::plain(url, secret_key, from.clone(), from) })
        }
        (None, None) if !profiles.profiles.is_empty() => Err(wrong(format!(
            "no server is named, and no profile is the default; {}: say --profile NAME, or actas profiles use NAME",
            profiles.names()
        ))),
        (None, None) => Err(wrong(format!(
            "no server is named: add a profile (actas profiles add NAME --url URL), or set {URL} and {SECRET_KEY}, or \
             start actas dev in this folder"
        ))),
    }
}

fn named(sources: &impl Sources) -> Result<Profiles, ExitError> {
    sources.profiles()?.ok_or_else(crate::profiles::no_place)
}

/// The flags that name a server, as they would be typed again.
fn flags(arguments: &ServerArguments) -> String {
    let text = |path: &std::path::PathBuf| path.display().to_string();
    let named = [
        ("--profile", arguments.profile.clone()),
        ("--url", arguments.url.clone()),
        ("--secret-key-file", arguments.secret_key_file.as_ref().map(text)),
    ];
    let mut flags: String = named
        .into_iter()
        .filter_map(|(flag, value)| Some(format!(" {flag} {}", super::quoted(&value?))))
        .collect();
    if arguments.allow_http {
        flags.push_str(" --allow-http");
    }
    flags
}

fn of_parts(arguments: &ServerArguments, sources: &impl Sources) -> Result<Choice, ExitError> {
    let variable = |name| sources.variable(name).filter(|text: &String| !text.is_empty());
    let (url, url_from) = match &arguments.url {
        Some(url) => (url.clone(), "--url".to_owned()),
        None => (
            variable(URL).ok_or_else(|| wrong(format!("no server is named: add --url, or set {URL}")))?,
            URL.to_owned(),
        ),
    };
    let (secret_key, key_from) = match &arguments.secret_key_file {
        Some(path) => (sources.key_file(path)?, super::key_source(path)),
        None => match variable(SECRET_KEY) {
            Some(key) => (super::secret_key(&key, SECRET_KEY)?, SECRET_KEY.to_owned()),
            None => (
                of_dev(&url, sources)?.ok_or_else(|| {
                    wrong(format!(
                        "no secret key for {} (from {url_from}): set {SECRET_KEY}, or name its file with \
                         --secret-key-file; where the server runs, actas secret-keys create makes one",
                        harmless(&url)
                    ))
                })?,
                super::DEV_ENV.to_owned(),
            ),
        },
    };
    let choice = Choice::plain(url, secret_key, url_from, key_from);
    Ok(Choice { allow_http: arguments.allow_http, flags: flags(arguments), ..choice })
}

/// The key that `actas dev` made for exactly this server.
fn of_dev(url: &str, sources: &impl Sources) -> Result<Option<SecretText>, ExitError> {
    let trimmed = url.trim_end_matches('/');
    Ok(sources.dev()?.filter(|(of_dev, _)| of_dev.trim_end_matches('/') == trimmed).map(|(_, key)| key))
}

pub(super) fn of_profile(
    profiles: &Profiles,
    name: &str,
    named_by: &str,
    is_implicit: bool,
) -> Result<Choice, ExitError> {
    let Some(Profile { url, secret_key, actor, allow_http }) = profiles.profiles.get(name).cloned() else {
        return Err(wrong(format!(
            "there is no profile {:?} ({named_by}); {}. Add it with actas profiles add NAME --url URL",
            brief(name),
            profiles.names()
        )));
    };
    let from = format!("profile {name}");
    Ok(Choice {
        url,
        secret_key,
        url_from: from.clone(),
        key_from: from,
        actor,
        profile: Some(name.to_owned()),
        allow_http,
        is_implicit,
        flags: String::new(),
    })
}

fn wrong(text: String) -> ExitError {
    ExitError::Configuration(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[derive(Default)]
    struct Given {
        variables: Vec<(&'static str, &'static str)>,
        default: Option<&'static str>,
        dev: bool,
    }

    impl Sources for Given {
        fn variable(&self, name: &str) -> Option<String> {
            self.variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        }

        fn key_file(&self, path: &Path) -> Result<SecretText, ExitError> {
            Ok(SecretText::new(format!("sk_{}", path.display())))
        }

        fn profiles(&self) -> Result<Option<Profiles>, ExitError> {
            let profile = |name: &str| Profile {
                url: format!("https://{name}"),
                secret_key: SecretText::new(format!("sk_{name}")),
                actor: Some(format!("actor of {name}")),
                allow_http: false,
            };
            let profiles = ["prod", "stage"].map(|name| (name.to_owned(), profile(name)));
            Ok(Some(Profiles { default: self.default.map(str::to_owned), profiles: profiles.into() }))
        }

        fn dev(&self) -> Result<Option<(String, SecretText)>, ExitError> {
            Ok(self.dev.then(|| ("http://dev".to_owned(), SecretText::new("sk_dev".to_owned()))))
        }
    }

    fn chosen(arguments: ServerArguments, given: Given) -> Result<(String, String, bool), String> {
        let choice = choose(&arguments, &given).map_err(|error| error.to_string())?;
        Ok((choice.url, choice.secret_key.reveal().to_owned(), choice.is_implicit))
    }

    fn is(url: &str, key: &str, is_implicit: bool) -> Result<(String, String, bool), String> {
        Ok((url.to_owned(), key.to_owned(), is_implicit))
    }

    fn of(profile: Option<&str>, url: Option<&str>, file: Option<&str>) -> ServerArguments {
        ServerArguments {
            profile: profile.map(str::to_owned),
            url: url.map(str::to_owned),
            secret_key_file: file.map(PathBuf::from),
            allow_http: false,
        }
    }

    fn everything() -> Given {
        let variables = vec![("ACTAS_URL", "http://variable"), ("CLERK_SECRET_KEY", "sk_variable")];
        Given { variables, default: Some("prod"), dev: true }
    }

    #[test]
    fn what_is_nearer_is_stronger() {
        assert_eq!(
            chosen(of(Some("stage"), None, None), everything()),
            is("https://stage", "sk_stage", false)
        );
        assert_eq!(
            chosen(of(None, Some("http://x"), Some("f")), everything()),
            is("http://x", "sk_f", false)
        );
        assert_eq!(
            chosen(of(None, Some("http://x"), None), everything()),
            is("http://x", "sk_variable", false)
        );
        assert_eq!(chosen(of(None, None, None), everything()), is("http://variable", "sk_variable", false));
        let profile = Given { variables: vec![("ACTAS_PROFILE", "stage")], ..everything() };
        assert_eq!(chosen(of(None, None, None), profile), is("https://stage", "sk_stage", false));
        let app = || vec![("CLERK_SECRET_KEY", "sk_of_an_app")];
        let default = Given { variables: app(), dev: false, ..everything() };
        assert_eq!(chosen(of(None, None, None), default), is("https://prod", "sk_prod", true));
        let dev = Given { variables: app(), default: None, dev: true };
        assert_eq!(chosen(of(None, None, None), dev), is("http://dev", "sk_dev", true));
    }

    #[test]
    fn no_key_is_sent_to_a_server_that_it_was_not_given_for() {
        let key_alone = || Given { variables: vec![("CLERK_SECRET_KEY", "sk_variable")], ..Given::default() };
        let url_alone = Given { variables: vec![("ACTAS_URL", "http://variable")], ..everything() };
        for (arguments, given) in [
            (of(None, None, None), key_alone()),
            (of(None, None, Some("f")), key_alone()),
            (of(None, None, None), url_alone),
            (
                of(None, Some("http://x"), None),
                Given { default: Some("prod"), dev: true, ..Given::default() },
            ),
        ] {
            assert!(chosen(arguments, given).is_err());
        }
    }

    #[test]
    fn two_servers_that_lie_around_are_told_apart_by_a_flag() {
        let both = || Given { default: Some("prod"), dev: true, ..Given::default() };
        let told = chosen(of(None, None, None), both()).unwrap_err();
        assert!(told.contains("--profile prod or --url http://dev"), "{told}");
        assert_eq!(chosen(of(None, Some("http://dev/"), None), both()), is("http://dev/", "sk_dev", false));
        assert_eq!(chosen(of(Some("prod"), None, None), both()), is("https://prod", "sk_prod", false));
    }

    #[test]
    fn the_flags_that_named_a_server_can_be_typed_again() {
        let flags = |arguments| choose(&arguments, &everything()).unwrap().flags;
        assert_eq!(flags(of(Some("stage"), None, None)), " --profile stage");
        assert_eq!(
            flags(of(None, Some("http://x"), Some("a key"))),
            " --url http://x --secret-key-file 'a key'"
        );
        assert_eq!(flags(of(None, None, None)), "", "the variable stands for both");
    }

    #[test]
    fn two_variables_that_name_servers_are_refused() {
        let mut given = everything();
        given.variables.push(("ACTAS_PROFILE", "stage"));
        let told = chosen(of(None, None, None), given).unwrap_err();
        assert!(told.contains("both ACTAS_URL and ACTAS_PROFILE (stage) are set"), "{told}");
    }

    #[test]
    fn an_unknown_profile_is_told_with_those_there_are() {
        let told = chosen(of(Some("prd"), None, None), everything()).unwrap_err();
        assert!(told.contains("\"prd\" (--profile); there are prod, stage"), "{told}");
        let told = chosen(of(None, None, None), Given::default()).unwrap_err();
        assert!(told.contains("there are prod, stage: say --profile NAME"), "{told}");
    }
}
