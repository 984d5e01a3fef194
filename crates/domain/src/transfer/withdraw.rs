//! What a store that goes back in time must not bring back: tickets that were used since, sessions that were ended
//! since, returns to them. A ticket makes one session at most, ever; so those that are open at the time of the backup
//! are open no more, and the record says why.

use super::{Kind, PAGE_ROWS, Phase, Row, Source, TransferError, Watch};
use crate::{
    actor_token::ActorTokenStatus,
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, Write},
    ids::{ActorTokenId, ClientId, SessionId, SignInTokenId},
    ports::{Clock, CommitError, Store, StoreError},
    session::{Ending, SessionStatus},
    sign_in_token::SignInTokenStatus,
    time::UnixMillis,
};
use futures::future::try_join_all;

/// Changes at a time, so that they share commits.
const AT_ONCE: usize = 256;

/// How much was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    pub actor_tokens: u64,
    pub sign_in_tokens: u64,
    pub sessions: u64,
    pub returns: u64,
}

/// Revokes every pending actor token and sign-in token, ends every live session and removes every kept return, each on
/// record. `source` reads the same store; what is pending or live is looked at once more by `store`.
///
/// # Errors
/// [`TransferError`]; doing it again goes on with what is left.
pub async fn withdraw(
    store: &dyn Store,
    clock: &dyn Clock,
    source: &mut dyn Source,
    watch: &mut Watch<'_>,
) -> Result<Withdrawn, TransferError> {
    let mut withdrawn = Withdrawn::default();
    // What is over by one of the clocks only may be live to a server.
    let live_at = clock.now().min(store.time().await.map_err(TransferError::Read)?);
    for kind in [Kind::ActorTokens, Kind::SignInTokens, Kind::Sessions, Kind::KeptReturns] {
        let mut after: Option<Row> = None;
        loop {
            let rows = source.page(kind, after.as_deref(), PAGE_ROWS).await.map_err(TransferError::Read)?;
            let open: Vec<_> = rows.iter().filter(|row| is_open(kind, row)).collect();
            for some in open.chunks(AT_ONCE) {
                let all = some.iter().map(|row| take_back(store, clock, live_at, kind, row));
                let taken = try_join_all(all).await.map_err(TransferError::Write)?;
                withdrawn.add(kind, taken.into_iter().filter(|taken| *taken).count() as u64);
            }
            watch(Phase::Withdrawing, rows.len() as u64);
            let is_full = rows.len() >= PAGE_ROWS as usize;
            after = rows.last().filter(|_| is_full).map(|row| kind.key(row).to_vec());
            if after.is_none() {
                break;
            }
        }
    }
    Ok(withdrawn)
}

/// Puts on record that the state is that of a backup from here on.
///
/// # Errors
/// [`TransferError::Write`].
pub async fn record_restored(store: &dyn Store, clock: &dyn Clock) -> Result<(), TransferError> {
    let event = AuditEvent::new(&Context::operator(), Action::InstanceRestored, clock.now());
    let landed = commit(store, event, Vec::new()).await.map_err(TransferError::Write)?;
    if landed { Ok(()) } else { Err(TransferError::Write(unguarded())) }
}

impl Withdrawn {
    const fn add(&mut self, kind: Kind, count: u64) {
        match kind {
            Kind::ActorTokens => self.actor_tokens += count,
            Kind::SignInTokens => self.sign_in_tokens += count,
            Kind::Sessions => self.sessions += count,
            _ => self.returns += count,
        }
    }
}

fn is_open(kind: Kind, row: &[super::Value]) -> bool {
    let status = kind.text(row, "status");
    match kind {
        Kind::ActorTokens => status == Some(ActorTokenStatus::Pending.as_str()),
        Kind::SignInTokens => status == Some(SignInTokenStatus::Pending.as_str()),
        Kind::Sessions => status == Some(SessionStatus::Active.as_str()),
        _ => true,
    }
}

/// `false` when there was nothing to be taken back any more.
async fn take_back(
    store: &dyn Store,
    clock: &dyn Clock,
    live_at: UnixMillis,
    kind: Kind,
    row: &[super::Value],
) -> Result<bool, StoreError> {
    let unreadable = || StoreError::Corrupt(format!("{}: a row without an id", kind.name()));
    let id = kind.key(row).first().and_then(|key| match key {
        super::Value::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let id = id.ok_or_else(unreadable)?;
    match kind {
        Kind::ActorTokens => actor_token(store, clock, ActorTokenId::parse(id).ok_or_else(unreadable)?).await,
        Kind::SignInTokens => {
            sign_in_token(store, clock, SignInTokenId::parse(id).ok_or_else(unreadable)?).await
        }
        Kind::Sessions => session(store, clock, live_at, SessionId::parse(id).ok_or_else(unreadable)?).await,
        _ => kept_return(store, clock, ClientId::parse(id).ok_or_else(unreadable)?).await,
    }
}

async fn actor_token(store: &dyn Store, clock: &dyn Clock, id: ActorTokenId) -> Result<bool, StoreError> {
    let from = ActorTokenStatus::Pending;
    let Some(token) = store.actor_token(&id).await?.filter(|token| token.status == from) else {
        return Ok(false);
    };
    let to = token.revoked(clock.now(), Cause::Restored);
    let event = event(Action::ActorTokenRevoked, clock).about_actor_token(&to);
    commit(store, event, vec![Write::MoveActorToken { to, from }]).await
}

async fn sign_in_token(store: &dyn Store, clock: &dyn Clock, id: SignInTokenId) -> Result<bool, StoreError> {
    let from = SignInTokenStatus::Pending;
    let Some(token) = store.sign_in_token(&id).await?.filter(|token| token.status == from) else {
        return Ok(false);
    };
    let to = token.revoked(clock.now(), Cause::Restored);
    let event = event(Action::SignInTokenRevoked, clock).about_sign_in_token(&to);
    commit(store, event, vec![Write::MoveSignInToken { to, from }]).await
}

/// One that is over by time is put on record as that by the sweep, as any other.
async fn session(
    store: &dyn Store,
    clock: &dyn Clock,
    live_at: UnixMillis,
    id: SessionId,
) -> Result<bool, StoreError> {
    let Some(session) = store.session(&id).await?.filter(|session| session.is_live(live_at)) else {
        return Ok(false);
    };
    let ending = Ending { status: SessionStatus::Revoked, cause: Cause::Restored };
    let (to, cause) = session.ended(ending, clock.now());
    let event = AuditEvent::session_end(&Context::operator(), &to, cause);
    commit(store, event, vec![Write::MoveSession { to, from: SessionStatus::Active }]).await
}

async fn kept_return(store: &dyn Store, clock: &dyn Clock, client: ClientId) -> Result<bool, StoreError> {
    let Some(kept) = store.kept_return(&client).await? else { return Ok(false) };
    let mut event = event(Action::ReturnRevoked, clock).about_user(&kept.user).about_client(&client);
    event.session = Some(kept.session);
    commit(store, event, vec![Write::DropReturn(client)]).await
}

fn event(action: Action, clock: &dyn Clock) -> AuditEvent {
    AuditEvent::new(&Context::operator(), action, clock.now()).because(Cause::Restored)
}

async fn commit(store: &dyn Store, event: AuditEvent, writes: Vec<Write>) -> Result<bool, StoreError> {
    match store.commit(Change::new(event, Vec::new(), writes)).await {
        Ok(_) => Ok(true),
        Err(CommitError::GuardFailed) => Ok(false),
        Err(CommitError::Store(error)) => Err(error),
    }
}

fn unguarded() -> StoreError {
    StoreError::Corrupt("a change without guards failed a guard".into())
}
