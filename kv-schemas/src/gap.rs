//! A store for tests of the cores, in which something else happens between two operations of whoever uses it: another
//! caller, a sweep, a long sleep. Tried with every gap, it shows what two callers at once can do to each other.

use std::cell::Cell;

use crate::{Store, StoreError};

/// Runs `other` once, before the operation number `at`.
pub struct Gap<'a> {
    store: &'a dyn Store,
    at: u32,
    operations: Cell<u32>,
    other: &'a dyn Fn(&dyn Store),
}

impl<'a> Gap<'a> {
    /// `other` gets the store itself, so it may use it as a whole.
    #[must_use]
    pub fn new(store: &'a dyn Store, at: u32, other: &'a dyn Fn(&dyn Store)) -> Self {
        Self { store, at, operations: Cell::new(0), other }
    }

    /// Whether there was an operation number `at`.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.operations.get() > self.at
    }

    fn step(&self) -> &dyn Store {
        let operation = self.operations.replace(self.operations.get().saturating_add(1));
        if operation == self.at {
            (self.other)(self.store);
        }
        self.store
    }
}

impl Store for Gap<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.step().get(key)
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step().set(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.step().delete(key)
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.step().exists(key)
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.step().increment(key, delta)
    }
}
