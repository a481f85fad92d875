//! A store in which one operation fails: applied all the same or lost, and with all that follow it or alone.

use std::cell::Cell;

use kv_schemas::{Store, StoreError};

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// With which operation.
    pub at: u32,
    /// It is applied, and the caller doesn't get to know.
    pub applied: bool,
    /// Nothing after it reaches the store either: the caller has crashed.
    pub crash: bool,
}

impl Fault {
    /// Everything that can go wrong with the first operations.
    pub fn all(operations: u32) -> impl Iterator<Item = Self> {
        (0..operations).flat_map(|at| {
            [(true, true), (true, false), (false, true), (false, false)].map(|(applied, crash)| Self {
                at,
                applied,
                crash,
            })
        })
    }
}

pub struct Faulty<'a> {
    store: &'a dyn Store,
    fault: Fault,
    done: Cell<u32>,
}

impl<'a> Faulty<'a> {
    pub fn new(store: &'a dyn Store, fault: Fault) -> Self {
        Self { store, fault, done: Cell::new(0) }
    }

    /// Whether it came to the fault.
    pub fn failed(&self) -> bool {
        self.done.get() > self.fault.at
    }

    fn step<T>(&self, operation: impl FnOnce(&dyn Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let n = self.done.replace(self.done.get() + 1);
        let failed = || Err(StoreError::Unavailable("injected".into()));
        if n == self.fault.at {
            if self.fault.applied {
                operation(self.store)?;
            }
            return failed();
        }
        if n > self.fault.at && self.fault.crash { failed() } else { operation(self.store) }
    }
}

impl Store for Faulty<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.step(|store| store.get(key))
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step(|store| store.set(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.step(|store| store.delete(key))
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.step(|store| store.exists(key))
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.step(|store| store.increment(key, delta))
    }
}
