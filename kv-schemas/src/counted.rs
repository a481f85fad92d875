//! A store for tests of the cores, which counts what is asked of it: what something costs is a number of operations.

use std::cell::Cell;

use crate::{Store, StoreError};

/// Another store, and how many operations it was asked for through this one.
pub struct Counted<'a> {
    store: &'a dyn Store,
    operations: Cell<u64>,
}

impl<'a> Counted<'a> {
    /// Counts from 0.
    #[must_use]
    pub fn of(store: &'a dyn Store) -> Self {
        Self { store, operations: Cell::new(0) }
    }

    /// How many it has been.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.operations.get()
    }

    fn one_more(&self) -> &dyn Store {
        self.operations.set(self.operations.get().saturating_add(1));
        self.store
    }
}

impl Store for Counted<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.one_more().get(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.one_more().set(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.one_more().delete(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.one_more().exists(key)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.one_more().increment(key, delta)
    }
}
