//! Clients, and in the order of their ages.

use actas_domain::{
    client::Client,
    ids::ClientId,
    page::{Listed, Page},
    secret::SecretHash,
    time::UnixMillis,
};
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Default)]
pub(crate) struct Clients {
    rows: HashMap<ClientId, Client>,
    by_age: BTreeSet<(UnixMillis, ClientId)>,
    /// By the last change of their sets of sessions.
    pub(crate) by_change: BTreeSet<(UnixMillis, ClientId)>,
}

impl Clients {
    pub(crate) fn get(&self, id: &ClientId) -> Option<&Client> {
        self.rows.get(id)
    }

    /// Newest first.
    pub(crate) fn list(&self, page: Page) -> Listed<Client> {
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let ids = self.by_age.iter().rev().skip(offset).take(page.limit as usize);
        let rows = ids.filter_map(|(_, id)| self.rows.get(id)).cloned().collect();
        Listed { rows, total: self.rows.len() as u64 }
    }

    pub(crate) fn add(&mut self, client: Client) {
        self.by_age.insert((client.created_at, client.id.clone()));
        self.by_change.insert((client.updated_at, client.id.clone()));
        self.rows.insert(client.id.clone(), client);
    }

    pub(crate) fn rotate_cookie(&mut self, id: &ClientId, hash: SecretHash) {
        if let Some(client) = self.rows.get_mut(id) {
            client.cookie_hash = Some(hash);
        }
    }

    /// The client's set of sessions changed at this time.
    pub(crate) fn sessions_changed(&mut self, id: &ClientId, at: UnixMillis) {
        if let Some(client) = self.rows.get_mut(id) {
            self.by_change.remove(&(client.updated_at, id.clone()));
            client.updated_at = client.updated_at.max(at);
            self.by_change.insert((client.updated_at, id.clone()));
        }
    }

    pub(crate) fn remove(&mut self, id: &ClientId) {
        let Some(old) = self.rows.remove(id) else { return };
        self.by_age.remove(&(old.created_at, id.clone()));
        self.by_change.remove(&(old.updated_at, old.id));
    }
}
