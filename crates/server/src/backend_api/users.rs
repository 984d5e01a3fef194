//! `/v1/users` (contract: Backend API §6).

use super::{Json, JsonBody, PathText, Query, idempotency::Repeat, user_query};
use crate::{app::App, authn::secret_key::Backend, convert, error::ApiError, parameters::Members};
use actas_api_types::{
    lists::{DeletedObject, TotalCount},
    user::User as Shape,
};
use actas_domain::{
    refusal::{JsonType, ParameterProblem, ParameterRefusal},
    secret::SecretText,
    user::{
        User,
        create::{self, CreateUser},
        delete, find,
        update::{self, Patch, UpdateUser},
    },
};
use axum::extract::State;
use std::sync::Arc;

/// The members of a creation that may be absent, but not `null`.
const NEVER_NULL_ON_CREATE: &[(&str, JsonType)] = &[
    ("email_address", JsonType::Array),
    ("email_address_identification_status", JsonType::Array),
    ("phone_number", JsonType::Array),
    ("phone_number_identification_status", JsonType::Array),
    ("web3_wallet", JsonType::Array),
    ("backup_codes", JsonType::Array),
    ("password_hasher", JsonType::String),
    ("public_metadata", JsonType::Object),
    ("private_metadata", JsonType::Object),
    ("unsafe_metadata", JsonType::Object),
];

/// The same of an update.
const NEVER_NULL_ON_UPDATE: &[(&str, JsonType)] = &[
    ("password_digest", JsonType::String),
    ("password_hasher", JsonType::String),
    ("backup_codes", JsonType::Array),
];

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    JsonBody(members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    let request = parse_creation(members)?;
    let keep = repeat.keep(|user: &User| convert::user::for_backend(&app.world, user));
    keep.show(&create::create(&app.world, &backend.context, request, &keep).await?)
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    _backend: Backend,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let user = find::user(&app.world, &id).await?;
    Ok(Json(convert::user::for_backend(&app.world, &user)?))
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _backend: Backend,
    Query(pairs): Query,
) -> Result<Json<Vec<Shape>>, ApiError> {
    let query = user_query::listed(&pairs)?;
    let users = find::users(&app.world, &query).await?;
    Ok(Json(users.iter().map(|user| convert::user::for_backend(&app.world, user)).collect::<Result<_, _>>()?))
}

pub(crate) async fn count(
    State(app): State<Arc<App>>,
    _backend: Backend,
    Query(pairs): Query,
) -> Result<Json<TotalCount>, ApiError> {
    let query = user_query::filters(&pairs)?;
    let total_count = find::count(&app.world, &query).await?;
    Ok(Json(TotalCount { object: "total_count".to_owned(), total_count }))
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
    JsonBody(members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    let request = parse_update(members, backend.version.refuses_metadata_on_update())?;
    let user = update::update(&app.world, &backend.context, &id, request).await?;
    Ok(Json(convert::user::for_backend(&app.world, &user)?))
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
) -> Result<Json<DeletedObject>, ApiError> {
    let id = delete::delete(&app.world, &backend.context, &id).await?;
    Ok(Json(DeletedObject { object: "user".to_owned(), id: id.to_string(), deleted: true }))
}

pub(super) fn parse_creation(mut members: Members) -> Result<CreateUser, ParameterRefusal> {
    members.refuse_null(NEVER_NULL_ON_CREATE)?;
    let request = CreateUser {
        id: own_id(&mut members)?,
        external_id: members.string("external_id")?,
        username: members.string("username")?,
        first_name: members.string("first_name")?,
        last_name: members.string("last_name")?,
        locale: members.string("locale")?,
        email_address: members.strings("email_address")?.unwrap_or_default(),
        email_address_identification_status: members
            .strings("email_address_identification_status")?
            .unwrap_or_default(),
        phone_number: members.strings("phone_number")?.unwrap_or_default(),
        phone_number_identification_status: members
            .strings("phone_number_identification_status")?
            .unwrap_or_default(),
        web3_wallet: members.strings("web3_wallet")?.unwrap_or_default(),
        password: members.secret("password")?,
        password_digest: members.secret("password_digest")?,
        password_hasher: members.string("password_hasher")?,
        skip_password_checks: members.boolean("skip_password_checks")?,
        public_metadata: members.object("public_metadata")?,
        private_metadata: members.object("private_metadata")?,
        unsafe_metadata: members.object("unsafe_metadata")?,
        banned: members.boolean("banned")?,
        locked: members.boolean("locked")?,
        delete_self_enabled: members.boolean("delete_self_enabled")?,
        create_organization_enabled: members.boolean("create_organization_enabled")?,
        create_organizations_limit: members.integer("create_organizations_limit")?,
        bypass_client_trust: members.boolean("bypass_client_trust")?,
        created_at: members.string("created_at")?,
        legal_accepted_at: members.string("legal_accepted_at")?,
        totp_secret: members.secret("totp_secret")?,
        backup_codes: secrets(&mut members, "backup_codes")?,
    };
    // They lift requirements that Actas does not have.
    for name in ["skip_password_requirement", "skip_legal_checks", "skip_user_requirement"] {
        members.boolean(name)?;
    }
    members.refuse_unknown()?;
    Ok(request)
}

fn parse_update(mut members: Members, refuses_metadata: bool) -> Result<UpdateUser, ParameterRefusal> {
    members.refuse_null(NEVER_NULL_ON_UPDATE)?;
    let mut request = UpdateUser {
        external_id: members.patch("external_id", Members::string)?,
        username: username(&mut members)?,
        first_name: members.patch("first_name", Members::string)?,
        last_name: members.patch("last_name", Members::string)?,
        locale: members.patch("locale", Members::string)?,
        primary_email_address_id: members.string("primary_email_address_id")?,
        primary_phone_number_id: members.string("primary_phone_number_id")?,
        primary_web3_wallet_id: members.string("primary_web3_wallet_id")?,
        password: members.secret("password")?,
        password_digest: members.secret("password_digest")?,
        password_hasher: members.string("password_hasher")?,
        skip_password_checks: members.boolean("skip_password_checks")?,
        sign_out_of_other_sessions: members.boolean("sign_out_of_other_sessions")?,
        public_metadata: Patch::Keep,
        private_metadata: Patch::Keep,
        unsafe_metadata: Patch::Keep,
        delete_self_enabled: members.boolean("delete_self_enabled")?,
        create_organization_enabled: members.boolean("create_organization_enabled")?,
        create_organizations_limit: members.patch("create_organizations_limit", Members::integer)?,
        bypass_client_trust: members.boolean("bypass_client_trust")?,
        created_at: members.string("created_at")?,
        legal_accepted_at: members.patch("legal_accepted_at", Members::string)?,
        profile_image_id: members.string("profile_image_id")?,
        notify_primary_email_address_changed: members.boolean("notify_primary_email_address_changed")?,
        totp_secret: members.secret("totp_secret")?,
        backup_codes: secrets(&mut members, "backup_codes")?,
    };
    if !refuses_metadata {
        request.public_metadata = members.patch("public_metadata", Members::object)?;
        request.private_metadata = members.patch("private_metadata", Members::object)?;
        request.unsafe_metadata = members.patch("unsafe_metadata", Members::object)?;
    }
    members.boolean("skip_legal_checks")?;
    members.refuse_unknown()?;
    Ok(request)
}

/// An id brought along. What is another route below `/v1/users` cannot be one.
fn own_id(members: &mut Members) -> Result<Option<String>, ParameterRefusal> {
    match members.string("id")? {
        Some(id) if matches!(id.as_str(), "count" | "import") => {
            Err(ParameterRefusal::new("id", ParameterProblem::Invalid))
        }
        id => Ok(id),
    }
}

/// An empty username removes it, as `null` does.
fn username(members: &mut Members) -> Result<Patch<String>, ParameterRefusal> {
    Ok(match members.patch("username", Members::string)? {
        Patch::Set(text) if text.is_empty() => Patch::Clear,
        patch => patch,
    })
}

fn secrets(members: &mut Members, name: &'static str) -> Result<Option<Vec<SecretText>>, ParameterRefusal> {
    Ok(members.strings(name)?.map(|texts| texts.into_iter().map(SecretText::new).collect()))
}
