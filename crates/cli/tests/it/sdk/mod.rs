//! The SDK against the real binary: every method, and what its errors tell.

mod import;
mod people;
mod readme_example;
mod tokens;

use crate::process::{self, env_file};
use actas_sdk::{Client, ClientBuilder, ErrorKind, Server};
use readme_example::act_as_bob;
use tempfile::TempDir;

/// A server with its data, and a client of it.
struct Instance {
    process: process::Server,
    _folder: TempDir,
    secret_key: String,
    client: Client,
}

impl Instance {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = process::Server::start(folder.path(), &["dev", "--listen", "127.0.0.1:0"]);
        let secret_key = env_file(folder.path())["CLERK_SECRET_KEY"].clone();
        let client = builder(&process, &secret_key).build().unwrap();
        Self { process, _folder: folder, secret_key, client }
    }

    fn server(&self) -> Server {
        server_of(&self.process)
    }

    /// Redeems a ticket as a browser would.
    fn redeem(&self, ticket: &str) {
        let form = "Content-Type: application/x-www-form-urlencoded";
        let body = format!("strategy=ticket&ticket={ticket}");
        let (status, told) = self.process.request("POST", "/v1/client/sign_ins?_is_native=1", &[form], &body);
        assert_eq!(status, 200, "{told}");
    }
}

fn server_of(process: &process::Server) -> Server {
    Server::actas(&format!("http://{}", process.address)).unwrap()
}

fn builder(process: &process::Server, secret_key: &str) -> ClientBuilder {
    Client::builder().bearer(secret_key).server(server_of(process))
}

#[test]
fn the_readme_has_the_example_that_is_run_here() {
    let readme = include_str!("../../../../sdk/README.md");
    let first = readme.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    let run = include_str!("readme_example.rs").split_once("\n\n").unwrap().1.replace("pub(crate) ", "");
    assert_eq!(first, run);
}

#[tokio::test]
async fn the_readmes_example_runs() {
    let instance = Instance::start();
    let bob = actas_sdk::users::CreateUser::new().id("user_bob").first_name("Bob");
    instance.client.users().create(bob).await.unwrap();
    act_as_bob(instance.server(), instance.secret_key.clone()).await.unwrap();
    let tokens = instance.client.actor_tokens().list(Default::default()).await.unwrap().data;
    assert_eq!(
        (tokens.len(), tokens[0].status.as_str(), tokens[0].user_id.as_str()),
        (1, "revoked", "user_bob")
    );
    let refused = act_as_bob(instance.server(), "sk_test_another".to_owned()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::ApiError, Some("clerk_key_invalid")));
    assert!(refused.is_unauthorized());
}

#[tokio::test]
async fn instance_and_keys() {
    let instance = Instance::start();
    let shown = instance.client.instance().get().await.unwrap();
    assert!(shown.id.starts_with("ins_") && shown.publishable_key.unwrap().starts_with("pk_test_"));
    assert_eq!(shown.environment_type.unwrap().as_str(), "development");
    let keys = instance.client.jwks().get().await.unwrap().keys;
    assert_eq!((keys[0].kty.as_str(), keys[0].alg.as_deref()), ("RSA", Some("RS256")));
    assert!(keys[0].n.as_ref().is_some_and(|modulus| modulus.len() > 300));
}

#[test]
fn the_blocking_client_too() {
    let instance = Instance::start();
    let client = builder(&instance.process, &instance.secret_key).build_blocking().unwrap();
    let user = client.users().create(actas_sdk::users::CreateUser::new().first_name("Eve")).unwrap();
    assert_eq!(client.users().get(&user.id).unwrap(), user);
    let error = client.users().get("user_nobody").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::ClerkErrors, Some("resource_not_found")));
}

/// A server that is gone is a server that was not reached.
#[tokio::test]
async fn a_server_that_is_gone() {
    let instance = Instance::start();
    let client = builder(&instance.process, &instance.secret_key)
        .retry(actas_sdk::RetryPolicy::none())
        .build()
        .unwrap();
    client.jwks().get().await.unwrap();
    assert_eq!(instance.process.stop().0, Some(0));
    assert!(client.jwks().get().await.unwrap_err().is_transport());
}
