//! `actas secret-keys create|list|revoke`.

use super::administer;
use crate::{
    args::SecretKeysCommand,
    exit::ExitError,
    output::{self, Cell, Column, Screen, Table, Tone},
};
use actas_server::control::{CreateSecretKey, CreatedSecretKey, RevokeSecretKey, SecretKeyShape};

pub(crate) async fn run(command: SecretKeysCommand) -> Result<(), ExitError> {
    match command {
        SecretKeysCommand::Create { target, name, json } => {
            let request = CreateSecretKey { name };
            let created: CreatedSecretKey =
                administer(&target, async |door| door.post("/secret-keys", &request).await).await?;
            let printed = if json { output::json(&created) } else { output::line(&created.secret_key) };
            printed.map_err(|error| {
                ExitError::Refused(format!(
                    "{error}; the key that was made is lost: actas secret-keys revoke {}",
                    created.key.id
                ))
            })?;
            if !json {
                output::note(format!(
                    "{} ({}) is valid now; this is the only time that it is shown",
                    created.key.id, created.key.name
                ));
            }
        }
        SecretKeysCommand::List { target, json } => {
            let keys: Vec<SecretKeyShape> =
                administer(&target, async |door| door.get("/secret-keys").await).await?;
            if json {
                output::json(&keys)?;
            } else {
                print(&keys)?;
            }
        }
        SecretKeysCommand::Revoke { id, target, even_the_last, json } => {
            let request = RevokeSecretKey { id, even_the_last };
            let key: SecretKeyShape =
                administer(&target, async |door| door.post("/secret-keys/revoke", &request).await).await?;
            if json {
                output::json(&key)?;
            } else {
                let at = key.revoked_at.unwrap_or_default();
                output::line(format!("{} ({}) is revoked since {at}", key.id, key.name))?;
            }
        }
    }
    Ok(())
}

fn print(keys: &[SecretKeyShape]) -> Result<(), ExitError> {
    let screen = Screen::of_stdout(false);
    let mut table = Table::new([
        Column::whole("ID"),
        Column::shrinks("NAME"),
        Column::whole("PREFIX"),
        Column::whole("CREATED"),
        Column::spare("REVOKED"),
    ]);
    for key in keys {
        let revoked = key.revoked_at.as_deref().unwrap_or_default();
        table.add([
            Cell::new(&key.id),
            Cell::new(&key.name),
            Cell::new(&key.prefix),
            Cell::new(screen.named_time(&key.created_at)),
            Cell::toned(Tone::Bad, screen.named_time(revoked)),
        ]);
    }
    output::line(table.render(&screen))
}
