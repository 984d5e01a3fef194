//! Kept answers, by the hash of the idempotency key.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    shape::Shape,
    state::{Changes, Load},
    table::Table,
};
use actas_domain::{
    idempotency::{KeptAnswer, SealedAnswer},
    secret::SecretHash,
    time::UnixMillis,
};
use std::collections::BTreeMap;
use tokio_postgres::Row;

const SHAPE: Shape = Shape {
    table: "kept_answers",
    columns: &[("key_hash", "bytea"), ("sealed", "bytea"), ("expires_at", "bigint")],
    key: 1,
};

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct KeptAnswers {
    /// When their time is over: of what is stored, no more is looked at.
    ends: Table<[u8; 32], UnixMillis>,
    /// What the batch keeps.
    sealed: BTreeMap<[u8; 32], SealedAnswer>,
    /// Until when, and how many, those are looked for whose time is over.
    over: Option<(UnixMillis, u64)>,
}

impl KeptAnswers {
    pub(crate) fn want(&mut self, key_hash: &SecretHash) {
        self.ends.want(key_hash.as_bytes());
    }

    /// Has as many looked for as all of a batch may remove, the longest over first.
    pub(crate) fn want_over(&mut self, now: UnixMillis, limit: u32) {
        let (latest, count) = self.over.unwrap_or((now, 0));
        self.over = Some((latest.max(now), count + u64::from(limit)));
    }

    /// Whether no answer is in the way whose time is not over.
    pub(crate) fn is_free(&self, key_hash: &SecretHash, now: UnixMillis) -> bool {
        self.ends.get(key_hash.as_bytes()).is_none_or(|expires_at| *expires_at <= now)
    }

    pub(crate) fn keep(&mut self, answer: KeptAnswer) {
        let key_hash = *answer.key_hash.as_bytes();
        self.ends.put(key_hash, answer.expires_at);
        self.sealed.insert(key_hash, answer.sealed);
    }

    /// Removes answers whose time is over at `now`, the longest over first, at most `limit`. Returns how many.
    pub(crate) fn forget(&mut self, now: UnixMillis, limit: u32) -> u64 {
        debug_assert!(self.over.is_some(), "answers of this batch were not looked for");
        let over = self.ends.rows().filter(|(_, expires_at)| **expires_at <= now);
        let mut over: Vec<_> = over.map(|(key_hash, expires_at)| (*expires_at, *key_hash)).collect();
        over.sort_unstable();
        over.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        for (_, key_hash) in &over {
            self.ends.remove(key_hash);
        }
        over.len() as u64
    }

    pub(crate) fn loads(&self, loads: &mut Vec<Load>) {
        if self.ends.wants_any() {
            let hashes = Value::AllBytes(self.ends.wanted().map(|hash| Some(hash.to_vec())).collect());
            let sql = "SELECT key_hash, expires_at FROM kept_answers WHERE key_hash = ANY($1)";
            loads.push(Load::new(sql, vec![hashes], |state, found| state.kept_answers.fill(found)));
        }
        if let Some((now, limit)) = self.over {
            let sql = "SELECT key_hash, expires_at FROM kept_answers WHERE expires_at <= $1 \
                ORDER BY expires_at LIMIT $2";
            let values = vec![bind::time(now), bind::unsigned(limit)];
            loads.push(Load::new(sql, values, |state, found| state.kept_answers.fill(found)));
        }
    }

    fn fill(&mut self, found: &[Row]) -> Result<(), Fault> {
        for (hash, expires_at) in rows::many(found, |row| {
            let mut fields = Fields::of(row, "kept_answers");
            Ok((fields.hash()?, fields.time()?))
        })? {
            self.ends.load(*hash.as_bytes(), expires_at);
        }
        Ok(())
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        let removed: Vec<_> = self.ends.removed().map(|hash| Some(hash.to_vec())).collect();
        if !removed.is_empty() {
            queries.push(SHAPE.remove_all(Value::AllBytes(removed)));
        }
        let kept = self.ends.put_rows().filter_map(|(hash, expires_at)| {
            Some(vec![bind::bytes(hash), bind::bytes(&self.sealed.get(hash)?.0), bind::time(*expires_at)])
        });
        queries.extend(SHAPE.put(kept));
    }
}

pub(crate) fn find(key_hash: &SecretHash) -> Query {
    let sql = "SELECT key_hash, sealed, expires_at FROM kept_answers WHERE key_hash = $1";
    Query::new(sql, vec![bind::hash(key_hash)])
}

pub(crate) fn count() -> Query {
    Query::plain("SELECT count(*) FROM kept_answers")
}

pub(crate) fn from_row(row: &Row) -> Result<KeptAnswer, Fault> {
    let mut fields = Fields::of(row, "kept_answers");
    Ok(KeptAnswer {
        key_hash: fields.hash()?,
        sealed: SealedAnswer(fields.bytes()?),
        expires_at: fields.time()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::testing::rows as made;

    /// What the database would answer: all that are over, in no order.
    fn loaded(ends: &[i64]) -> KeptAnswers {
        let mut answers = KeptAnswers::default();
        for (end, number) in ends.iter().zip(1..) {
            answers.ends.load(*made::idempotency_key_hash(number).as_bytes(), made::after(*end));
        }
        answers
    }

    #[test]
    fn several_sweeps_of_one_batch_remove_one_behind_the_other() {
        let mut answers = loaded(&[3, 1, 2]);
        for limit in [1, 2] {
            answers.want_over(made::after(i64::from(limit)), limit);
        }
        assert_eq!(answers.over, Some((made::after(2), 3)));
        assert_eq!(answers.forget(made::after(2), 1), 1);
        let left: Vec<_> = answers.ends.rows().map(|(_, end)| *end).collect();
        assert!(!left.contains(&made::after(1)), "{left:?}");
        assert_eq!(answers.forget(made::after(2), 2), 1, "the third is not over");
        assert_eq!(answers.ends.rows().count(), 1);
    }

    #[test]
    fn what_is_kept_behind_a_sweep_is_stored() {
        let mut answers = loaded(&[0]);
        answers.want_over(made::START, 1);
        assert_eq!(answers.forget(made::START, 1), 1);
        answers.keep(made::kept_answer(1));
        let mut queries = Changes::default();
        answers.changes(&mut queries);
        let statements: Vec<_> = queries.into_queries().map(|query| query.sql.into_owned()).collect();
        assert!(statements.len() == 1 && statements[0].starts_with("INSERT"), "{statements:?}");
    }
}
