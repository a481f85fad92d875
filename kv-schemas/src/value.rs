//! A typed value: JSON under one key.

use std::marker::PhantomData;

use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed},
};

use crate::{Store, StoreError};

/// Room for a record as it is written: most fit, and none has to grow often.
const ROOM: usize = 1_024;

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

impl<T> Value<T> {
    /// Reads of it what `seed` makes of it: for who needs a part of a long value only.
    pub fn get_with<S, R>(&self, store: &dyn Store, seed: S) -> Result<Option<R>, StoreError>
    where
        S: for<'de> DeserializeSeed<'de, Value = R>,
    {
        let Some(bytes) = store.get(&self.key)? else { return Ok(None) };
        // As a whole, which is quicker than each text in it by itself.
        let text = str::from_utf8(&bytes).map_err(|error| self.corrupt(&error))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        value.map(Some).map_err(|error| self.corrupt(&error))
    }

    fn corrupt(&self, reason: &dyn std::error::Error) -> StoreError {
        StoreError::Corrupt { key: self.key.clone(), reason: reason.to_string() }
    }
}

impl<T: DeserializeOwned> Value<T> {
    /// Reads it.
    pub fn get(&self, store: &dyn Store) -> Result<Option<T>, StoreError> {
        self.get_with(store, PhantomData)
    }
}

impl<T: Serialize> Value<T> {
    /// Writes it.
    pub fn set(&self, store: &dyn Store, value: &T) -> Result<(), StoreError> {
        let mut bytes = Vec::with_capacity(ROOM);
        serde_json::to_writer(&mut bytes, value).map_err(|error| self.corrupt(&error))?;
        store.set(&self.key, &bytes)
    }
}
