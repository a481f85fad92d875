//! Keys, and how they are found in memory: each is hashed once, and looking one up allocates nothing.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use foldhash::quality::RandomState;
use hashbrown::Equivalent;

/// A map from keys.
pub type KeyMap<T> = hashbrown::HashMap<Key, T, BuildHasherDefault<Hashed>>;

/// Another in each process: callers choose parts of keys, and must not be able to choose their hashes.
static HASHING: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// A label and a key, in one allocation that is cheap to clone.
#[derive(Clone, Debug)]
pub struct Key {
    hash: u64,
    split: usize,
    text: Arc<str>,
}

/// The same, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct KeyRef<'a> {
    pub store: &'a str,
    pub key: &'a str,
    pub hash: u64,
}

impl Key {
    pub fn store(&self) -> &str {
        &self.text[..self.split]
    }

    pub fn key(&self) -> &str {
        &self.text[self.split..]
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Neighbours in the file are neighbours in this order.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<'a> KeyRef<'a> {
    pub fn new(store: &'a str, key: &'a str) -> Self {
        let mut hasher = HASHING.build_hasher();
        hasher.write(store.as_bytes());
        hasher.write_usize(store.len());
        hasher.write(key.as_bytes());
        Self { store, key, hash: hasher.finish() }
    }

    pub fn len(&self) -> usize {
        self.store.len() + self.key.len()
    }

    pub fn to_key(self) -> Key {
        let mut text = String::with_capacity(self.store.len() + self.key.len());
        text.push_str(self.store);
        text.push_str(self.key);
        Key { hash: self.hash, split: self.store.len(), text: text.into() }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.split == other.split && self.text == other.text
    }
}

impl Eq for Key {}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.hash == key.hash && self.store == key.store() && self.key == key.key()
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

/// Hands on what was hashed before.
#[derive(Default)]
pub struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only keys are looked up, by their hash");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_label_and_key_counts() {
        let check = |one: (&str, &str), other: (&str, &str), same: bool| {
            let (one, other) = (KeyRef::new(one.0, one.1), KeyRef::new(other.0, other.1));
            assert_eq!(one.hash == other.hash, same);
            assert_eq!(one.equivalent(&other.to_key()), same);
            assert_eq!(one.to_key() == other.to_key(), same);
        };
        check(("default", "k"), ("default", "k"), true);
        check(("default", "k"), ("defaul", "tk"), false);
        check(("default", ""), ("", "default"), false);
        check(("default", "k"), ("default", "l"), false);
    }
}
