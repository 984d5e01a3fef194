//! Signing keys: listed and rotated; and who answers here.

use super::{
    Administered, RotateKeys, SigningKeyShape, Status,
    answer::{self, Answer, Denial},
};
use actas_domain::{
    caller::Context,
    keys::{
        SigningKeyStatus,
        rotate::{self, Haste},
    },
};
use axum::{body::Bytes, extract::State};

pub(super) async fn status(State(administered): State<Administered>) -> Answer<Status> {
    Answer(Status {
        instance_id: administered.instance().id.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        process_id: std::process::id(),
    })
}

/// In the order of their lives: retired, current, next; the oldest first among the retired.
pub(super) async fn list(
    State(administered): State<Administered>,
) -> Result<Answer<Vec<SigningKeyShape>>, Denial> {
    let mut keys = rotate::keys(administered.world()).await?;
    keys.sort_by_key(|key| (age_rank(key.status), key.created_at));
    Ok(Answer(keys.iter().map(SigningKeyShape::from).collect()))
}

/// Answers the key that signs from now on.
pub(super) async fn rotate(
    State(administered): State<Administered>,
    body: Bytes,
) -> Result<Answer<SigningKeyShape>, Denial> {
    let RotateKeys { now, withdraw } = answer::parse(&body)?;
    let haste = match (now, withdraw) {
        (_, true) => Haste::AtOnceWithdrawing,
        (true, false) => Haste::AtOnce,
        (false, false) => Haste::None,
    };
    let current = rotate::rotate(administered.world(), &Context::operator(), haste).await?;
    Ok(Answer(SigningKeyShape::from(&current)))
}

const fn age_rank(status: SigningKeyStatus) -> u8 {
    match status {
        SigningKeyStatus::Retired => 0,
        SigningKeyStatus::Current => 1,
        SigningKeyStatus::Next => 2,
    }
}
