//! `dev.env`: what an app's environment needs. It is also where the development secret key is kept, because the
//! store has only its hash; when the file is lost, a new key is made.

use super::has_live_keys;
use crate::{data_folder::DataFolder, exit::ExitError};
use actas_domain::{
    caller::Context,
    secret::{SecretKind, SecretText},
    secret_key::{authenticate::authenticate, create},
    world::World,
};
use std::path::PathBuf;

const FILE: &str = "dev.env";
const SECRET_KEY: &str = "CLERK_SECRET_KEY";
/// What the development key is called in `actas secret-keys list`.
const KEY_NAME: &str = "actas dev";

/// What an app's SDKs are told.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) secret_key: SecretText,
    pub(super) publishable_key: String,
    /// The root of both APIs.
    pub(super) url: String,
}

/// The key of the last start, while it is valid and of the kind that is wanted, or a new one.
pub(super) async fn secret_key(world: &World, folder: Option<&DataFolder>) -> Result<SecretText, ExitError> {
    let live = has_live_keys(world.settings.instance_kind);
    let kind = if live { SecretKind::LiveSecretKey } else { SecretKind::TestSecretKey };
    if let Some(kept) = folder.and_then(kept_key)
        && kept.reveal().starts_with(kind.prefix())
        && authenticate(world, kept.reveal()).await?.is_some()
    {
        return Ok(kept);
    }
    let (_, text) = create::create(world, &Context::operator(), KEY_NAME, live).await?;
    Ok(text)
}

fn kept_key(folder: &DataFolder) -> Option<SecretText> {
    let text = std::fs::read_to_string(folder.path().join(FILE)).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(SECRET_KEY)?.strip_prefix('='))?;
    Some(SecretText::new(value.to_owned()))
}

/// Writes the file, of mode 0600; a shell can read it (`set -a; . dev.env`).
pub(super) fn write(folder: &DataFolder, keys: &Keys) -> Result<PathBuf, ExitError> {
    let Keys { secret_key, publishable_key, url } = keys;
    let secret_key = secret_key.reveal();
    folder.write_private(
        FILE,
        &format!(
            "# Written by actas dev at each start. In a shell: set -a; . {FILE}; set +a\n\
             {SECRET_KEY}={secret_key}\n\
             CLERK_PUBLISHABLE_KEY={publishable_key}\n\
             CLERK_API_URL={url}\n\
             CLERK_PROXY_URL={url}\n\
             ACTAS_URL={url}\n"
        ),
    )
}
