//! One sequence: the world it is played in, and how each act is put to the use cases and to the model.

use super::{
    acts::{Act, Cookie, Rules},
    model::{self, ClientRow, Entry, Model, SecretKeyRow, SigningKeyRow},
};
use crate::{
    caller::{Caller, Context},
    client::{self, Client},
    keys::{bootstrap, ring::KeyRing},
    ports::{KeyVault, PasswordHasher},
    refusal::Failure,
    secret::SecretText,
    secret_key,
    settings::{DirectoryMode, InstanceKind, Settings},
    testing::{CountingEntropy, FixedClock, rows, store_contract::Harness},
    time::UnixMillis,
    world::World,
};
use proptest::test_runner::TestCaseError;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Debug,
    sync::Arc,
};

pub(super) type Verdict<T = ()> = Result<T, TestCaseError>;

pub(super) const OPERATOR: &str = "operator:-";
pub(super) const SYSTEM: &str = "system:-";

pub(super) struct Case<'a> {
    harness: &'a dyn Harness,
    clock: FixedClock,
    pub(super) world: World,
    pub(super) model: Model,
    /// Of the model's tokens, in their order.
    pub(super) tickets: Vec<SecretText>,
    pub(super) session_tokens: Vec<SessionToken>,
}

/// A session token that was handed out.
pub(super) struct SessionToken {
    pub(super) text: SecretText,
    pub(super) session: String,
    pub(super) key: String,
    pub(super) expires_seconds: i64,
}

impl<'a> Case<'a> {
    /// An instance on its first start, with one secret key.
    pub(super) async fn begin(
        harness: &'a dyn Harness,
        vault: Arc<dyn KeyVault>,
        passwords: Arc<dyn PasswordHasher>,
        rules: Rules,
    ) -> Self {
        let clock = harness.clock();
        clock.set(rows::START);
        let world = World {
            store: harness.open().await,
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(CountingEntropy::default()),
            vault,
            passwords,
            settings: settings(&rules),
            key_ring: KeyRing::default(),
            refusals: crate::refusal_throttle::RefusalThrottle::default(),
        };
        bootstrap::instance(&world).await.unwrap();
        let (key, text) =
            secret_key::create::create(&world, &Context::operator(), "first", false).await.unwrap();
        let signing_keys = world.store.signing_keys().await.unwrap();
        let now = rows::START.millis();
        let mut created = Entry::new(now, "secret_key.created", OPERATOR);
        created.secret_key = Some(key.id.to_string());
        let first = |action, status| {
            let key = signing_keys.iter().find(|key| key.status.as_str() == status);
            Entry { signing_key: key.map(|key| key.id.to_string()), ..Entry::new(now, action, SYSTEM) }
        };
        let model = Model {
            rules,
            now,
            users: BTreeMap::new(),
            outsiders: BTreeMap::new(),
            tokens: Vec::new(),
            sessions: Vec::new(),
            purged_sessions: HashSet::new(),
            clients: Vec::new(),
            returns: Vec::new(),
            secret_keys: vec![SecretKeyRow { id: key.id.to_string(), text, revoked: None }],
            signing_keys: signing_keys.iter().map(SigningKeyRow::of).collect(),
            created_in_month: BTreeMap::new(),
            refusals: HashMap::new(),
            record: vec![first("instance.created", "current"), first("signing_key.created", "next"), created],
        };
        Self { harness, clock, world, model, tickets: Vec::new(), session_tokens: Vec::new() }
    }

    /// Does the act and sees that all is as the model and the promises say.
    pub(super) async fn play(mut self, act: &Act) -> Verdict<Self> {
        let played = self.model.record.len();
        match act {
            Act::MoveTime { millis } => {
                self.clock.advance_millis(*millis);
                self.model.now += *millis;
            }
            Act::Reopen => self = self.reopen().await,
            act => self.act(act).await.map_err(|error| told_of(act, error))?,
        }
        let any_order = matches!(act, Act::Sweep);
        super::state::compare(&self, played, any_order).await.map_err(|error| told_of(act, error))?;
        super::promises::check(&self).await.map_err(|error| told_of(act, error))?;
        Ok(self)
    }

    async fn act(&mut self, act: &Act) -> Verdict {
        match *act {
            Act::CreateUser { who, username, banned, locked } => {
                self.create_user(who, username, (banned, locked)).await
            }
            Act::ChangeUser { who, ref wish } => self.change_user(who, wish).await,
            Act::Judge { who, judgement } => self.judge(who, judgement).await,
            Act::DeleteUser { who } => self.delete_user(who).await,
            Act::CreateActorToken { subject, actor, lifetime, session, with_reason } => {
                self.create_actor_token((subject, actor), (lifetime, session), with_reason).await
            }
            Act::CreateSignInToken { user, lifetime } => self.create_sign_in_token(user, lifetime).await,
            Act::RevokeToken { token } => self.revoke_token(token).await,
            Act::Redeem { token, forged, client, cookie } => self.redeem(token, forged, client, cookie).await,
            Act::OpenLink { token, client, cookie } => self.open_link(token, client, cookie).await,
            Act::CheckTicket { token } => self.check_ticket(token).await,
            Act::Touch { session, by } => self.touch(session, by).await,
            Act::RefreshToken { session, by } => self.refresh_token(session, by).await,
            Act::Leave { session, by, remove } => self.leave(session, by, remove).await,
            Act::SignOut { client, cookie } => self.sign_out(client, cookie).await,
            Act::RevokeSession { session } => self.revoke_session(session).await,
            Act::BackendToken { session, lifetime } => self.backend_token(session, lifetime).await,
            Act::CreateSession { user } => self.create_session(user).await,
            Act::VerifySessionToken { token } => self.verify_session_token(token).await,
            Act::RotateKeys { at_once } => self.rotate_keys(at_once).await,
            Act::RemoveDeadKeys => self.remove_dead_keys().await,
            Act::CreateSecretKey => self.create_secret_key().await,
            Act::RevokeSecretKey { key, even_the_last } => self.revoke_secret_key(key, even_the_last).await,
            Act::Sweep => self.sweep().await,
            Act::Purge => self.purge().await,
            Act::MoveTime { .. } | Act::Reopen => Ok(()),
        }
    }

    async fn reopen(self) -> Self {
        let World { store, clock, entropy, vault, passwords, settings, .. } = self.world;
        let again = self.harness.reopen(Arc::clone(&store)).await;
        let store = again.unwrap_or(store);
        let world = World {
            store,
            clock,
            entropy,
            vault,
            passwords,
            settings,
            key_ring: KeyRing::default(),
            refusals: crate::refusal_throttle::RefusalThrottle::default(),
        };
        let model = Model { refusals: HashMap::new(), ..self.model };
        Self { world, model, ..self }
    }

    /// A backend's context, by the newest valid secret key, or the operator's when there is none; and its name in
    /// the record.
    pub(super) async fn backend(&self) -> Verdict<(Context, String)> {
        for key in self.model.secret_keys.iter().rev() {
            let found = secret_key::authenticate::authenticate(&self.world, key.text.reveal()).await;
            let found = found.map_err(|error| TestCaseError::fail(error.to_string()))?;
            let wanted = key.revoked.is_none().then_some(key.id.as_str());
            same("an authenticated secret key", found.as_ref().map(|id| id.as_str()), wanted)?;
            if let Some(id) = found {
                let name = format!("secret_key:{id}");
                return Ok((Context { caller: Caller::SecretKey(id), ..Context::operator() }, name));
            }
        }
        Ok((Context::operator(), OPERATOR.to_owned()))
    }

    /// The client by one of its cookies; none when the cookie is not the one that counts, or there is none.
    pub(super) async fn visitor(&self, place: usize, cookie: Cookie) -> Verdict<Option<Client>> {
        let ClientRow { id, cookies, .. } = &self.model.clients[place];
        let back = if cookie == Cookie::Older && cookies.len() > 1 { 2 } else { 1 };
        let Some(text) = cookies.len().checked_sub(back).map(|at| cookies[at].reveal()) else {
            return Ok(None);
        };
        let found = client::authenticate::authenticate(&self.world, text).await;
        let found = found.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let wanted = (back == 1).then_some(id.as_str());
        same("an authenticated client", found.as_ref().map(|client| client.id.as_str()), wanted)?;
        Ok(found)
    }
}

/// The context of a browser, and its name in the record.
pub(super) fn browser(client: Option<&Client>) -> (Context, String) {
    let id = client.map(|client| client.id.clone());
    let name = format!("client:{}", id.as_ref().map_or("-", |id| id.as_str()));
    (Context { caller: Caller::Client(id), ..Context::operator() }, name)
}

/// The place that a number chooses, the newest first; none where there is nothing.
pub(super) const fn chosen(number: usize, length: usize) -> Option<usize> {
    if length == 0 { None } else { Some(length - 1 - number % length) }
}

/// What was answered, if that is what the model says: success, or this refusal.
pub(super) fn answered<T: Debug>(result: Result<T, Failure>, refusal: Option<&str>) -> Verdict<Option<T>> {
    match (result, refusal) {
        (Ok(value), None) => Ok(Some(value)),
        (Err(Failure::Refused(found)), Some(wanted)) if found.code() == wanted => Ok(None),
        (found, wanted) => Err(TestCaseError::fail(format!("answered {found:?}, the model says {wanted:?}"))),
    }
}

pub(super) fn same<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Verdict {
    if found == wanted {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("{what}: found {found:?}, the model says {wanted:?}")))
}

pub(super) fn time(at: i64) -> UnixMillis {
    UnixMillis::from_millis(at)
}

fn told_of(act: &Act, error: TestCaseError) -> TestCaseError {
    TestCaseError::fail(format!("{act:?}: {error}"))
}

fn settings(rules: &Rules) -> Settings {
    Settings {
        instance_kind: if rules.development { InstanceKind::Development } else { InstanceKind::Production },
        directory_mode: if rules.managed { DirectoryMode::Managed } else { DirectoryMode::Open },
        issuer: "https://actas.example".to_owned(),
        impersonation_enabled: rules.impersonation_enabled,
        impersonation_monthly_limit: rules.monthly_limit,
        impersonated_session_max_seconds: model::IMPERSONATED_MAX_SECONDS,
        impersonated_idle_seconds: model::IMPERSONATED_IDLE_SECONDS,
        ordinary_session_seconds: model::ORDINARY_SECONDS,
        ordinary_idle_seconds: model::ORDINARY_IDLE_SECONDS,
        session_token_seconds: model::SESSION_TOKEN_SECONDS,
        retention_seconds: Some(model::RETENTION_SECONDS),
        ..Settings::default()
    }
}
