//! Acts on users: create, change, ban, unban, lock, unlock, delete.

use super::{
    acts::{Judgement, USERNAMES, USERS, Wish},
    case::{Case, Verdict, answered, same},
    model::{Entry, UserRow},
};
use crate::{
    idempotency::Unkept,
    json::JsonObject,
    secret::SecretText,
    user::{
        create::{self, CreateUser},
        delete,
        metadata::{self, UpdateMetadata},
        standing,
        update::{self, Patch, UpdateUser},
    },
};

/// Of the password "correct horse battery staple".
const DIGEST: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                      iVpbqIE4EAX1qMBFxIVYZDBAfQtyCXlMtLwMtCFZBVo";

impl Case<'_> {
    pub(super) async fn create_user(
        &mut self,
        who: usize,
        username: Option<usize>,
        (banned, locked): (bool, bool),
    ) -> Verdict {
        let (id, username) = (USERS[who], username.map(|place| USERNAMES[place]));
        let (context, caller) = self.backend().await?;
        let model = &self.model;
        let is_taken = model.users.contains_key(id) || model.username_is_taken(username, id);
        let request = CreateUser {
            id: Some(id.to_owned()),
            username: username.map(str::to_owned),
            banned: Some(banned),
            locked: Some(locked),
            ..CreateUser::default()
        };
        let result = create::create(&self.world, &context, request, &Unkept).await;
        let created = answered(result, is_taken.then_some("form_identifier_exists"))?;
        let model = &mut self.model;
        let entry = Entry::new(model.now, "user.created", &caller).of_user(id);
        if created.is_none() {
            model.record.push(entry.denied("form_identifier_exists"));
            return Ok(());
        }
        let (kept_banned, kept_locked) = model.outsiders.remove(id).unwrap_or_default();
        let row = UserRow {
            banned: banned || kept_banned,
            locked: locked || kept_locked,
            username: username.map(str::to_owned),
            first_name: None,
            metadata: "{}".to_owned(),
            has_password: false,
            updated: model.now,
            last_sign_in: None,
            last_active: None,
        };
        let downfall = if row.banned { Some("banned") } else { row.locked.then_some("locked") };
        model.users.insert(id.to_owned(), row);
        model.record.push(entry);
        if let Some(how) = downfall {
            model.fall(id, how, &caller);
        }
        Ok(())
    }

    pub(super) async fn change_user(&mut self, who: usize, wish: &Wish) -> Verdict {
        let id = USERS[who];
        let (context, caller) = self.backend().await?;
        let stored = self.model.users.get(id).cloned();
        let taken = match wish {
            Wish::Username(Some(place)) => self.model.username_is_taken(Some(USERNAMES[*place]), id),
            _ => false,
        };
        let refusal = match &stored {
            None => Some("resource_not_found"),
            Some(_) => taken.then_some("form_identifier_exists"),
        };
        let result = match wish {
            Wish::Metadata { merge, number } => {
                let object = JsonObject::parse(&metadata_of(*number)).unwrap();
                let request = UpdateMetadata { public_metadata: Some(object), ..UpdateMetadata::default() };
                if *merge {
                    metadata::merge(&self.world, &context, id, request).await
                } else {
                    metadata::replace(&self.world, &context, id, request).await
                }
            }
            wish => update::update(&self.world, &context, id, request_of(wish)).await,
        };
        let changed = answered(result, refusal)?;
        let Some(stored) = stored else { return Ok(()) };
        let model = &mut self.model;
        let entry = Entry::new(model.now, "user.updated", &caller).of_user(id);
        if changed.is_none() {
            model.record.push(entry.denied("form_identifier_exists"));
            return Ok(());
        }
        let is_password = matches!(wish, Wish::Password { .. });
        let mut row = wished(&stored, wish);
        if row == stored && !is_password {
            return Ok(());
        }
        row.updated = row.updated.max(model.now);
        model.users.insert(id.to_owned(), row);
        model.record.push(entry);
        if matches!(wish, Wish::Password { sign_out: true }) {
            model.returns.retain(|kept| kept.user != id);
            model.end_all("revoked", &caller, |session| (session.user == id).then_some("password_changed"));
        }
        Ok(())
    }

    pub(super) async fn judge(&mut self, who: usize, judgement: Judgement) -> Verdict {
        let id = USERS[who];
        let (context, caller) = self.backend().await?;
        let world = &self.world;
        let result = match judgement {
            Judgement::Ban => standing::ban(world, &context, id, &Unkept).await,
            Judgement::Unban => standing::unban(world, &context, id, &Unkept).await,
            Judgement::Lock => standing::lock(world, &context, id, &Unkept).await,
            Judgement::Unlock => standing::unlock(world, &context, id, &Unkept).await,
        };
        let refusal = self.model.is_unknown(id).then_some("resource_not_found");
        let Some(user) = answered(result, refusal)? else { return Ok(()) };
        let model = &mut self.model;
        let (present, banned, locked) = model.standing(id);
        let (action, wanted, downfall) = match judgement {
            Judgement::Ban => ("user.banned", (true, locked), Some("banned")),
            Judgement::Unban => ("user.unbanned", (false, locked), None),
            Judgement::Lock => ("user.locked", (banned, true), Some("locked")),
            Judgement::Unlock => ("user.unlocked", (banned, false), None),
        };
        same("the answered standing", (user.banned, user.locked), wanted)?;
        if wanted == (banned, locked) {
            return Ok(());
        }
        match model.users.get_mut(id) {
            Some(row) if present => {
                (row.banned, row.locked) = wanted;
                row.updated = row.updated.max(model.now);
            }
            _ if wanted == (false, false) => {
                model.outsiders.remove(id);
            }
            _ => {
                model.outsiders.insert(id.to_owned(), wanted);
            }
        }
        model.record.push(Entry::new(model.now, action, &caller).of_user(id));
        if let Some(how) = downfall {
            model.fall(id, how, &caller);
        }
        Ok(())
    }

    pub(super) async fn delete_user(&mut self, who: usize) -> Verdict {
        let id = USERS[who];
        let (context, caller) = self.backend().await?;
        let refusal = (!self.model.users.contains_key(id)).then_some("resource_not_found");
        let deleted = answered(delete::delete(&self.world, &context, id).await, refusal)?;
        let model = &mut self.model;
        let (Some(_), Some(row)) = (deleted, model.users.remove(id)) else { return Ok(()) };
        if !model.rules.managed && (row.banned || row.locked) {
            model.outsiders.insert(id.to_owned(), (row.banned, row.locked));
        }
        model.record.push(Entry::new(model.now, "user.deleted", &caller).of_user(id));
        model.fall(id, "deleted", &caller);
        Ok(())
    }
}

fn request_of(wish: &Wish) -> UpdateUser {
    let patch = |text: Option<String>| text.map_or(Patch::Clear, Patch::Set);
    match wish {
        Wish::FirstName(number) => {
            UpdateUser { first_name: patch(number.map(first_name)), ..UpdateUser::default() }
        }
        Wish::Username(place) => {
            let username = place.map(|place| USERNAMES[place].to_owned());
            UpdateUser { username: patch(username), ..UpdateUser::default() }
        }
        Wish::Password { sign_out } => UpdateUser {
            password_digest: Some(SecretText::new(DIGEST.to_owned())),
            password_hasher: Some("argon2id".to_owned()),
            sign_out_of_other_sessions: Some(*sign_out),
            ..UpdateUser::default()
        },
        Wish::Metadata { .. } => UpdateUser::default(),
    }
}

fn wished(stored: &UserRow, wish: &Wish) -> UserRow {
    let mut row = stored.clone();
    match wish {
        Wish::FirstName(number) => row.first_name = number.map(first_name),
        Wish::Username(place) => row.username = place.map(|place| USERNAMES[place].to_owned()),
        Wish::Password { .. } => row.has_password = true,
        Wish::Metadata { number, .. } => row.metadata = metadata_of(*number),
    }
    row
}

fn first_name(number: u8) -> String {
    format!("Name {number}")
}

fn metadata_of(number: u8) -> String {
    format!("{{\"number\":{number}.0}}")
}
