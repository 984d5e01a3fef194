//! A new secret key, shown once.

use super::SecretKey;
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Write},
    ids::SecretKeyId,
    refusal::{Failure, ParameterProblem, ParameterRefusal},
    secret::{self, SecretHash, SecretKind, SecretText},
    world::World,
};

/// Makes a secret key called `name`, with the prefix `sk_live_` or `sk_test_`.
pub async fn create(
    world: &World,
    context: &Context,
    name: &str,
    live_prefix: bool,
) -> Result<(SecretKey, SecretText), Failure> {
    let max_characters = SecretKey::NAME_MAX_CHARACTERS;
    match name.chars().count() {
        0 => return Err(ParameterRefusal::new("name", ParameterProblem::Missing).into()),
        length if length > max_characters => {
            return Err(ParameterRefusal::new("name", ParameterProblem::TooLong { max_characters }).into());
        }
        _ => {}
    }
    let now = world.now();
    let id = SecretKeyId::mint(now, world.entropy.as_ref());
    let kind = if live_prefix { SecretKind::LiveSecretKey } else { SecretKind::TestSecretKey };
    let text = secret::mint(kind, id.ksuid(), world.entropy.as_ref());
    let hash = SecretHash::of(text.reveal());
    let key = SecretKey { id, hash, name: name.to_owned(), live_prefix, created_at: now, revoked_at: None };
    let mut event = AuditEvent::new(context, Action::SecretKeyCreated, now);
    event.secret_key = Some(key.id.clone());
    if world.commit(Change::new(event, context.guards(), vec![Write::AddSecretKey(key.clone())])).await? {
        Ok((key, text))
    } else {
        Err(Failure::Contended)
    }
}
