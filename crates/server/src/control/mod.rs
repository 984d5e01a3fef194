//! Administration of this machine's instance: the router behind `actas keys`, `actas secret-keys` and
//! `actas doctor`. A running server serves it on a socket in its data folder; while none runs, the command calls the
//! very same router in its own process.

mod answer;
mod checks;
mod keys;
mod secret_keys;
mod shapes;
mod socket;

pub use shapes::{
    Checks, CreateSecretKey, CreatedSecretKey, Refused, RevokeSecretKey, RotateKeys, SecretKeyShape,
    SigningKeyShape, Status,
};
pub use socket::{bind, serve};

use crate::app::App;
use actas_domain::{ports::Instance, settings::InstanceKind, world::World};
use axum::{
    Router,
    routing::{get, post},
};
use std::sync::Arc;

/// What is administered: a server that runs, or a store that a command has opened for itself.
#[derive(Clone, Debug)]
pub enum Administered {
    Running { app: Arc<App>, instance: Instance },
    Alone { world: Arc<World>, instance: Instance },
}

impl Administered {
    fn world(&self) -> &World {
        match self {
            Self::Running { app, .. } => &app.world,
            Self::Alone { world, .. } => world,
        }
    }

    fn instance(&self) -> &Instance {
        match self {
            Self::Running { instance, .. } | Self::Alone { instance, .. } => instance,
        }
    }

    fn has_live_keys(&self) -> bool {
        self.world().settings.instance_kind == InstanceKind::Production
    }
}

/// All routes. Who reaches them is the machine's operator: the socket is its owner's alone.
pub fn router(administered: Administered) -> Router {
    Router::new()
        .route("/status", get(keys::status))
        .route("/checks", get(checks::checks))
        .route("/keys", get(keys::list))
        .route("/keys/rotate", post(keys::rotate))
        .route("/secret-keys", get(secret_keys::list).post(secret_keys::create))
        .route("/secret-keys/revoke", post(secret_keys::revoke))
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::not_found)
        .with_state(administered)
}
