//! A bounded cache in two generations: new and used entries are young; when the young half is full it becomes the old half
//! and the previous old half is dropped. Cheaper than an exact order of use, and nearly as good.

use std::mem;

use bytes::Bytes;

use super::key::{Key, KeyMap, KeyRef};

/// Counted per entry beside its key and value.
const ENTRY_OVERHEAD: usize = 112;

/// What is known to be in the file. `None` as a value: known to be absent.
pub struct Cache {
    young: KeyMap<Option<Bytes>>,
    old: KeyMap<Option<Bytes>>,
    young_bytes: usize,
    half: usize,
    rotations: u64,
}

impl Cache {
    /// Holds at most about `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { young: KeyMap::default(), old: KeyMap::default(), young_bytes: 0, half: limit / 2, rotations: 0 }
    }

    /// Outer `None`: not cached.
    pub fn get(&mut self, key: &KeyRef<'_>) -> Option<Option<Bytes>> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.put(key, value.clone());
        Some(value)
    }

    /// Adds or replaces.
    pub fn put(&mut self, key: Key, value: Option<Bytes>) {
        self.old.remove(&key);
        self.young_bytes += cost(&key, value.as_ref());
        let len = key.len();
        if let Some(previous) = self.young.insert(key, value) {
            let previous = len + previous.map_or(0, |value| value.len()) + ENTRY_OVERHEAD;
            self.young_bytes = self.young_bytes.saturating_sub(previous);
        }
        if self.young_bytes > self.half {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
            self.rotations += 1;
        }
    }

    /// Grows whenever entries are dropped. A value read from disk may be cached only if this hasn't moved since the read
    /// began: else a newer value might have been cached and dropped in between, and the old one would come back.
    pub fn rotations(&self) -> u64 {
        self.rotations
    }
}

fn cost(key: &Key, value: Option<&Bytes>) -> usize {
    key.len() + value.map_or(0, Bytes::len) + ENTRY_OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bound_and_keeps_what_is_used() {
        let mut cache = Cache::new(64 * 1024);
        let hot = KeyRef::new("default", "hot");
        cache.put(hot.to_key(), Some(Bytes::from_static(b"1")));
        for n in 0..10_000 {
            cache.put(KeyRef::new("default", &format!("k{n}")).to_key(), Some(Bytes::from(vec![0; 100])));
            assert!(cache.get(&hot).is_some(), "the hot key was dropped after {n} others");
        }
        assert!(cache.young.len() + cache.old.len() < 700, "more than the bound");
        assert_eq!(cache.get(&KeyRef::new("default", "k0")), None);
        assert!(cache.rotations() > 10);
    }
}
