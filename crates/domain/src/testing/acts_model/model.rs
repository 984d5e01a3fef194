//! A second, simpler account of what the rules say: plain rows, plain times, no guards, no transactions.

use super::{acts::Rules, returns::ReturnRow};
use crate::secret::SecretText;
use std::collections::{BTreeMap, HashMap, HashSet};

pub(super) const IMPERSONATED_IDLE_SECONDS: i64 = 600;
pub(super) const IMPERSONATED_MAX_SECONDS: i64 = 3_000;
pub(super) const ORDINARY_IDLE_SECONDS: i64 = 2_000;
pub(super) const ORDINARY_SECONDS: i64 = 7_200;
pub(super) const SESSION_TOKEN_SECONDS: i64 = 60;
pub(super) const RETENTION_SECONDS: i64 = 1_000;

/// All times are milliseconds since the epoch.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) rules: Rules,
    pub(super) now: i64,
    pub(super) users: BTreeMap<String, UserRow>,
    /// Banned and locked, of those who are not stored.
    pub(super) outsiders: BTreeMap<String, (bool, bool)>,
    /// Actor tokens and sign-in tokens, oldest first.
    pub(super) tokens: Vec<TokenRow>,
    pub(super) sessions: Vec<SessionRow>,
    /// Ids of those that are gone: the record tells of them still.
    pub(super) purged_sessions: HashSet<String>,
    pub(super) clients: Vec<ClientRow>,
    pub(super) returns: Vec<ReturnRow>,
    pub(super) secret_keys: Vec<SecretKeyRow>,
    pub(super) signing_keys: Vec<SigningKeyRow>,
    pub(super) created_in_month: BTreeMap<String, u64>,
    pub(super) record: Vec<Entry>,
    /// By action and what it is about: since when, and how many, in memory only.
    pub(super) refusals: HashMap<(&'static str, Option<String>), (i64, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserRow {
    pub(super) banned: bool,
    pub(super) locked: bool,
    pub(super) username: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) metadata: String,
    pub(super) has_password: bool,
    pub(super) updated: i64,
    pub(super) last_sign_in: Option<i64>,
    pub(super) last_active: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenRow {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) subject: String,
    /// `sub` and JSON; none makes it a sign-in token.
    pub(super) actor: Option<(String, String)>,
    pub(super) reason: Option<String>,
    pub(super) session_seconds: i64,
    pub(super) updated: i64,
    pub(super) expires: i64,
    pub(super) session: Option<String>,
    pub(super) cause: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) user: String,
    pub(super) actor: Option<(String, String)>,
    pub(super) token: Option<String>,
    pub(super) client: String,
    pub(super) updated: i64,
    pub(super) last_active: i64,
    pub(super) expires: i64,
    pub(super) idle_seconds: i64,
}

#[derive(Debug)]
pub(super) struct ClientRow {
    pub(super) id: String,
    pub(super) updated: i64,
    /// All it ever had, the newest last; only that one counts.
    pub(super) cookies: Vec<SecretText>,
}

#[derive(Debug)]
pub(super) struct SecretKeyRow {
    pub(super) id: String,
    pub(super) text: SecretText,
    pub(super) revoked: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SigningKeyRow {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) created: i64,
    pub(super) needed_until: Option<i64>,
}

/// An entry of the record, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) at: i64,
    pub(super) action: &'static str,
    pub(super) denied: Option<String>,
    pub(super) cause: Option<&'static str>,
    pub(super) caller: String,
    pub(super) subject: Option<String>,
    pub(super) actor_sub: Option<String>,
    pub(super) actor_token: Option<String>,
    pub(super) sign_in_token: Option<String>,
    pub(super) session: Option<String>,
    pub(super) client: Option<String>,
    pub(super) secret_key: Option<String>,
    pub(super) signing_key: Option<String>,
    pub(super) reason: Option<String>,
}

impl Model {
    /// A client's refusal goes on record ten times a minute, and is answered oftener.
    pub(super) fn refuse_client(&mut self, entry: Entry) {
        let about = entry
            .actor_token
            .clone()
            .or_else(|| entry.sign_in_token.clone())
            .or_else(|| entry.session.clone());
        let (since, count) = self.refusals.entry((entry.action, about)).or_insert((entry.at, 0));
        if !(0..60_000).contains(&(entry.at - *since)) {
            (*since, *count) = (entry.at, 0);
        }
        *count += 1;
        if *count <= 10 {
            self.record.push(entry);
        }
    }
}

impl TokenRow {
    /// `subject` or `actor`, as far as the user is a party at all.
    fn role_of(&self, user: &str) -> Option<&'static str> {
        role(&self.subject, self.actor.as_ref(), user)
    }
}

impl SessionRow {
    pub(super) fn ends(&self) -> i64 {
        self.expires.min(self.last_active + self.idle_seconds * 1000)
    }

    pub(super) fn is_live(&self, now: i64) -> bool {
        self.status == "active" && now < self.ends()
    }

    fn role_of(&self, user: &str) -> Option<&'static str> {
        role(&self.user, self.actor.as_ref(), user)
    }
}

fn role(subject: &str, actor: Option<&(String, String)>, user: &str) -> Option<&'static str> {
    if subject == user { Some("subject") } else { actor.filter(|(sub, _)| sub == user).map(|_| "actor") }
}

impl Entry {
    pub(super) fn new(at: i64, action: &'static str, caller: &str) -> Self {
        Self { at, action, caller: caller.to_owned(), ..Self::default() }
    }

    pub(super) fn because(self, cause: &'static str) -> Self {
        Self { cause: Some(cause), ..self }
    }

    pub(super) fn denied(self, code: &str) -> Self {
        Self { denied: Some(code.to_owned()), ..self }
    }

    pub(super) fn of_user(self, user: &str) -> Self {
        Self { subject: Some(user.to_owned()), ..self }
    }

    pub(super) fn of_token(self, token: &TokenRow) -> Self {
        let id = Some(token.id.clone());
        let (actor_token, sign_in_token) = if token.actor.is_some() { (id, None) } else { (None, id) };
        Self {
            subject: Some(token.subject.clone()),
            actor_sub: token.actor.as_ref().map(|(sub, _)| sub.clone()),
            actor_token,
            sign_in_token,
            session: token.session.clone(),
            reason: token.reason.clone(),
            ..self
        }
    }

    pub(super) fn of_session(self, session: &SessionRow) -> Self {
        Self {
            subject: Some(session.user.clone()),
            actor_sub: session.actor.as_ref().map(|(sub, _)| sub.clone()),
            actor_token: session.token.clone(),
            session: Some(session.id.clone()),
            client: Some(session.client.clone()),
            ..self
        }
    }
}

impl Model {
    /// Present, banned, locked.
    pub(super) fn standing(&self, user: &str) -> (bool, bool, bool) {
        match (self.users.get(user), self.outsiders.get(user)) {
            (Some(row), _) => (true, row.banned, row.locked),
            (None, Some((banned, locked))) => (false, *banned, *locked),
            (None, None) => (false, false, false),
        }
    }

    /// Whether one of these says no to being a party, in the order in which it is told.
    pub(super) fn bad_standing(&self, user: &str) -> Option<&'static str> {
        match self.standing(user) {
            (_, true, _) => Some("user_banned"),
            (_, false, true) => Some("user_locked"),
            (_, false, false) => None,
        }
    }

    pub(super) fn is_unknown(&self, user: &str) -> bool {
        self.rules.managed && !self.users.contains_key(user)
    }

    /// Whether somebody but `user` has this username, in any case.
    pub(super) fn username_is_taken(&self, username: Option<&str>, user: &str) -> bool {
        let wanted = username.map(str::to_lowercase);
        let has = |row: &UserRow| row.username.as_ref().map(|name| name.to_lowercase()) == wanted;
        wanted.is_some() && self.users.iter().any(|(id, row)| id != user && has(row))
    }

    pub(super) fn live_sessions(&self, client: &str) -> impl Iterator<Item = &SessionRow> {
        self.sessions.iter().filter(move |session| session.client == client && session.is_live(self.now))
    }

    /// Ends the session as wanted, or by time if that came first, and says so on behalf of the caller.
    pub(super) fn end(&mut self, place: usize, status: &'static str, cause: &'static str, caller: &str) {
        let now = self.now;
        let session = &mut self.sessions[place];
        let cause = if now >= session.ends() {
            let by_maximum = session.expires <= session.last_active + session.idle_seconds * 1000;
            (session.status, session.updated) = ("expired", session.ends());
            if by_maximum { "maximum_duration" } else { "idle" }
        } else {
            (session.status, session.updated) = (status, now);
            cause
        };
        let action = match session.status {
            "ended" => "session.ended",
            "expired" => "session.expired",
            "removed" => "session.removed",
            "replaced" => "session.replaced",
            _ => "session.revoked",
        };
        let entry = Entry::new(session.updated, action, caller).of_session(session).because(cause);
        let (client, updated) = (session.client.clone(), session.updated);
        self.record.push(entry);
        self.client_changed(&client, updated);
    }

    /// Ends all active sessions that are chosen with a cause, in the order of their ids.
    pub(super) fn end_all(
        &mut self,
        status: &'static str,
        caller: &str,
        choose: impl Fn(&SessionRow) -> Option<&'static str>,
    ) {
        let mut chosen: Vec<_> = (0..self.sessions.len())
            .filter(|place| self.sessions[*place].status == "active")
            .filter_map(|place| choose(&self.sessions[place]).map(|cause| (place, cause)))
            .collect();
        chosen.sort_by(|(one, _), (other, _)| self.sessions[*one].id.cmp(&self.sessions[*other].id));
        for (place, cause) in chosen {
            self.end(place, status, cause, caller);
        }
    }

    /// All that a user loses with their place among the parties: `deleted`, `banned` or `locked`.
    pub(super) fn fall(&mut self, user: &str, how: &'static str, caller: &str) {
        self.returns.retain(|kept| kept.user != user);
        self.end_all("revoked", caller, |session| session.role_of(user).map(|role| cause(role, how)));
        let mut fallen: Vec<_> = (0..self.tokens.len())
            .filter(|place| self.tokens[*place].status == "pending")
            .filter_map(|place| self.tokens[place].role_of(user).map(|role| (place, cause(role, how))))
            .collect();
        // `act_…` comes before `sit_…`.
        fallen.sort_by(|(one, _), (other, _)| self.tokens[*one].id.cmp(&self.tokens[*other].id));
        for (place, cause) in fallen {
            self.revoke_token(place, cause, caller);
        }
    }

    pub(super) fn revoke_token(&mut self, place: usize, cause: &'static str, caller: &str) {
        let token = &mut self.tokens[place];
        (token.status, token.updated, token.cause) = ("revoked", self.now, Some(cause));
        let action = if token.actor.is_some() { "actor_token.revoked" } else { "sign_in_token.revoked" };
        let entry = Entry::new(self.now, action, caller).of_token(token).because(cause);
        self.record.push(entry);
    }

    pub(super) fn client_changed(&mut self, client: &str, at: i64) {
        if let Some(row) = self.clients.iter_mut().find(|row| row.id == client) {
            row.updated = row.updated.max(at);
        }
    }

    /// Moves the session's stored activity when it lags by 30 s or a tenth of the idle time.
    pub(super) fn active(&mut self, place: usize) {
        let now = self.now;
        let session = &mut self.sessions[place];
        if now - session.last_active < (session.idle_seconds * 100).min(30_000) {
            return;
        }
        session.last_active = now;
        let user = session.user.clone();
        if session.actor.is_none()
            && let Some(row) = self.users.get_mut(&user)
        {
            row.last_active = row.last_active.max(Some(now));
        }
    }
}

fn cause(role: &str, how: &str) -> &'static str {
    match (role, how) {
        ("subject", "deleted") => "subject_deleted",
        ("subject", "banned") => "subject_banned",
        ("subject", _) => "subject_locked",
        (_, "deleted") => "actor_deleted",
        (_, "banned") => "actor_banned",
        (_, _) => "actor_locked",
    }
}
