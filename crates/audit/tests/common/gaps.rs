//! A store in which something else happens between two operations of whoever uses it.

use std::cell::Cell;

use kv_schemas::{Store, StoreError};

/// Runs `other` once, before the operation number `at`.
pub struct Gap<'a> {
    store: &'a dyn Store,
    at: u32,
    operations: Cell<u32>,
    other: &'a dyn Fn(&dyn Store),
}

impl<'a> Gap<'a> {
    pub fn new(store: &'a dyn Store, at: u32, other: &'a dyn Fn(&dyn Store)) -> Self {
        Self { store, at, operations: Cell::new(0), other }
    }

    /// Whether there was an operation number `at`.
    pub fn reached(&self) -> bool {
        self.operations.get() > self.at
    }

    fn step(&self) -> &dyn Store {
        let operation = self.operations.replace(self.operations.get() + 1);
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
