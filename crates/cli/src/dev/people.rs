//! The two users that a development instance begins with.

use crate::exit::ExitError;
use actas_domain::{
    caller::Context,
    idempotency::Unkept,
    ids::UserId,
    user::{
        Identifier,
        create::{self, CreateUser},
    },
    world::World,
};

const SUPPORT: Person =
    Person { first_name: "Alice", last_name: "Support", email_address: "alice.support@example.com" };
const CUSTOMER: Person =
    Person { first_name: "Bob", last_name: "Customer", email_address: "bob.customer@example.com" };

struct Person {
    first_name: &'static str,
    last_name: &'static str,
    email_address: &'static str,
}

/// Who acts, and as whom.
#[derive(Debug)]
pub(super) struct People {
    pub(super) support: UserId,
    pub(super) customer: UserId,
}

/// The two, known by their e-mail addresses; who is not there is made.
pub(super) async fn ensure(world: &World) -> Result<People, ExitError> {
    Ok(People { support: ensure_one(world, &SUPPORT).await?, customer: ensure_one(world, &CUSTOMER).await? })
}

async fn ensure_one(world: &World, person: &Person) -> Result<UserId, ExitError> {
    let address = Identifier::EmailAddress(person.email_address.to_owned());
    let owner = world.store.identifier_owner(&address).await;
    if let Some(user) = owner.map_err(|error| ExitError::Store(error.to_string()))? {
        return Ok(user);
    }
    let request = CreateUser {
        first_name: Some(person.first_name.to_owned()),
        last_name: Some(person.last_name.to_owned()),
        email_address: vec![person.email_address.to_owned()],
        ..CreateUser::default()
    };
    Ok(create::create(world, &Context::operator(), request, &Unkept).await?.id)
}
