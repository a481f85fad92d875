//! A typed value: JSON under one key.

use std::{marker::PhantomData, rc::Rc, thread::LocalKey};

use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed},
};

use crate::{Memo, Store, StoreError};

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
        self.parse(&bytes, seed).map(Some)
    }

    /// The same; but where the store has the same bytes for `seed` as in an earlier call, what was made of them then.
    /// `part` names what the seed reads of the record.
    pub fn get_memo_with<S, R>(
        &self,
        store: &dyn Store,
        memo: &'static LocalKey<Memo<R>>,
        part: &str,
        seed: S,
    ) -> Result<Option<Rc<R>>, StoreError>
    where
        S: for<'de> DeserializeSeed<'de, Value = R>,
    {
        let Some(bytes) = store.get(&self.key)? else { return Ok(None) };
        if let Some(known) = memo.with(|memo| memo.find(&self.key, part, &bytes)) {
            return Ok(Some(known));
        }
        let value = Rc::new(self.parse(&bytes, seed)?);
        memo.with(|memo| memo.keep(&self.key, part, bytes, Rc::clone(&value)));
        Ok(Some(value))
    }

    pub(crate) fn parse<'de, S: DeserializeSeed<'de>>(
        &self,
        bytes: &'de [u8],
        seed: S,
    ) -> Result<S::Value, StoreError> {
        // As a whole, which is quicker than each text in it by itself.
        let text = str::from_utf8(bytes).map_err(|error| self.corrupt(&error))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        value.map_err(|error| self.corrupt(&error))
    }

    pub(crate) fn corrupt(&self, reason: &dyn std::error::Error) -> StoreError {
        StoreError::Corrupt { key: self.key.clone(), reason: reason.to_string() }
    }
}

impl<T: DeserializeOwned> Value<T> {
    /// Reads it.
    pub fn get(&self, store: &dyn Store) -> Result<Option<T>, StoreError> {
        self.get_with(store, PhantomData)
    }

    /// Reads it, without parsing it again where it is what it was.
    pub fn get_memo(&self, store: &dyn Store, memo: &'static LocalKey<Memo<T>>) -> Result<Option<Rc<T>>, StoreError> {
        self.get_memo_with(store, memo, "", PhantomData)
    }
}

impl<T: Serialize> Value<T> {
    /// Writes it.
    pub fn set(&self, store: &dyn Store, value: &T) -> Result<(), StoreError> {
        store.set(&self.key, &self.json(value)?)
    }

    pub(crate) fn json(&self, value: &T) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::with_capacity(ROOM);
        serde_json::to_writer(&mut bytes, value).map_err(|error| self.corrupt(&error))?;
        Ok(bytes)
    }
}
