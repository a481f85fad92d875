//! A table at which several sit, each with its own thread; they take turns, and each turn is one store operation.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
    thread,
};

use kv_schemas::{Store, StoreError};

use super::watch::Watch;

/// Whose turn is next.
pub enum Plan {
    /// Mostly (all but one of `stay` times) the same one's, so that long pauses of the others come up.
    Random { seed: u64, stay: u64 },
    /// The same one's for so many operations, then the next one's for so many, and so on; then each one to its end.
    Switch(VecDeque<u32>),
}

struct Turns {
    watch: Watch,
    turn: usize,
    waiting: Vec<usize>,
    plan: Plan,
}

impl Turns {
    fn next(&mut self) {
        let gone = !self.waiting.contains(&self.turn);
        if self.waiting.is_empty() {
            return;
        }
        match &mut self.plan {
            Plan::Random { seed, stay } => {
                if gone || draw(seed, *stay) == 0 {
                    let chosen = draw(seed, self.waiting.len() as u64) as usize;
                    self.turn = self.waiting[chosen];
                }
            }
            Plan::Switch(counts) => {
                let over = counts.front_mut().is_some_and(|left| {
                    *left = left.saturating_sub(1);
                    *left == 0
                });
                if over || gone {
                    counts.pop_front();
                    let after = self.waiting.iter().copied().find(|seat| *seat > self.turn);
                    self.turn = after.unwrap_or(self.waiting[0]);
                }
            }
        }
    }
}

fn draw(seed: &mut u64, below: u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    (*seed >> 11) % below
}

struct Seat<'a> {
    turns: &'a (Mutex<Turns>, Condvar),
    me: usize,
}

impl Seat<'_> {
    fn step<T>(&self, operation: impl FnOnce(&Watch) -> T) -> T {
        let (turns, changed) = self.turns;
        let mut turns = changed.wait_while(turns.lock().unwrap(), |turns| turns.turn != self.me).unwrap();
        let result = operation(&turns.watch);
        turns.next();
        changed.notify_all();
        result
    }
}

impl Drop for Seat<'_> {
    /// Also when a test fails: the others must not wait for ever.
    fn drop(&mut self) {
        let (turns, changed) = self.turns;
        let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.waiting.retain(|other| *other != self.me);
        turns.next();
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

/// What somebody at the table does.
pub type Act<'a> = Box<dyn FnOnce(&dyn Store) + Send + 'a>;

/// All do what they do, and the store is as they leave it. The first begins.
pub fn play(watch: Watch, plan: Plan, acts: Vec<Act<'_>>) -> Watch {
    let turns = Turns { watch, turn: 0, waiting: (0..acts.len()).collect(), plan };
    let turns = (Mutex::new(turns), Condvar::new());
    thread::scope(|scope| {
        for (me, act) in acts.into_iter().enumerate() {
            let seat = Seat { turns: &turns, me };
            scope.spawn(move || act(&seat));
        }
    });
    turns.0.into_inner().unwrap().watch
}
