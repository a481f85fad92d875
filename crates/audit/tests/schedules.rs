//! Several at once, switching between any two store operations: writers and runs of the sequencer under many schedules,
//! with runs that are slower than their lease and writers that are slower than the grace period.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use std::{
    sync::{Condvar, Mutex},
    thread,
};

use audit::{Filter, append, sequence};
use common::{
    NOW,
    books::{check_books, check_settled, settle},
    entry, everything,
};
use kv_schemas::{Store, StoreError, memory::Memory};

/// The store, and whose turn it is.
struct Table {
    memory: Memory,
    turn: usize,
    waiting: Vec<usize>,
    seed: u64,
}

impl Table {
    fn draw(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) % below
    }

    /// Mostly the same one goes on, so that long pauses of the others come up.
    fn next(&mut self, stay: u64) {
        if !self.waiting.is_empty() && (!self.waiting.contains(&self.turn) || self.draw(stay) == 0) {
            let chosen = self.draw(self.waiting.len() as u64) as usize;
            self.turn = self.waiting[chosen];
        }
    }
}

struct Seat<'a> {
    table: &'a (Mutex<Table>, Condvar),
    me: usize,
    stay: u64,
}

impl Seat<'_> {
    fn step<T>(&self, operation: impl FnOnce(&Memory) -> T) -> T {
        let (table, changed) = self.table;
        let mut table = changed.wait_while(table.lock().unwrap(), |table| table.turn != self.me).unwrap();
        let result = operation(&table.memory);
        table.next(self.stay);
        changed.notify_all();
        result
    }

    fn leave(&self) {
        let (table, changed) = self.table;
        let mut table = table.lock().unwrap();
        table.waiting.retain(|other| *other != self.me);
        table.next(self.stay);
        changed.notify_all();
    }
}

impl Store for Seat<'_> {
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

const RUNNERS: usize = 3;
const WRITERS: usize = 3;

/// Three runners, each at four points in time that are up to `pace` apart, and three writers of two entries.
fn play(seed: u64, stay: u64, pace: u64) {
    let seats = RUNNERS + WRITERS;
    let table = Table { memory: Memory::default(), turn: 0, waiting: (0..seats).collect(), seed };
    let table = (Mutex::new(table), Condvar::new());
    thread::scope(|scope| {
        for me in 0..seats {
            let seat = Seat { table: &table, me, stay };
            scope.spawn(move || {
                if me < RUNNERS {
                    for round in 0..4 {
                        sequence(&seat, NOW.plus(round * pace + me as u64), 4).unwrap();
                    }
                } else {
                    for n in 0..2 {
                        let id = format!("lc_{}", (me - RUNNERS) * 2 + n);
                        // A writer that the sequencer passes over each time is told so, and repeats.
                        while append(&seat, &entry(&id, ["a", "b"][n], 1 + me as i64)).is_err() {}
                    }
                }
                seat.leave();
            });
        }
    });
    let store = table.0.into_inner().unwrap().memory;
    let expected: Vec<String> = (0..WRITERS * 2).map(|n| format!("lc_{n}")).collect();
    let when = format!("seed {seed}, stay {stay}, pace {pace}");
    check_books(&store, &expected, &when);
    let before = everything(&store, Filter::All);
    settle(&store, 4 * pace + 20_000);
    check_settled(&store, &before, &expected, &when);
}

#[test]
fn every_schedule_gives_a_log_that_agrees_with_itself() {
    for seed in 1..=200 {
        for (stay, pace) in [(2, 11_000), (8, 11_000), (8, 31_001), (30, 31_001), (30, 0)] {
            play(u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15), stay, pace);
        }
    }
}
