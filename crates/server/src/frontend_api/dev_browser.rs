//! `POST /v1/dev_browser`: a development instance's client, which the browser's scripts keep and show in the query
//! of every request (contract: Frontend API §3), because cookies of another site's host do not reach it.

use crate::{
    app::App, authn::client_cookie::Visitor, backend_api::Json, entry::RequestInfo, error::ApiError,
};
use actas_api_types::frontend::DevBrowser;
use actas_domain::{client::create, refusal::Refusal, settings::InstanceKind};
use axum::extract::State;
use std::sync::Arc;

/// # Errors
/// 400 on a production instance: its clients are known by a cookie that no script reads.
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    info: RequestInfo,
) -> Result<Json<DevBrowser>, ApiError> {
    if app.world.settings.instance_kind == InstanceKind::Production {
        return Err(Refusal::DevelopmentOnly.into());
    }
    app.new_clients.take(&info)?;
    let (_, secret) = create::create(&app.world, &visitor.context).await?;
    Ok(Json(DevBrowser { id: secret.reveal().to_owned() }))
}
