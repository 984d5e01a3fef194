//! Where the profiles are kept, and how they are read and written.

use super::Profiles;
use crate::{exit::ExitError, load as sources, private_file};
use actas_domain::secret::SecretText;
use serde::{Deserialize as _, Deserializer, Serializer};
use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

const NOTE: &str = "\
# Written by `actas profiles`. It holds secret keys: keep it to yourself (mode 0600).
";

/// `actas/profiles.toml` in the folder of configuration files (XDG Base Directory Specification).
///
/// # Errors
/// [`ExitError::Configuration`] when neither `XDG_CONFIG_HOME` nor `HOME` names one.
pub(crate) fn path() -> Result<PathBuf, ExitError> {
    let folder = |name| sources::variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|path| path.join(".config")));
    base.map(|base| base.join("actas").join("profiles.toml")).ok_or_else(no_place)
}

/// The error of whoever asks for profiles where there can be none.
pub(crate) fn no_place() -> ExitError {
    ExitError::Configuration(
        "there is no place for profiles: set HOME or XDG_CONFIG_HOME to an absolute path".to_owned(),
    )
}

/// The profiles; none where there is no file.
///
/// # Errors
/// [`ExitError::Configuration`] when the file is open to others, cannot be read, or is no such file.
pub(crate) fn load(path: &Path) -> Result<Profiles, ExitError> {
    let Some(text) = private_file::read(path)? else { return Ok(Profiles::default()) };
    toml::from_str(&text).map_err(|error| {
        let line =
            error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        // The whole error would quote the line, and with it perhaps the key; so can what is said of a wrong type.
        let what = if error.message().contains("sk_") {
            "a secret key stands where none belongs"
        } else {
            error.message()
        };
        ExitError::Configuration(format!(
            "{}, line {line}: {what}; mend it, or remove the file and add the profiles anew",
            path.display(),
        ))
    })
}

/// Changes the profiles while no other process does, and gives what `change` gives. Makes the folder of mode 0700 where
/// there is none.
///
/// # Errors
/// What `change` and [`load`] say, and [`ExitError::Configuration`] when the file cannot be written.
pub(crate) fn edit<T>(
    path: &Path,
    change: impl FnOnce(&mut Profiles) -> Result<T, ExitError>,
) -> Result<T, ExitError> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(path, &error))?;
    }
    let _alone = private_file::lock(path).map_err(|error| failed(path, &error))?;
    let mut profiles = load(path)?;
    let changed = change(&mut profiles)?;
    save(path, &profiles)?;
    Ok(changed)
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> ExitError {
    ExitError::Configuration(format!("{} cannot be written: {error}", path.display()))
}

fn save(path: &Path, profiles: &Profiles) -> Result<(), ExitError> {
    let text = toml::to_string(profiles).map_err(|error| failed(path, &error))?;
    private_file::write(path, &format!("{NOTE}{text}")).map_err(|error| failed(path, &error))
}

pub(super) fn reveal<S: Serializer>(secret: &SecretText, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.reveal())
}

pub(super) fn hide<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
    String::deserialize(deserializer).map(SecretText::new)
}

#[cfg(test)]
mod tests {
    use super::{super::Profile, *};

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("profiles.toml");
        assert!(load(&path).unwrap().profiles.is_empty());
        let profile = Profile {
            url: "https://actas.example.com".to_owned(),
            secret_key: SecretText::new("sk_live_x".to_owned()),
            actor: Some("user_alice".to_owned()),
            allow_http: false,
        };
        let saved =
            Profiles { default: Some("prod".to_owned()), profiles: [("prod".to_owned(), profile)].into() };
        edit(&path, |all| {
            *all = saved;
            Ok(())
        })
        .unwrap();
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.default.as_deref(), Some("prod"));
        assert_eq!(loaded.profiles["prod"].secret_key.reveal(), "sk_live_x");
        assert!(!format!("{loaded:?}").contains("sk_live_x"));
    }

    #[test]
    fn edits_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("actas/profiles.toml");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for number in 0..10 {
                        let profile = Profile {
                            url: "https://actas.example.com".to_owned(),
                            secret_key: SecretText::new("sk_live_x".to_owned()),
                            actor: None,
                            allow_http: false,
                        };
                        let add = |all: &mut Profiles| {
                            Ok(all.profiles.insert(format!("{thread}.{number}"), profile))
                        };
                        edit(path, add).unwrap();
                    }
                });
            }
        });
        assert_eq!(load(&path).unwrap().profiles.len(), 40);
    }

    #[test]
    fn a_wrong_line_is_named_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profiles.toml");
        private_file::write(&path, "[profiles.prod]\nurl = \"x\"\nsecret_key = [\"sk_live_secret\"]\n")
            .unwrap();
        let told = load(&path).unwrap_err().to_string();
        assert!(told.contains("profiles.toml, line 3: ") && !told.contains("sk_live_secret"), "{told}");
        private_file::write(&path, "[profiles.prod]\nurl = \"x\"\n").unwrap();
        let told = load(&path).unwrap_err().to_string();
        assert!(told.contains("secret_key"), "{told}");
        private_file::write(&path, "[profiles]\nprod = \"sk_live_secret\"\n").unwrap();
        let told = load(&path).unwrap_err().to_string();
        assert!(told.contains("line 2") && !told.contains("sk_live_secret"), "{told}");
    }
}
