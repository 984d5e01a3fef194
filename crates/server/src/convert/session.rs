//! Sessions (contract: Backend API §7).

use super::raw_json;
use crate::{error::ApiError, version::ApiVersion};
use actas_api_types::{RawValue, session::Session as Shape};
use actas_domain::{session::Session, time::UnixMillis};

/// The session as an API version shows it. It must be as of now: a stored status may lag behind an end by time.
pub(crate) fn session(session: &Session, version: ApiVersion) -> Result<Shape, ApiError> {
    Ok(Shape {
        object: "session".to_owned(),
        id: session.id.to_string(),
        user_id: session.user.to_string(),
        client_id: session.client.to_string(),
        actor: actor(session)?,
        status: session.status.as_str().to_owned(),
        last_active_organization_id: None,
        last_active_at: session.last_active_at.millis(),
        latest_activity: None,
        expire_at: session.expire_at.millis(),
        abandon_at: abandon_at(session).millis(),
        updated_at: session.updated_at.millis(),
        created_at: session.created_at.millis(),
        tasks: version.has_session_tasks().then_some([]),
    })
}

/// Who really acts, to the letter.
pub(crate) fn actor(session: &Session) -> Result<Option<Box<RawValue>>, ApiError> {
    session.actor.as_ref().map(|actor| raw_json(actor.as_json())).transpose()
}

/// Clerk abandons a session that nobody comes back to some time after its end. Actas has nothing to do then, so
/// its sessions are abandoned when they end.
pub(crate) const fn abandon_at(session: &Session) -> UnixMillis {
    session.expire_at
}
