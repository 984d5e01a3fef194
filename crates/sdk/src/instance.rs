//! The instance that a key belongs to.

use crate::{
    call::Operation,
    client::Handle,
    mode::{Async, Mode},
    words::words,
};
use serde::{Deserialize, Serialize};

/// The methods of the instance: [`Client::instance`](crate::Client::instance).
#[derive(Clone, Debug)]
pub struct InstanceSettings<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> InstanceSettings<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// The instance that the key belongs to (`GET /instance`).
    ///
    /// # Errors
    /// Only what any method may answer.
    pub fn get(&self) -> M::Answer<Instance> {
        Operation::get("instance.get", &["instance"]).send(&self.handle, &self.mode)
    }
}

words! {
    /// What an instance is for.
    EnvironmentType {
        /// For trying things out.
        Development = "development",
        /// For real users.
        Production = "production",
    }
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Instance {
    /// `ins_…`
    pub id: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_type: Option<EnvironmentType>,
    /// The key that browsers are given; no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishable_key: Option<String>,
}
