//! Secret keys: made, listed, revoked.

use super::{
    Administered, CreateSecretKey, CreatedSecretKey, RevokeSecretKey, SecretKeyShape,
    answer::{self, Answer, Denial},
};
use actas_domain::{
    caller::Context,
    secret_key::{create, find, revoke},
};
use axum::{body::Bytes, extract::State};

/// Oldest first, revoked ones too.
pub(super) async fn list(
    State(administered): State<Administered>,
) -> Result<Answer<Vec<SecretKeyShape>>, Denial> {
    let keys = find::secret_keys(administered.world()).await?;
    Ok(Answer(keys.iter().map(SecretKeyShape::from).collect()))
}

/// The one answer that has the key itself.
pub(super) async fn create(
    State(administered): State<Administered>,
    body: Bytes,
) -> Result<Answer<CreatedSecretKey>, Denial> {
    let CreateSecretKey { name } = answer::parse(&body)?;
    let live_prefix = administered.has_live_keys();
    let (key, text) = create::create(administered.world(), &Context::operator(), &name, live_prefix).await?;
    Ok(Answer(CreatedSecretKey::new(&key, &text)))
}

pub(super) async fn revoke(
    State(administered): State<Administered>,
    body: Bytes,
) -> Result<Answer<SecretKeyShape>, Denial> {
    let RevokeSecretKey { id, even_the_last } = answer::parse(&body)?;
    let key = revoke::revoke(administered.world(), &Context::operator(), &id, even_the_last).await?;
    Ok(Answer(SecretKeyShape::from(&key)))
}
