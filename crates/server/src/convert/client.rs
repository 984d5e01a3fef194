//! Clients (contract: Backend API §7).

use super::session::session;
use crate::{error::ApiError, version::ApiVersion};
use actas_api_types::client::Client as Shape;
use actas_domain::{
    client::ClientView,
    session::{Session, SessionStatus},
};

/// A client and its sessions, which must be as of now and newest first.
pub(crate) fn client(view: &ClientView, version: ApiVersion) -> Result<Shape, ApiError> {
    Ok(Shape {
        object: "client".to_owned(),
        id: view.client.id.to_string(),
        session_ids: view.sessions.iter().map(|session| session.id.to_string()).collect(),
        sessions: view.sessions.iter().map(|each| session(each, version)).collect::<Result<_, _>>()?,
        sign_in_id: None,
        sign_up_id: None,
        last_active_session_id: newest_active(&view.sessions).map(|session| session.id.to_string()),
        last_authentication_strategy: None,
        updated_at: view.client.updated_at.millis(),
        created_at: view.client.created_at.millis(),
    })
}

/// The newest session that is not over, of sessions as of now and newest first.
pub(crate) fn newest_active(sessions: &[Session]) -> Option<&Session> {
    sessions.iter().find(|session| session.status == SessionStatus::Active)
}
