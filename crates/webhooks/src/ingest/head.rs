//! How far the sweep of webhooks is.

use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

/// Where the next sweep begins, as indexes of the two lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The first event that may still be stored.
    pub events: u64,
    /// The first dedupe id that may still be known.
    pub ids: u64,
    /// The first dead letter that may still be listed.
    pub dead_letters: u64,
}

impl Head {
    pub fn load(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(head().get(store)?.unwrap_or(Self { events: 1, ids: 1, dead_letters: 1 }))
    }

    pub fn save(&self, store: &dyn Store) -> Result<(), StoreError> {
        head().set(store, self)
    }
}

fn head() -> Value<Head> {
    families::WEBHOOK_HEAD.value(&[])
}
