//! Makes an actor token, shows where to open it, and revokes it.
//!
//! ```text
//! ACTAS_URL=http://127.0.0.1:4500 CLERK_SECRET_KEY=sk_test_… cargo run -p actas-sdk --example create_and_revoke -- user_bob user_alice
//! ```
//!
//! Without `ACTAS_URL` it calls Clerk's own service, and likewise with that one's URL.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program speaks by printing")]

use actas_sdk::{
    Client, ErrorKind, Server,
    actor_tokens::{Actor, CreateActorToken},
};
use std::{env, error::Error, process::ExitCode, time::Duration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(user_id), Some(actor_sub)) = (arguments.next(), arguments.next()) else {
        return Err("say whom to act as, and who acts: create_and_revoke USER_ID ACTOR".into());
    };
    let client = Client::builder().bearer(variable("CLERK_SECRET_KEY")?).server(server()?).build()?;

    let request = CreateActorToken::new(user_id, Actor::new(actor_sub))
        .expires_in(Duration::from_secs(600))
        .session_max_duration(Duration::from_secs(1_800));
    let created = match client.actor_tokens().create(request).await {
        Ok(created) => created,
        Err(error) if error.kind() == ErrorKind::ClerkErrors => {
            let told: Vec<&str> = error.errors().iter().map(|item| item.long_message()).collect();
            return Err(format!("refused: {}", told.join(" ")).into());
        }
        Err(error) => return Err(error.into()),
    };
    println!("{} is {}", created.id, created.status);
    println!("open {}", created.url().unwrap_or("it by its ticket; there is no URL"));

    let revoked = client.actor_tokens().revoke(&created.id).await?;
    println!("{} is {}", revoked.id, revoked.status);
    Ok(())
}

fn server() -> Result<Server, Box<dyn Error>> {
    Ok(match variable("ACTAS_URL") {
        Ok(url) => Server::actas(&url)?,
        Err(_) => Server::clerk(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example is a whole program, with an environment of its own"
)]
fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("the environment has no {name}"))
}
