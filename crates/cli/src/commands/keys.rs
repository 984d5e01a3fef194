//! `actas keys list|rotate`.

use super::administer;
use crate::{
    args::KeysCommand,
    exit::ExitError,
    output::{self, Cell, Column, Screen, Table},
};
use actas_server::control::{RotateKeys, SigningKeyShape};

pub(crate) async fn run(command: KeysCommand) -> Result<(), ExitError> {
    match command {
        KeysCommand::List { target, json } => {
            let keys: Vec<SigningKeyShape> =
                administer(&target, async |door| door.get("/keys").await).await?;
            if json {
                output::json(&keys)?;
            } else {
                print(&keys)?;
            }
        }
        KeysCommand::Rotate { target, now, withdraw, json } => {
            let key: SigningKeyShape = administer(&target, async |door| {
                door.post("/keys/rotate", &RotateKeys { now, withdraw }).await
            })
            .await?;
            if json {
                output::json(&key)?;
            } else {
                output::line(format!("{} signs from now on", key.id))?;
            }
        }
    }
    Ok(())
}

fn print(keys: &[SigningKeyShape]) -> Result<(), ExitError> {
    let screen = Screen::of_stdout(false);
    let mut table = Table::new([
        Column::whole("ID"),
        Column::whole("STATUS"),
        Column::whole("PUBLISHED"),
        Column::spare("SIGNS SINCE"),
        Column::spare("RETIRED"),
        Column::spare("NEEDED UNTIL"),
    ]);
    for key in keys {
        let time = |time: &Option<String>| Cell::new(screen.named_time(time.as_deref().unwrap_or_default()));
        table.add([
            Cell::new(&key.id),
            Cell::status(&key.status),
            Cell::new(screen.named_time(&key.created_at)),
            time(&key.current_since),
            time(&key.retired_at),
            time(&key.needed_until),
        ]);
    }
    output::line(table.render(&screen))
}
