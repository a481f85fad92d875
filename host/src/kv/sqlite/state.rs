//! What the store knows in memory: writes that the file doesn't have yet, a cache of what it has, and a filter for what it
//! hasn't.

use std::sync::Arc;

use bytes::Bytes;

use super::cache::Cache;
use super::filter::Filter;
use super::key::{Key, KeyMap, KeyRef};
use super::log::record::Group;
use super::{MAX_QUEUED, MAX_QUEUED_BYTES, MAX_UNFOLDED_BYTES};
use crate::kv::{KvError, Seq};

/// Counted per entry of a table beside its key and value.
const ENTRY_OVERHEAD: usize = 128;

/// The newest write of a key. `None` as a value is a deletion.
#[derive(Clone)]
pub struct Pending {
    pub value: Option<Bytes>,
    pub seq: Seq,
}

/// What the writes of one generation of the log have come to.
#[derive(Default)]
pub struct Table {
    pub entries: KeyMap<Pending>,
    bytes: usize,
}

impl Table {
    fn put(&mut self, key: &KeyRef<'_>, value: Option<Bytes>, seq: Seq) {
        self.bytes += value.as_ref().map_or(0, Bytes::len);
        match self.entries.get_mut(key) {
            Some(pending) => {
                self.bytes -= pending.value.as_ref().map_or(0, Bytes::len);
                *pending = Pending { value, seq };
            }
            None => {
                self.bytes += key.len() + ENTRY_OVERHEAD;
                self.entries.insert(key.to_key(), Pending { value, seq });
            }
        }
    }
}

/// A table that takes no more writes: those of a generation which is over, on their way into the file.
#[derive(Clone)]
pub struct Frozen {
    pub table: Arc<Table>,
    pub generation: u32,
}

/// Guarded by the store's one lock, which is never held across disk or network.
pub struct State {
    /// Reads look here first, then in `frozen`, then in `cache`. All that is queued is in here as well.
    active: Table,
    pub frozen: Option<Frozen>,
    pub cache: Cache,
    pub filter: Filter,
    /// What isn't in the log yet, in order of acknowledgement; a commit takes all of it at once.
    pub queue: Group,
    /// The newest write, and the newest that a commit has taken.
    pub last: Seq,
    pub taken: Seq,
    /// Tables that have gone into the file.
    pub folds: u64,
    /// Set once, when something failed that can't be repeated.
    pub failed: Option<Arc<str>>,
    pub closing: bool,
    /// Closing, and everything is in the log; nobody reads the file any more.
    pub finishing: bool,
    /// Somebody waits for the writer thread to commit.
    pub hurry: bool,
    /// The writer thread has to be told of the next write.
    pub writer_sleeps: bool,
    /// Somebody waits for room.
    pub crowded: bool,
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
            active: Table::default(),
            frozen: None,
            cache: Cache::new(cache_bytes),
            filter: Filter::default(),
            queue: Group::default(),
            last: Seq::START,
            taken: Seq::START,
            folds: 0,
            failed: None,
            closing: false,
            finishing: false,
            hurry: false,
            writer_sleeps: false,
            crowded: false,
        }
    }

    pub fn lookup(&mut self, key: &KeyRef<'_>) -> Known {
        if let Some(pending) = self.pending(key) {
            return Known::Value(pending.value.clone(), pending.seq);
        }
        match self.cache.get(key) {
            Some(value) => Known::Value(value, Seq::START),
            None if self.filter.excludes(key.hash) => Known::Value(None, Seq::START),
            None => Known::Unknown,
        }
    }

    fn pending(&self, key: &KeyRef<'_>) -> Option<&Pending> {
        let frozen = || self.frozen.as_ref().and_then(|frozen| frozen.table.entries.get(key));
        self.active.entries.get(key).or_else(frozen)
    }

    /// Everything that the file may not have: of two writes of a key the newer one comes first.
    pub fn all_pending(&self) -> impl Iterator<Item = (&Key, &Pending)> {
        let frozen = self.frozen.iter().flat_map(|frozen| &frozen.table.entries);
        self.active.entries.iter().chain(frozen)
    }

    /// A value that was read from the file may be cached only if this hasn't moved since the read began.
    pub fn moves(&self) -> (u64, u64) {
        (self.folds, self.cache.rotations())
    }

    /// Why nothing works any more.
    pub fn check(&self) -> Result<(), KvError> {
        match &self.failed {
            Some(message) => Err(KvError::Failed(message.clone())),
            None => Ok(()),
        }
    }

    /// Too much is waiting for the log, or for the file.
    pub fn is_full(&self) -> bool {
        self.queue.writes() as usize >= MAX_QUEUED
            || self.queue.len() >= MAX_QUEUED_BYTES
            || self.active.bytes + self.frozen.as_ref().map_or(0, |frozen| frozen.table.bytes) >= MAX_UNFOLDED_BYTES
    }

    /// Acknowledges a write: from here on every read sees it.
    pub fn push(&mut self, key: &KeyRef<'_>, value: Option<Bytes>) -> Seq {
        self.last = Seq(self.last.0 + 1);
        self.queue.push(key.store, key.key, value.as_deref());
        self.active.put(key, value, self.last);
        self.last
    }

    /// What was written so far is the end of a generation.
    pub fn freeze(&mut self, generation: u32) {
        self.frozen = Some(Frozen { table: Arc::new(std::mem::take(&mut self.active)), generation });
    }
}
