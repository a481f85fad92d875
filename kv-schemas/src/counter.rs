//! A counter: incremented, read by adding nothing, never set.

use crate::{Store, StoreError};

/// One key that is incremented, never set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    key: String,
}

impl Counter {
    pub(crate) fn new(key: String) -> Self {
        Self { key }
    }

    /// The key itself, for records that must find the counter again.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Adds and gives the sum. If this fails, it may have been applied: treat it as applied.
    pub fn add(&self, store: &dyn Store, delta: i64) -> Result<i64, StoreError> {
        store.increment(&self.key, delta)
    }

    /// The sum. (Reading is adding 0: the hosts encode counters differently.) Creates the key at 0.
    pub fn read(&self, store: &dyn Store) -> Result<i64, StoreError> {
        store.increment(&self.key, 0)
    }

    /// Removes a counter whose window is over, so that nobody adds to it any more.
    pub fn retire(&self, store: &dyn Store) -> Result<(), StoreError> {
        store.delete(&self.key)
    }
}
