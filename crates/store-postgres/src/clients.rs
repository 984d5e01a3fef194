//! Clients.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    shape::{Shape, in_steps},
    state::{Changes, Load},
    table::Table,
};
use actas_domain::{client::Client, ids::ClientId, page::Page, secret::SecretHash, time::UnixMillis};
use std::collections::BTreeMap;
use tokio_postgres::Row;

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, cookie_hash, created_at, updated_at FROM clients ", $tail)
    };
}

const SHAPE: Shape = Shape {
    table: "clients",
    columns: &[("id", "text"), ("cookie_hash", "bytea"), ("created_at", "bigint"), ("updated_at", "bigint")],
    key: 1,
};

const TOUCH: &str = "UPDATE clients SET updated_at = touched.at \
    FROM unnest($1::text[], $2::bigint[]) AS touched (id, at) \
    WHERE clients.id = touched.id AND clients.updated_at < touched.at";

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    pub(crate) rows: Table<ClientId, Client>,
    /// Clients of sessions that a set-wise write ends: nothing else of them is looked at.
    touched: BTreeMap<ClientId, UnixMillis>,
}

impl Clients {
    pub(crate) fn put(&mut self, client: Client) {
        self.rows.put(client.id.clone(), client);
    }

    pub(crate) fn rotate_cookie(&mut self, id: &ClientId, hash: SecretHash) {
        if let Some(client) = self.rows.get(id) {
            self.put(Client { cookie_hash: Some(hash), ..client.clone() });
        }
    }

    /// The client's set of sessions changed at this time.
    pub(crate) fn sessions_changed(&mut self, id: &ClientId, at: UnixMillis) {
        match self.rows.peek(id) {
            Some(client) if client.updated_at >= at => {}
            Some(client) => self.put(Client { updated_at: at, ..client.clone() }),
            None => {
                let touched = self.touched.entry(id.clone()).or_insert(at);
                *touched = (*touched).max(at);
            }
        }
    }

    pub(crate) fn loads(&self, loads: &mut Vec<Load>) {
        if self.rows.wants_any() {
            let ids = bind::texts(self.rows.wanted().map(ClientId::as_str));
            loads.push(Load::new(select!("WHERE id = ANY($1)"), vec![ids], |state, found| {
                for client in rows::many(found, from_row)? {
                    state.clients.rows.load(client.id.clone(), client);
                }
                Ok(())
            }));
        }
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        queries.extend(SHAPE.remove(self.rows.removed().map(ClientId::as_str)));
        queries.extend(SHAPE.put(self.rows.put_rows().map(|(_, client)| row(client))));
        let touched = self.touched.iter().map(|(id, at)| vec![bind::text(id.as_str()), bind::time(*at)]);
        queries.extend(in_steps(|| TOUCH.to_owned(), touched));
    }
}

pub(crate) fn find(id: &ClientId) -> Query {
    Query::new(select!("WHERE id = $1"), vec![bind::text(id.as_str())])
}

/// The page, newest first, and the total.
pub(crate) fn list(page: Page) -> [Query; 2] {
    let sql = select!("ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2");
    let bounds = vec![bind::integer(i64::from(page.limit)), bind::unsigned(page.offset)];
    [Query::new(sql, bounds), Query::plain("SELECT count(*) FROM clients")]
}

fn row(client: &Client) -> Vec<Value> {
    vec![
        bind::text(client.id.as_str()),
        Value::Bytes(client.cookie_hash.as_ref().map(|hash| hash.as_bytes().to_vec())),
        bind::time(client.created_at),
        bind::time(client.updated_at),
    ]
}

pub(crate) fn from_row(row: &Row) -> Result<Client, Fault> {
    let mut fields = Fields::of(row, "clients");
    Ok(Client {
        id: fields.parsed(ClientId::parse)?,
        cookie_hash: fields.optional_hash()?,
        created_at: fields.time()?,
        updated_at: fields.time()?,
    })
}
