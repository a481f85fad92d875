//! The fault matrix of the tree: {which operation of a run fails} x {it was applied, it was not} x {the store is back for
//! the next operation, or the run is over}; then a new run. The tree is that of a run without faults, byte by byte, and
//! what all entries come to, and those of each day, counts each of them once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use std::cell::Cell;

use audit::{Filter, LEASE_MS};
use common::{
    NOW, append,
    books::{check_days, check_settled_total, spread},
    entry, everything, sequence,
    tree::{check_served, check_tree, grow},
    watch::Watch,
};
use kv_schemas::{Store, StoreError, memory::Memory};

/// Operation number `at` fails, applied or not; all later ones fail, too, if the run is `over`.
struct Fault<'a> {
    store: &'a Watch,
    at: u32,
    applied: bool,
    over: bool,
    operations: Cell<u32>,
}

impl Fault<'_> {
    fn step<T>(&self, operation: impl FnOnce(&Watch) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let number = self.operations.replace(self.operations.get() + 1);
        if number < self.at || (number > self.at && !self.over) {
            return operation(self.store);
        }
        if number == self.at && self.applied {
            operation(self.store)?;
        }
        Err(StoreError::Unavailable("injected".into()))
    }
}

impl Store for Fault<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.step(|store| store.get(key))
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step(|store| store.set(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.step(|store| store.delete(key))
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.step(|store| store.exists(key))
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.step(|store| store.increment(key, delta))
    }
}

/// A tree with 20 checkpoints behind it, so that old ones go, and with entries on the stage that fill a tile.
fn prepared() -> Memory {
    let store = Memory::default();
    grow(&store, 0, 235);
    for size in 236..=254 {
        grow(&store, size - 1, size);
    }
    for n in 254..259 {
        let entry = entry(&format!("lc_{n}"), ["a", "b"][(n % 2) as usize], 1 + n as i64);
        append(&store, &spread(entry, n)).unwrap();
    }
    store
}

/// Tiles and checkpoints.
fn tree(store: &Memory) -> Vec<(String, String)> {
    let ours = |key: &String| key.starts_with("tile/") || key.starts_with("checkpoint/");
    let text = |key: &str| String::from_utf8(store.get(key).unwrap().unwrap()).unwrap();
    store.keys().into_iter().filter(ours).map(|key| (key.clone(), text(&key))).collect()
}

fn finish(store: &dyn Store) {
    for late in [LEASE_MS, 2 * LEASE_MS] {
        sequence(store, NOW.plus(late), 100).unwrap();
    }
}

fn matrix(prepared: &Memory, smooth: &Memory, applied: bool, over: bool, second: Option<u32>) {
    for at in 0.. {
        let store = Watch::of(prepared.clone());
        let fault = Fault { store: &store, at, applied, over, operations: Cell::new(0) };
        let done = sequence(&fault, NOW, 100);
        let when = format!("operation {at} failed, applied: {applied}, over: {over}, second: {second:?}");
        let size = check_served(&store.memory, &when);
        assert!(size >= 254, "{when}");
        if let Some(second) = second {
            let fault = Fault { store: &store, at: second, applied, over, operations: Cell::new(0) };
            let _ = sequence(&fault, NOW.plus(LEASE_MS), 100);
            assert!(check_served(&store.memory, &when) >= size, "{when}");
        }
        finish(&store);
        check_tree(&store.memory, &when);
        store.check_history(&when);
        assert_eq!(tree(&store.memory), tree(smooth), "{when}");
        let all = everything(&store.memory, Filter::All);
        check_settled_total(&store.memory, &all, &when);
        check_days(&store.memory, &all, &when);
        if fault.operations.get() <= at {
            assert!(done.is_ok() && at > 100, "the run does something");
            return;
        }
    }
}

#[test]
fn a_run_that_fails_anywhere_is_made_good_to_the_same_tree() {
    let prepared = prepared();
    let smooth = prepared.clone();
    sequence(&smooth, NOW, 100).unwrap();
    finish(&smooth);
    let checkpoints = tree(&smooth).iter().filter(|(key, _)| key.starts_with("checkpoint/")).count();
    assert_eq!(checkpoints, audit::KEPT, "old ones are gone");
    for (applied, over) in [(false, false), (false, true), (true, false), (true, true)] {
        matrix(&prepared, &smooth, applied, over, None);
    }
}

#[test]
fn two_that_fail_in_a_row_are_made_good_as_well() {
    let prepared = prepared();
    let smooth = prepared.clone();
    sequence(&smooth, NOW, 100).unwrap();
    finish(&smooth);
    for second in [20, 90, 125] {
        matrix(&prepared, &smooth, second % 2 == 0, true, Some(second));
    }
}
