//! The host's key-value store behind the port of `kv-schemas`.

use kv_schemas::{Store, StoreError};

use crate::bindings::wasi::keyvalue::{
    atomics,
    store::{self, Bucket, Error},
};

/// The store `default`, opened for one request.
pub struct KeyValue {
    bucket: Bucket,
}

impl KeyValue {
    /// Opens it.
    pub fn open() -> Result<Self, StoreError> {
        store::open("default").map(|bucket| Self { bucket }).map_err(unavailable)
    }
}

fn unavailable(error: Error) -> StoreError {
    StoreError::Unavailable(match error {
        Error::NoSuchStore => "no such store".into(),
        Error::AccessDenied => "access denied".into(),
        Error::Other(reason) => reason,
    })
}

impl Store for KeyValue {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.bucket.get(key).map_err(unavailable)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.bucket.set(key, value).map_err(unavailable)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket.delete(key).map_err(unavailable)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.bucket.exists(key).map_err(unavailable)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        atomics::increment(&self.bucket, key, delta).map_err(unavailable)
    }
}
