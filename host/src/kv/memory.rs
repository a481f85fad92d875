//! The store in memory: for tests and trials. Nothing outlives the process, so every write counts as durable at once.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::future;

use super::{KeyValue, KvError, KvFuture, Seq, add_to_counter, check_key, check_value};

/// One map per label.
#[derive(Default)]
pub struct MemoryStore {
    stores: Mutex<BTreeMap<String, BTreeMap<String, Bytes>>>,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, Bytes>>> {
        // Nothing that runs under this lock can leave the map half-changed.
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, store: &str, key: &str) -> Option<Bytes> {
        self.lock().get(store)?.get(key).cloned()
    }

    fn put(&self, store: &str, key: &str, value: Bytes) -> Result<Seq, KvError> {
        check_key(key)?;
        check_value(&value)?;
        let mut stores = self.lock();
        stores.entry(store.into()).or_default().insert(key.into(), value);
        Ok(Seq::START)
    }

    fn add(&self, store: &str, key: &str, delta: i64) -> Result<(i64, Seq), KvError> {
        check_key(key)?;
        let mut stores = self.lock();
        let entries = stores.entry(store.into()).or_default();
        let value = add_to_counter(entries.get(key).map(|bytes| &bytes[..]), delta)?;
        entries.insert(key.into(), Bytes::copy_from_slice(&value.to_le_bytes()));
        Ok((value, Seq::START))
    }

    fn page(&self, store: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        match self.lock().get(store) {
            Some(entries) => {
                entries.range::<str, _>((from, Bound::Unbounded)).take(limit).map(|(key, _)| key.clone()).collect()
            }
            None => Vec::new(),
        }
    }
}

impl KeyValue for MemoryStore {
    fn get<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (Option<Bytes>, Seq)> {
        Box::pin(future::ok((self.read(store, key), Seq::START)))
    }

    fn set<'a>(&'a self, store: &'a str, key: &'a str, value: Bytes) -> KvFuture<'a, Seq> {
        Box::pin(future::ready(self.put(store, key, value)))
    }

    fn delete<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, Seq> {
        if let Some(entries) = self.lock().get_mut(store) {
            entries.remove(key);
        }
        Box::pin(future::ok(Seq::START))
    }

    fn exists<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (bool, Seq)> {
        Box::pin(future::ok((self.read(store, key).is_some(), Seq::START)))
    }

    fn increment<'a>(&'a self, store: &'a str, key: &'a str, delta: i64) -> KvFuture<'a, (i64, Seq)> {
        Box::pin(future::ready(self.add(store, key, delta)))
    }

    fn list_keys<'a>(
        &'a self,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> KvFuture<'a, (Vec<String>, Seq)> {
        Box::pin(future::ok((self.page(store, after, limit), Seq::START)))
    }

    fn is_durable(&self, _seq: Seq) -> bool {
        true
    }

    fn durable(&self, _seq: Seq) -> KvFuture<'_, ()> {
        Box::pin(future::ok(()))
    }

    fn close(&self) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::kv::conformance;

    #[test]
    fn conforms() {
        conformance::run(|| Arc::new(MemoryStore::default()));
    }
}
