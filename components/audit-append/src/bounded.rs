//! A store for one sequencing run: when the run's time is over, it refuses everything. What is erased meanwhile must not
//! come back with a run that slept through its own replacement.

use std::time::{Duration, Instant};

use kv_schemas::{Store, StoreError};

/// See the module's description.
pub struct Bounded<'a> {
    store: &'a dyn Store,
    until: Instant,
}

impl<'a> Bounded<'a> {
    /// The store for so long.
    pub fn new(store: &'a dyn Store, lifetime: Duration) -> Self {
        Self { store, until: Instant::now() + lifetime }
    }

    fn store(&self) -> Result<&'a dyn Store, StoreError> {
        if Instant::now() < self.until {
            return Ok(self.store);
        }
        Err(StoreError::Unavailable("the call took too long".into()))
    }
}

impl Store for Bounded<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store()?.get(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.store()?.set(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.store()?.delete(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.store()?.exists(key)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.store()?.increment(key, delta)
    }
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn nothing_is_done_when_the_time_is_over() {
        let store = Memory::default();
        let check = |lifetime: Duration, works: bool| {
            let store = Bounded::new(&store, lifetime);
            let done = [
                store.set("a", b"1").is_ok(),
                store.get("a").is_ok(),
                store.exists("a").is_ok(),
                store.increment("b", 1).is_ok(),
                store.delete("a").is_ok(),
            ];
            assert_eq!(done, [works; 5], "{lifetime:?}");
        };
        check(Duration::ZERO, false);
        assert!(store.get("b").unwrap().is_none());
        check(Duration::from_secs(60), true);
    }
}
