//! The host's key-value store behind the port of `kv-schemas`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kv_schemas::{Store, StoreError};

use crate::bindings::keyvalue::wasi::keyvalue::{
    atomics,
    store::{self, Bucket, Error},
};

/// The store `default`, opened for one request. Clones are the same one: opening it is a call of the host.
#[derive(Clone)]
pub struct KeyValue {
    bucket: Arc<Bucket>,
    /// When it refuses everything, if ever.
    until: Option<Instant>,
}

impl KeyValue {
    /// Opens it.
    pub fn open() -> Result<Self, StoreError> {
        store::open("default").map(|bucket| Self { bucket: Arc::new(bucket), until: None }).map_err(unavailable)
    }

    /// Opens it for a call that may take so long: after that it refuses everything. A caller that slept (a paused
    /// machine, say) then does nothing any more which others have given up on meanwhile.
    pub fn open_for(lifetime: Duration) -> Result<Self, StoreError> {
        Ok(Self { until: Some(Instant::now() + lifetime), ..Self::open()? })
    }

    fn bucket(&self) -> Result<&Bucket, StoreError> {
        match self.until {
            Some(until) if Instant::now() > until => Err(StoreError::Unavailable("the call took too long".into())),
            _ => Ok(&self.bucket),
        }
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
        self.bucket()?.get(key).map_err(unavailable)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.bucket()?.set(key, value).map_err(unavailable)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket()?.delete(key).map_err(unavailable)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.bucket()?.exists(key).map_err(unavailable)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        atomics::increment(self.bucket()?, key, delta).map_err(unavailable)
    }
}
