//! What the log costs, in operations of the store: the same for the first entry and for the millionth.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    reason = "tests may panic"
)]

mod common;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::{Duration, Instant},
};

use audit::{MAX_RUN, Signer, receipt, sequence};
use common::{NOW, append, entry};
use kv_schemas::{Store, StoreError};

/// A store that counts what is asked of it.
#[derive(Default)]
struct Counted {
    cells: RefCell<HashMap<String, Vec<u8>>>,
    reads: Cell<u64>,
    writes: Cell<u64>,
}

/// Operations of some work, and how long it took.
#[derive(Clone, Copy)]
struct Cost {
    reads: u64,
    writes: u64,
    took: Duration,
}

impl Counted {
    fn of(&self, work: impl FnOnce()) -> Cost {
        let (reads, writes, started) = (self.reads.get(), self.writes.get(), Instant::now());
        work();
        Cost { reads: self.reads.get() - reads, writes: self.writes.get() - writes, took: started.elapsed() }
    }

    fn bytes(&self) -> usize {
        self.cells.borrow().iter().map(|(key, value)| key.len() + value.len()).sum()
    }
}

fn one_more(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

impl Store for Counted {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        one_more(&self.reads);
        Ok(self.cells.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        one_more(&self.writes);
        self.cells.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        one_more(&self.writes);
        self.cells.borrow_mut().remove(key);
        Ok(())
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        one_more(&self.reads);
        Ok(self.cells.borrow().contains_key(key))
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        one_more(if delta == 0 { &self.reads } else { &self.writes });
        let mut cells = self.cells.borrow_mut();
        let cell = cells.entry(key.to_owned()).or_insert_with(|| vec![0; 8]);
        let sum = i64::from_le_bytes(cell.as_slice().try_into().unwrap()) + delta;
        *cell = sum.to_le_bytes().to_vec();
        Ok(sum)
    }
}

/// A log under way, and what its last stretch has cost.
struct Grown {
    store: Counted,
    signer: Signer,
    size: u64,
}

impl Grown {
    fn new() -> Self {
        Self { store: Counted::default(), signer: Signer::new("log.example/cost", [7; 32]).unwrap(), size: 0 }
    }

    /// One run's worth of entries: what appending costs, and what integrating them does.
    fn stretch(&mut self) -> (Cost, Cost) {
        let first = self.size;
        self.size += u64::from(MAX_RUN);
        let made: Vec<_> =
            (first..self.size).map(|n| entry(&format!("lc_{n:026}"), ["a", "b", "c"][n as usize % 3], 2)).collect();
        let appended = self.store.of(|| made.iter().for_each(|entry| assert!(append(&self.store, entry).is_ok())));
        let integrated = self.store.of(|| {
            let progress = sequence(&self.store, NOW, MAX_RUN, &self.signer).unwrap();
            assert_eq!((progress.size, progress.published, progress.staged), (self.size, self.size, 0));
        });
        (appended, integrated)
    }

    /// The most that one proof of many costs.
    fn proof(&self) -> Cost {
        let picked = (0..50).map(|n| n * (self.size - 1) / 49);
        let cost = |n: u64| self.store.of(|| drop(receipt(&self.store, &format!("lc_{n:026}")).unwrap().unwrap()));
        picked.map(cost).max_by_key(|cost| (cost.reads, cost.took)).unwrap()
    }
}

/// The levels of tiles that a log of this size has.
fn levels(size: u64) -> u64 {
    u64::from(64 - size.leading_zeros()).div_ceil(8)
}

fn grows_to(sizes: &[u64]) {
    let mut log = Grown::new();
    println!("| entries | appending, each | integrating, each | a proof | stored, each |");
    println!("|---|---|---|---|---|");
    for size in sizes {
        let (mut appended, mut integrated) = log.stretch();
        while log.size < *size {
            (appended, integrated) = log.stretch();
        }
        let (proof, run) = (log.proof(), u64::from(MAX_RUN));
        println!(
            "| {} | {} writes, {} reads | {:.1} writes, {:.1} reads, {:.1} µs | {} reads, {} µs | {} bytes |",
            log.size,
            appended.writes / run,
            appended.reads / run,
            integrated.writes as f64 / run as f64,
            integrated.reads as f64 / run as f64,
            integrated.took.as_micros() as f64 / run as f64,
            proof.reads,
            proof.took.as_micros(),
            log.store.bytes() as u64 / log.size,
        );
        assert_eq!(appended.writes, 3 * run, "an index, a slot, and where it is");
        assert!(appended.reads <= 5 * run);
        assert!(integrated.writes <= 12 * run && integrated.reads <= 12 * run, "as much for each entry at any size");
        assert!(proof.reads <= 10 + 3 * levels(log.size), "{} reads for a proof", proof.reads);
        assert_eq!(proof.writes, 0);
    }
}

#[test]
fn an_entry_costs_the_same_at_any_size() {
    grows_to(&[1_000, 10_000, 70_000]);
}

#[test]
#[ignore = "takes minutes: cargo test -p audit --profile host --test cost -- --ignored --nocapture"]
fn an_entry_costs_the_same_at_a_million() {
    grows_to(&[1_000, 10_000, 100_000, 1_000_000]);
}
