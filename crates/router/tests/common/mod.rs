//! Every schedule of a few callers, each of which may stop for good before any of its store operations.
//!
//! A caller is a function of what the store tells it, so it is taken one operation further by running it again: it is
//! told again what it was told before, does one operation more on the store as it is now, and is cut off at the next.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    dead_code,
    reason = "tests may panic; each test uses a part of this"
)]

use std::cell::{Cell, RefCell};

use calendar::Millis;
use kv_schemas::{Store, StoreError, memory::Memory};

pub const NOW: Millis = Millis(1_795_000_000_000);

/// What the store said to one operation.
#[derive(Clone)]
enum Reply {
    Got(Option<Vec<u8>>),
    Done,
    Is(bool),
    Sum(i64),
}

/// The store as one caller sees it in one run.
struct Replay<'a> {
    memory: &'a Memory,
    told: RefCell<Vec<Reply>>,
    next: Cell<usize>,
    may_go_on: Cell<bool>,
    cut_off: Cell<bool>,
}

impl Replay<'_> {
    fn step(&self, operation: impl FnOnce(&Memory) -> Reply) -> Result<Reply, StoreError> {
        let next = self.next.replace(self.next.get() + 1);
        if let Some(reply) = self.told.borrow().get(next) {
            return Ok(reply.clone());
        }
        if !self.may_go_on.replace(false) {
            self.cut_off.set(true);
            return Err(StoreError::Unavailable("not yet".into()));
        }
        let reply = operation(self.memory);
        self.told.borrow_mut().push(reply.clone());
        Ok(reply)
    }
}

impl Store for Replay<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let reply = self.step(|store| Reply::Got(store.get(key).unwrap()))?;
        let Reply::Got(value) = reply else { panic!("a caller is no function of what it is told") };
        Ok(value)
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step(|store| store.set(key, value).map(|()| Reply::Done).unwrap()).map(drop)
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.step(|store| store.delete(key).map(|()| Reply::Done).unwrap()).map(drop)
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let reply = self.step(|store| Reply::Is(store.exists(key).unwrap()))?;
        Ok(matches!(reply, Reply::Is(true)))
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        let reply = self.step(|store| Reply::Sum(store.increment(key, delta).unwrap()))?;
        let Reply::Sum(sum) = reply else { panic!("a caller is no function of what it is told") };
        Ok(sum)
    }
}

/// How far a caller is.
#[derive(Clone)]
struct Progress<T> {
    told: Vec<Reply>,
    result: Option<T>,
    crashed: bool,
}

/// A caller: all it does with the store, and what it comes to.
pub type Caller<'a, T> = &'a dyn Fn(&dyn Store) -> Result<T, StoreError>;

/// Plays every schedule of `callers`, with at most so many crashes, and gives each end to `check`: a store to look at
/// and to go on with, and the result of each caller (`None`: it crashed). Returns how many ends there were.
pub fn every_schedule<T: Clone>(
    store: &Memory,
    callers: &[Caller<T>],
    crashes: u32,
    check: &dyn Fn(&Memory, &[Option<T>]),
) -> u64 {
    let start = Progress { told: Vec::new(), result: None, crashed: false };
    go(store, callers, &vec![start; callers.len()], crashes, check)
}

fn go<T: Clone>(
    store: &Memory,
    callers: &[Caller<T>],
    progress: &[Progress<T>],
    crashes: u32,
    check: &dyn Fn(&Memory, &[Option<T>]),
) -> u64 {
    let under_way = |i: &usize| progress[*i].result.is_none() && !progress[*i].crashed;
    let turns: Vec<usize> = (0..callers.len()).filter(under_way).collect();
    if turns.is_empty() {
        let results: Vec<Option<T>> = progress.iter().map(|p| p.result.clone()).collect();
        check(&store.clone(), &results);
        return 1;
    }
    let mut ends = 0;
    for i in turns {
        let (changed, mut after) = (store.clone(), progress.to_vec());
        after[i] = step(&changed, callers[i], &progress[i].told);
        ends += go(&changed, callers, &after, crashes, check);
        if crashes > 0 {
            let mut after = progress.to_vec();
            after[i].crashed = true;
            ends += go(store, callers, &after, crashes - 1, check);
        }
    }
    ends
}

/// Takes a caller one operation further.
fn step<T>(memory: &Memory, caller: Caller<T>, told: &[Reply]) -> Progress<T> {
    let replay = Replay {
        memory,
        told: RefCell::new(told.to_vec()),
        next: Cell::new(0),
        may_go_on: Cell::new(true),
        cut_off: Cell::new(false),
    };
    let result = caller(&replay);
    let result = if replay.cut_off.get() { None } else { Some(result.unwrap()) };
    Progress { told: replay.told.into_inner(), result, crashed: false }
}
