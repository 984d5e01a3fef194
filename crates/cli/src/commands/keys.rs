//! `actas keys list|rotate`.

use super::administer;
use crate::{args::KeysCommand, exit::ExitError, output};
use actas_server::control::{RotateKeys, SigningKeyShape};

pub(crate) async fn run(command: KeysCommand) -> Result<(), ExitError> {
    match command {
        KeysCommand::List { target, json } => {
            let keys: Vec<SigningKeyShape> =
                administer(&target, async |door| door.get("/keys").await).await?;
            if json {
                output::json(&keys);
            } else {
                output::table(
                    ["ID", "STATUS", "PUBLISHED SINCE", "SIGNS SINCE", "RETIRED AT", "NEEDED UNTIL"],
                    &keys.into_iter().map(row).collect::<Vec<_>>(),
                );
            }
        }
        KeysCommand::Rotate { target, now, withdraw, json } => {
            let key: SigningKeyShape = administer(&target, async |door| {
                door.post("/keys/rotate", &RotateKeys { now, withdraw }).await
            })
            .await?;
            if json {
                output::json(&key);
            } else {
                output::line(format!("{} signs from now on", key.id));
            }
        }
    }
    Ok(())
}

fn row(key: SigningKeyShape) -> [String; 6] {
    let optional = |time: Option<String>| time.unwrap_or_else(|| "-".to_owned());
    let (since, retired, until) =
        (optional(key.current_since), optional(key.retired_at), optional(key.needed_until));
    [key.id, key.status, key.created_at, since, retired, until]
}
