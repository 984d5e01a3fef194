//! Acts on secret keys and signing keys.

use super::{
    case::{Case, SYSTEM, Verdict, answered, chosen},
    model::{Entry, ORDINARY_SECONDS, SecretKeyRow, SigningKeyRow},
};
use crate::{
    keys::rotate::{self, Haste},
    secret_key,
};

impl Case<'_> {
    pub(super) async fn rotate_keys(&mut self, at_once: bool) -> Verdict {
        let (context, caller) = self.backend().await?;
        let model = &mut self.model;
        let now = model.now;
        let place = |status| model.signing_keys.iter().position(|key| key.status == status);
        let (Some(current), Some(next)) = (place("current"), place("next")) else { return Ok(()) };
        let is_young = (now - model.signing_keys[next].created) / 1000 < 3_600;
        let haste = if at_once { Haste::AtOnce } else { Haste::None };
        let refusal = (is_young && !at_once).then_some("next_key_too_young");
        let rotated = answered(rotate::rotate(&self.world, &context, haste).await, refusal)?;
        let entry = Entry::new(now, "signing_key.rotated", &caller);
        let entry = Entry { signing_key: Some(model.signing_keys[next].id.clone()), ..entry };
        if rotated.is_none() {
            model.record.push(entry.denied("next_key_too_young"));
            return Ok(());
        }
        model.record.push(entry);
        model.signing_keys[next].status = "current";
        model.signing_keys[current].status = "retired";
        // A minute more than the longest session.
        model.signing_keys[current].needed_until = Some(now + (ORDINARY_SECONDS + 60) * 1000);
        let known = |id: &str| model.signing_keys.iter().any(|key| key.id == id);
        let keys = self.world.store.signing_keys().await.unwrap();
        let new: Vec<_> = keys.iter().filter(|key| !known(key.id.as_str())).collect();
        model.record.extend(new.iter().map(|key| {
            let entry = Entry::new(now, "signing_key.created", &caller);
            Entry { signing_key: Some(key.id.to_string()), ..entry }
        }));
        model.signing_keys.extend(new.into_iter().map(|key| SigningKeyRow {
            id: key.id.to_string(),
            status: "next",
            created: now,
            needed_until: None,
        }));
        Ok(())
    }

    pub(super) async fn remove_dead_keys(&mut self) -> Verdict {
        let model = &mut self.model;
        let now = model.now;
        let is_dead = |key: &&SigningKeyRow| key.needed_until.is_some_and(|until| until <= now);
        let mut dead: Vec<_> = model.signing_keys.iter().filter(is_dead).cloned().collect();
        dead.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        model.signing_keys.retain(|key| !dead.contains(key));
        for key in &dead {
            let entry = Entry::new(now, "signing_key.removed", SYSTEM);
            model.record.push(Entry { signing_key: Some(key.id.clone()), ..entry });
        }
        let removed = answered(rotate::remove_dead(&self.world).await, None)?;
        super::case::same("the keys removed", removed, Some(dead.len()))
    }

    pub(super) async fn create_secret_key(&mut self) -> Verdict {
        let (context, caller) = self.backend().await?;
        let result = secret_key::create::create(&self.world, &context, "another", true).await;
        if let Some((key, text)) = answered(result, None)? {
            let id = key.id.to_string();
            let entry = Entry::new(self.model.now, "secret_key.created", &caller);
            self.model.record.push(Entry { secret_key: Some(id.clone()), ..entry });
            self.model.secret_keys.push(SecretKeyRow { id, text, revoked: None });
        }
        Ok(())
    }

    pub(super) async fn revoke_secret_key(&mut self, key: usize, even_the_last: bool) -> Verdict {
        let Some(place) = chosen(key, self.model.secret_keys.len()) else { return Ok(()) };
        let (context, caller) = self.backend().await?;
        let keys = &self.model.secret_keys;
        let id = keys[place].id.clone();
        let was_valid = keys[place].revoked.is_none();
        let is_last = was_valid && keys.iter().filter(|key| key.revoked.is_none()).count() == 1;
        let refusal = (is_last && !even_the_last).then_some("last_secret_key");
        let result = secret_key::revoke::revoke(&self.world, &context, &id, even_the_last).await;
        let revoked = answered(result, refusal)?;
        let entry = Entry::new(self.model.now, "secret_key.revoked", &caller);
        let entry = Entry { secret_key: Some(id), ..entry };
        if revoked.is_none() {
            self.model.record.push(entry.denied("last_secret_key"));
        } else if was_valid {
            self.model.record.push(entry);
            self.model.secret_keys[place].revoked = Some(self.model.now);
        }
        Ok(())
    }
}
