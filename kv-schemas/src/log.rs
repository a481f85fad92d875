//! Numbered log: the tail is a counter, the entries are values.
//!
//! An index is taken first and written second, so a crash between leaves a hole. Readers see holes and decide how long
//! they wait for the writer; indices start at 1.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Counter, Store, StoreError, Value};

/// A numbered log under one prefix.
#[derive(Debug)]
pub struct Log<T> {
    prefix: String,
    content: std::marker::PhantomData<fn() -> T>,
}

/// What is at an index at or below the tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot<T> {
    /// An entry.
    Entry(T),
    /// Taken but not written: the writer is about to, or has crashed, or the entry was removed.
    Hole,
}

impl<T> Log<T> {
    pub(crate) fn new(prefix: String) -> Self {
        Self { prefix, content: std::marker::PhantomData }
    }

    fn tail_counter(&self) -> Counter {
        Counter::new([&self.prefix, "/tail"].concat())
    }

    fn slot(&self, index: u64) -> Value<T> {
        Value::new([&self.prefix, "/", &index.to_string()].concat())
    }

    /// The highest index taken; 0 for an empty log.
    pub fn tail(&self, store: &dyn Store) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.tail_counter().read(store)?).unwrap_or(0))
    }

    /// The same for a log that may never have been written to: it leaves no counter behind.
    pub fn tail_if_any(&self, store: &dyn Store) -> Result<u64, StoreError> {
        if store.exists(self.tail_counter().key())? { self.tail(store) } else { Ok(0) }
    }

    /// The key of an entry, for the reaper.
    #[must_use]
    pub fn slot_key(&self, index: u64) -> String {
        self.slot(index).key().to_owned()
    }

    /// The key of the tail counter, for the reaper of a log that nobody appends to any more.
    #[must_use]
    pub fn tail_key(&self) -> String {
        self.tail_counter().key().to_owned()
    }

    /// The keys of all that it has held so far, and of the tail: for [`crate::expiry`], where nobody appends any more.
    pub fn keys(&self, store: &dyn Store) -> Result<Vec<String>, StoreError> {
        let slots = (1..=self.tail(store)?).map(|index| self.slot(index).key().to_owned());
        Ok(slots.chain([self.tail_counter().key().to_owned()]).collect())
    }

    /// Removes the tail counter of an emptied log that nobody appends to any more.
    pub fn retire(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.tail_counter().retire(store)
    }

    /// Removes an entry; the slot reads as a hole from now on.
    pub fn remove(&self, store: &dyn Store, index: u64) -> Result<(), StoreError> {
        self.slot(index).delete(store)
    }
}

impl<T: Serialize> Log<T> {
    /// Appends and gives the index.
    pub fn append(&self, store: &dyn Store, entry: &T) -> Result<u64, StoreError> {
        // What if we crash between the two? The index is a hole; whoever reads the log passes over it after a grace period.
        let index = u64::try_from(self.tail_counter().add(store, 1)?).unwrap_or(0);
        self.slot(index).set(store, entry)?;
        Ok(index)
    }

    /// Writes an entry at an index that this caller alone is responsible for (a single writer replaying its work).
    pub fn put(&self, store: &dyn Store, index: u64, entry: &T) -> Result<(), StoreError> {
        self.slot(index).set(store, entry)
    }
}

impl<T: DeserializeOwned> Log<T> {
    /// What is at `index`.
    pub fn get(&self, store: &dyn Store, index: u64) -> Result<Slot<T>, StoreError> {
        Ok(self.slot(index).get(store)?.map_or(Slot::Hole, Slot::Entry))
    }
}
