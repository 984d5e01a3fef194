//! `GET /v1/instance` and `GET /v1/jwks` (contract: Backend API §7 and §8).

use super::Json;
use crate::{app::App, authn::secret_key::Backend, error::ApiError};
use actas_api_types::instance::{Instance, Key, KeySet};
use actas_domain::{
    keys::jwks::{self, PublishedKey},
    refusal::Failure,
    settings::InstanceKind,
};
use axum::extract::State;
use std::sync::Arc;

pub(crate) async fn show(State(app): State<Arc<App>>, _backend: Backend) -> Result<Json<Instance>, ApiError> {
    let stored = app.world.store.instance().await.map_err(Failure::Store)?;
    let instance = stored.ok_or_else(|| {
        tracing::error!("the store has no instance");
        ApiError::internal()
    })?;
    let environment_type = match app.world.settings.instance_kind {
        InstanceKind::Development => "development",
        InstanceKind::Production => "production",
    };
    Ok(Json(Instance {
        object: "instance".to_owned(),
        id: instance.id.to_string(),
        environment_type: environment_type.to_owned(),
        publishable_key: app.http.publishable_key.clone(),
    }))
}

pub(crate) async fn jwks(State(app): State<Arc<App>>, _backend: Backend) -> Result<Json<KeySet>, ApiError> {
    Ok(Json(key_set(&app).await?))
}

/// The public keys of the instance, the same on both APIs.
pub(crate) async fn key_set(app: &App) -> Result<KeySet, ApiError> {
    let keys = jwks::jwks(&app.world).await?;
    Ok(KeySet { keys: keys.into_iter().map(key).collect() })
}

fn key(key: PublishedKey) -> Key {
    Key {
        usage: "sig".to_owned(),
        kty: "RSA".to_owned(),
        kid: key.kid,
        alg: "RS256".to_owned(),
        n: key.n,
        e: key.e,
    }
}
