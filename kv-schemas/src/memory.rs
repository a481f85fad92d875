//! An in-memory store for tests of the cores. A key is a value or a counter; mixing them is an error, as on the hosts.

use std::{cell::RefCell, collections::BTreeMap};

use crate::{Store, StoreError};

/// What is under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Bytes that were set.
    Value(Vec<u8>),
    /// A sum of increments.
    Counter(i64),
}

/// A store in memory.
#[derive(Debug, Default, Clone)]
pub struct Memory {
    cells: RefCell<BTreeMap<String, Cell>>,
    /// When set, this many more operations succeed and all after them fail.
    fuel: RefCell<Option<u32>>,
}

impl Memory {
    /// Lets `operations` more operations through, then fails all (the store has gone away, or the caller has crashed).
    pub fn fail_after(&self, operations: u32) {
        *self.fuel.borrow_mut() = Some(operations);
    }

    /// Ends the failing.
    pub fn recover(&self) {
        *self.fuel.borrow_mut() = None;
    }

    /// All keys, for tests that look for leftovers.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.cells.borrow().keys().cloned().collect()
    }

    /// All that is in it, by key.
    #[must_use]
    pub fn dump(&self) -> BTreeMap<String, Cell> {
        self.cells.borrow().clone()
    }

    fn spend(&self) -> Result<(), StoreError> {
        let mut fuel = self.fuel.borrow_mut();
        match fuel.as_mut().map(|left| left.checked_sub(1)) {
            None => Ok(()),
            Some(Some(left)) => {
                *fuel = Some(left);
                Ok(())
            }
            Some(None) => Err(StoreError::Unavailable("injected".into())),
        }
    }
}

fn mixed(key: &str) -> StoreError {
    StoreError::Corrupt { key: key.into(), reason: "used both as a value and as a counter".into() }
}

impl Store for Memory {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.spend()?;
        match self.cells.borrow().get(key) {
            None => Ok(None),
            Some(Cell::Value(bytes)) => Ok(Some(bytes.clone())),
            Some(Cell::Counter(_)) => Err(mixed(key)),
        }
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.spend()?;
        let mut cells = self.cells.borrow_mut();
        if matches!(cells.get(key), Some(Cell::Counter(_))) {
            return Err(mixed(key));
        }
        cells.insert(key.into(), Cell::Value(value.into()));
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.spend()?;
        self.cells.borrow_mut().remove(key);
        Ok(())
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.spend()?;
        Ok(self.cells.borrow().contains_key(key))
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.spend()?;
        let mut cells = self.cells.borrow_mut();
        let cell = cells.entry(key.into()).or_insert(Cell::Counter(0));
        let Cell::Counter(sum) = cell else {
            return Err(mixed(key));
        };
        *sum = sum.checked_add(delta).ok_or_else(|| StoreError::Unavailable("counter overflow".into()))?;
        Ok(*sum)
    }
}
