//! Which server a command speaks to, with which key, and who said so.

use crate::{
    args::ServerArguments,
    exit::ExitError,
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
}

impl Choice {
    /// One that was named, and is no profile.
    fn plain(url: String, secret_key: SecretText, url_from: String, key_from: String) -> Self {
        let (actor, profile) = (None, None);
        Self { url, secret_key, url_from, key_from, actor, profile, allow_http: false, is_implicit: false }
    }
}

/// What a choice is made from, beside the arguments. Each is only asked when it is needed.
pub(super) trait Sources {
    fn variable(&self, name: &str) -> Option<String>;
    /// The key that is in a file, or on the standard input.
    fn key_file(&self, path: &Path) -> Result<SecretText, ExitError>;
    fn profiles(&self) -> Result<Profiles, ExitError>;
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
        let choice = of_profile(&sources.profiles()?, name, "--profile", false)?;
        return Ok(Choice { allow_http: choice.allow_http || arguments.allow_http, ..choice });
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
        return of_profile(&sources.profiles()?, &name, PROFILE, false);
    }
    let profiles = sources.profiles()?;
    if let Some(name) = &profiles.default {
        return of_profile(&profiles, name, "the default profile", true);
    }
    if let Some((url, secret_key)) = sources.dev()? {
        let from = super::DEV_ENV.to_owned();
        return Ok(Choice { is_implicit: true, ..Choice::plain(url, secret_key, from.clone(), from) });
    }
    Err(wrong(format!(
        "no server is named: add a profile (actas profiles add NAME --url URL), or set {URL} and {SECRET_KEY}, or start \
         actas dev in this folder"
    )))
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
        None => {
            let key = variable(SECRET_KEY).ok_or_else(|| {
                wrong(format!(
                    "no secret key for {url} (from {url_from}): set {SECRET_KEY}, or name its file with \
                     --secret-key-file; where the server runs, actas secret-keys create makes one"
                ))
            })?;
            (super::secret_key(&key, SECRET_KEY)?, SECRET_KEY.to_owned())
        }
    };
    Ok(Choice { allow_http: arguments.allow_http, ..Choice::plain(url, secret_key, url_from, key_from) })
}

pub(super) fn of_profile(
    profiles: &Profiles,
    name: &str,
    named_by: &str,
    is_implicit: bool,
) -> Result<Choice, ExitError> {
    let Some(Profile { url, secret_key, actor, allow_http }) = profiles.profiles.get(name).cloned() else {
        return Err(wrong(format!(
            "there is no profile {name:?} ({named_by}); {}. Add it with actas profiles add {name} --url URL",
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

        fn profiles(&self) -> Result<Profiles, ExitError> {
            let profile = |name: &str| Profile {
                url: format!("https://{name}"),
                secret_key: SecretText::new(format!("sk_{name}")),
                actor: Some(format!("actor of {name}")),
                allow_http: false,
            };
            let profiles = ["prod", "stage"].map(|name| (name.to_owned(), profile(name)));
            Ok(Profiles { default: self.default.map(str::to_owned), profiles: profiles.into() })
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
        let default = Given { variables: vec![("CLERK_SECRET_KEY", "sk_of_an_app")], ..everything() };
        assert_eq!(chosen(of(None, None, None), default), is("https://prod", "sk_prod", true));
        let dev = Given { variables: vec![("CLERK_SECRET_KEY", "sk_of_an_app")], default: None, dev: true };
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
        assert!(told.contains("actas profiles add"), "{told}");
    }
}
