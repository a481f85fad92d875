//! What the store knows in memory: writes that are not yet committed, and a cache of what is.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::cache::Cache;
use crate::kv::Seq;

/// A label and a key, in one allocation that is cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    text: Arc<str>,
    split: usize,
}

impl Key {
    pub fn new(store: &str, key: &str) -> Self {
        let mut text = String::with_capacity(store.len() + key.len());
        text.push_str(store);
        text.push_str(key);
        Self { text: text.into(), split: store.len() }
    }

    pub fn store(&self) -> &str {
        &self.text[..self.split]
    }

    pub fn key(&self) -> &str {
        &self.text[self.split..]
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }
}

/// One acknowledged write. `None` as a value is a deletion.
#[derive(Clone, Debug)]
pub struct Write {
    pub key: Key,
    pub value: Option<Bytes>,
    pub seq: Seq,
}

/// The newest pending write of a key.
pub struct Pending {
    pub value: Option<Bytes>,
    pub seq: Seq,
}

/// Guarded by the store's one lock, which is never held across disk or network.
pub struct State {
    /// Reads look here first. An entry leaves once its own write, or a newer one, is committed.
    pub overlay: HashMap<Key, Pending>,
    pub cache: Cache,
    /// In order of acknowledgement; the writer takes all of it at once.
    pub queue: Vec<Write>,
    pub queued_bytes: usize,
    pub last: Seq,
    /// Set once, when a commit failed.
    pub failed: Option<Arc<str>>,
    pub closing: bool,
}

/// What memory says about a key.
pub enum Known {
    /// The value and the write which it came from.
    Value(Option<Bytes>, Seq),
    /// Disk has to be asked.
    Unknown,
}

impl State {
    pub fn new(cache_bytes: usize) -> Self {
        Self {
            overlay: HashMap::new(),
            cache: Cache::new(cache_bytes),
            queue: Vec::new(),
            queued_bytes: 0,
            last: Seq::START,
            failed: None,
            closing: false,
        }
    }

    pub fn lookup(&mut self, key: &Key) -> Known {
        if let Some(pending) = self.overlay.get(key) {
            return Known::Value(pending.value.clone(), pending.seq);
        }
        match self.cache.get(key) {
            Some(value) => Known::Value(value, Seq::START),
            None => Known::Unknown,
        }
    }

    /// Acknowledges a write: from here on every read sees it.
    pub fn push(&mut self, key: Key, value: Option<Bytes>) -> Seq {
        self.last = Seq(self.last.0 + 1);
        let seq = self.last;
        self.queued_bytes += key.len() + value.as_ref().map_or(0, Bytes::len);
        self.overlay.insert(key.clone(), Pending { value: value.clone(), seq });
        self.queue.push(Write { key, value, seq });
        seq
    }

    /// After a commit: moves what it wrote from the overlay to the cache, unless something newer is pending.
    pub fn publish(&mut self, committed: Vec<Write>) {
        for write in committed {
            if self.overlay.get(&write.key).is_some_and(|pending| pending.seq == write.seq) {
                self.overlay.remove(&write.key);
                self.cache.put(write.key, write.value);
            }
        }
    }
}
