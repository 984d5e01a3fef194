//! Making a session token: one RS256 signature over the claims.

use super::{
    Session,
    claims::{self, ClaimsVersion, Minting},
    touch,
};
use crate::{
    audit::Action,
    caller::Context,
    client::Client,
    ids::{SessionId, ksuid},
    keys::SigningKey,
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal, shown_id},
    secret::SecretText,
    world::{Reading, World},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::try_join;

/// The least and most that the Backend API may ask for, in seconds. The session's end limits it further.
pub const REQUESTED_LIFETIME_SECONDS: (i64, i64) = (30, 315_360_000);

/// How the token is wanted.
#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    /// The request's origin, for `azp`.
    pub authorized_party: Option<&'a str>,
    pub lifetime_seconds: Option<i64>,
    pub version: ClaimsVersion,
}

/// What made a client ask for a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The end of the last one, as scripts foresee it by a timer of their own.
    Due,
    /// Somebody, without waiting for that.
    Forced,
}

/// `POST /v1/client/sessions/{id}/tokens`: the client refreshes its token, which counts as activity.
///
/// Where a session idles out sooner than a token does, each of its tokens is cut short, and the timers of scripts, which
/// renew it some 17 seconds before, would keep every open tab alive. There only a forced renewal counts, and a touch.
pub async fn for_client(
    world: &World,
    context: &Context,
    client: &Client,
    id: &str,
    renewal: Renewal,
    request: &TokenRequest<'_>,
) -> Result<SecretText, Failure> {
    let reading = world.reading();
    let live = touch::own_live_session(world, context, client, id, Action::SessionTokenCreated).await?;
    let session = match renewal {
        Renewal::Due if live.idle_seconds <= world.settings.session_token_seconds => live,
        // Were the stored activity left to lag, it would cut the very token that is asked for.
        _ if live.idle_end() < world.now().plus_seconds(world.settings.session_token_seconds) => {
            touch::record_now(world, live).await?
        }
        _ => touch::record(world, live).await?,
    };
    for_session(world, &session, reading, request).await
}

/// `POST /v1/sessions/{id}/tokens`: a backend wants a token of any session. It is no activity of the user's.
pub async fn for_backend(
    world: &World,
    context: &Context,
    id: &str,
    request: &TokenRequest<'_>,
) -> Result<SecretText, Failure> {
    if let Some(seconds) = request.lifetime_seconds {
        let (least, most) = REQUESTED_LIFETIME_SECONDS;
        let refuse = |problem| Err(ParameterRefusal::new("expires_in_seconds", problem).into());
        if seconds < least {
            return refuse(ParameterProblem::Invalid);
        }
        if seconds > most {
            return refuse(ParameterProblem::TooLarge { max: most });
        }
    }
    let unknown = || Refusal::SessionNotFound(shown_id(id));
    let id = SessionId::parse(id).ok_or_else(unknown)?;
    let reading = world.reading();
    let session = world.store.session(&id);
    let (session, is_known) = try_join(session, world.knows_caller(&context.caller, reading)).await?;
    if !is_known {
        return Err(Refusal::SecretKeyRevoked.into());
    }
    let session = session.ok_or_else(unknown)?;
    #[cfg(feature = "mutations")]
    let session = crate::mutation::session_seen(session, world.now());
    let session = touch::live_or_refused(world, context, session, Action::SessionTokenCreated).await?;
    for_session(world, &session, reading, request).await
}

/// The token of a session as the reading found it: a token may rest on a read alone, so on one that is certain. A
/// process that is held up between the reading and the signing may find it ended meanwhile; its token then says so by its
/// dates, which are of the reading.
pub async fn for_session(
    world: &World,
    session: &Session,
    reading: Reading,
    request: &TokenRequest<'_>,
) -> Result<SecretText, Failure> {
    world.confirm(reading).await?;
    let now = reading.at;
    if !session.is_live(now) {
        return Err(Refusal::SessionNotLive.into());
    }
    let key = world.key_ring.current(world).await?;
    let claims = claims::claims(
        session,
        &Minting {
            issuer: &world.settings.issuer,
            authorized_party: request.authorized_party,
            token_id: &ksuid(now, world.entropy.as_ref()),
            lifetime_seconds: request.lifetime_seconds.unwrap_or(world.settings.session_token_seconds),
            version: request.version,
            now,
        },
    );
    signed(world, &key, &claims).await
}

/// A JWT over the payload, under the header of session tokens.
pub(super) async fn signed(world: &World, key: &SigningKey, payload: &str) -> Result<SecretText, Failure> {
    let mut token = String::with_capacity(payload.len() * 4 / 3 + 600);
    URL_SAFE_NO_PAD.encode_string(claims::header(key.id.as_str()), &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature =
        world.vault.sign(key, token.as_bytes()).await.map_err(|error| Failure::Keys(error.to_string()))?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(SecretText::new(token))
}
