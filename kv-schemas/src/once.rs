//! Once: of all who try, the first wins, for ever.

use crate::{Counter, Store, StoreError};

/// A token that exactly one caller wins.
///
/// Record what you are about to do *before* you try, so that a crash after winning is resumed, not lost.
#[derive(Debug)]
pub struct Once(Counter);

impl Once {
    pub(crate) fn new(key: String) -> Self {
        Self(Counter::new(key))
    }

    /// Whether this caller is the first. A failed call may have won: treat the thing as taken.
    pub fn win(&self, store: &dyn Store) -> Result<bool, StoreError> {
        Ok(self.0.add(store, 1)? == 1)
    }

    /// Whether somebody has won already. Reads only.
    pub fn taken(&self, store: &dyn Store) -> Result<bool, StoreError> {
        Ok(self.0.read(store)? > 0)
    }

    /// The key itself, for the reaper.
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.key()
    }

    /// Removes the token of a thing that nobody can ask for any more.
    pub fn retire(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.0.retire(store)
    }
}
