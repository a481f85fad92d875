//! What a check reads of a store, in memory: nothing can be written through it.

use std::collections::BTreeMap;

use kv_schemas::{Kind, Store, StoreError};

/// See the module's description.
#[derive(Default)]
pub struct Loaded {
    values: BTreeMap<String, Vec<u8>>,
    /// `None`: what stands there is no counter.
    counters: BTreeMap<String, Option<i64>>,
}

impl Loaded {
    /// Takes what stands under a key; `counter` is how this store writes counters.
    pub fn put(&mut self, key: String, bytes: Vec<u8>, counter: impl FnOnce(&[u8]) -> Option<i64>) {
        match reconcile::concerns(&key) {
            Some(Kind::Counters | Kind::Onces) => drop(self.counters.insert(key, counter(&bytes))),
            Some(Kind::Values | Kind::Logs) => drop(self.values.insert(key, bytes)),
            None => {}
        }
    }

    pub fn keys(&self) -> impl Iterator<Item = String> {
        self.values.keys().chain(self.counters.keys()).cloned()
    }
}

fn refused() -> StoreError {
    StoreError::Unavailable("a check writes nothing".into())
}

impl Store for Loaded {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.values.get(key).cloned())
    }
    fn set(&self, _: &str, _: &[u8]) -> Result<(), StoreError> {
        Err(refused())
    }
    fn delete(&self, _: &str) -> Result<(), StoreError> {
        Err(refused())
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.values.contains_key(key) || self.counters.contains_key(key))
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        match (delta, self.counters.get(key)) {
            (0, None) => Ok(0),
            (0, Some(Some(counter))) => Ok(*counter),
            (0, Some(None)) => Err(StoreError::Corrupt { key: key.into(), reason: "it is no counter".into() }),
            _ => Err(refused()),
        }
    }
}
