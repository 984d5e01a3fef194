//! A client as its own browser sees it: its live sessions, each with its subject, and the last active one with a
//! fresh session token.

use super::{cookies::ClientUat, sign_in_shapes};
use crate::{app::App, backend_api::Json, convert, error::ApiError};
use actas_api_types::{
    frontend::{Client as ClientShape, Enveloped, PublicUserData, Session as SessionShape},
    session::Token,
};
use actas_domain::{
    client::{Client, ClientView, find},
    ids::SessionId,
    refusal::{Failure, Refusal},
    secret::SecretText,
    session::{
        Session,
        claims::{ClaimsVersion, factor_verification_age},
        issue_token::{self, TokenRequest},
    },
    sign_in::{PendingSignIn, begin, failures::Lockout},
    time::UnixMillis,
    user::{self, User},
    world::Reading,
};

/// What is read and signed once for an answer, however often the answer shows it.
pub(super) struct Shown {
    client: Client,
    sessions: Vec<ShownSession>,
    last_active: Option<SessionId>,
    /// The attempt to sign in that waits.
    pending: Option<PendingSignIn>,
    now: UnixMillis,
}

struct ShownSession {
    session: Session,
    /// None for one who was deleted in this very moment.
    user: Option<(User, Lockout)>,
    /// Of the last active session alone.
    token: Option<SecretText>,
}

impl Shown {
    /// The client as it is now.
    pub(super) async fn now(
        app: &App,
        client: &Client,
        authorized_party: Option<&str>,
    ) -> Result<Self, ApiError> {
        let reading = app.world.reading();
        let view = find::live_view(&app.world, client).await?;
        let pending = begin::pending(&app.world, client).await?;
        Self::of(app, view, pending, reading, authorized_party).await
    }

    /// A client whose sessions the reading found live. The last active one is given a token, which is one signature.
    pub(super) async fn of(
        app: &App,
        view: ClientView,
        pending: Option<PendingSignIn>,
        reading: Reading,
        authorized_party: Option<&str>,
    ) -> Result<Self, ApiError> {
        let now = reading.at;
        let last_active = view.sessions.iter().max_by_key(|session| (session.last_active_at, &session.id));
        let last_active = last_active.map(|session| session.id.clone());
        let mut sessions = Vec::with_capacity(view.sessions.len());
        for session in view.sessions {
            let token = if Some(&session.id) == last_active.as_ref() {
                match session_token(app, &session, reading, authorized_party).await {
                    Ok(token) => Some(token),
                    // Its time was over between the reading and the signing.
                    Err(Failure::Refused(Refusal::SessionNotLive)) => continue,
                    Err(failure) => return Err(failure.into()),
                }
            } else {
                None
            };
            let user = subject(app, &session).await?;
            sessions.push(ShownSession { session, user, token });
        }
        Ok(Self { client: view.client, sessions, last_active, pending, now })
    }

    /// What the cookies `__client_uat` must say.
    pub(super) fn client_uat(&self) -> ClientUat {
        ClientUat::of(!self.sessions.is_empty(), self.client.updated_at, self.now)
    }

    pub(super) fn client(&self) -> Result<ClientShape, ApiError> {
        let sessions = self.sessions.iter().map(|shown| self.shape(shown)).collect::<Result<Vec<_>, _>>()?;
        Ok(ClientShape {
            object: "client".to_owned(),
            id: self.client.id.to_string(),
            last_active_session_id: self.last_active().map(|shown| shown.session.id.to_string()),
            sessions,
            sign_in: self.pending.as_ref().map(sign_in_shapes::pending),
            sign_up: None,
            last_authentication_strategy: None,
            cookie_expires_at: None,
            captcha_bypass: false,
            created_at: self.client.created_at.millis(),
            // Scripts take it for `__client_uat`, before which no session token may be issued.
            updated_at: self.client.updated_at.min(self.now).millis(),
        })
    }

    /// The session token of the last active session.
    pub(super) fn session_token(&self) -> Option<&SecretText> {
        self.last_active()?.token.as_ref()
    }

    /// One of the live sessions.
    ///
    /// # Errors
    /// 401 `authentication_invalid` for any other id: of a session that is over, of somebody else's, of none.
    pub(super) fn session(&self, id: &str) -> Result<SessionShape, ApiError> {
        let shown = self.sessions.iter().find(|shown| shown.session.id.as_str() == id);
        self.shape(shown.ok_or(Refusal::SessionNotLive)?)
    }

    /// The subject of one of the live sessions.
    pub(super) fn user(&self, session: &Session) -> Option<&User> {
        self.sessions.iter().find(|shown| shown.session.id == session.id)?.user.as_ref().map(|(user, _)| user)
    }

    fn last_active(&self) -> Option<&ShownSession> {
        self.sessions.iter().find(|shown| Some(&shown.session.id) == self.last_active.as_ref())
    }

    fn shape(&self, shown: &ShownSession) -> Result<SessionShape, ApiError> {
        session_shape(&shown.session, shown.user.as_ref(), shown.token.as_ref(), self.now)
    }
}

/// The answer to everything but the client itself: what was asked for, and the client as it is now.
pub(super) fn enveloped<T>(shown: &Shown, response: T) -> Result<Json<Enveloped<T>>, ApiError> {
    Ok(Json(Enveloped { response, client: Some(shown.client()?) }))
}

/// A session that is over, without a token.
pub(super) async fn ended_session(app: &App, session: &Session) -> Result<SessionShape, ApiError> {
    let user = subject(app, session).await?;
    session_shape(session, user.as_ref(), None, app.world.now())
}

/// The session token of a browser or an app. Its claims are of the newest version, whatever version the SDK names:
/// the two APIs count their versions apart.
pub(super) const fn token_request(authorized_party: Option<&str>) -> TokenRequest<'_> {
    TokenRequest { authorized_party, lifetime_seconds: None, version: ClaimsVersion::V2 }
}

pub(super) fn token(jwt: &SecretText) -> Token {
    Token { object: "token".to_owned(), jwt: jwt.reveal().to_owned() }
}

/// What identifies a user to a person.
pub(super) fn identifier(user: &User) -> String {
    let primary = user.primary_email_address.as_ref();
    let email = user.email_addresses.iter().find(|email| Some(&email.id) == primary);
    let phone = user.phone_numbers.first().map(|phone| &phone.number);
    let wallet = user.web3_wallets.first().map(|wallet| &wallet.address);
    let named = email.map(|email| &email.address).or(user.username.as_ref()).or(phone).or(wallet);
    named.map_or_else(|| user.id.to_string(), Clone::clone)
}

async fn session_token(
    app: &App,
    session: &Session,
    reading: Reading,
    authorized_party: Option<&str>,
) -> Result<SecretText, Failure> {
    issue_token::for_session(&app.world, session, reading, &token_request(authorized_party)).await
}

async fn subject(app: &App, session: &Session) -> Result<Option<(User, Lockout)>, ApiError> {
    match user::find::user(&app.world, session.user.as_str()).await {
        Ok(user) => {
            let lockout = convert::user::lockout(&app.world, &user);
            Ok(Some((user, lockout)))
        }
        Err(Failure::Refused(Refusal::UserNotFound(_))) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

fn session_shape(
    session: &Session,
    user: Option<&(User, Lockout)>,
    jwt: Option<&SecretText>,
    now: UnixMillis,
) -> Result<SessionShape, ApiError> {
    Ok(SessionShape {
        object: "session".to_owned(),
        id: session.id.to_string(),
        status: session.status.as_str().to_owned(),
        expire_at: session.expire_at.millis(),
        abandon_at: convert::session::abandon_at(session).millis(),
        last_active_at: session.last_active_at.millis(),
        last_active_token: jwt.map(token),
        actor: convert::session::actor(session)?,
        tasks: None,
        last_active_organization_id: None,
        user: user.map(|(user, lockout)| convert::user::for_browser(user, *lockout)).transpose()?,
        public_user_data: user.map(|(user, _)| public_user_data(user)),
        factor_verification_age: factor_verification_age(session, now),
        created_at: session.created_at.millis(),
        updated_at: session.updated_at.millis(),
    })
}

fn public_user_data(user: &User) -> PublicUserData {
    PublicUserData {
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        image_url: String::new(),
        has_image: false,
        identifier: identifier(user),
        profile_image_url: String::new(),
        user_id: user.id.to_string(),
        username: user.username.clone(),
        banned: user.banned,
    }
}
