//! A store that remembers everything that was ever written to the tree, and what must hold of it.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use kv_schemas::{Store, StoreError, memory::Memory};
use tlog::{Checkpoint, Hash, consistency, root, verify_consistency};

use super::{
    SIGNER,
    tree::{leaves, served},
};

/// Remembers what was written, and counts operations.
#[derive(Default, Clone)]
pub struct Watch {
    pub memory: Memory,
    written: RefCell<BTreeMap<String, BTreeSet<Vec<u8>>>>,
    pub reads: Cell<u32>,
    pub writes: Cell<u32>,
    /// The size that a reader has found last.
    seen: Cell<u64>,
}

impl Watch {
    pub fn of(memory: Memory) -> Self {
        Self { memory, ..Self::default() }
    }

    /// Forgets what was seen: a damaged checkpoint may have told anything.
    pub fn forget_seen(&self) {
        self.seen.set(0);
    }

    /// Counts anew.
    pub fn forget_counts(&self) {
        self.reads.set(0);
        self.writes.set(0);
    }

    fn read(&self) -> &Memory {
        self.reads.set(self.reads.get() + 1);
        &self.memory
    }

    fn write(&self) -> &Memory {
        self.writes.set(self.writes.get() + 1);
        &self.memory
    }

    /// What a reader finds between any two writes never shrinks.
    fn look(&self, key: &str) {
        if key.starts_with("checkpoint/") || key.starts_with("sequencer/") {
            // A damaged one shows nobody anything.
            let Ok(note) = audit::checkpoint(&self.memory) else { return };
            let size = note.map_or(0, |note| Checkpoint::unverified(&note).unwrap().size);
            assert!(self.seen.replace(size) <= size, "a reader saw more than {size} before {key} was written");
        }
    }

    /// Every checkpoint that was ever written, by number.
    fn checkpoints(&self) -> BTreeMap<u64, Checkpoint> {
        let written = self.written.borrow();
        let notes = written.iter().filter_map(|(key, values)| Some((key.strip_prefix("checkpoint/")?, values)));
        let read = |values: &BTreeSet<Vec<u8>>| {
            let note: String = serde_json::from_slice(values.first().unwrap()).unwrap();
            Checkpoint::open(&note, &SIGNER.verifier()).unwrap()
        };
        notes.map(|(n, values)| (n.parse().unwrap(), read(values))).collect()
    }

    /// No name ever had two contents; numbers and sizes grow together; each checkpoint is over the entries that the log
    /// begins with, and is proven to be what all later ones begin with.
    pub fn check_history(&self, when: &str) {
        for (key, values) in &*self.written.borrow() {
            assert_eq!(values.len(), 1, "{key} was written with different contents, {when}");
        }
        let checkpoints = self.checkpoints();
        let leaves: Vec<Hash> = leaves(&self.memory);
        let mut earlier: Vec<&Checkpoint> = Vec::new();
        for (n, checkpoint) in &checkpoints {
            assert!(earlier.last().is_none_or(|last| last.size < checkpoint.size), "{n} doesn't grow, {when}");
            assert_eq!(checkpoint.root, root(&leaves[..checkpoint.size as usize]), "checkpoint {n}, {when}");
            for old in &earlier {
                let proof = consistency(&mut served(&self.memory), old.size, checkpoint.size).unwrap();
                verify_consistency(old.size, &old.root, checkpoint.size, &checkpoint.root, &proof)
                    .unwrap_or_else(|error| panic!("{} and {}, {when}: {error}", old.size, checkpoint.size));
            }
            earlier.push(checkpoint);
        }
    }
}

impl Store for Watch {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read().get(key)
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if ["checkpoint/", "tile/", "entry/"].iter().any(|family| key.starts_with(family)) {
            self.written.borrow_mut().entry(key.to_owned()).or_default().insert(value.to_owned());
        }
        self.write().set(key, value)?;
        self.look(key);
        Ok(())
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.write().delete(key)?;
        self.look(key);
        Ok(())
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.read().exists(key)
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        if delta == 0 { self.read() } else { self.write() }.increment(key, delta)
    }
}
