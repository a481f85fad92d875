//! `wasi:keyvalue` for guests: synchronous imports, answered from memory almost always.

use std::time::Instant;

use bytes::Bytes;
use wasmtime::component::Resource;

use super::bindings::wasi::keyvalue::atomics::{self, CasError};
use super::bindings::wasi::keyvalue::batch;
use super::bindings::wasi::keyvalue::store::{self, Error, KeyResponse};
use super::{KvError, KvFuture, Seq};
use crate::effects::Effects;
use crate::instance::GuestData;
use crate::metrics::{Metrics, Operation};

/// Keys per page of `list-keys`.
const PAGE: usize = 1_000;
/// Keys per batch call: a bound on what one call can make the host hold.
const MAX_BATCH: usize = 10_000;

/// An opened store: its label, already checked.
pub struct Bucket(pub(super) String);

/// Compare-and-swap isn't offered (two of Spin's backends get it wrong), so no value of this type is ever made.
pub enum Cas {}

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Other(error.to_string())
    }
}

fn too_many(keys: usize) -> Option<Error> {
    (keys > MAX_BATCH).then(|| Error::Other(format!("{keys} keys in one call, at most {MAX_BATCH}")))
}

/// What an operation is noted in. Not the instance itself, of which no other thread may know while one waits.
struct Books<'a> {
    effects: &'a Effects,
    metrics: &'a Metrics,
}

fn books(data: &GuestData) -> Books<'_> {
    Books { effects: &data.effects, metrics: &data.metrics }
}

/// Waits for a read and remembers the position it depends on.
async fn noted<T>(books: Books<'_>, operation: Operation, read: KvFuture<'_, (T, Seq)>) -> Result<T, Error> {
    let started = Instant::now();
    let read = read.await;
    books.metrics.operated(operation, started);
    let (value, seq) = read?;
    books.effects.note(seq);
    Ok(value)
}

/// Waits for a write and remembers its position.
async fn written(books: Books<'_>, operation: Operation, write: KvFuture<'_, Seq>) -> Result<(), Error> {
    let started = Instant::now();
    let write = write.await;
    books.metrics.operated(operation, started);
    books.effects.note(write?);
    Ok(())
}

impl store::Host for GuestData {
    async fn open(&mut self, identifier: String) -> wasmtime::Result<Result<Resource<Bucket>, Error>> {
        if !self.component.stores.contains(&identifier) {
            return Ok(Err(Error::AccessDenied));
        }
        Ok(Ok(self.table.push(Bucket(identifier))?))
    }
}

impl store::HostBucket for GuestData {
    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let Bucket(label) = self.table.get(&bucket)?;
        let value = noted(books(self), Operation::Get, self.effects.kv().get(label, &key)).await;
        Ok(value.map(|value| value.map(Vec::from)))
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let Bucket(label) = self.table.get(&bucket)?;
        Ok(written(books(self), Operation::Set, self.effects.kv().set(label, &key, value.into())).await)
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> wasmtime::Result<Result<(), Error>> {
        let Bucket(label) = self.table.get(&bucket)?;
        Ok(written(books(self), Operation::Delete, self.effects.kv().delete(label, &key)).await)
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> wasmtime::Result<Result<bool, Error>> {
        let Bucket(label) = self.table.get(&bucket)?;
        let exists = noted(books(self), Operation::Exists, self.effects.kv().exists(label, &key)).await;
        Ok(exists)
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        let Bucket(label) = self.table.get(&bucket)?;
        let page = self.effects.kv().list_keys(label, cursor.as_deref(), PAGE);
        let keys = match noted(books(self), Operation::ListKeys, page).await {
            Ok(keys) => keys,
            Err(error) => return Ok(Err(error)),
        };
        let cursor = keys.last().filter(|_| keys.len() == PAGE).cloned();
        Ok(Ok(KeyResponse { keys, cursor }))
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for GuestData {
    async fn increment(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        let Bucket(label) = self.table.get(&bucket)?;
        let value = noted(books(self), Operation::Increment, self.effects.kv().increment(label, &key, delta)).await;
        Ok(value)
    }

    async fn swap(&mut self, _cas: Resource<Cas>, _value: Vec<u8>) -> wasmtime::Result<Result<(), CasError>> {
        Ok(Err(CasError::StoreError(cas_unsupported())))
    }
}

impl atomics::HostCas for GuestData {
    async fn new(&mut self, _bucket: Resource<Bucket>, _key: String) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        Ok(Err(cas_unsupported()))
    }

    async fn current(&mut self, _cas: Resource<Cas>) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(Err(cas_unsupported()))
    }

    async fn drop(&mut self, _cas: Resource<Cas>) -> wasmtime::Result<()> {
        Ok(())
    }
}

fn cas_unsupported() -> Error {
    Error::Other("compare-and-swap is not supported: use increment".into())
}

impl batch::Host for GuestData {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<(String, Option<Vec<u8>>)>, Error>> {
        if let Some(error) = too_many(keys.len()) {
            return Ok(Err(error));
        }
        let Bucket(label) = self.table.get(&bucket)?;
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            match noted(books(self), Operation::Get, self.effects.kv().get(label, &key)).await {
                Ok(value) => values.push((key, value.map(Vec::from))),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(values))
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        entries: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        if let Some(error) = too_many(entries.len()) {
            return Ok(Err(error));
        }
        let Bucket(label) = self.table.get(&bucket)?;
        for (key, value) in entries {
            let set = self.effects.kv().set(label, &key, Bytes::from(value));
            if let Err(error) = written(books(self), Operation::Set, set).await {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        if let Some(error) = too_many(keys.len()) {
            return Ok(Err(error));
        }
        let Bucket(label) = self.table.get(&bucket)?;
        for key in keys {
            if let Err(error) = written(books(self), Operation::Delete, self.effects.kv().delete(label, &key)).await {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}
