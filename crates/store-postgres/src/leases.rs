//! Leases: a row each, by the database's clock, taken and renewed in a statement of its own.

use crate::bind::{self, Query};
use actas_domain::lease::{Lease, LeaseHolder};

/// A row when the lease is the holder's now.
pub(crate) fn take(lease: Lease, holder: &LeaseHolder, seconds: u32) -> Query {
    let sql = "INSERT INTO leases (name, holder, until_at) \
        VALUES ($1, $2, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + $3) \
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at \
        WHERE leases.holder = excluded.holder \
            OR leases.until_at <= floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint \
        RETURNING name";
    let millis = bind::integer(i64::from(seconds) * 1000);
    Query::new(sql, vec![bind::text(lease.as_str()), bind::text(holder.as_str()), millis])
}

/// Of a holder who ends.
pub(crate) fn give_up(holder: &LeaseHolder) -> Query {
    Query::new("DELETE FROM leases WHERE holder = $1", vec![bind::text(holder.as_str())])
}
