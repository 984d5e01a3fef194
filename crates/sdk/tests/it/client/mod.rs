//! The client, against servers that answer by a script.

mod answers;
#[cfg(feature = "blocking")]
mod blocking;
mod building;
mod certainty;
mod clock;
mod failures;
mod hooks;
mod own_transport;
mod pages;
mod requests;
mod retries;
mod scripted;
mod secrets;
mod time;

use actas_sdk::{
    Client, ClientBuilder, Server,
    actor_tokens::{Actor, CreateActorToken},
};
use clock::TestClock;
use scripted::Scripted;

/// A secret, to be looked for where none may be.
const KEY: &str = "sk_test_hunter2";

/// A client of a scripted server that is declared to be an Actas.
fn builder(server: &Scripted, clock: &TestClock) -> ClientBuilder {
    Client::builder().bearer(KEY).server(Server::actas(&server.url()).unwrap()).clock(clock.clone())
}

fn client(server: &Scripted) -> Client {
    builder(server, &TestClock::new()).build().unwrap()
}

/// A client of a scripted server that promises nothing.
fn client_of_other(server: &Scripted) -> Client {
    let other = Server::other(&server.url()).unwrap();
    builder(server, &TestClock::new()).server(other).build().unwrap()
}

fn request() -> CreateActorToken {
    CreateActorToken::new("user_bob", Actor::new("user_alice"))
}
