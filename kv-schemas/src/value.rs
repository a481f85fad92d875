//! A typed value: JSON under one key.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Store, StoreError};

/// One key that is set, never incremented.
#[derive(Debug)]
pub struct Value<T> {
    key: String,
    content: PhantomData<fn() -> T>,
}

impl<T> Value<T> {
    pub(crate) fn new(key: String) -> Self {
        Self { key, content: PhantomData }
    }

    /// The key itself, for logs and for the reaper.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is there.
    pub fn exists(&self, store: &dyn Store) -> Result<bool, StoreError> {
        store.exists(&self.key)
    }

    /// Removes it.
    pub fn delete(&self, store: &dyn Store) -> Result<(), StoreError> {
        store.delete(&self.key)
    }
}

impl<T: DeserializeOwned> Value<T> {
    /// Reads it.
    pub fn get(&self, store: &dyn Store) -> Result<Option<T>, StoreError> {
        let Some(bytes) = store.get(&self.key)? else {
            return Ok(None);
        };
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(StoreError::Corrupt { key: self.key.clone(), reason: error.to_string() }),
        }
    }
}

impl<T: Serialize> Value<T> {
    /// Writes it.
    pub fn set(&self, store: &dyn Store, value: &T) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| StoreError::Corrupt { key: self.key.clone(), reason: error.to_string() })?;
        store.set(&self.key, &bytes)
    }
}
