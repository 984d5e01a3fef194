//! The first example of the SDK's README, word for word: a test compares the two, and another runs it.

use actas_sdk::{
    Client, Error, ErrorKind, Server,
    actor_tokens::{Actor, CreateActorToken},
};

pub(crate) async fn act_as_bob(server: Server, secret_key: String) -> Result<(), Error> {
    let client = Client::builder().bearer(secret_key).server(server).build()?;

    let request = CreateActorToken::new("user_bob", Actor::new("user_alice"))
        .expires_in_seconds(600)
        .session_max_duration_in_seconds(1800);
    let created = match client.actor_tokens().create(request).await {
        Ok(created) => created,
        Err(error) => match error.kind() {
            // 400, 402 and 422 with the API's own errors.
            ErrorKind::ClerkErrors => {
                for item in error.errors() {
                    eprintln!("{}: {} {:?}", item.code(), item.long_message(), item.parameter());
                }
                return Err(error);
            }
            // Any other 4XX and 5XX.
            ErrorKind::ApiError => {
                eprintln!("{:?} {:?}", error.status(), error.trace_id());
                return Err(error);
            }
            // No answer, or none that could be understood.
            _ => return Err(error),
        },
    };
    // Open this in a browser to be signed in as Bob. It is a secret.
    let _url = created.url();

    client.actor_tokens().revoke(&created.id).await?;
    Ok(())
}
