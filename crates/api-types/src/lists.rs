//! What lists and deletions of any kind answer.

use serde::{Deserialize, Serialize};

/// How many there are.
#[derive(Debug, Serialize, Deserialize)]
pub struct TotalCount {
    /// `total_count`
    pub object: String,
    pub total_count: u64,
}

/// What is left of something that was deleted.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeletedObject {
    /// What it was, for example `user`.
    pub object: String,
    pub id: String,
    /// `true`
    pub deleted: bool,
}

/// A list in the shape that was asked for.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Listing<T> {
    /// Without `paginated`, or with `paginated=false`.
    Bare(Vec<T>),
    /// With `paginated=true`.
    Page(Page<T>),
}

/// A part of a list, and how many rows the whole list has.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub total_count: u64,
}
